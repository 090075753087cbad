"""A folder of images with YOLO labels as a CocoVID dict.

``<root>/images/**/<name>.jpg`` has its boxes in
``<root>/labels/**/<name>.txt``, one a line: ``class (from 0), centre x,
centre y, w, h``, the latter in parts of the image's sides. Each image is a
video of one frame. An image without a label file is not labelled and left
out, an empty label file is an image without objects; a label file without an
image is of no use. The last two are ordinary and are only counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from mmvmtl import boxes
from mmvmtl.datasets.mot_files import IMAGES
from mmvmtl.errors import UserError

LAYOUT = '<root>/images/**/<name>.jpg beside <root>/labels/**/<name>.txt'
#: EXIF orientations that turn an image by 90 degrees, as decoders do.
TURNED = (5, 6, 7, 8)


def image_size(path: Path) -> tuple[int, int]:
    """(w, h) in pixels as decoded, read from the file's header.

    Raises:
        UserError: If it is no image.
    """
    try:
        with Image.open(path) as image:
            turned = image.getexif().get(0x0112) in TURNED
            return image.size[::-1] if turned else image.size
    except UnidentifiedImageError as error:
        raise UserError(
            f'the image {path} can not be decoded; restore it, or remove it '
            'and its label file.'
        ) from error


def read_labels(path: Path, num_classes: int) -> list[tuple[int, np.ndarray]]:
    """Rows of a label file: class, and xyxy in parts of the image's sides.

    Raises:
        UserError: Of a row that is not such numbers.
    """
    rows = []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        if not text.strip():
            continue
        where = f'{path}, line {number}'
        try:
            values = np.array([float(v) for v in text.split()])
        except ValueError:
            values = np.array([])
        if len(values) != 5 or not np.isfinite(values).all():
            raise UserError(
                f'{where}: {text!r} is not class, x, y, w, h as five '
                'numbers; correct it.'
            )
        if values[0] not in range(num_classes):
            raise UserError(
                f'{where} has class {values[0]:g}, but the {num_classes} '
                f'classes named are 0 to {num_classes - 1}; name all.'
            )
        centre, half = values[1:3], values[3:] / 2
        bbox = np.concatenate([centre - half, centre + half])
        rows.append((int(values[0]), bbox))
    return rows


class YOLOConverter:
    """Collects labelled images into one CocoVID dict, ``content``.

    Boxes are cut at the border of the image; those without area there are
    left out and counted in ``outside``.

    Args:
        root (str | Path): See the module; ``file_name`` is relative to it.
        classes (Sequence[str]): Names of the classes 0, 1, ...

    Attributes:
        unlabelled (int): Images without a label file.
        orphans (int): Label files without an image.

    Raises:
        UserError: If there is no labelled image.
    """

    def __init__(self, root: str | Path, classes: Sequence[str]) -> None:
        self.root = Path(root)
        images = {
            path.relative_to(self.root / 'images').with_suffix(''): path
            for path in sorted((self.root / 'images').rglob('*'))
            if path.suffix.lower() in IMAGES
        }
        labels = {
            path.relative_to(self.root / 'labels').with_suffix(''): path
            for path in (self.root / 'labels').rglob('*.txt')
        }
        self.pairs = [
            (path, labels[name])
            for name, path in images.items()
            if name in labels
        ]
        self.unlabelled = len(images) - len(self.pairs)
        self.orphans = len(labels) - len(self.pairs)
        self.outside = 0
        if not self.pairs:
            raise UserError(
                f'{self.root} has no labelled image; expected {LAYOUT}.'
            )
        self.content: dict = {
            'videos': [],
            'images': [],
            'annotations': [],
            'categories': [
                {'id': i, 'name': name} for i, name in enumerate(classes)
            ],
        }

    def add(self, part: tuple[int, int] | None = None) -> None:
        """Add the labelled images, or a part of them by name.

        Args:
            part (tuple[int, int], optional): Numbers from 0 of the labelled
                images in the order of their names, half-open.

        Raises:
            UserError: Of a bad row or an empty part.
        """
        first, stop = part or (0, len(self.pairs))
        chosen = self.pairs[first:stop]
        if first < 0 or not chosen:
            raise UserError(
                f'{self.root} has {len(self.pairs)} labelled images, none in '
                f'[{first}, {stop}); correct the part.'
            )
        for path, labels in chosen:
            self._add_image(path, labels)

    def _add_image(self, path: Path, labels: Path) -> None:
        width, height = image_size(path)
        number = len(self.content['images'])
        self.content['videos'].append(
            {
                'id': number,
                'name': path.stem,
                'width': width,
                'height': height,
                'length': 1,
            }
        )
        self.content['images'].append(
            {
                'id': number,
                'video_id': number,
                'frame_id': 0,
                'file_name': path.relative_to(self.root).as_posix(),
            }
        )
        size = np.array([width, height] * 2)
        rows = read_labels(labels, len(self.content['categories']))
        for label, bbox in rows:
            bbox = bbox.clip(0, 1) * size
            if boxes.area(bbox) <= 0:
                self.outside += 1
                continue
            self.content['annotations'].append(
                {
                    'id': len(self.content['annotations']),
                    'image_id': number,
                    'video_id': number,
                    'category_id': label,
                    'bbox': boxes.xyxy_to_xywh(bbox).round(3).tolist(),
                }
            )
