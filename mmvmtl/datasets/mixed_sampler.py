"""Batches that hold every data set in a fixed ratio, on each rank."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from mmengine.dataset import ConcatDataset, DefaultSampler
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from mmvmtl.errors import UserError
from mmvmtl.registry import DATA_SAMPLERS


class EndlessOrder:
    """One data set in random order, again and again: a pure function.

    Pass p over the data set is a permutation that follows from (seed, data
    set, p) alone, so nothing has to be saved for a resume, and no index
    comes again before all others have come.

    Args:
        size (int): Number of indices.
        seed (tuple[int, ...]): Of the permutations.
        shuffle (bool): Else every pass is 0, 1, ..., size − 1.
    """

    def __init__(
        self, size: int, seed: tuple[int, ...], shuffle: bool = True
    ) -> None:
        self.size = size
        self.seed = seed
        self.shuffle = shuffle
        self._pass: tuple[int, np.ndarray] = (-1, np.arange(size))

    def __getitem__(self, position: int) -> int:
        """Index at a position ≥ 0 of the endless row."""
        number, place = divmod(position, self.size)
        if self.shuffle and number != self._pass[0]:
            rng = np.random.default_rng((*self.seed, number))
            self._pass = number, rng.permutation(self.size)
        return int(self._pass[1][place])


@DATA_SAMPLERS.register_module()
class MixedBatchSampler(Sampler):
    """Fill each batch of each rank from all data sets, by ratio.

    In the config of a data loader, over a ``ConcatDataset``::

        batch_size=8,
        sampler=dict(type='DefaultSampler', shuffle=True),
        batch_sampler=dict(
            type='mmvmtl.MixedBatchSampler',
            ratio=dict(zebrafish=1, fir_action=1, coco128=2))

    Batch b of epoch e goes on where the batch before it ended, in every data
    set for itself; the order follows from the sampler's seed and epoch, which
    MMEngine sets. What W ranks take together at a step is what one rank with
    W times the batch size takes.

    Args:
        sampler (DefaultSampler): Holds data set, seed, epoch and ``shuffle``;
            MMEngine's Runner gives it.
        batch_size (int): Of a rank; the Runner gives it. A multiple of the
            sum of the ratio.
        ratio (dict[str, int | None] | Sequence[int]): Parts ≥ 1 of each data
            set, by name for a ``mmvmtl.JoinedDataset`` (None for one that is
            taken out), else in order.
        batches (int, optional): Batches of an epoch. By default as many as
            show every data set at least once; smaller ones come repeatedly.

    Raises:
        ValueError: If sampler, ratio and batch size do not fit together, or a
            data set is empty.
    """

    def __init__(
        self,
        sampler: DefaultSampler,
        batch_size: int,
        ratio: Mapping[str, int | None] | Sequence[int],
        batches: int | None = None,
    ) -> None:
        if not isinstance(sampler, DefaultSampler) or not isinstance(
            sampler.dataset, ConcatDataset
        ):
            raise UserError(
                'mmvmtl.MixedBatchSampler mixes the parts of a ConcatDataset '
                '(such as mmvmtl.JoinedDataset) and needs sampler=dict(type='
                "'DefaultSampler')."
            )
        if batches is not None and batches < 1:
            raise UserError(f'batches={batches} must be at least 1.')
        self.sampler = sampler
        self.batch_size = batch_size
        self.rank, self.num_ranks = get_dist_info()
        sizes = [len(part) for part in sampler.dataset.datasets]
        if 0 in sizes:
            names = getattr(sampler.dataset, 'names', range(len(sizes)))
            raise UserError(
                f'data set {names[sizes.index(0)]} of those that are mixed '
                'is empty; give it data, or take it out.'
            )
        self.counts = _counts(ratio, sampler.dataset, batch_size)
        self.starts = [sum(sizes[:i]) for i in range(len(sizes))]
        self.orders = [
            EndlessOrder(size, (sampler.seed, i), sampler.shuffle)
            for i, size in enumerate(sizes)
        ]
        self.batches = batches or max(
            math.ceil(size / (count * self.num_ranks))
            for size, count in zip(sizes, self.counts)
        )

    def __iter__(self) -> Iterator[list[int]]:
        """Lists of ``batch_size`` indices, data set after data set."""
        first = self.sampler.epoch * self.batches
        for step in range(first, first + self.batches):
            turn = step * self.num_ranks + self.rank
            yield [
                start + order[turn * count + i]
                for start, order, count in zip(
                    self.starts, self.orders, self.counts
                )
                for i in range(count)
            ]

    def __len__(self) -> int:
        """Number of batches of an epoch on this rank."""
        return self.batches


def _counts(
    ratio: Mapping[str, int | None] | Sequence[int],
    dataset: ConcatDataset,
    batch_size: int,
) -> list[int]:
    """Clips of each data set in a batch."""
    if isinstance(ratio, Mapping):
        ratio = shares_by_name(ratio, getattr(dataset, 'names', ()))
    whole = all(isinstance(parts, int) and parts >= 1 for parts in ratio)
    if len(ratio) != len(dataset.datasets) or not whole:
        raise UserError(
            f'ratio {list(ratio)} must give one integer ≥ 1 to each of the '
            f'{len(dataset.datasets)} data sets.'
        )
    total = sum(ratio)
    if batch_size % total:
        raise UserError(
            f'batch_size={batch_size} can not be shared out as '
            f'{":".join(map(str, ratio))}; use a multiple of {total}.'
        )
    return [part * batch_size // total for part in ratio]


def shares_by_name(
    ratio: Mapping[str, int | None], names: Sequence[str]
) -> list[int]:
    """The shares of data sets in the order of their ``names``.

    Raises:
        UserError: If it names another one, or leaves one out.
    """
    given = {name: part for name, part in ratio.items() if part is not None}
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(str(name), names, 1, 0)
            hint = f"did you mean '{near[0]}'?" if near else 'give a list.'
            raise UserError(f"ratio names no data set '{name}'; {hint}")
    for name in names:
        if name not in given:
            raise UserError(
                f"data set '{name}' has no part in ratio; give it one, or "
                f'take it out with {name}=None in datasets.'
            )
    return [given[name] for name in names]
