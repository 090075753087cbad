"""Draw frames while training, validating and testing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from mmdet.structures import DetDataSample
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvmtl.registry import HOOKS
from mmvmtl.structures import VideoMTLDataSample


@HOOKS.register_module()
class VideoVisualizationHook(Hook):
    """Hand drawn frames to the visualizer of the config.

    Every ``interval`` iterations the last frame of a batch's first clip goes
    to the visualizer's backends: in training with its ground truth, after
    all transforms (``train_img``), in validation with ground truth and
    predictions side by side (``val_img``). In testing every frame is written
    into ``test_out_dir``, or, without it, treated as in validation.

    Pictures are what the network was given, scaled back to original pixels,
    so that it does not matter where a data set has its frames from.

    Args:
        draw (bool): Draw at all. Defaults to False.
        interval (int): Iterations between pictures. Defaults to 50.
        score_thr (float): Lowest score drawn, 0..1.
        test_out_dir (str, optional): Folder of the test's pictures,
            ``<video>/<frame>.jpg``, relative to ``work_dir/timestamp``.
    """

    def __init__(
        self,
        draw: bool = False,
        interval: int = 50,
        score_thr: float = 0.3,
        test_out_dir: str | None = None,
    ) -> None:
        self.draw = draw
        self.interval = interval
        self.score_thr = score_thr
        self.test_out_dir = test_out_dir

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Draw what training sees."""
        if self.draw and runner.iter % self.interval == 0:
            sample = data_batch['data_samples'][0]
            clip = data_batch['inputs'][0]
            # The ground truth of training is in pixels of the input already.
            image = _picture(clip[-1], tuple(clip.shape[-2:]))
            self._add(
                runner,
                'train_img',
                image,
                sample[len(sample) - 1],
                runner.iter,
            )

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[VideoMTLDataSample] | None = None,
    ) -> None:
        """Draw a frame of the validation."""
        if self.draw and batch_idx % self.interval == 0:
            step = runner.iter + batch_idx
            self._add_last(runner, 'val_img', data_batch, outputs, step)

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[VideoMTLDataSample] | None = None,
    ) -> None:
        """Draw every frame of the test into files, or a few to backends."""
        if not self.draw:
            return
        if self.test_out_dir is None:
            if batch_idx % self.interval == 0:
                self._add_last(
                    runner, 'test_img', data_batch, outputs, batch_idx
                )
            return
        folder = Path(runner.work_dir, runner.timestamp, self.test_out_dir)
        for clip, sample in zip(data_batch['inputs'], outputs):
            place = folder / _folder_name(sample)
            place.mkdir(parents=True, exist_ok=True)
            for image, frame in zip(clip, sample.video_data_samples):
                runner.visualizer.add_datasample(
                    'test_img',
                    _picture(image, frame.ori_shape),
                    frame,
                    draw_gt=True,
                    pred_score_thr=self.score_thr,
                    out_file=str(place / f'{frame.frame_id:06d}.jpg'),
                    banner=_banner(runner, sample),
                )

    def _add_last(
        self,
        runner: Runner,
        name: str,
        data_batch: dict,
        outputs: Sequence[VideoMTLDataSample],
        step: int,
    ) -> None:
        sample = outputs[0]
        frame = sample[len(sample) - 1]
        image = _picture(data_batch['inputs'][0][-1], frame.ori_shape)
        banner = _banner(runner, sample)
        self._add(runner, name, image, frame, step, True, banner)

    def _add(
        self,
        runner: Runner,
        name: str,
        image: np.ndarray,
        frame: DetDataSample,
        step: int,
        draw_pred: bool = False,
        banner: str = '',
    ) -> None:
        runner.visualizer.add_datasample(
            name,
            image,
            frame,
            draw_gt=True,
            draw_pred=draw_pred,
            pred_score_thr=self.score_thr,
            step=step,
            banner=banner,
        )


def _folder_name(sample: VideoMTLDataSample) -> str:
    """Of a video; data set and domain tell those of one name apart."""
    name = sample.get('video_name') or sample.video_id
    parts = [sample.get('dataset'), sample.get('domain'), name]
    known = [str(part) for part in parts if part is not None]
    return '_'.join(known).replace('/', '_')


def _picture(frame: object, size: tuple[int, int]) -> np.ndarray:
    """A uint8 BGR tensor (3, H, W) as an RGB array of ``size`` (h, w)."""
    image = np.ascontiguousarray(frame.cpu().numpy().transpose(1, 2, 0))
    if image.shape[:2] != tuple(size):
        image = cv2.resize(image, (size[1], size[0]))
    return np.ascontiguousarray(image[..., ::-1])


def _banner(runner: Runner, sample: VideoMTLDataSample) -> str:
    """The clip's predicted label and its probability; '' without one."""
    scores = sample.get('pred_score')
    if scores is None:
        return ''
    label = int(scores.argmax())
    tasks = (runner.visualizer.dataset_meta or {}).get('tasks') or {}
    names = tasks.get('cls') or [str(i) for i in range(len(scores))]
    return f'{names[label]} {float(scores[label]):.2f}'
