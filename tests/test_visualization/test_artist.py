"""What is drawn: where, in which colour, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmvmtl.visualization import FrameArtist, VideoMTLVisualizer
from mmvmtl.visualization.drawing import color_of, draw_arrow

BLACK = np.zeros((400, 400, 3), np.uint8)


def _boxes(**more) -> dict:
    boxes = dict(bboxes=np.array([[100.0, 150, 180, 250]]), labels=[0])
    return {**boxes, **more}


def test_an_identity_has_one_colour_and_no_random_number_is_drawn():
    state = np.random.get_state()[1].copy()
    colors = [color_of(number) for number in range(64)]
    assert (np.random.get_state()[1] == state).all()
    assert color_of(7) == colors[7]
    assert len(set(colors)) == 64
    assert color_of(2**45) == color_of(2**45)


def test_a_box_is_drawn_at_its_place_in_its_colour():
    drawn = FrameArtist().draw(BLACK, _boxes(ids=np.array([5])))
    rows, columns = np.nonzero((drawn == color_of(5)).all(-1))
    assert columns.min() == pytest.approx(100, abs=2)
    assert rows.max() == pytest.approx(250, abs=2)
    assert not BLACK.any(), 'the frame itself is left as it was'


@pytest.mark.parametrize(('score', 'seen'), [(0.29, False), (0.31, True)])
def test_a_low_score_is_not_drawn(score, seen):
    boxes = _boxes(scores=np.array([score]))
    assert FrameArtist(score_thr=0.3).draw(BLACK, boxes).any() == seen


def test_a_trail_follows_an_identity_and_ends_after_its_time():
    artist = FrameArtist(trail=3)
    for shift in (0, 60):
        bboxes = np.array([[100.0 + shift, 150, 120 + shift, 170]])
        drawn = artist.draw(BLACK, _boxes(bboxes=bboxes, ids=np.array([1])))
    # Between the two centres, outside both boxes.
    assert drawn[158:163, 135:145].any()
    nothing = dict(
        bboxes=np.zeros((0, 4)), labels=np.zeros(0), ids=np.zeros(0, int)
    )
    later = [artist.draw(BLACK, nothing).any() for _ in range(4)]
    assert later[0]
    assert not later[-1]


def test_a_reset_forgets_the_trails():
    artist = FrameArtist()
    artist.draw(BLACK, _boxes(ids=np.array([1])))
    artist.reset()
    moved = _boxes(bboxes=np.array([[300.0, 300, 340, 340]]))
    drawn = artist.draw(BLACK, {**moved, 'ids': np.array([1])})
    assert not drawn[200:280, 150:280].any()


@pytest.mark.parametrize('shift', [(np.nan, np.nan), (0.5, 0.5)])
def test_an_undefined_or_tiny_velocity_has_no_arrow(shift):
    image = BLACK.copy()
    draw_arrow(image, np.array([50.0, 50]), np.array(shift), (0, 255, 0))
    assert not image.any()


def test_an_arrow_points_along_the_velocity():
    image = BLACK.copy()
    draw_arrow(image, np.array([200.0, 200]), np.array([90.0, 0]), (0, 255, 0))
    columns = np.nonzero(image.any(-1))[1]
    assert (columns.min() >= 197, columns.max() >= 289) == (True, True)


def test_a_small_frame_is_enlarged_and_its_boxes_with_it():
    small = np.zeros((96, 128, 3), np.uint8)
    boxes = dict(bboxes=np.array([[40.0, 40, 60, 60]]), labels=[0])
    drawn = FrameArtist().draw(small, boxes)
    assert drawn.shape == (384, 512, 3)
    columns = np.nonzero((drawn == color_of(0)).all(-1))[1]
    assert columns.max() >= 238


def test_the_visualizer_draws_tracks_and_ground_truth_side_by_side(tmp_path):
    frame = DetDataSample(metainfo=dict(video_id=1, classes=('a',)))
    frame.gt_instances = InstanceData(
        bboxes=torch.tensor([[10.0, 10, 60, 60]]),
        labels=torch.tensor([0]),
        instances_ids=torch.tensor([0]),
    )
    frame.pred_track_instances = InstanceData(
        bboxes=torch.tensor([[10.0, 10, 60, 60]]),
        labels=torch.tensor([0]),
        scores=torch.tensor([0.9]),
        instances_id=torch.tensor([3]),
    )
    visualizer = VideoMTLVisualizer(name='side_by_side')
    path = tmp_path / 'a.png'
    visualizer.add_datasample(
        'x', BLACK, frame, draw_gt=True, out_file=str(path)
    )
    image = visualizer.get_image()
    assert image.shape == (400, 800, 3)
    # RGB outside, BGR inside.
    left, right = image[:, :400, ::-1], image[:, 400:, ::-1]
    assert (left == color_of(0)).all(-1).any()
    assert (right == color_of(3)).all(-1).any()
    assert path.is_file()


@pytest.mark.parametrize(('second', 'joined'), [(5, True), (9, False)])
def test_a_trail_joins_consecutive_frames_only(second, joined):
    visualizer = VideoMTLVisualizer(name=f'trail_{second}')
    for number, x in ((4, 50.0), (second, 250.0)):
        frame = DetDataSample(metainfo=dict(video_id=1, frame_id=number))
        frame.pred_track_instances = InstanceData(
            bboxes=torch.tensor([[x, 200, x + 20, 220]]),
            labels=torch.tensor([0]),
            scores=torch.tensor([0.9]),
            instances_id=torch.tensor([3]),
        )
        visualizer.add_datasample('x', BLACK, frame)
    between = visualizer.get_image()[205:215, 100:200]
    assert between.any() == joined
