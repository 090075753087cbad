"""Small models and clips for the tests of the model."""

import copy

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmvmtl.registry import MODELS
from mmvmtl.structures import VideoMTLDataSample

SIZE = (64, 96)  # h, w
TASKS = ('det', 'cls', 'track')


def make_clip(
    length, boxes=3, video=0, start=0, labelled=TASKS, step=1, scale=1.0
):
    """A clip whose boxes move by (2, 1) px a frame."""
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


@pytest.fixture
def clip():
    """The function that makes a clip."""
    return make_clip


@pytest.fixture(scope='session')
def model_cfg():
    """The default model, narrow and shallow."""
    cfg = Config.fromfile('configs/_base_/models/video_mtl_rtmdet_tiny.py')
    model = cfg.model
    model.data_preprocessor.input_size = SIZE
    model.backbone.widen_factor = 0.125
    model.neck.update(in_channels=[32, 64, 128], out_channels=16)
    head = model.head.heads
    head.det.bbox_head.update(in_channels=16, feat_channels=16)
    head.det.bbox_head.stacked_convs = 1
    head.det.test_cfg.score_thr = 0.0
    head.cls.update(in_channels=16, window=4, stride=2, hop=2)
    head.track.update(in_channels=16, feat_channels=32, score_thr=0.0)
    return model


@pytest.fixture
def build(model_cfg):
    """Build the small model, changed by the given settings."""

    def _build(**changes):
        torch.manual_seed(0)
        init_default_scope('mmdet')
        cfg = Config(dict(model=copy.deepcopy(model_cfg)))
        cfg.merge_from_dict({f'model.{k}': v for k, v in changes.items()})
        model = MODELS.build(cfg.model)
        model.init_weights()
        return model

    return _build
