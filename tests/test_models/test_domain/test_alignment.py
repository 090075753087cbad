"""CORAL and MMD by hand, and their properties."""

import math

import pytest
import torch
from mmdet.structures import DetDataSample

from mmvmtl.models.domain import CORAL, MMD, DomainAlignment
from mmvmtl.models.domain.domain_batch import DomainBatch

#: Two domains of two rows with two features.
ROWS = torch.tensor([[0.0, 0.0], [2.0, 0.0], [1.0, 1.0], [1.0, 5.0]])
LABELS = torch.tensor([0, 0, 1, 1])


def test_coral_by_hand():
    """C = diag(2, 0) and diag(0, 8): (4 + 64) / (4 · 4) = 4.25."""
    assert CORAL()(ROWS, LABELS).item() == pytest.approx(4.25)


def test_coral_with_means_by_hand():
    """Means (1, 0) and (1, 3) add 9 / 2."""
    assert CORAL(means=True)(ROWS, LABELS).item() == pytest.approx(8.75)


def test_mmd_by_hand():
    """Points 0 and 1, one kernel of width 1: 1 + 1 - 2/e."""
    rows = torch.tensor([[0.0], [1.0]])
    value = MMD(multiples=(1.0,), bandwidth=1.0)(rows, torch.tensor([0, 1]))
    assert value.item() == pytest.approx(2 - 2 / math.e)


def test_mmd_of_several_kernels_is_their_mean():
    rows = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(6) % 2
    single = [MMD((m,), 2.0)(rows, labels) for m in (0.5, 1.0, 4.0)]
    assert torch.allclose(
        MMD((0.5, 1.0, 4.0), 2.0)(rows, labels), torch.stack(single).mean()
    )


def test_mmd_bandwidth_follows_the_scale():
    """With the mean distance for b nothing changes if all is 10 times."""
    loss = MMD()
    assert torch.allclose(loss(ROWS, LABELS), loss(10 * ROWS, LABELS))


@pytest.mark.parametrize('loss', [CORAL(), CORAL(means=True), MMD()])
class TestDistance:
    def test_equal_domains_are_at_no_distance(self, loss):
        rows = torch.cat([ROWS, ROWS])
        labels = torch.tensor([0] * 4 + [1] * 4)
        assert loss(rows, labels).item() == pytest.approx(0, abs=1e-6)

    def test_order_and_names_do_not_matter(self, loss):
        order = torch.tensor([2, 0, 3, 1])
        value = loss(ROWS, LABELS)
        assert value > 0
        assert torch.allclose(loss(ROWS[order], LABELS[order]), value)
        assert torch.allclose(loss(ROWS, 5 - LABELS), value)

    def test_three_domains_are_the_mean_over_pairs(self, loss):
        rows = torch.cat([ROWS, ROWS[:2] * 3])
        labels = torch.tensor([0, 0, 1, 1, 2, 2])
        pairs = [labels != absent for absent in range(3)]
        mean = torch.stack([loss(rows[p], labels[p]) for p in pairs]).mean()
        assert torch.allclose(loss(rows, labels), mean)

    def test_one_domain_alone_is_zero_with_a_gradient(self, loss):
        rows = ROWS.clone().requires_grad_()
        value = loss(rows, LABELS * 0)
        value.backward()
        assert value == 0 and not rows.grad.any()

    def test_a_step_along_the_gradient_brings_domains_together(self, loss):
        rows = ROWS.clone().requires_grad_()
        before = loss(rows, LABELS)
        before.backward()
        after = loss(rows.detach() - 0.01 * rows.grad, LABELS)
        assert rows.grad.isfinite().all() and after < before


def test_coral_leaves_out_a_domain_of_one_row():
    assert CORAL()(ROWS[:3], LABELS[:3]) == 0


def test_mmd_of_rows_that_are_all_the_same_is_zero():
    rows = torch.ones(4, 2, requires_grad=True)
    value = MMD()(rows, LABELS)
    value.backward()
    assert value == 0 and rows.grad.isfinite().all()


@pytest.mark.parametrize('half', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('feat_type', ['single', 'half'])
@pytest.mark.parametrize(
    'distance', [dict(type='mmvmtl.CORAL'), dict(type='mmvmtl.MMD')]
)
def test_autocast_leaves_the_distance_alone(distance, feat_type, half):
    """Nearly aligned: in half the gap of the covariances is mostly noise.

    Squares of features around 500 overflow float16. The gradient is that of
    the logarithm, which a float16 holds, as it does with a GradScaler.
    """
    draw = torch.Generator().manual_seed(0)
    feat = torch.randn(16, 4, 3, 3, generator=draw).repeat(2, 1, 1, 1) * 500
    feat[16:] *= 1.02
    feat = feat.to(half if feat_type == 'half' else torch.float32)
    part = DomainAlignment(('day', 'fog'), distance)

    def gradient(feat, enabled):
        feat = feat.clone().requires_grad_()
        batch = DomainBatch(
            dict(neck=(feat,)),
            [DetDataSample() for _ in feat],
            ['day'] * 16 + ['fog'] * 16,
            [1.0] * 32,
            lambda kind: [],
        )
        with torch.autocast('cpu', half, enabled=enabled):
            loss = part.loss(batch)['loss_align']
        (found,) = torch.autograd.grad(100 * loss.log(), feat)
        return loss, found.float()

    wanted, slope = gradient(feat.float(), False)
    loss, found = gradient(feat, True)
    assert loss.dtype is torch.float32
    torch.testing.assert_close(loss, wanted)
    worst = slope.abs().max().item()
    torch.testing.assert_close(found, slope, rtol=0.01, atol=1e-3 * worst)
