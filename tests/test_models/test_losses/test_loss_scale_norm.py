import pytest
import torch
from weightings import build, step

from mmvmtl.models.losses import DWA, GLS

PLAIN = dict(weighting=None)


def test_golden_values():
    """β = 1/2. First the losses themselves, so weights 1/L. Then the mean
    of one step is that step's loss: 1/(2, 4, 1) again. Then
    (½ · ½ · L_1 + ½ L_2) / (1 - ¼) = (8/3, 4, 1), by hand.
    """
    weighting = build('LossScaleNorm', **PLAIN).double()
    rows = [[2.0, 4.0, 1.0], [3.0, 4.0, 1.0], [9.0, 9.0, 9.0]]
    found = [1 / step(weighting, row) for row in rows]
    expected = [[2, 4, 1], [2, 4, 1], [8 / 3, 4, 1]]
    for scale, by_hand in zip(found, expected, strict=True):
        assert scale.tolist() == pytest.approx(by_hand)


@pytest.mark.parametrize('name', ['WeightedMTLLoss', 'GLS', 'DWA', 'RLW'])
def test_units_of_the_losses_do_not_matter(name):
    """In front of any weighting: λ_k L_k stay, so the gradients do."""
    cfg = dict(weighting=dict(type=f'mmvmtl.{name}'))
    one = build('LossScaleNorm', **cfg).double()
    other = build('LossScaleNorm', **cfg).double()
    units = torch.tensor([1e3, 1.0, 1e-3]).double()
    for losses in ([1.0, 2.0, 4.0], [0.5, 2.0, 3.0], [0.5, 1.0, 2.0]):
        weights = step(one, losses)
        scaled = step(other, (torch.tensor(losses).double() * units).tolist())
        torch.testing.assert_close(scaled * units, weights)


def test_weights_are_those_of_the_weighting_behind_over_the_scale():
    """GLS of ones gives 1/3 each; the losses are (2, 4, 8) at first."""
    cfg = dict(weighting=dict(type='mmvmtl.GLS'))
    weighting = build('LossScaleNorm', **cfg)
    weights = step(weighting, [2.0, 4.0, 8.0])
    assert isinstance(weighting.weighting, GLS)
    assert weights.tolist() == pytest.approx([1 / 6, 1 / 12, 1 / 24])


def test_weighting_behind_sees_the_normalised_losses():
    cfg = dict(weighting=dict(type='mmvmtl.DWA', window=1))
    weighting = build('LossScaleNorm', **cfg).double()
    step(weighting, [2.0, 4.0, 8.0])
    step(weighting, [1.0, 4.0, 4.0])
    assert isinstance(weighting.weighting, DWA)
    assert weighting.weighting.newer.tolist() == pytest.approx([1, 1, 1])
    step(weighting, [1.0, 1.0, 1.0])
    newer = weighting.weighting.newer.tolist()
    assert newer == pytest.approx([0.5, 1, 0.5])


def test_absent_task_keeps_its_scale():
    weighting = build('LossScaleNorm', **PLAIN).double()
    step(weighting, [2.0, 4.0, 1.0])
    for _ in range(3):
        step(weighting, [3.0, 0.0, 1.0], (True, False, True))
    assert step(weighting, [3.0, 9.0, 1.0])[1].item() == pytest.approx(1 / 4)
