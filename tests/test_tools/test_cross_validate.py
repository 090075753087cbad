"""Folds as configs, one real run, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mmengine.config import Config

ROOT = Path(__file__).parents[2]
STOPS = 'EarlyStoppingHook'


def test_mean_and_deviation_of_two_folds(tool, tiny_run, capsys):
    """Each trains on two frames of the only video and tests on two."""
    tiny_run.settings['val_dataloader'] = tiny_run.settings['test_dataloader']
    tiny_run.settings['val_cfg'] = dict()
    tiny_run.settings['val_evaluator'] = tiny_run.settings['test_evaluator']
    out = tiny_run.folder / 'out.json'
    work = tiny_run.folder / 'cv'
    command = [tiny_run.write(), '--folds', '2', '--work-dir', str(work),
               '--out', str(out)]  # fmt: skip
    rows = tool('cross_validate')(command)
    result = json.loads(out.read_text())
    first, second = result['metrics']['det/mAP50']
    assert rows['mean']['det/mAP50'] == pytest.approx((first + second) / 2)
    deviation = abs(first - second) / 2**0.5
    assert rows['deviation']['det/mAP50'] == pytest.approx(deviation)
    cfg = Config.fromfile(work / 'tiny_run/k2/seed_0/1/config.py')
    assert cfg.train_dataloader.dataset.fold.index == 1
    held = cfg.test_dataloader.dataset
    assert held.fold == dict(index=1, count=2, held_out=True)
    assert held.test_mode and held.chunk == 2
    # Finished folds are read again, but not as those of another config.
    assert tool('cross_validate')(command) == rows
    with pytest.raises(SystemExit):
        tool('cross_validate')([*command, '--cfg-options', 'custom_hooks=[]'])
    err = capsys.readouterr().err
    assert 'k2/seed_0/0 holds the run of another config' in err


def test_mean_and_sample_deviation_by_hand(tool):
    """Of 1 and 3: 2, and the root of 2."""
    summary = tool('cross_validate').__wrapped__.__globals__['summary']
    rows = summary([dict(a=1.0, b=None), dict(a=3.0, b=1.0)])
    assert rows['mean'] == dict(a=2.0, b=None)
    assert rows['deviation'] == dict(a=pytest.approx(2**0.5), b=None)


@pytest.mark.parametrize(
    'place, changes, setting',
    [
        ('custom_hooks', [dict(type=STOPS)], STOPS),
        ('custom_hooks', [dict(type=f'mmengine.{STOPS}')], STOPS),
        ('custom_hooks', [dict(type=f'mmengine.hooks.{STOPS}')], STOPS),
        ('default_hooks', dict(stop=dict(type=STOPS)), STOPS),
        ('default_hooks', dict(any=dict(type=f'mmengine.{STOPS}')), STOPS),
        ('default_hooks', dict(t=None, s=dict(type=f'mmdet.{STOPS}')), STOPS),
        (
            'default_hooks',
            dict(checkpoint=dict(save_best='auto')),
            'save_best',
        ),
        (
            'custom_hooks',
            [dict(type='CheckpointHook', save_best='auto')],
            'save_best',
        ),
        (
            'param_scheduler',
            [dict(type='ReduceOnPlateauLR', monitor='det/mAP50')],
            'param_scheduler',
        ),
    ],
)
def test_nothing_is_chosen_by_what_is_tested(
    tool, tiny_run, capsys, place, changes, setting
):
    tiny_run.settings[place] = changes
    with pytest.raises(SystemExit):
        tool('cross_validate')([tiny_run.write(), '--folds', '2'])
    assert f'{setting} of the config' in capsys.readouterr().err


def test_the_config_that_stops_early_is_refused(tool, capsys):
    """It has its hook among the default ones."""
    config = ROOT / 'configs/finetune/resnet18_zebrafish_20.py'
    with pytest.raises(SystemExit):
        tool('cross_validate')([str(config), '--folds', '2'])
    assert f'{STOPS} of the config' in capsys.readouterr().err


@pytest.mark.parametrize(
    'folds, kind, message',
    [
        ('1', None, '--folds 1'),
        ('2', 'mmvmtl.SyntheticVideoDataset', 'can not be divided'),
    ],
)
def test_mistakes(tool, tiny_run, capsys, folds, kind, message):
    if kind:
        tiny_run.settings['train_dataloader']['dataset'] = dict(
            type=kind, world=dict(), split='train', num_videos=2
        )
    with pytest.raises(SystemExit):
        tool('cross_validate')([tiny_run.write(), '--folds', folds])
    assert message in capsys.readouterr().err


@pytest.mark.parametrize('name', ['val', 'test'])
def test_held_out_data_of_another_type_are_refused(
    tool, tiny_run, capsys, name
):
    """Before a fold is trained: its settings are not those of a fold."""
    settings = tiny_run.settings
    loader = settings['test_dataloader']
    part = loader['dataset']
    joined = dict(type='mmvmtl.JoinedDataset', datasets=dict(a=part))
    settings[f'{name}_dataloader'] = {**loader, 'dataset': joined}
    settings.update(val_cfg=dict(), val_evaluator=settings['test_evaluator'])
    settings.setdefault('val_dataloader', loader)
    work = tiny_run.folder / 'cv'
    with pytest.raises(SystemExit):
        tool('cross_validate')(
            [tiny_run.write(), '--folds', '2', '--work-dir', str(work)]
        )
    words = f"{name}_dataloader is 'mmvmtl.JoinedDataset', which can not"
    assert words in capsys.readouterr().err and not work.exists()


def test_what_a_fold_does_not_have_is_unknown(tool):
    """A fold may lack a class, whichever fold it is."""
    names = tool('cross_validate').__wrapped__.__globals__
    runs = [dict(a=1.0), dict(a=2.0, walk=0.5)]
    expected = dict(a=[1.0, 2.0], walk=[None, 0.5])
    assert names['by_metric'](runs) == expected
    assert names['by_metric'](runs[::-1])['walk'] == [0.5, None]
    assert names['summary'](runs)['mean'] == dict(a=1.5, walk=None)
