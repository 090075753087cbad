"""The reversed gradient is there, and exactly opposite."""

import pytest
import torch
from torch.func import grad, vmap

from mmvmtl.models.domain.gradient_reversal import (
    GradientReversal,
    reverse_gradient,
)


@pytest.mark.parametrize('scale', [0.0, 0.25, 1.0, -0.5])
def test_gradient_is_opposite_times_lambda(scale):
    layer = GradientReversal(scale)
    feats = torch.randn(2, 3, requires_grad=True)
    out = layer(feats)
    assert torch.equal(out, feats)
    wanted = torch.randn(2, 3)
    out.backward(wanted)
    assert torch.equal(feats.grad, -scale * wanted)


def test_lambda_can_be_set_and_is_in_no_checkpoint():
    layer = GradientReversal()
    layer.set_scale(0.5)
    assert layer.scale == 0.5
    assert not layer.state_dict()


def test_works_through_torch_func():
    """d/dx of x² is 2x; reversed at λ = ½ it is -x. Also batched."""

    def square(x):
        return reverse_gradient(x, torch.tensor(0.5)) ** 2

    assert grad(square)(torch.tensor(3.0)) == -3
    x = torch.tensor([1.0, 2.0])
    assert vmap(grad(square))(x).tolist() == [-1.0, -2.0]


def test_second_derivative_is_reversed_as_well():
    x = torch.tensor(2.0, requires_grad=True)
    y = reverse_gradient(x, torch.tensor(1.0)) ** 3
    (first,) = torch.autograd.grad(y, x, create_graph=True)
    assert first == -12
    (second,) = torch.autograd.grad(first, x)
    # The inner derivative 3u² is a function of u = reversed x.
    assert second == 12
