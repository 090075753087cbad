"""What every sharing scheme must hold, and what all have in common."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from small_model import CONFIGS

from mmvmtl.models import CGC, MTAN, PLE, CrossStitch, MMoE

SCHEMES = [CrossStitch, MTAN, MMoE, CGC, PLE]
TASKS = ('det', 'cls', 'track')
CHANNELS = (8, 4)


def features(seed=0):
    """Two levels of different sizes and channels, odd sides included."""
    draw = torch.Generator().manual_seed(seed)
    shapes = ((2, 8, 9, 12), (2, 4, 5, 6))
    return tuple(torch.randn(shape, generator=draw) for shape in shapes)


def scatter(module, seed=0):
    """Set every parameter at random: nothing hides behind a zero."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=draw) / 4)
    return module


def build(scheme, **settings):
    return scatter(scheme(tasks=TASKS, in_channels=CHANNELS, **settings))


def views(feats, tasks=TASKS, apart=False):
    if not apart:
        return dict.fromkeys(tasks, feats)
    return {
        task: tuple(f.clone().requires_grad_() for f in feats)
        for task in tasks
    }


@pytest.mark.parametrize('scheme', SCHEMES)
def test_levels_keep_their_shapes_and_tasks_differ(scheme):
    feats = features()
    out = build(scheme)(views(feats))
    assert list(out) == list(TASKS)
    for levels in out.values():
        assert [x.shape for x in levels] == [x.shape for x in feats]
    for first, second in (('det', 'cls'), ('cls', 'track')):
        for a, b in zip(out[first], out[second], strict=True):
            assert not torch.allclose(a, b, atol=1e-3)


@pytest.mark.parametrize('scheme', [CrossStitch, MMoE, CGC, PLE])
def test_a_fresh_scheme_hands_on_what_it_gets(scheme):
    feats = features()
    out = scheme(tasks=TASKS, in_channels=CHANNELS)(views(feats))
    for levels in out.values():
        torch.testing.assert_close(levels, feats)


def test_a_fresh_mask_lets_nine_tenths_through():
    feats = features()
    out = MTAN(tasks=TASKS, in_channels=CHANNELS)(views(feats))
    torch.testing.assert_close(out['cls'], tuple(0.9 * x for x in feats))


@pytest.mark.parametrize('scheme', SCHEMES)
def test_a_task_is_the_same_asked_alone(scheme):
    module = build(scheme)
    feats = features()
    together = module(views(feats))
    for task in TASKS:
        alone = module(views(feats, (task,)))
        assert list(alone) == [task]
        torch.testing.assert_close(alone[task], together[task])


@pytest.mark.parametrize('scheme', [MTAN, MMoE, CGC, PLE])
def test_what_only_an_unasked_task_needs_is_not_computed(scheme):
    """Of the last layer, which is all there is but in PLE."""
    module = build(scheme)
    touched = []
    for name, part in module.named_modules():
        shared = scheme is PLE and 'layers.0' in name
        if 'cls' in name.split('.') and not shared:
            part.register_forward_hook(lambda *_: touched.append(1))
    module(views(features(), ('det', 'track')))
    assert not touched
    module(views(features(), ('cls',)))
    assert touched


@pytest.mark.parametrize('scheme', SCHEMES)
def test_the_order_of_tasks_does_not_matter(scheme):
    module = build(scheme)
    feats = features()
    forth = module(views(feats))
    back = module(views(feats, TASKS[::-1]))
    for task in TASKS:
        torch.testing.assert_close(forth[task], back[task])


@pytest.mark.parametrize('scheme', SCHEMES)
def test_each_view_gets_its_own_tasks_gradient_and_no_others(scheme):
    """The last task's loss reaches its view, and not the first one's."""
    module = build(scheme)
    feats = features()
    apart = views(feats, apart=True)
    out = module(apart)
    sum(x.square().sum() for x in out['track']).backward()
    alone = views(feats, ('track',), apart=True)
    sum(x.square().sum() for x in module(alone)['track']).backward()
    for mine, expected in zip(apart['track'], alone['track'], strict=True):
        torch.testing.assert_close(mine.grad, expected.grad)
    assert all(x.grad is None for x in apart['cls'] + apart['det'])


@pytest.mark.parametrize('scheme', SCHEMES)
def test_distinct_views_give_the_outputs_and_gradients_of_one(scheme):
    """Summed over views, and for every parameter of the scheme."""
    module = build(scheme)
    feats = features()

    def gradients(given, leaves):
        total = 0
        for k, levels in enumerate(module(given).values()):
            total = total + sum((k + 1) * x.sin().sum() for x in levels)
        found = torch.autograd.grad(total, [*leaves, *module.parameters()])
        return total, found[: len(leaves)], found[len(leaves) :]

    one = tuple(f.clone().requires_grad_() for f in feats)
    total, grads, weights = gradients(views(one), one)
    many = views(feats, apart=True)
    leaves = [x for levels in many.values() for x in levels]
    total_many, grads_many, weights_many = gradients(many, leaves)
    torch.testing.assert_close(total_many, total)
    torch.testing.assert_close(weights_many, weights, rtol=1e-4, atol=1e-4)
    for level, grad in enumerate(grads):
        torch.testing.assert_close(
            sum(grads_many[level :: len(feats)]), grad, rtol=1e-4, atol=1e-4
        )


def test_without_gradients_equal_views_go_through_once():
    module = build(MMoE)
    calls = []
    module.levels[0].register_forward_hook(lambda *_: calls.append(1))
    apart = views(features(), apart=True)
    with torch.no_grad():
        quick = module(apart)
    assert len(calls) == 1
    slow = module(apart)
    assert len(calls) == 4
    torch.testing.assert_close(quick, slow)


@pytest.mark.parametrize('scheme', SCHEMES)
def test_a_task_the_scheme_does_not_know_sees_the_neck(scheme):
    module = scatter(scheme(tasks=('det',), in_channels=CHANNELS))
    feats = features()
    out = module(views(feats))
    assert out['cls'] is feats
    assert not torch.allclose(out['det'][0], feats[0])


@pytest.mark.parametrize('scheme', SCHEMES)
def test_one_task_is_enough(scheme):
    module = scheme(tasks=('det',), in_channels=CHANNELS)
    out = module(views(features(), ('det',)))['det']
    factor = 0.9 if scheme is MTAN else 1.0
    torch.testing.assert_close(out, tuple(factor * x for x in features()))


def test_other_channels_are_named_with_the_right_setting():
    module = MMoE(tasks=TASKS, in_channels=(8, 8))
    with pytest.raises(ValueError, match=r'sharing.in_channels=\(8, 4\)'):
        module(views(features()))


@pytest.mark.parametrize(
    'scheme, settings, sentence',
    [
        (CrossStitch, dict(own=1.5), 'own=1.5'),
        (MMoE, dict(num_experts=0), 'num_experts=0'),
        (CGC, dict(num_shared=0), 'num_shared=0'),
        (PLE, dict(num_layers=0), 'num_layers=0'),
        (MTAN, dict(in_channels=()), 'at least one task and one level'),
    ],
)
def test_wrong_settings_are_named(scheme, settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        scheme(**(dict(tasks=TASKS, in_channels=CHANNELS) | settings))


@pytest.mark.parametrize('scheme', SCHEMES)
def test_initialising_weights_again_keeps_the_start(scheme):
    """MMEngine's init_weights must not fill the zeros that begin it."""
    init_default_scope('mmdet')
    norm = dict(type='BN')
    module = scheme(tasks=TASKS, in_channels=CHANNELS, norm_cfg=norm).eval()
    module.init_weights()
    out = module(views(features()))
    factor = 0.9 if scheme is MTAN else 1.0
    torch.testing.assert_close(
        out['track'], tuple(factor * x for x in features())
    )


@pytest.mark.parametrize(
    'path',
    sorted((CONFIGS / 'synthetic/sharing').glob('*.py')),
    ids=lambda path: path.stem,
)
def test_the_config_of_a_scheme_names_the_levels_of_its_neck(path):
    cfg = Config.fromfile(path)
    sharing = cfg.model.sharing
    names = {scheme.__name__.lower() for scheme in SCHEMES}
    assert sharing.type.removeprefix('mmvmtl.').lower() in names
    assert set(sharing.in_channels) == {cfg.model.neck.out_channels}
    assert len(sharing.in_channels) == len(cfg.model.neck.in_channels)
