"""What overfit.py says of its runs; that models learn is for `make`."""

import json

import pytest


@pytest.fixture
def overfit(tool, monkeypatch):
    """The tool's main, on runs that took no time: one sound, one not."""
    main = tool('overfit')
    names = main.__wrapped__.__globals__
    outcome = names['Outcome']
    found = {
        'fcos_r18': outcome('fcos_r18', 0.9, [], 12, 3.0),
        'yolox_tiny': outcome('yolox_tiny', 0.8, ['neck.w'], 10, 2.0),
    }
    monkeypatch.setitem(names, 'overfit', lambda name, _: found[name])
    return main


def test_writes_what_it_prints(overfit, tmp_path, capsys):
    out = tmp_path / 'overfit.json'
    where = ['--work-dir', str(tmp_path / 'work'), '--out', str(out)]
    overfit(['fcos_r18', *where])
    assert '| fcos_r18         | 0.900 |           12 of 12 |    3 s |' in (
        capsys.readouterr().out
    )
    row = json.loads(out.read_text())['rows']['fcos_r18']
    assert row['metrics'] == {
        'det/mAP50': [0.9],
        'unchanged_parameters': [0],
        'parameters': [12],
        'seconds': [3.0],
    }


def test_a_parameter_that_stood_still_is_named(overfit, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        overfit(['yolox_tiny', '--work-dir', str(tmp_path)])
    assert stop.value.code == 1
    assert 'yolox_tiny: neck.w unchanged' in capsys.readouterr().out


def test_an_unknown_detector_is_one_sentence(overfit, capsys):
    with pytest.raises(SystemExit) as stop:
        overfit(['fcos'])
    assert stop.value.code
    assert 'choose of faster_rcnn_r18, fcos_r18' in capsys.readouterr().err
