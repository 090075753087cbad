"""The networks that are compared, each from the parts of our config.

The alternative to one network of ours are three: MMDetection's detector, a
re-identification network on crops, an MMAction2 recogniser, each with a trunk
of its own of the same kind.
"""

from __future__ import annotations

import copy
import importlib.util

import torch
import torch.nn.functional as F
from mmengine.config import ConfigDict
from mmengine.logging import MMLogger
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.registry import MODELS

#: (h, w) of a crop, pixels.
CROP = (128, 64)


def be_quiet() -> None:
    """Leave out the pages in which MMEngine tells of initial weights."""
    MMLogger.get_current_instance().setLevel('ERROR')


def build_ours(model: ConfigDict) -> nn.Module:
    """Our network as configured, freshly initialised."""
    return _initialised(model)


def build_detector(model: ConfigDict) -> nn.Module:
    """MMDetection's RTMDet of the same trunk, neck and head."""
    det = model.head.heads.det
    if 'bbox_head' not in det:
        raise UserError(
            'the detection task of the config is no dense head; give an '
            'RTMDet config.'
        )
    return _initialised(
        dict(
            type='mmdet.RTMDet',
            backbone=model.backbone,
            neck=model.neck,
            bbox_head=det.bbox_head,
            train_cfg=det.train_cfg,
            test_cfg=det.test_cfg,
            data_preprocessor=dict(
                type='mmdet.DetDataPreprocessor',
                mean=model.data_preprocessor.mean,
                std=model.data_preprocessor.std,
            ),
        )
    )


def build_reid(model: ConfigDict) -> nn.Module:
    """A trunk, the mean over the crop, one linear layer."""
    return ReID(model.backbone, model.head.heads.track.embed_dims).eval()


def build_recogniser(model: ConfigDict) -> nn.Module:
    """MMAction2's TSN on the same trunk."""
    import mmaction.models  # noqa: F401

    trunk = dict(type=LastStage, backbone=model.backbone)
    return _initialised(
        dict(
            type='mmaction.Recognizer2D',
            backbone=trunk,
            cls_head=dict(
                type='mmaction.TSNHead',
                num_classes=model.head.heads.cls.num_classes,
                in_channels=LastStage(model.backbone).channels,
                loss_cls=dict(type='mmaction.CrossEntropyLoss'),
                consensus=dict(type='AvgConsensus', dim=1),
                average_clips='prob',
            ),
            data_preprocessor=dict(
                type='mmaction.ActionDataPreprocessor',
                mean=model.data_preprocessor.mean,
                std=model.data_preprocessor.std,
            ),
        )
    )


def _initialised(cfg: dict) -> nn.Module:
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(cfg))
    model.init_weights()
    return model.eval()


class LastStage(nn.Module):
    """The last level of an MMDetection backbone.

    Args:
        backbone (dict): its config.
    """

    def __init__(self, backbone: dict) -> None:
        super().__init__()
        init_default_scope('mmdet')
        torch.manual_seed(0)
        self.trunk = ROOT_MODELS.build(copy.deepcopy(backbone))
        self.trunk.init_weights()
        self.trunk.eval()
        with torch.no_grad():
            probe = self.trunk(torch.zeros(1, 3, 64, 64))
        self.channels = probe[-1].shape[1]

    def init_weights(self) -> None:
        """Nothing is left to do."""

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H / 32, W / 32) of images (B, 3, H, W)."""
        return self.trunk(images)[-1]


class ReID(nn.Module):
    """Embeddings of crops.

    Args:
        backbone (dict): config of the trunk.
        embed_dims (int): E.
    """

    def __init__(self, backbone: dict, embed_dims: int) -> None:
        super().__init__()
        self.trunk = LastStage(backbone)
        self.embed = nn.Linear(self.trunk.channels, embed_dims)

    def forward(self, crops: Tensor) -> Tensor:
        """Unit embeddings (N, E) of crops (N, 3, h, w)."""
        pooled = self.trunk(crops).mean(dim=(2, 3))
        return F.normalize(self.embed(pooled), dim=-1)


def stock_tracker() -> object:
    """MMDetection's ByteTracker as its config sets it; it can crop, too.

    Raises:
        UserError: The package ``lap``, which it needs, is missing.
    """
    from mmdet.models.trackers import ByteTracker

    if importlib.util.find_spec('lap') is None:
        raise UserError(
            "MMDetection's ByteTracker needs the package lap; install it "
            'with: pip install lap'
        )
    tracker = ByteTracker(
        motion=dict(type='KalmanFilter'),
        obj_score_thrs=dict(high=0.6, low=0.1),
        init_track_thr=0.7,
        weight_iou_with_det_scores=True,
        match_iou_thrs=dict(high=0.1, low=0.5, tentative=0.3),
        num_frames_retain=30,
    )
    tracker.reid = dict(img_scale=CROP)
    return tracker


def clip_windows(model: ConfigDict) -> tuple[int, int, int]:
    """Window, stride and hop of our clip head, in described frames."""
    head = MODELS.build(copy.deepcopy(model.head.heads.cls))
    return head.window, head.stride, head.hop


def embedding_threshold(model: ConfigDict) -> float:
    """The score below which our track head reads no embedding."""
    head = MODELS.build(copy.deepcopy(model.head.heads.track))
    return head.score_thr
