"""Numbers by hand: W = [[1, 2], [3, 5], [−1, 0]] for tasks a, b, c."""

import pytest
import torch

from mmvmtl.models import (
    SharedWeightPenalty,
    TaskRelationPenalty,
    TaskStructurePenalty,
)
from mmvmtl.models.regularisers import find_parameters

TASKS = ('a', 'b', 'c')
ROWS = torch.tensor([[1.0, 2.0], [3.0, 5.0], [-1.0, 0.0]])
HALVES = pytest.mark.parametrize('half', [torch.float16, torch.bfloat16])
OWN = {task: f'heads.{task}' for task in TASKS}


def model():
    found = {
        f'heads.{t}.fc.weight': r.clone().requires_grad_()
        for t, r in zip(TASKS, ROWS, strict=True)
    }
    found['trunk.conv.weight'] = torch.full((2, 1, 1, 1), 3.0)
    found['trunk.bn.weight'] = torch.ones(2)
    return found


def build(kind, strength=1.0, **settings):
    shapes = {name: p.shape for name, p in model().items()}
    return kind(shapes=shapes, tasks=TASKS, strength=strength, **settings)


def term(regulariser, losses=None, active=(True,) * 3, parameters=None):
    losses = torch.zeros(3) if losses is None else losses
    parameters = parameters or model()
    return regulariser(parameters, losses, torch.tensor(active))


@pytest.mark.parametrize(
    'parameters, expected',
    [
        ('trunk', 0.5 * (9 + 9 + 1 + 1)),
        ('trunk.conv', 0.5 * 18),
        (['*.bn.weight', 'heads.a'], 0.5 * (2 + 5)),
        ('heads.*', 0.5 * (5 + 34 + 1)),
    ],
)
def test_shared_penalty_is_the_squared_norm_of_what_is_named(
    parameters, expected
):
    regulariser = build(SharedWeightPenalty, 0.5, parameters=parameters)
    assert term(regulariser).item() == pytest.approx(expected)


def test_gradient_of_the_shared_penalty_is_twice_lambda_w():
    parameters = model()
    regulariser = build(SharedWeightPenalty, 0.5, parameters='heads.b')
    term(regulariser, parameters=parameters).backward()
    assert parameters['heads.b.fc.weight'].grad.tolist() == [3.0, 5.0]
    assert parameters['heads.a.fc.weight'].grad is None


def test_relation_counts_both_orders_of_a_pair():
    """|a − b|² = 4 + 9; |b − c|² = 16 + 25: 2·0.1·(0.5·13 + 2·41)."""
    regulariser = build(
        TaskRelationPenalty,
        0.1,
        parameters=OWN,
        relation=[('a', 'b', 0.5), ('c', 'b', 2.0)],
    )
    assert term(regulariser).item() == pytest.approx(0.2 * (6.5 + 82))


def test_relation_of_equal_weights_has_a_finite_gradient():
    parameters = model()
    for task in TASKS:
        parameters[f'heads.{task}.fc.weight'].data.fill_(1.0)
    regulariser = build(
        TaskRelationPenalty, parameters=OWN, relation=[('a', 'b', 1.0)]
    )
    term(regulariser, parameters=parameters).backward()
    assert parameters['heads.a.fc.weight'].grad.tolist() == [0.0, 0.0]


def losses_with_gradients(parameters, gradients):
    """Task losses whose gradient on the task's own weights is given."""
    return torch.stack(
        [
            (parameters[f'heads.{task}.fc.weight'] * torch.tensor(g)).sum()
            for task, g in zip(TASKS, gradients, strict=True)
        ]
    )


GRADIENTS = ((3.0, 4.0), (4.0, 3.0), (-1.0, 0.0))


def measured(**settings):
    return build(TaskRelationPenalty, 1.0, parameters=OWN, **settings)


def test_relation_is_the_cosine_of_gradients_and_never_negative():
    """cos(a, b) = 24/25; c is opposed to both: 0."""
    parameters = model()
    regulariser = measured(momentum=0.0)
    value = term(
        regulariser,
        losses_with_gradients(parameters, GRADIENTS),
        parameters=parameters,
    )
    expected = torch.zeros(3, 3)
    expected[0, 1] = expected[1, 0] = 24 / 25
    torch.testing.assert_close(regulariser.relation, expected)
    assert value.item() == pytest.approx(2 * 24 / 25 * 13)


def test_the_scale_of_a_loss_does_not_change_the_relation():
    parameters = model()
    losses = losses_with_gradients(parameters, GRADIENTS)
    regulariser = measured(momentum=0.0)
    scale = torch.tensor([1e-6, 1e6, 1.0])
    term(regulariser, losses * scale, parameters=parameters)
    assert regulariser.relation[0, 1].item() == pytest.approx(0.96)


@HALVES
def test_relation_under_autocast(half):
    """Gradients of 1e-8, behind a head in half precision, are no float16.

    Those of 1e6, behind one in float32, neither. cos((1, 2), (3, 5)) =
    13 / √170, cos((1, 2), (1, 1)) = 3 / √10, cos((3, 5), (1, 1)) = 8 / √68.
    """
    rows = torch.tensor([[[1.0, 2.0]], [[3.0, 5.0]], [[1.0, 1.0]]])
    parameters = model()
    read = [
        (row, parameters[f'heads.{task}.fc.weight'][:, None])
        for row, task in zip(rows, TASKS, strict=True)
    ]
    regulariser = measured(momentum=0.0)
    with torch.autocast('cpu', dtype=half):
        tiny = [1e-8 * (x @ w).float().sum() for x, w in read[:2]]
        with torch.autocast('cpu', enabled=False):
            large = 1e6 * (read[2][0] @ read[2][1]).sum()
        term(regulariser, torch.stack([*tiny, large]), parameters=parameters)
    found = regulariser.relation
    by_hand = [13 / 170**0.5, 3 / 10**0.5, 8 / 68**0.5]
    assert found[[0, 0, 1], [1, 2, 2]].tolist() == pytest.approx(by_hand)


def test_the_relation_moves_by_momentum_every_interval():
    """m = 0.75: 0.24 after the first of three, 0.42 after the fourth."""
    parameters = model()
    regulariser = measured(interval=3, momentum=0.75)
    found = []
    for _ in range(4):
        losses = losses_with_gradients(parameters, GRADIENTS)
        term(regulariser, losses, parameters=parameters)
        found.append(regulariser.relation[0, 1].item())
    assert found == pytest.approx([0.24, 0.24, 0.24, 0.42])


def test_a_task_without_labels_moves_no_relation():
    parameters = model()
    regulariser = measured(momentum=0.0)
    regulariser.relation.fill_(0.3).fill_diagonal_(0)
    losses = losses_with_gradients(parameters, GRADIENTS)
    term(regulariser, losses, (True, False, True), parameters)
    assert regulariser.relation[0, 1].item() == pytest.approx(0.3)
    assert regulariser.relation[0, 2].item() == 0.0


def test_a_gradient_that_is_not_finite_moves_no_relation():
    parameters = model()
    regulariser = measured(momentum=0.0)
    losses = losses_with_gradients(
        parameters, ((float('nan'), 1.0), *GRADIENTS[1:])
    )
    term(regulariser, losses, parameters=parameters)
    assert regulariser.relation.isfinite().all()
    assert regulariser.relation[0].tolist() == [0.0, 0.0, 0.0]


def test_measuring_leaves_no_gradient_behind():
    parameters = model()
    losses = losses_with_gradients(parameters, GRADIENTS)
    term(measured(), losses, parameters=parameters)
    assert all(p.grad is None for p in parameters.values())


def test_the_relation_is_in_the_checkpoint():
    parameters = model()
    first = measured(momentum=0.5, interval=2)
    losses = losses_with_gradients(parameters, GRADIENTS)
    term(first, losses, parameters=parameters)
    second = measured(momentum=0.5, interval=2)
    second.load_state_dict(first.state_dict())
    for regulariser in (first, second):
        for _ in range(2):
            losses = losses_with_gradients(parameters, GRADIENTS)
            term(regulariser, losses, parameters=parameters)
    assert torch.equal(first.relation, second.relation)
    assert first.relation[0, 1].item() == pytest.approx(0.72)


def test_graph_term_counts_every_edge_once():
    """β Σ A_ij |w_i − w_j|² = 0.1 (0.5·13 + 2·41)."""
    regulariser = build(
        TaskStructurePenalty,
        0.1,
        parameters=OWN,
        edges=[('a', 'b', 0.5), ('b', 'c', 2.0)],
    )
    assert term(regulariser).item() == pytest.approx(0.1 * (6.5 + 82))


def test_tree_term_is_the_distance_from_the_mean_of_each_group():
    """Group (a, b): ½·13. All: squares 40 − |(3, 7)|²/3 = 40 − 58/3."""
    regulariser = build(
        TaskStructurePenalty, 2.0, parameters=OWN, tree=[['a', 'b'], 'c']
    )
    assert term(regulariser).item() == pytest.approx(2 * (6.5 + 40 - 58 / 3))


@HALVES
def test_autocast_leaves_the_structure_alone(half):
    """|(1, -1)|² = 2; 1e5 is no float16, 1e5 - 1 no bfloat16."""
    parameters = model()
    for task, row in (('a', [1e5, 0.0]), ('b', [1e5 - 1, 1.0])):
        parameters[f'heads.{task}.fc.weight'] = torch.tensor(row)
    regulariser = build(
        TaskStructurePenalty, parameters=OWN, edges=[('a', 'b', 1.0)]
    )
    with torch.autocast('cpu', dtype=half):
        found = term(regulariser, parameters=parameters)
    assert found.item() == pytest.approx(2)


@pytest.mark.parametrize(
    'structure',
    [
        dict(edges=[('a', 'b', 0.5), ('b', 'c', 2.0)]),
        dict(tree=[['a', 'b'], 'c']),
    ],
)
def test_a_structure_is_semidefinite_and_blind_to_a_common_shift(structure):
    regulariser = build(TaskStructurePenalty, parameters=OWN, **structure)
    values = torch.linalg.eigvalsh(regulariser.structure)
    assert values.min() > -1e-6 and values.max() > 0.5
    moved = {k: v + 7 if 'fc' in k else v for k, v in model().items()}
    torch.testing.assert_close(
        term(regulariser, parameters=moved),
        term(regulariser),
        rtol=1e-4,
        atol=1e-4,
    )


def test_structure_does_not_depend_on_the_order_of_the_config():
    shuffled = {task: OWN[task] for task in ('c', 'a', 'b')}
    edges = [('a', 'b', 0.5), ('b', 'c', 2.0)]
    found = [
        term(build(TaskStructurePenalty, parameters=own, edges=edges))
        for own in (OWN, shuffled)
    ]
    assert torch.equal(*found)


def test_a_glob_crosses_dots_and_keeps_the_models_order():
    names = ['a.0.weight', 'a.0.bias', 'b.weight', 'ab.weight']
    assert find_parameters('a', names) == names[:2]
    assert find_parameters(['b.*', '*.weight'], names) == [
        'a.0.weight',
        'b.weight',
        'ab.weight',
    ]


EDGES = dict(edges=[('a', 'b', 1.0)])


@pytest.mark.parametrize(
    'kind, settings, sentence',
    [
        (SharedWeightPenalty, dict(parameters='trnk'), "'trnk'.*trunk"),
        (
            TaskRelationPenalty,
            dict(parameters=OWN | dict(d='trunk')),
            "'d' is no task",
        ),
        (TaskRelationPenalty, dict(parameters=dict(a='heads.a')), 'two'),
        (
            TaskRelationPenalty,
            dict(parameters=OWN | dict(a='trunk')),
            'same shapes',
        ),
        (
            TaskRelationPenalty,
            dict(parameters=OWN, relation=[('a', 'x', 1.0)]),
            "'x' is no task",
        ),
        (
            TaskRelationPenalty,
            dict(parameters=OWN, relation=[('a', 'b', -1.0)]),
            'not negative',
        ),
        (TaskRelationPenalty, dict(parameters=OWN, interval=0), 'interval=0'),
        (TaskStructurePenalty, dict(parameters=OWN), 'one of the two'),
        (
            TaskStructurePenalty,
            dict(parameters=OWN, tree=[['a', 'b'], 'a']),
            'stands twice',
        ),
        (
            TaskStructurePenalty,
            dict(parameters=OWN, edges=[('a', 'a', 1.0)]),
            'join two tasks',
        ),
        (
            TaskStructurePenalty,
            dict(parameters=OWN, strength=-1.0, **EDGES),
            'strength=-1.0',
        ),
    ],
)
def test_mistakes_are_named(kind, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        build(kind, **settings)


def test_a_given_relation_is_not_that_of_a_checkpoint():
    old, new = (
        build(
            TaskRelationPenalty,
            parameters=OWN,
            relation=[('a', 'b', strength)],
        )
        for strength in (1.0, 5.0)
    )
    new.load_state_dict(old.state_dict())
    assert new.relation[0, 1] == 5


def test_what_is_frozen_has_no_part_in_the_measured_relation():
    parameters = model()
    losses = losses_with_gradients(parameters, GRADIENTS)
    parameters['heads.b.fc.weight'].requires_grad_(False)
    regulariser = measured(momentum=0.0)
    term(regulariser, losses, parameters=parameters)
    assert regulariser.relation.sum() == 0
