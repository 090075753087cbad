import math

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from small_model import SIZE, build_model, make_clip, small_model_cfg

from mmvmtl.errors import UserError
from mmvmtl.models.heads import GroupMotionHead, MultiTaskHead

MOTIONS = ('drift', 'converge', 'disperse', 'rotate')
FEATS = (torch.zeros(1, 4, 2, 2),)


def _frame(motion, rng):
    """Eight boxes around a centre that move as the label says."""
    angle = torch.rand(8, generator=rng) * 2 * math.pi
    out = torch.stack([angle.cos(), angle.sin()], dim=1)
    velocity = dict(
        drift=torch.tensor([[2.0, 1.0]]).repeat(8, 1),
        converge=-2 * out,
        disperse=2 * out,
        rotate=2 * torch.stack([-out[:, 1], out[:, 0]], dim=1),
    )[motion]
    centre = torch.tensor([100.0, 80.0]) + 50 * out
    frame = DetDataSample()
    frame.gt_readout = InstanceData(
        bboxes=torch.cat([centre - 8, centre + 8], dim=1),
        velocities=velocity + 0.3 * torch.randn(8, 2, generator=rng),
    )
    return frame


def test_learns_how_objects_move_together():
    """Two hundred small steps tell four motions apart on new draws."""
    torch.manual_seed(0)
    rng = torch.Generator().manual_seed(0)
    head = GroupMotionHead(4)
    optimizer = torch.optim.Adam(head.parameters(), 3e-3)

    def batch(count):
        labels = torch.randint(0, 4, (count,), generator=rng)
        frames = [_frame(MOTIONS[k], rng) for k in labels]
        return head.describe(FEATS, frames)[:, None], labels

    for _ in range(200):
        clips, labels = batch(16)
        loss = torch.nn.functional.cross_entropy(head.score(clips), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    clips, labels = batch(100)
    assert (head.score(clips).argmax(dim=1) == labels).float().mean() > 0.9


def test_neither_the_order_of_boxes_nor_their_place_matters():
    torch.manual_seed(0)
    head = GroupMotionHead(5)
    rng = torch.Generator().manual_seed(1)
    clip = head.describe(FEATS, [_frame('rotate', rng)])[None]
    moved = clip.clone()
    moved[..., :2] += 3.0
    order = torch.randperm(clip.shape[2])
    logits = head.score(clip)
    assert torch.allclose(head.score(moved), logits, atol=1e-5)
    assert torch.allclose(head.score(clip[:, :, order]), logits, atol=1e-5)


def test_no_objects_and_no_velocities_give_finite_logits_and_gradients():
    head = GroupMotionHead(5)
    empty = DetDataSample()
    unknown = DetDataSample()
    unknown.gt_readout = InstanceData(
        bboxes=torch.ones(2, 4),
        velocities=torch.full((2, 2), float('nan')),
    )
    clips = head.describe(FEATS, [empty, unknown])[:, None]
    logits = head.score(clips)
    logits.sum().backward()
    assert logits.isfinite().all()
    assert all(p.grad.isfinite().all() for p in head.parameters())


def test_a_tracking_head_without_velocities_is_refused_in_training():
    """Else the label would be learned from nothing, without a word."""
    cfg = small_model_cfg()
    del cfg.head.heads.track['motion']
    model = build_model(cfg).train()
    samples = [make_clip(length=2)]
    frames = torch.zeros(2, 3, *SIZE)
    with pytest.raises(UserError, match='motion=dict'):
        model.loss(frames, samples)


def test_weak_detections_are_left_out():
    head = GroupMotionHead(5, score_thr=0.5)
    frame = DetDataSample()
    frame.pred_track_instances = InstanceData(
        bboxes=torch.ones(2, 4),
        velocities=torch.ones(2, 2),
        scores=torch.tensor([0.9, 0.1]),
    )
    described = head.describe(FEATS, [frame])
    assert described.isfinite().all(dim=-1).sum() == 1


def test_a_head_that_needs_tracks_asks_for_one_that_gives_them():
    with pytest.raises(ValueError, match=r"'cls' needs tracks.*cls=None"):
        MultiTaskHead(
            dict(cls=dict(type='mmvmtl.GroupMotionHead', num_classes=5))
        )
