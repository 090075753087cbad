"""Load the frames of a clip from image files or a video file."""

from __future__ import annotations

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.fileio import get

from mmvmtl.datasets.video_reader import read_frame
from mmvmtl.errors import UserError
from mmvmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadVideoFrames(BaseTransform):
    """Fill ``img``, ``ori_shape``, ``img_shape`` and ``scale_factor``.

    A frame dict names an image file (``img_path``), a frame of a video file
    (``video_path`` and ``frame_id``, its number in the file), or already
    holds the picture (``img``). Pictures are uint8 (H, W, 3) BGR.

    Args:
        backend_args (dict, optional): File backend of image files, as in
            MMEngine. Video files are local.
        imdecode_backend (str): Decoder of image files. Defaults to 'cv2'.

    Raises:
        UserError: If a file is missing or can not be decoded, or its size
            is not the one its annotations were made for.
    """

    def __init__(
        self, backend_args: dict | None = None, imdecode_backend: str = 'cv2'
    ) -> None:
        self.backend_args = backend_args
        self.imdecode_backend = imdecode_backend

    def transform(self, results: dict) -> dict:
        """Load every frame of the clip dict that is not loaded yet."""
        for frame in results['frames']:
            if 'img' not in frame:
                frame['img'] = self._load(frame)
                self._check_size(frame)
            frame['ori_shape'] = frame['img_shape'] = frame['img'].shape[:2]
            frame['scale_factor'] = 1.0, 1.0
        return results

    def _load(self, frame: dict) -> np.ndarray:
        if frame.get('img_path') is None:
            return read_frame(frame['video_path'], frame['frame_id'])
        path = frame['img_path']
        try:
            content = get(path, self.backend_args)
        except FileNotFoundError as error:
            raise UserError(
                f'the image {path} does not exist; check data_root, '
                'data_prefix and the file_name in the annotation file.'
            ) from error
        # An empty or broken file gives an exception or None, by backend.
        try:
            image = mmcv.imfrombytes(content, backend=self.imdecode_backend)
        except Exception as error:
            raise _undecodable(path) from error
        if image is None:
            raise _undecodable(path)
        return image

    @staticmethod
    def _check_size(frame: dict) -> None:
        expected = frame.get('height'), frame.get('width')
        if None not in expected and frame['img'].shape[:2] != expected:
            name = frame.get('img_path') or frame['video_path']
            raise UserError(
                f'{name} is {frame["img"].shape[1]}×{frame["img"].shape[0]} '
                f'pixels, its annotations say {expected[1]}×{expected[0]}; '
                'correct width and height in the annotation file.'
            )


def _undecodable(path: str) -> UserError:
    return UserError(
        f'the image {path} can not be decoded; restore it, or remove it from '
        'the annotation file.'
    )
