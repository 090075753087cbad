"""Batches of several data sets: shares, order, ranks, resume."""

from collections import Counter

import pytest
from mmengine.dataset import BaseDataset, ConcatDataset, DefaultSampler

from mmvmtl.datasets import MixedBatchSampler, mixed_sampler

SIZES = (7, 40, 13)


class Numbers(BaseDataset):
    """Items 0, 1, ..., size - 1."""

    def __init__(self, size):
        self.size = size
        super().__init__(serialize_data=False)

    def load_data_list(self):
        return [dict(n=n) for n in range(self.size)]


def make(batch_size=4, ratio=(1, 2, 1), epoch=0, seed=3, **settings):
    data = ConcatDataset([Numbers(size) for size in SIZES])
    sampler = DefaultSampler(data, seed=seed)
    sampler.set_epoch(epoch)
    return MixedBatchSampler(sampler, batch_size, ratio, **settings)


def part_of(index):
    return 0 if index < 7 else 1 if index < 47 else 2


@pytest.fixture
def ranks(monkeypatch):
    """Make a sampler as a rank of several sees it."""

    def of(rank, count, **settings):
        monkeypatch.setattr(
            mixed_sampler, 'get_dist_info', lambda: (rank, count)
        )
        return list(make(**settings))

    return of


@pytest.mark.parametrize('batch_size', [4, 8])
def test_every_batch_holds_the_data_sets_in_the_ratio(batch_size):
    for batch in make(batch_size):
        share = Counter(part_of(index) for index in batch)
        assert share == {0: batch_size // 4, 1: batch_size // 2,
                         2: batch_size // 4}  # fmt: skip


def test_an_epoch_shows_the_largest_data_set_once_and_others_again():
    """20 batches of 2 show all 40 of the second part exactly once."""
    batches = list(make())
    assert len(batches) == len(make()) == 20
    seen = Counter(index for batch in batches for index in batch)
    assert [seen[index] for index in range(7, 47)] == [1] * 40
    assert {seen[index] for index in range(7)} == {2, 3}


def test_nothing_comes_again_before_all_have_come_also_over_epochs():
    """Of 13, in epochs of 5 batches."""
    row = [
        index
        for epoch in range(6)
        for batch in make(batches=5, epoch=epoch)
        for index in batch
        if part_of(index) == 2
    ]
    assert sorted(row[:13]) == sorted(row[13:26]) == list(range(47, 60))
    assert row[:13] != row[13:26]


def test_order_follows_from_seed_and_epoch_alone():
    """So a run that goes on at epoch 2 sees what one from the start sees."""
    sampler = make(epoch=0)
    list(sampler)
    sampler.sampler.set_epoch(2)
    assert list(sampler) == list(make(epoch=2))
    assert list(make(epoch=2)) != list(make(epoch=1))
    assert list(make(seed=3)) != list(make(seed=4))


def test_two_ranks_share_no_index_of_a_pass(ranks):
    first, second = (ranks(rank, 2, batches=3) for rank in (0, 1))
    taken = [{i for batch in one for i in batch} for one in (first, second)]
    assert not taken[0] & taken[1]


def test_two_ranks_take_together_what_one_takes_with_a_double_batch(ranks):
    first, second = (ranks(rank, 2, epoch=1) for rank in (0, 1))
    one = ranks(0, 1, batch_size=8, epoch=1)
    assert len(first) == len(second) == len(one) == 10
    for a, b, both in zip(first, second, one, strict=True):
        assert sorted(a + b) == sorted(both)


def test_without_shuffling_each_data_set_comes_in_its_order():
    data = ConcatDataset([Numbers(3), Numbers(2)])
    batches = MixedBatchSampler(DefaultSampler(data, shuffle=False), 2, [1, 1])
    assert list(batches) == [[0, 3], [1, 4], [2, 3]]


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(batch_size=6), 'batch_size=6 .* 1:2:1; use a multiple of 4'),
        (dict(ratio=[1, 1]), 'each of the 3 data sets'),
        (dict(ratio=[1, 2, 0]), 'integer ≥ 1'),
        (dict(ratio=[1, 1.5, 1]), 'integer ≥ 1'),
        (dict(ratio=[1, 2, None]), 'integer ≥ 1'),
        (dict(batches=-1), 'batches=-1'),
        (dict(ratio=dict(fish=1)), "no data set 'fish'; give a list"),
    ],
)
def test_shares_that_do_not_fit_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        make(**settings)


def test_a_ratio_by_name_names_every_data_set():
    sampler = make().sampler
    sampler.dataset.names = ('fish', 'crab', 'eel')
    ratio = dict(eel=2, crab=1, fish=1, gone=None)
    assert MixedBatchSampler(sampler, 4, ratio).counts == [1, 1, 2]
    with pytest.raises(ValueError, match="'fihs'; did you mean 'fish'"):
        MixedBatchSampler(sampler, 4, dict(fihs=1))
    with pytest.raises(ValueError, match=r"'eel' has no part .* eel=None"):
        MixedBatchSampler(sampler, 4, dict(fish=1, crab=1))


def test_other_samplers_and_single_data_sets_are_refused():
    with pytest.raises(ValueError, match='parts of a ConcatDataset'):
        MixedBatchSampler(DefaultSampler(Numbers(3)), 2, [1])


def test_an_empty_data_set_is_one_sentence():
    data = ConcatDataset([Numbers(3), Numbers(2)])
    data.datasets[1] = Numbers(0)
    with pytest.raises(ValueError, match='data set 1 of those that are mixed'):
        MixedBatchSampler(DefaultSampler(data, seed=0), 2, (1, 1))
