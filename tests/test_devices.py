"""A GPU is of use only if mmcv's ops were compiled for it."""

import pytest
import torch

from mmvmtl import devices
from mmvmtl.errors import UserError


@pytest.fixture
def machine(monkeypatch):
    """Pretend a GPU, and how mmcv was compiled."""

    def pretend(gpu, compiled):
        monkeypatch.setattr(torch.cuda, 'is_available', lambda: gpu)
        monkeypatch.setattr(
            'mmcv.ops.get_compiling_cuda_version', lambda: compiled
        )

    return pretend


def test_a_gpu_that_mmcv_can_not_use_is_refused_before_training(machine):
    machine(True, 'not available')
    with pytest.raises(UserError, match='CUDA_VISIBLE_DEVICES=-1'):
        devices.refuse_gpu_without_ops()
    assert devices.find_device(None).type == 'cpu'


@pytest.mark.parametrize(
    ('gpu', 'compiled', 'device'),
    [
        (True, '12.8', 'cuda'),
        (False, '12.8', 'cpu'),
        (False, 'not available', 'cpu'),
    ],
)
def test_what_all_can_use_is_used(machine, gpu, compiled, device):
    machine(gpu, compiled)
    devices.refuse_gpu_without_ops()
    assert devices.find_device(None).type == device
    assert devices.find_device('cpu').type == 'cpu'


@pytest.mark.parametrize('name', ['cuda:77', 'tpu-lane'])
def test_a_device_that_is_not_here_is_one_sentence(name):
    with pytest.raises(UserError, match=f"device '{name}' can not be used"):
        devices.find_device(name)
