"""The joint model against each data set's own."""

import pytest

from mmvmtl.apis.result_file import write_result


@pytest.fixture
def compare(tool, tmp_path, capsys):
    """Run the tool on rows; give its exit code and the table's last cells."""

    def run(joint, **alone):
        path = tmp_path / 'result.json'
        rows = {'joint': joint, **alone}
        rows = {k: {'metrics': v} for k, v in rows.items()}
        write_result(
            path, joint, command='x', config=None, seeds=[0, 1], rows=rows
        )
        code = 0
        try:
            tool('analysis/joint_against_alone')([str(path)])
        except SystemExit as stop:
            code = stop.code
        out = capsys.readouterr()
        return code, out.out.splitlines()[2:], out.err

    return run


def test_ten_percent_are_allowed_on_the_mean_over_seeds(compare):
    """HOTA 45 of 50 is -10 %, mAP50 0.71 of 0.80 is -11.3 %."""
    joint = {
        'fish/track/HOTA': [44.0, 46.0], 'fish/det/mAP50': [0.70, 0.72],
        'fish/det/mAP': [0.1, 0.1],
    }  # fmt: skip
    fish = {
        'fish/track/HOTA': [50.0, 50.0], 'fish/det/mAP50': [0.75, 0.85],
        'fish/det/mAP': [0.9, 0.9],
    }  # fmt: skip
    code, lines, _ = compare(joint, fish=fish)
    assert code == 1
    assert lines == [
        '| fish/det/mAP50 | 0.800 | 0.710 | -11.3% | worse |',
        '| fish/track/HOTA | 0.500 | 0.450 | -10.0% | holds |',
    ]


def test_a_task_that_never_learned_is_told_and_not_judged(compare):
    joint = {'coco/det/mAP50': [0.01, 0.01]}
    code, lines, _ = compare(joint, coco={'coco/det/mAP50': [0.09, 0.09]})
    assert code == 0
    assert lines[0].endswith('| not judged |')


def test_what_is_missing_is_named(compare):
    joint = {'fish/det/mAP': [0.5, 0.5]}
    code, _, error = compare(joint, fish={'fish/det/mAP50': [0.5, 0.5]})
    assert code == 2
    assert "fish/det/mAP50 is not known of both 'fish' and 'joint'" in error
    # A row of another name compares nothing, which is no success.
    code, _, error = compare(joint, fish_alone={'fish/det/mAP50': [0.5, 0.5]})
    assert code == 2
    assert "row 'fish_alone' has no metric" in error
    code, _, error = compare(joint)
    assert code == 2
    assert 'no rows to compare' in error
