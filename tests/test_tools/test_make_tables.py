"""Pages say what the result files say, and CI notices when they do not."""

import importlib.util
from pathlib import Path

import pytest

from mmvmtl.apis.result_file import write_result

PATH = Path(__file__).parents[2] / 'tools' / 'analysis' / 'make_tables.py'
PAGE = 'Before.\n\n<!-- results:{} -->\n{}<!-- /results -->\n\nAfter.\n'


@pytest.fixture(scope='module')
def tables():
    spec = importlib.util.spec_from_file_location('make_tables', PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path):
    """A README with the short form, a page with the whole, one result."""
    write_result(
        tmp_path / 'docs/results/speed.json',
        {'ratio': [1.05, 1.15], 'steps': [7, 7]},
        command='python x.py',
        config=None,
        seeds=(0, 1),
        rows={
            'ours': {'fps': [50.0, 50.0]},
            'theirs': {'fps': [20.0, 20.0]},
            'memory': {'mb': [1234.5, 1234.5]},
        },
    )
    (tmp_path / 'README.md').write_text(PAGE.format('speed ratio', 'old\n'))
    (tmp_path / 'docs/results.md').write_text(PAGE.format('speed', ''))
    return tmp_path


def _root(project):
    return ['--root', str(project)]


def test_short_form_has_the_named_metrics_only(tables, project):
    tables.main(_root(project))
    text = (project / 'README.md').read_text()
    assert '| ratio |\n| --- |\n| 1.10 (1.05–1.15) |' in text
    assert text.startswith('Before.') and text.endswith('After.\n')
    assert 'steps' not in text and 'old' not in text


def test_whole_form_has_a_table_for_rows_of_a_kind(tables, project):
    tables.main(_root(project))
    text = (project / 'docs/results.md').read_text()
    assert '| steps | 7 |' in text
    assert '|  | fps |\n| --- | ---: |\n| ours | 50 |' in text
    assert '|  | mb |\n| --- | ---: |\n| memory | 1234 |' in text
    assert 'python x.py' in text and '2 seeds' in text


def test_short_form_of_rows_has_a_line_for_each(tables, tmp_path):
    write_result(
        tmp_path / 'docs/results/gap.json',
        {},
        command='python y.py',
        config=None,
        seeds=(0,),
        rows={
            'day': {'gap': [0.5], 'steps': [7]},
            'night': {'gap': [0.25], 'steps': [7]},
            'dusk': {'steps': [7]},
        },
    )
    (tmp_path / 'README.md').write_text(PAGE.format('gap rows: gap', ''))
    tables.main(_root(tmp_path))
    text = (tmp_path / 'README.md').read_text()
    assert (
        '|  | gap |\n| --- | ---: |\n| day | 0.500 |\n| night | 0.250 |\n'
        '| dusk | – |' in text
    )
    assert 'steps' not in text


def test_check_fails_until_the_tables_are_written(tables, project, capsys):
    with pytest.raises(SystemExit) as exit_:
        tables.main([*_root(project), '--check'])
    assert exit_.value.code == 2
    assert 'README.md, docs/results.md' in capsys.readouterr().err
    assert 'old' in (project / 'README.md').read_text()
    tables.main(_root(project))
    assert tables.main([*_root(project), '--check']) == []


def test_what_is_not_measured_yet_is_an_empty_block(tables, project):
    page = project / 'README.md'
    page.write_text(PAGE.format('absent', 'invented numbers\n'))
    tables.main(_root(project))
    assert page.read_text() == PAGE.format('absent', '')


def test_a_metric_that_is_not_there_is_one_sentence(tables, project, capsys):
    for names in ('ratoi', 'rows: ratoi'):
        page = PAGE.format(f'speed {names}', '')
        (project / 'README.md').write_text(page)
        with pytest.raises(SystemExit):
            tables.main(_root(project))
        assert "has no metric 'ratoi'" in capsys.readouterr().err


@pytest.mark.parametrize(
    'value, text',
    [(0.71234, '0.712'), (64.25, '64.2'), (123.4, '123'), (0.0, '0')],
)
def test_three_digits_count(tables, value, text):
    assert tables.number(value) == text


def test_a_number_that_is_missing_is_a_dash(tables):
    assert tables.cell([None]) == '–'


def test_the_tables_of_this_project_are_those_of_its_results(tables):
    assert tables.main(['--check']) == []
