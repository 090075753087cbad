"""The contract of a balancing method, and how a config names one."""

from __future__ import annotations

import difflib
from abc import ABCMeta, abstractmethod

from mmengine.model import BaseModule
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.registry import MODELS
from mmvmtl.signatures import accepted

#: Cosines of float32 gradients are known no better.
ROUNDING = 1e-6
#: Makes a Gramian of mean diagonal 1 definite where gradients depend on each
#: other; square roots of it are still far above rounding.
RIDGE = 1e-12


class GramianWeighting(BaseModule, metaclass=ABCMeta):
    """Weights of task gradients from their inner products.

    State belongs into buffers of fixed shape, so that a checkpoint has it.

    Attributes:
        source (str): the gradients the method is made for: ``'features'`` if
            it balances norms, ``'parameters'`` if it is about conflict, which
            features do not show.
        lags (bool): whether the weights are those of the *next* step, and of
            heads as well.
        needs_losses (bool): whether ``losses`` is read.

    Args:
        num_tasks (int): T; whoever builds it gives it, a config does not.
    """

    source = 'features'
    lags = False
    needs_losses = False

    def __init__(self, num_tasks: int) -> None:
        super().__init__()
        self.num_tasks = num_tasks

    @abstractmethod
    def forward(
        self, gramian: Tensor, tasks: Tensor, losses: Tensor
    ) -> Tensor:
        """Weights (A,) of the A >= 2 tasks that have a gradient.

        Their scale does not matter: their absolute values are made to sum to
        A. Zeros mean the plain sum.

        Args:
            gramian (Tensor): (A, A), float64 on the CPU, finite, of positive
                diagonal with mean 1.
            tasks (Tensor): (A,), numbers of the tasks, 0..T-1.
            losses (Tensor): (A,), float64, the means over ranks; zeros unless
                ``needs_losses``.
        """


def gramian_weightings() -> dict[str, type[GramianWeighting]]:
    """All registered methods by name."""
    return {
        name: kind
        for name, kind in MODELS.module_dict.items()
        if isinstance(kind, type) and issubclass(kind, GramianWeighting)
    }


def build_weighting(cfg: str | dict, num_tasks: int) -> GramianWeighting:
    """Build a method from its name or config.

    Raises:
        UserError: if there is no such method; it names near ones.
    """
    cfg = dict(type=cfg) if isinstance(cfg, str) else dict(cfg)
    if not isinstance(cfg.get('type'), str):
        raise UserError(
            f"weighting={cfg}: name a balancing method, such as 'MGDA', or "
            "dict(type='CAGrad', c=0.5)"
        )
    name = cfg['type'].removeprefix('mmvmtl.')
    methods = gramian_weightings()
    if name not in methods:
        near = difflib.get_close_matches(name, methods, 3, 0)
        raise UserError(
            f"there is no balancing method '{name}'; near are "
            f'{", ".join(near)}; a weighting of losses, such as FAMO, stands '
            "in loss=dict(type='mmvmtl.FAMO')"
        )
    known = (accepted(methods[name]) or set()) - {'num_tasks'}
    for key in set(cfg) - {'type'} - known:
        raise UserError(
            f"{name} has no setting '{key}'; it has "
            f'{", ".join(sorted(known)) or "none"}'
        )
    cfg['type'] = f'mmvmtl.{name}'
    return MODELS.build(cfg, default_args=dict(num_tasks=num_tasks))
