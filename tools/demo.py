"""The main job from nothing: data, training, evaluation, following a video.

    python tools/demo.py --budget short

Every step is a command that you could have typed; each is printed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import ROOT, read_result, write_result
from mmvmtl.apis.steps import run, table, train_and_test
from mmvmtl.apis.world_floors import under_metrics

CONFIGS = {
    'short': 'configs/synthetic/video_mtl_rtmdet_tiny_short.py',
    'full': 'configs/synthetic/video_mtl_rtmdet_tiny.py',
}
#: What shortcuts reach, to be printed beside the metrics.
FLOORS = ROOT / 'docs' / 'results' / 'floors.json'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Run the main job.')
    parser.add_argument('--budget', choices=CONFIGS, default='short')
    parser.add_argument('--work-dir', default='work_dirs/demo')
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Run the steps, and say where the results are."""
    args = parse_args(argv)
    start = time.perf_counter()
    config, work = CONFIGS[args.budget], Path(args.work_dir)
    cli.check_writable(work, '--work-dir')
    run('tools/make_synthetic.py', work / 'data', '--test', 1, '--format=mp4')
    checkpoint, metrics = train_and_test(config, work, args.seed)
    video = next((work / 'data').rglob('*.mp4'))
    run(
        *('tools/infer.py', video, '--checkpoint', checkpoint),
        *('--out-dir', work / 'video'),
    )
    minutes = (time.perf_counter() - start) / 60
    write_result(
        work / 'result.json',
        {**metrics, 'minutes': minutes},
        command=f'python tools/demo.py --budget {args.budget}',
        config=config,
        seeds=[args.seed],
    )
    columns = {args.budget: metrics}
    if FLOORS.is_file():
        columns['floor'] = under_metrics(read_result(FLOORS)['metrics'])
    text = table(columns)
    (work / 'metrics.md').write_text(text + '\n')
    print(f'\n{text}\n\nAfter {minutes:.1f} minutes:')
    for path in sorted([*work.glob('*.*'), *(work / 'video').iterdir()]):
        print(f'  {path}')
    print(f'  {checkpoint}')


if __name__ == '__main__':
    main()
