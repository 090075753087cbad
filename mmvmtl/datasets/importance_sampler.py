"""Draw clips as often as their importance says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sized
from pathlib import Path

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmvmtl.errors import UserError
from mmvmtl.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class ImportanceSampler(Sampler):
    """Draw indices with replacement, in proportion to weights.

    A pass has as many draws as there are clips with a weight above 0. The
    order follows from seed and epoch; ranks take turns.

    Args:
        dataset (Sized): the training data set; its indices must mean the
            same clips in every epoch (``fresh=False`` of the synthetic one).
        weights (str): JSON of ``tools/analysis/importance_weights.py``, with
            a list ``weights``, one >= 0 for each index.
        shuffle (bool): False gives the draws of a pass in rising order.
        seed (int, optional): of the draws; one of all ranks if None.

    Raises:
        UserError: if the file is missing, or is not of this data set.
    """

    def __init__(
        self,
        dataset: Sized,
        weights: str,
        shuffle: bool = True,
        seed: int | None = None,
    ) -> None:
        self.rank, self.num_ranks = get_dist_info()
        self.weights = read_weights(weights, len(dataset))
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0

    def __iter__(self) -> Iterator[int]:
        """Iterate over this rank's draws."""
        draw = torch.Generator().manual_seed(self.seed + self.epoch)
        total = len(self) * self.num_ranks
        chosen = torch.multinomial(self.weights, total, True, generator=draw)
        if not self.shuffle:
            chosen = chosen.sort().values
        return iter(chosen[self.rank :: self.num_ranks].tolist())

    def __len__(self) -> int:
        """Draws of this rank."""
        drawable = int((self.weights > 0).sum())
        return -(-drawable // self.num_ranks)

    def set_epoch(self, epoch: int) -> None:
        """Draw anew."""
        self.epoch = epoch


def read_weights(path: str, number: int) -> torch.Tensor:
    """The weights of a file, (number,) float64.

    Raises:
        UserError: see :class:`ImportanceSampler`.
    """
    try:
        content = json.loads(Path(path).read_text())
        weights = torch.tensor(content['weights'], dtype=torch.float64)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f'the importance weights {path} can not be read '
            f'({type(error).__name__}); write them with '
            'tools/analysis/importance_weights.py'
        ) from None
    if weights.ndim != 1:
        raise UserError(
            f'the importance weights {path} are no list of numbers; write '
            'them with tools/analysis/importance_weights.py'
        )
    usable = torch.isfinite(weights).all() and (weights >= 0).all()
    if weights.shape != (number,) or not usable or not weights.sum() > 0:
        raise UserError(
            f'the importance weights {path} are {len(weights)} for a data '
            f'set of {number} clips, or not all finite and >= 0; write them '
            'again for this config'
        )
    return weights
