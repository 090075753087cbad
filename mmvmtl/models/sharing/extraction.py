"""Extraction networks of CGC and PLE: experts shared and specific."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModule, ModuleDict, ModuleList
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.models.sharing.experts import Expert, Gate


class ExtractionStack(BaseModule):
    """Extraction networks behind one another, of one feature level.

    Args:
        tasks (Sequence[str]): T tasks.
        channels (int): C.
        num_layers (int): extraction networks, at least 1.
        num_shared (int): shared experts of each.
        num_specific (int): experts of every task in each.
        norm_cfg (dict, optional): norm layer of the experts.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        channels: int,
        num_layers: int,
        num_shared: int,
        num_specific: int,
        norm_cfg: dict | None,
    ) -> None:
        super().__init__()
        if min(num_layers, num_shared, num_specific) < 1:
            raise UserError(
                f'num_layers={num_layers}, num_shared={num_shared} and '
                f'num_specific={num_specific} must be at least 1; MMoE has '
                'shared experts only'
            )
        self.tasks = tuple(tasks)
        experts = (channels, num_shared, num_specific, norm_cfg)
        self.layers = ModuleList(
            Extraction(self.tasks, *experts, mix_all=number < num_layers)
            for number in range(1, num_layers + 1)
        )

    def forward(self, feat: Tensor, tasks: Sequence[str]) -> dict[str, Tensor]:
        """Features of each of ``tasks`` from ``feat`` (M, C, H, W)."""
        shared, own = feat, dict.fromkeys(self.tasks, feat)
        for layer in self.layers[:-1]:
            shared, own = layer(shared, own)
        # What is asked matters in the last one only: before it, the shared
        # experts look at what all tasks' experts say.
        asked = {task: own[task] for task in tasks}
        return self.layers[-1](shared, asked)[1]


class Extraction(BaseModule):
    """One extraction network: experts and gates of one feature level.

    Args:
        tasks (Sequence[str]): T tasks.
        channels (int): C.
        num_shared (int): shared experts.
        num_specific (int): experts of every task.
        norm_cfg (dict, optional): norm layer of the experts.
        mix_all (bool): whether a gate over all experts gives the features
            that the shared experts of a next network look at.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        channels: int,
        num_shared: int,
        num_specific: int,
        norm_cfg: dict | None,
        mix_all: bool,
    ) -> None:
        super().__init__()
        self.shared = _experts(num_shared, channels, norm_cfg)
        self.specific = ModuleDict(
            {t: _experts(num_specific, channels, norm_cfg) for t in tasks}
        )
        own = num_specific + num_shared
        self.gates = ModuleDict({task: Gate(channels, own) for task in tasks})
        self.gate = None
        if mix_all:
            everything = len(self.gates) * num_specific + num_shared
            self.gate = Gate(channels, everything)

    def forward(
        self, shared: Tensor, own: dict[str, Tensor]
    ) -> tuple[Tensor | None, dict[str, Tensor]]:
        """Mix once more what is shared and what is a task's own.

        Args:
            shared (Tensor): (M, C, H, W), seen by the shared experts.
            own (dict[str, Tensor]): (M, C, H, W) by asked task, which must
                be all tasks with ``mix_all``.

        Returns:
            tuple: new ``shared`` (None without ``mix_all``), new ``own``.
        """
        common = [expert(shared) for expert in self.shared]
        specific = {
            task: [expert(feat) for expert in self.specific[task]]
            for task, feat in own.items()
        }
        mixed = {
            task: self.gates[task](feat, [*specific[task], *common])
            for task, feat in own.items()
        }
        if self.gate is None:
            return None, mixed
        in_order = [y for task in self.gates for y in specific[task]]
        return self.gate(shared, [*in_order, *common]), mixed


def _experts(num: int, channels: int, norm_cfg: dict | None) -> ModuleList:
    return ModuleList(Expert(channels, norm_cfg) for _ in range(num))
