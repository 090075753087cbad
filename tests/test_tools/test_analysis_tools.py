"""The reports on tasks, from a training of seconds."""

import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from small_training import small_training

from mmvmtl.apis import measured_run
from mmvmtl.apis.result_file import write_result
from mmvmtl.apis.steps import Shell
from mmvmtl.errors import UserError


def small_config(folder):
    """Two tasks, one epoch; boxes and tracks of an untrained network."""
    cfg = small_training(folder / 'work', 1)
    cfg.model.head.heads.cls = None
    cfg.model.loss.weights.cls = None
    cfg.train_dataloader.dataset.num_videos = 2
    cfg.val_dataloader.dataset.num_videos = 1
    cfg.test_dataloader = cfg.val_dataloader
    cfg.test_evaluator = cfg.val_evaluator
    cfg.test_cfg = dict(type='TestLoop')
    cfg.val_dataloader = cfg.val_evaluator = cfg.val_cfg = None
    path = folder / 'config.py'
    cfg.dump(path)
    return str(path)


@pytest.fixture
def commands(tool, monkeypatch):
    """Run tools in this process; what was run, in order."""
    seen = []

    def run(shell, script, *args):
        seen.append((script, *map(str, args)))
        name = script.removeprefix('tools/').removesuffix('.py')
        tool(name)(list(map(str, args)))
        return dict(seconds=2.0, memory_mib=100.0)

    monkeypatch.setattr(measured_run, 'run_measured', run)
    monkeypatch.setattr(Shell, 'run', run)
    return seen


def test_negative_transfer_from_end_to_end(tool, commands, tmp_path, capsys):
    config = small_config(tmp_path)
    times = tmp_path / 'steps.json'
    steps = {'sum+PCGrad': 1.25}
    write_result(times, steps, command='x', config=None, seeds=[0])
    # Two in one process would get into each other's way.
    args = [config, '--seeds', '0', '--methods', 'fixed', '--jobs', '1']
    args += ['--step-times', str(times)]
    args += ['--work-dir', str(tmp_path / 'runs')]
    args += ['--out', str(tmp_path / 'joint.json')]
    result = tool('analysis/negative_transfer')(args)
    scripts = [command[0] for command in commands]
    assert scripts.count('tools/train.py') == 3
    assert scripts.count('tools/test.py') == 4
    rows = result['rows']
    assert rows['alone']['metrics']['seconds'] == [4.0]
    wanted = {'det/mAP50', 'reid/rank1', 'track/velocity_mae', 'seconds'}
    for row in rows.values():
        assert wanted <= set(row['metrics'])
    joint = rows['fixed']['metrics']
    assert {'gain/det', 'gain/track', 'gain/delta_m'} <= set(joint)
    assert 'own_boxes/track/HOTA' in joint
    # Fixed weights cost what the sum does, which all are compared with.
    assert joint['step_over_sum'] == [1]
    # Boxes that are true are found, whatever the network has learned.
    assert joint['track/HOTA'][0] > 50
    assert '| alone |' in capsys.readouterr().out

    # A second time nothing is trained, and the numbers are the same.
    commands.clear()
    again = tool('analysis/negative_transfer')(args)
    assert not commands
    assert again['rows'] == result['rows']

    # Another config must not be mixed in.
    with pytest.raises(SystemExit):
        tool('analysis/negative_transfer')(
            [*args, '--cfg-options', 'optim_wrapper.optimizer.lr=0.5']
        )
    assert 'another config' in capsys.readouterr().err


@pytest.mark.parametrize('lost', [None, 'config.py', 'test.py'])
@pytest.mark.parametrize('changed', [None, 'config', 'test'])
def test_metrics_are_read_for_their_own_run_only(tmp_path, lost, changed):
    """Trained and tested with the same configs, and they are known."""
    cfgs = {name: Config(dict(lr=0.1)) for name in ('config', 'test')}
    for name, cfg in cfgs.items():
        (tmp_path / f'{name}.py').write_text(cfg.pretty_text)
    (tmp_path / 'metrics.json').write_text('{"test": 1}')
    if lost:
        (tmp_path / lost).unlink()
    if changed:
        cfgs[changed].lr = 0.2

    def read():
        return measured_run.train_and_measure(
            cfgs['config'], tmp_path, {'test': cfgs['test']}
        )

    if not lost and not changed:
        assert read() == {'test': 1}
        return
    with pytest.raises(UserError, match=f'{tmp_path.name} holds'):
        read()


def test_time_and_memory_are_those_of_the_process():
    found = measured_run.run_measured(
        Shell(), '-c', 'import time; x = b"1" * 200 * 2**20; time.sleep(0.3)'
    )
    assert 0.3 < found['seconds'] < 60
    assert 200 < found['memory_mib'] < 400


def test_a_broken_off_training_costs_what_all_its_attempts_cost(
    tmp_path, monkeypatch
):
    """2 s and a failure, then 3 s; and unknown where nobody came back."""
    cfg = Config(dict(lr=0.1))
    clock = iter([10.0, 12.0, 20.0])
    monkeypatch.setattr(measured_run.time, 'perf_counter', lambda: next(clock))
    ways = iter([SystemExit(3), None, KeyboardInterrupt()])

    def train(shell, *command):
        way = next(ways)
        if way is not None:
            raise way
        (tmp_path / 'a/train').mkdir()
        (tmp_path / 'a/train/last_checkpoint').write_text('x.pth')
        return dict(seconds=3.0, memory_mib=7.0)

    monkeypatch.setattr(measured_run, 'run_measured', train)
    with pytest.raises(SystemExit):
        measured_run.train_and_measure(cfg, tmp_path / 'a', {})
    found = measured_run.train_and_measure(cfg, tmp_path / 'a', {})
    assert found['train'] == dict(seconds=5.0, memory_mib=7.0)
    with pytest.raises(KeyboardInterrupt):
        clock = iter([0.0])
        measured_run.train_and_measure(cfg, tmp_path / 'b', {})
    assert json.loads((tmp_path / 'b/train.json').read_text()) == dict(
        seconds=None, memory_mib=0.0, finished=False
    )


def test_a_step_costs_the_same_under_fixed_weights(tool):
    main = tool('analysis/negative_transfer')
    step_time = main.__wrapped__.__globals__['step_time']
    times = {'sum+PCGrad': [1.25], 'FAMO': [1.01]}
    plain = True
    assert step_time(times, 'fixed', plain) == dict(step_over_sum=1)
    assert step_time(times, 'fixed+PCGrad', plain) == dict(step_over_sum=1.25)
    assert step_time(times, 'FAMO', plain) == dict(step_over_sum=1.01)
    assert step_time(times, 'sum', plain) == dict(step_over_sum=1)
    assert step_time(times, 'GLS', plain) == {} == step_time({}, 'sum', plain)
    assert step_time(times, 'fixed', plain=False) == {}
    assert step_time(times, 'sum', plain=False) == dict(step_over_sum=1)


@pytest.mark.parametrize(
    'model, plain',
    [
        (dict(), True),
        (dict(loss=dict(type='mmvmtl.WeightedMTLLoss')), True),
        (dict(loss=dict(type='mmvmtl.FAMO')), False),
        (dict(branch=dict(weighting='MGDA')), False),
    ],
)
def test_what_fixed_weights_are(tool, model, plain):
    main = tool('analysis/negative_transfer')
    weighs_plainly = main.__wrapped__.__globals__['weighs_plainly']
    assert weighs_plainly(Config(dict(model=model))) is plain


def test_a_failing_tool_ends_the_report():
    with pytest.raises(SystemExit) as caught:
        measured_run.run_measured(Shell(), '-c', 'raise SystemExit(3)')
    assert caught.value.code == 3


def test_affinity_report(tool, tmp_path, capsys):
    out = tmp_path / 'affinity.json'
    found = tool('analysis/task_affinity')(
        [small_config(tmp_path), '--batches', '1', '--out', str(out)]
    )
    assert json.loads(out.read_text()) == json.loads(json.dumps(found))
    assert set(found['affinity']) == {'det', 'track'}
    assert [len(g['groups']) for g in found['groupings']] == [1, 2]
    image = out.with_suffix('.png').read_bytes()
    assert image[:4] == b'\x89PNG'
    assert '| metric |' in capsys.readouterr().out


def test_cosines_are_drawn_in_order(tool, tmp_path):
    """Also from several files, as a resumed run leaves them."""
    rows = [(3, 0.5), (1, -0.25), (2, 0.0), (4, float('nan'))]
    for number, (step, value) in enumerate(rows):
        line = {'telemetry.cos_det_cls': value, 'step': step, 'loss': 1}
        path = tmp_path / f'{number}.json'
        path.write_text(json.dumps(line) + '\n' + json.dumps({'lr': 1}))
    out = tmp_path / 'cosines.png'
    paths = [str(tmp_path / f'{n}.json') for n in range(4)]
    series = tool('analysis/plot_cosines')([*paths, '--out', str(out)])
    ((name, (x, y)),) = series.items()
    assert name == 'det – cls'
    assert (x.tolist(), y.tolist()) == ([1, 2, 3], [-0.25, 0.0, 0.5])
    assert out.read_bytes()[:4] == b'\x89PNG'


def test_a_run_without_telemetry_is_told_what_to_add(tool, tmp_path, capsys):
    path = tmp_path / 'scalars.json'
    path.write_text('{"loss": 1}\n')
    with pytest.raises(SystemExit):
        tool('analysis/plot_cosines')([str(path)])
    assert 'TelemetryHook' in capsys.readouterr().err
    path.write_text('[1]\n')
    with pytest.raises(SystemExit):
        tool('analysis/plot_cosines')([str(path)])
    assert 'has no scalars' in capsys.readouterr().err


def test_domains_are_looks_of_one_frame(tool, tmp_path, capsys):
    """Names above, pictures in rows; a missing one is white."""
    out = tmp_path / 'domains.png'
    main = tool('analysis/plot_domains')
    day, again = (
        main(['--out', str(out), '--domains', name])[24:]
        for name in ('day', 'day')
    )
    assert (day == again).all() and day.shape == (192, 256, 3)
    whole = main(
        ['--out', str(out), '--domains', 'night', 'day', 'fog']
        + ['--columns', '2']
    )
    assert out.is_file() and whole.shape == (2 * 216 + 4, 2 * 256 + 4, 3)
    assert (whole[24:216, 260:] == day).all()
    assert (whole[24:216, :256] != day).mean() > 0.5
    assert (whole[220:, 260:] == 255).all()
    with pytest.raises(SystemExit):
        main(['--domains', 'dusk', '--out', str(out)])
    assert "not 'dusk'" in capsys.readouterr().err


@pytest.fixture
def looks(tmp_path):
    """Write a config whose training pipeline has that look of night."""

    def write(kind=None):
        path = tmp_path / f'{len(list(tmp_path.iterdir()))}.py'
        small = dict(type='mmvmtl.SyntheticVideoDataset', split='train')
        small.update(num_videos=1, clip=dict(length=1))
        world = dict(size=(96, 96), length=4, style='day')
        night = {**world, 'style': 'night'}
        look = dict(type=kind, prob=0.1, target={**small, 'world': night})
        steps = [dict(type='mmvmtl.LoadVideoFrames')] + [look] * bool(kind)
        train = dict(type=small['type'], world=world, pipeline=steps)
        test = dict(type=small['type'], world=night)
        Config(
            dict(
                default_scope='mmdet',
                train_dataloader=dict(dataset=train),
                test_dataloader=dict(dataset=test),
            )
        ).dump(path)
        return str(path)

    return write


def test_looks_stand_between_source_and_target(tool, looks, tmp_path, capsys):
    """Columns: day, colours of night, night; a row for each video."""
    out = tmp_path / 'out.png'
    colour = looks('mmvmtl.ColourTransfer')
    main = tool('analysis/plot_translations')
    whole = main([colour, '--frame', '2', '--out', str(out)])
    assert out.is_file() and whole.shape == (2 * 120 + 4, 3 * 100 - 4, 3)
    day, changed, night = (whole[24:120, x : x + 96] for x in (0, 100, 200))
    far, near = (
        np.abs(part.astype(float) - night).mean() for part in (day, changed)
    )
    assert near < far
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith('day ') and lines[0].endswith('from night')


def test_a_config_without_a_look_is_one_sentence(tool, looks, capsys):
    main = tool('analysis/plot_translations')
    with pytest.raises(SystemExit):
        main([looks()])
    assert 'has 0 transforms' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([looks('mmvmtl.ColourTransfer'), '--frame', '4'])
    assert 'has the frames 0 to 3' in capsys.readouterr().err


@pytest.fixture
def adaptations(tmp_path, monkeypatch):
    """Two configs with a start, and the commands of fake runs."""
    start = tmp_path / 'start.pth'
    start.touch()
    configs = []
    for name in ('plain', 'teacher'):
        path = tmp_path / f'{name}.py'
        train = dict(type='IterBasedTrainLoop', max_iters=25)
        Config(dict(load_from=str(start), train_cfg=train)).dump(path)
        configs.append(str(path))
    commands = []

    def run(_, tool, config, *words):
        commands.append((tool, config, *map(str, words)))
        if tool == 'tools/test.py':
            checkpoint, result = words[0], words[2]
            result.parent.mkdir(parents=True, exist_ok=True)
            step = Path(checkpoint).stem.removeprefix('iter_')
            value = 0.5 if step == 'start' else int(step)
            result.write_text(json.dumps(dict(metrics={'det/mAP50': value})))

    monkeypatch.setattr(Shell, 'run', run)
    return configs, commands, tmp_path


def test_an_adaptation_is_tested_on_its_way(tool, adaptations):
    """Every 10 iterations and the last; the start once, for all."""
    configs, commands, folder = adaptations
    out = folder / 'out.png'
    series = tool('analysis/adaptation_curve')(
        [*configs, '--every', '10', '--work-dir', str(folder / 'work')]
        + ['--out', str(out), '--seed', '3']
    )
    points = {0: 0.5, 10: 10, 20: 20, 25: 25}
    assert series == dict(plain=points, teacher=points) and out.is_file()
    trains = [c for c in commands if c[0] == 'tools/train.py']
    assert len(trains) == 2 and len(commands) == 2 + 7
    for command in trains:
        assert 'default_hooks.checkpoint.interval=10' in command
        # Or only the last ones are there to be tested.
        assert 'default_hooks.checkpoint.max_keep_ckpts=-1' in command
        assert 'randomness.seed=3' in command


@pytest.mark.parametrize(
    'changes, arguments, words',
    [
        ({}, ['--every', '0'], '--every 0'),
        ({}, ['--metric', 'HOTA'], "none of ['det/mAP50']"),
        (dict(load_from=None), [], 'no load_from'),
        (dict(load_from='none.pth'), [], 'none.pth does not exist'),
        (dict(train_cfg=dict(max_epochs=1)), [], 'trains by epochs'),
    ],
)
def test_a_curve_of_nothing_is_one_sentence(
    tool, adaptations, capsys, changes, arguments, words
):
    configs, _, folder = adaptations
    cfg = Config.fromfile(configs[0])
    for key, value in changes.items():
        cfg[key] = value
    cfg.dump(configs[0])
    with pytest.raises(SystemExit):
        tool('analysis/adaptation_curve')(
            [*configs, *arguments, '--work-dir', str(folder / 'work')]
            + ['--out', str(folder / 'out.png')]
        )
    assert words in capsys.readouterr().err
