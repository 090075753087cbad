"""Rows follow the same boxes, and perfect boxes give perfect tracks."""

import sys
from pathlib import Path

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmvmtl.models.trackers.options import Scores

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / 'tools'


@pytest.fixture(scope='module')
def bench():
    sys.path.insert(0, str(TOOLS))
    import bench_trackers

    yield bench_trackers
    sys.path.remove(str(TOOLS))


@pytest.fixture
def video():
    """Two boxes that pass by each other in ten frames, found exactly."""
    frames = []
    for t in range(10):
        x = torch.tensor([[10.0 + 4 * t], [60.0 - 4 * t]])
        y = torch.tensor([[10.0], [50.0]])
        bboxes = torch.cat([x, y, x + 20, y + 20], dim=1)
        labels = torch.tensor([0, 1])
        frame = DetDataSample(metainfo=dict(frame_id=t))
        frame.gt_instances = InstanceData(
            bboxes=bboxes, labels=labels, instances_ids=torch.tensor([7, 3])
        )
        frame.pred_track_instances = InstanceData(
            bboxes=bboxes,
            labels=labels,
            scores=torch.tensor([0.9, 0.8]),
            embeddings=torch.eye(2),
            velocities=torch.tensor([[4.0, 0.0], [-4.0, 0.0]]),
        )
        frames.append(frame)
    return frames


TRACKER = dict(
    type='mmvmtl.VideoTracker', embedding=dict(), velocity=dict(), recover={}
)


def test_perfect_boxes_are_perfect_tracks_in_every_row(bench, video):
    rows = bench.rows_of(TRACKER)
    assert len(rows) == 5
    for name, options in rows.items():
        scores = bench.score([video], lambda v, o=options: bench.ours(o, v))
        assert scores['HOTA'] == pytest.approx(100), name
        assert scores['IDSW'] == 0


def test_bytetracker_gets_the_same_boxes(bench, video):
    pytest.importorskip('lap')
    for low in (0.1, None):
        scores = Scores(low=low)
        result = bench.score(
            [video], lambda v, s=scores: bench.bytetracker(s, v)
        )
        # Its ids change hands at most while a track is new.
        assert result['DetA'] > 85 and result['HOTA'] > 85


def test_a_row_lacks_only_its_part(bench):
    rows = bench.rows_of(TRACKER)
    assert rows['everything'] == TRACKER
    assert rows['without embedding'] == {**TRACKER, 'embedding': None}
    assert rows['without velocity'] == {**TRACKER, 'velocity': None}


def test_a_config_without_a_tracker_is_one_sentence(bench, capsys):
    config = ROOT / 'configs/synthetic/detection_only_rtmdet_tiny.py'
    with pytest.raises(SystemExit):
        bench.main([str(config), 'a.pth'])
    assert 'has no model.tracker' in capsys.readouterr().err


def test_seeds_without_their_checkpoints_are_one_sentence(bench, capsys):
    with pytest.raises(SystemExit):
        bench.main(['config.py', 'a.pth', '--seeds', '0', '1'])
    assert '2 seeds for 1 checkpoints' in capsys.readouterr().err
