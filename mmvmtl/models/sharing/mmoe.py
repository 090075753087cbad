"""Experts of all tasks, mixed by a gate of each."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule, ModuleDict, ModuleList
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.sharing.base_sharing import BaseSharing
from mmvmtl.models.sharing.experts import Expert, Gate
from mmvmtl.registry import MODELS


@MODELS.register_module()
class MMoE(BaseSharing):
    r"""Multi-gate mixture of experts, on every level and for every frame.

    `Ma et al., KDD 2018 <https://doi.org/10.1145/3219819.3220007>`_:

    .. math:: y_k = \sum_e g_k(x)_e \, f_e(x), \quad
        g_k(x) = \mathrm{softmax}(W_k \bar x)

    with :math:`\bar x` the mean of x over the frame. Experts start as the
    identity and gates as equal, so every task begins with x. All experts are
    computed once however many tasks are asked; gates only of those.

    Args:
        tasks (Sequence[str]): see :class:`BaseSharing`.
        in_channels (Sequence[int]): C of each level.
        num_experts (int): E, at least 1.
        norm_cfg (dict, optional): norm layer of the experts.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: if there is no expert.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        in_channels: Sequence[int],
        num_experts: int = 4,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tasks, in_channels, init_cfg)
        if num_experts < 1:
            raise UserError(
                f'num_experts={num_experts} of MMoE must be at least 1'
            )
        self.levels = ModuleList(
            MixtureOfExperts(self.tasks, channels, num_experts, norm_cfg)
            for channels in self.in_channels
        )


class MixtureOfExperts(BaseModule):
    """The experts and gates of one level.

    Args:
        tasks (Sequence[str]): one gate each.
        channels (int): C.
        num_experts (int): E.
        norm_cfg (dict, optional): norm layer of the experts.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        channels: int,
        num_experts: int,
        norm_cfg: dict | None,
    ) -> None:
        super().__init__()
        self.experts = ModuleList(
            Expert(channels, norm_cfg) for _ in range(num_experts)
        )
        self.gates = ModuleDict(
            {task: Gate(channels, num_experts) for task in tasks}
        )

    def forward(self, feat: Tensor, tasks: Sequence[str]) -> dict[str, Tensor]:
        """Mix the experts of ``feat`` (M, C, H, W) for each of ``tasks``."""
        outputs = [expert(feat) for expert in self.experts]
        return {task: self.gates[task](feat, outputs) for task in tasks}
