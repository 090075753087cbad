"""Our tools, run as a user types them."""

import os
import threading
import time
from pathlib import Path

import pytest

from mmvmtl.apis import steps
from mmvmtl.apis.result_file import usable_cores
from mmvmtl.apis.steps import Shell, measure, quiet_shell, side_by_side
from mmvmtl.errors import UserError


@pytest.fixture
def script(tmp_path):
    """A tool that says what its environment holds, and fails if told to."""
    path = tmp_path / 'tool.py'
    path.write_text(
        'import os, sys\n'
        'print(os.environ.get("MMVMTL_X"), os.environ["OMP_NUM_THREADS"])\n'
        'sys.exit("told to" if "fail" in sys.argv else 0)\n'
    )
    return path


def test_a_quiet_shell_logs_and_shares_the_cores(script, tmp_path, capfd):
    shell = quiet_shell(tmp_path / 'run', usable_cores(), MMVMTL_X=7)
    shell.run(script)
    shell.run(script)
    assert (tmp_path / 'run/log.txt').read_text() == '7 1\n7 1\n'
    out = capfd.readouterr().out
    assert out.count('$ python') == 2 and '7 1' not in out


@pytest.mark.skipif(
    not hasattr(os, 'sched_setaffinity'), reason='no affinity on this system'
)
def test_runs_share_the_cores_that_they_may_use(tmp_path):
    """Bound to one core, as by taskset, a run has one thread."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert quiet_shell(tmp_path, 1).threads == 1
    finally:
        os.sched_setaffinity(0, before)


def test_a_failure_names_its_log_and_keeps_the_code(script, tmp_path, capsys):
    log = tmp_path / 'log.txt'
    with pytest.raises(SystemExit) as stop:
        Shell(log=log, threads=1).run(script, 'fail')
    assert stop.value.code == 1
    assert str(log) in capsys.readouterr().err
    assert 'told to' in log.read_text()


def test_tasks_run_side_by_side_and_answer_in_order():
    """Two that wait for each other end only if both run at once."""
    both = threading.Barrier(2, timeout=20)

    def task(number):
        both.wait()
        return -number

    found = side_by_side(task, [(n,) for n in range(4)], 2)
    assert found == {(n,): -n for n in range(4)}
    assert list(found) == [(n,) for n in range(4)]


@pytest.mark.parametrize(
    ('runs', 'jobs', 'words'),
    [([(0,)], 0, '--jobs 0'), ([(0,), (1,), (0,)], 2, 'asked for twice')],
)
def test_runs_that_would_get_into_each_others_way(runs, jobs, words):
    with pytest.raises(UserError, match=words):
        side_by_side(abs, runs, jobs)


def test_a_failure_begins_nothing_more():
    begun = []

    def fail_first(number):
        if number == 0:
            raise SystemExit(3)
        time.sleep(0.1)
        begun.append(number)

    with pytest.raises(SystemExit) as found:
        side_by_side(fail_first, [(n,) for n in range(50)], 1)
    assert found.value.code == 3
    assert len(begun) < 50


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A bench's run of a config in one folder; the number is its score."""
    config, work = tmp_path / 'config.py', tmp_path / 'work'
    config.write_text('optim_wrapper = dict(optimizer=dict(lr=0.1))\n')
    work.mkdir()
    times = []

    def train_and_test(*_):
        times.append(1)
        return work / 'last.pth', {'number': len(times)}

    monkeypatch.setattr(steps, 'train_and_test', train_and_test)

    def run(seed=0, options=(), shell=None, content=None):
        if content is not None:
            config.write_text(content)
        return measure(config, work, seed, options, shell or Shell())['number']

    return run


LR = 'optim_wrapper.optimizer.lr=0.2'


def test_a_finished_run_is_read(run, tmp_path):
    """How it says things and how many threads it has does not matter."""
    first = dict(seed=3, options=[LR])
    shell = quiet_shell(tmp_path / 'a', 1, MMVMTL_X='a.pth')
    assert run(**first, shell=shell) == 1
    other = quiet_shell(tmp_path / 'b', 99, MMVMTL_X='a.pth')
    assert other.threads != shell.threads or usable_cores() == 1
    assert run(**first, shell=other) == 1


@pytest.mark.parametrize(
    'change',
    [
        dict(seed=1),
        dict(options=[LR]),
        dict(content='optim_wrapper = dict(optimizer=dict(lr=0.3))\n'),
        dict(shell=Shell(dict(MMVMTL_X='b.pth'))),
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_run_is_not_taken_for_it(run, tmp_path, change):
    assert run() == 1
    with pytest.raises(UserError, match='choose another --work-dir') as stop:
        run(**change)
    assert str(tmp_path / 'work') in str(stop.value)
    (tmp_path / 'work/metrics.json').unlink()
    assert run(**change) == 2


def test_another_checkpoint_at_the_same_place_is_another_run(run, tmp_path):
    start = tmp_path / 'start.pth'
    start.write_bytes(b'one')
    shell = Shell(dict(MMVMTL_PRETRAINED=str(start)))
    assert run(shell=shell) == run(shell=shell) == 1
    start.write_bytes(b'two')
    with pytest.raises(UserError, match='choose another --work-dir'):
        run(shell=shell)


def test_a_finished_run_is_tested_on_something_else(tmp_path, monkeypatch):
    """With the checkpoint that it left, once; not with that of another."""
    config, trained = tmp_path / 'config.py', tmp_path / 'trained'
    config.write_text('optim_wrapper = dict(optimizer=dict(lr=0.1))\n')
    (trained / 'train').mkdir(parents=True)
    (trained / 'train/last_checkpoint').write_text('iter_60.pth\n')
    (trained / 'run.txt').write_text('seed 0')
    work, ran = trained / 'day', []

    def run(_, *words):
        ran.append(words[:3])
        work.mkdir(exist_ok=True)
        (work / 'test.json').write_text('{"metrics": {"number": 7}}')

    monkeypatch.setattr(Shell, 'run', run)
    for _ in range(2):
        found = measure(config, work, 0, [LR], trained=trained)
        assert found == {'number': 7}
    assert ran == [('tools/test.py', config, Path('iter_60.pth'))]
    (trained / 'run.txt').write_text('seed 1')
    with pytest.raises(UserError, match='choose another --work-dir'):
        measure(config, work, 0, [LR], trained=trained)


def test_metrics_that_say_nothing_of_their_run_are_refused(run, tmp_path):
    """As an older version wrote them."""
    (tmp_path / 'work/metrics.json').write_text('{"number": 7}')
    with pytest.raises(UserError, match='of an older version'):
        run()
