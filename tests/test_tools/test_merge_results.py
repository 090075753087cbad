"""Pieces of one benchmark, joined."""

import json

import pytest

from mmvmtl.apis.result_file import make_result, read_result, save_result


@pytest.fixture
def piece(tmp_path):
    """Write a result file of rows; give its path."""

    def write(name, seeds, rows, **changes):
        about = dict(command='bench', config='a.py', seeds=seeds)
        first = next(iter(rows.values()))
        rows = {
            k: v if 'metrics' in v else {'metrics': v} for k, v in rows.items()
        }
        result = make_result(first, **about, rows=rows) | changes
        path = tmp_path / f'{name}.json'
        save_result(path, result)
        return str(path)

    return write


@pytest.fixture
def merge(tool, tmp_path):
    """Run the tool on files; give what it wrote."""

    def run(*files):
        out = tmp_path / 'out' / 'merged.json'
        tool('analysis/merge_results')([*files, '--out', str(out)])
        return read_result(out)

    return run


def test_seeds_ascend_and_numbers_stay_with_theirs(piece, merge):
    late = piece('late', [3, 1], {'a': {'x': [30, 10]}})
    early = piece('early', [2, 0], {'a': {'x': [20, 0]}})
    merged = merge(late, early)
    assert merged['seeds'] == [0, 1, 2, 3]
    assert merged['metrics'] == {'x': [0, 10, 20, 30]}
    assert merged['rows'] == {'a': {'metrics': {'x': [0, 10, 20, 30]}}}


def test_order_of_the_files_changes_no_number(piece, merge):
    one = piece('one', [0], {'a': {'x': 1}, 'b': {'x': 2}})
    other = piece('other', [1], {'a': {'x': 3}})
    assert merge(one, other)['rows'] == merge(other, one)['rows']


def test_a_row_that_has_not_all_seeds_lists_its_own(piece, merge):
    one = piece('one', [0], {'a': {'x': 1}, 'b': {'x': 2}})
    other = piece('other', [1], {'a': {'x': 3}})
    assert merge(one, other)['rows'] == {
        'a': {'metrics': {'x': [1, 3]}},
        'b': {'seeds': [0], 'metrics': {'x': [2]}},
    }


def test_other_rows_of_the_same_seeds_stand_behind_the_first(piece, merge):
    merged = merge(
        piece('one', [0, 1], {'a': {'x': [1, 2]}}),
        piece('other', [0, 1], {'b': {'y': [3, 4]}}),
    )
    assert merged['metrics'] == {'x': [1, 2]}
    assert list(merged['rows']) == ['a', 'b']


def test_what_one_run_does_not_have_is_null(piece, merge):
    one = piece('one', [0], {'a': {'x': 1, 'y': None}})
    other = piece('other', [1], {'a': {'x': 3, 'z': 4}})
    assert merge(one, other)['metrics'] == {
        'x': [1, 3],
        'y': [None, None],
        'z': [None, 4],
    }


def test_where_pieces_differ_all_are_listed(piece, merge):
    one = piece(
        'one',
        [0],
        {'a': {'x': 1}},
        commit='aa',
        versions={'torch': '2', 'mmcv': '1'},
    )
    two = piece(
        'two',
        [1],
        {'a': {'x': 1}},
        commit='bb',
        versions={'torch': '3', 'mmcv': '1'},
    )
    three = piece(
        'three',
        [2],
        {'a': {'x': 1}},
        commit='aa',
        versions={'torch': '3', 'mmcv': '1'},
    )
    merged = merge(one, two, three)
    assert merged['commit'] == 'aa; bb'
    assert merged['versions'] == {'torch': '2; 3', 'mmcv': '1'}
    assert merged['command'] == 'bench'


def test_a_merged_file_is_merged_again(piece, merge, tmp_path):
    first = merge(
        piece('one', [0], {'a': {'x': 1}, 'b': {'x': 5}}),
        piece('two', [1], {'a': {'x': 2}}),
    )
    (tmp_path / 'first.json').write_text(json.dumps(first))
    third = piece('three', [1], {'b': {'x': 6}})
    merged = merge(str(tmp_path / 'first.json'), third)
    assert merged['rows']['b'] == {'metrics': {'x': [5, 6]}}


def test_the_same_run_twice_is_refused(piece, tool, tmp_path, capsys):
    one = piece('one', [0, 1], {'a': {'x': [1, 2]}})
    two = piece('two', [1], {'a': {'x': 3}})
    out = tmp_path / 'out.json'
    with pytest.raises(SystemExit):
        tool('analysis/merge_results')([one, two, '--out', str(out)])
    assert f"'a' has seed 1 in {two}" in capsys.readouterr().err
    assert not out.exists()


def test_folds_of_one_seed_are_refused(piece, tool, tmp_path, capsys):
    """Five folds are no seeds; four of them would be lost."""
    folds = piece('folds', [0, 0], {'a': {'x': [1, 2]}})
    with pytest.raises(SystemExit):
        tool('analysis/merge_results')(
            [folds, '--out', str(tmp_path / 'out.json')]
        )
    assert 'share a seed ([0, 0])' in capsys.readouterr().err
