import math

import pytest
import torch

from mmvmtl.models.losses import InstanceContrastiveLoss


def _loss(embeddings, clips, ids, labels=None, **cfg):
    labels = [0] * len(ids) if labels is None else labels
    rows = [torch.tensor(x) for x in (clips, ids, labels)]
    return InstanceContrastiveLoss(**cfg)(embeddings, *rows)


def test_golden_value():
    """Two views of one instance at cos 1, one other at cos 0, τ = 1.

    Each view: -log(e / (e + 1)) = log(1 + 1/e) = 0.31326, by hand.
    """
    embeddings = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])
    loss = _loss(embeddings, [0, 0, 0], [4, 4, 9], temperature=1.0)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1)), abs=1e-6)


def test_another_class_does_not_repel():
    embeddings = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.9, 0.0]])
    loss = _loss(embeddings, [0, 0, 0], [4, 4, 9], labels=[0, 0, 1])
    assert loss.item() == 0


def test_equal_ids_of_two_clips_are_two_instances():
    """Clips number their instances each for itself."""
    embeddings = torch.eye(2).repeat(2, 1)
    apart = _loss(embeddings, [0, 0, 1, 1], [4, 5, 4, 5])
    assert apart.item() == 0  # no pair of one instance in one clip


def test_another_clip_of_the_video_does_not_repel_its_own_instance():
    """Two fish, two clips: the looks of both are perfect, or repel another's.

    Of one video only the other fish repels, four boxes at cos 0:
    log(1 + 4/e), τ = 1, by hand.
    """
    embeddings = torch.eye(2).repeat(4, 1)
    clips, ids = [0] * 4 + [1] * 4, [4, 5] * 4
    rows = [torch.tensor(x) for x in (clips, ids, [0] * 8)]
    loss = InstanceContrastiveLoss(temperature=1.0)
    one_video = loss(embeddings, *rows, torch.zeros(8))
    assert one_video.item() == pytest.approx(math.log(1 + 4 / math.e))
    two_videos = loss(embeddings, *rows, torch.tensor(clips))
    assert two_videos.item() == pytest.approx(loss(embeddings, *rows).item())
    assert two_videos > one_video


def test_identities_of_a_clip_alone_repel_no_other_clip_of_the_video():
    """Two animals that a tracker numbers otherwise in the second clip.

    Only the other one of the clip repels, two boxes at cos 0:
    log(1 + 2/e), τ = 1, by hand.
    """
    embeddings = torch.eye(2).repeat(4, 1)
    clips = torch.tensor([0] * 4 + [1] * 4)
    ids = torch.tensor([-1, -2] * 2 + [-2, -1] * 2)
    labels = torch.zeros(8, dtype=torch.long)
    loss = InstanceContrastiveLoss(temperature=1.0)
    one_video = loss(embeddings, clips, ids, labels, torch.zeros(8))
    assert one_video.item() == pytest.approx(math.log(1 + 2 / math.e))
    two_videos = loss(embeddings, clips, ids, labels, clips)
    assert two_videos > one_video


def test_only_the_clip_repels_with_negatives_of_the_clip():
    embeddings = torch.tensor([[1.0, 0.0], [1.0, 0.2], [1.0, 0.1]])
    rows = [0, 0, 1], [4, 4, 4]
    assert _loss(embeddings, *rows, negatives='batch').item() > 0.5
    assert _loss(embeddings, *rows, negatives='clip').item() == 0


def test_does_not_depend_on_the_order_of_boxes():
    torch.manual_seed(0)
    embeddings = torch.randn(12, 8)
    clips = torch.arange(12) % 2
    ids = torch.arange(12) % 6 // 2
    labels = ids % 2
    order = torch.randperm(12)
    loss = InstanceContrastiveLoss()
    assert loss(embeddings, clips, ids, labels).item() == pytest.approx(
        loss(
            embeddings[order], clips[order], ids[order], labels[order]
        ).item(),
        rel=1e-5,
    )


def test_gradient_pulls_views_together_and_others_apart():
    embeddings = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.6, -0.8]])
    embeddings.requires_grad_()
    _loss(embeddings, [0, 0, 0], [1, 1, 2]).backward()
    step = -embeddings.grad
    assert step[0, 1] > 0  # towards its second view, away from the other


def test_no_box_at_all_is_a_zero_with_a_gradient():
    embeddings = torch.zeros(0, 8, requires_grad=True)
    loss = _loss(embeddings, [], [])
    loss.backward()
    assert loss.item() == 0


def test_what_is_remembered_repels_its_class():
    """The golden value again, the other box being one batch older."""
    loss = InstanceContrastiveLoss(1.0, memory=2, embed_dims=2)
    same, other = torch.zeros(2).long(), torch.ones(2).long()
    views = torch.tensor([[1.0, 0.0], [2.0, 0.0]])
    assert loss(views, same, same, same).item() == 0
    loss(torch.tensor([[0.0, 3.0], [-1.0, 0.0]]), same, other * 9, other)
    # Both old views fell out; of those in, none is of this class ...
    assert loss(views, same, same, same).item() == 0
    loss(torch.tensor([[0.0, 3.0]]), same[:1], same[:1], same[:1])
    loss.seen_labels[1] = 1
    # ... until one is.
    golden = math.log(1 + math.exp(-1))
    assert loss(views, same, same, same).item() == pytest.approx(golden)


def test_what_is_remembered_has_unit_length_and_a_temperature():
    """Views at cos 1, remembered at cos 0.6, tau 0.5: log(1 + e^-0.8)."""
    loss = InstanceContrastiveLoss(0.5, memory=1, embed_dims=2)
    one, two = torch.zeros(1).long(), torch.zeros(2).long()
    loss(torch.tensor([[6.0, 8.0]]), one, one, one)
    value = loss(torch.tensor([[1.0, 0.0], [3.0, 0.0]]), two, two, two)
    assert value.item() == pytest.approx(math.log(1 + math.exp(-0.8)))


def test_evaluation_is_not_remembered():
    loss = InstanceContrastiveLoss(memory=2, embed_dims=2).eval()
    rows = torch.zeros(2).long()
    loss(torch.eye(2), rows, rows, rows)
    assert (loss.seen_labels == -1).all()


def test_memory_of_other_clips_beside_negatives_of_the_clip_is_refused():
    with pytest.raises(ValueError, match="negatives='batch'"):
        InstanceContrastiveLoss(negatives='clip', memory=8)


def test_memory_has_no_gradient_and_survives_a_checkpoint():
    loss = InstanceContrastiveLoss(memory=4, embed_dims=2)
    views = torch.tensor([[1.0, 0.1], [2.0, 0.0]], requires_grad=True)
    rows = torch.zeros(2).long()
    for _ in range(2):
        loss(views, rows, rows, rows).backward()
    assert not loss.seen.requires_grad
    again = InstanceContrastiveLoss(memory=4, embed_dims=2)
    again.load_state_dict(loss.state_dict())
    assert again(views, rows, rows, rows) == loss(views, rows, rows, rows)


def test_unknown_negatives_are_refused():
    with pytest.raises(ValueError, match="'batch' or 'clip'"):
        InstanceContrastiveLoss(negatives='video')
