"""Measure what a TelemetryHook adds to a training step.

    python tools/bench_telemetry.py --rounds 15

Steps with and without a look alternate in one process, so that other load on
the machine falls on both. The cost at an interval is the extra time of a look,
divided by the interval.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import numpy as np
import torch
from benchmarks.networks import be_quiet, build_ours
from benchmarks.timing import in_turn, now
from benchmarks.training import training_batch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import write_result
from mmvmtl.engine import TelemetryHook
from mmvmtl.engine.hooks.telemetry_hook import report
from mmvmtl.task_graph import TaskGraph, named_parameters

CONFIG = 'configs/synthetic/video_mtl_rtmdet_tiny.py'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--config', default=CONFIG)
    parser.add_argument('--rounds', type=int, default=15)
    parser.add_argument('--out', help='result file to write')
    cli.add_cfg_options(parser)
    return parser.parse_args(argv)


class Step:
    """Forward, backward and a step of the optimiser, watched or not.

    Args:
        model (nn.Module): in training mode.
        batch (dict): of the training data.
        optim_wrapper (OptimWrapper): of the model.
        patterns (Sequence[str], optional): what to watch; ``None`` watches
            backbone and neck, an empty one nothing.
    """

    def __init__(
        self,
        model: nn.Module,
        batch: dict,
        optim_wrapper: object,
        patterns: Sequence[str] | None,
    ) -> None:
        self.model = model
        self.batch = batch
        self.optim_wrapper = optim_wrapper
        self.watches = patterns is None or len(patterns) > 0
        self.parameters = list(named_parameters(model, patterns).values())

    def __call__(self) -> float:
        """Seconds of one step."""
        start = now('cpu')
        self.model.observer = self._look if self.watches else None
        self.model.train_step(self.batch, self.optim_wrapper)
        self.model.observer = None
        return now('cpu') - start

    def _look(self, graph: TaskGraph) -> None:
        gradients = graph.gradients(self.parameters)
        losses = torch.stack([graph.losses.detach(), graph.weights])
        report(graph.tasks, graph.active, losses, gradients)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Measure, print, write it with ``--out``."""
    args = parse_args(argv)
    be_quiet()
    cfg = cli.read_config(args.config, args.cfg_options)
    batch = training_batch(cfg)
    model = build_ours(cfg.model).train()
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    sides = {'plain': (), 'trunk': None, 'neck': ('neck',)}
    steps = {
        name: Step(model, batch, wrapper, patterns)
        for name, patterns in sides.items()
    }
    in_turn(steps, 1)
    times = in_turn(steps, args.rounds)
    metrics = {'step_ms': float(np.median(times['plain'])) * 1000}
    interval = TelemetryHook().interval
    for name in ('trunk', 'neck'):
        ratio = float(np.median(times[name] / times['plain']))
        metrics[f'{name}/look_ratio'] = ratio
        metrics[f'{name}/ratio_at_{interval}'] = 1 + (ratio - 1) / interval
    print(json.dumps(metrics, indent=1))
    if args.out:
        given = sys.argv[1:] if argv is None else argv
        write_result(
            args.out,
            metrics,
            command=['python', 'tools/bench_telemetry.py', *given],
            config=args.config,
            seeds=[0],
        )
    return metrics


if __name__ == '__main__':
    main()
