"""The visualizer that configs name: frames of clips into MM's backends."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from mmengine.visualization import Visualizer

from mmvmtl.registry import VISUALIZERS
from mmvmtl.visualization.artist import FrameArtist

#: Names of identities in predictions and in ground truth.
ID_NAMES = ('instances_id', 'instances_ids')
#: Videos whose trails are remembered; a batch holds fewer.
MAX_VIDEOS = 64
FIELDS = ('bboxes', 'labels', 'scores', 'velocities')


@VISUALIZERS.register_module()
class VideoMTLVisualizer(Visualizer):
    """Draws frames with boxes, identities, trails, velocities and labels.

    Pictures go to the ``vis_backends`` of the config, for TensorBoard
    ``vis_backends=[dict(type='LocalVisBackend'),
    dict(type='TensorboardVisBackend')]``, or to a file.

    Args:
        name (str): Of this instance.
        trail (int): See :class:`FrameArtist`.
        arrow (float): See :class:`FrameArtist`.
        **kwargs: Of MMEngine's ``Visualizer``, such as ``vis_backends`` and
            ``save_dir``.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        trail: int = 30,
        arrow: float = 4.0,
        **kwargs,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.trail = trail
        self.arrow = arrow
        self._artists: dict[object, tuple[FrameArtist, int]] = {}

    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: DetDataSample | None = None,
        draw_gt: bool = False,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        pred_score_thr: float = 0.3,
        step: int = 0,
        banner: str = '',
    ) -> None:
        """Draw one frame and hand it on.

        Trails join consecutive frames of a video; any other frame, and one
        with ``is_first``, begins them anew. Ground truth and predictions, if
        both are drawn, stand side by side.

        Args:
            name (str): The picture's name in the backends.
            image (np.ndarray): uint8 (H, W, 3) **RGB**, as MM has it.
            data_sample (DetDataSample, optional): Boxes in pixels of
                ``image``.
            draw_gt (bool): Draw ``gt_instances``.
            draw_pred (bool): Draw ``pred_track_instances``, or
                ``pred_instances`` where there are no tracks.
            show (bool): Show it in a window.
            wait_time (float): Seconds the window waits.
            out_file (str, optional): Write it there, and not to backends.
            pred_score_thr (float): Lowest score drawn, 0..1.
            step (int): Step in the backends.
            banner (str): A line at the picture's upper edge.
        """
        # RGB to BGR and back, the artist draws as OpenCV does.
        picture = np.ascontiguousarray(image[..., ::-1])
        views = []
        for kind, wanted in (('gt', draw_gt), ('pred', draw_pred)):
            if wanted and data_sample is not None:
                artist = self._artist(data_sample, kind, pred_score_thr)
                found = instances_of(data_sample, kind)
                views.append(artist.draw(picture, as_arrays(found), banner))
        drawn = np.hstack(views) if views else picture
        rgb = np.ascontiguousarray(drawn[..., ::-1])
        self.set_image(rgb)
        if show:
            self.show(rgb, win_name=name, wait_time=wait_time)
        if out_file is not None:
            cv2.imwrite(out_file, drawn)
        else:
            self.add_image(name, rgb, step)

    def _artist(
        self, frame: DetDataSample, kind: str, score_thr: float
    ) -> FrameArtist:
        key = frame.get('video_id'), kind
        number = frame.get('frame_id', 0)
        artist, last = self._artists.pop(key, (None, None))
        # A trail over frames that were not drawn would be a straight line.
        if artist is None or frame.get('is_first') or number != last + 1:
            classes = frame.get('classes') or ()
            artist = FrameArtist(classes, score_thr, self.trail, self.arrow)
        self._artists[key] = artist, number
        while len(self._artists) > MAX_VIDEOS:
            del self._artists[next(iter(self._artists))]
        return artist


def instances_of(frame: DetDataSample, kind: str) -> InstanceData | None:
    """Ground truth (``gt``) or predictions (``pred``) of a frame."""
    if kind == 'gt':
        return frame.get('gt_instances')
    tracks = frame.get('pred_track_instances')
    if tracks is not None and 'instances_id' in tracks:
        return tracks
    return frame.get('pred_instances')


def as_arrays(found: InstanceData | None) -> Mapping | None:
    """The arrays that :meth:`FrameArtist.draw` takes."""
    if found is None:
        return None
    names = [(name, name) for name in FIELDS] + [(n, 'ids') for n in ID_NAMES]
    return {
        to: np.asarray(found[name].detach().cpu())
        for name, to in names
        if name in found
    }
