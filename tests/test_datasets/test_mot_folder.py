"""Velocities by hand, layouts that occur, and rows that are wrong."""

import cv2
import numpy as np
import pytest
from sounding_video import write_sounding_mkv

from mmvmtl.datasets import MOTVideoDataset
from mmvmtl.datasets.mot_files import list_sequences, read_rows
from mmvmtl.datasets.mot_folder import MOTConverter
from mmvmtl.errors import UserError

ROWS = """\
1,4,10,10,20,10,1,1,1.0
2,4,14,8,20,10,1,1,1.0
2,0,-5,0,10,10,0,2,1.0
4,4,20,10,20,10,1,1,1
5,4,21,10,20,10,1,1,0.5
6,4,22,10,20,10,1,1,1
6,0,90,0,10,10,1,2,1.0
"""


@pytest.fixture
def root(tmp_path):
    """Frame 3 is missing; imDir names somebody's disk."""
    folder = tmp_path / 'seq'
    (folder / 'gt').mkdir(parents=True)
    (folder / 'gt' / 'gt.txt').write_text(ROWS)
    (folder / 'img1').mkdir()
    for number in (1, 2, 4, 5, 6):
        name = folder / 'img1' / f'{number:06d}.jpg'
        cv2.imwrite(str(name), np.zeros((40, 60, 3), np.uint8))
    (folder / 'seqinfo.ini').write_text(
        '[Sequence]\nname=S\nimDir=../elsewhere\nframeRate=14\n'
    )
    return tmp_path


def convert(root, frames=None, classes=('fish', 'crab')):
    converter = MOTConverter(root, classes)
    converter.add('seq', frames)
    return converter


def test_a_velocity_is_the_move_of_the_centre_over_the_gap(root):
    """From 2 to 4: (6, 2) px in two frames; 5 is half hidden."""
    boxes = [
        a for a in convert(root).content['annotations'] if a['instance_id']
    ]
    assert [a.get('velocity') for a in boxes] == [
        None, [4, -2], [3, 1], None, None,
    ]  # fmt: skip


def test_frames_and_boxes_arrive_as_the_contract_says(root):
    converter = convert(root)
    content = converter.content
    assert [i['frame_id'] for i in content['images']] == [0, 1, 3, 4, 5]
    assert content['images'][0]['file_name'] == 'seq/img1/000001.jpg'
    assert content['videos'][0]['fps'] == 14
    assert converter.outside == 1
    (crab,) = (a for a in content['annotations'] if a['category_id'] == 2)
    assert crab['bbox'] == [0, 0, 5, 10]
    assert crab['ignore']
    assert crab['instance_id'] == 0


def test_a_part_begins_without_velocities(root):
    content = convert(root, (2, 4)).content
    assert [i['frame_id'] for i in content['images']] == [1, 3]
    assert [a.get('velocity') for a in content['annotations']] == [
        None, None, [3, 1],
    ]  # fmt: skip


def test_a_hidden_or_unknown_visibility_gives_no_velocity(root):
    rows = [','.join(row.split(',')[:6]) for row in ROWS.splitlines()]
    (root / 'seq' / 'gt' / 'gt.txt').write_text('\n'.join(rows))
    boxes = convert(root).content['annotations']
    assert not any('velocity' in a or 'visibility' in a for a in boxes)


def test_the_last_columns_of_mot15_are_not_classes(tmp_path):
    path = tmp_path / 'gt.txt'
    path.write_text('1,2,0,0,5,5,1,3.5,-7.1,0\n')
    (row,) = read_rows(path)
    assert row.category == 1
    assert np.isnan(row.visibility)


@pytest.mark.parametrize(
    ('row', 'words'),
    [
        ('3,4,1,1,5,5', 'line 8: frame 3 has no picture'),
        ('7,4,1,1,5,5', 'line 8: frame 7 has no picture'),
        ('0,4,1,1,5,5', 'line 8: frame 0 has no picture'),
        ('1,4,1,1,5,5', 'line 8: id 4 occurs twice in frame 1'),
        ('1,9,1,1,0,5', 'line 8 has a box without area'),
        ('1,9,nan,1,5,5', 'line 8 needs'),
        ('1,9,x,1,5,5', "line 8: '1,9,x,1,5,5' is not numbers"),
        ('1,-1,1,1,5,5', 'a detection file is not'),
        ('1,9,1,1,5,5,1,3,1', 'class 3 has no name'),
    ],
)
def test_a_bad_row_is_named(root, row, words):
    path = root / 'seq' / 'gt' / 'gt.txt'
    path.write_text(ROWS + row + '\n')
    with pytest.raises(UserError, match=words):
        convert(root)


def rename(root, **names):
    """Rename pictures: the number of the old one, the stem of the new."""
    folder = root / 'seq' / 'img1'
    for old, new in names.items():
        number = int(old.removeprefix('n'))
        (folder / f'{number:06d}.jpg').rename(folder / f'{new}.jpg')


def test_the_last_digits_of_a_name_are_its_number(root):
    rename(root, **{f'n{n}': f'cam2_{n:06d}' for n in (1, 2, 4, 5, 6)})
    content = convert(root).content
    assert [i['frame_id'] for i in content['images']] == [0, 1, 3, 4, 5]
    assert len(content['annotations']) == 6


def test_pictures_that_two_could_mean_are_refused(root):
    """MOT counts from 1: from 0 on, every box would be one frame late."""
    rename(root, n1='right_2')
    with pytest.raises(UserError, match=r'000002\.jpg and right_2\.jpg both'):
        convert(root)
    rename(root, n2='000000')
    with pytest.raises(UserError, match=r'000000\.jpg has the frame number 0'):
        convert(root)


def test_rows_outside_the_part_asked_for_may_be_anywhere(root):
    path = root / 'seq' / 'gt' / 'gt.txt'
    path.write_text(ROWS + '7,4,1,1,5,5\n')
    assert len(convert(root, (4, 6)).content['annotations']) == 3
    with pytest.raises(UserError, match='frame 7 has no picture'):
        convert(root, (4, 9))


def test_a_count_that_sound_prolongs_is_not_believed(tmp_path):
    """10 pictures in an mkv whose sound lasts 20."""
    (tmp_path / 'seq' / 'gt').mkdir(parents=True)
    (tmp_path / 'seq' / 'gt' / 'gt.txt').write_text('1,4,1,1,5,5\n')
    write_sounding_mkv(tmp_path / 'seq' / 'film.mkv')
    assert len(convert(tmp_path).content['images']) == 10


def test_missing_things_are_named_with_the_layout(root, tmp_path):
    with pytest.raises(UserError, match='frames 1 to 6, none in 8 to 9'):
        convert(root, (8, 9))
    with pytest.raises(UserError, match=r'gt\.txt .* expected in .*: gt/gt'):
        MOTConverter(tmp_path, ('a',)).add('.')
    with pytest.raises(UserError, match='no MOT sequence'):
        list_sequences(tmp_path / 'seq' / 'img1')
    assert list_sequences(tmp_path) == ['seq']
    assert list_sequences(tmp_path / 'seq') == ['.']


@pytest.mark.parametrize(
    ('sequence', 'layout'),
    [('.', 'gt/gt.txt beside img1/'), ('s', 's/ with gt/gt.txt beside img1/')],
)
def test_an_absent_root_is_told_what_it_should_hold(
    tmp_path, sequence, layout
):
    with pytest.raises(UserError) as error:
        MOTConverter(tmp_path / 'no', ('a',)).add(sequence)
    message = str(error.value)
    assert f'{tmp_path}/no does not exist; set data_root' in message
    assert 'environment variable' in message
    assert f'to a folder with {layout}' in message


def test_the_data_set_reads_folders_without_a_file(root):
    data = MOTVideoDataset(
        str(root),
        ['seq'],
        metainfo=dict(classes=('fish', 'crab')),
        pipeline=[
            dict(type='mmvmtl.LoadVideoFrames'),
            dict(type='mmvmtl.PackVideoInputs'),
        ],
    )
    assert len(data) == 5
    sample = data[2]['data_samples']
    assert sample.labelled == ('det', 'track')
    assert sample[0].gt_instances.velocities.tolist() == [[3, 1]]
    with pytest.raises(UserError, match='metainfo=dict'):
        MOTVideoDataset(str(root), ['seq'])


def test_zebrafish_and_flies_are_read_as_their_readme_says(shared_data):
    def boxes(root, sequence, frames=None):
        converter = MOTConverter(shared_data / root, ('animal',))
        converter.add(sequence, frames)
        return converter.content['annotations']

    fish = boxes('zebrafish', '.', (1, 200))
    assert len(fish) == 800
    fastest = max(np.hypot(*a['velocity']) for a in fish if 'velocity' in a)
    assert 115 < fastest < 116
    assert sum('velocity' in a for a in boxes('flies', 'single_fly')) == 127


def test_a_step_leaves_frames_out_with_their_boxes(root):
    """1 and 5; frames between have rows and pictures all the same."""
    content = convert(root, (1, 6, 4)).content
    assert [i['frame_id'] for i in content['images']] == [0, 4]
    boxes = [(a['image_id'], a['bbox'][0]) for a in content['annotations']]
    assert boxes == [(0, 10), (1, 21)]


@pytest.mark.parametrize('frames', [(1,), (1, 6, 0), (1, 2, 3, 4)])
def test_a_range_that_is_none_is_named(root, frames):
    with pytest.raises(UserError, match=r'must be \(first, last\)'):
        convert(root, frames)
