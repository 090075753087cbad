"""From a batch of clips of any length to one normalised tensor of frames."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from mmvmtl.errors import UserError
from mmvmtl.registry import MODELS


@MODELS.register_module()
class VideoDataPreprocessor(BaseDataPreprocessor):
    """Pad every frame to one fixed size, normalise, and join the clips.

    Clips of different lengths and still images (T = 1) may share a batch.
    Frames are padded at the bottom and right to the size of the config,
    never to that of the batch, so that a result does not depend on the
    other videos of its batch. uint8 frames travel to the device and become
    float once, there.

    Args:
        input_size (tuple[int, int]): (h, w) of the network's input, pixels.
        mean (Sequence[float], optional): Per channel, after the channel
            order is changed; 0..255.
        std (Sequence[float], optional): Per channel.
        bgr_to_rgb (bool): Reverse the channels. Defaults to False.
        pad_value (int): Grey level of the padding **before** normalisation,
            0..255 (MMDetection's is added after it). Defaults to 114.
        non_blocking (bool): As in MMEngine. Defaults to False.

    Raises:
        ValueError: If only one of ``mean`` and ``std`` is given, or a frame
            is larger than ``input_size``.
    """

    def __init__(
        self,
        input_size: tuple[int, int],
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        bgr_to_rgb: bool = False,
        pad_value: int = 114,
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        if (mean is None) != (std is None):
            raise UserError('give both mean and std, or neither.')
        self.input_size = tuple(input_size)
        self.bgr_to_rgb = bgr_to_rgb
        self.pad_value = pad_value
        mean, std = mean or [0.0], std or [1.0]
        self.register_buffer(
            'mean',
            torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1),
            False,
        )
        self.register_buffer(
            'std', torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), False
        )

    def forward(self, data: dict, training: bool = False) -> dict:
        """Join the clips of a batch.

        Args:
            data (dict): ``inputs``, a list of B uint8 tensors
                (T_i, C, H_i, W_i), and ``data_samples``, a list of B
                :class:`VideoMTLDataSample`, or None.
            training (bool): Without effect, as nothing is augmented here.

        Returns:
            dict: ``inputs`` (M, C, h, w) float32 with M the sum of all T_i,
            ``clip_index`` (M,) long, the clip of each frame, and
            ``data_samples`` with ``pad_shape`` and ``batch_input_shape``
            (h, w) set on each frame.
        """
        data = self.cast_data(data)
        clips = data['inputs']
        lengths = torch.tensor([len(clip) for clip in clips])
        index = torch.arange(len(clips)).repeat_interleave(lengths)
        inputs = self._pad(clips)
        if self.bgr_to_rgb:
            inputs = inputs.flip(1)
        inputs = inputs.float().sub_(self.mean).div_(self.std)
        samples = data.get('data_samples')
        for sample in samples or ():
            for frame in sample.video_data_samples:
                frame.set_metainfo(
                    {
                        'pad_shape': self.input_size,
                        'batch_input_shape': self.input_size,
                    }
                )
        return {
            'inputs': inputs,
            'clip_index': index.to(inputs.device),
            'data_samples': samples,
        }

    def _pad(self, clips: Sequence[Tensor]) -> Tensor:
        for clip in clips:
            if clip.ndim != 4:
                raise UserError(
                    f'a clip has shape {tuple(clip.shape)}, expected (T, C, '
                    'H, W); pack it with mmvmtl.PackVideoInputs.'
                )
            size = tuple(clip.shape[-2:])
            if size[0] > self.input_size[0] or size[1] > self.input_size[1]:
                raise UserError(
                    f'a frame of {size[0]}×{size[1]} (h×w) does not fit the '
                    f'input_size {self.input_size} of VideoDataPreprocessor; '
                    'resize it in the pipeline (mmvmtl.ClipResize) or raise '
                    'input_size.'
                )
        if all(tuple(clip.shape[-2:]) == self.input_size for clip in clips):
            return torch.cat(list(clips))
        total = sum(len(clip) for clip in clips)
        shape = (total, clips[0].shape[1], *self.input_size)
        padded = clips[0].new_full(shape, self.pad_value)
        start = 0
        for clip in clips:
            stop, (height, width) = start + len(clip), clip.shape[-2:]
            padded[start:stop, :, :height, :width] = clip
            start = stop
        return padded
