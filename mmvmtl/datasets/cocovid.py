"""Read and check the CocoVID superset: one JSON, any number of videos.

``videos[]: id, name, width, height, [file_name of an mp4], [clip_label],
[domain], [domain_weight: how much an adversary counts it, >= 0], [labelled:
those of 'det' and 'track' that this video has]``;
``images[]: id, video_id, frame_id (from 0), file_name (null for mp4),
[frame_label]``; ``annotations[]: id, image_id, category_id, bbox [x, y, w,
h], [instance_id], [visibility], [velocity], [track_label], [ignore]``;
``categories``; ``tasks: {'cls' | 'frame' | 'track': [class names]}`` names
clip, frame and track labels. A key left out means: not labelled.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmvmtl.datasets.cocovid_boxes import FrameBoxes, read_boxes
from mmvmtl.errors import UserError


@dataclass
class Video:
    """One video: its frames in order and, concatenated, their boxes.

    Attributes:
        index (int): Number of the video in its file, from 0.
        info (dict): The entry of ``videos``.
        frame_ids (np.ndarray): (F,) frame numbers from 0, rising, gaps
            allowed; for an mp4 the number of the frame in the file.
        image_ids (np.ndarray): (F,) ids of the entries of ``images``.
        file_names (np.ndarray): (F,) str, '' for frames of an mp4.
        frame_labels (np.ndarray): (F,) int64, −1 where not labelled.
        boxes (dict[str, np.ndarray]): per-box arrays by frame dict key.
        offsets (np.ndarray): (F + 1,) the boxes of frame i are rows
            ``offsets[i]:offsets[i + 1]``.
        labelled (tuple[str]): tasks with labels in this video.
        clip_label (int, optional): Index from 0.
    """

    index: int
    info: dict
    frame_ids: np.ndarray
    image_ids: np.ndarray
    file_names: np.ndarray
    frame_labels: np.ndarray
    boxes: dict[str, np.ndarray]
    offsets: np.ndarray
    labelled: tuple[str, ...]
    clip_label: int | None

    def __len__(self) -> int:
        return len(self.frame_ids)

    def labels(self, position: int) -> np.ndarray:
        """Class labels (N,) of the objects of a frame that count."""
        rows = slice(*self.offsets[position : position + 2])
        labels = self.boxes['gt_bboxes_labels'][rows]
        return labels[~self.boxes['gt_ignore_flags'][rows]]

    def frame(self, position: int) -> dict:
        """The frame dict of the frame at a position, without its picture."""
        rows = slice(*self.offsets[position : position + 2])
        frame = {key: rows_of[rows] for key, rows_of in self.boxes.items()}
        frame.update(
            img_id=int(self.image_ids[position]),
            video_id=self.info['id'],
            frame_id=int(self.frame_ids[position]),
            height=self.info['height'],
            width=self.info['width'],
            video_length=len(self),
            is_first=position == 0,
        )
        if self.frame_labels[position] >= 0:
            frame['frame_label'] = int(self.frame_labels[position])
        return frame


@dataclass
class LabelMap:
    """Labels of a file and the order in which they are wanted.

    Attributes:
        names (tuple[str]): The wanted class names; index = label.
        index (dict): From the file's label, by index and by name, to the
            wanted one, −1 if it is not wanted.
    """

    names: tuple[str, ...]
    index: dict

    @classmethod
    def make(
        cls, have: dict, wanted: Sequence[str] | None, source: str
    ) -> LabelMap:
        """Match the names of a file, {label: name}, with those wanted.

        A file that declares none has no such labels, and may be given any
        names: those of the data set that it is mixed with.

        Raises:
            UserError: If a wanted name is not in the file.
        """
        names = tuple(have.values() if wanted is None else wanted)
        for name in names:
            if have and name not in have.values():
                raise UserError(
                    f'class {name!r} of metainfo is not in {source}, which '
                    f'has {tuple(have.values())}; correct metainfo.'
                )
        order = {name: i for i, name in enumerate(names)}
        index = {k: order.get(v, -1) for k, v in have.items()}
        return cls(names, index | {v: order.get(v, -1) for v in have.values()})

    def get(self, label: int | str | None, where: str) -> int:
        """Wanted label of a file's label, by index or name.

        −1 if there is none, or it is not wanted.

        Raises:
            UserError: If the file does not declare the label.
        """
        if label is None:
            return -1
        if label not in self.index:
            raise UserError(
                f'{where} has label {label!r}, the file declares '
                f'{tuple(self.index)}; add it to categories or tasks, or '
                'correct it.'
            )
        return self.index[label]


def unique_by_id(entries: Sequence[dict], kind: str, source: str) -> dict:
    """Index entries of a JSON list by their id.

    Raises:
        UserError: If two entries share an id.
    """
    by_id = {entry['id']: entry for entry in entries}
    if len(by_id) < len(entries):
        raise UserError(
            f'{source}: {len(entries) - len(by_id)} ids of {kind} occur more '
            'than once; number them uniquely.'
        )
    return by_id


#: Keys without which an entry says nothing.
REQUIRED = {
    'videos': ('id', 'name', 'width', 'height'),
    'images': ('id', 'video_id', 'frame_id'),
    'annotations': ('id', 'image_id', 'category_id', 'bbox'),
    'categories': ('id', 'name'),
}


def check_entries(content: dict, source: str) -> None:
    """Refuse a file without videos, images, or required keys in an entry.

    Raises:
        UserError: Naming the list, the entry and the key.
    """
    for kind, keys in REQUIRED.items():
        if kind not in content and kind in ('videos', 'images'):
            raise UserError(
                f'{source} has no top-level key {kind!r}; it must be a '
                'CocoVID file with videos and images, see '
                'tools/dataset_converters.'
            )
        for number, entry in enumerate(content.get(kind, ())):
            for key in keys:
                if key not in entry:
                    raise UserError(
                        f'{source}: entry {number} of {kind} has no key '
                        f'{key!r}; add it.'
                    )


def _frames_by_video(content: dict, source: str) -> dict[int, list[dict]]:
    videos = unique_by_id(content['videos'], 'videos', source)
    frames: dict[int, dict[int, dict]] = {key: {} for key in videos}
    for image in unique_by_id(content['images'], 'images', source).values():
        where = f'{source}: image {image["id"]}'
        if image['video_id'] not in frames:
            raise UserError(
                f'{where} belongs to video {image["video_id"]}, which is not '
                'in videos; add the video or correct video_id.'
            )
        of_video = frames[image['video_id']]
        if image['frame_id'] in of_video:
            raise UserError(
                f'{where} repeats frame {image["frame_id"]} of video '
                f'{image["video_id"]}; give each frame its own frame_id.'
            )
        of_video[image['frame_id']] = image
    return {
        key: [of_video[number] for number in sorted(of_video)]
        for key, of_video in frames.items()
    }


def _annotations_by_image(content: dict, source: str) -> dict[int, list]:
    images = {image['id'] for image in content['images']}
    found = defaultdict(list)
    for annotation in content.get('annotations', ()):
        if annotation['image_id'] not in images:
            raise UserError(
                f'{source}: annotation {annotation["id"]} belongs to image '
                f'{annotation["image_id"]}, which is not in images; add the '
                'image or remove the annotation.'
            )
        found[annotation['image_id']].append(annotation)
    return found


def label_maps(
    content: dict, metainfo: dict, source: str
) -> dict[str, LabelMap]:
    """Label maps of 'det' (categories) and of every task of the file."""
    have = {c['id']: c['name'] for c in content.get('categories', ())}
    maps = {'det': LabelMap.make(have, metainfo.get('classes'), source)}
    wanted = metainfo.get('tasks', {})
    named = content.get('tasks', {})
    for task in dict.fromkeys([*named, *wanted]):
        if task == 'det':
            raise UserError(
                f"{source}: the classes of task 'det' are its categories and "
                'classes of metainfo; take det out of tasks.'
            )
        names = dict(enumerate(named.get(task, ())))
        maps[task] = LabelMap.make(names, wanted.get(task), source)
    return maps


def read_videos(
    content: dict, maps: dict[str, LabelMap], source: str
) -> list[Video]:
    """Videos that have frames, checked, with labels mapped.

    Args:
        content (dict): The JSON; see the module.
        maps (dict[str, LabelMap]): From :func:`label_maps`.
        source (str): Name of the file, for messages.

    Raises:
        UserError: Of anything inconsistent, naming the entry and a remedy.
    """
    frames = _frames_by_video(content, source)
    annotations = _annotations_by_image(content, source)
    has_ids = any(
        'instance_id' in annotation
        for annotation in content.get('annotations', ())
    )
    videos = []
    for info in content['videos']:
        images = frames[info['id']]
        if images:
            per_frame = [annotations.get(i['id'], []) for i in images]
            table = read_boxes(info, per_frame, maps, source)
            tasks = ['det'] if 'annotations' in content else []
            tasks += ['track'] if has_ids and table.tracked else []
            tasks = [t for t in tasks if t in info.get('labelled', tasks)]
            videos.append(
                _make_video(len(videos), info, images, table, tasks, maps)
            )
    return videos


def _make_video(
    index: int,
    info: dict,
    images: list[dict],
    table: FrameBoxes,
    tasks: list[str],
    maps: dict[str, LabelMap],
) -> Video:
    where = f'video {info["name"]!r}'
    weight = info.get('domain_weight')
    number = isinstance(weight, (int, float)) and 0 <= weight < math.inf
    if weight is not None and not number:
        raise UserError(
            f'{where} has domain_weight={weight!r}; give it a number of at '
            'least 0, or leave it out.'
        )
    nothing = LabelMap((), {})
    clip_label = maps.get('cls', nothing).get(info.get('clip_label'), where)
    frame_map = maps.get('frame', maps.get('cls', nothing))
    frame_labels = np.array(
        [frame_map.get(image.get('frame_label'), where) for image in images]
    )
    tasks = tasks + (['cls'] if clip_label >= 0 else [])
    tasks = tasks + (['frame'] if (frame_labels >= 0).any() else [])
    return Video(
        index=index,
        info=info,
        frame_ids=np.array([image['frame_id'] for image in images]),
        image_ids=np.array([image['id'] for image in images]),
        file_names=np.array(
            [image.get('file_name') or '' for image in images]
        ),
        frame_labels=frame_labels,
        boxes=table.arrays,
        offsets=table.offsets,
        labelled=tuple(tasks),
        clip_label=clip_label if clip_label >= 0 else None,
    )
