import pytest
import torch

from mmvmtl.models.losses import WeightedMTLLoss

TASKS = ('det', 'cls', 'track')


def test_golden_value():
    """1·2 + 0.5·4 + 3·1 = 7, by hand."""
    loss = WeightedMTLLoss(TASKS, dict(det=1, cls=0.5, track=3))
    total = loss(torch.tensor([2.0, 4.0, 1.0]), torch.ones(3).bool())
    assert total.item() == 7


def test_weights_default_to_the_plain_sum():
    losses = torch.tensor([2.0, 4.0, 1.0])
    assert WeightedMTLLoss(TASKS)(losses, torch.ones(3).bool()) == 7


def test_weights_follow_names_and_not_the_order_of_the_dict():
    loss = WeightedMTLLoss(TASKS, dict(track=3, cls=0.5, det=1))
    assert loss.weights.tolist() == [1, 0.5, 3]


def test_inactive_task_has_no_weight_but_stays_in_the_graph():
    losses = torch.tensor([2.0, 4.0, 1.0], requires_grad=True)
    active = torch.tensor([True, False, True])
    total = WeightedMTLLoss(TASKS)(losses, active)
    total.backward()
    assert total == 3
    assert losses.grad.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    'weights, sentence',
    [
        (dict(det=1, cls=1, trak=1), "'trak'.*did you mean 'track'"),
        (dict(det=1, cls=1), "'track' has no weight"),
        (dict(det=1, cls=-1, track=1), 'not negative'),
        (dict(det=1, cls=float('nan'), track=1), 'finite'),
    ],
)
def test_wrong_weights_are_named(weights, sentence):
    with pytest.raises(ValueError, match=sentence):
        WeightedMTLLoss(TASKS, weights)
