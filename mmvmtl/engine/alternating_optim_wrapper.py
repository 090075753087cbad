"""Move the two players of a min-max game in turn."""

from __future__ import annotations

from mmengine.optim import OptimWrapper
from torch import nn

from mmvmtl.engine.amp_optim_wrapper import AmpOptimWrapper
from mmvmtl.engine.module_names import unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import OPTIM_WRAPPERS


class _Alternating(OptimWrapper):
    """The turn follows from the number of steps, so a resume is right."""

    def __init__(
        self, adversary: str = 'domain', turns: int = 1, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        if turns < 1:
            raise UserError(
                f'turns={turns} of the adversary must be at least 1'
            )
        self.adversary = adversary
        self.turns = turns
        self._players: tuple[list[nn.Parameter], list[nn.Parameter]] | None
        self._players = None

    def initialize_count_status(
        self, model: nn.Module, init_counts: int, max_counts: int
    ) -> None:
        """Find the players in the model that is trained."""
        super().initialize_count_status(model, init_counts, max_counts)
        named = list(unwrap(model).named_parameters())
        start = f'{self.adversary}.'
        mine = [p for name, p in named if name.startswith(start)]
        rest = [p for name, p in named if not name.startswith(start)]
        if not mine:
            raise UserError(
                f"the model has no parameters under '{self.adversary}': set "
                'adversary of the optim_wrapper to the name of the '
                'discriminators in the model'
            )
        self._players = (mine, rest)

    def step(self, **kwargs) -> None:
        """Move one player; a gradient of None keeps the other still.

        Zeros would not: decay and momentum move a weight without a gradient.
        """
        done = (self._inner_count - 1) // self._accumulative_counts
        adversary_moves = done % (self.turns + 1) < self.turns
        for parameter in self._players[int(adversary_moves)]:
            parameter.grad = None
        super().step(**kwargs)


@OPTIM_WRAPPERS.register_module()
class AlternatingOptimWrapper(_Alternating):
    """Optimise the adversary and the rest of the model in turn.

    For ``DomainAdversary(form='alternating')``: after ``turns`` steps of the
    discriminators (D) comes one of everything else (G and F), and so on.
    One optimizer holds both, so schedules, checkpoints and DDP are as
    usual; clipping sees the gradients of the player whose turn it is.

    Args:
        adversary (str): dotted name of the adversary in the model.
        turns (int): steps of the adversary to one of the rest, >= 1.
        **kwargs: of MMEngine's ``OptimWrapper``.

    Raises:
        UserError: when training starts, if nothing has that name.
    """


@OPTIM_WRAPPERS.register_module()
class AlternatingAmpOptimWrapper(_Alternating, AmpOptimWrapper):
    """:class:`AlternatingOptimWrapper` in mixed precision, on any device.

    Args:
        adversary (str): dotted name of the adversary in the model.
        turns (int): steps of the adversary to one of the rest, >= 1.
        **kwargs: of ``mmvmtl.AmpOptimWrapper``.
    """
