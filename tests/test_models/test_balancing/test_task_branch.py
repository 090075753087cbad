"""The cut: what trunk and heads receive, on a toy of two levels."""

import copy
import gc
import weakref

import pytest
import torch
from balancing import METHODS, weigh
from torch import nn
from torch.utils.checkpoint import checkpoint

from mmvmtl.errors import UserError
from mmvmtl.models import TaskBranch

TASKS = ('a', 'b', 'c')
ALL = torch.ones(3, dtype=torch.bool)
EVERY = pytest.mark.parametrize('name', METHODS)


class Toy(nn.Module):
    """A trunk of two layers and a head of one weight vector a task.

    Args:
        apart (bool): whether tasks look at different places.
        chained (bool): whether the last head reads the second's output too.
        **branch: settings of the branch.
    """

    def __init__(self, apart=False, chained=False, **branch):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Linear(5, 4)
        self.neck = nn.Linear(4, 4)
        self.unused = nn.Linear(2, 2)
        self.heads = nn.ParameterList([*torch.randn(3, 4)])
        self.branch = TaskBranch(TASKS, **branch)
        self.apart, self.chained = apart, chained
        self.targets = (0.0, 1.0, 2.0)
        self.double().train()

    def losses(self, inputs, views=None):
        """T losses, from views that the branch hands out."""
        hidden = self.backbone(inputs).tanh()
        feats = (hidden, self.neck(hidden))
        views = self.branch(feats, TASKS) if views is None else views(feats)
        if not isinstance(views, dict):
            views = dict.fromkeys(TASKS, views)
        read = [
            self.read(t, views[task]) @ head
            for t, (task, head) in enumerate(zip(TASKS, self.heads))
        ]
        if self.chained:
            read[2] = read[2] + 2 * read[1].square()
        return [(r - t).square().mean() for t, r in zip(self.targets, read)]

    def read(self, t, view):
        """Sum of both levels, everywhere or in a task's own rows."""
        rows = slice(t, None, 3) if self.apart else slice(None)
        return sum(level[rows] for level in view)

    def step(self, inputs, active=ALL, weights=(1.0, 1.0, 1.0), **kwargs):
        """The total that is trained on."""
        losses = self.losses(inputs, **kwargs)
        total = sum(
            w * loss if on else 0 * loss
            for w, loss, on in zip(weights, losses, active)
        )
        return self.branch.balance(losses, total, active, self)


def data(seed=0):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(9, 5, generator=draw, dtype=torch.float64)


def grads(model):
    """Of the network; the balancer's clock is no part of it."""
    return {
        n: None if p.grad is None else p.grad.clone()
        for n, p in model.named_parameters()
        if not n.endswith('clock')
    }


def next_step(model):
    """What an optimizer leaves, but for the weights it moves."""
    model.zero_grad()
    model.branch.balancer.clock.data.fill_(1e-3)


def separate(model, inputs, weights=(1.0, 1.0, 1.0)):
    """Per task the gradients of all parameters, one backward each."""
    model = copy.deepcopy(model)
    model.branch = TaskBranch()
    found = []
    for t, w in enumerate(weights):
        model.zero_grad()
        (w * model.losses(inputs)[t]).backward()
        found.append(grads(model))
    return found


def combine(rows, weights, name):
    """The weighted sum of the gradients of one parameter."""
    found = [w * r[name] for w, r in zip(weights, rows) if r[name] is not None]
    return sum(found) if found else None


def expected(model, inputs, weights, heads=False):
    """Gradients of trunk (weighted) and heads (weighted or plain)."""
    rows = separate(model, inputs)
    plain = weights.tolist() if heads else [1, 1, 1]
    found = {
        name: combine(
            rows, plain if 'heads' in name else weights.tolist(), name
        )
        for name in rows[0]
    }
    return {name: g for name, g in found.items() if g is not None}


def assert_grads(model, wanted):
    found = {n: g for n, g in grads(model).items() if g is not None}
    assert found.keys() == wanted.keys()
    for name in wanted:
        torch.testing.assert_close(
            found[name], wanted[name], rtol=1e-9, atol=1e-12, msg=name
        )


def parameter_rows(rows, *modules):
    return torch.stack(
        [
            torch.cat(
                [
                    g.flatten()
                    for n, g in row.items()
                    if g is not None and n.split('.')[0] in modules
                ]
            )
            for row in rows
        ]
    )


@pytest.mark.parametrize('chained', [False, True])
@EVERY
def test_features_trunk_gets_the_weighted_sum_heads_their_own(name, chained):
    """Also where one task's loss runs through another one's view."""
    model = Toy(weighting=name, gramian='features', chained=chained)
    inputs = data()
    model.step(inputs).backward()
    weights = model.branch.balancer.step_weights.double()
    feats = [model.backbone(inputs).tanh().detach().requires_grad_()]
    feats.append(model.neck(feats[0]).detach().requires_grad_())
    plain = copy.deepcopy(model)
    plain.branch = TaskBranch()
    rows = [
        torch.cat(
            [
                g.flatten()
                for g in torch.autograd.grad(
                    plain.losses(inputs, views=lambda _: tuple(feats))[t],
                    feats,
                )
            ]
        )
        for t in range(3)
    ]
    gram = torch.stack(rows) @ torch.stack(rows).T
    if name != 'GradNorm':
        by_hand = weigh(name, gram)
        torch.testing.assert_close(weights, by_hand, rtol=1e-5, atol=1e-6)
        assert weights.tolist() != [1, 1, 1] or name in ('DualProj', 'UPGrad')
        weights = by_hand
    norms = model.branch.balancer.grad_norms.double()
    torch.testing.assert_close(
        norms, gram.diagonal().sqrt(), rtol=1e-5, atol=0
    )
    assert_grads(model, expected(model, inputs, weights))


@pytest.mark.parametrize('chained', [False, True])
@pytest.mark.parametrize('names', [None, 'neck', ['backbone.*', 'neck.bias']])
def test_parameters_are_those_named(names, chained):
    model = Toy(
        weighting='UPGrad', interval=1, parameters=names, chained=chained
    )
    inputs = data()
    rows = separate(model, inputs)
    chosen = parameter_rows(rows, 'backbone', 'neck')
    if names == 'neck':
        chosen = parameter_rows(rows, 'neck')
    elif names:
        bias = torch.stack([row['neck.bias'] for row in rows])
        chosen = torch.cat([parameter_rows(rows, 'backbone'), bias], dim=1)
    model.step(inputs).backward()
    weights = weigh('UPGrad', chosen @ chosen.T)
    assert_grads(model, expected(model, inputs, weights))


@pytest.mark.parametrize('gramian', ['features', 'parameters'])
@EVERY
def test_heads_may_be_scaled_as_well(name, gramian):
    model = Toy(weighting=name, gramian=gramian, interval=1, scale_heads=True)
    for seed in range(2):
        next_step(model)
        total = model.step(data(seed))
        losses = model.losses(data(seed), views=lambda feats: feats)
        torch.testing.assert_close(total, sum(losses))
        total.backward()
    weights = model.branch.balancer.step_weights.double()
    found = {n: g for n, g in grads(model).items() if g is not None}
    wanted = expected(model, data(1), weights, heads=True)
    for key, value in wanted.items():
        torch.testing.assert_close(found[key], value, rtol=1e-5, atol=1e-7)
    assert not torch.equal(weights, torch.ones(3).double()) or name in (
        'DualProj',
    )


@pytest.mark.parametrize('name', ['MGDA', 'GradNorm'])
def test_one_head_for_all_as_in_stock_models(name):
    """``join`` weighs whole losses like views that are scaled."""
    settings = dict(
        weighting=name, gramian='parameters', interval=2, scale_heads=True
    )
    one, other = Toy(**settings), Toy(**settings)
    for seed in range(4):
        for model, views in ((one, None), (other, other.branch.join)):
            next_step(model)
            model.step(data(seed), views=views).backward()
        for mine, theirs in zip(grads(one).values(), grads(other).values()):
            torch.testing.assert_close(mine, theirs)
    assert one.branch.balancer.step_weights.tolist() != [1, 1, 1]


def test_one_head_for_all_measured_at_its_features():
    model = Toy(weighting='MGDA', scale_heads=True)
    seen = []

    def join(feats):
        seen[:] = model.branch.join(feats)
        return feats

    losses = model.losses(data(), views=join)
    rows = [
        torch.cat(
            [
                g.flatten()
                for g in torch.autograd.grad(loss, seen, retain_graph=True)
            ]
        )
        for loss in losses
    ]
    model.branch.balance(losses, sum(losses), ALL, model).backward()
    gram = torch.stack(rows) @ torch.stack(rows).T
    weights = weigh('MGDA', gram)
    torch.testing.assert_close(model.branch.balancer.step_weights, weights)
    for name, value in expected(model, data(), weights, heads=True).items():
        torch.testing.assert_close(grads(model)[name], value)


def test_weights_of_losses_are_in_the_gradients():
    """A fixed weight of 10 reaches the method as a tenfold gradient."""
    model = Toy(weighting='MGDA')
    model.step(data(), weights=(10.0, 1.0, 1.0)).backward()
    scaled = model.branch.balancer.grad_norms.clone()
    model.step(data()).backward()
    ratio = scaled / model.branch.balancer.grad_norms
    assert ratio.tolist() == pytest.approx([10, 1, 1])


@pytest.mark.parametrize('source', ['features', 'parameters'])
def test_absent_task_is_left_out(source):
    """Its zero still touches its head, and nothing turns infinite."""
    model = Toy(weighting='MGDA', gramian=source, interval=1)
    active = torch.tensor([True, False, True])
    model.step(data(), active).backward()
    weights = model.branch.balancer.step_weights
    assert weights[[0, 2]].sum().item() == pytest.approx(2)
    assert model.branch.balancer.grad_norms[1].isnan()
    assert model.heads[1].grad.abs().max() == 0
    assert model.backbone.weight.grad.abs().max() > 0


@pytest.mark.parametrize('source', ['features', 'parameters'])
def test_conflict_is_seen_in_parameters_only(source):
    """Two opposed tasks that look at different places.

    Framework fact 21h: their feature gradients are orthogonal.
    """
    model = Toy(apart=True, weighting='PCGrad', gramian=source, interval=1)
    with torch.no_grad():
        model.heads[1].copy_(model.heads[0])
    model.targets = (9.0, -9.0, 0.0)
    total = model.step(torch.ones(9, 5).double())
    total.backward()
    cosines = model.branch.balancer.grad_cosines
    weights = model.branch.balancer.step_weights
    if source == 'features':
        assert cosines[0, 1] == 0
        assert weights.tolist() == [1, 1, 1]
    else:
        assert cosines[0, 1] < -0.2
        assert weights.tolist() != pytest.approx([1, 1, 1], abs=0.05)


@pytest.mark.parametrize('chained', [False, True])
@pytest.mark.parametrize('name', ['MGDA', 'FairGrad', 'GradVac', 'GradNorm'])
def test_loss_scale_of_amp_does_not_matter(name, chained):
    """Gradients are just times the scale; an infinite one moves nothing."""
    settings = dict(weighting=name, gramian='features', chained=chained)
    plain, scaled = Toy(**settings), Toy(**settings)
    plain.step(data()).backward()
    (scaled.step(data()) * 2.0**16).backward()
    for one, other in zip(plain.parameters(), scaled.parameters()):
        if one.grad is not None:
            torch.testing.assert_close(other.grad / 2.0**16, one.grad)
    before = copy.deepcopy(scaled.branch.state_dict())
    (scaled.step(data(1)) * torch.inf).backward()
    for key, value in scaled.branch.state_dict().items():
        assert torch.equal(value, before[key]), key


@EVERY
@pytest.mark.parametrize('source', ['features', 'parameters'])
def test_a_step_that_is_left_out_moves_nothing(name, source):
    """A scaler finds an overflow in the trunk, behind what was measured."""
    model, other = (
        Toy(weighting=name, gramian=source, interval=1) for _ in range(2)
    )
    for twin in (model, other):
        optimizer = torch.optim.SGD(twin.parameters(), lr=1e-3)
        scaler = torch.amp.GradScaler('cpu', init_scale=4.0)
        for step in range(4):
            bad = twin is model and step in (1, 2)
            if twin is other and step in (1, 2):
                continue
            total = scaler.scale(twin.step(data(step)))
            total.backward()
            if bad:
                twin.backbone.weight.grad[0, 0] = torch.inf
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
    assert int(model.branch.balancer.steps) == 2
    for key, value in model.branch.state_dict().items():
        assert torch.equal(value, other.branch.state_dict()[key]), key


@pytest.mark.parametrize('name', ['MGDA', 'PCGrad', 'GradNorm'])
def test_a_checkpoint_behind_a_left_out_step_has_the_state_before(name):
    model = Toy(weighting=name, interval=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    model.step(data()).backward()
    optimizer.step()
    optimizer.zero_grad()
    before = copy.deepcopy(model.branch.state_dict())
    model.step(data(1)).backward()
    optimizer.zero_grad()  # as a scaler does after an overflow
    copied = copy.deepcopy(model)
    for twin in (model, copied):
        for key, value in twin.branch.state_dict().items():
            assert torch.equal(value, before[key]), key


def test_gathered_micro_batches_are_no_left_out_step():
    model = Toy(weighting='GradVac', interval=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for step in range(4):
        model.step(data(step)).backward()
        assert int(model.branch.balancer.steps) == step + 1
        if step % 2:
            optimizer.step()
            optimizer.zero_grad()


@EVERY
@pytest.mark.parametrize('source', ['features', 'parameters'])
def test_a_step_is_freed_when_it_is_over(name, source):
    """Autograd and Python do not hold each other."""
    model = Toy(weighting=name, gramian=source)
    seen = []
    model.neck.register_forward_hook(
        lambda *args: seen.append(weakref.ref(args[2]))
    )
    model.step(data()).backward()
    gc.collect()
    assert seen[0]() is None


@pytest.mark.parametrize('half', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('name', ['MGDA', 'PCGrad', 'GradNorm'])
def test_measured_under_autocast(name, half):
    """As MMEngine runs loss(), with gradients whose squares are no float16."""
    weights = []
    for dtype in (None, half):
        model = Toy(weighting=name, gramian='parameters', interval=2).float()
        with torch.autocast('cpu', dtype=dtype, enabled=dtype is not None):
            model.step(data().float(), weights=(4e-5, 1e-5, 2e-5)).backward()
        assert model.branch.balancer.grad_norms.max() < 2e-4
        weights.append(model.branch.balancer.weights)
    torch.testing.assert_close(*weights, rtol=0, atol=0.01)
    assert weights[0].tolist() != [1, 1, 1]


@pytest.mark.parametrize('source', ['features', 'parameters'])
def test_accumulated_gradients_add_up(source):
    """Two micro-batches: each is balanced, and their sum is kept."""
    settings = dict(weighting='MGDA', gramian=source, interval=1)
    both = Toy(**settings)
    sums = {}
    for seed in range(2):
        one = Toy(**settings)
        (one.step(data(seed)) / 2).backward()
        for name, grad in grads(one).items():
            if grad is not None:
                sums[name] = sums.get(name, 0) + grad
        (both.step(data(seed)) / 2).backward()
    assert_grads(both, sums)


def test_between_measurements_the_weights_hold():
    model = Toy(weighting='UPGrad', interval=2)
    model.step(data(0)).backward()
    weights = model.branch.balancer.step_weights.double()
    next_step(model)
    model.step(data(1)).backward()
    found = {n: g for n, g in grads(model).items() if g is not None}
    for name, value in expected(model, data(1), weights).items():
        torch.testing.assert_close(found[name], value, rtol=1e-6, atol=1e-8)


def test_without_weighting_everybody_shares_the_same_features():
    feats = (torch.ones(1, requires_grad=True),)
    branch = TaskBranch(TASKS)
    assert all(view is feats for view in branch(feats, TASKS).values())
    assert branch.state_dict() == {}
    total = feats[0].sum()
    assert branch.balance([total] * 3, total, ALL, branch) is total


@pytest.mark.parametrize('how', ['eval', 'no_grad', 'frozen trunk'])
def test_nothing_is_balanced_where_nothing_is_trained(how):
    model = Toy(weighting='MGDA')
    feats = (torch.ones(1, requires_grad=how != 'frozen trunk'),)
    model.train(how != 'eval')
    with torch.set_grad_enabled(how != 'no_grad'):
        views = model.branch(feats, TASKS)
    assert all(view is feats for view in views.values())


def test_some_tasks_only():
    """Prediction asks for a subset."""
    branch = TaskBranch(TASKS, weighting='MGDA').eval()
    assert set(branch((torch.ones(1),), ('b',))) == {'b'}


def test_frozen_parameters_are_not_measured():
    model = Toy(weighting='PCGrad', interval=1)
    model.neck.requires_grad_(False)
    inputs = data()
    rows = separate(model, inputs)
    chosen = parameter_rows(rows, 'backbone')
    model.step(inputs).backward()
    torch.testing.assert_close(
        model.branch.balancer.grad_norms.double(),
        chosen.norm(dim=1),
        rtol=1e-5,
        atol=0,
    )
    assert model.neck.weight.grad is None


@pytest.mark.parametrize('second_order', [False, True])
def test_torch_func_goes_through_the_cut(second_order):
    """With the weights that were found last; nothing moves."""
    model = Toy(weighting='MGDA')
    model.step(data()).backward()
    before = copy.deepcopy(model.branch.state_dict())
    weights = model.branch.balancer.held(ALL)
    parameters = {k: v.detach() for k, v in model.named_parameters()}

    class Step(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, inputs):
            return self.model.step(inputs)

    def loss(values):
        named = {f'model.{k}': v for k, v in values.items()}
        return torch.func.functional_call(Step(), named, (data(1),))

    def inner(values):
        return torch.func.grad(loss)(values)['backbone.weight'].square().sum()

    found = torch.func.grad(inner if second_order else loss)(parameters)
    assert model.branch.state_dict().keys() == before.keys()
    for key, value in model.branch.state_dict().items():
        assert torch.equal(value, before[key])
    if not second_order:
        wanted = expected(model, data(1), weights)
        for key, value in wanted.items():
            torch.testing.assert_close(found[key], value)
        return
    step = 1e-6
    moved = {k: v.clone() for k, v in parameters.items()}
    moved['heads.0'][1] += step
    with torch.no_grad():
        slope = (inner(moved) - inner(parameters)) / step
    assert found['heads.0'][1].item() == pytest.approx(slope.item(), rel=1e-4)


@pytest.mark.parametrize(
    'settings', [dict(weighting='GradNorm'), dict(scale_heads=True)]
)
def test_torch_func_takes_the_plain_sum_where_heads_are_scaled(settings):
    model = Toy(**{'weighting': 'MGDA', **settings})
    for seed in range(3):
        model.zero_grad()
        model.step(data(seed)).backward()
    held = model.branch.balancer.held(ALL)
    assert held.tolist() != pytest.approx([1, 1, 1])
    model.forward = model.step

    def loss(values):
        return torch.func.functional_call(model, values, (data(),))

    named = {k: v.detach() for k, v in model.named_parameters()}
    found = torch.func.grad(loss)(named)
    wanted = expected(model, data(), torch.ones(3))
    for key, value in wanted.items():
        torch.testing.assert_close(found[key], value)


def test_copy_and_half_a_step_leave_no_graph_behind():
    """EMA copies the model while it trains."""
    model = Toy(weighting='MGDA')
    model.step(data()).backward()
    copy.deepcopy(model)


@pytest.mark.parametrize(
    'settings, sentence',
    [
        (dict(weighting='PCGard'), 'near are PCGrad'),
        (dict(weighting='MGDA', interval=0), 'interval=0'),
        (dict(weighting='FAMO'), "stands in loss=dict.type='mmvmtl.FAMO'"),
        (dict(weighting=dict(alpha=1)), 'name a balancing method, such as'),
        (
            dict(weighting=dict(type='CAGrad', alpha=1)),
            "CAGrad has no setting 'alpha'; it has c",
        ),
        (dict(weighting='MGDA', parameters='neck'), 'MGDA takes the gradien'),
        (dict(parameters='neck'), 'parameters=.neck. is of a balancing'),
        (dict(gramian='features'), 'gramian=.features. is of a balancing'),
        (dict(interval=10), 'interval=10 is of a balancing'),
        (dict(scale_heads=True), 'scale_heads=True is of a balancing'),
    ],
)
def test_wrong_settings_are_named(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        TaskBranch(TASKS, **settings)


def test_weighting_without_tasks_is_named():
    with pytest.raises(ValueError, match="give 'tasks'"):
        TaskBranch(weighting='MGDA')


@pytest.mark.parametrize('names', ['nek', 'heads.0', 'unused'])
def test_parameters_that_are_not_shared_are_named(names):
    model = Toy(weighting='PCGrad', parameters=names)
    with pytest.raises(ValueError, match=f"'{names}' matches no.*neck"):
        model.step(data())


def test_checkpointed_activations_are_named():
    """Their parameters are in no graph before the backward pass."""
    model = Toy(weighting='PCGrad')
    plain = model.backbone.forward
    model.backbone.forward = lambda x: checkpoint(
        plain, x.requires_grad_(), use_reentrant=True
    )
    with pytest.raises(UserError, match='with_cp=False'):
        model.step(data())


def test_joined_heads_must_be_scaled():
    model = Toy(weighting='PCGrad')
    with pytest.raises(ValueError, match='scale_heads=True'):
        model.step(data(), views=model.branch.join)


def test_two_forwards_for_one_backward_keep_what_both_measured():
    """As of a teacher's student, which sees source and target in turn."""
    model = Toy(weighting='GradVac', interval=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for step in range(3):
        total = model.step(data(step)) + model.step(data(9 + step))
        assert int(model.branch.balancer.steps) == 2 * step + 2
        total.backward()
        optimizer.step()
        optimizer.zero_grad()


def test_two_forwards_of_a_step_that_is_left_out_are_taken_back():
    model = Toy(weighting='GradVac', interval=1)
    (model.step(data(0)) + model.step(data(1))).backward()
    model.zero_grad()
    model.step(data(2))
    assert int(model.branch.balancer.steps) == 1
