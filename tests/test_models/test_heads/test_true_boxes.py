"""Ground truth in place of detections."""

import torch
from small_model import make_clip

from mmvmtl.models import TrueBoxes
from mmvmtl.models.clip_batch import ClipBatch


def test_boxes_are_those_of_the_networks_input():
    """Half the size the annotations have, labels and order kept."""
    batch = ClipBatch([make_clip(2, boxes=3, scale=0.5)])
    TrueBoxes().predict((), batch)
    for frame in batch.frames:
        found, truth = frame.pred_instances, frame.gt_instances
        assert torch.equal(found.bboxes, truth.bboxes / 2)
        assert torch.equal(found.labels, truth.labels)
        assert found.scores.tolist() == [1, 1, 1]


def test_an_empty_frame_has_no_boxes():
    batch = ClipBatch([make_clip(1, boxes=0)])
    TrueBoxes().predict((), batch)
    assert batch.frames[0].pred_instances.bboxes.shape == (0, 4)


def test_nothing_is_trained():
    """Its zero reaches the features, so that DDP finds every parameter."""
    head = TrueBoxes()
    feats = torch.ones(1, 2, 3, 3, requires_grad=True)
    loss = head.loss((feats,), ClipBatch([make_clip(1)]))['loss_none']
    loss.backward()
    assert loss == 0
    assert torch.equal(feats.grad, torch.zeros_like(feats))
    assert not list(head.parameters())
