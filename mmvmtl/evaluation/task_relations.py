"""Numbers that compare tasks trained together with tasks trained alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

#: By task its metrics, and whether a larger value is the better one.
Directions = Mapping[str, Mapping[str, bool]]


def delta_m(
    joint: Mapping[str, float],
    alone: Mapping[str, float],
    directions: Directions,
) -> dict[str, float]:
    r"""Gain of a joint model over single-task ones, in percent.

    `Maninis et al., CVPR 2019 <https://arxiv.org/abs/1904.08918>`_, with the
    sign of `Vandenhende et al., 2021 <https://arxiv.org/abs/2004.13379>`_:

    .. math:: \Delta_t = \frac{100}{|M_t|} \sum_{m \in M_t} (-1)^{l_m}
        \frac{m_{joint} - m_{alone}}{m_{alone}}, \quad
        \Delta_m = \frac{1}{T} \sum_t \Delta_t

    where :math:`l_m = 1` if less of m is better. Positive is better; LibMTL
    and papers with NYUv2 tables print the opposite sign.

    Args:
        joint (dict[str, float]): metrics of the joint model.
        alone (dict[str, float]): the same metrics, each of the model that
            was trained for its task alone; > 0.
        directions (dict[str, dict[str, bool]]): task to its metrics, and
            whether larger is better.

    Returns:
        dict[str, float]: percent by task, and their mean as ``delta_m``.

    Raises:
        ValueError: a metric is missing, or a single-task one is not > 0, so
            that there is no ratio to it.
    """
    gains = {}
    for task, metrics in directions.items():
        terms = [
            _gain(joint, alone, name, larger)
            for name, larger in metrics.items()
        ]
        gains[task] = float(np.mean(terms))
    return {**gains, 'delta_m': float(np.mean(list(gains.values())))}


def _gain(
    joint: Mapping[str, float],
    alone: Mapping[str, float],
    name: str,
    larger: bool,
) -> float:
    for metrics, which in ((joint, 'joint'), (alone, 'single-task')):
        if metrics.get(name) is None:
            raise ValueError(
                f"the {which} model has no metric '{name}': it has "
                f'{", ".join(sorted(metrics))}'
            )
    if not alone[name] > 0:
        raise ValueError(
            f'{name} of the single-task model is {alone[name]}: a gain in '
            'percent needs a number above 0; train longer or leave it out'
        )
    change = 100 * (joint[name] - alone[name]) / alone[name]
    return change if larger else -change


def best_groupings(affinity: np.ndarray) -> list[list[tuple[int, ...]]]:
    r"""The best way to train T tasks in 1, 2, ..., T networks.

    The selection of `Fifty et al., NeurIPS 2021
    <https://arxiv.org/abs/2109.04617>`_: the score of a task in a group is
    the mean affinity of the others of the group onto it, a task on its own
    scores 0, and the grouping with the largest sum over tasks wins. All
    partitions are tried: there are 4,140 for 8 tasks.

    Args:
        affinity (ndarray): (T, T), row i, column j: how much a step for task
            i helps task j; the diagonal is not read.

    Returns:
        list: for 1, ..., T networks the groups, of indices of tasks.

    Raises:
        ValueError: more than 10 tasks, which are too many to try all.
    """
    count = len(affinity)
    if count > 10:
        raise ValueError(
            f'{count} tasks have too many groupings to try all: give 10 at '
            'most'
        )
    best: dict[int, tuple[float, list[tuple[int, ...]]]] = {}
    for groups in _partitions(tuple(range(count))):
        score = grouping_score(affinity, groups)
        if len(groups) not in best or score > best[len(groups)][0]:
            best[len(groups)] = score, sorted(groups)
    return [best[number][1] for number in range(1, count + 1)]


def grouping_score(
    affinity: np.ndarray, groups: Sequence[tuple[int, ...]]
) -> float:
    """Total affinity of a grouping: see :func:`best_groupings`."""
    total = 0.0
    for group in groups:
        for task in group:
            others = [other for other in group if other != task]
            if others:
                total += float(np.mean([affinity[o, task] for o in others]))
    return total


def _partitions(items: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """All ways to split ``items`` into groups."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for groups in _partitions(rest):
        yield [(first,), *groups]
        for index, group in enumerate(groups):
            joined = (first, *group)
            yield [*groups[:index], joined, *groups[index + 1 :]]
