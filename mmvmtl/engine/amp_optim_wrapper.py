"""Mixed precision on any device: bfloat16 where there is only a CPU."""

from __future__ import annotations

import torch
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper as _AmpOptimWrapper
from mmengine.optim import OptimWrapper

from mmvmtl.errors import UserError
from mmvmtl.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class AmpOptimWrapper(_AmpOptimWrapper):
    """MMEngine's ``AmpOptimWrapper`` that works on a CPU as well.

    MMEngine's asserts an accelerator. On a CPU the forward runs in bfloat16
    autocast and losses are not scaled, because bfloat16 has the exponent
    range of float32. On every other device nothing changes. A checkpoint
    written on one kind of device resumes on the other.

    Args:
        loss_scale (float | dict | str): Loss scaling as in MMEngine; without
            effect on a CPU.
        dtype (str | torch.dtype, optional): The autocast type. None means
            bfloat16 on a CPU and torch's default (float16) elsewhere.
        use_fsdp (bool): Whether the model is wrapped by FSDP.
        **kwargs: Arguments of ``OptimWrapper``, such as ``optimizer``,
            ``clip_grad`` and ``accumulative_counts``.

    Raises:
        ValueError: If another type than bfloat16 is asked for on a CPU.
    """

    def __init__(
        self,
        loss_scale: float | dict | str = 'dynamic',
        dtype: str | torch.dtype | None = None,
        use_fsdp: bool = False,
        **kwargs,
    ) -> None:
        if get_device() != 'cpu':
            super().__init__(
                loss_scale=loss_scale, dtype=dtype, use_fsdp=use_fsdp, **kwargs
            )
            return
        if dtype not in (None, 'bfloat16', torch.bfloat16):
            raise UserError(
                f"dtype={dtype!r} does not train on a CPU; use 'bfloat16' or "
                'leave dtype out'
            )
        OptimWrapper.__init__(self, **kwargs)
        self._scale_update_param = None
        # Disabled, it passes losses, gradients and steps through untouched.
        self.loss_scaler = torch.amp.GradScaler('cpu', enabled=False)
        self.cast_dtype = torch.bfloat16

    def load_state_dict(self, state_dict: dict) -> None:
        """Load the optimizer and, if the state has one, the loss scale.

        The scaler of a CPU run is stateless, and torch refuses to load the
        empty state into an enabled one.
        """
        state_dict = dict(state_dict)
        if not state_dict.get('loss_scaler'):
            state_dict.pop('loss_scaler', None)
        super().load_state_dict(state_dict)
