"""The table at the end of the demo, without the demo's training."""

import importlib.util
from pathlib import Path

import pytest

from mmvmtl.apis.result_file import read_result, write_result

PATH = Path(__file__).parents[2] / 'tools' / 'demo.py'
METRICS = {'det/mAP50': 0.5, 'reid/rank1': 0.75, 'track/IDSW': 7}


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """Run it where each step only leaves the files that others look for."""
    spec = importlib.util.spec_from_file_location('demo', PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(tool, *arguments):
        name = {'make_synthetic': 'data/v.mp4', 'infer': 'video/v.json'}
        made = tmp_path / 'work' / name[Path(tool).stem]
        made.parent.mkdir(parents=True)
        made.touch()

    monkeypatch.setattr(module, 'run', run)
    monkeypatch.setattr(
        module, 'train_and_test', lambda *_: (Path('last.pth'), METRICS)
    )
    monkeypatch.setattr(module, 'FLOORS', tmp_path / 'floors.json')
    return module


def lines(demo, tmp_path, capsys):
    demo.main(['--work-dir', str(tmp_path / 'work')])
    text = (tmp_path / 'work/metrics.md').read_text()
    assert text in capsys.readouterr().out
    return text.splitlines()


def test_floors_stand_beside_the_metrics(demo, tmp_path, capsys):
    write_result(
        tmp_path / 'floors.json',
        {'reid/rank1_pixel': 0.1, 'stock/det/bbox_mAP_50': 0.9},
        command='x',
        config=None,
        seeds=[0],
    )
    assert lines(demo, tmp_path, capsys) == [
        '| metric | short | floor |',
        '| --- | ---: | ---: |',
        '| det/mAP50 | 0.500 | 0.900 (stock RTMDet-tiny, full budget) |',
        '| reid/rank1 | 0.750 | 0.100 (colour) |',
        '| track/IDSW | 7.000 |  |',
    ]
    result = read_result(tmp_path / 'work/result.json')
    assert result['metrics'].pop('minutes')[0] >= 0
    assert result['metrics'] == {k: [v] for k, v in METRICS.items()}


def test_without_measured_floors_there_is_no_column(demo, tmp_path, capsys):
    table = lines(demo, tmp_path, capsys)
    assert table[0] == '| metric | short |'
    assert table[2] == '| det/mAP50 | 0.500 |'
