"""Folded networks predict what they did, in whatever memory order."""

import copy

import pytest
import torch
from mmcv.cnn import ConvModule
from mmengine.config import Config
from small_model import CONFIGS, SIZE, build_model, make_clip, small_model_cfg
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmvmtl.models.inference_form import to_inference_form


def built(name: str) -> nn.Module:
    """In eval mode, with statistics as if it had seen something."""
    cfg = Config.fromfile(CONFIGS / f'_base_/models/video_mtl_{name}.py')
    cfg.model.data_preprocessor.input_size = SIZE
    return trained(build_model(cfg.model))


def trained(model: nn.Module) -> nn.Module:
    """In eval mode, with statistics as if it had seen something."""
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            nn.init.normal_(module.running_mean, std=0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
    return model.eval()


def frames(dtype: torch.dtype) -> torch.Tensor:
    """Three of them."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(3, 3, *SIZE, generator=generator).to(dtype)


@torch.no_grad()
def dense_maps(model: nn.Module) -> list[torch.Tensor]:
    """What the detection head gives for every cell."""
    feats = model.neck(model.backbone(frames(torch.float64)))
    kinds = model.head.heads['det'].bbox_head(feats)
    return [level for kind in kinds for level in kind]


@torch.no_grad()
def detections(model: nn.Module) -> list[torch.Tensor]:
    """Boxes and scores, the best first."""
    clips = model(frames(torch.float32), [make_clip(3)], mode='predict')
    found = [f.pred_instances for f in clips[0].video_data_samples]
    return [f[name] for f in found for name in ('bboxes', 'scores')]


@pytest.mark.parametrize('name', ['rtmdet_tiny', 'yolox_tiny', 'fcos_r18'])
def test_what_a_dense_head_sees_stays(name):
    model = built(name).double()
    before = dense_maps(model)
    after = dense_maps(to_inference_form(model))
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(new, old)


def test_what_a_two_stage_head_finds_stays():
    """Its RoIAlign would read other numbers where channels came last."""
    model = built('faster_rcnn_r18')
    before = detections(model)
    assert sum(map(len, before)) > 0
    after = detections(to_inference_form(model))
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(new, old, rtol=1e-3, atol=1e-3)


def test_a_convolution_that_levels_share_is_folded_for_each():
    """RTMDet's head: one convolution, three norms."""
    model = trained(build_model(small_model_cfg()))
    shared = [branch[0] for branch in model.head.heads.det.bbox_head.cls_convs]
    assert len({id(module.conv) for module in shared}) == 1
    given = copy.deepcopy(shared)
    to_inference_form(model)
    assert len({id(module.conv) for module in shared}) == len(shared) == 3
    x = torch.randn(1, 16, 4, 4)
    for old, new in zip(given, shared, strict=True):
        torch.testing.assert_close(new(x), old(x))


def test_nothing_is_left_to_normalise():
    model = to_inference_form(trained(build_model(small_model_cfg())))
    assert not any(isinstance(m, _BatchNorm) for m in model.modules())
    convs = [m.conv for m in model.modules() if isinstance(m, ConvModule)]
    assert convs
    for conv in convs:
        weight = conv.weight
        assert weight.is_contiguous(memory_format=torch.channels_last)


def test_a_norm_before_its_convolution_stays():
    order = ('norm', 'act', 'conv')
    module = ConvModule(2, 3, 3, norm_cfg=dict(type='BN'), order=order)
    given = copy.deepcopy(trained(module))
    x = torch.randn(1, 2, 4, 4)
    torch.testing.assert_close(to_inference_form(module)(x), given(x))


def test_a_model_in_training_mode_is_refused():
    with pytest.raises(ValueError, match='eval mode'):
        to_inference_form(nn.Conv2d(1, 1, 1))
