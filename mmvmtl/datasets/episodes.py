"""Episodes: a few labelled frames to adapt to, and others to be judged on."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.registry import DATASETS as ROOT
from torch.utils.data import Dataset

from mmvmtl.datasets.synthetic.dataset import SharedInt
from mmvmtl.errors import UserError
from mmvmtl.registry import DATASETS
from mmvmtl.video_order import recordings_of


@dataclass
class Episode:
    """One small task.

    Attributes:
        support (dict): ``inputs`` and ``data_samples``, lists of K clips.
        query (dict): of other clips of the same task.
        domain (str): name of the domain.
        classes (tuple[str]): names of the labels 0, 1, ...
    """

    support: dict
    query: dict
    domain: str
    classes: tuple[str, ...]


@DATASETS.register_module()
class EpisodeDataset(Dataset):
    """Draw episodes by domain, by classes, and by K shots.

    An episode is a function of (seed, epoch, index). All its frames are of
    one domain. With ``ways`` it has that many of ``classes`` in a random
    order, which is the meaning of its labels 0, 1, ...: what a label means
    can then only be learned from the support. Objects of other classes are
    background. Every frame shows an object, with ``ways`` the support every
    class. No recording is in both halves, as neighbouring frames are almost
    the same.

    Args:
        domains (dict[str, dict]): data sets in training mode by name, with
            clips of one frame and a pipeline that ends with
            ``mmvmtl.PackVideoInputs``.
        shots (int): K, clips of the support.
        queries (int): clips of the query.
        episodes (int): episodes of an epoch.
        classes (Sequence[str], optional): those to draw from; all if None.
        ways (int, optional): classes of an episode; None keeps all classes
            with the labels that the first domain gives them.
        num_classes (int, optional): of the head, where it has more than
            ``ways``; the others stay unused.
        seed (int): of the draws.

    Raises:
        UserError: If there are no domains, fewer clips than an episode needs,
            a single recording, or classes that a domain does not have.
    """

    def __init__(
        self,
        domains: dict[str, dict],
        shots: int,
        queries: int,
        episodes: int,
        classes: Sequence[str] | None = None,
        ways: int | None = None,
        num_classes: int | None = None,
        seed: int = 0,
    ) -> None:
        self.domains = {k: ROOT.build(v) for k, v in domains.items()}
        self.shots, self.queries = shots, queries
        self.episodes, self.ways, self.seed = episodes, ways, seed
        self.num_classes = num_classes
        # Persistent workers see what the main process sets.
        self._epoch = SharedInt()
        self._check_counts()
        self._recordings = {
            name: recordings_of(dataset)
            for name, dataset in self.domains.items()
        }
        self._check_recordings()
        names = next(iter(self.domains.values())).metainfo['classes']
        self.classes = tuple(names if classes is None else classes)
        self._check_classes()
        if ways is not None:
            names = [f'way {label}' for label in range(num_classes or ways)]
        self.metainfo = dict(classes=tuple(names))

    def _check_counts(self) -> None:
        if not self.domains or self.shots < 1 or self.queries < 1:
            raise UserError(
                'mmvmtl.EpisodeDataset needs at least one domain, one shot '
                'and one query.'
            )
        needed = self.shots + self.queries
        for name, dataset in self.domains.items():
            if len(dataset) < needed:
                raise UserError(
                    f'an episode of {self.shots} shots and {self.queries} '
                    f'queries needs {needed} clips, domain {name!r} has '
                    f'{len(dataset)}; lower shots or queries.'
                )

    def _check_recordings(self) -> None:
        for name, recordings in self._recordings.items():
            if len(set(recordings)) < 2:
                raise UserError(
                    f'domain {name!r} of mmvmtl.EpisodeDataset has one '
                    'recording, an episode has queries of other ones than '
                    'its shots; add another.'
                )

    def _check_classes(self) -> None:
        for name, dataset in self.domains.items():
            have = dataset.metainfo['classes']
            for wanted in self.classes:
                if wanted not in have:
                    raise UserError(
                        f'class {wanted!r} of mmvmtl.EpisodeDataset is not '
                        f'in domain {name!r}, which has {tuple(have)}.'
                    )
        pool = len(self.classes)
        if self.ways is not None and not 1 <= self.ways <= pool:
            raise UserError(
                f'ways={self.ways} of mmvmtl.EpisodeDataset must lie '
                f'between 1 and its {pool} classes.'
            )
        if self.num_classes is not None and (
            self.ways is None or self.num_classes < self.ways
        ):
            raise UserError(
                f'num_classes={self.num_classes} of mmvmtl.EpisodeDataset '
                f'must be at least its ways, which are {self.ways}.'
            )

    def __len__(self) -> int:
        return self.episodes

    def set_epoch(self, epoch: int) -> None:
        """Draw the episodes of that epoch."""
        self._epoch.set(epoch)

    def __getitem__(self, index: int) -> Episode:
        """The episode of that number."""
        rng = np.random.default_rng((self.seed, self._epoch.get(), index))
        domain = list(self.domains)[rng.integers(len(self.domains))]
        dataset = self.domains[domain]
        classes = self.classes
        if self.ways is not None:
            drawn = rng.permutation(len(classes))[: self.ways]
            classes = tuple(classes[i] for i in drawn)
        have = list(dataset.metainfo['classes'])
        # Without ways, labels are those of the first domain.
        labels = classes if self.ways is not None else self.metainfo['classes']
        new = {have.index(name): labels.index(name) for name in classes}
        halves = self._draw(domain, new, rng)
        if halves is None:
            raise UserError(
                f'domain {domain!r} has not {self.shots} shots and '
                f'{self.queries} queries of other recordings with an object '
                f'of {", ".join(classes)}; lower shots or queries, or add '
                'recordings.'
            )
        support, query = map(_batch, halves)
        return Episode(support, query, domain, classes)

    def _draw(
        self, domain: str, new: dict[int, int], rng: np.random.Generator
    ) -> tuple[list[dict], list[dict]] | None:
        """Clips with objects, all classes in the support, or None."""
        dataset, recordings = self.domains[domain], self._recordings[domain]
        order = rng.permutation(len(dataset)).tolist()

        @functools.cache
        def load(index: int) -> tuple[dict, set[int]]:
            clip = dataset[index]
            return clip, relabel(clip['data_samples'], new)

        # Few recordings must be left to the query, but which ones show a
        # wanted object is known only once they are loaded.
        for most in range(min(self.shots, len(set(recordings)) - 1), 0, -1):
            halves = self._halves(order, recordings, load, set(new.values()),
                                  most)  # fmt: skip
            if halves is not None:
                return halves
        return None

    def _halves(
        self,
        order: Sequence[int],
        recordings: Sequence[Hashable],
        load: Callable[[int], tuple[dict, set[int]]],
        classes: set[int],
        most: int,
    ) -> tuple[list[dict], list[dict]] | None:
        """Both halves, the support of at most so many recordings."""
        support: list[dict] = []
        query: list[dict] = []
        later: list[tuple[Hashable, dict]] = []
        used: set[Hashable] = set()
        missing = set() if self.ways is None else classes
        for index in order:
            recording = recordings[index]
            room = self.shots - len(support)
            if not room and recording in used:
                continue
            clip, seen = load(index)
            if not seen:
                continue
            too_many = len(used | {recording}) > most
            if not room:
                query.append(clip)
            elif too_many or len(missing - seen) > room - 1:
                # It would leave no recording for the query, or no room for
                # the classes still unseen.
                later.append((recording, clip))
            else:
                support.append(clip)
                used.add(recording)
                missing = missing - seen
            if len(support) < self.shots:
                continue
            apart = [clip for other, clip in later if other not in used]
            if len(query) + len(apart) >= self.queries:
                return support, (query + apart)[: self.queries]
        return None


def relabel(sample, new: dict[int, int]) -> set[int]:
    """Keep the objects of wanted classes under their new labels, in place.

    Boxes are meant in pixels of the network's input from here on.

    Args:
        sample (VideoMTLDataSample): a packed clip.
        new (dict[int, int]): new label by old one.

    Returns:
        set[int]: the new labels that occur.
    """
    seen: set[int] = set()
    for frame in sample.video_data_samples:
        frame.set_metainfo(dict(scale_factor=(1.0, 1.0)))
        labelled = frame.get('labelled_classes')
        if labelled is not None:
            known = tuple(new[label] for label in labelled if label in new)
            frame.set_metainfo(dict(labelled_classes=known))
        for name in ('gt_instances', 'ignored_instances'):
            objects = frame.get(name)
            labels = objects.labels.tolist()
            kept = [i for i, label in enumerate(labels) if label in new]
            objects = objects[torch.tensor(kept, dtype=torch.long)]
            objects.labels = objects.labels.new_tensor(
                [new[labels[i]] for i in kept]
            )
            frame.set_field(objects, name)
        seen |= set(frame.gt_instances.labels.tolist())
    return seen


def _batch(clips: list[dict]) -> dict:
    return {
        key: [clip[key] for clip in clips]
        for key in ('inputs', 'data_samples')
    }
