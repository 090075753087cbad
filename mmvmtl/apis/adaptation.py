"""Adapt a model to a few labelled frames, and measure what that gives."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

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
from mmvmtl.norm_statistics import batch_norms, normalised_by_batch
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
        max_norm (float | None): longer gradients are shortened to this.
        statistics (bool): batch norms have the statistics of the K frames,
            instead of those of training.
    """

    lr: float
    steps: int
    parts: tuple[str, ...] | None = None
    max_norm: float | None = None
    statistics: bool = False


def adaptation_of(
    section: Mapping, name: str, lr: float | None = None
) -> Adaptation:
    """How a section of a config says that a model is adapted.

    Args:
        section (Mapping): ``lr``, ``steps``, and what else an
            :class:`Adaptation` has.
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
    return Adaptation(
        section['lr'] if lr is None else lr,
        section['steps'],
        parts and tuple(parts),
        section.get('max_norm'),
        section.get('statistics', False),
    )


def choices_of(section: Mapping, name: str) -> dict[str, Adaptation]:
    """The ways to adapt that a section of a config has, by name.

    Args:
        section (Mapping): of :func:`adaptation_of`, without a rate;
            ``choices`` by name changes it, without them it is the only one.
        name (str): of the section, for the message.

    Raises:
        UserError: If a number is missing, or a choice changes what no
            :class:`Adaptation` has.
    """
    choices = section.get('choices') or {'': {}}
    known = {field.name for field in fields(Adaptation)} - {'lr'}
    for choice, changes in choices.items():
        for key in changes:
            if key not in known:
                raise UserError(
                    f"{name}.choices['{choice}'] has '{key}'; a choice may "
                    f'have {", ".join(sorted(known))}.'
                )
    return {
        choice: adaptation_of({**section, **changes}, name, lr=0.0)
        for choice, changes in choices.items()
    }


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
    if how.statistics:
        _take_statistics(model, data)
    model.train()
    freeze_norm_statistics(model)
    start = named_parts(model, how.parts)
    loss = model_loss(model, model.data_preprocessor(data, True), start)
    steps = how.steps if how.lr else 0
    end = descend([loss], start, how.lr, steps, max_norm=how.max_norm)
    with torch.no_grad():
        for name, value in start.items():
            value.copy_(end[name])
    model.eval()


@torch.no_grad()
def _take_statistics(model: BaseModel, data: dict) -> None:
    layers = batch_norms(model)
    momenta = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 1.0
    model.eval()
    with normalised_by_batch(model):
        model.test_step(copy.deepcopy(data))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


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


def best_way(
    model: BaseModel,
    episodes: EpisodeDataset,
    choices: Mapping[str, Adaptation],
    rates: Sequence[float],
) -> tuple[str, Adaptation]:
    """Choice and rate with the best mean score over ``episodes``.

    Where the best rate is the largest, it is doubled as long as that helps;
    where it is the smallest that moves anything, halved: the rates may be
    those that another model wants.

    Args:
        model (BaseModel): left as it is.
        episodes (EpisodeDataset): others than those it is scored on.
        choices (Mapping[str, Adaptation]): ways to adapt by name.
        rates (Sequence[float]): to begin with.

    Returns:
        tuple: name of the choice, and how to adapt.
    """
    ways = {
        (name, rate): replace(how, lr=rate)
        for name, how in choices.items()
        for rate in rates
    }
    if len(ways) == 1:
        (((name, _), how),) = ways.items()
        return name, how
    means = {
        way: score_episodes(model, episodes, how).mean()
        for way, how in ways.items()
    }
    while True:
        name, rate = max(means, key=means.__getitem__)
        tried = [r for other, r in means if other == name and r > 0]
        further = []
        if rate > 0:
            further += [2 * rate] * (rate == max(tried))
            further += [rate / 2] * (rate == min(tried))
        if not further:
            return name, replace(choices[name], lr=rate)
        for new in further:
            how = replace(choices[name], lr=new)
            means[name, new] = score_episodes(model, episodes, how).mean()


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
