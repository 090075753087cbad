import pytest
import torch

from mmvmtl.models.losses import GLS

TASKS = ('det', 'cls', 'track')
ALL = torch.ones(3).bool()


def gradient(losses, active=ALL):
    losses = torch.tensor(losses, requires_grad=True)
    total = GLS(TASKS)(losses, active)
    total.backward()
    return total.item(), losses.grad


def test_golden_value_and_gradient():
    """(1 · 4 · 16)^(1/3) = 4; 4 / (3 L_k) = 4/3, 1/3, 1/12, by hand."""
    total, grad = gradient([1.0, 4.0, 16.0])
    assert total == pytest.approx(4)
    assert grad.tolist() == pytest.approx([4 / 3, 1 / 3, 1 / 12])


def test_gradient_is_that_of_the_geometric_mean():
    values = [0.3, 2.0, 5.0]
    losses = torch.tensor(values, requires_grad=True)
    losses.log().mean().exp().backward()
    torch.testing.assert_close(gradient(values)[1], losses.grad)


@pytest.mark.parametrize('scale', [1e-3, 7.0, 1e4])
def test_scale_of_a_loss_does_not_turn_the_gradient(scale):
    """c L_1: the total grows by c^(1/3), and so does λ_k ∇L_k of every k."""
    total, grad = gradient([0.5, 2.0, 3.0])
    scaled, other = gradient([0.5 * scale, 2.0, 3.0])
    by = scale ** (1 / 3)
    assert scaled == pytest.approx(by * total, rel=1e-5)
    # ∇L_1 is c times as large as well.
    torch.testing.assert_close(
        other * torch.tensor([scale, 1, 1]), grad * by, rtol=1e-5, atol=0
    )


def test_mean_is_over_the_active_tasks():
    """(4 · 9)^(1/2) = 6."""
    active = torch.tensor([True, False, True])
    total, grad = gradient([4.0, 0.0, 9.0], active)
    assert total == pytest.approx(6)
    assert grad.tolist() == pytest.approx([6 / 8, 0, 6 / 18])
