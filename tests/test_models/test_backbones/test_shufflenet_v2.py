"""Against a real checkpoint, where one is there."""

from __future__ import annotations

import cv2
import pytest
import torch
from mmengine.registry import MODELS
from torch import nn

from mmvmtl.models.backbones.shufflenet_v2 import ShuffleBlock, ShuffleNetV2
from mmvmtl.weights import read_weights


def test_strides_and_channels_of_the_stages():
    net = MODELS.build(
        dict(type='mmvmtl.ShuffleNetV2', width='1.0x', out_indices=(0, 2))
    )
    shapes = [f.shape for f in net.eval()(torch.zeros(1, 3, 64, 96))]
    assert shapes == [(1, 116, 8, 12), (1, 464, 2, 3)]


def test_even_channels_pass_unchanged():
    block = ShuffleBlock(8, 8, 1).eval()
    x = torch.randn(2, 8, 5, 5)
    assert torch.equal(block(x)[:, :4], x[:, ::2])


@pytest.mark.parametrize('wrong', [dict(width='3x'), dict(out_indices=(3,)),
                                   dict(out_indices=())])  # fmt: skip
def test_arguments_out_of_range(wrong):
    with pytest.raises(ValueError, match='ShuffleNetV2'):
        ShuffleNetV2(**wrong)


@pytest.fixture
def pretrained(shared_data):
    path = shared_data / 'weights' / 'fastestdet_shufflenetv2_backbone.pth'
    if not path.is_file():
        pytest.skip(f'no pretrained weights at {path}')
    return read_weights(str(path))


def test_every_name_of_the_checkpoint_is_known(pretrained):
    """More than 95 % must be; all are."""
    state = ShuffleNetV2().state_dict()
    assert state.keys() == pretrained.keys()
    assert all(state[k].shape == v.shape for k, v in pretrained.items())


def test_its_statistics_are_those_of_real_pictures(pretrained, shared_data):
    """So the order of operations, not only the names, is the authors'.

    What each norm layer sees on real pictures correlates with its running
    mean: 0.98 in the median. With the halves of the shuffle exchanged it is
    0.48, with halves instead of every second channel 0.53.
    """
    paths = sorted((shared_data / 'coco128' / 'images').rglob('*.jpg'))[:4]
    pictures = [cv2.resize(cv2.imread(str(p)), (352, 352)) for p in paths]
    x = torch.stack([torch.from_numpy(p) for p in pictures])
    net = ShuffleNetV2().eval()
    net.load_state_dict(pretrained)
    match = []

    def compare(norm: nn.Module, args: tuple) -> None:
        mean = args[0].mean(dim=(0, 2, 3))
        both = torch.stack([mean, norm.running_mean])
        match.append(torch.corrcoef(both)[0, 1])

    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_pre_hook(compare)
    with torch.no_grad():
        net(x.permute(0, 3, 1, 2).float() / 255)
    assert torch.stack(match).median() > 0.9
