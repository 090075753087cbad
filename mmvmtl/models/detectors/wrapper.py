"""A detector inside another model that only changes its training."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.model import BaseModel
from torch import Tensor, nn

from mmvmtl.models.bare_weights import give_bare_weights
from mmvmtl.registry import MODELS


class DetectorWrapper(BaseModel):
    """Predict as the wrapped detector does.

    Its parameters stand under ``detector.``, its preprocessor is the
    wrapper's. A checkpoint of the bare detector loads, too.

    Args:
        detector (dict): config of any detector, ours or MMDetection's.
        init_cfg (dict, optional): initialisation of MMEngine.
    """

    def __init__(self, detector: dict, init_cfg: dict | None = None) -> None:
        inner = dict(detector)
        super().__init__(inner.pop('data_preprocessor', None), init_cfg)
        self.detector = MODELS.build(inner)

    def forward(
        self,
        inputs: Tensor,
        data_samples: list | None = None,
        mode: str = 'tensor',
        **kwargs,
    ) -> dict | list | tuple:
        """As the detector's own; ``mode='loss'`` is the wrapper's."""
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        return self.detector(inputs, data_samples, mode=mode, **kwargs)

    def loss(self, inputs: Tensor, data_samples: list) -> dict:
        """Losses of a batch."""
        raise NotImplementedError

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args
    ) -> None:
        give_bare_weights(state_dict, prefix, ('detector',))
        super()._load_from_state_dict(state_dict, prefix, *args)


class PredictsVideo:
    """Tasks and streams of a model are those of the detector inside it.

    Attributes:
        predictor (VideoMTLDetector): the part that predicts.
    """

    predictor: nn.Module

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that are predicted."""
        return self.predictor.tasks

    @tasks.setter
    def tasks(self, names: Sequence[str]) -> None:
        self.predictor.tasks = names

    def reset_streams(self, video_id: object = None) -> None:
        """Forget a video, or all."""
        self.predictor.reset_streams(video_id)
