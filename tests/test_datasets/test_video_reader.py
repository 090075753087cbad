import numpy as np
import pytest

from mmvmtl.datasets import video_reader
from mmvmtl.datasets.video_reader import VideoReader, read_frame
from mmvmtl.errors import UserError


def grey(image):
    return round((float(np.mean(image)) - 10) / 20)


def test_frames_come_in_any_order(pictures):
    reader = VideoReader(str(pictures / 'film.mp4'))
    assert [grey(reader.read(n)) for n in (3, 0, 4, 4, 1)] == [3, 0, 4, 4, 1]


def test_a_jump_that_the_container_lies_about_reads_from_the_start(
    pictures, monkeypatch
):
    reader = VideoReader(str(pictures / 'film.mp4'))
    reader.read(4)

    class Liar:
        def __init__(self, capture):
            self.capture = capture

        def set(self, *_):
            return True

        def get(self, key):
            return self.capture.get(key)

        def release(self):
            self.capture.release()

    reader.capture = Liar(reader.capture)
    assert grey(reader.read(1)) == 1


def test_frames_behind_the_end_are_named(pictures):
    with pytest.raises(UserError, match=r'no decodable frame 5 .* 5 frames'):
        read_frame(str(pictures / 'film.mp4'), 5)


def test_a_missing_or_foreign_file_is_named(tmp_path):
    with pytest.raises(UserError, match='does not exist'):
        read_frame(str(tmp_path / 'no.mp4'), 0)
    path = tmp_path / 'text.mp4'
    path.write_text('not a video')
    with pytest.raises(UserError, match='can not be opened'):
        read_frame(str(path), 0)


def test_only_a_few_files_stay_open(pictures, tmp_path):
    film = (pictures / 'film.mp4').read_bytes()
    for number in range(video_reader.MAX_OPEN + 2):
        path = tmp_path / f'{number}.mp4'
        path.write_bytes(film)
        read_frame(str(path), 1)
    assert len(video_reader._readers) == video_reader.MAX_OPEN


def test_a_header_that_claims_too_much_is_told(shared_data):
    path = shared_data / 'clips' / 'trackformer_snakeboard.mp4'
    with pytest.raises(UserError, match=r'frame 109 .* claims 188 frames'):
        VideoReader(str(path)).read(109)
