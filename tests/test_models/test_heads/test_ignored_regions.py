"""What a detection head learns where the annotation says to look away."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import InstanceData
from small_model import CONFIGS, SIZE, make_clip, small_model_cfg

from mmvmtl.models.heads.ignored_regions import ignored_cells

#: Right half of the picture, (h, w) = (64, 96).
REGION = torch.tensor([[48.0, 0.0, 96.0, 64.0]])


def frame(boxes=((4.0, 4.0, 20.0, 20.0),), region=REGION):
    found = make_clip(length=1).video_data_samples[0]
    boxes = torch.tensor(boxes).reshape(-1, 4)
    found.gt_instances = InstanceData(
        bboxes=boxes, labels=torch.zeros(len(boxes), dtype=torch.long)
    )
    found.ignored_instances = InstanceData(bboxes=region)
    return found


def test_cells_by_hand():
    """Cells of 16 px: columns 3..5 are ignored, but not beside the object.

    It covers the cell (1, 4); one cell around it is its, too.
    """
    cells = ignored_cells([frame([(64.0, 16.0, 80.0, 32.0)])], 4, 6)
    assert cells.int().tolist() == [
        [
            [0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0],
            [0, 0, 0, 1, 1, 1],
        ]
    ]


def rtmdet():
    return small_model_cfg().head.heads.det, (8, 16, 32), 16


def fcos():
    cfg = Config.fromfile(CONFIGS / '_base_/models/video_mtl_fcos_r18.py')
    det = cfg.model.head.heads.det
    det.bbox_head.update(in_channels=32, feat_channels=32)
    return det, tuple(det.bbox_head.strides), 32


@pytest.fixture(params=[rtmdet, fcos])
def head(request):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    cfg, strides, channels = request.param()
    built = MODELS.build(cfg).train()
    built.strides = strides
    built.channels = channels
    return built


def score_gradients(head, one):
    """Of the loss by each level's logits, summed over classes: (h, w)."""
    seen = []

    def keep(_, __, outputs):
        for level in outputs[0]:
            level.retain_grad()
            seen.append(level)

    handle = head.bbox_head.register_forward_hook(keep)
    draw = torch.Generator().manual_seed(0)
    feats = tuple(
        torch.randn(
            1,
            head.channels,
            -(-SIZE[0] // s),
            -(-SIZE[1] // s),
            generator=draw,
        )
        for s in head.strides
    )
    losses = head._frame_loss(feats, [one])
    handle.remove()
    total = sum(
        sum(value) if isinstance(value, list) else value
        for value in losses.values()
    )
    assert total.isfinite() and total < 1e3
    total.backward()
    return [level.grad[0].abs().sum(dim=0) for level in seen]


def test_no_background_is_learned_inside(head):
    fine, *_ = score_gradients(head, frame())
    half = fine.shape[1] // 2
    assert not fine[:, half:].any()
    assert (fine[:, :half] > 0).all()


def test_an_object_inside_is_learned(head):
    """As a person of whom a crowd's box says nothing."""
    fine, *_ = score_gradients(head, frame([(60.0, 20.0, 84.0, 44.0)]))
    assert fine[4, 9] > 0 and not fine[-1, -1]


def test_without_a_region_all_is_background(head):
    fine, *_ = score_gradients(head, frame(region=torch.zeros(0, 4)))
    assert (fine > 0).all()
