import json
import math
import subprocess

import pytest

from mmvmtl.apis import result_file
from mmvmtl.apis.result_file import read_result, write_result
from mmvmtl.errors import UserError


def _write(path, metrics, **changes):
    settings = dict(command='python x.py', config='c.py', seeds=(0, 1))
    return write_result(path, metrics, **(settings | changes))


def test_file_has_the_form_of_the_contract(tmp_path):
    path = tmp_path / 'docs' / 'speed.json'
    written = _write(path, {'HOTA': [50.5, 51.0]})
    assert list(written) == [
        'commit',
        'date',
        'machine',
        'versions',
        'command',
        'config',
        'seeds',
        'metrics',
    ]
    assert written['metrics'] == {'HOTA': [50.5, 51.0]}
    assert read_result(path) == written == json.loads(path.read_text())
    assert [p.name for p in path.parent.iterdir()] == ['speed.json']


def test_rows_may_differ_in_seeds(tmp_path):
    rows = {
        'a': {'fps': [1.0, 2.0]},
        'b': dict(metrics={'fps': 3.0}, seeds=[7]),
    }
    written = _write(tmp_path / 'r.json', {}, rows=rows)['rows']
    assert written['a'] == {'metrics': {'fps': [1.0, 2.0]}}
    assert written['b'] == {'metrics': {'fps': [3.0]}, 'seeds': [7]}


def test_one_number_per_seed_or_an_error(tmp_path):
    with pytest.raises(ValueError, match="'x' has 1 numbers for 2 seeds"):
        _write(tmp_path / 'r.json', {'x': 1.0})
    assert not (tmp_path / 'r.json').exists()


def test_what_is_not_finite_becomes_null(tmp_path):
    metrics = {'x': [math.nan, math.inf]}
    assert _write(tmp_path / 'r.json', metrics)['metrics'] == {
        'x': [None, None]
    }


def test_command_does_not_say_where_the_project_lies(tmp_path):
    script = str(result_file.ROOT / 'tools' / 'x.py')
    written = _write(tmp_path / 'r.json', {}, command=[script, 'a b'])
    assert written['command'] == "tools/x.py 'a b'"


def test_machine_names_no_host():
    host = subprocess.run(
        ['uname', '-n'], capture_output=True, text=True
    ).stdout.strip()
    assert 'cores' in result_file.machine()
    assert host not in result_file.machine()


@pytest.mark.parametrize('text', [None, 'no json', '{"metrics": {}}'])
def test_unreadable_result_is_one_sentence(tmp_path, text):
    path = tmp_path / 'r.json'
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=str(path)):
        read_result(path)


def test_unwritable_place_is_one_sentence(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(UserError, match='can not be written'):
        _write(tmp_path / 'file' / 'r.json', {}, seeds=())
