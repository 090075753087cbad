"""Draw the frames of one video, one after another, with trails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

import cv2
import numpy as np

from mmvmtl.visualization.drawing import (
    color_of,
    draw_arrow,
    draw_banner,
    draw_box,
    draw_trail,
)

#: A smaller picture is enlarged before anything is drawn into it.
READABLE_SIDE = 360


class FrameArtist:
    """Draws predictions or labels into the frames of one video.

    Args:
        classes (Sequence[str]): Names of object classes; a label without a
            name is written as a number.
        score_thr (float): Boxes with a lower score, 0..1, are left out.
        trail (int): Frames of the past that a trail shows; 0: no trails.
        arrow (float): Frames of motion that a velocity's arrow shows, as one
            frame's motion is often too short to see; 0: no arrows.
        enlarge (bool): Enlarge small pictures by a whole factor.
    """

    def __init__(
        self,
        classes: Sequence[str] = (),
        score_thr: float = 0.3,
        trail: int = 30,
        arrow: float = 4.0,
        enlarge: bool = True,
    ) -> None:
        self.classes = tuple(classes)
        self.score_thr = score_thr
        self.trail = trail
        self.arrow = arrow
        self.enlarge = enlarge
        self.reset()

    def reset(self) -> None:
        """Begin another video."""
        self._paths: dict[int, list[tuple[int, np.ndarray]]] = {}
        self._time = 0

    def zoom(self, image: np.ndarray) -> int:
        """Factor by which a picture is enlarged."""
        if not self.enlarge:
            return 1
        return max(1, ceil(READABLE_SIDE / min(image.shape[:2])))

    def draw(
        self,
        image: np.ndarray,
        boxes: Mapping[str, np.ndarray] | None,
        banner: str = '',
    ) -> np.ndarray:
        """Return a drawn copy of a frame.

        Args:
            image (np.ndarray): uint8 (H, W, 3) BGR.
            boxes (dict, optional): ``bboxes`` (N, 4) xyxy pixels of
                ``image``, ``labels`` (N,), and optionally ``scores`` (N,),
                ``ids`` (N,) and ``velocities`` (N, 2) pixels per frame.
            banner (str): A line at the upper edge, such as the clip's label.
        """
        zoom = self.zoom(image)
        canvas = cv2.resize(image, None, fx=zoom, fy=zoom)
        self._time += 1
        if boxes is not None:
            self._draw_boxes(canvas, boxes, zoom)
        if banner:
            draw_banner(canvas, banner)
        return canvas

    def _draw_boxes(
        self, canvas: np.ndarray, boxes: Mapping[str, np.ndarray], zoom: int
    ) -> None:
        keep = np.ones(len(boxes['bboxes']), bool)
        if 'scores' in boxes:
            keep = np.asarray(boxes['scores']) >= self.score_thr
        kept = {name: np.asarray(v)[keep] for name, v in boxes.items()}
        kept['bboxes'] = kept['bboxes'] * zoom
        centres = (kept['bboxes'][:, :2] + kept['bboxes'][:, 2:]) / 2
        ids = kept.get('ids')
        if ids is not None:
            self._draw_trails(canvas, ids.tolist(), centres)
        named = kept['labels'] if ids is None else ids
        colors = [color_of(int(number)) for number in named]
        for i, color in enumerate(colors):
            text = self._text(kept, i)
            draw_box(canvas, kept['bboxes'][i], color, text)
        if 'velocities' in kept and self.arrow:
            shifts = kept['velocities'] * self.arrow * zoom
            for centre, shift, color in zip(centres, shifts, colors):
                draw_arrow(canvas, centre, shift, color)

    def _draw_trails(
        self, canvas: np.ndarray, ids: list[int], centres: np.ndarray
    ) -> None:
        oldest = self._time - self.trail
        for number, centre in zip(ids, centres):
            self._paths.setdefault(number, []).append((self._time, centre))
        for number, path in list(self._paths.items()):
            path[:] = [point for point in path if point[0] >= oldest]
            if not path:
                del self._paths[number]
                continue
            points = np.array([centre for _, centre in path])
            draw_trail(canvas, points, color_of(number))

    def _text(self, boxes: Mapping[str, np.ndarray], i: int) -> str:
        label = int(boxes['labels'][i])
        known = 0 <= label < len(self.classes)
        parts = [self.classes[label] if known else str(label)]
        if 'ids' in boxes:
            parts.insert(0, f'#{int(boxes["ids"][i])}')
        if 'scores' in boxes:
            parts.append(f'{boxes["scores"][i]:.2f}')
        return ' '.join(parts)
