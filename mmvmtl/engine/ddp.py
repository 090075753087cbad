"""Data-parallel training on any device, gloo on CPUs included."""

from __future__ import annotations

from mmengine.config import Config
from mmengine.model import (
    MMDistributedDataParallel,
    MMSeparateDistributedDataParallel,
    is_model_wrapper,
)
from torch import nn
from torch.nn.parallel import DistributedDataParallel as TorchDDP

from mmvmtl.errors import UserError
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


def rewrap(model: nn.Module) -> nn.Module:
    """Wrap a model anew after ``requires_grad`` of parameters has changed.

    DDP decides when it is built whose gradients it waits for and averages:
    a parameter frozen later makes it raise, one that was frozen then is
    never synchronised. The new wrapper has the old one's process group and
    settings. Every rank has to call this in the same iteration, between two
    steps of the optimizer. A model without wrapper is returned as it is.

    Args:
        model (nn.Module): The Runner's model.

    Raises:
        UserError: If the wrapper is not plain DDP.
    """
    if not is_model_wrapper(model):
        return model
    if not isinstance(model, TorchDDP) or isinstance(
        model, MMSeparateDistributedDataParallel
    ):
        raise UserError(
            'freezing in the middle of training works without a model '
            f'wrapper or in DDP, not in {type(model).__name__}; use '
            "model_wrapper_cfg=dict(type='mmvmtl.DistributedDataParallel')."
        )
    settings = dict(
        device_ids=model.device_ids,
        output_device=model.output_device,
        dim=model.dim,
        broadcast_buffers=model.broadcast_buffers,
        process_group=model.process_group,
        bucket_cap_mb=model.bucket_bytes_cap / 2**20,
        find_unused_parameters=model.find_unused_parameters,
        gradient_as_bucket_view=model.gradient_as_bucket_view,
        static_graph=model.static_graph,
    )
    if isinstance(model, MMDistributedDataParallel):
        settings['detect_anomalous_params'] = model.detect_anomalous_params
    # Else the old reducer would average the gradients a second time until
    # the garbage collector finds it.
    model._remove_autograd_hooks()
    return type(model)(module=model.module, **settings)
