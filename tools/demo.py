"""The main job from nothing: data, training, evaluation, following a video.

    python tools/demo.py --budget short

Every step is a command that you could have typed; each is printed.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import write_result

CONFIGS = {
    'short': 'configs/synthetic/video_mtl_rtmdet_tiny_short.py',
    'full': 'configs/synthetic/video_mtl_rtmdet_tiny.py',
}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Run the main job.')
    parser.add_argument('--budget', choices=CONFIGS, default='short')
    parser.add_argument('--work-dir', default='work_dirs/demo')
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args(argv)


def run(*command: object) -> None:
    """Run one of our tools, printed as it would be typed."""
    words = [str(word) for word in command]
    print(f'\n$ python {shlex.join(words)}', flush=True)
    done = subprocess.run([sys.executable, *words])
    if done.returncode:
        raise SystemExit(done.returncode)


def table(metrics: dict[str, float]) -> str:
    """The metrics as a Markdown table."""
    width = max(map(len, metrics))
    lines = [f'| {"metric":{width}} |    value |', f'|{"-" * (width + 2)}|---:|']
    lines += [f'| {k:{width}} | {v:8.3f} |' for k, v in metrics.items()]
    return '\n'.join(lines)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Run the steps, and say where the results are."""
    args = parse_args(argv)
    start = time.perf_counter()
    config, work = CONFIGS[args.budget], Path(args.work_dir)
    cli.check_writable(work, '--work-dir')
    run('tools/make_synthetic.py', work / 'data', '--test', 1, '--format=mp4')
    train, tested = work / 'train', work / 'test.json'
    seed = f'randomness.seed={args.seed}'
    run('tools/train.py', config, '--work-dir', train, '--cfg-options', seed)
    checkpoint = (train / 'last_checkpoint').read_text().strip()
    run(
        *('tools/test.py', config, checkpoint, '--out', tested),
        *('--work-dir', work / 'test'),
    )
    video = next((work / 'data').rglob('*.mp4'))
    run(
        *('tools/infer.py', video, '--checkpoint', checkpoint),
        *('--out-dir', work / 'video'),
    )
    metrics = json.loads(tested.read_text())['metrics']
    minutes = (time.perf_counter() - start) / 60
    write_result(
        work / 'result.json',
        {**metrics, 'minutes': minutes},
        command=f'python tools/demo.py --budget {args.budget}',
        config=config,
        seeds=[args.seed],
    )
    (work / 'metrics.md').write_text(table(metrics) + '\n')
    print(f'\n{table(metrics)}\n\nAfter {minutes:.1f} minutes:')
    for path in sorted([*work.glob('*.*'), *(work / 'video').iterdir()]):
        print(f'  {path}')
    print(f'  {checkpoint}')


if __name__ == '__main__':
    main()
