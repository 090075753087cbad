"""Clips come as often as their weights say."""

import json
from collections import Counter

import pytest

from mmvmtl.datasets import ImportanceSampler
from mmvmtl.errors import UserError


def sampler(tmp_path, weights, number=None, seed=0):
    path = tmp_path / 'weights.json'
    path.write_text(json.dumps(dict(weights=weights)))
    data = range(number or len(weights))
    return ImportanceSampler(data, str(path), seed=seed)


def test_frequencies_follow_the_weights(tmp_path):
    """Weights 0, 1, 3 over 3000 draws: none, a quarter, three quarters.

    A clip that can not be drawn does not make a pass longer.
    """
    draws = sampler(tmp_path, [0.0, 1.0, 3.0])
    assert len(draws) == 2
    counts = Counter()
    for epoch in range(1500):
        draws.set_epoch(epoch)
        counts.update(draws)
    assert counts[0] == 0
    assert counts[1] / 3000 == pytest.approx(0.25, abs=0.03)


def test_order_follows_from_seed_and_epoch(tmp_path):
    weights = [1.0] * 50
    one, other = (sampler(tmp_path, weights) for _ in range(2))
    assert list(one) == list(other)
    other.set_epoch(1)
    assert list(one) != list(other)
    assert list(one) != list(sampler(tmp_path, weights, seed=1))


def test_unshuffled_draws_rise(tmp_path):
    path = tmp_path / 'weights.json'
    path.write_text(json.dumps(dict(weights=[1.0] * 20)))
    draws = list(ImportanceSampler(range(20), str(path), False, 0))
    assert draws == sorted(draws) and len(set(draws)) < 20


def test_ranks_share_one_order(tmp_path, monkeypatch):
    whole = list(sampler(tmp_path, [1.0] * 5))
    parts = []
    for rank in range(2):
        monkeypatch.setattr(
            'mmvmtl.datasets.importance_sampler.get_dist_info',
            lambda rank=rank: (rank, 2),
        )
        part = sampler(tmp_path, [1.0] * 5)
        assert len(part) == 3
        parts.append(list(part))
    assert parts[0] == [*whole[::2]] and parts[1][:2] == whole[1::2]


@pytest.mark.parametrize(
    'weights, number, words',
    [
        ([1.0, 2.0], 3, '2 for a data set of 3'),
        ([1.0, -1.0], 2, 'not all finite and >= 0'),
        ([0.0, 0.0], 2, 'not all finite'),
        ('none', 2, 'can not be read'),
        (5, 1, 'no list of numbers'),
        ([[1.0], [2.0]], 2, 'no list of numbers'),
    ],
)
def test_wrong_files_are_one_sentence(tmp_path, weights, number, words):
    with pytest.raises(UserError, match=words):
        sampler(tmp_path, weights, number)


def test_a_missing_file_names_the_tool(tmp_path):
    with pytest.raises(UserError, match='tools/analysis/importance_weights'):
        ImportanceSampler(range(2), str(tmp_path / 'no.json'))
