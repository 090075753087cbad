"""Follow a video: ``python tools/infer.py INPUT --checkpoint CKPT``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

# Importing mmvmtl applies mmvmtl.compat, before anything of OpenMMLab.
from mmvmtl.apis import VideoMTLInferencer, cli


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Follow a video.')
    add = parser.add_argument
    add('input', help='video file, folder of frames, or camera index')
    add('--checkpoint', required=True, help='checkpoint of our training')
    add('--config', help='its config, if the checkpoint carries none')
    add('--out-dir', default='work_dirs/infer', help='folder of the results')
    add('--batch-size', type=int, default=8, help='frames in one forward')
    add('--tasks', help='only these, such as det,track or cls')
    add('--score-thr', type=float, help='leave out boxes with lower scores')
    add('--device', help='cuda:0 or cpu; by itself, CUDA if there is one')
    add('--no-video', action='store_true', help='write no annotated video')
    add('--trust', action='store_true', help='run code of the checkpoint')
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Infer, and say where the results are."""
    args = parse_args(argv)
    cli.check_checkpoint(args.checkpoint)
    config = cli.read_config(args.config).to_dict() if args.config else None
    infer = VideoMTLInferencer(
        args.checkpoint,
        config=config,
        device=args.device,
        tasks=args.tasks.split(',') if args.tasks else None,
        score_thr=args.score_thr,
        batch_size=args.batch_size,
        trust=args.trust,
    )
    video = not args.no_video
    result = infer(args.input, args.out_dir, video, progress=True)
    clip = result['clip']
    if clip:
        score = clip['scores'][clip['label']]
        print(f'clip: {clip.get("name", clip["label"])} ({score:.2f})')
    for path in result['files'].values():
        print(path)
    if result['shortfall']:
        # The results are complete for what decodes, but a script must know.
        print(f'error: {result["shortfall"]}', file=sys.stderr)
        raise SystemExit(1)


if __name__ == '__main__':
    main()
