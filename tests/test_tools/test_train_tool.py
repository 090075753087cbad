"""What a training leaves beside its checkpoints."""

import json
import runpy
import sys
from pathlib import Path
from types import ModuleType

import mmdet
import pytest
import torch
from mmengine.config import Config

from mmvmtl.apis.train_options import apply_resume

ANALYZE = '.mim/tools/analysis_tools/analyze_logs.py'


@pytest.fixture
def validated_run(tiny_run):
    """The run of one epoch, which validates in the end."""
    settings = tiny_run.settings
    for part in ('dataloader', 'evaluator'):
        settings[f'val_{part}'] = settings[f'test_{part}']
    settings['val_cfg'] = dict()
    return tiny_run


def test_pictures_of_training_are_one_switch(validated_run, tool):
    """Into the run's folder, and into TensorBoard beside it."""
    pytest.importorskip('tensorboard')
    backends = [dict(type=f'{n}VisBackend') for n in ('Local', 'Tensorboard')]
    validated_run.settings.update(
        visualizer=dict(vis_backends=backends),
        default_hooks=dict(visualization=dict(draw=True, interval=1)),
    )
    tool('train')([validated_run.write()])
    (folder,) = validated_run.folder.glob('work_dir/*/vis_data')
    pictures = {p.name for p in folder.glob('vis_image/*.png')}
    assert {name.partition('_img')[0] for name in pictures} == {'train', 'val'}
    events = list(folder.glob('events.out.tfevents.*'))
    assert len(events) == 1 and events[0].stat().st_size > 10_000


def test_mmdetections_log_tools_read_our_logs(
    validated_run, tool, monkeypatch, capsys
):
    """A key with a slash would hide the iteration times behind it."""
    script = Path(mmdet.__file__).parent / ANALYZE
    if not script.is_file():
        pytest.skip(f'this mmdet ships no {ANALYZE}')
    validated_run.settings['default_hooks'] = dict(logger=dict(interval=1))
    validated_run.settings['custom_hooks'] = [
        dict(type='mmvmtl.TelemetryHook', interval=1),
        dict(type='mmvmtl.GradientHealthHook', interval=1),
    ]
    tool('train')([validated_run.write()])
    (log,) = validated_run.folder.glob('work_dir/*/vis_data/scalars.json')
    rows = map(json.loads, log.read_text().splitlines())
    kinds = {key.partition('.')[0] for row in rows for key in row}
    assert {'weight', 'telemetry', 'grad', 'time'} <= kinds
    # It is imported for the style of plots alone.
    monkeypatch.setitem(sys.modules, 'seaborn', ModuleType('seaborn'))
    monkeypatch.setattr(sys, 'argv', [str(script), 'cal_train_time', str(log)])
    capsys.readouterr()
    runpy.run_path(str(script), run_name='__main__')
    out = capsys.readouterr().out
    assert 'average iter time' in out and 'nan' not in out


def test_resume_without_a_checkpoint_still_loads_the_start(
    tiny_run, tool, tmp_path
):
    """As after a kill before the first checkpoint."""
    start = tmp_path / 'start.pth'
    tool('train')([tiny_run.write()])
    first = tiny_run.folder / 'work_dir/epoch_1.pth'
    state = torch.load(first, weights_only=False)['state_dict']
    torch.save(dict(state_dict=state), start)
    cfg = Config.fromfile(tiny_run.write())
    cfg.load_from = str(start)
    cfg.work_dir = str(tmp_path / 'again')
    apply_resume(cfg, 'auto')
    assert cfg.load_from == str(start) and not cfg.get('resume')
    Path(cfg.work_dir).mkdir()
    (Path(cfg.work_dir) / 'last_checkpoint').write_text(str(first))
    apply_resume(cfg, 'auto')
    assert cfg.load_from is None and cfg.resume
