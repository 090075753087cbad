import numpy as np
import pytest

from mmvmtl.datasets.transforms import LoadVideoFrames
from mmvmtl.errors import UserError


def load(**frame):
    clip = dict(frames=[frame])
    return LoadVideoFrames()(clip)['frames'][0]


def test_a_picture_that_is_there_is_kept():
    image = np.zeros((4, 6, 3), np.uint8)
    frame = load(img=image, img_path='nowhere')
    assert frame['img'] is image
    assert frame['ori_shape'] == frame['img_shape'] == (4, 6)
    assert frame['scale_factor'] == (1, 1)


def test_files_and_films_are_read(pictures):
    frame = load(img_path=str(pictures / 'img' / '0' / '005.png'))
    assert frame['ori_shape'] == (30, 40)
    frame = load(video_path=str(pictures / 'film.mp4'), frame_id=2)
    assert frame['ori_shape'] == (48, 64)


def test_a_backend_reads_the_files(pictures):
    backend = dict(backend='local')
    path = str(pictures / 'img' / '0' / '005.png')
    clip = dict(frames=[dict(img_path=path)])
    assert LoadVideoFrames(backend)(clip)['frames'][0]['img'].mean() == 110


@pytest.mark.parametrize('content', [b'', b'\xff\xd8\xff broken'])
def test_an_undecodable_picture_is_named(tmp_path, content):
    path = tmp_path / 'broken.jpg'
    path.write_bytes(content)
    with pytest.raises(UserError, match=r'broken.jpg can not be decoded'):
        load(img_path=str(path))


def test_a_missing_picture_or_another_size_is_named(pictures, tmp_path):
    with pytest.raises(UserError, match=r'no\.png does not exist'):
        load(img_path=str(tmp_path / 'no.png'))
    path = str(pictures / 'img' / '0' / '005.png')
    with pytest.raises(UserError, match='40×30 pixels, its annotations say'):
        load(img_path=path, height=40, width=30)
