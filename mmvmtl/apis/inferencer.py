"""From a video and a checkpoint to boxes, identities and labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmcv.transforms import Compose
from rich.console import Console
from rich.progress import Progress

from mmvmtl.apis.checkpoint import load_model
from mmvmtl.apis.cli import check_writable
from mmvmtl.apis.interrupt import deferred_interrupt
from mmvmtl.apis.pipeline import frame_dict, inference_pipeline
from mmvmtl.apis.registered import check_types
from mmvmtl.apis.results import clip_record, frame_record
from mmvmtl.apis.sources import Source, open_source
from mmvmtl.apis.writers import ResultFiles
from mmvmtl.devices import find_device
from mmvmtl.errors import UserError
from mmvmtl.models.detectors import VideoMTLDetector
from mmvmtl.models.detectors.wrapper import PredictsVideo
from mmvmtl.models.inference_form import to_inference_form
from mmvmtl.registry import INFERENCERS
from mmvmtl.version import __version__
from mmvmtl.visualization import FrameArtist

#: Lowest score shown of detections that no tracker has judged.
DETECTION_SCORE_THR = 0.3


class FrameResult(NamedTuple):
    """One frame: its picture (uint8 BGR), its record, the clip's so far."""

    image: np.ndarray
    record: dict
    clip: dict


@INFERENCERS.register_module()
class VideoMTLInferencer:
    """Detect, classify and track in videos with one checkpoint.

    >>> infer = VideoMTLInferencer('work_dirs/demo/train/epoch_16.pth')
    >>> result = infer('video.mp4', out_dir='out')

    It is not MMEngine's ``BaseInferencer``, which executes the config text
    and unpickles the weights of the checkpoint it is given.

    Args:
        checkpoint (str): Checkpoint of our training.
        config (dict, optional): Config, for a checkpoint without one.
        device (str, optional): Defaults to CUDA where there is one.
        tasks (Sequence[str], optional): Compute only these tasks.
        score_thr (float, optional): Leave out boxes with a lower score,
            0..1. Defaults to 0.3, and to 0 for tracks, which the tracker has
            judged already.
        batch_size (int): Frames in one forward pass; tracks do not depend on
            it.
        trust (bool): See :func:`mmvmtl.apis.checkpoint.read_checkpoint`.

    Raises:
        UserError: Of a checkpoint that can not be used, or unknown tasks.
    """

    def __init__(
        self,
        checkpoint: str,
        config: dict | None = None,
        device: str | None = None,
        tasks: Sequence[str] | None = None,
        score_thr: float | None = None,
        batch_size: int = 8,
        trust: bool = False,
    ) -> None:
        if batch_size < 1:
            raise UserError(f'batch size {batch_size}: it must be at least 1.')
        self.device = find_device(device)
        loaded = load_model(checkpoint, config, self.device, trust)
        if not isinstance(loaded.model, (VideoMTLDetector, PredictsVideo)):
            raise UserError(
                f'the checkpoint {checkpoint} is of a '
                f'{type(loaded.model).__name__}, which has no tasks to follow '
                'in a video; give one of a VideoMTLDetector, or use the '
                "library's own inferencer."
            )
        self.model = to_inference_form(loaded.model)
        self.classes = loaded.classes
        if tasks is not None:
            try:
                self.model.tasks = tuple(tasks)
            except ValueError as error:
                raise UserError(f'{error} (--tasks).') from None
        if score_thr is None:
            tracked = 'track' in self.model.tasks
            score_thr = 0.0 if tracked else DETECTION_SCORE_THR
        self.score_thr = score_thr
        self.batch_size = batch_size
        self._videos = count()
        steps = inference_pipeline(loaded.config, self._input_size())
        if config is None and not trust:
            check_types(steps, f'the checkpoint {checkpoint}')
        self.pipeline = Compose(steps)

    def _input_size(self) -> tuple[int, int] | None:
        preprocessor = self.model.data_preprocessor
        return getattr(preprocessor, 'input_size', None)

    def stream(self, frames: Iterable[np.ndarray]) -> Iterator[FrameResult]:
        """Predict one video, frame after frame, as its frames come.

        Several streams may be read in turn; each has tracks of its own.

        Args:
            frames (Iterable[np.ndarray]): uint8 (H, W, 3) BGR, one size.
        """
        frames = iter(frames)
        video = next(self._videos)
        number = 0
        try:
            while chunk := list(islice(frames, self.batch_size)):
                sample = self._predict(chunk, number, video)
                clip = clip_record(sample)
                for image, frame in zip(chunk, sample.video_data_samples):
                    yield FrameResult(image, self._record(frame), clip)
                number += len(chunk)
        finally:
            self.model.reset_streams(video)

    def _predict(
        self, images: list[np.ndarray], first: int, video: int
    ) -> Any:
        classes = tuple(self.classes.get('det', ()))
        clip = self.pipeline(
            {
                'frames': [
                    frame_dict(image, first + i, video)
                    for i, image in enumerate(images)
                ],
                'video_id': video,
                'video_name': '',
                'labelled': (),
                'classes': classes,
                'key_frame': 0,
            }
        )
        batch = {
            'inputs': [clip['inputs']],
            'data_samples': [clip['data_samples']],
        }
        with torch.inference_mode():
            batch = self.model.data_preprocessor(batch)
            return self.model(**batch, mode='predict')[0].cpu()

    def _record(self, frame: Any) -> dict:
        record = frame_record(frame)
        record['boxes'] = [
            box for box in record['boxes'] if box['score'] >= self.score_thr
        ]
        return record

    def __call__(
        self,
        source: str | Path | int,
        out_dir: str | Path | None = None,
        video: bool = True,
        progress: bool = False,
    ) -> dict:
        """Follow one video and write what is found.

        Args:
            source (str | Path | int): File, folder of frames, camera index.
            out_dir (str | Path, optional): Where ``<name>.mp4`` (annotated),
                ``<name>.txt`` (MOT) and ``<name>.json`` go. None: nothing is
                written, and all frames' records are returned.
            video (bool): Whether to write the annotated video.
            progress (bool): Whether to show a progress bar.

        Returns:
            dict: ``num_frames``, ``clip`` (see :func:`clip_record`, with its
            ``name``), ``shortfall`` (a sentence if the video is truncated),
            and ``files`` (paths by ending) or, without ``out_dir``,
            ``records``.
        """
        opened = open_source(source)
        results = self._watched(opened, progress)
        if out_dir is None:
            # Records alone: a long video's pictures fill the memory.
            records, clip = [], {}
            for result in results:
                records.append(result.record)
                clip = result.clip
            summary = self._summary(len(records), clip)
            summary['records'] = records
        else:
            check_writable(out_dir, '--out-dir')
            head = {
                'source': str(source),
                'fps': opened.fps,
                'version': __version__,
                'tasks': list(self.model.tasks),
                'classes': self.classes,
            }
            files = ResultFiles(
                Path(out_dir), opened.name, opened.fps, head, video
            )
            summary = self._write(results, files, video)
            summary['files'] = {e: str(p) for e, p in files.final.items()}
        summary['shortfall'] = opened.shortfall
        return summary

    def _write(
        self, results: Iterable[FrameResult], files: ResultFiles, video: bool
    ) -> dict:
        artist = FrameArtist(self.classes.get('det', ()), score_thr=0.0)
        number, clip = 0, {}
        with files:
            for image, record, clip in results:
                picture = None
                if video:
                    banner = self._banner(clip, record)
                    picture = artist.draw(image, _arrays(record), banner)
                files.add(record, picture)
                number += 1
            if number == 0:
                raise UserError('the input gave no frame; check the camera.')
            summary = self._summary(number, clip)
            files.tail = dict(summary)
        return summary

    def _summary(self, frames: int, clip: dict) -> dict:
        named = dict(clip)
        if clip and 'cls' in self.classes:
            named['name'] = self.classes['cls'][clip['label']]
        return {'num_frames': frames, 'clip': named}

    def _banner(self, clip: dict, record: dict) -> str:
        parts = []
        for task, label in (
            ('cls', clip.get('label')),
            ('frame', record.get('frame_label')),
        ):
            if label is not None:
                names = self.classes.get(task)
                parts.append(names[label] if names else f'{task} {label}')
        if clip:
            parts[0] += f' {clip["scores"][clip["label"]]:.2f}'
        return ', '.join(parts)

    def _watched(
        self, source: Source, progress: bool
    ) -> Iterator[FrameResult]:
        """The results of a source, which Ctrl-C ends as its end would."""
        console = Console(stderr=True)
        bar = Progress(console=console, disable=not progress)
        task = bar.add_task(source.name, total=source.length)
        with bar, deferred_interrupt() as interrupted:
            for result in self.stream(source):
                yield result
                bar.advance(task)
                if interrupted():
                    console.print('stopped; writing what there is')
                    break


def _arrays(record: dict) -> dict[str, np.ndarray]:
    """The arrays :meth:`FrameArtist.draw` takes, of a frame's record."""
    boxes = record['boxes']
    arrays = {
        'bboxes': np.array([b['bbox'] for b in boxes]).reshape(-1, 4),
        'labels': np.array([b['label'] for b in boxes], int),
        'scores': np.array([b['score'] for b in boxes], float),
    }
    if boxes and boxes[0]['id'] is not None:
        arrays['ids'] = np.array([b['id'] for b in boxes], int)
    if boxes and 'velocity' in boxes[0]:
        velocities = [b['velocity'] for b in boxes]
        arrays['velocities'] = np.array(velocities).reshape(-1, 2)
    return arrays
