"""Small models and clips, for tests in this process and in others."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import nn

from mmvmtl.registry import MODELS
from mmvmtl.structures import VideoMTLDataSample

CONFIGS = Path(__file__).parents[2] / 'configs'
SIZE = (64, 96)  # h, w
TASKS = ('det', 'cls', 'track')


def make_clip(
    length: int,
    boxes: int = 3,
    video: int = 0,
    start: int = 0,
    labelled: tuple[str, ...] = TASKS,
    step: int = 1,
    scale: float = 1.0,
    classes: tuple[int, ...] | None = None,
) -> VideoMTLDataSample:
    """A clip whose boxes move by (2, 1) px a frame; it labels ``classes``."""
    clip = VideoMTLDataSample(
        metainfo=dict(video_id=video, video_name=str(video), labelled=labelled)
    )
    frames = []
    for t in range(start, start + length * step, step):
        frame = DetDataSample(
            metainfo=dict(
                frame_id=t,
                is_first=t == 0,
                video_id=video,
                video_length=1000,
                ori_shape=tuple(int(s / scale) for s in SIZE),
                img_shape=SIZE,
                batch_input_shape=SIZE,
                pad_shape=SIZE,
                scale_factor=(scale, scale),
                labelled_classes=classes,
            )
        )
        corner = torch.arange(boxes)[:, None] * torch.tensor([[20.0, 8.0]])
        corner = corner + t * torch.tensor([2.0, 1.0])
        frame.gt_instances = InstanceData(
            bboxes=torch.cat([corner, corner + 16], dim=1),
            labels=torch.arange(boxes) % 2,
            instances_ids=torch.arange(boxes),
            velocities=torch.tensor([[2.0, 1.0]]).repeat(boxes, 1),
            visibilities=torch.ones(boxes),
        )
        frames.append(frame)
    clip.video_data_samples = frames
    return clip.set_gt_label(video % 5)


def small_model_cfg(size: tuple[int, int] = SIZE) -> ConfigDict:
    """The default model, narrow and shallow."""
    cfg = Config.fromfile(CONFIGS / '_base_/models/video_mtl_rtmdet_tiny.py')
    model = cfg.model
    model.data_preprocessor.input_size = size
    model.backbone.widen_factor = 0.125
    model.neck.update(in_channels=[32, 64, 128], out_channels=16)
    head = model.head.heads
    head.det.bbox_head.update(in_channels=16, feat_channels=16)
    head.det.bbox_head.stacked_convs = 1
    head.det.test_cfg.score_thr = 0.0
    head.cls.update(window=4, stride=2, hop=2, score_thr=0.0)
    head.track.update(in_channels=16, feat_channels=32, score_thr=0.0)
    return model


def without_batch_statistics() -> ConfigDict:
    """A small model whose loss is a mean over clips, and not random.

    FCOS assigns by geometry alone and counts at least one positive, so its
    normaliser is known too; RTMDet's is a sum of IoUs, cut at 1.
    """
    cfg = Config.fromfile(CONFIGS / '_base_/models/video_mtl_fcos_r18.py')
    model = cfg.model
    model.data_preprocessor.input_size = SIZE
    norm = dict(type='GN', num_groups=2)
    model.backbone.update(base_channels=8, norm_cfg=norm)
    model.neck.update(in_channels=[16, 32, 64], out_channels=16)
    head = model.head.heads
    head.det.bbox_head.update(
        in_channels=16, feat_channels=16, stacked_convs=1, norm_cfg=norm
    )
    head.cls.update(window=4, stride=2, hop=2)
    head.track.update(in_channels=16, feat_channels=32, box_jitter=0.0)
    head.track.loss_embed = dict(
        type='mmvmtl.InstanceContrastiveLoss', negatives='clip'
    )
    return model


def build_model(cfg: ConfigDict, **changes: object) -> nn.Module:
    """Build a model with seed 0, changed by settings with dotted names."""
    torch.manual_seed(0)
    init_default_scope('mmdet')
    whole = Config(dict(model=copy.deepcopy(cfg)))
    whole.merge_from_dict({f'model.{k}': v for k, v in changes.items()})
    model = MODELS.build(whole.model)
    model.init_weights()
    return model
