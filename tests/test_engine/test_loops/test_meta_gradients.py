r"""Meta-gradients on a quadratic, where they are known exactly.

For L_s(x) = (x - a)' A (x - a) / 2 and L_q likewise with B, b, one inner step
is x' = x - r A (x - a), and the gradient of L_q(x'(x)) is
(I - r A) B (x' - b); n steps give the factor (I - r A)^n.
"""

import copy

import pytest
import torch
from ddp_cases import FULL, rank_batch
from mmengine.model import BaseModel
from mmengine.runner.activation_checkpointing import (
    turn_on_activation_checkpointing,
)
from small_model import build_model, without_batch_statistics
from torch import nn

from mmvmtl.engine.loops.inner_loop import (
    descend,
    freeze_norm_statistics,
    model_loss,
    named_parts,
)
from mmvmtl.engine.loops.meta_gradients import (
    maml_gradient,
    reptile_gradient,
)
from mmvmtl.engine.loops.meta_train_loop import average
from mmvmtl.errors import UserError

A = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
B = torch.tensor([[1.0, -0.3], [-0.3, 3.0]], dtype=torch.float64)
a = torch.tensor([1.0, -2.0], dtype=torch.float64)
b = torch.tensor([0.5, 4.0], dtype=torch.float64)
RATE = 0.1
EYE = torch.eye(2, dtype=torch.float64)


def bowl(matrix, centre):
    def loss(parameters):
        gap = parameters['x'] - centre
        return gap @ matrix @ gap / 2

    return loss


SUPPORT, QUERY = bowl(A, a), bowl(B, b)


def start():
    x = torch.tensor([0.3, -0.7], dtype=torch.float64, requires_grad=True)
    return {'x': x}


def moved(x, steps):
    for _ in range(steps):
        x = x - RATE * A @ (x - a)
    return x


@pytest.mark.parametrize('steps', [0, 1, 2, 5])
def test_maml_is_the_analytic_meta_gradient(steps):
    theta = start()
    grads, loss = maml_gradient(theta, theta, SUPPORT, QUERY, RATE, steps)
    end = moved(theta['x'].detach(), steps)
    factor = torch.linalg.matrix_power(EYE - RATE * A, steps)
    torch.testing.assert_close(grads['x'], factor @ B @ (end - b))
    torch.testing.assert_close(loss, QUERY({'x': end}))


@pytest.mark.parametrize('steps', [1, 3])
def test_the_first_order_is_the_gradient_at_the_end(steps):
    theta = start()
    grads, _ = maml_gradient(
        theta, theta, SUPPORT, QUERY, RATE, steps, second_order=False
    )
    end = moved(theta['x'].detach(), steps)
    torch.testing.assert_close(grads['x'], B @ (end - b))


def test_reptile_by_hand():
    """One step on each half: x' = x - r A (x - a), x'' = x' - r B (x' - b)."""
    theta = start()
    grads, loss = reptile_gradient(theta, SUPPORT, QUERY, RATE, 2)
    first = moved(theta['x'].detach(), 1)
    end = first - RATE * B @ (first - b)
    torch.testing.assert_close(grads['x'], theta['x'].detach() - end)
    torch.testing.assert_close(loss, QUERY({'x': end}))


def test_descending_changes_no_start():
    theta = start()
    descend([SUPPORT], theta, RATE, 3)
    assert torch.equal(theta['x'], start()['x'])
    assert theta['x'].grad is None


def test_a_step_longer_than_allowed_is_shortened():
    """To a length of rate times the norm; a shorter one stays."""
    theta = start()
    gradient = A @ (theta['x'].detach() - a)
    norm = gradient.norm()
    for limit, factor in ((norm / 4, 0.25), (4 * norm, 1.0)):
        (end,) = descend(
            [SUPPORT], theta, RATE, 1, max_norm=float(limit)
        ).values()
        wanted = theta['x'] - RATE * factor * gradient
        torch.testing.assert_close(end, wanted)


def test_the_meta_gradient_of_a_shortened_step_takes_it_as_a_factor():
    """(I - r c A) B (x' - b), with c constant."""
    theta = start()
    x = theta['x'].detach()
    gradient = A @ (x - a)
    c = 0.5
    limit = c * float(gradient.norm())
    grads, _ = maml_gradient(
        theta, theta, SUPPORT, QUERY, RATE, 1, max_norm=limit
    )
    end = x - RATE * c * gradient
    torch.testing.assert_close(
        grads['x'], (EYE - RATE * c * A) @ B @ (end - b)
    )
    after = reptile_gradient(theta, SUPPORT, QUERY, RATE, 1, max_norm=limit)
    torch.testing.assert_close(after[0]['x'], x - end)


def test_a_loss_that_moves_nothing_stays_where_it_begins():
    other = torch.ones(1, requires_grad=True)
    for limit in (None, 1.0):
        end = descend(
            [lambda _: other.sum()], start(), RATE, 2, max_norm=limit
        )
        assert torch.equal(end['x'], start()['x'])


class Net(BaseModel):
    """A trunk with a batch norm, a head, and a loss."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        self.head = nn.Linear(4, 1)
        self.spare = nn.Linear(1, 1)

    def forward(self, x, y, mode='loss'):
        out = self.head(self.trunk(x))[:, 0]
        return dict(loss=(out - y).square().mean())


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net().double()


def data(seed):
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(8, 3, generator=draw).double()
    return dict(x=x, y=x.sum(dim=1))


def test_anil_moves_the_head_alone_and_teaches_the_trunk(net):
    theta, fast = named_parts(net, None), named_parts(net, ['head'])
    assert set(fast) == {'head.weight', 'head.bias'}
    support, query = (model_loss(net, data(s)) for s in (0, 1))
    phi = descend([support], fast, 0.1, 3)
    assert set(phi) == set(fast)
    assert not torch.equal(phi['head.weight'], fast['head.weight'])
    grads, _ = maml_gradient(theta, fast, support, query, 0.1, 3)
    assert grads['trunk.0.weight'].abs().sum() > 0
    # Through the inner steps, the trunk sees the support as well.
    first, _ = maml_gradient(theta, fast, support, query, 0.1, 3, False)
    assert not torch.allclose(grads['trunk.0.weight'], first['trunk.0.weight'])
    assert grads['spare.weight'] is None


def test_the_meta_gradient_of_a_model_is_that_of_finite_differences(net):
    net.eval()
    theta, fast = named_parts(net, None), named_parts(net, ['head'])
    support, query = (model_loss(net, data(s)) for s in (0, 1))
    grads, _ = maml_gradient(theta, fast, support, query, 0.1, 2)
    weight, h = net.trunk[0].weight, 1e-6
    ends = []
    for sign in (1, -1):
        with torch.no_grad():
            weight[0, 0] += sign * h
        ends.append(query(descend([support], fast, 0.1, 2)).item())
        with torch.no_grad():
            weight[0, 0] -= sign * h
    slope = (ends[0] - ends[1]) / (2 * h)
    assert grads['trunk.0.weight'][0, 0].item() == pytest.approx(slope, 1e-5)


class Detector(BaseModel):
    """Backbone, neck and head by the names of a detector; counts runs."""

    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(3, 5), nn.Tanh())
        self.neck = nn.Sequential(nn.Linear(5, 4), nn.Tanh())
        self.head = nn.Linear(4, 1)
        self.runs = dict(backbone=0, neck=0, head=0)
        for name, layer in (
            ('backbone', self.backbone[0]),
            ('neck', self.neck[0]),
            ('head', self.head),
        ):
            layer.register_forward_pre_hook(self.count(name))

    def count(self, name):
        def add(*_):
            self.runs[name] += 1

        return add

    def forward(self, x, y, mode='loss'):
        out = self.head(self.neck(self.backbone(x)))[:, 0]
        return dict(loss=(out - y).square().mean())


@pytest.mark.parametrize(
    ('parts', 'runs'),
    [
        (['head'], dict(backbone=2, neck=2, head=4)),
        (['neck', 'head'], dict(backbone=2, neck=4, head=4)),
        (['backbone'], dict(backbone=4, neck=4, head=4)),
    ],
)
@pytest.mark.parametrize('second_order', [True, False])
def test_what_stands_still_runs_once(parts, runs, second_order):
    """Three steps on the support and the query, with the same gradients."""
    torch.manual_seed(0)
    model = Detector().double()
    theta, fast = named_parts(model, None), named_parts(model, parts)

    def gradient(moving):
        support, query = (model_loss(model, data(s), moving) for s in (0, 1))
        return maml_gradient(theta, fast, support, query, 0.1, 3, second_order)

    again, loss = gradient(None)
    assert model.runs == dict(backbone=4, neck=4, head=4)
    model.runs.update(dict.fromkeys(model.runs, 0))
    once, same = gradient(fast)
    assert model.runs == runs
    torch.testing.assert_close(loss, same)
    torch.testing.assert_close(once, again)
    # The model itself is left as it was.
    assert 'forward' not in vars(model.backbone)


def test_a_trunk_that_stands_still_may_checkpoint():
    """As where the head of a large model is adapted: the same numbers."""
    torch.manual_seed(0)
    model = Detector().double()
    fast = named_parts(model, ['head'])
    plain = descend([model_loss(model, data(0), fast)], fast, 0.1, 3)
    turn_on_activation_checkpointing(model, ['backbone', 'neck'])
    kept = descend([model_loss(model, data(0), fast)], fast, 0.1, 3)
    torch.testing.assert_close(plain, kept, rtol=0, atol=0)


@pytest.mark.parametrize('parts', [['head'], ['neck', 'head']])
@pytest.mark.parametrize('second_order', [True, False])
@pytest.mark.filterwarnings('ignore:None of the inputs')
def test_a_checkpointed_part_that_gets_a_gradient_is_named(
    parts, second_order
):
    """Its gradient would go to the model's own weights, or nowhere."""
    model = Detector().double()
    turn_on_activation_checkpointing(model, 'neck')
    theta, fast = named_parts(model, None), named_parts(model, parts)
    support, query = (model_loss(model, data(s), fast) for s in (0, 1))
    with pytest.raises(UserError, match='checkpointing does not allow'):
        maml_gradient(theta, fast, support, query, 0.1, 1, second_order)
    assert all(p.grad is None for p in model.parameters())


def test_no_buffer_leaks_out_of_an_inner_loop(net):
    """Batch norm in training mode writes into its statistics."""
    net.train()
    before = {k: v.clone() for k, v in net.named_buffers()}
    loss = model_loss(net, data(0))
    fast = named_parts(net, None)
    one = loss(fast)
    descend([loss], fast, 0.1, 2)
    for name, value in net.named_buffers():
        assert torch.equal(value, before[name]), name
    assert torch.equal(one, loss(fast))
    # And the model is itself again.
    assert dict(net.named_parameters())['head.weight'] is net.head.weight


class Shared(Net):
    """The same module, and the same tensor, under several names."""

    def __init__(self):
        super().__init__()
        self.again = self.spare
        self.tied = nn.Linear(1, 1)
        self.tied.weight = self.spare.weight

    def forward(self, x, y, mode='loss'):
        out = self.tied(self.again(self.spare(x[:, :1])))[:, 0]
        return dict(loss=(out - y).square().mean())


def test_shared_modules_and_tied_weights_move_as_one():
    """d/dw of w^3 x at w = 1: all three uses count; nothing is left behind."""
    net = Shared().double()
    for value in net.parameters():
        nn.init.zeros_(value)
    nn.init.ones_(net.spare.weight)
    weight = net.spare.weight
    x = torch.ones(1, 3).double()
    loss = model_loss(net, dict(x=x, y=torch.zeros(1).double()))
    fast = {'spare.weight': weight}
    # L = w^6, dL/dw = 6.
    end = descend([loss], fast, 0.1, 1)
    assert end['spare.weight'].item() == pytest.approx(1 - 0.6)
    assert loss(end).item() == pytest.approx(0.4**6)
    assert net.spare.weight is weight and net.again.weight is weight
    assert net.tied.weight is weight and loss(fast) == 1


def test_batch_norms_keep_their_statistics(net):
    net.train()
    freeze_norm_statistics(net)
    assert not net.trunk[1].training and net.trunk.training


def test_a_part_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(UserError, match="'heed'; did you mean 'head'"):
        named_parts(Net(), ['heed'])


def test_names_are_whole_words():
    net = nn.ModuleDict(dict(head=nn.Linear(1, 1), head2=nn.Linear(1, 1)))
    assert set(named_parts(net, ['head'])) == {'head.weight', 'head.bias'}


class _Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        return grad * 2


def test_an_operation_without_a_second_derivative_is_named():
    theta = start()

    def loss(parameters):
        return _Once.apply(parameters['x']).square().sum()

    with pytest.raises(UserError, match='first_order=True'):
        maml_gradient(theta, theta, loss, loss, 0.1, 1)
    maml_gradient(theta, theta, loss, loss, 0.1, 1, second_order=False)


def test_the_mean_over_episodes_leaves_out_what_nobody_has():
    theta = dict(x=torch.zeros(2), y=torch.zeros(1), z=torch.zeros(1))
    one = dict(x=torch.tensor([1.0, 3.0]), y=None, z=None)
    two = dict(x=torch.tensor([3.0, 5.0]), y=torch.ones(1), z=None)
    mean = average([one, two], theta)
    assert set(mean) == {'x', 'y'}
    assert mean['x'].tolist() == [2, 4] and mean['y'].item() == 0.5


@pytest.mark.parametrize('weighting', ['MGDA', 'GradNorm', 'PCGrad'])
def test_inner_steps_hold_what_a_balancing_method_has_found(weighting):
    """Gradients are those of the plain sum at first, and no state moves."""
    data = dict(zip(('inputs', 'data_samples'), rank_batch(FULL, 0, 0)))
    found = {}
    for name in (weighting, None):
        model = build_model(
            without_batch_statistics(),
            branch=dict(type='mmvmtl.TaskBranch', weighting=name),
        )
        model = model.double().train()
        before = copy.deepcopy(model.branch.state_dict())
        theta = named_parts(model, ['backbone', 'neck', 'head'])
        torch.manual_seed(1)
        end = descend([model_loss(model, data)], theta, 0.01, 2)
        found[name] = end[next(k for k in end if k.startswith('backbone.'))]
        for key, value in model.branch.state_dict().items():
            assert torch.equal(value, before[key]), key
    torch.testing.assert_close(found[weighting], found[None])
