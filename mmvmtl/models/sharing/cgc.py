"""Experts that all share beside experts of each task."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import ModuleList

from mmvmtl.models.sharing.base_sharing import BaseSharing
from mmvmtl.models.sharing.extraction import ExtractionStack
from mmvmtl.registry import MODELS


@MODELS.register_module()
class CGC(BaseSharing):
    r"""Customised gate control, on every level and for every frame.

    `Tang et al., RecSys 2020 <https://doi.org/10.1145/3383313.3412236>`_:
    a task's gate mixes its own experts and the shared ones, never those of
    another task,

    .. math:: y_k = \sum_e g_k(x)_e \, f_e(x), \quad
        e \in \text{experts of } k \cup \text{shared experts}

    Experts start as the identity, so every task begins with x. Experts of a
    task that is not asked are not computed.

    Args:
        tasks (Sequence[str]): see :class:`BaseSharing`.
        in_channels (Sequence[int]): C of each level.
        num_shared (int): shared experts, at least 1.
        num_specific (int): experts of every task, at least 1.
        norm_cfg (dict, optional): norm layer of the experts.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: if there are no shared or no specific experts.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        in_channels: Sequence[int],
        num_shared: int = 1,
        num_specific: int = 1,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tasks, in_channels, init_cfg)
        self.levels = ModuleList(
            ExtractionStack(
                self.tasks, channels, 1, num_shared, num_specific, norm_cfg
            )
            for channels in self.in_channels
        )
