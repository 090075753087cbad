"""The rules of KITTI, number for number."""

import pytest

from mmvmtl.evaluation.kitti import kitti_video, read_kitti
from mmvmtl.evaluation.mot_metrics import evaluate_mot

NAMES = (
    *('HOTA', 'DetA', 'AssA', 'LocA'),
    *('MOTA', 'MOTP', 'IDSW', 'IDF1', 'IDR', 'IDP'),
)


@pytest.mark.parametrize(
    'tracker', ['GT-OC-SORT', 'GT-SORT', 'YOLOX-OC-SORT', 'YOLOX-SORT']
)
def test_reproduces_the_official_kitti_numbers(shared_data, tracker):
    """Every digit that ``car_summary.txt`` prints."""
    root = shared_data / 'kitti_tracking'
    folder = root / 'ref_trackers' / tracker
    names, values = (folder / 'car_summary.txt').read_text().split('\n')[:2]
    expected = dict(zip(names.split(), values.split(), strict=True))
    rows = (root / 'evaluate_tracking.seqmap.training').read_text().split('\n')
    videos = [
        kitti_video(
            read_kitti(root / 'label_02' / f'{name}.txt'),
            read_kitti(folder / 'data' / f'{name}.txt'),
            int(length),
        )
        for name, _, _, length in (row.split() for row in rows if row)
    ]
    scores = evaluate_mot(videos).class_mean
    for name in NAMES:
        assert f'{scores[name]:.5g}' == expected[name], name


def test_a_broken_kitti_file_is_named(tmp_path):
    path = tmp_path / '0000.txt'
    path.write_text('0 1 Car 0 0 0 1 2 3 4\n1 1 Car\n')
    with pytest.raises(ValueError, match=r'0000\.txt: row 2 has 3 columns'):
        read_kitti(path)
    path.write_text('')
    assert kitti_video(read_kitti(path), read_kitti(path), 2)[1].ids.size == 0
