"""Learning rates that fall from the heads down to the first layer."""

from __future__ import annotations

from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from torch import nn

from mmvmtl.engine.module_names import find_modules, unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayConstructor(DefaultOptimWrapperConstructor):
    r"""Discriminative learning rates by depth, for any model.

    `Howard and Ruder, ACL 2018 <https://arxiv.org/abs/1801.06146>`_: layer
    k of K, counted from below, and the rest of the model learn with

    .. math:: \eta_k = \eta\, r^{K - k + 1}, \qquad \eta_{rest} = \eta

    MMEngine's ``custom_keys`` can set such rates too, but they match by
    substring and switch ``norm_decay_mult`` and ``bias_decay_mult`` off for
    what they match; here those go on to hold. MMDetection's constructor
    knows ConvNeXt only, and leaves frozen parameters out.

    A config names it as::

        optim_wrapper = dict(
            constructor='mmvmtl.LayerDecayConstructor',
            paramwise_cfg=dict(
                layers=['backbone.stem', 'backbone.stage*', 'neck'],
                rate=0.5, norm_decay_mult=0))

    Args:
        optim_wrapper_cfg (dict): As of MMEngine's.
        paramwise_cfg (dict): As of MMEngine's, with ``layers`` (list of
            names or patterns, the lowest first; one entry is one layer) and
            ``rate`` (r, in (0, 1]).

    Raises:
        ValueError: If ``layers`` or ``rate`` is missing or out of range.
        UserError: If a name matches nothing.
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        rest = dict(paramwise_cfg or {})
        self.layers = list(rest.pop('layers', ()))
        self.rate = rest.pop('rate', None)
        if not self.layers or self.rate is None or not 0 < self.rate <= 1:
            raise UserError(
                'LayerDecayConstructor needs paramwise_cfg.layers, the lowest '
                f'first, and paramwise_cfg.rate in (0, 1]; it has '
                f'layers={self.layers}, rate={self.rate}'
            )
        # One more key, so that MMEngine builds one group a parameter.
        super().__init__(optim_wrapper_cfg, {'bypass_duplicate': True} | rest)

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build optimizer and wrapper; learning rates by depth."""
        wrapper = super().__call__(model)
        scales: dict[int, float] = {}
        for k, patterns in enumerate(self.layers, 1):
            found = find_modules(
                unwrap(model), patterns, 'LayerDecayConstructor'
            )
            scale = self.rate ** (len(self.layers) - k + 1)
            for module in found.values():
                scales.update((id(p), scale) for p in module.parameters())
        for group in wrapper.optimizer.param_groups:
            (parameter,) = group['params']
            group['lr'] *= scales.get(id(parameter), 1.0)
        return wrapper
