"""Give source frames the look of the target domain without training."""

from __future__ import annotations

import math
from abc import abstractmethod

import cv2
import numpy as np
from mmcv.transforms import BaseTransform

from mmvmtl.errors import UserError
from mmvmtl.registry import DATASETS, TRANSFORMS


class StyleTransfer(BaseTransform):
    """Change the look of a clip towards one picture of the target domain.

    All frames of a clip follow the same picture; labels stay.

    Args:
        target (dict): data set of the target domain, whose ``pipeline`` (if
            any) only loads or resizes; its labels are not looked at.
        prob (float): part of the clips that is changed, 0..1.

    Raises:
        UserError: If the target data set is empty, or packs its clips.
    """

    def __init__(self, target: dict, prob: float = 1.0) -> None:
        self.target = DATASETS.build(target)
        self.prob = prob
        if not len(self.target):
            raise UserError(
                f'the target data set of mmvmtl.{type(self).__name__} is '
                'empty; give it frames of the target domain.'
            )

    @abstractmethod
    def restyle(self, image: np.ndarray, style: np.ndarray) -> np.ndarray:
        """``image`` in the look of ``style``, both uint8 BGR (H, W, 3)."""

    def transform(self, results: dict) -> dict:
        """Change the frames of the clip dict."""
        if np.random.rand() >= self.prob:
            return results
        frames = results['frames']
        style = self._draw(frames[0]['img'].shape)
        for frame in frames:
            frame['img'] = self.restyle(frame['img'], style)
        return results

    def _draw(self, shape: tuple[int, ...]) -> np.ndarray:
        """A picture of the target domain, in the size of the frames."""
        clip = self.target[np.random.randint(len(self.target))]
        if 'frames' not in clip:
            raise UserError(
                f'the target data set of mmvmtl.{type(self).__name__} packs '
                'its clips, so their frames can not be looked at; take '
                'mmvmtl.PackVideoInputs out of its pipeline.'
            )
        image = clip['frames'][0]['img']
        if image.shape == shape:
            return image
        return cv2.resize(
            image, (shape[1], shape[0]), interpolation=cv2.INTER_AREA
        )


@TRANSFORMS.register_module()
class FourierDomainTransfer(StyleTransfer):
    r"""Swap the low frequencies' amplitude, keep the phase.

    `Yang and Soatto, CVPR 2020 <https://arxiv.org/abs/2004.05498>`_: in a
    square of half side :math:`\lfloor \beta \min(H, W) \rfloor` cells around
    frequency 0 the amplitude is the style's.

    Args:
        beta (float): 0..0.5; 0 changes nothing, else at least
            :math:`1 / \min(H, W)`.
        **kwargs: ``target`` and ``prob``, see :class:`StyleTransfer`.

    Raises:
        ValueError: If ``beta`` is out of its range.
        UserError: On a frame that is too small for ``beta``.
    """

    def __init__(self, beta: float = 0.01, **kwargs) -> None:
        if not 0 <= beta <= 0.5:
            raise UserError(f'beta={beta} must lie between 0 and 0.5')
        self.beta = beta
        super().__init__(**kwargs)

    def restyle(self, image: np.ndarray, style: np.ndarray) -> np.ndarray:
        """See the class."""
        if not self.beta:
            return image
        height, width = image.shape[:2]
        reach = int(self.beta * min(height, width))
        if not reach:
            raise UserError(
                f'beta={self.beta} of mmvmtl.FourierDomainTransfer reaches no '
                f'frequency of a frame of {width}x{height} pixels: give at '
                f'least {least_beta(height, width):g}, or 0 to change nothing.'
            )
        return to_uint8(swap_amplitude(image, style, reach))


@TRANSFORMS.register_module()
class ColourTransfer(StyleTransfer):
    r"""Match mean and deviation of each Lab channel.

    `Reinhard et al., 2001 <https://doi.org/10.1109/38.946629>`_, in CIE Lab:

    .. math:: x' = (x - \mu) \sigma_s / \sigma + \mu_s

    A flat channel only takes the style's mean.

    Args:
        target (dict): see :class:`StyleTransfer`.
        prob (float): see :class:`StyleTransfer`.
    """

    def restyle(self, image: np.ndarray, style: np.ndarray) -> np.ndarray:
        """See the class."""
        lab = match_moments(to_lab(image), to_lab(style))
        return to_uint8(cv2.cvtColor(lab, cv2.COLOR_Lab2BGR) * 255)


def least_beta(height: int, width: int) -> float:
    r""":math:`1 / \min(H, W)`, rounded up to 4 digits after the point."""
    return math.ceil(10000 / min(height, width)) / 10000


def swap_amplitude(
    image: np.ndarray, style: np.ndarray, reach: int
) -> np.ndarray:
    """``image`` (H, W, C) with the style's amplitude of low frequencies.

    Args:
        image (np.ndarray): keeps its phase, and its high frequencies.
        style (np.ndarray): of the same shape.
        reach (int): b >= 1; frequencies -b..b cycles per image along both
            axes are swapped.

    Returns:
        np.ndarray: float64, of the same shape, not clipped.
    """
    spectrum = np.fft.fft2(image.astype(np.float64), axes=(0, 1))
    other = np.fft.fft2(style.astype(np.float64), axes=(0, 1))
    rows, columns = (
        np.abs(np.fft.fftfreq(n, 1 / n)) <= reach for n in image.shape[:2]
    )
    low = rows[:, None, None] & columns[None, :, None]
    amplitude = np.where(low, np.abs(other), np.abs(spectrum))
    phase = np.exp(1j * np.angle(spectrum))
    return np.fft.ifft2(amplitude * phase, axes=(0, 1)).real


def match_moments(values: np.ndarray, style: np.ndarray) -> np.ndarray:
    """``values`` (H, W, C) with the style's mean and deviation per channel."""
    mean, deviation = values.mean((0, 1)), values.std((0, 1))
    wanted = style.std((0, 1))
    scale = np.divide(
        wanted, deviation, out=np.zeros_like(wanted), where=deviation > 0
    )
    return (values - mean) * scale + style.mean((0, 1))


def to_lab(image: np.ndarray) -> np.ndarray:
    """CIE Lab, float32, of a uint8 BGR picture."""
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2Lab)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Round and clip to 0..255."""
    return np.rint(image).clip(0, 255).astype(np.uint8)
