"""Importance weights against what is known."""

import sys
import types

import pytest
import torch

from mmvmtl.errors import UserError
from mmvmtl.models.domain.density_ratio import (
    bounded,
    density_ratio,
    effective_sample_size,
    skada_ratio,
)


def gaussians(number=2000, shift=1.0):
    draw = torch.Generator().manual_seed(0)
    source = torch.randn(number, 2, generator=draw)
    target = torch.randn(number, 2, generator=draw)
    target[:, 0] += shift
    return source, target


def test_recovers_the_ratio_of_two_gaussians():
    """N((1, 0), I) over N(0, I) is exp(x - 1/2), linear in the log."""
    source, target = gaussians()
    log_ratio = density_ratio(source, target, penalty=1e-4).log()
    true = source[:, 0].double() - 0.5
    assert (log_ratio - true).abs().mean() < 0.15


def test_numbers_of_rows_do_not_matter():
    """N_s / N_t corrects for a target that is four times as large."""
    source, target = gaussians(8000)
    few = density_ratio(source[:2000], target, penalty=1e-4)
    assert few.mean().item() == pytest.approx(1, abs=0.15)


def test_equal_distributions_weigh_one():
    source, target = gaussians(shift=0.0)
    assert density_ratio(source, target).std() < 0.15


def test_rows_are_judged_by_others_only():
    """More features than rows: a plain fit would separate all and give 0."""
    draw = torch.Generator().manual_seed(0)
    source, target = torch.randn(2, 20, 100, generator=draw)
    weights = density_ratio(source, target, penalty=1.0)
    assert 0.3 < weights.median() < 3


def test_rows_are_judged_by_other_videos_only():
    """Four copies of each clip weigh what it weighs alone."""
    draw = torch.Generator().manual_seed(0)
    source, target = clips = torch.randn(2, 20, 100, generator=draw)
    alone = density_ratio(source, target).log()
    videos = torch.arange(20).repeat_interleave(4)
    names = [f'video {number}' for number in videos]
    copies = density_ratio(*clips[:, videos], videos=(names, names)).log()
    # The deviation of fewer rows is larger by a percent.
    torch.testing.assert_close(copies, alone[videos], rtol=0.02, atol=0.02)


def test_one_clip_of_each_video_is_a_row_of_its_own():
    source, target = gaussians(30)
    names = [f'video {29 - i}' for i in range(30)]
    weights = density_ratio(source, target, videos=(names, names))
    assert torch.equal(weights, density_ratio(source, target))


def test_there_are_no_more_folds_than_videos():
    """Two videos of the target: the default of five folds becomes two."""
    source, target = gaussians(30)
    videos = range(30), [0] + [1] * 29
    weights = density_ratio(source, target, videos=videos)
    assert torch.equal(
        weights, density_ratio(source, target, folds=2, videos=videos)
    )
    assert weights.isfinite().all()


def test_effective_sample_size_by_hand():
    """(1 + 1 + 2)² / (1 + 1 + 4) = 16 / 6."""
    assert effective_sample_size(
        torch.tensor([1.0, 1.0, 2.0])
    ) == pytest.approx(16 / 6)
    assert effective_sample_size(torch.ones(7)) == pytest.approx(7)
    assert effective_sample_size(torch.tensor([0.0, 0.0, 5.0])) == 1


def test_bounded_by_hand():
    """(1, 1, 8), at most 2 means: 8 becomes c = 2 (c + 2) / 3 = 4."""
    weights = bounded(torch.tensor([1.0, 1.0, 8.0]), 2.0)
    assert torch.allclose(weights, torch.tensor([0.5, 0.5, 2.0]))
    raw = torch.tensor([1.0, 1.0, 8.0])
    assert effective_sample_size(weights) > effective_sample_size(raw)


@pytest.mark.parametrize('heavy', [1, 4, 30])
def test_no_weight_exceeds_the_bound(heavy):
    """Those below keep their proportions."""
    weights = torch.rand(120, generator=torch.Generator().manual_seed(0)) + 0.1
    plain = bounded(weights, 5.0)
    torch.testing.assert_close(plain, weights / weights.mean())
    weights[:heavy] *= 1e4
    found = bounded(weights, 2.0)
    assert found.mean().item() == pytest.approx(1)
    assert found.max().item() == pytest.approx(2, rel=1e-4)
    ratio = found[heavy:] / weights[heavy:]
    assert ratio.max().item() == pytest.approx(ratio.min().item(), rel=1e-4)


def test_too_few_rows_above_zero_weigh_the_same():
    weights = torch.tensor([0.0, 0.0, 0.0, 1.0, 9.0])
    wanted = torch.tensor([0.0, 0.0, 0.0, 2.5, 2.5])
    torch.testing.assert_close(bounded(weights, 1.5), wanted)


def test_too_few_rows_are_one_sentence():
    with pytest.raises(UserError, match='not of 5 of the source and 0 of'):
        density_ratio(torch.zeros(5, 2), torch.zeros(0, 2))
    rows, videos = torch.zeros(3, 2), ([0, 1, 2], [7, 7, 7])
    with pytest.raises(UserError, match='not of 3 of the source and 1 of'):
        density_ratio(rows, rows, videos=videos)


def test_without_skada_there_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, 'skada', None)
    with pytest.raises(UserError, match='pip install skada'):
        skada_ratio(*gaussians(4), 'Gaussian')


class GaussianReweightAdapter:
    """As skada's: sources are positive, targets negative."""

    def fit(self, rows, y=None, *, sample_domain=None):
        self.gap = rows[-1] - rows[0]

    def compute_weights(self, rows, y=None, *, sample_domain=None):
        return (sample_domain > 0) * (rows @ self.gap)


class DiscriminatorReweightAdapter(GaussianReweightAdapter):
    """Upside down in skada, and there is ``logistic`` for it."""


class KLIEPReweightAdapter(GaussianReweightAdapter):
    """Needs a setting."""

    def __init__(self, gamma):
        self.gamma = gamma


def test_calls_skada_by_its_convention(monkeypatch):
    fake = types.ModuleType('skada')
    for kind in (
        GaussianReweightAdapter,
        DiscriminatorReweightAdapter,
        KLIEPReweightAdapter,
    ):
        setattr(fake, kind.__name__, kind)
    monkeypatch.setitem(sys.modules, 'skada', fake)
    source, target = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0]])
    assert skada_ratio(source, target, 'Gaussian').tolist() == [2.0, 4.0]
    with pytest.raises(UserError, match="did you mean 'Gaussian'"):
        skada_ratio(source, target, 'Gausian')
    for name in ('Discriminator', 'KLIEP'):
        with pytest.raises(UserError, match='it has Gaussian;'):
            skada_ratio(source, target, name)


@pytest.mark.parametrize('name', ['Gaussian', 'Density'])
def test_the_real_skada_knows_which_rows_count(name):
    """N((1, 0), I) over N(0, I) is exp(x - 1/2), as above."""
    pytest.importorskip('skada', reason='skada is not installed')
    source, target = gaussians(400)
    weights = skada_ratio(source, target, name)
    assert weights.shape == (len(source),) and (weights >= 0).all()
    true = (source[:, 0].double() - 0.5).exp()
    assert torch.corrcoef(torch.stack([weights, true]))[0, 1] > 0.6
