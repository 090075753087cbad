"""What shortcuts reach on a synthetic world: the floors under every result.

A floor solves a task without what the task asks for: identity by colour, the
motion of a video by one of its frames, tracks by given boxes.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import mean

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.runner import Runner

from mmvmtl.datasets.synthetic import MOTIONS, SyntheticWorld
from mmvmtl.evaluation.mot_metrics import evaluate_mot
from mmvmtl.evaluation.mot_sequence import Frame
from mmvmtl.evaluation.reid_metrics import ReIDBoxes, reid_scores
from mmvmtl.models.trackers import VideoTracker

Truth = dict[str, np.ndarray]
Feature = Callable[[np.ndarray, Truth], np.ndarray]


def walk(
    world: SyntheticWorld, num_videos: int
) -> Iterator[tuple[int, int, np.ndarray, Truth]]:
    """(video, frame number, image, ground truth) of the first videos."""
    for index in range(num_videos):
        video = world.video(index)
        for t in range(video.length):
            yield index, t, *video.frame(t)


def pixel_colours(image: np.ndarray, truth: Truth) -> np.ndarray:
    """BGR of the centre pixel of each box, (N, 3)."""
    boxes = truth['bboxes']
    x, y = ((boxes[:, :2] + boxes[:, 2:]) / 2).astype(int).T
    return image[y, x].astype(float)


def colour_histogram(patch: np.ndarray, bins: int = 6) -> np.ndarray:
    """Square roots of a BGR histogram, (bins ** 3,), of unit length.

    Their Euclidean distance is Hellinger's distance of histograms.
    """
    counts = cv2.calcHist(
        [np.ascontiguousarray(patch)],
        [0, 1, 2],
        None,
        [bins] * 3,
        [0, 256] * 3,
    ).ravel()
    return np.sqrt(counts / counts.sum())


def hue_histogram(patch: np.ndarray) -> np.ndarray:
    """As :func:`colour_histogram`, of hue and saturation, (72,)."""
    hsv = cv2.cvtColor(np.ascontiguousarray(patch), cv2.COLOR_BGR2HSV)
    counts = cv2.calcHist(
        [hsv], [0, 1], None, [12, 6], [0, 180, 0, 256]
    ).ravel()
    return np.sqrt(counts / counts.sum())


def of_patches(feature: Callable[[np.ndarray], np.ndarray]) -> Feature:
    """Turn a feature of a patch into one of all boxes of an image."""

    def of_boxes(image: np.ndarray, truth: Truth) -> np.ndarray:
        boxes = truth['bboxes'].astype(int).tolist()
        return np.array([feature(image[b:d, a:c]) for a, b, c, d in boxes])

    return of_boxes


#: Features of boxes that know colours only.
COLOURS: dict[str, Feature] = dict(
    pixel=pixel_colours,
    colour_histogram=of_patches(colour_histogram),
    hue_histogram=of_patches(hue_histogram),
)

#: Metric of a result to the floors under it: what each is, and the names it
#: has here. Of several names the best number counts.
UNDER: dict[str, dict[str, Sequence[str]]] = {
    'det/mAP50': {
        'full budget on a tenth of the data': ['alone_tenth/det/mAP50'],
        'stock RTMDet-tiny, full budget': ['stock/det/bbox_mAP_50'],
    },
    'track/HOTA': {
        'ByteTrack on true boxes': ['track/HOTA_bytetrack_true_boxes'],
    },
    'reid/rank1': {'colour': [f'reid/rank1_{name}' for name in COLOURS]},
    'cls/clip_top1': {
        'one frame': ['cls/top1_one_frame_pixels', 'cls/top1_one_frame_boxes'],
    },
}


def reid_floors(
    world: SyntheticWorld,
    num_videos: int,
    features: dict[str, Feature] = COLOURS,
    distance: str = 'euclidean',
) -> dict[str, float]:
    """Rank-1 of features of boxes, ``reid/rank1_<name>``, 0..1."""
    tables: dict[str, list] = {name: [] for name in features}
    rows: list[np.ndarray] = []
    for video, t, image, truth in walk(world, num_videos):
        if not len(truth['labels']):
            continue
        ids = truth['instances_ids']
        place = np.full((2, len(ids)), [[video], [t]])
        rows.append(
            np.stack([*place, ids, truth['labels'], truth['visibilities']])
        )
        for name, feature in features.items():
            tables[name].append(feature(image, truth))
    columns = np.concatenate(rows, 1)
    boxes = ReIDBoxes(*columns[:4].astype(int), columns[4])
    return {
        f'reid/rank1_{name}': reid_scores(
            np.concatenate(table), boxes, distance=distance
        )['rank1']
        for name, table in tables.items()
    }


def frame_features(image: np.ndarray) -> np.ndarray:
    """A small grey picture (16 x 12) and a colour histogram, (256,)."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (16, 12), interpolation=cv2.INTER_AREA)
    return np.concatenate([small.ravel() / 255, colour_histogram(image, 4)])


def place_features(truth: Truth) -> np.ndarray:
    """Where the boxes of a frame are, whatever they look like, (13,)."""
    boxes = truth['bboxes']
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    shift = centres - centres.mean(0)
    far = np.linalg.norm(shift, axis=1)
    spread = shift.T @ shift / len(boxes)
    quantiles = np.quantile(far, [0, 0.25, 0.5, 0.75, 1])
    return np.concatenate(
        [
            [len(boxes), *centres.mean(0)],
            spread.ravel(),
            quantiles,
            [far.std()],
        ]
    )


def single_frame_floors(
    train: SyntheticWorld, test: SyntheticWorld, num_train: int, num_test: int
) -> dict[str, float]:
    """Accuracy on the clip label of linear probes that see one frame.

    Ridge regression onto one-hot labels, of pixels and of true boxes; the
    best of three strengths on the test frames, so that the floor is not
    underestimated.
    """
    sets = [
        _frames_and_labels(world, number)
        for world, number in ((train, num_train), (test, num_test))
    ]
    floors = {}
    for name in ('pixels', 'boxes'):
        (x, y), (x_test, y_test) = (
            (features[name], labels) for features, labels in sets
        )
        floors[f'cls/top1_one_frame_{name}'] = max(
            _ridge_accuracy(x, y, x_test, y_test, strength)
            for strength in (10.0, 100.0, 1000.0)
        )
    return floors


def _frames_and_labels(
    world: SyntheticWorld, number: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    pixels, places, labels = [], [], []
    for index in range(number):
        video = world.video(index)
        for t in range(2, video.length, 7):
            image, truth = video.frame(t)
            if len(truth['labels']):
                pixels.append(frame_features(image))
                places.append(place_features(truth))
                labels.append(video.clip_label)
    features = dict(pixels=np.array(pixels), boxes=np.array(places))
    return features, np.array(labels)


def _ridge_accuracy(x, y, x_test, y_test, strength: float) -> float:
    mean, scale = x.mean(0), x.std(0) + 1e-3
    x, x_test = (x - mean) / scale, (x_test - mean) / scale
    target = np.eye(len(MOTIONS))[y] - 1 / len(MOTIONS)
    gram = x.T @ x + strength * np.eye(x.shape[1])
    weight = np.linalg.solve(gram, x.T @ target)
    return float(((x_test @ weight).argmax(1) == y_test).mean())


def track_floors(world: SyntheticWorld, num_videos: int) -> dict[str, float]:
    """ByteTrack on the true boxes, percent: what detection alone lacks."""
    videos: list[list[Frame]] = []
    stream = None
    for _, t, _, truth in walk(world, num_videos):
        if t == 0:
            stream = VideoTracker().new_stream()
            videos.append([])
        boxes, labels = truth['bboxes'].astype(float), truth['labels']
        scores = np.full(len(labels), 0.99)
        ids = stream.update(boxes, scores, labels, frame_id=t)
        kept = ids > 0
        videos[-1].append(
            Frame(
                truth['instances_ids'],
                labels,
                boxes,
                ids[kept],
                labels[kept],
                boxes[kept],
            )
        )
    scores = evaluate_mot(videos).class_mean
    names = ('HOTA', 'AssA', 'MOTA', 'IDF1')
    return {f'track/{n}_bytetrack_true_boxes': scores[n] for n in names}


def untrained_floor(cfg: Config) -> dict[str, float]:
    """Rank-1 of the embeddings of a config's network as initialised.

    Args:
        cfg (Config): Of a model with a track head; its test videos count.
    """
    cfg = copy.deepcopy(cfg)
    cfg.load_from = None
    cfg.test_evaluator = [dict(type='mmvmtl.ReIDMetric')]
    cfg.work_dir = tempfile.mkdtemp()
    runner = Runner.from_cfg(cfg)
    runner.model.init_weights()
    rank1 = runner.test()['reid/rank1']
    return {'reid/rank1_untrained': float(rank1)}


def under_metrics(floors: Mapping[str, Sequence[float]]) -> dict[str, str]:
    """The floors under a result, as text by its metrics: ``'0.436 (colour)'``.

    Args:
        floors (dict): metrics of a result file of floors; what it lacks is
            left out.
    """
    texts = {}
    for metric, kinds in UNDER.items():
        known = {
            what: [mean(floors[name]) for name in names if name in floors]
            for what, names in kinds.items()
        }
        text = ', '.join(
            f'{max(values):.3f} ({what})'
            for what, values in known.items()
            if values
        )
        if text:
            texts[metric] = text
    return texts
