"""Each scheme by hand, on frames of one pixel and one or two channels."""

import math

import pytest
import torch

from mmvmtl.models import CGC, MTAN, PLE, CrossStitch, MMoE
from mmvmtl.models.sharing.experts import Expert, Gate

TASKS = ('a', 'b')


def pixel(*channels):
    return torch.tensor(channels).reshape(1, -1, 1, 1)


def ask(module, *levels, tasks=TASKS):
    out = module(dict.fromkeys(tasks, tuple(levels)))
    return {
        task: [x.flatten().tolist() for x in found]
        for task, found in out.items()
    }


def constant(expert, reduce, expand):
    """Of one channel: f(x) = x + expand · ReLU(reduce · x)."""
    with torch.no_grad():
        expert.reduce.conv.weight.zero_()[0, 0, 1, 1] = reduce
        expert.reduce.conv.bias.zero_()
        expert.expand.weight.fill_(expand)


def test_expert_by_hand():
    """x = 2: 2 + 3·ReLU(0.5·2) = 5; x = −2: the ReLU is shut."""
    expert = Expert(1, None)
    constant(expert, 0.5, 3.0)
    assert expert(pixel(2.0)).item() == pytest.approx(5.0)
    assert expert(pixel(-2.0)).item() == pytest.approx(-2.0)


def test_cross_stitch_by_hand():
    """Columns 5 and 3; α = [[.7, .3], [.2, .8]]: 4.4 and 3.4."""
    module = CrossStitch(TASKS, (1,))
    (level,) = module.levels
    constant(level.columns['a'], 0.5, 3.0)
    constant(level.columns['b'], 0.5, 1.0)
    alpha = torch.tensor([[0.7, 0.3], [0.2, 0.8]])
    level.alpha.data.copy_(alpha[..., None])
    assert ask(module, pixel(2.0)) == {
        'a': [[pytest.approx(0.7 * 5 + 0.3 * 3)]],
        'b': [[pytest.approx(0.2 * 5 + 0.8 * 3)]],
    }


def test_cross_stitch_has_a_unit_for_each_channel():
    module = CrossStitch(TASKS, (2,))
    alpha = module.levels[0].alpha.data
    alpha.zero_()
    alpha[0, 0, 0] = alpha[0, 1, 1] = 2.0
    assert ask(module, pixel(1.0, 10.0)) == {
        'a': [[2.0, 20.0]],
        'b': [[0.0, 0.0]],
    }


def test_cross_stitch_starts_with_nine_tenths_of_its_own():
    tasks = ('a', 'b', 'c')
    alpha = CrossStitch(tasks, (4,)).levels[0].alpha
    expected = torch.full((3, 3), 0.05).fill_diagonal_(0.9)
    torch.testing.assert_close(alpha, expected[..., None].expand(3, 3, 4))


def test_cross_stitch_with_identity_is_hard_sharing_bitwise():
    module = CrossStitch(TASKS, (8, 8), own=1.0)
    feats = tuple(torch.randn(2, 8, n, n) for n in (6, 3))
    for levels in module(dict.fromkeys(TASKS, feats)).values():
        assert all(map(torch.equal, levels, feats))


def test_cross_stitch_gradient_of_alpha_is_the_column():
    """d y_a / d α_ab = h_b(x), and task b's units are untouched."""
    module = CrossStitch(TASKS, (1,))
    constant(module.levels[0].columns['b'], 0.5, 1.0)
    module({t: (pixel(2.0),) for t in TASKS})['a'][0].sum().backward()
    grad = module.levels[0].alpha.grad[..., 0]
    assert grad.tolist() == [[2.0, 3.0], [0.0, 0.0]]


def test_gates_sum_to_one_and_start_equal():
    gate = Gate(3, 4)
    x = torch.randn(5, 3, 2, 2)
    assert torch.equal(gate.weights(x), torch.full((5, 4), 0.25))
    torch.nn.init.normal_(gate.linear.weight)
    weights = gate.weights(x)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(5))
    assert (weights > 0).all() and weights.std() > 0.01


def test_a_gate_sees_the_mean_of_its_own_frame_only():
    gate = Gate(1, 2)
    torch.nn.init.constant_(gate.linear.weight[:1], 1.0)
    x = torch.tensor([[0.0, 2.0], [5.0, 5.0]]).reshape(2, 1, 1, 2)
    sure = [1 / (1 + math.exp(-mean)) for mean in (1.0, 5.0)]
    assert gate.weights(x)[:, 0].tolist() == pytest.approx(sure)


def test_mmoe_by_hand():
    """Experts 5 and 3; gates softmax(ln 3, 0) and (0, 0): 4.5 and 4."""
    module = MMoE(TASKS, (1,), num_experts=2)
    (level,) = module.levels
    constant(level.experts[0], 0.5, 3.0)
    constant(level.experts[1], 0.5, 1.0)
    level.gates['a'].linear.bias.data[0] = math.log(3)
    assert ask(module, pixel(2.0)) == {
        'a': [[pytest.approx(4.5)]],
        'b': [[pytest.approx(4.0)]],
    }


def test_cgc_by_hand():
    """Specific a: 5, b: 3, shared: 8. a mixes (5, 8) by ¾, b (3, 8) by ½."""
    module = CGC(TASKS, (1,))
    (layer,) = module.levels[0].layers
    constant(layer.specific['a'][0], 0.5, 3.0)
    constant(layer.specific['b'][0], 0.5, 1.0)
    constant(layer.shared[0], 1.0, 3.0)
    layer.gates['a'].linear.bias.data[0] = math.log(3)
    assert ask(module, pixel(2.0)) == {
        'a': [[pytest.approx(0.75 * 5 + 0.25 * 8)]],
        'b': [[pytest.approx(0.5 * 3 + 0.5 * 8)]],
    }


def test_ple_by_hand():
    """Layer 1: a 5.75 and b 5.5 as above, shared (5 + 3 + 8) / 3 = 16/3.

    Layer 2, whose specific experts add 0 and whose shared one doubles:
    a ½·5.75 + ½·32/3, b ½·5.5 + ½·32/3.
    """
    module = PLE(TASKS, (1,), num_layers=2)
    first, last = module.levels[0].layers
    constant(first.specific['a'][0], 0.5, 3.0)
    constant(first.specific['b'][0], 0.5, 1.0)
    constant(first.shared[0], 1.0, 3.0)
    first.gates['a'].linear.bias.data[0] = math.log(3)
    constant(last.shared[0], 1.0, 1.0)
    assert last.gate is None
    assert ask(module, pixel(2.0)) == {
        'a': [[pytest.approx(5.75 / 2 + 16 / 3)]],
        'b': [[pytest.approx(5.5 / 2 + 16 / 3)]],
    }


@pytest.mark.parametrize('counts', [(1, 1), (2, 3)])
def test_ple_with_one_layer_is_cgc(counts):
    experts = dict(zip(('num_shared', 'num_specific'), counts, strict=True))
    cgc = CGC(TASKS, (8, 4), **experts)
    ple = PLE(TASKS, (8, 4), num_layers=1, **experts)
    for parameter in cgc.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    ple.load_state_dict(cgc.state_dict())
    feats = torch.randn(2, 8, 5, 7), torch.randn(2, 4, 3, 4)
    views = dict.fromkeys(TASKS, feats)
    found, expected = ple(views), cgc(views)
    for task in TASKS:
        assert all(map(torch.equal, found[task], expected[task]))


def test_cgc_never_mixes_another_tasks_experts():
    module = CGC(TASKS, (4,), num_specific=2)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    views = dict.fromkeys(TASKS, (torch.randn(2, 4, 3, 3),))
    module(views)['a'][0].square().sum().backward()
    layer = module.levels[0].layers[0]
    assert all(p.grad is None for p in layer.specific['b'].parameters())
    for part in (layer.specific['a'], layer.shared, layer.gates['a']):
        assert all(p.grad.abs().sum() > 0 for p in part.parameters())


def test_ple_joins_the_tasks_in_layers_before_the_last():
    module = PLE(TASKS, (4,))
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    views = dict.fromkeys(TASKS, (torch.randn(2, 4, 3, 3),))
    module(views)['a'][0].square().sum().backward()
    first, last = module.levels[0].layers
    assert all(
        p.grad.abs().sum() > 0 for p in first.specific['b'].parameters()
    )
    assert all(p.grad is None for p in last.specific['b'].parameters())


def test_mtan_by_hand():
    """One channel, p = (2, 4): masks σ(ReLU(1·2)) and σ(ReLU(1·4 + ½·f)).

    f = ReLU(0.5 · 2σ(2)) is what level 1 attended to, carried over.
    """
    module = MTAN(('a',), (1, 1))
    with torch.no_grad():
        for level, weights in zip(module.levels, ((1.0,), (1.0, 0.5))):
            first, last = level.masks['a']
            first.conv.weight.copy_(torch.tensor(weights)[None, :, None, None])
            first.conv.bias.zero_()
            last.weight.fill_(1.0)
            last.bias.zero_()
        carry = module.levels[1].carry.conv
        carry.weight.zero_()[0, 0, 1, 1] = 0.5
        carry.bias.zero_()

    def sigmoid(x):
        return 1 / (1 + math.exp(-x))

    fine = 2 * sigmoid(2)
    coarse = 4 * sigmoid(4 + 0.5 * 0.5 * fine)
    found = ask(module, pixel(2.0), pixel(4.0), tasks=('a',))
    assert found == {'a': [[pytest.approx(fine)], [pytest.approx(coarse)]]}


def test_mtan_carries_the_strongest_cell_to_the_coarser_level():
    """A far bright cell in one quarter opens the mask of that quarter."""
    module = MTAN(('a',), (1, 1))
    with torch.no_grad():
        for level in module.levels:
            first, last = level.masks['a']
            first.conv.weight.zero_()[:, -1] = 1.0
            first.conv.bias.zero_()
            last.weight.fill_(1.0)
            last.bias.zero_()
        carry = module.levels[1].carry.conv
        carry.weight.zero_()[0, 0, 1, 1] = 1.0
        carry.bias.zero_()
    fine = torch.zeros(1, 1, 4, 4)
    fine[0, 0, 3, 3] = 50.0
    out = module({'a': (fine, torch.ones(1, 1, 2, 2))})['a'][1]
    assert out.flatten().tolist() == pytest.approx([0.5, 0.5, 0.5, 1.0])


def test_a_mask_never_amplifies():
    module = MTAN(TASKS, (4, 4))
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=3.0)
    feats = torch.randn(2, 4, 6, 6), torch.randn(2, 4, 3, 3)
    for levels in module(dict.fromkeys(TASKS, feats)).values():
        for out, feat in zip(levels, feats, strict=True):
            assert (out.abs() <= feat.abs()).all()
            assert (out * feat >= 0).all()
