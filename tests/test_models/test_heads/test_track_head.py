"""What the tracking head reads."""

import pytest
import torch
from mmengine.structures import InstanceData
from small_model import make_clip
from torch import nn

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads import MultiTaskHead

LEVELS = (8, 16)


def read(branch_channels):
    """The head, and a function that gives its embeddings (3, E)."""
    torch.manual_seed(0)
    feats = tuple(torch.rand(1, 4, 64 // s, 96 // s) for s in LEVELS)
    track = dict(
        type='mmvmtl.TrackHead', in_channels=4, strides=LEVELS,
        embed_dims=8, feat_channels=16, branch_channels=branch_channels,
    )  # fmt: skip
    det = dict(type='mmvmtl.TrueBoxes')
    heads = MultiTaskHead(heads=dict(det=det, track=track)).eval()

    @torch.no_grad()
    def embeddings():
        clip = make_clip(1)
        clip[0].pred_instances = InstanceData(
            bboxes=clip[0].gt_instances.bboxes, scores=torch.ones(3)
        )
        heads.heads['track'].predict(feats, ClipBatch([clip]))
        return clip[0].pred_track_instances.embeddings

    return heads.heads['track'], embeddings


def test_a_branch_stands_before_what_is_read():
    """One that changes nothing reads as if it were not there."""
    plain, expected = read(None)
    head, embeddings = read(4)
    for name in ('trunk', 'embed'):
        getattr(head, name).load_state_dict(getattr(plain, name).state_dict())
    for level in head.branch:
        nn.init.dirac_(level[0].weight)
        nn.init.zeros_(level[0].bias)
    torch.testing.assert_close(embeddings(), expected())
    nn.init.zeros_(head.branch[1][0].weight)
    assert not torch.allclose(embeddings(), expected(), atol=1e-3)


def test_a_branch_may_be_narrower():
    head, embeddings = read(2)
    assert embeddings().shape == (3, 8)
    # Two centres and the nine points of the finest level.
    assert head.trunk[0].in_features == (2 + 9) * 2


@pytest.mark.parametrize('channels', [None, 2])
def test_motion_is_compared_in_the_branch(channels):
    torch.manual_seed(0)
    cfg = dict(in_channels=4, strides=LEVELS, feat_channels=16)
    heads = MultiTaskHead(
        heads=dict(
            det=dict(type='mmvmtl.TrueBoxes'),
            track=dict(
                type='mmvmtl.TrackHead',
                branch_channels=channels,
                motion=dict(channels=8),
                **cfg,
            ),
        )
    )
    head = heads.heads['track']
    feats = tuple(torch.rand(2, 4, 64 // s, 96 // s) for s in LEVELS)
    assert head.motion.project.in_channels == (channels or 4)
    losses = head.loss(feats, ClipBatch([make_clip(2)]))
    sum(losses.values()).backward()
    assert all(p.grad is not None for p in head.motion.parameters())
