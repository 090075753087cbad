"""Our tools, run as a user types them."""

import os
import threading
import time

import pytest

from mmvmtl.apis.steps import Shell, quiet_shell, side_by_side


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
    shell = quiet_shell(tmp_path / 'run', os.cpu_count(), MMVMTL_X=7)
    shell.run(script)
    shell.run(script)
    assert (tmp_path / 'run/log.txt').read_text() == '7 1\n7 1\n'
    out = capfd.readouterr().out
    assert out.count('$ python') == 2 and '7 1' not in out


def test_a_failure_names_its_log_and_keeps_the_code(script, tmp_path, capsys):
    log = tmp_path / 'log.txt'
    with pytest.raises(SystemExit) as stop:
        Shell(dict(OMP_NUM_THREADS='1'), log).run(script, 'fail')
    assert stop.value.code == 1
    assert str(log) in capsys.readouterr().err
    assert 'told to' in log.read_text()


def test_tasks_run_side_by_side_and_answer_in_order():
    """Two that wait for each other end only if both run at once."""
    both = threading.Barrier(2, timeout=20)

    def task(number):
        both.wait()
        return number

    tasks = [lambda n=n: task(n) for n in range(4)]
    assert side_by_side(tasks, 2) == [0, 1, 2, 3]


def test_a_failure_begins_nothing_more():
    begun = []

    def stop():
        raise SystemExit(3)

    def late(number):
        time.sleep(0.1)
        begun.append(number)

    tasks = [stop, *(lambda n=n: late(n) for n in range(50))]
    with pytest.raises(SystemExit) as found:
        side_by_side(tasks, 1)
    assert found.value.code == 3
    assert len(begun) < 50
