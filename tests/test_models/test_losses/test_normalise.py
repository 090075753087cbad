"""One process; `test_training/test_ddp_model.py` has two."""

import torch

from mmvmtl.models.losses import global_mean, normalise


def test_alone_it_is_the_mean():
    values = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    assert global_mean(values).item() == 3


def test_nothing_anywhere_is_a_zero_with_a_gradient():
    values = torch.zeros(3, requires_grad=True)
    loss = global_mean(values[:0])
    loss.backward()
    assert loss.item() == 0
    assert values.grad.tolist() == [0, 0, 0]


def test_ranks_count_by_what_they_have(monkeypatch):
    """Rank sums 6 of 3 and 2 of 1: the mean over ranks is 8 / 4 = 2."""
    monkeypatch.setattr(normalise, 'get_world_size', lambda: 2)
    monkeypatch.setattr(normalise, 'reduce_mean', lambda count: count * 0 + 2)
    first = global_mean(torch.tensor([1.0, 2.0, 3.0]))
    second = global_mean(torch.tensor([2.0]))
    assert (first.item() + second.item()) / 2 == 2


def test_one_element_on_one_of_four_ranks(monkeypatch):
    """Its mean count is 1/4: the mean over ranks is the element itself."""
    monkeypatch.setattr(normalise, 'get_world_size', lambda: 4)
    monkeypatch.setattr(
        normalise, 'reduce_mean', lambda count: count * 0 + 0.25
    )
    assert global_mean(torch.tensor([3.0])).item() / 4 == 3
