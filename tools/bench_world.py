"""Compare drawing synthetic frames with writing them as JPEG.

    python tools/bench_world.py

Whole videos are drawn and encoded in turn, on one thread each. CPU time
counts: other processes on a busy machine would slow either by chance.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence

import cv2

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import write_result
from mmvmtl.datasets.synthetic import SyntheticWorld, make_world


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Speed of the world.')
    parser.add_argument(
        '--config', default='configs/_base_/datasets/synthetic_world.py'
    )
    parser.add_argument('--repeats', type=int, default=9)
    parser.add_argument('--videos', type=int, default=10, help='per repeat')
    parser.add_argument('--out', help='result file to write')
    return parser.parse_args(argv)


def time_videos(world: SyntheticWorld, videos: range) -> tuple[float, float]:
    """Milliseconds a frame of drawing and of encoding, videos in turn."""
    draw = encode = 0.0
    count = 0
    for index in videos:
        start = time.process_time()
        video = world.video(index)
        frames = [video.frame(t)[0] for t in range(video.length)]
        middle = time.process_time()
        for frame in frames:
            cv2.imencode('.jpg', frame)
        encode += time.process_time() - middle
        draw += middle - start
        count += len(frames)
    return 1e3 * draw / count, 1e3 * encode / count


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> dict:
    """Measure, print one JSON object, write it with ``--out``."""
    args = parse_args(argv)
    cv2.setNumThreads(1)
    world = make_world(cli.read_config(args.config).world, 'train')
    time_videos(world, range(2))
    runs = [
        time_videos(world, range(i * args.videos, (i + 1) * args.videos))
        for i in range(args.repeats)
    ]
    ratios = [encode / draw for draw, encode in runs]
    result = dict(
        draw_ms=statistics.median(draw for draw, _ in runs),
        encode_ms=statistics.median(encode for _, encode in runs),
        speed_over_imencode=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
    )
    print(json.dumps({name: round(v, 3) for name, v in result.items()}))
    if args.out:
        given = sys.argv[1:] if argv is None else argv
        write_result(
            args.out,
            result,
            command=['python', 'tools/bench_world.py', *given],
            config=args.config,
            seeds=[0],
        )
    return result


if __name__ == '__main__':
    main()
