"""Begin from a pretrained checkpoint that need not fit the whole model."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmvmtl.engine.module_names import unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import HOOKS
from mmvmtl.weights import read_weights

#: A checkpoint of which less than this part fits is of another network.
MIN_SHARE = 0.5
#: Names of each kind that a report lists; the log has more at level DEBUG.
SHOWN = 8


@dataclass
class Match:
    """How a checkpoint fits a model.

    Attributes:
        loaded (dict[str, Tensor]): weights by their name in the model.
        reshaped (list[str]): of another shape in the model, which keeps its
            own initialisation: heads of other class counts, for example.
        new (list[str]): names of the model that the checkpoint lacks.
        left_over (list[str]): names of the checkpoint the model lacks.
        left_out (int): entries that no prefix of the map selects.
    """

    loaded: dict[str, Tensor] = field(default_factory=dict)
    reshaped: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    left_out: int = 0

    def report(self) -> str:
        """One line a kind, with its count and some names."""
        total = len(self.loaded) + len(self.reshaped) + len(self.new)
        lines = [f'{len(self.loaded)} of {total} entries of the model loaded']
        for kind, names in (
            ('of another shape, initialised anew', self.reshaped),
            ('not in the checkpoint, initialised anew', self.new),
            ('only in the checkpoint, left over', self.left_over),
        ):
            if names:
                more = ', ...' if len(names) > SHOWN else ''
                shown = ', '.join(names[:SHOWN])
                lines.append(f'{len(names)} {kind}: {shown}{more}')
        if self.left_out:
            lines.append(f'{self.left_out} not selected by prefix_map')
        return '; '.join(lines)


def match_weights(
    expected: dict[str, Tensor],
    weights: dict[str, Tensor],
    prefix_map: dict[str, str] | None = None,
) -> Match:
    """Sort the entries of a checkpoint by whether a model can use them.

    Args:
        expected (dict[str, Tensor]): state of the model.
        weights (dict[str, Tensor]): of the checkpoint.
        prefix_map (dict[str, str], optional): beginning of a name in the
            checkpoint to its beginning in the model, the longest that fits
            counts; names without one are left out. None takes all as they
            are.
    """
    prefixes = {'': ''} if prefix_map is None else prefix_map
    match = Match()
    seen = set()
    for name, value in weights.items():
        fitting = [p for p in prefixes if name.startswith(p)]
        if not fitting:
            match.left_out += 1
            continue
        prefix = max(fitting, key=len)
        target = prefixes[prefix] + name[len(prefix) :]
        seen.add(target)
        if target not in expected:
            match.left_over.append(name)
        elif expected[target].shape != value.shape:
            match.reshaped.append(target)
        else:
            match.loaded[target] = value
    match.new = [name for name in expected if name not in seen]
    return match


def check_share(
    match: Match,
    chosen: dict[str, Tensor],
    expected: dict[str, Tensor],
    checkpoint: str,
    remedy: str,
) -> None:
    """Refuse a checkpoint of another network.

    Args:
        match (Match): how it fits.
        chosen (dict[str, Tensor]): what was to be loaded of it.
        expected (dict[str, Tensor]): state of the model.
        checkpoint (str): its path.
        remedy (str): what to do, beside choosing the right model.

    Raises:
        UserError: Less than half of the chosen numbers fit.
    """
    fits = sum(value.numel() for value in match.loaded.values())
    total = sum(value.numel() for value in chosen.values())
    if total and fits >= MIN_SHARE * total:
        return
    raise UserError(
        f'only {fits:,} of the {total:,} selected numbers of the checkpoint '
        f'{checkpoint} fit this model, so it is of another network: its '
        f"names begin with '{next(iter(chosen), '')}', the model's with "
        f"'{next(iter(expected))}'; choose the model it was trained with, or "
        f'{remedy}.'
    )


@HOOKS.register_module()
class FinetuneCheckpointHook(Hook):
    """Load what fits of a pretrained checkpoint, and say what did not.

    In contrast to ``load_from`` the file is read as data, a head of another
    class count is re-initialised and reported in one line, a backbone alone
    may be loaded, and a checkpoint of another network is an error. What
    combines the losses (learned weights, the state of a balancing method) is
    of the training that the file comes from and begins anew. A run that is
    resumed does not load it again.

    Args:
        checkpoint (str): A local file: a checkpoint, or only weights.
        prefix_map (dict[str, str], optional): See :func:`match_weights`;
            ``{'': 'backbone.'}`` puts the weights of a backbone alone into
            a detector, ``{'backbone.': 'backbone.'}`` takes only that part.
        trust (bool): See :func:`mmvmtl.weights.read_file`.

    Raises:
        UserError: When training starts: no such file, no weights, or less
            than half of the selected numbers fit.
    """

    # Before the hooks that look at the weights training begins with.
    priority = 'VERY_HIGH'

    def __init__(
        self,
        checkpoint: str,
        prefix_map: dict[str, str] | None = None,
        trust: bool = False,
    ) -> None:
        self.checkpoint = checkpoint
        self.prefix_map = prefix_map
        self.trust = trust

    def before_train(self, runner: Runner) -> None:
        """Load into the initialised model, if training really begins."""
        if runner.iter > 0:
            return
        match = self.load(unwrap(runner.model))
        runner.logger.info(
            f'FinetuneCheckpointHook: {self.checkpoint}: {match.report()}.'
        )
        for name in (*match.reshaped, *match.new, *match.left_over):
            runner.logger.log(logging.DEBUG, f'not loaded: {name}')

    def load(self, model: nn.Module) -> Match:
        """Copy the weights that fit into ``model``.

        Raises:
            UserError: See the class.
        """
        weights = read_weights(self.checkpoint, self.trust)
        expected = model.state_dict()
        anew = tuple(
            f'{name}.'
            for name, module in model.named_modules()
            if getattr(module, 'begins_anew', False)
        )
        expected = {
            k: v for k, v in expected.items() if not k.startswith(anew)
        }
        match = match_weights(expected, weights, self.prefix_map)
        prefixes = tuple(self.prefix_map or ('',))
        chosen = {k: v for k, v in weights.items() if k.startswith(prefixes)}
        check_share(
            match, chosen, expected, self.checkpoint, 'correct prefix_map'
        )
        with torch.no_grad():
            for name, value in match.loaded.items():
                expected[name].copy_(value)
        return match
