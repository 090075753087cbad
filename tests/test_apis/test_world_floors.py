"""The floors of a world, and that the default world keeps them low."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from mmvmtl.apis import world_floors as floors
from mmvmtl.apis.result_file import write_result
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


@pytest.fixture
def tool():
    path = Path(__file__).parents[2] / 'tools' / 'world_floors.py'
    spec = importlib.util.spec_from_file_location('floors_tool', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def seeds(tool, tmp_path, monkeypatch):
    """A result of networks that were trained, in place of the project's."""
    rows = {
        'joint': {'det/mAP50': [0.9, 0.9]},
        'alone_tenth': {'det/mAP50': [0.4, 0.6]},
        'stock': dict(
            # No box is large.
            metrics={'det/bbox_mAP_50': 0.7, 'det/bbox_mAP_l': -1.0},
            seeds=[0],
        ),
    }
    path = tmp_path / 'seeds.json'
    write_result(path, {}, command='x', config=None, seeds=[0, 1], rows=rows)
    monkeypatch.setattr(tool, 'SEEDS', path)
    return path


@pytest.mark.parametrize(
    ('pair', 'name'),
    [
        ('tenth={}', 'tenth'),
        ('{}', 'seeds'),
        ('tenth={}:alone_tenth', 'tenth'),
        ('{}:alone_tenth', 'alone_tenth'),
    ],
)
def test_results_of_other_runs_are_merged(tool, seeds, pair, name):
    """Of a whole file or of a row in it, the mean over its seeds."""
    content = json.loads(seeds.read_text())
    content['metrics'] = {'det/mAP50': [0.1, 0.3]}
    seeds.write_text(json.dumps(content))
    score = 0.5 if 'alone' in pair else 0.2
    merged = tool.read_results([pair.format(seeds)])
    assert merged == {f'{name}/det/mAP50': pytest.approx(score)}


@pytest.mark.parametrize(
    ('place', 'words'),
    [
        ('{}/absent.json', 'absent.json can not be read'),
        ('{}/seeds.json:tenth', "no row 'tenth'; choose of joint, alone_tent"),
        ('{}/plain.json:tenth', "no row 'tenth'; choose of none"),
    ],
)
def test_results_that_are_not_there_are_one_sentence(
    tool, seeds, place, words
):
    folder = seeds.parent
    (folder / 'plain.json').write_text('{"det/mAP50": 0.5}')
    with pytest.raises(ValueError, match=words):
        tool.read_results([f'x={place.format(folder)}'])


@pytest.mark.parametrize(
    ('arguments', 'found'),
    [
        ([], {'alone_tenth/det/mAP50': 0.5, 'stock/det/bbox_mAP_50': 0.7}),
        (['--results'], {}),
        # Other videos, and another world: trained networks reach other scores.
        (['--split', 'val'], {}),
        (['--cfg-options', 'world.noise=0.5'], {}),
    ],
    ids=['frozen', 'refused', 'split', 'world'],
)
def test_trained_floors_are_those_of_the_frozen_world(
    tool, seeds, monkeypatch, arguments, found
):
    for name in ('reid_floors', 'single_frame_floors', 'track_floors'):
        monkeypatch.setattr(floors, name, lambda *args: {})
    assert tool.main(arguments) == pytest.approx(found)


def test_without_measured_seeds_there_are_no_trained_floors(tool, seeds):
    seeds.unlink()
    world = tool.cli.read_config(tool.WORLD).world
    assert tool.trained_floors(world, 'test') == {}


def test_floors_stand_under_the_metrics_that_they_are_floors_of():
    """The best colour and probe, both detectors, means over seeds."""
    found = floors.under_metrics(
        {
            'reid/rank1_pixel': [0.1],
            'reid/rank1_hue_histogram': [0.44],
            'reid/rank1_colour_histogram': [0.3],
            'reid/rank1_untrained': [0.9],
            'cls/top1_one_frame_pixels': [0.28],
            'cls/top1_one_frame_boxes': [0.4],
            'track/HOTA_bytetrack_true_boxes': [84.0, 84.5],
            'alone_tenth/det/mAP50': [0.89],
            'stock/det/bbox_mAP_50': [0.88],
        }
    )
    assert found == {
        'det/mAP50': '0.890 (full budget on a tenth of the data), '
        '0.880 (stock RTMDet-tiny, full budget)',
        'track/HOTA': '84.250 (ByteTrack on true boxes)',
        'reid/rank1': '0.440 (colour)',
        'cls/clip_top1': '0.400 (one frame)',
    }


def test_a_floor_that_was_not_measured_is_left_out():
    found = floors.under_metrics({'stock/det/bbox_mAP_50': [0.88]})
    assert found == {'det/mAP50': '0.880 (stock RTMDet-tiny, full budget)'}


def test_an_untrained_network_needs_a_config_of_one(tool, capsys):
    """Said before hours of other floors are measured."""
    with pytest.raises(SystemExit):
        tool.main(['--untrained'])
    assert 'has no model' in capsys.readouterr().err
