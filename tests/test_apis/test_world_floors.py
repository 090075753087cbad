"""The floors of a world, and that the default world keeps them low."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmvmtl.apis import world_floors as floors
from mmvmtl.datasets.synthetic import SyntheticWorld


def test_pixel_colours_are_read_at_the_centres_of_boxes():
    image = np.zeros((20, 30, 3), np.uint8)
    image[5, 12] = (1, 2, 3)
    truth = dict(bboxes=np.float32([[10, 3, 14, 8]]))
    assert floors.pixel_colours(image, truth).tolist() == [[1, 2, 3]]


def test_histograms_know_colours_but_not_places():
    patch = np.zeros((8, 8, 3), np.uint8)
    patch[:4] = (0, 0, 255)
    other = patch.transpose(1, 0, 2).copy()
    for histogram in (floors.colour_histogram, floors.hue_histogram):
        assert (histogram(patch) == histogram(other)).all()
        assert np.linalg.norm(histogram(patch)) == pytest.approx(1)
        assert (histogram(patch) != histogram(patch[:4])).any()


def test_a_feature_that_knows_the_instance_reaches_one():
    def cheat(image, truth):
        return truth['instances_ids'][:, None] + 100.0

    world = SyntheticWorld(0, 'val')
    scores = floors.reid_floors(world, 1, dict(cheat=cheat))
    assert scores == {'reid/rank1_cheat': 1.0}


def test_a_single_frame_probe_reads_what_a_frame_shows():
    """Labels that are linear in the features are found, noise is not."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 8))
    y = x[:, :5].argmax(1)
    right = floors._ridge_accuracy(x[:400], y[:400], x[400:], y[400:], 1.0)
    wrong = floors._ridge_accuracy(
        x[:400], rng.permutation(y[:400]), x[400:], y[400:], 1.0
    )
    assert right > 0.8 and wrong < 0.4


def test_the_default_world_gives_little_to_shortcuts():
    world = SyntheticWorld(2, 'test')
    scores = floors.reid_floors(world, 10)
    assert scores['reid/rank1_pixel'] < 0.5
    assert scores['reid/rank1_colour_histogram'] < 0.5
    scores = floors.single_frame_floors(
        SyntheticWorld(0), world, num_train=20, num_test=8
    )
    assert max(scores.values()) < 0.5


def test_tracks_on_true_boxes_are_good_but_not_perfect():
    scores = floors.track_floors(SyntheticWorld(1, 'val'), 4)
    assert 50 < scores['track/HOTA_bytetrack_true_boxes'] < 97


def test_results_of_other_runs_are_merged(tmp_path, monkeypatch):
    import importlib.util
    from pathlib import Path

    path = Path(__file__).parents[2] / 'tools' / 'world_floors.py'
    spec = importlib.util.spec_from_file_location('floors_tool', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    scores = tmp_path / 'tenth.json'
    scores.write_text(json.dumps({'metrics': {'det/mAP50': [0.4, 0.6]}}))
    merged = tool.read_results([f'tenth={scores}'])
    assert merged == {'tenth/det/mAP50': 0.5}
    with pytest.raises(ValueError, match='can not be read'):
        tool.read_results([f'x={tmp_path}/absent.json'])
