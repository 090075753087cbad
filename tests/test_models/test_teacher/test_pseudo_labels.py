"""What a teacher is sure of, and what not."""

import pytest
import torch
from mmengine.structures import InstanceData
from small_model import build_model, make_clip, small_model_cfg

from mmvmtl.models.teacher.pseudo_labels import PseudoLabels, without_labels

BOXES = torch.tensor(
    [[0.0, 0, 9, 9], [5.0, 5, 20, 20], [0.0, 0, 9, 9], [30.0, 5, 40, 20]]
)


@pytest.fixture(scope='module')
def heads():
    return dict(build_model(small_model_cfg()).head.heads.items())


def found(scores=(0.9, 0.5, 0.49, 0.6), clip=(0.1, 0.8, 0.1)):
    """One frame; the first two boxes are tracked, as 4 and 2."""
    sample = without_labels(make_clip(1), 7)
    frame = sample.video_data_samples[0]
    frame.pred_instances = InstanceData(
        bboxes=BOXES,
        scores=torch.tensor(scores),
        labels=torch.tensor([0, 1, 1, 0]),
    )
    frame.pred_track_instances = InstanceData(
        bboxes=BOXES[[1, 0]],
        labels=torch.tensor([1, 0]),
        instances_id=torch.tensor([2, 4]),
        velocities=torch.tensor([[torch.nan] * 2, [1.0, 0.0]]),
    )
    return sample.set_pred_score(torch.tensor(clip))


def test_boxes_classes_identities_and_clip_label(heads):
    clip = PseudoLabels(0.5, 0.8)(found(), make_clip(1, boxes=1), heads)
    gt = clip.video_data_samples[0].gt_instances
    assert torch.equal(gt.bboxes, BOXES[[0, 1, 3]])
    assert gt.labels.tolist() == [0, 1, 0]
    assert gt.instances_ids.tolist() == [-4, -2, 0]
    # The box in no track trains no embedding.
    assert gt.visibilities.tolist() == [1, 1, 0]
    assert gt.velocities.isnan().all() and gt.velocities.shape == (3, 2)
    assert clip.gt_label.tolist() == [1]
    assert set(clip.labelled) == {'det', 'track', 'cls'}


@pytest.mark.parametrize(
    ('box_thr', 'clip_thr', 'labelled'),
    [
        (0.91, 0.8, {'cls'}),
        (0.9, 0.81, {'det', 'track'}),
        (0.91, 0.81, set()),
    ],
)
def test_what_is_not_sure_is_not_labelled(heads, box_thr, clip_thr, labelled):
    make = PseudoLabels(box_thr, clip_thr)
    clip = make(found(), make_clip(1), heads)
    assert set(clip.labelled) == labelled
    assert ('gt_label' in clip) == ('cls' in labelled)


def test_a_clip_in_which_nothing_is_known_to_move_has_no_label(heads):
    """A head that reads velocities says the same of all such clips."""
    clip = found()
    tracked = clip.video_data_samples[0].pred_track_instances
    tracked.velocities = torch.full((2, 2), torch.nan)
    made = PseudoLabels(0.5, 0.0)(clip, make_clip(1), heads)
    assert set(made.labelled) == {'det', 'track'} and 'gt_label' not in made


def test_untracked_boxes_alone_label_no_identity(heads):
    clip = PseudoLabels(0.5)(found((0.1, 0.1, 0.1, 0.6)), make_clip(1), heads)
    assert set(clip.labelled) == {'det', 'cls'}


def test_equal_boxes_of_two_classes_keep_their_own_ids(heads):
    clip = PseudoLabels(0.4)(found(), make_clip(1), heads)
    gt = clip.video_data_samples[0].gt_instances
    assert gt.instances_ids.tolist() == [-4, -2, 0, 0]


def test_thresholds_out_of_range():
    with pytest.raises(ValueError, match=r'clip_thr=1.2 must lie'):
        PseudoLabels(clip_thr=1.2)


def test_a_teacher_sees_no_ground_truth():
    clip = without_labels(make_clip(2, start=5, scale=0.5), 3)
    assert clip.labelled == () and clip.video_id == 3
    first, second = clip.video_data_samples
    assert len(first.gt_instances) == 0
    assert (first.is_first, second.is_first) == (True, False)
    assert first.scale_factor == (1.0, 1.0)
    assert 'gt_label' not in clip


def test_a_frame_without_a_sure_box_teaches_no_background(heads):
    """Its neighbour has one, so the clip is labelled; that frame is not."""
    clip = found()
    other = found(scores=(0.4, 0.3, 0.2, 0.1)).video_data_samples[0]
    clip.video_data_samples = [*clip.video_data_samples, other]
    made = PseudoLabels(0.5, 0.8)(clip, make_clip(2), heads)
    sure, unsure = made.video_data_samples
    assert 'det' in made.labelled
    assert sure.get('labelled_classes') is None
    assert unsure.labelled_classes == () and not len(unsure.gt_instances)
