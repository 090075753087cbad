"""Scripted scenes, asserted frame by frame."""

import numpy as np
import pytest

from mmvmtl.models.trackers import VideoTracker, association
from mmvmtl.registry import TASK_UTILS

RED, BLUE = [1.0, 0.0], [0.0, 1.0]
EVERYTHING = dict(
    gates=dict(first=0.3),
    embedding=True,
    velocity=True,
    recover=True,
    lifecycle=dict(max_lost=50),
)
SORT = dict(
    scores=dict(high=0.5, low=None, new=0.5),
    gates=dict(first=0.3, tentative=0.3),
    motion=dict(score_weight=False),
    lifecycle=dict(min_hits=3, max_lost=1, report_tentative=False),
)
BY_LOOKS = dict(
    scores=dict(low=None),
    gates=dict(first=0.5, tentative=0.5),
    motion=False,
    embedding=True,
)


def box(x, y=100.0, w=40.0, h=40.0):
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2]


def step(stream, *boxes, scores=0.9, labels=0, frame_id=None, **kwargs):
    """Give a frame; the ids as a list."""
    n = len(boxes)
    kwargs = {k: np.array(v, float) for k, v in kwargs.items()}
    return stream.update(
        np.array(boxes, float).reshape(n, 4),
        np.broadcast_to(scores, n),
        np.broadcast_to(labels, n),
        frame_id=frame_id,
        **kwargs,
    ).tolist()


def start(**cfg):
    return VideoTracker(**cfg).new_stream()


def test_builds_from_a_config():
    tracker = TASK_UTILS.build(
        dict(type='mmvmtl.VideoTracker', class_aware=False)
    )
    assert tracker.options.class_aware is False


def test_those_who_stay_keep_their_ids_in_any_order():
    stream = start()
    assert step(stream, box(100), box(300)) == [1, 2]
    assert step(stream, box(302), box(101)) == [2, 1]
    assert step(stream, box(102), box(304)) == [1, 2]


def test_one_that_moves_is_expected_ahead():
    """30 px a frame, hidden for 3 frames: 120 px on, no overlap with before.

    Without prediction it is another one.
    """
    for predict, expected in ((True, [1]), (False, [2])):
        stream = start(motion=dict(predict=predict))
        for t in range(6):
            assert step(stream, box(100 + 15 * t)) == [1]
        for _ in range(3):
            assert step(stream) == []
        assert step(stream, box(175 + 60)) == expected


def test_who_vanishes_returns_within_max_lost_only():
    for missing, expected in ((4, [1]), (5, [2])):
        stream = start(lifecycle=dict(max_lost=5))
        step(stream, box(100))
        for _ in range(missing):
            step(stream)
        assert step(stream, box(100)) == expected


def test_gap_in_frame_numbers_is_like_empty_frames():
    """20 px a frame over a gap of 4; the last frame is 80 px on."""
    stream = start()
    for t in range(6):
        step(stream, box(100 + 20 * t), frame_id=10 + t)
    assert step(stream, box(280), frame_id=19) == [1]


def test_gap_counts_in_frames_for_max_lost():
    stream = start(lifecycle=dict(max_lost=5))
    step(stream, box(100), frame_id=0)
    step(stream, frame_id=3)
    assert step(stream, box(100), frame_id=6) == [2]


def test_unconfirmed_track_dies_when_missed():
    """Born in the second frame, missed in the third: another in the fourth."""
    stream = start()
    step(stream, box(100))
    assert step(stream, box(100), box(300)) == [1, 2]
    assert step(stream, box(100)) == [1]
    assert step(stream, box(100), box(300)) == [1, 3]


def test_hidden_object_neither_grows_nor_shrinks():
    """A width that grew by 4 px a frame is the same 2 and 6 frames on."""
    stream = start()
    for t in range(8):
        step(stream, box(100, w=40 + 4 * t))
    step(stream)
    width = stream.state[0, 0, 2]
    assert width > 68
    for _ in range(5):
        step(stream)
    assert stream.state[0, 0, 2] == width


def test_empty_video_and_first_frames():
    stream = start()
    assert step(stream) == []
    assert step(stream) == []
    assert step(stream, box(100)) == [1]


def test_frames_go_forward_only():
    stream = start()
    step(stream, frame_id=3)
    with pytest.raises(ValueError, match=r'Frame 3 does not follow frame 3'):
        step(stream, frame_id=3)


def test_two_streams_share_nothing():
    tracker = VideoTracker()
    one, other = tracker.new_stream(), tracker.new_stream()
    assert step(one, box(100), box(300)) == [1, 2]
    assert step(other, box(300)) == [1]
    assert step(one, box(500)) == [3]
    assert step(other, box(300), box(100)) == [1, 2]


def test_ids_are_never_used_again():
    stream = start(lifecycle=dict(max_lost=1))
    for t in range(5):
        assert step(stream, box(100), frame_id=2 * t) == [t + 1]
        step(stream, frame_id=2 * t + 1)


def test_classes_do_not_mix_unless_told():
    for aware, expected in ((True, [2]), (False, [1])):
        stream = start(class_aware=aware)
        step(stream, box(100), labels=0)
        assert step(stream, box(100), labels=1) == expected


def test_label_is_that_of_the_last_detection():
    stream = start(class_aware=False)
    step(stream, box(100), labels=0)
    step(stream, box(100), labels=1)
    assert stream.labels.tolist() == [1]


def test_no_box_is_dropped_and_disturbs_nobody():
    """NaN, no width, turned round, infinite: id 0, and never a track."""
    bad = [
        [np.nan, 0, 10, 10],
        [50, 0, 50, 10],
        [50, 0, 40, 10],
        [0, 0, np.inf, 10],
    ]
    stream = start(**EVERYTHING)
    for _ in range(3):
        ids = step(
            stream,
            *bad,
            box(100),
            embeddings=[RED] * 5,
            velocities=[[np.nan] * 2] * 5,
        )
        assert ids == [0, 0, 0, 0, 1]
    assert len(stream.ids) == 1


def test_score_that_is_no_number_is_dropped():
    assert step(start(), box(100), scores=np.nan) == [0]


# ByteTrack


def test_low_score_keeps_a_track_but_founds_none():
    stream = start()
    assert step(stream, box(100), box(300), scores=[0.9, 0.3]) == [1, 0]
    assert step(stream, box(100), box(300), scores=[0.3, 0.3]) == [1, 0]
    assert step(stream, box(100), scores=0.05) == [0]


def test_low_score_revives_nobody_who_was_lost():
    stream = start()
    step(stream, box(100))
    step(stream)
    assert step(stream, box(100), scores=0.3) == [0]
    assert step(stream, box(100), scores=0.9) == [1]


def test_high_scores_choose_before_low_ones():
    """The worse overlap of a high score wins the only track."""
    stream = start()
    step(stream, box(100))
    ids = step(stream, box(100), box(110), scores=[0.3, 0.9])
    assert ids == [0, 1]


# SORT


def test_sort_shows_a_new_track_after_three_hits_in_a_row():
    """Those of the first frame at once; a miss forgets the others."""
    stream = start(**SORT)
    assert step(stream, box(100)) == [1]
    assert step(stream, box(100), box(300)) == [1, 0]
    assert step(stream, box(100), box(300)) == [1, 0]
    assert step(stream, box(100), box(300)) == [1, 2]
    assert step(stream, box(100), box(300), box(500)) == [1, 2, 0]
    assert step(stream, box(100), box(300)) == [1, 2]
    assert step(stream, box(500)) == [0]
    assert stream.ids.tolist() == [1, 2, 4]


def test_sort_gives_up_after_one_missed_frame():
    stream = start(**SORT)
    step(stream, box(100))
    step(stream)
    assert step(stream, box(100)) == [0]


# OC-SORT


def test_reupdate_forgets_what_the_blind_filter_guessed():
    """Straight on for 6 frames, hidden for 9, found where it turned back to.

    With the replay the velocity is that of the straight line between the
    two sightings, -40 px in 10 frames; the plain filter overshoots.
    """
    speed = {}
    for reupdate in (False, True):
        stream = start(
            motion=dict(reupdate=reupdate, std_velocity=0.1),
            recover=dict(gate=0.01, reach=3),
        )
        for t in range(6):
            step(stream, box(100 + 10 * t))
        for _ in range(9):
            step(stream)
        assert step(stream, box(110)) == [1]
        speed[reupdate] = stream.state[1, 0, 0]
    assert speed[True] == pytest.approx(-4, abs=0.2)
    assert speed[False] < -6


# Embeddings


def cross(stream, **looks):
    """Two objects meet at frame 5 and turn back where they came from."""
    ids = []
    for t in range(12):
        away = 10 * abs(5 - t) + 4
        ids.append(step(stream, box(200 - away), box(200 + away), **looks))
    return ids


def test_looks_tell_who_is_who_after_a_crossing():
    """They turn back; motion alone sees them pass through each other."""
    looks = dict(embeddings=[RED, BLUE])
    assert cross(start())[-1] == [2, 1]
    assert cross(start(**EVERYTHING), **looks) == [[1, 2]] * 12


def test_by_looks_alone_place_does_not_matter():
    stream = start(**BY_LOOKS)
    assert step(stream, box(100), box(900), embeddings=[RED, BLUE]) == [1, 2]
    assert step(stream, box(100), box(900), embeddings=[BLUE, RED]) == [2, 1]
    assert step(stream, box(500), embeddings=[[-1, 0]]) == [3]


def test_length_of_an_embedding_does_not_matter():
    stream = start(**BY_LOOKS)
    step(stream, box(100), embeddings=[[100.0, 0]])
    assert step(stream, box(100), embeddings=[[1e-3, 0]]) == [1]


def test_looks_are_a_running_mean():
    """0.9 old + 0.1 new at length 1, clear detections only, by hand."""
    stream = start(embedding=dict(weight=0, momentum=0.9))
    step(stream, box(100), embeddings=[RED])
    step(stream, box(100), embeddings=[BLUE])
    mean = np.array([[0.9, 0.1]]) / np.hypot(0.9, 0.1)
    np.testing.assert_allclose(stream.embeddings, mean)
    assert step(stream, box(100), embeddings=[BLUE], scores=0.3) == [1]
    np.testing.assert_allclose(stream.embeddings, mean)


def test_unknown_looks_are_zero_not_poison():
    stream = start(embedding=dict(weight=0.2))
    step(stream, box(100), embeddings=[RED])
    assert step(stream, box(100), embeddings=[[np.nan, 1.0]]) == [1]
    assert np.isfinite(stream.embeddings).all()
    assert step(stream, box(100), embeddings=[RED]) == [1]


def test_found_again_elsewhere_by_looks():
    """40 frames hidden, at another place; a stranger stays a stranger."""
    stream = start(**EVERYTHING)
    step(stream, box(100), embeddings=[RED], frame_id=0)
    ids = step(stream, box(600), box(900), embeddings=[BLUE, RED], frame_id=40)
    assert ids == [2, 1]


def test_recovered_detection_is_not_given_away_again():
    """An old friend appears where a stranger was born a frame ago."""
    stream = start(**EVERYTHING)
    step(stream, box(100), embeddings=[RED])
    assert step(stream, box(200), embeddings=[BLUE]) == [2]
    assert step(stream, box(200), embeddings=[RED]) == [1]


def test_reach_bounds_a_jump_by_sides_and_frames():
    """Without looks: 2 sides of 40 px a frame reach 80 px, not 90."""
    for jump, gap, expected in ((70, 1, 1), (90, 1, 2), (130, 2, 1)):
        stream = start(recover=dict(gate=0.01, reach=2.0))
        step(stream, box(100), frame_id=0)
        assert step(stream, box(100 + jump), frame_id=gap) == [expected]


def test_missing_embeddings_are_named():
    with pytest.raises(ValueError, match='embedding=False'):
        step(start(embedding=True), box(100))


# Velocities


def test_velocity_leads_a_fast_object_back_to_its_track():
    """A jump of 100 px, told by the network, is no new object."""
    for velocity, expected in (([100, 0], 1), ([np.nan] * 2, 2), ([0, 0], 2)):
        stream = start(velocity=True)
        step(stream, box(100), velocities=[[np.nan, np.nan]])
        assert step(stream, box(200), velocities=[velocity]) == [expected]


def test_velocity_is_per_frame_also_over_a_gap():
    stream = start(velocity=True)
    step(stream, box(100), velocities=[[np.nan] * 2], frame_id=0)
    assert step(stream, box(300), velocities=[[50, 0]], frame_id=4) == [1]


def test_velocity_tells_of_the_previous_frame_only():
    """One frame ago nobody stood 100 px back, two frames ago one did."""
    stream = start(velocity=True)
    step(stream, box(100), velocities=[[np.nan] * 2])
    step(stream)
    assert step(stream, box(200), velocities=[[100, 0]]) == [2]


def test_velocity_of_a_birth_drives_the_first_prediction():
    """Seen once at 30 px a frame: expected 60 px on after two frames."""
    for std, expected in ((0.05, [1]), (None, [2])):
        stream = start(velocity=dict(displace=False, std=std))
        step(stream, box(100), velocities=[[30, 0]], frame_id=0)
        assert step(stream, box(160), frame_id=2) == expected


# All of them


def random_video(seed, num_frames=25):
    """Frames of up to 12 noisy walkers with gaps, misses and empty frames."""
    rng = np.random.default_rng(seed)
    place = rng.uniform(50, 500, (12, 2))
    frames, frame_id = [], 0
    for _ in range(num_frames):
        frame_id += rng.choice([1, 1, 1, 3])
        place = place + rng.normal(0, 6, place.shape)
        seen = rng.permutation(12)[: rng.integers(0, 13)]
        boxes = np.concatenate([place - 25, place + 25], 1)[seen]
        velocities = rng.normal(0, 6, (len(seen), 2))
        velocities[rng.uniform(size=len(seen)) < 0.3] = np.nan
        looks = np.eye(12)[seen] + rng.normal(0, 0.2, (len(seen), 12))
        frames.append(
            dict(
                bboxes=boxes,
                scores=rng.uniform(0, 1, len(seen)),
                labels=seen % 2,
                embeddings=looks,
                velocities=velocities,
                frame_id=int(frame_id),
            )
        )
    return frames


CONFIGS = [{}, SORT, BY_LOOKS, EVERYTHING, dict(motion=dict(reupdate=True))]


@pytest.mark.parametrize('cfg', CONFIGS)
def test_two_videos_in_turn_are_bitwise_the_same_as_alone(cfg):
    """What other streams of the batch do, or when, changes no bit."""
    videos = [random_video(0), random_video(1)]
    tracker = VideoTracker(**cfg)
    alone = []
    for video in videos:
        stream = tracker.new_stream()
        alone.append([stream.update(**frame) for frame in video])
        alone.append(stream.state)
    streams = [tracker.new_stream() for _ in videos]
    for t, pair in enumerate(zip(*videos)):
        for k, frame in enumerate(pair):
            ids = streams[k].update(**frame)
            np.testing.assert_array_equal(ids, alone[2 * k][t])
    for k, stream in enumerate(streams):
        np.testing.assert_array_equal(stream.state, alone[2 * k + 1])


@pytest.mark.parametrize('cfg', CONFIGS)
@pytest.mark.parametrize('constant', ['_LIST_ALL', '_SOLVE_WHOLE'])
def test_the_ways_for_small_and_large_scenes_agree(cfg, constant, monkeypatch):
    """Sweep or list, whole or parts: the same ids."""
    for seed in range(3):
        results = []
        for limit in (0, 1 << 20):
            monkeypatch.setattr(association, constant, limit)
            stream = start(**cfg)
            frames = random_video(seed)
            results.append([stream.update(**f).tolist() for f in frames])
        assert results[0] == results[1]


@pytest.mark.parametrize('cfg', CONFIGS)
@pytest.mark.parametrize('seed', range(4))
def test_ids_are_unique_in_a_frame_and_grow(cfg, seed):
    """And every track keeps its class, and inputs are left alone."""
    stream = start(**cfg)
    newest, label_of = 0, {}
    for frame in random_video(seed):
        before = {k: np.copy(v) for k, v in frame.items()}
        ids = stream.update(**frame)
        for key, value in before.items():
            np.testing.assert_array_equal(frame[key], value)
        shown = ids[ids > 0]
        assert len(set(shown.tolist())) == len(shown)
        fresh = np.setdiff1d(shown, list(label_of))
        for k, label in zip(ids.tolist(), frame['labels'].tolist()):
            if k:
                assert label_of.setdefault(k, label) == label
        if cfg is not SORT:
            assert (fresh > newest).all()
        newest = max([newest, *ids])


@pytest.mark.parametrize('cfg', CONFIGS)
def test_order_of_detections_does_not_matter_to_old_tracks(cfg):
    """Reversed frames give the same tracks under other names."""
    one, other = start(**cfg), start(**cfg)
    name = {0: 0}
    for frame in random_video(5):
        ids = one.update(**frame)
        turned = {
            k: v if k == 'frame_id' else v[::-1] for k, v in frame.items()
        }
        for a, b in zip(ids.tolist(), other.update(**turned)[::-1].tolist()):
            assert name.setdefault(a, b) == b


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (dict(gates=dict(frist=0.1)), "'gates' has no 'frist', use 'first'"),
        (dict(motion=False), 'neither motion nor embedding'),
        (dict(recover=dict(reach=None)), 'give recover a reach'),
    ],
)
def test_wrong_options_are_named(cfg, message):
    with pytest.raises(ValueError, match=message):
        VideoTracker(**cfg)


def test_arrays_of_other_lengths_are_named():
    with pytest.raises(ValueError, match='velocities must have the shape'):
        start(velocity=True).update(
            np.array([box(1)]), np.ones(1), np.zeros(1), None, np.ones((2, 2))
        )


@pytest.mark.parametrize('gap', [2, 40])
@pytest.mark.parametrize('settings', [{}, dict(lifecycle=dict(max_lost=1))])
def test_who_is_seen_in_every_frame_is_never_lost(gap, settings):
    """However far apart the frames' numbers are."""
    stream = start(**settings)
    ids = [step(stream, box(50), frame_id=gap * t) for t in range(6)]
    assert ids == [[1]] * 6


def test_a_gap_longer_than_allowed_still_loses_who_was_away():
    stream = start(lifecycle=dict(max_lost=3))
    step(stream, box(50), box(300), frame_id=0)
    step(stream, box(50), frame_id=1)
    assert step(stream, box(50), box(300), frame_id=5) == [1, 3]
