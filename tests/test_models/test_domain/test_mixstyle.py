"""Mean and deviation are mixed exactly, in training only."""

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from small_model import CONFIGS

from mmvmtl.models.domain import MixStyle
from mmvmtl.registry import MODELS


def frames():
    draw = torch.Generator().manual_seed(0)
    scale = torch.tensor([1.0, 3.0, 0.5])[:, None, None, None]
    return torch.randn(3, 2, 6, 5, generator=draw).double() * scale + scale


def stats(feat):
    return feat.mean(dim=(2, 3)), feat.std(dim=(2, 3))


def test_statistics_are_the_mixture():
    """β μ + (1 - β) μ' and β σ + (1 - β) σ', each frame with its own β."""
    feat = frames()
    share = torch.tensor([0.25, 1.0, 0.0]).double()
    other = torch.tensor([1, 2, 0])
    mixed = MixStyle(eps=0.0).mix(feat, share.view(3, 1, 1, 1), other)
    mean, std = stats(feat)
    kept = share[:, None]
    wanted = [kept * v + (1 - kept) * v[other] for v in (mean, std)]
    for got, want in zip(stats(mixed), wanted):
        torch.testing.assert_close(got, want)
    # All of its own style: the frame itself.
    torch.testing.assert_close(mixed[1], feat[1])


def test_content_stays():
    """What is left after normalising is the frame's own."""
    feat = frames()
    share = torch.zeros(3, 1, 1, 1).double()
    mixed = MixStyle(eps=0.0).mix(feat, share, torch.tensor([2, 0, 1]))

    def content(x):
        mean, std = stats(x)
        return (x - mean[..., None, None]) / std[..., None, None]

    torch.testing.assert_close(content(mixed), content(feat))


def test_no_gradient_through_statistics():
    feat = frames().requires_grad_()
    share = torch.full((3, 1, 1, 1), 0.5).double()
    other = torch.tensor([1, 2, 0])
    MixStyle().mix(feat, share, other).sum().backward()
    _, std = stats(feat.detach())
    wanted = (0.5 * std + 0.5 * std[other]) / std
    torch.testing.assert_close(
        feat.grad, wanted[..., None, None].expand_as(feat), rtol=1e-4, atol=0
    )


@pytest.mark.parametrize(
    'training, prob, same', [(False, 1.0, True), (True, 0.0, True),
                             (True, 1.0, False)]
)  # fmt: skip
def test_off_in_eval_and_as_often_as_asked(training, prob, same):
    torch.manual_seed(0)
    layer = MixStyle(prob=prob, alpha=1.0).train(training)
    feat = frames()
    assert torch.equal(layer(feat), feat) == same


def _backbone(layers):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    cfg = dict(
        type='mmvmtl.MixStyleBackbone',
        layers=layers,
        prob=1.0,
        alpha=1.0,
        backbone=dict(type='ResNet', depth=18, base_channels=8),
    )
    return MODELS.build(cfg)


def test_backbone_is_mixed_behind_its_layers():
    model = _backbone(('layer1', 'layer2'))
    seen = {}
    for name in ('layer1', 'layer2', 'layer3'):
        layer = getattr(model.backbone, name)
        # Before ours in the queue, so it sees what the layer gave.
        layer.register_forward_hook(
            lambda m, a, out, name=name: seen.update({name: out}), prepend=True
        )
    inputs = torch.randn(2, 3, 64, 64)
    outputs = model.train()(inputs)
    given = [seen[k] for k in ('layer1', 'layer2', 'layer3')]
    same = [torch.equal(out, got) for out, got in zip(outputs, given)]
    assert same == [False, False, True]
    outputs = model.eval()(inputs)
    given = [seen[k] for k in ('layer1', 'layer2', 'layer3')]
    assert all(torch.equal(out, got) for out, got in zip(outputs, given))


def test_an_unknown_layer_is_one_sentence():
    with pytest.raises(ValueError, match=r"no layer 'stage1'.*layer1"):
        _backbone(('stage1',))


def test_a_stock_recogniser_mixes_in_training():
    cfg = Config.fromfile(CONFIGS / '_base_/tsn_r18.py').model
    cfg.backbone = dict(
        type='mmvmtl.MixStyleBackbone',
        backbone=cfg.backbone,
        layers=('layer1',),
        prob=1.0,
    )
    init_default_scope('mmaction')
    model = MODELS.build(cfg).train()
    mixed = []
    model.backbone.mixstyle.register_forward_hook(
        lambda m, args, out: mixed.append(not torch.equal(args[0], out))
    )
    sample = ActionDataSample().set_gt_label(1)
    losses = model.loss(torch.rand(2, 2, 3, 32, 32), [sample, sample])
    losses['loss_cls'].backward()
    assert mixed == [True]
    assert model.backbone.backbone.conv1.conv.weight.grad.any()
