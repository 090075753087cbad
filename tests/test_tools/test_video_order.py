"""Which ways through a data set a tracker can follow."""

import pytest

from mmvmtl.video_order import is_whole

VIDEOS = [[0, 1, 2], [3], [4, 5]]


@pytest.mark.parametrize(
    ('order', 'whole'),
    [
        ([0, 1, 2, 3, 4, 5], True),
        ([4, 5, 0, 1, 2], True),
        # Videos in turn: each has a stream of its own.
        ([0, 4, 1, 5, 2], True),
        ([], True),
        # What DefaultSampler gives two ranks.
        ([0, 2, 4], False),
        ([1, 3, 5], False),
        ([1, 0, 2, 3, 4, 5], False),
        ([0, 1, 2, 3, 4, 5, 0], False),
    ],
)
def test_whole_videos_in_order(order, whole):
    assert is_whole(order, VIDEOS) is whole


def sampled(run, **sampler):
    """A run that tests 4 chunks of one frame, walked so."""
    loader = run.settings['test_dataloader']
    loader['sampler'] = dict(type='DefaultSampler', **sampler)
    loader['dataset']['chunk'] = 1
    run.settings['val_dataloader'] = loader
    run.settings['val_evaluator'] = run.settings['test_evaluator']
    run.settings['val_cfg'] = dict()
    return run.write()


def test_a_run_that_shuffles_chunks_stops_before_it_tracks(
    tiny_run, tool, capfd
):
    with pytest.raises(SystemExit):
        tool('train')([sampled(tiny_run, shuffle=True)])
    assert 'mmvmtl.VideoSampler' in capfd.readouterr().err


def test_the_default_sampler_in_order_is_right_in_one_process(tiny_run, tool):
    tool('train')([sampled(tiny_run, shuffle=False)])
