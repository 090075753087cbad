"""Let each detector learn 8 frames by heart: a check that all of it trains.

    python tools/overfit.py                 # all of configs/overfit
    python tools/overfit.py fcos_r18 yolox_tiny --out overfit.json

Prints mAP50 on these frames, the share of trainable parameters (tensors)
that training changed, and the time; writes them with ``--out``. Exits with 1
if any falls short.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import write_result
from mmvmtl.errors import UserError

CONFIGS = Path(__file__).parents[1] / 'configs' / 'overfit'
LEAST_MAP50 = 0.5


class Outcome(NamedTuple):
    """What a run reached; ``unchanged`` names parameters."""

    name: str
    map50: float
    unchanged: list[str]
    total: int
    seconds: float

    @property
    def holds(self) -> bool:
        """Whether this is what a sound model reaches."""
        return self.map50 >= LEAST_MAP50 and not self.unchanged


class WatchHook(Hook):
    """Remember the parameters before training and the metrics after."""

    def before_train(self, runner: Runner) -> None:
        """Copy what is trainable; the weights are initialised by now."""
        self.start = trainable(runner)

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Keep the metrics."""
        self.metrics = metrics


def trainable(runner: Runner) -> dict[str, Tensor]:
    """Copies of the trainable parameters by name."""
    return {
        name: parameter.detach().clone()
        for name, parameter in runner.model.named_parameters()
        if parameter.requires_grad
    }


def overfit(name: str, work_dir: Path) -> Outcome:
    """Train one of the configs and see what has changed."""
    cfg = cli.read_config(str(CONFIGS / f'{name}.py'))
    cfg.work_dir = str(work_dir / name)
    cfg.default_hooks.checkpoint = None
    cfg.experiment_name = f'overfit-{name}'
    runner = Runner.from_cfg(cfg)
    watch = WatchHook()
    runner.register_hook(watch)
    start = time.perf_counter()
    runner.train()
    end = trainable(runner)
    return Outcome(
        name,
        watch.metrics['det/mAP50'],
        [n for n, value in watch.start.items() if value.equal(end[n])],
        len(end),
        time.perf_counter() - start,
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """The outcomes as a Markdown table, with what did not change."""
    lines = [
        f'| {"config":16} | mAP50 | parameters changed |   time |',
        '| ---------------- | ----: | -----------------: | -----: |',
    ]
    for one in outcomes:
        changed = f'{one.total - len(one.unchanged)} of {one.total}'
        lines.append(
            f'| {one.name:16} | {one.map50:5.3f} | {changed:>18} | '
            f'{one.seconds:4.0f} s |'
        )
    for one in outcomes:
        lines += [f'{one.name}: {name} unchanged' for name in one.unchanged]
    return '\n'.join(lines)


def write(path: str, outcomes: Sequence[Outcome], argv: Sequence[str]) -> None:
    """The outcomes as a result file."""
    rows = {
        one.name: {
            'config': f'configs/overfit/{one.name}.py',
            'metrics': {
                'det/mAP50': one.map50,
                'unchanged_parameters': len(one.unchanged),
                'parameters': one.total,
                'seconds': one.seconds,
            },
        }
        for one in outcomes
    }
    command = ['python', 'tools/overfit.py', *argv]
    write_result(path, {}, command=command, config=None, seeds=[0], rows=rows)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line.

    Raises:
        UserError: Of a name that is no config.
    """
    known = sorted(path.stem for path in CONFIGS.glob('*.py'))
    parser = argparse.ArgumentParser(description='Overfit 8 frames.')
    parser.add_argument('names', nargs='*', help=f'of {", ".join(known)}')
    parser.add_argument('--work-dir', default='work_dirs/overfit')
    parser.add_argument('--out', help='result file to write')
    args = parser.parse_args(argv)
    for name in args.names:
        if name not in known:
            raise UserError(
                f'there is no configs/overfit/{name}.py; choose of '
                f'{", ".join(known)}.'
            )
    args.names = args.names or known
    return args


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Run them one after another."""
    args = parse_args(argv)
    cli.check_writable(args.work_dir, '--work-dir')
    outcomes = [overfit(name, Path(args.work_dir)) for name in args.names]
    print(f'\n{table(outcomes)}')
    if args.out is not None:
        write(args.out, outcomes, sys.argv[1:] if argv is None else argv)
    if not all(outcome.holds for outcome in outcomes):
        raise SystemExit(1)


if __name__ == '__main__':
    main()
