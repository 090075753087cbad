"""Labelled stretches of videos: merging, borders, and lines that are wrong."""

import cv2
import numpy as np
import pytest
from sounding_video import write_sounding_mkv

from mmvmtl.datasets import SegmentVideoDataset
from mmvmtl.datasets.segment_dataset import spread
from mmvmtl.datasets.segment_folder import SegmentConverter
from mmvmtl.datasets.video_reader import VideoReader
from mmvmtl.errors import UserError

LINES = """\
video,start_frame,end_frame,label
one,0,10,walk
one,10,13,falling
one,12,30,falled
two,5,20,active
two,20,30,walk
"""
LABELS = dict(go=['walk'], fall=['falling', 'falled'])


@pytest.fixture
def root(tmp_path):
    """Two films of 30 frames whose grey level tells the frame's number."""
    (tmp_path / 'videos').mkdir()
    code = cv2.VideoWriter_fourcc(*'mp4v')
    for name in ('one', 'two'):
        path = str(tmp_path / 'videos' / f'{name}.mp4')
        writer = cv2.VideoWriter(path, code, 10, (64, 48))
        for number in range(30):
            writer.write(np.full((48, 64, 3), 8 * number + 4, np.uint8))
        writer.release()
    (tmp_path / 'segments.csv').write_text(LINES)
    return tmp_path


def dataset(root, **settings):
    settings = dict(labels=LABELS, drop=['active'], **settings)
    return SegmentVideoDataset(
        str(root), pipeline=[dict(type='mmvmtl.LoadVideoFrames')], **settings
    )


def test_raw_labels_are_merged_and_dropped(root):
    data = dataset(root)
    found = [
        (v.info['name'], data.metainfo['tasks']['cls'][v.clip_label])
        for v in data.videos
    ]
    assert found == [
        ('one/0-10', 'go'), ('one/10-13', 'fall'), ('one/12-30', 'fall'),
        ('two/20-30', 'go'),
    ]  # fmt: skip
    assert len(data) == 10 + 3 + 18 + 10


def test_only_the_videos_asked_for_are_read(root):
    names = [v.info['name'] for v in dataset(root, sequences=['two']).videos]
    assert names == ['two/20-30']


@pytest.mark.parametrize('stride', [1, (1, 9)])
def test_no_clip_crosses_the_border_of_its_segment(root, stride):
    """Every key frame; the pictures are those that the numbers promise."""
    data = dataset(root, clip=dict(length=5, stride=stride))
    ranges = {v.info['id']: v.info['name'].split('/')[1] for v in data.videos}
    for index in range(len(data)):
        clip = data[index]
        low, high = map(int, ranges[clip['video_id']].split('-'))
        numbers = [frame['frame_id'] for frame in clip['frames']]
        assert low <= min(numbers) and max(numbers) < high
        assert len(numbers) == min(5, high - low)
        for frame in clip['frames']:
            shown = (float(np.mean(frame['img'])) - 4) / 8
            assert round(shown) == frame['frame_id']
    assert data[0]['labelled'] == ('cls',)


def test_a_fold_shares_no_file_with_the_rest(root):
    """Labels without boxes; film 'one' has three stretches."""
    fold = dict(index=0, count=2)
    rest = dataset(root, fold=fold)
    out = dataset(root, fold=dict(fold, held_out=True))
    assert [v.info['name'] for v in rest.videos] == ['two/20-30']
    assert len(out.videos) == 3 and out[0]['labelled'] == ('cls',)


def test_a_count_that_sound_prolongs_is_not_believed(root):
    """10 pictures in an mkv whose sound lasts 20: frames 10 to 19 are none."""
    write_sounding_mkv(root / 'videos' / 'six.mkv')
    header = LINES.splitlines()[0]
    (root / 'segments.csv').write_text(f'{header}\nsix,0,10,walk\n')
    assert len(dataset(root)) == 10
    (root / 'segments.csv').write_text(f'{header}\nsix,0,11,walk\n')
    with pytest.raises(UserError, match=r'six\.mkv has 10;'):
        dataset(root)


def test_keys_count_each_segment_alike(root):
    data = dataset(root, keys=2)
    assert [data.video_of(i) for i in range(len(data))] == [
        0, 0, 1, 1, 2, 2, 3, 3,
    ]  # fmt: skip
    # By hand: quarters of 10 frames are 2.5 and 7.5, of 3 frames 0.75, 2.25.
    assert spread(10, 2) == [2, 7] and spread(3, 2) == [0, 2]
    assert spread(2, 5) == [0, 1]


def test_every_second_frame_has_an_even_number(root):
    data = dataset(root, every=2, test_mode=True, chunk=64)
    numbers = [[f['frame_id'] for f in data[i]['frames']] for i in range(4)]
    assert numbers[1] == [10, 12]
    assert numbers[2] == list(range(12, 30, 2))


@pytest.mark.parametrize(
    'line, words',
    [
        ('one,5,5,walk', r'line 2: frames 5 to 5 are no range'),
        ('one,x,5,walk', r'line 2: frames x to 5'),
        ('one,0,31,walk', r'line 2 ends at frame 31, but .* has 30'),
        ('one,0,9,swim', r"line 2: the raw label 'swim' belongs to no"),
        ('six,0,9,walk', r'six\.mp4 does not exist'),
    ],
)
def test_bad_lines_are_named(root, line, words):
    header = LINES.splitlines()[0]
    (root / 'segments.csv').write_text(f'{header}\n{line}\n')
    with pytest.raises(UserError, match=words):
        dataset(root)


def test_bad_settings_and_files_are_named(root):
    with pytest.raises(UserError, match="'walk' stands twice"):
        SegmentConverter(root, LABELS, ['walk', 'active'])
    with pytest.raises(UserError, match=r"no video 'three'; it has one, two"):
        dataset(root, sequences=['three'])
    with pytest.raises(UserError, match='multiple of 16; lower every'):
        dataset(root, every=16, sequences=['one'], keys=1)
    (root / 'segments.csv').write_text('name,label\n')
    with pytest.raises(UserError, match='expected video,start_frame'):
        dataset(root)
    with pytest.raises(UserError, match='does not exist; expected'):
        dataset(root / 'no')


def test_fir_action_is_as_it_is_described(shared_data):
    """108 stretches of five classes; a seek gives what reading on gives."""
    root = shared_data / 'fir_action'
    labels = dict(
        walk=['walk'], standup=['standup'], sit=['sit', 'sitdown'],
        fall=['falling', 'falled'], lie=['lying', 'sleeping'],
    )  # fmt: skip
    data = SegmentVideoDataset(str(root), labels=labels, drop=['active'])
    counts = np.bincount([video.clip_label for video in data.videos])
    assert counts.tolist() == [36, 28, 15, 23, 6]
    path = str(root / data.videos[0].info['file_name'])
    forward = VideoReader(path)
    frames = {n: forward.read(n) for n in range(0, 301, 60)}
    jumping = VideoReader(path)
    for number in (300, 60, 240):
        assert np.array_equal(jumping.read(number), frames[number])
