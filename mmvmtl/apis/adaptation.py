"""Adapt a model to a few labelled frames, and measure what that gives."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from mmengine.model import BaseModel
from scipy import stats
from torch import nn

from mmvmtl.datasets import EpisodeDataset
from mmvmtl.engine.loops.inner_loop import (
    descend,
    freeze_norm_statistics,
    model_loss,
    named_parts,
)
from mmvmtl.errors import UserError
from mmvmtl.evaluation import VideoDetMetric
from mmvmtl.weights import read_checkpoint

METRIC = 'det/mAP50'


@dataclass(frozen=True)
class Adaptation:
    """How a model is adapted: plain gradient descent.

    Attributes:
        lr (float): rate.
        steps (int): steps, each on all K frames.
        parts (tuple[str, ...] | None): dotted names of what moves; all if
            None.
    """

    lr: float
    steps: int
    parts: tuple[str, ...] | None = None


def adaptation_of(
    section: Mapping, name: str, lr: float | None = None
) -> Adaptation:
    """How a section of a config says that a model is adapted.

    Args:
        section (Mapping): ``lr``, ``steps`` and ``parts``.
        name (str): of the section, for the message.
        lr (float, optional): instead of that of the section.

    Raises:
        UserError: If a number is missing.
    """
    needed = ('steps',) if lr is not None else ('steps', 'lr')
    for key in needed:
        if key not in section:
            raise UserError(
                f"the config's {name} does not say '{key}'; give it "
                f'{name}=dict(lr=..., steps=..., parts=...).'
            )
    parts = section.get('parts')
    if isinstance(parts, str):
        parts = (parts,)
    rate = section['lr'] if lr is None else lr
    return Adaptation(rate, section['steps'], parts and tuple(parts))


def load_for_adaptation(model: nn.Module, path: str) -> None:
    """Load the weights of a checkpoint, read as data, into ``model``.

    Raises:
        UserError: If it is no data, or of another architecture.
    """
    weights = read_checkpoint(path)['state_dict']
    have = {k: v.shape for k, v in model.state_dict().items()}
    for name in sorted(have.keys() | weights.keys()):
        given = weights[name].shape if name in weights else None
        if given != have.get(name):
            raise UserError(
                f'the checkpoint {path} is of another architecture: {name} '
                f'is {_shape(given)} there and {_shape(have.get(name))} in '
                'the config; give the config it was trained with.'
            )
    model.load_state_dict(weights)


def _shape(shape: Sequence[int] | None) -> object:
    return 'missing' if shape is None else tuple(shape)


def adapt(model: BaseModel, data: dict, how: Adaptation) -> None:
    """Adapt ``model`` in place to labelled clips.

    Args:
        model (BaseModel): left in eval mode.
        data (dict): ``inputs`` and ``data_samples`` of K clips, as a data
            loader gives them.
        how (Adaptation): rate, steps and parts.
    """
    model.train()
    freeze_norm_statistics(model)
    loss = model_loss(model, model.data_preprocessor(data, True))
    start = named_parts(model, how.parts)
    end = descend([loss], start, how.lr, how.steps)
    with torch.no_grad():
        for name, value in start.items():
            value.copy_(end[name])
    model.eval()


def query_score(
    model: BaseModel, query: dict, classes: Sequence[str]
) -> float:
    """``det/mAP50`` (0..1) on labelled clips of :class:`EpisodeDataset`."""
    model.reset_streams()
    found = model.test_step(copy.deepcopy(query))
    metric = VideoDetMetric()
    metric.dataset_meta = dict(classes=classes)
    metric.process({}, [sample.to_dict() for sample in found])
    return metric.evaluate(len(found))[METRIC]


def score_episodes(
    model: BaseModel, episodes: EpisodeDataset, how: Adaptation
) -> np.ndarray:
    """Score of every episode after adapting to its support, 0..1.

    ``model`` itself is not changed; each episode begins with a copy.
    """
    scores = []
    for index in range(len(episodes)):
        episode = episodes[index]
        own = copy.deepcopy(model)
        adapt(own, episode.support, how)
        classes = episodes.metainfo['classes']
        scores.append(query_score(own, episode.query, classes))
    return np.array(scores)


def best_rate(
    model: BaseModel,
    episodes: EpisodeDataset,
    how: Adaptation,
    rates: Sequence[float],
) -> float:
    """Of ``rates`` the one with the best mean score over ``episodes``.

    Where that is the largest, it is doubled as long as that helps: the rates
    may be those that another model wants.
    """
    if len(rates) == 1:
        return rates[0]

    def score(rate: float) -> float:
        return score_episodes(model, episodes, replace(how, lr=rate)).mean()

    means = {rate: score(rate) for rate in rates}
    best = max(means, key=means.__getitem__)
    while 0 < best == max(means):
        means[2 * best] = score(2 * best)
        best = max(means, key=means.__getitem__)
    return best


def interval(values: np.ndarray) -> dict[str, float]:
    r"""Mean and its 95 % confidence interval :math:`m \pm t s / \sqrt n`.

    Args:
        values (np.ndarray): (n,), n >= 2; t is Student's with n - 1 degrees
            of freedom.

    Raises:
        UserError: Of fewer values.
    """
    n = len(values)
    if n < 2:
        raise UserError(
            f'{n} episodes have no confidence interval; take at least 2.'
        )
    half = stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n)
    mean = float(values.mean())
    return dict(mean=mean, low=mean - float(half), high=mean + float(half))


def compare(scores: Mapping[str, np.ndarray]) -> dict[str, dict]:
    """Intervals of every model, and of the first minus each other one.

    The differences are paired: by episode.
    """
    rows = {name: interval(values) for name, values in scores.items()}
    first, *others = scores
    for other in others:
        difference = scores[first] - scores[other]
        rows[f'{first} - {other}'] = interval(difference)
    return rows


def take_shots(dataset, shots: int, seed: int = 0) -> dict:
    """K clips of a data set, drawn without replacement, as one batch.

    Raises:
        UserError: If the data set has fewer.
    """
    if not 1 <= shots <= len(dataset):
        raise UserError(
            f'{shots} labelled frames are asked for and the data set has '
            f'{len(dataset)}; choose --shots between 1 and that.'
        )
    order = np.random.default_rng(seed).permutation(len(dataset))
    clips = [dataset[int(i)] for i in order[:shots]]
    return {k: [clip[k] for clip in clips] for k in clips[0]}
