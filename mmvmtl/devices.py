"""Which device to compute on, and whether all of mmcv can."""

from __future__ import annotations

import torch

from mmvmtl.errors import UserError


def gpu_without_ops() -> bool:
    """Whether torch sees a GPU that mmcv was compiled without.

    Its CPU ops (NMS, focal loss, ...) refuse tensors of the GPU.
    """
    if not torch.cuda.is_available():
        return False
    from mmcv.ops import get_compiling_cuda_version

    return get_compiling_cuda_version() == 'not available'


def refuse_gpu_without_ops() -> None:
    """Say so before hours of training, not at the first validation.

    Raises:
        UserError: If torch would compute on a GPU that mmcv can not use.
    """
    if gpu_without_ops():
        raise UserError(
            'torch sees a GPU, and mmcv was compiled without CUDA; install '
            'nvcc and run make setup again, or set CUDA_VISIBLE_DEVICES=-1 to '
            'use the CPU.'
        )


def find_device(name: str | None) -> torch.device:
    """The device of that name; by itself the GPU, if all can use it.

    Raises:
        UserError: If there is no such device here.
    """
    if name is None:
        usable = torch.cuda.is_available() and not gpu_without_ops()
        return torch.device('cuda' if usable else 'cpu')
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"device '{name}' can not be used ({reason}); use 'cpu' or "
            "'cuda:0' (--device)."
        ) from None
    if device.type == 'cuda':
        refuse_gpu_without_ops()
    return device
