import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from mmvmtl.datasets import FrameOfClip
from mmvmtl.errors import UserError
from mmvmtl.registry import DATASETS, METRICS, MODELS


def _frame():
    return dict(
        img=np.zeros((8, 8, 3), np.uint8),
        gt_bboxes=np.array([[1, 2, 3, 4]], np.float32),
        gt_bboxes_labels=np.array([3]),
        gt_ignore_flags=np.array([True]),
    )


def test_instances_are_those_of_the_frame():
    found = FrameOfClip().transform(dict(frames=[_frame()]))
    assert found['instances'] == [
        dict(bbox=[1, 2, 3, 4], bbox_label=3, ignore_flag=1)
    ]


def test_several_frames_are_refused():
    with pytest.raises(UserError, match=r'2 frames.*chunk=1'):
        FrameOfClip().transform(dict(frames=[_frame(), _frame()]))


def test_the_stock_config_trains_on_single_frames():
    """No frame before comes along, as in clips that train tracking."""
    cfg = Config.fromfile('configs/synthetic/rtmdet_tiny_stock.py')
    init_default_scope('mmdet')
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    for i in range(3):
        assert dataset[i]['inputs'].shape == (3, 192, 256)


def test_a_stock_detector_of_mmdet_trains_and_is_evaluated_on_our_data():
    cfg = Config.fromfile('configs/synthetic/rtmdet_tiny_stock.py')
    cfg.model.backbone.widen_factor = 0.125
    cfg.model.neck.update(in_channels=[32, 64, 128], out_channels=16)
    cfg.model.bbox_head.update(in_channels=16, feat_channels=16)
    cfg.model.test_cfg.score_thr = 0.0
    init_default_scope('mmdet')
    dataset = cfg.test_dataloader.dataset
    dataset.update(num_videos=1, indices=3)
    dataset = DATASETS.build(dataset)
    model = MODELS.build(cfg.model)
    for conv in model.bbox_head.rtm_reg:
        # Untrained distances to a box's sides are as often negative.
        torch.nn.init.ones_(conv.bias)
    batch = pseudo_collate([dataset[i] for i in range(3)])
    data = model.data_preprocessor(batch, True)
    total, _ = model.parse_losses(model(**data, mode='loss'))
    total.backward()
    metric = METRICS.build(cfg.test_evaluator[0])
    metric.dataset_meta = dataset.metainfo
    model.eval()
    with torch.no_grad():
        out = model.test_step(batch)
    metric.process(batch, [sample.to_dict() for sample in out])
    assert 'det/bbox_mAP_50' in metric.evaluate(3)
