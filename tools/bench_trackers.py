"""What each part of the tracker is worth, on the same detections.

    python tools/bench_trackers.py CONFIG CHECKPOINT [CHECKPOINT ...]

A network runs once over the test videos; then every row follows them with
the same boxes, embeddings and velocities. Several checkpoints are the seeds
of one training; means over them are printed. MMDetection's ByteTracker stands
beside, with the same score thresholds; it needs the package ``lap``.
"""

from __future__ import annotations

import argparse
import copy
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from statistics import mean

import numpy as np
import torch
from mmdet.models.trackers import ByteTracker
from mmdet.structures import DetDataSample
from mmengine.runner import Runner
from mmengine.structures import InstanceData

from mmvmtl.apis import cli
from mmvmtl.apis.result_file import write_result
from mmvmtl.errors import UserError
from mmvmtl.evaluation import Frame, evaluate_mot
from mmvmtl.models.trackers.options import Scores
from mmvmtl.registry import TASK_UTILS

FIELDS = ('bboxes', 'scores', 'labels', 'embeddings', 'velocities')
SCORES = ('HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1', 'IDSW')
Video = list[DetDataSample]
Ids = list[np.ndarray]


def rows_of(tracker: dict) -> dict[str, dict]:
    """The tracker of the config, and what it is without one part."""
    without = {
        'everything': {},
        'without embedding': dict(embedding=None),
        'without velocity': dict(velocity=None),
        'without recovery': dict(recover=None),
        'ByteTrack settings': dict(
            embedding=None, velocity=None, recover=None
        ),
    }
    return {
        name: {**copy.deepcopy(tracker), **change}
        for name, change in without.items()
    }


@torch.no_grad()
def detect(runner: Runner) -> list[Video]:
    """Frames of every test video with all boxes that tracking would read."""
    runner.load_or_resume()
    model = runner.model.eval()
    videos: dict[object, Video] = {}
    for batch in runner.test_dataloader:
        for sample in model.test_step(batch):
            frames = videos.setdefault(sample.video_id, [])
            frames += sample.video_data_samples
    return list(videos.values())


def arrays(found: InstanceData) -> dict[str, np.ndarray]:
    """The columns a stream takes."""
    return {
        name: found[name].cpu().double().numpy()
        if name != 'labels'
        else found[name].cpu().numpy()
        for name in FIELDS
        if name in found
    }


def ours(cfg: dict, video: Video) -> Ids:
    """Ids of each frame's boxes, 0 for none, of our tracker."""
    stream = TASK_UTILS.build(cfg).new_stream()
    return [
        stream.update(
            **arrays(frame.pred_track_instances), frame_id=frame.frame_id
        )
        for frame in video
    ]


def bytetracker(scores: Scores, video: Video) -> Ids:
    """Ids of each frame's boxes, 0 for none, of MMDetection's ByteTracker."""
    tracker = ByteTracker(
        motion=dict(type='KalmanFilter'),
        obj_score_thrs=dict(
            high=scores.high,
            low=scores.high if scores.low is None else scores.low,
        ),
        init_track_thr=scores.new,
        weight_iou_with_det_scores=True,
        match_iou_thrs=dict(high=0.1, low=0.5, tentative=0.3),
        num_frames_retain=30,
    )
    ids = []
    for t, frame in enumerate(video):
        found = frame.pred_track_instances
        sample = DetDataSample(metainfo=dict(frame_id=t))
        sample.pred_instances = InstanceData(
            bboxes=found.bboxes.clone(),
            scores=found.scores.clone(),
            labels=found.labels.clone(),
        )
        tracks = tracker.track(sample)
        out = np.zeros(len(found), dtype=np.int64)
        for box, name in zip(tracks.bboxes, tracks.instances_id, strict=True):
            # It gives the boxes back in another order, but unchanged.
            same = (found.bboxes == box).all(dim=1).cpu().numpy()
            out[same] = int(name) + 1
        ids.append(out)
    return ids


def score(videos: list[Video], follow: Callable[[Video], Ids]) -> dict:
    """HOTA and its kin over all videos, the mean over classes."""
    scenes = []
    for video in videos:
        frames = []
        for frame, ids in zip(video, follow(video), strict=True):
            gt, found = frame.gt_instances, frame.pred_track_instances
            keep = ids > 0
            frames.append(
                Frame(
                    gt.instances_ids.cpu().numpy(),
                    gt.labels.cpu().numpy(),
                    gt.bboxes.cpu().double().numpy(),
                    ids[keep],
                    found.labels.cpu().numpy()[keep],
                    found.bboxes.cpu().double().numpy()[keep],
                )
            )
        scenes.append(frames)
    result = evaluate_mot(scenes).class_mean
    return {name: result[name] for name in SCORES}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoints', nargs='+', help='one for each seed')
    parser.add_argument(
        '--seeds',
        nargs='+',
        type=int,
        help='of the checkpoints; 0, 1, ... if left out',
    )
    parser.add_argument('--out', help='result file to write')
    cli.add_work_options(parser)
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: Sequence[str] | None = None) -> None:
    """Print a row for each tracker."""
    args = parse_args(argv)
    given = sys.argv[1:] if argv is None else argv
    seeds = args.seeds or range(len(args.checkpoints))
    if len(seeds) != len(args.checkpoints):
        raise UserError(
            f'{len(seeds)} seeds for {len(args.checkpoints)} checkpoints; '
            'give one each (--seeds).'
        )
    cfg = cli.load_config(args)
    if not cfg.model.get('tracker'):
        raise UserError(
            f'{args.config} has no model.tracker to take apart; set it to '
            "dict(type='mmvmtl.VideoTracker')."
        )
    tracker = cfg.model.tracker.to_dict()
    cfg.model.tracker = None
    followers = {
        name: partial(ours, options)
        for name, options in rows_of(tracker).items()
    }
    if find_spec('lap') is None:
        print("No row of ByteTracker: it needs 'pip install lap'.")
    else:
        followers['mmdet ByteTracker'] = partial(
            bytetracker, TASK_UTILS.build(tracker).options.scores
        )
    runs = []
    for checkpoint in args.checkpoints:
        cfg.load_from = cli.check_checkpoint(checkpoint)
        videos = detect(cli.build_runner(cfg))
        runs.append({n: score(videos, f) for n, f in followers.items()})
    rows = {
        name: {key: [run[name][key] for run in runs] for key in SCORES}
        for name in followers
    }
    print(f'{"":20}' + ''.join(f'{name:>8}' for name in SCORES))
    for name, row in rows.items():
        print(f'{name:20}' + ''.join(f'{mean(row[k]):8.1f}' for k in SCORES))
    if args.out:
        write_result(
            args.out,
            rows['everything'],
            command=['python', 'tools/bench_trackers.py', *given],
            config=args.config,
            seeds=seeds,
            rows=rows,
        )


if __name__ == '__main__':
    main()
