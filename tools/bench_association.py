"""Association alone: our tracker against MMDetection's ByteTracker.

    python tools/bench_association.py --out bench_association.json

Both sides get the same detections, alternating in one process: a fixed scene
of 5, 100 and 1,000 objects, and the first halves of the MOT17 training
sequences with their public DPM detections if they are there. Reading and
wrapping the inputs is outside the timed region. Needs the package ``lap``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from mmdet.models.trackers import ByteTracker
from mmdet.structures import DetDataSample
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmvmtl.apis import cli
from mmvmtl.boxes import iou, xywh_to_xyxy
from mmvmtl.errors import UserError
from mmvmtl.evaluation import Frame, evaluate_mot
from mmvmtl.evaluation.mot_sequence import match
from mmvmtl.models.trackers import VideoTracker

ROOT = Path(__file__).resolve().parents[1]
SCENES = {5: 400, 100: 60, 1000: 20}
PEDESTRIAN, FORGIVEN = 1, (2, 7, 8, 12)


@dataclass
class Video:
    """Frames of one video; arrays per frame, labels all 0.

    Args:
        bboxes: Detections (N, 4), xyxy pixels.
        scores: (N,) in 0..1.
        gt_bboxes: (K, 4).
        gt_ids: (K,).
        forgiven: (F, 4) boxes on which a detection does not count.
    """

    bboxes: list[np.ndarray] = field(default_factory=list)
    scores: list[np.ndarray] = field(default_factory=list)
    gt_bboxes: list[np.ndarray] = field(default_factory=list)
    gt_ids: list[np.ndarray] = field(default_factory=list)
    forgiven: list[np.ndarray] = field(default_factory=list)


def make_scene(num_objects: int, num_frames: int, seed: int = 0) -> Video:
    """The fixed scene, 1920x1080.

    Sides of 40-120 px, 2 px jitter of each edge, 10 % of the objects missed
    and 5 % false detections a frame; every third object overlaps the one
    before it and moves with it, the others move on their own up to 4 px a
    frame and turn round at the border.
    """
    rng = np.random.default_rng(seed)
    frame = np.array([1920, 1080])
    sides = rng.uniform(40, 120, (num_objects, 2))
    centres = rng.uniform(120, frame - 120, (num_objects, 2))
    speed = rng.uniform(-4, 4, (num_objects, 2))
    follower = np.arange(2, num_objects, 3)
    away = rng.uniform(0.3, 0.6, (len(follower), 2)) * sides[follower - 1]
    centres[follower] = centres[follower - 1] + away
    speed[follower] = speed[follower - 1]
    video = Video()
    for _ in range(num_frames):
        out = (centres < sides / 2) | (centres > frame - sides / 2)
        out[follower] = out[follower - 1]
        inward = np.where(centres < frame / 2, 1, -1) * np.abs(speed)
        speed = np.where(out, inward, speed)
        centres = centres + speed
        boxes = np.concatenate([centres - sides / 2, centres + sides / 2], 1)
        seen = boxes[rng.uniform(size=num_objects) > 0.1]
        seen = seen + rng.normal(0, 2, seen.shape)
        count = rng.binomial(num_objects, 0.05)
        corner = rng.uniform(0, frame - 120, (count, 2))
        false = np.concatenate(
            [corner, corner + rng.uniform(40, 120, (count, 2))], 1
        )
        video.bboxes.append(np.concatenate([seen, false]))
        video.scores.append(
            np.concatenate(
                [
                    np.clip(rng.normal(0.8, 0.15, len(seen)), 0.05, 0.99),
                    rng.uniform(0.1, 0.9, count),
                ]
            )
        )
        video.gt_bboxes.append(boxes)
        video.gt_ids.append(np.arange(num_objects))
        video.forgiven.append(np.zeros((0, 4)))
    return video


def read_mot17(det: Path, gt: Path) -> Video:
    """A MOT17 sequence; detector scores s become 1 / (1 + exp(-s))."""
    found = np.loadtxt(det, delimiter=',', ndmin=2)
    truth = np.loadtxt(gt, delimiter=',', ndmin=2)
    video = Video()
    for frame in range(1, int(truth[:, 0].max()) + 1):
        rows = found[found[:, 0] == frame]
        video.bboxes.append(xywh_to_xyxy(rows[:, 2:6]))
        video.scores.append(1 / (1 + np.exp(-rows[:, 6])))
        rows = truth[truth[:, 0] == frame]
        person = rows[(rows[:, 6] == 1) & (rows[:, 7] == PEDESTRIAN)]
        video.gt_bboxes.append(xywh_to_xyxy(person[:, 2:6]))
        video.gt_ids.append(person[:, 1].astype(int))
        other = rows[np.isin(rows[:, 7], FORGIVEN)]
        video.forgiven.append(xywh_to_xyxy(other[:, 2:6]))
    return video


Result = list[tuple[np.ndarray, np.ndarray]]
Side = Callable[[Video], tuple[float, Result]]


def ours(video: Video) -> tuple[float, Result]:
    """Seconds and (boxes, ids) a frame of our tracker, ByteTrack settings."""
    inputs = [
        (boxes, scores, np.zeros(len(boxes), dtype=np.int64))
        for boxes, scores in zip(video.bboxes, video.scores)
    ]
    stream = VideoTracker().new_stream()
    start = time.perf_counter()
    ids = [stream.update(*args, frame_id=t) for t, args in enumerate(inputs)]
    seconds = time.perf_counter() - start
    return seconds, [
        (boxes[i > 0], i[i > 0]) for boxes, i in zip(video.bboxes, ids)
    ]


def mmdet(video: Video) -> tuple[float, Result]:
    """Seconds and (boxes, ids) a frame of ByteTracker as MMDetection sets it.

    Its inputs are built as its model would build them.
    """
    samples = []
    for t, (boxes, scores) in enumerate(zip(video.bboxes, video.scores)):
        sample = DetDataSample(metainfo=dict(frame_id=t))
        sample.pred_instances = InstanceData(
            bboxes=torch.from_numpy(boxes).float(),
            scores=torch.from_numpy(scores).float(),
            labels=torch.zeros(len(boxes), dtype=torch.long),
        )
        samples.append(sample)
    tracker = ByteTracker(
        motion=dict(type='KalmanFilter'),
        obj_score_thrs=dict(high=0.6, low=0.1),
        init_track_thr=0.7,
        weight_iou_with_det_scores=True,
        match_iou_thrs=dict(high=0.1, low=0.5, tentative=0.3),
        num_frames_retain=30,
    )
    start = time.perf_counter()
    tracks = [tracker.track(sample) for sample in samples]
    seconds = time.perf_counter() - start
    return seconds, [
        (track.bboxes.double().numpy(), track.instances_id.numpy())
        for track in tracks
    ]


def frames_of(video: Video, result: Result) -> list[Frame]:
    """What the metric reads, less the detections on forgiven boxes."""
    frames = []
    for t, (boxes, ids) in enumerate(result):
        truth, forgiven = video.gt_bboxes[t], video.forgiven[t]
        rows, cols = match(iou(np.concatenate([truth, forgiven]), boxes))
        keep = np.ones(len(boxes), dtype=bool)
        keep[cols[rows >= len(truth)]] = False
        frames.append(
            Frame(
                video.gt_ids[t],
                np.zeros(len(truth), dtype=np.int64),
                truth,
                ids[keep],
                np.zeros(keep.sum(), dtype=np.int64),
                boxes[keep],
            )
        )
    return frames


def hota(videos: list[Video], results: list[Result]) -> float:
    """HOTA in percent, all videos together."""
    frames = [frames_of(*pair) for pair in zip(videos, results)]
    return evaluate_mot(frames, [0]).pooled['HOTA']


def compare(videos: list[Video], repeats: int) -> dict[str, object]:
    """Run the two sides in turn; times in ms a frame, ratios, HOTA."""
    num_frames = sum(len(video.bboxes) for video in videos)
    times: dict[str, list[float]] = {'ours': [], 'bytetracker': []}
    scores = {}
    for _ in range(repeats):
        for name, side in (('bytetracker', mmdet), ('ours', ours)):
            runs = [side(video) for video in videos]
            seconds = sum(run[0] for run in runs)
            times[name].append(1e3 * seconds / num_frames)
            if name not in scores:
                scores[name] = hota(videos, [run[1] for run in runs])
    ratios = np.divide(times['bytetracker'], times['ours'])
    return {
        'ratio': float(np.median(ratios)),
        'spread': [float(ratios.min()), float(ratios.max())],
        'ms': {name: float(np.median(value)) for name, value in times.items()},
        'hota': scores,
    }


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    shared = os.environ.get('MMVMTL_SHARED', ROOT.parent / 'shared' / 'data')
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--data', type=Path, default=Path(shared))
    parser.add_argument('--out', type=Path, help='JSON file to write')
    return parser.parse_args(argv)


@cli.reports_user_errors
def main(argv: list[str] | None = None) -> dict[str, object]:
    """Print the comparison, and write it with ``--out``."""
    args = parse_args(argv)
    if find_spec('lap') is None:
        raise UserError(
            "ByteTracker needs the package lap; 'pip install lap'."
        )
    init_default_scope('mmdet')
    torch.set_num_threads(1)
    rows = {str(n): [make_scene(n, frames)] for n, frames in SCENES.items()}
    folder = args.data / 'mot17_first_half'
    if folder.is_dir():
        rows['mot17'] = [
            read_mot17(path, folder / 'gt' / path.name)
            for path in sorted((folder / 'det_dpm').glob('*.txt'))
        ]
    else:
        print(f'Skipping MOT17: no folder {folder} (set MMVMTL_SHARED).')
    report: dict[str, object] = {}
    print('objects   ByteTracker      ours   ratio (min-max)      HOTA')
    for name, videos in rows.items():
        row = compare(videos, args.repeats)
        report[f'bytetracker_over_ours_{name}'] = row['ratio']
        report[name] = row
        ms, score, spread = row['ms'], row['hota'], row['spread']
        print(
            f'{name:8}{ms["bytetracker"]:9.2f} ms{ms["ours"]:8.2f} ms'
            f'{row["ratio"]:8.1f} ({spread[0]:.1f}-{spread[1]:.1f})'
            f'{score["bytetracker"]:10.2f}{score["ours"]:8.2f}'
        )
    if args.out:
        args.out.write_text(json.dumps(report, indent=2) + '\n')
    return report


if __name__ == '__main__':
    main()
