"""Several optimizers, one for each named part of a model."""

from __future__ import annotations

from mmengine.optim import OptimWrapperDict, build_optim_wrapper
from torch import nn

from mmvmtl.engine.module_names import unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class OptimWrapperPerModule:
    """Build an ``OptimWrapperDict``; each key is the name of a child module.

    MMEngine leaves to its users how several optimizers share a model::

        optim_wrapper = dict(
            constructor='mmvmtl.OptimWrapperPerModule',
            generators=dict(type='OptimWrapper', optimizer=...),
            discriminators=dict(type='OptimWrapper', optimizer=...))

    Args:
        optim_wrapper_cfg (dict): wrapper configs by child name.
        paramwise_cfg (dict, optional): must stand in the single wrappers.

    Raises:
        UserError: If the model has no such child, or one is left out.
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        if paramwise_cfg is not None:
            raise UserError(
                'paramwise_cfg beside mmvmtl.OptimWrapperPerModule says '
                'nothing of whom; put it into the single wrappers.'
            )
        self.configs = optim_wrapper_cfg

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        """Build one wrapper for each key."""
        model = unwrap(model)
        trained = {
            name: child
            for name, child in model.named_children()
            if any(p.requires_grad for p in child.parameters())
        }
        if set(trained) != set(self.configs):
            raise UserError(
                f'optim_wrapper names {", ".join(self.configs)}, the parts '
                f'of the model that train are {", ".join(trained)}; name '
                'exactly those.'
            )
        return OptimWrapperDict(
            **{
                name: build_optim_wrapper(trained[name], config)
                for name, config in self.configs.items()
            }
        )
