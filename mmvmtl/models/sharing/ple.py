"""Layers of shared and specific experts that part step by step."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import ModuleList

from mmvmtl.models.sharing.base_sharing import BaseSharing
from mmvmtl.models.sharing.extraction import ExtractionStack
from mmvmtl.registry import MODELS


@MODELS.register_module()
class PLE(BaseSharing):
    r"""Progressive layered extraction, on every level and for every frame.

    `Tang et al., RecSys 2020 <https://doi.org/10.1145/3383313.3412236>`_:
    :class:`CGC` J times. Layer j + 1 of task k sees what its gate mixed in
    layer j; the shared experts see what a gate over the experts of **all**
    tasks mixed,

    .. math:: y_k^{j} = \sum_e g_k^j(y_k^{j-1})_e \, f_e^j, \quad
        y_s^{j} = \sum_e g_s^j(y_s^{j-1})_e \, f_e^j

    where an expert of k looks at :math:`y_k^{j-1}` and a shared one at
    :math:`y_s^{j-1}`; the last layer has no shared gate. With J = 1 it is
    CGC. All layers but the last compute every task, asked or not.

    Args:
        tasks (Sequence[str]): see :class:`BaseSharing`.
        in_channels (Sequence[int]): C of each level.
        num_layers (int): J, at least 1.
        num_shared (int): shared experts of a layer, at least 1.
        num_specific (int): experts of every task in a layer, at least 1.
        norm_cfg (dict, optional): norm layer of the experts.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: if a number is less than 1.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        in_channels: Sequence[int],
        num_layers: int = 2,
        num_shared: int = 1,
        num_specific: int = 1,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(tasks, in_channels, init_cfg)
        numbers = (num_layers, num_shared, num_specific)
        self.levels = ModuleList(
            ExtractionStack(self.tasks, channels, *numbers, norm_cfg)
            for channels in self.in_channels
        )
