"""Data-parallel training on any device, gloo on CPUs included."""

from __future__ import annotations

from mmengine.config import Config
from mmengine.model import (
    MMDistributedDataParallel,
    MMSeparateDistributedDataParallel,
)
from torch import nn

from mmvmtl.registry import MODEL_WRAPPERS


@MODEL_WRAPPERS.register_module()
class DistributedDataParallel(MMDistributedDataParallel):
    """MMEngine's DDP wrapper, which also takes a model on the CPU.

    The Runner always passes ``device_ids``, and torch refuses them for CPU
    modules. The config names it as::

        model_wrapper_cfg = dict(type='mmvmtl.DistributedDataParallel')

    Args:
        module (nn.Module): The model.
        device_ids (list[int], optional): CUDA device of this process;
            dropped for a model on the CPU.
        broadcast_buffers (bool): Whether rank 0's buffers overwrite the
            others' at each forward. False, as the Runner's default wrapper.
        **kwargs: Other arguments of ``MMDistributedDataParallel``.
    """

    def __init__(
        self,
        module: nn.Module,
        device_ids: list[int] | None = None,
        broadcast_buffers: bool = False,
        **kwargs,
    ) -> None:
        on_cpu = all(p.device.type == 'cpu' for p in module.parameters())
        super().__init__(
            module,
            device_ids=None if on_cpu else device_ids,
            broadcast_buffers=broadcast_buffers,
            **kwargs,
        )


@MODEL_WRAPPERS.register_module()
class SeparateDistributedDataParallel(MMSeparateDistributedDataParallel):
    """MMEngine's wrapper of each part by itself, also on the CPU.

    For models whose parts have optimizers of their own.

    Args:
        module (nn.Module): The model.
        device_ids (list[int], optional): As above.
        **kwargs: Of ``MMSeparateDistributedDataParallel``.
    """

    def __init__(
        self,
        module: nn.Module,
        device_ids: list[int] | None = None,
        **kwargs,
    ) -> None:
        on_cpu = all(p.device.type == 'cpu' for p in module.parameters())
        super().__init__(
            module, device_ids=None if on_cpu else device_ids, **kwargs
        )


def set_model_wrapper(cfg: Config) -> None:
    """Make ``cfg`` use our wrapper unless it names a wrapper itself.

    ``find_unused_parameters`` at the top level of the config, which the
    Runner reads for its default wrapper only, keeps its meaning.
    """
    if cfg.get('model_wrapper_cfg') is not None:
        return
    cfg.model_wrapper_cfg = dict(
        type='mmvmtl.DistributedDataParallel',
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
