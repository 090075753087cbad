"""Columns of the tasks that learn how much they take from one another."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule, ModuleDict, ModuleList
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.models.sharing.base_sharing import BaseSharing
from mmvmtl.models.sharing.experts import Expert
from mmvmtl.registry import MODELS


@MODELS.register_module()
class CrossStitch(BaseSharing):
    r"""Cross-stitch units, one for each channel of each level.

    `Misra et al., CVPR 2016 <https://arxiv.org/abs/1604.03539>`_: a column
    :math:`h_j` of its own for every task (here one :class:`Expert` a level,
    behind a trunk that is shared), then

    .. math:: y_k = \sum_j \alpha_{kj} h_j(x)

    with :math:`\alpha` learned. Rows of :math:`\alpha` start as ``own`` for
    the task itself and the rest spread over the others; so at the start, with
    columns that are the identity, every task sees x, and with
    :math:`\alpha = I` it sees its column alone. The paper trains
    :math:`\alpha` with 100 to 1000 times the rate of SGD; optimizers that
    scale by the size of the gradient need no such factor. Weight decay would
    shrink the features: ``paramwise_cfg=dict(custom_keys={'.alpha':
    dict(decay_mult=0)})`` leaves the units out.

    Every column is computed, also for a task that is not asked: the asked
    ones take from it.

    Args:
        tasks (Sequence[str]): see :class:`BaseSharing`.
        in_channels (Sequence[int]): C of each level.
        own (float): first :math:`\alpha_{kk}`, 0..1; 0.9 in the paper.
        norm_cfg (dict, optional): norm layer of the columns.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: if ``own`` is out of its range.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        in_channels: Sequence[int],
        own: float = 0.9,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tasks, in_channels, init_cfg)
        if not 0 <= own <= 1:
            raise UserError(f'own={own} of CrossStitch must lie in 0..1')
        self.levels = ModuleList(
            StitchedColumns(self.tasks, channels, own, norm_cfg)
            for channels in self.in_channels
        )


class StitchedColumns(BaseModule):
    """The columns of one level and the units between them.

    Args:
        tasks (Sequence[str]): T tasks.
        channels (int): C.
        own (float): see :class:`CrossStitch`.
        norm_cfg (dict, optional): norm layer of the columns.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        channels: int,
        own: float,
        norm_cfg: dict | None,
    ) -> None:
        super().__init__()
        self.columns = ModuleDict(
            {task: Expert(channels, norm_cfg) for task in tasks}
        )
        others = len(tasks) - 1
        alpha = torch.full((others + 1,) * 2, (1 - own) / max(1, others))
        alpha.fill_diagonal_(own if others else 1.0)
        #: (T, T, C): the part of column j's channel in task k's.
        self.alpha = nn.Parameter(alpha[..., None].repeat(1, 1, channels))

    def forward(self, feat: Tensor, tasks: Sequence[str]) -> dict[str, Tensor]:
        """Stitch the columns of ``feat`` (M, C, H, W) for ``tasks``."""
        columns = [column(feat) for column in self.columns.values()]
        alpha = dict(zip(self.columns, self.alpha, strict=True))
        return {
            task: sum(
                part[:, None, None] * column
                for part, column in zip(alpha[task], columns, strict=True)
            )
            for task in tasks
        }
