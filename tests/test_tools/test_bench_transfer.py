"""The bench of adaptation, on runs that are made up."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from mmvmtl.apis.cli import add_cfg_options
from mmvmtl.config_guard import load_config
from mmvmtl.datasets.synthetic import SyntheticWorld

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench(tool, monkeypatch, tmp_path):
    """The tool's main on the numbers of fake runs, and their commands."""
    main = tool('bench_transfer')
    names = main.__wrapped__.__globals__
    mAP50 = dict(day_to_fog=0.4, day_to_fog_image=0.5)
    mAP50['day_to_fog_oracle'] = 0.8
    calls, by_day = [], []

    def measure(config, work, seed, options, shell, trained=None):
        if trained is None:
            calls.append((config.stem, seed, dict(shell.env), options))
            value = mAP50.get(config.stem, 0.6) + seed / 100
        else:
            by_day.append((config, work, trained, seed, options))
            value = (0.7 if work.name == 'day' else 0.6) + seed / 100
        return {
            'det/mAP50': value,
            'track/HOTA': 100 * value,
            'cls/clip_top1': None,
            'reid/rank1': 0.5,
        }

    monkeypatch.setitem(names, 'measure', measure)
    out = tmp_path / 'transfer.json'
    starts = [tmp_path / f'day_{seed}.pth' for seed in range(2)]
    for start in starts:
        start.touch()
    common = ['--work-dir', str(tmp_path / 'work'), '--out', str(out)]
    common += ['--checkpoints', *map(str, starts)]

    def run(*args):
        main([*common, *args])
        return json.loads(out.read_text()), calls

    run.by_day = by_day
    return run


def test_the_gap_is_between_source_only_and_oracle(bench, capsys):
    """(0.5 - 0.4) / (0.8 - 0.4), for each seed, and in the table."""
    result, calls = bench(
        *('--targets', 'fog', '--methods', 'image', '--seeds', '0', '1')
    )
    rows = result['rows']
    names = ('day', 'source_only', 'image', 'oracle')
    assert list(rows) == [f'fog/{name}' for name in names]
    metrics = rows['fog/image']['metrics']
    assert metrics['det/mAP50'] == pytest.approx([0.5, 0.51])
    assert metrics['det/mAP50/gap_closed'] == pytest.approx([0.25, 0.25])
    assert metrics['track/HOTA/gap_closed'] == pytest.approx([0.25, 0.25])
    line = '| image | 50.5 ± 0.71 | 50.5 ± 0.71 |  | 0.5 ± 0 | 25'
    assert line in capsys.readouterr().out
    # Every run begins with the day's model of its own seed.
    for _, seed, env, _ in calls:
        assert env['MMVMTL_PRETRAINED'].endswith(f'day_{seed}.pth')


def test_what_a_shift_costs_is_shown_by_the_same_model_by_day(bench, capsys):
    """Nothing is trained for it, and it closes no gap: 70 - 40 is the cost."""
    result, calls = bench('--targets', 'fog', '--methods', '--seeds', '0', '1')
    rows = result['rows']
    metrics = rows['fog/day']['metrics']
    assert metrics['det/mAP50'] == pytest.approx([0.7, 0.71])
    assert 'det/mAP50/gap_closed' not in metrics
    assert '| day | 70.5 ± 0.71 | 70.5 ± 0.71 |  | 0.5 ± 0 |  |  |' in (
        capsys.readouterr().out
    )
    assert sorted(call[0] for call in calls) == [
        *['day_to_fog'] * 2,
        *['day_to_fog_oracle'] * 2,
    ]
    assert sorted(call[3] for call in bench.by_day) == [0, 1]
    for config, work, trained, seed, _ in bench.by_day:
        assert config.stem == 'day_to_fog'
        assert trained.parts[-2:] == ('day_to_fog', f'seed_{seed}')
        assert work.parent == trained


def test_by_day_only_the_look_of_the_test_differs(bench):
    bench('--targets', 'fog', '--methods', '--seeds', '0')
    ((config, *_, options),) = bench.by_day
    parser = argparse.ArgumentParser()
    add_cfg_options(parser)
    changes = parser.parse_args(['--cfg-options', *options]).cfg_options
    plain = load_config(ROOT / config)
    cfg = load_config(ROOT / config, changes)
    world = cfg.test_dataloader.dataset.world
    assert world == cfg.train_dataloader.dataset.world
    assert plain.test_dataloader.dataset.world == {**world, 'style': 'fog'}


def test_source_only_is_trained_once_for_all_targets(bench):
    """And tested on each, with the numbers of its own test."""
    result, calls = bench(
        *('--targets', 'night', 'thermal', '--methods', '--seeds', '0', '1')
    )
    assert sorted(call[:2] for call in calls) == [
        (name, seed)
        for name in ('day_to_fog', 'day_to_night_oracle',
                     'day_to_thermal_oracle')
        for seed in (0, 1)
    ]  # fmt: skip
    tested = {(config.stem, work.name, seed)
              for config, work, _, seed, _ in bench.by_day}  # fmt: skip
    assert tested == {
        (name, folder.format(seed), seed)
        for name, folder in (('day_to_fog', 'day'),
                             ('day_to_night', 'seed_{}'),
                             ('day_to_thermal', 'seed_{}'))
        for seed in (0, 1)
    }  # fmt: skip
    assert all('day_to_fog' in str(call[2]) for call in bench.by_day)
    for name, value in (('day', 0.7), ('source_only', 0.6)):
        for target in ('night', 'thermal'):
            metrics = result['rows'][f'{target}/{name}']['metrics']
            assert metrics['det/mAP50'] == pytest.approx([value, value + 0.01])


def test_what_source_only_trains_on_does_not_depend_on_the_target():
    """Pixel by pixel: plain light has no strength."""
    first, *others = (
        load_config(ROOT / f'configs/domain/day_to_{target}.py')
        for target in ('fog', 'night', 'thermal')
    )
    frames = [
        SyntheticWorld(**cfg.train_dataloader.dataset.world)
        .video(3)
        .frame(5)[0]
        for cfg in (first, *others)
    ]
    assert all(np.array_equal(frames[0], frame) for frame in frames[1:])
    for cfg in (first, *others):
        cfg.pop('target')
        cfg.pop('look')
        cfg.pop('strength')
        cfg.pop('test_dataloader')
        cfg.source.world.pop('style_strength')
        cfg.train_dataloader.dataset.world.pop('style_strength')
    assert all(cfg.to_dict() == first.to_dict() for cfg in others)


def test_a_gap_that_is_none_is_unknown(bench):
    """All alike: nothing is lost after hours of runs."""
    result, _ = bench(
        *('--targets', 'night', '--methods', 'image', '--seeds', '0')
    )
    metrics = result['rows']['night/image']['metrics']
    assert metrics['det/mAP50/gap_closed'] == [None]


def test_translator_and_weights_are_made_first(bench, tmp_path, monkeypatch):
    """Once per target, and once per run."""
    from mmvmtl.apis.steps import Shell

    made = []

    def run(_, *words):
        made.append(words[0])
        if words[0] == 'tools/analysis/importance_weights.py':
            content = dict(effective_sample_size=12.5)
            words[-1].write_text(json.dumps(content))

    monkeypatch.setattr(Shell, 'run', run)
    # Of a run that was broken off, and may have begun elsewhere.
    weights = tmp_path / 'work/day_to_fog_importance/seed_0/weights.json'
    weights.parent.mkdir(parents=True)
    weights.touch()
    result, calls = bench(
        *('--targets', 'fog', '--seeds', '0', '--methods'),
        *('importance', 'translated', 'combined'),
    )
    metrics = result['rows']['fog/importance']['metrics']
    assert metrics['effective_sample_size'] == [12.5]
    folder = tmp_path / 'work'
    translator = str(folder / 'translators/fog/iter_500.pth')
    wanting = {n for n, _, env, _ in calls if 'MMVMTL_TRANSLATOR' in env}
    assert wanting == {'day_to_fog_translated', 'day_to_fog_combined'}
    assert all(
        env.get('MMVMTL_TRANSLATOR', translator) == translator
        for _, _, env, _ in calls
    )
    assert made.count('tools/analysis/importance_weights.py') == 1
    (options,) = [o for n, *_, o in calls if n == 'day_to_fog_importance']
    assert options == [f'train_dataloader.sampler.weights={weights}']
    assert (folder / 'translators/fog/run.txt').is_file()
    (folder / 'translators/fog/run.txt').write_text('of another config')
    with pytest.raises(SystemExit):
        bench('--targets', 'fog', '--seeds', '0', '--methods', 'translated')


def test_an_unknown_target_is_one_sentence(bench, capsys):
    with pytest.raises(SystemExit) as stop:
        bench('--targets', 'snow')
    assert stop.value.code == 2
    assert "invalid choice: 'snow'" in capsys.readouterr().err
