"""A config's tasks, each alone and all together, as configs of their own."""

from __future__ import annotations

import copy
import difflib

from mmengine.config import Config, ConfigDict

from mmvmtl.errors import UserError
from mmvmtl.evaluation.video_metric import VideoMetric
from mmvmtl.models import BaseWeighting, TaskBranch, WeightedMTLLoss
from mmvmtl.registry import METRICS, MODELS

#: What a gain is computed from: task to metrics, and if larger is better.
DIRECTIONS = {
    'det': {'det/mAP50': True},
    'track': {'reid/rank1': True, 'track/velocity_mae': False},
    'cls': {'cls/clip_top1': True},
}
#: Weightings that are no class: those of the config, and all 1.
PLAIN = ('fixed', 'sum')


def tasks_of(cfg: Config) -> list[str]:
    """The tasks of the config's model.

    Raises:
        UserError: there are not two, or one has no metric to compare, as
            where data sets are evaluated apart.
    """
    evaluators = cfg.get('test_evaluator') or ()
    if isinstance(evaluators, dict):
        evaluators = (evaluators,)
    if any(metric.get('dataset') for metric in evaluators):
        raise UserError(
            'this config evaluates data sets apart, so its metrics have '
            "other names than the tasks'; compare it with "
            'tools/analysis/joint_against_alone.py.'
        )
    heads = cfg.model.get('head', {}).get('heads', {})
    tasks = [task for task, head in heads.items() if head is not None]
    if len(tasks) < 2:
        raise UserError(
            'negative transfer needs a VideoMTLDetector with two tasks or '
            f'more under model.head.heads; this config has {len(tasks)}.'
        )
    for task in tasks:
        if task not in DIRECTIONS:
            raise UserError(
                f"task '{task}' has no metric to compare; known are "
                f'{", ".join(DIRECTIONS)}.'
            )
    return tasks


def alone(cfg: Config, task: str) -> Config:
    """The config of a model that is trained for ``task`` only.

    Trunk, data, schedule and budget stay. Of the other heads those remain
    that this one reads from, without a loss of their own: the tracking
    head's velocities, say, then learn from the clip label only. In place of
    a detector that it needs stand the true boxes. Sharing modules,
    regularisers and balancing, which are between tasks, go.
    """
    single = copy.deepcopy(cfg)
    heads = single.model.head.heads
    needed = _needed(heads, task)
    for name, head in heads.items():
        if name not in needed:
            heads[name] = None
        elif name != task and _kind(head).gives == 'boxes':
            heads[name] = ConfigDict(type='mmvmtl.TrueBoxes')
    weights = {name: float(name == task) for name in needed}
    single.model.loss = ConfigDict(
        type='mmvmtl.WeightedMTLLoss', weights=weights
    )
    for part in ('branch', 'sharing', 'regularisers'):
        single.model.pop(part, None)
    if task != 'track':
        single.model.tracker = None
    checkpoint = single.get('default_hooks', {}).get('checkpoint')
    if checkpoint and 'save_best' in checkpoint:
        # It may be a metric of another task; the last one is evaluated.
        checkpoint.save_best = None
    _evaluate(single, (task,))
    return single


def together(cfg: Config, method: str) -> Config:
    """The config with another way to weigh and balance its tasks.

    Args:
        cfg (Config): of all tasks.
        method (str): a weighting, or ``weighting+balancing``. A weighting is
            ``fixed`` (what the config has), ``sum`` (all 1), or the name of
            a registered one; a balancing is a method of
            :class:`TaskBranch`, and by itself there is none but with
            ``fixed`` alone.

    Raises:
        UserError: there is no such method.
    """
    joint = copy.deepcopy(cfg)
    weighting, _, balancing = method.partition('+')
    if method != 'fixed':
        # Else every method would be balanced as the config is.
        joint.model.pop('branch', None)
    if weighting == 'sum':
        joint.model.loss = ConfigDict(type='mmvmtl.WeightedMTLLoss')
    elif weighting != 'fixed':
        found = MODELS.get(f'mmvmtl.{weighting}')
        if not (isinstance(found, type) and issubclass(found, BaseWeighting)):
            raise _unknown(weighting)
        joint.model.loss = ConfigDict(type=f'mmvmtl.{weighting}')
        # Weight decay would pull learned weights to 1.
        joint.merge_from_dict(
            {
                'optim_wrapper.paramwise_cfg.custom_keys.weighting': {
                    'decay_mult': 0
                }
            }
        )
    if balancing:
        branch = dict(type='mmvmtl.TaskBranch', weighting=balancing)
        try:
            TaskBranch(tasks_of(cfg), balancing)
        except (ImportError, ValueError) as error:
            raise UserError(f"method '{method}': {error}") from None
        joint.model.branch = ConfigDict(branch)
    return joint


def at_true_boxes(cfg: Config) -> Config:
    """The same model, to be evaluated on the true boxes in all but det."""
    told = copy.deepcopy(cfg)
    heads = told.model.head.heads
    for name, head in heads.items():
        if head is not None and _kind(head).gives == 'boxes':
            heads[name] = ConfigDict(type='mmvmtl.TrueBoxes')
    # They may name tasks or parameters, and have nothing to do here.
    told.model.loss = ConfigDict(type='mmvmtl.WeightedMTLLoss')
    told.model.pop('regularisers', None)
    _evaluate(told, [task for task in tasks_of(cfg) if task != 'det'])
    return told


def weightings() -> list[str]:
    """The registered weightings, but the one of fixed weights."""
    return [
        name
        for name, kind in MODELS.module_dict.items()
        if isinstance(kind, type)
        and issubclass(kind, BaseWeighting)
        and kind is not WeightedMTLLoss
    ]


def _needed(heads: dict, task: str) -> list[str]:
    """The task and those whose heads it reads from."""
    found = [task]
    for name in found:
        needs = _kind(heads[name]).needs
        found += [
            other
            for other, head in heads.items()
            if head is not None and needs and _kind(head).gives == needs
        ]
    return found


def _kind(head: dict) -> type:
    return MODELS.get(head['type'])


def _evaluate(cfg: Config, tasks: tuple[str, ...] | list[str]) -> None:
    """Keep the metrics of some tasks only."""
    for key in ('val_evaluator', 'test_evaluator'):
        if cfg.get(key):
            metrics = cfg[key]
            metrics = metrics if isinstance(metrics, list) else [metrics]
            cfg[key] = [
                metric for metric in metrics if _task_of(metric) in tasks
            ]


def _task_of(metric: dict) -> str | None:
    """The task that a metric of ours is about; None for one of others."""
    kind = METRICS.get(metric['type'])
    ours = isinstance(kind, type) and issubclass(kind, VideoMetric)
    return kind.task if ours else None


def _unknown(name: str) -> UserError:
    near = difflib.get_close_matches(name, [*PLAIN, *weightings()], 3, 0)
    return UserError(
        f"there is no weighting '{name}'; near are {', '.join(near)}."
    )
