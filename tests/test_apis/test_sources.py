"""Frames from files, folders and cameras, in order and counted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from mmengine.logging import MMLogger
from sounding_video import write_sounding_mkv

from mmvmtl.apis.sources import open_source
from mmvmtl.errors import UserError


def _grey(level: int, size: tuple = (48, 64)) -> np.ndarray:
    return np.full((*size, 3), level, np.uint8)


def _video(path, levels, fps=12.0) -> None:
    code = cv2.VideoWriter.fourcc(*'mp4v')
    writer = cv2.VideoWriter(str(path), code, fps, (64, 48))
    for level in levels:
        writer.write(_grey(level))
    writer.release()


def test_a_video_gives_its_frames_and_rate(tmp_path):
    _video(tmp_path / 'a.mp4', [10, 100, 200])
    source = open_source(str(tmp_path / 'a.mp4'))
    levels = [round(float(frame.mean()), -1) for frame in source]
    assert levels == [10, 100, 200]
    assert (source.name, source.fps, source.length) == ('a', 12.0, 3)
    assert source.shortfall == ''


def test_frame_ten_comes_after_frame_nine(tmp_path):
    for number in (10, 9, 1):
        cv2.imwrite(str(tmp_path / f'frame{number}.png'), _grey(number))
    (tmp_path / 'notes.txt').write_text('no picture')
    source = open_source(tmp_path)
    assert [int(frame[0, 0, 0]) for frame in source] == [1, 9, 10]
    assert source.length == 3


def test_a_mot_folder_tells_its_rate(tmp_path):
    (tmp_path / 'img1').mkdir()
    cv2.imwrite(str(tmp_path / 'img1/000001.jpg'), _grey(5))
    (tmp_path / 'seqinfo.ini').write_text('[Sequence]\nframeRate=14\n')
    source = open_source(tmp_path)
    assert source.fps == 14.0
    assert len(list(source)) == 1


def test_frames_of_two_sizes_are_refused_by_name(tmp_path):
    cv2.imwrite(str(tmp_path / '0.png'), _grey(0))
    cv2.imwrite(str(tmp_path / '1.png'), _grey(0, (20, 30)))
    with pytest.raises(UserError, match=r'1\.png is 30×20'):
        list(open_source(tmp_path))


def test_a_cut_video_gives_what_decodes_or_one_sentence(tmp_path):
    _video(tmp_path / 'a.mp4', range(50))
    path = tmp_path / 'cut.mp4'
    path.write_bytes((tmp_path / 'a.mp4').read_bytes()[:400])
    with pytest.raises(UserError, match=r'cut\.mp4'):
        list(open_source(path))


def test_sound_that_lasts_longer_truncates_no_video(tmp_path, caplog):
    write_sounding_mkv(tmp_path / 'a.mkv')
    source = open_source(tmp_path / 'a.mkv')
    assert source.length == 20
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    assert len(list(source)) == 10
    logger.removeHandler(caplog.handler)
    assert source.shortfall == ''
    assert 'a.mkv does not store its number of frames' in caplog.text


@pytest.mark.parametrize(
    ('name', 'claimed', 'decoded'),
    [('trackformer_snakeboard', 188, 109), ('car_traffic_small', 922, 917)],
)
def test_real_truncated_videos_are_counted(
    name, claimed, decoded, shared_data
):
    source = open_source(shared_data / f'clips/{name}.mp4')
    assert sum(1 for _ in source) == decoded
    assert f'{claimed} frames and {decoded} decode' in source.shortfall


def test_a_camera_that_is_not_there():
    with pytest.raises(UserError, match='camera 97'):
        open_source('97')
