"""Muon against torch's own optimisers and against its mathematics."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmvmtl.engine.muon import Muon, is_matrix, orthogonalise


def with_gradient(*shape: int, seed: int = 0) -> nn.Parameter:
    generator = torch.Generator().manual_seed(seed)
    parameter = nn.Parameter(torch.randn(*shape, generator=generator))
    parameter.grad = torch.randn(*shape, generator=generator)
    return parameter


def updated(optimiser: type, shape: tuple, steps: int, **kwargs):
    """A parameter after some steps with always another gradient."""
    parameter = with_gradient(*shape)
    optimiser = optimiser([parameter], lr=0.01, weight_decay=0.1, **kwargs)
    for seed in range(1, steps + 1):
        parameter.grad = with_gradient(*shape, seed=seed).grad
        optimiser.step()
    return parameter.detach()


@pytest.mark.parametrize('shape', [(5,), (8, 40), (32, 1, 5, 5), (64, 3, 2)])
def test_what_is_no_matrix_is_adamws(shape):
    expected = updated(torch.optim.AdamW, shape, 3)
    torch.testing.assert_close(updated(Muon, shape, 3), expected)


@pytest.mark.skipif(
    not hasattr(torch.optim, 'Muon'), reason='torch before 2.9 has no Muon'
)
@pytest.mark.parametrize('shape', [(24, 40), (40, 24), (32, 32)])
def test_matrices_are_torchs_muons(shape):
    """Theirs runs in bfloat16, so the two agree to its precision."""
    expected = updated(
        torch.optim.Muon, shape, 3, adjust_lr_fn='match_rms_adamw'
    )
    step = (expected - with_gradient(*shape).detach()).abs().mean()
    error = (updated(Muon, shape, 3) - expected).abs().mean()
    assert error < 0.02 * step


def test_a_convolution_is_its_matrix():
    conv = updated(Muon, (24, 16, 3, 3), 2)
    flat = with_gradient(24, 16, 3, 3)
    matrix = nn.Parameter(flat.detach().flatten(1))
    optimiser = Muon([matrix], lr=0.01, weight_decay=0.1)
    for seed in (1, 2):
        gradient = with_gradient(24, 16, 3, 3, seed=seed).grad
        matrix.grad = gradient.flatten(1)
        optimiser.step()
    torch.testing.assert_close(conv.flatten(1), matrix.detach())


@pytest.mark.parametrize('shape', [(3, 20, 50), (2, 50, 20), (1, 16, 16)])
def test_singular_values_come_out_even(shape):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    values = torch.linalg.svdvals(orthogonalise(matrices, steps=8))
    assert values.min() > 0.6 and values.max() < 1.3
    # The singular vectors stay: the product with the input is symmetric.
    product = orthogonalise(matrices) @ matrices.mT
    torch.testing.assert_close(product, product.mT, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize('shape', [(2, 32, 288), (1, 200, 64), (1, 16, 32)])
@pytest.mark.parametrize('rank', [4, 16])
def test_the_short_form_is_the_long_one(shape, rank):
    """Also where singular values differ by orders of magnitude."""
    generator = torch.Generator().manual_seed(5)
    count, height, width = shape
    left = torch.randn(count, height, rank, generator=generator)
    right = torch.randn(count, rank, width, generator=generator)
    matrices = left @ right + 1e-3 * torch.randn(shape, generator=generator)
    found = orthogonalise(matrices)
    wide = matrices if height <= width else matrices.mT
    exact = wide.double() / wide.double().flatten(1).norm(dim=1)[:, None, None]
    for _ in range(5):
        gram = exact @ exact.mT
        exact = (
            3.4445 * exact
            - 4.775 * gram @ exact
            + 2.0315 * gram @ gram @ exact
        )
    exact = exact if height <= width else exact.mT
    torch.testing.assert_close(found.double(), exact, atol=1e-4, rtol=0)


@pytest.mark.parametrize('shape', [(16, 16), (16, 64), (64, 16)])
def test_size_of_a_step_by_hand(shape):
    """A gradient that is orthogonal already: a step of 0.2 sqrt(max) x U.

    After 5 iterations a singular value s = 1 / sqrt(16) of the normalised
    matrix is p(p(p(p(p(s))))), p(s) = 3.4445 s - 4.775 s^3 + 2.0315 s^5.
    """
    value = 0.25
    for _ in range(5):
        value = 3.4445 * value - 4.775 * value**3 + 2.0315 * value**5
    parameter = nn.Parameter(torch.zeros(shape))
    parameter.grad = torch.eye(max(shape))[: shape[0], : shape[1]].clone()
    Muon([parameter], lr=0.5, weight_decay=0).step()
    step = -0.5 * 0.2 * max(shape) ** 0.5 * value
    torch.testing.assert_close(parameter.detach(), step * parameter.grad)


def test_momentum_looks_ahead():
    """One entry's gradient is 1, then -0.4, with momentum 0.5.

    Its momentum is 0.5, then 0.5 x 0.5 - 0.5 x 0.4 = 0.05 > 0; what is
    stepped along is 0.5 x 0.05 - 0.5 x 0.4 = -0.175, the other way.
    """
    parameter = nn.Parameter(torch.zeros(16, 16))
    optimiser = Muon([parameter], lr=1.0, weight_decay=0, momentum=0.5)
    parameter.grad = torch.eye(16)
    optimiser.step()
    first = parameter.detach().clone()
    parameter.grad = torch.eye(16)
    parameter.grad[15, 15] = -0.4
    optimiser.step()
    moved = (parameter.detach() - first).diagonal()
    assert moved[0] < 0 < moved[15]


def test_a_parameter_without_gradient_stays_and_a_closure_runs():
    still, moving = nn.Parameter(torch.ones(20, 20)), with_gradient(20, 20)
    before = moving.detach().clone()
    loss = Muon([still, moving], lr=0.1).step(lambda: torch.tensor(3.0))
    assert loss == 3
    assert torch.equal(still.detach(), torch.ones(20, 20))
    assert not torch.equal(moving.detach(), before)


@pytest.mark.parametrize(
    'wrong',
    [
        dict(lr=-1.0),
        dict(weight_decay=-1.0),
        dict(momentum=1.0),
        dict(betas=(1.5, 0.9)),
        dict(eps=-1.0),
        dict(steps=0),
    ],
)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Muon([with_gradient(3)], **wrong)


def test_a_zero_gradient_moves_nothing():
    parameter = nn.Parameter(torch.ones(20, 20))
    parameter.grad = torch.zeros(20, 20)
    Muon([parameter], lr=0.1, weight_decay=0).step()
    assert torch.equal(parameter.detach(), torch.ones(20, 20))


def test_a_zero_gradient_moves_nothing_after_others():
    """A task without labels: its momentum waits for the next one."""
    both = [with_gradient(20, 20), with_gradient(20, 20)]
    optimizers = [Muon([p], lr=0.1, weight_decay=0) for p in both]
    for optimizer in optimizers:
        optimizer.step()
    before = both[0].detach().clone()
    kept, both[0].grad = both[0].grad, torch.zeros_like(both[0])
    for _ in range(3):
        optimizers[0].step()
    assert torch.equal(both[0].detach(), before)
    both[0].grad = kept
    for optimizer in optimizers:
        optimizer.step()
    assert torch.equal(*both)
    assert not torch.equal(both[0].detach(), before)


def test_which_parameters_are_matrices():
    shapes = {
        (96, 48, 3, 3): True,
        (64, 64): True,
        (96, 1, 5, 5): False,
        (24, 3, 3, 3): False,
        (5, 96, 1, 1): False,
        (96,): False,
        (): False,
    }
    for shape, matrix in shapes.items():
        assert is_matrix(torch.zeros(shape)) is matrix


def test_groups_keep_their_own_rates():
    """One shape in two groups: still the learning rate of each."""
    fast, slow = with_gradient(20, 20), with_gradient(20, 20)
    start = fast.detach().clone()
    Muon(
        [dict(params=[fast], lr=0.1), dict(params=[slow], lr=0.01)],
        weight_decay=0,
    ).step()
    torch.testing.assert_close(
        fast.detach() - start, 10 * (slow.detach() - start)
    )


def test_state_survives_a_checkpoint(tmp_path):
    """From a config, saved in the middle, and gone on with."""

    def build() -> tuple:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(16, 32, 3), nn.Conv2d(32, 4, 1))
        optimizer = dict(type='mmvmtl.Muon', lr=0.01)
        return model, build_optim_wrapper(model, dict(optimizer=optimizer))

    def train(model: nn.Module, wrapper, seed: int) -> None:
        torch.manual_seed(seed)
        wrapper.update_params(model(torch.randn(2, 16, 5, 5)).square().mean())

    model, wrapper = build()
    train(model, wrapper, 1)
    state = dict(net=model.state_dict(), optimizer=wrapper.state_dict())
    torch.save(state, tmp_path / 'state.pth')
    train(model, wrapper, 2)
    again, resumed = build()
    state = torch.load(tmp_path / 'state.pth', weights_only=True)
    again.load_state_dict(state['net'])
    resumed.load_state_dict(state['optimizer'])
    train(again, resumed, 2)
    for first, second in zip(
        model.parameters(), again.parameters(), strict=True
    ):
        assert torch.equal(first, second)
