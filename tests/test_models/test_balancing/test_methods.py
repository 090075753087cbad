"""The mathematics of every method, on Gramians."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from balancing import CONFLICT, METHODS, STATELESS, gradients, weigh
from scipy.optimize import minimize

from mmvmtl.models.balancing.alpha_fair import solve_alpha_fair
from mmvmtl.models.balancing.gramian_weighting import build_weighting

EVERY = pytest.mark.parametrize('name', METHODS)
SIZES = pytest.mark.parametrize('count', [2, 3, 5])
FUNCTIONS = pytest.mark.parametrize('name', STATELESS)


@pytest.mark.parametrize(
    'name, by_hand',
    [
        # (2, 3/2): g1 + g2 / 2 and g2 + g1, each off the other.
        ('PCGrad', [8 / 7, 6 / 7]),
        ('GradVac', [8 / 7, 6 / 7]),
        ('UPGrad', [8 / 7, 6 / 7]),
        # g1 + g2 = (0, 1) opposes nobody.
        ('DualProj', [1, 1]),
        # min of a^2 - 2 a b + 2 b^2 with a + b = 1: 1 - 4 b + 5 b^2.
        ('MGDA', [6 / 5, 4 / 5]),
        # G v = (1, sqrt 2): v = (2 + sqrt 2, 1 + sqrt 2).
        ('IMTLG', [2 * (2 + 2**0.5) / (3 + 2 * 2**0.5), None]),
        # a (a - b) = 1 = b (2 b - a): a = sqrt 2 b.
        ('NashMTL', [2 * 2**0.5 / (1 + 2**0.5), 2 / (1 + 2**0.5)]),
    ],
)
def test_golden_values_by_hand(name, by_hand):
    """G = [[1, -1], [-1, 2]], weights made to sum to 2."""
    by_hand = [2 - by_hand[0] if w is None else w for w in by_hand]
    assert weigh(name, CONFLICT).tolist() == pytest.approx(by_hand)


def test_imtlg_by_hand_where_the_sum_of_weights_is_negative():
    """Norms (1, 1/10, 1), cosines 9/10, 7/10, 9/10.

    C u = 1 has u = (5, -5, 5) / 4, so w ~ (1, -10, 1), whose absolute values
    sum to 3 as (1, -10, 1) / 4. All projections are (C u) / 5 > 0; divided by
    a sum of -8 they were all negative.
    """
    cosine = torch.tensor([[1, 0.9, 0.7], [0.9, 1, 0.9], [0.7, 0.9, 1]])
    norms = torch.tensor([1, 0.1, 1]).double()
    gramian = norms[:, None] * cosine.double() * norms
    weights = weigh('IMTLG', gramian)
    assert weights.tolist() == pytest.approx([0.25, -2.5, 0.25], rel=1e-5)
    projections = gramian @ weights / norms
    assert projections.tolist() == pytest.approx([0.2] * 3, rel=1e-5)


def _shortest(gramian):
    """Least wᵀ G w on the simplex: the best stationary point of all faces."""
    squares = []
    for size in range(1, len(gramian) + 1):
        for chosen in combinations(range(len(gramian)), size):
            part = gramian[np.ix_(chosen, chosen)]
            w = np.linalg.solve(part, np.ones(size))
            if (w >= 0).all():
                squares.append(1 / w.sum())
    return min(squares)


@pytest.mark.parametrize('count', [2, 3, 4, 5, 6])
@pytest.mark.parametrize('ratio', [1.0, 30.0, 1000.0])
@pytest.mark.parametrize('seed', range(4))
def test_mgda_is_the_shortest_of_all_combinations(count, ratio, seed):
    """Against all sets of tasks that could have weights, to eight digits."""
    rows = gradients(count, seed, size=8)
    lengths = torch.logspace(0, math.log10(ratio), count).double()
    rows = rows / rows.norm(dim=1, keepdim=True) * lengths[:, None]
    gramian = rows @ rows.T
    weights = weigh('MGDA', gramian) / count
    assert (weights >= 0).all()
    square = float(weights @ gramian @ weights)
    assert square == pytest.approx(_shortest(gramian.numpy()), rel=1e-8)
    # Every task gains as much as the update is long, or more.
    assert (gramian @ weights).min() > square * (1 - 1e-8)


@pytest.mark.parametrize('name', ['IMTLG', 'AlignedMTL'])
@pytest.mark.parametrize('seed', range(8))
def test_rounding_of_float32_is_no_direction(name, seed):
    """Three gradients of 500 numbers in a plane: an eigenvalue of ±1e-8."""
    plane = gradients(2, seed, size=500)
    rows = gradients(3, seed, size=2) @ plane
    found = rows.float() @ rows.float().T
    torch.testing.assert_close(
        weigh(name, found), weigh(name, rows @ rows.T), rtol=0, atol=1e-3
    )


@pytest.mark.parametrize('name', ['IMTLG', 'AlignedMTL'])
def test_a_short_gradient_is_a_direction(name):
    """Orthogonal, 1 and 1e-4 long: w ~ (1e-4, 1), however small G_22 is."""
    weights = weigh(name, torch.diag(torch.tensor([1, 1e-8])).double())
    assert (weights[0] / weights[1]).item() == pytest.approx(1e-4)


@EVERY
def test_orthogonal_equal_gradients_get_equal_weights(name):
    weights = weigh(name, torch.eye(3).double())
    assert weights.tolist() == pytest.approx([1, 1, 1], abs=1e-6)


@pytest.mark.parametrize('name', ['PCGrad', 'GradVac', 'UPGrad', 'DualProj'])
def test_without_conflict_nothing_changes(name):
    gramian = torch.tensor([[1.0, 0.3, 0.0], [0.3, 2.0, 0.1], [0, 0.1, 0.5]])
    assert weigh(name, gramian.double()).tolist() == pytest.approx([1, 1, 1])


@EVERY
def test_opposed_gradients_vanish(name):
    """Two losses that undo each other: g2 = -g1, framework fact 41.

    Every method finds the sum that vanishes.
    """
    opposed = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).double()
    weights = weigh(name, opposed)
    assert weights @ opposed @ weights == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    'name, vanishes',
    [
        ('PCGrad', True),
        ('UPGrad', True),
        ('DualProj', True),
        ('MGDA', True),
        ('NashMTL', True),
        # It stays within half its length of the mean, and that is not 0.
        ('CAGrad', False),
    ],
)
def test_a_longer_opponent(name, vanishes):
    """g2 = -2 g1: no update is good for both."""
    opposed = torch.tensor([[1.0, -2.0], [-2.0, 4.0]]).double() / 2.5
    weights = weigh(name, opposed)
    square = float(weights @ opposed @ weights)
    assert (square < 1e-3) == vanishes


def test_pcgrad_of_a_sum_would_be_a_no_op():
    """Framework fact 41: what matters is that gradients are apart."""
    together = weigh('PCGrad', torch.ones(1, 1).double())
    assert together.tolist() == [1]
    assert weigh('PCGrad', CONFLICT).tolist() != [1, 1]


@FUNCTIONS
@SIZES
def test_order_of_tasks_does_not_matter(name, count):
    rows = gradients(count, seed=count)
    order = torch.randperm(
        count, generator=torch.Generator().manual_seed(count)
    )
    weights = weigh(name, rows @ rows.T)
    permuted = weigh(name, rows[order] @ rows[order].T)
    torch.testing.assert_close(permuted, weights[order], rtol=0, atol=1e-5)


@pytest.mark.parametrize('name', ['IMTLG', 'NashMTL'])
@SIZES
def test_scale_of_a_task_does_not_matter_where_the_paper_says_so(name, count):
    """w_t g_t stays when g_t is multiplied."""
    rows = gradients(count, seed=7)
    scales = torch.logspace(-1, 1, count, dtype=torch.float64)[:, None]
    one = weigh(name, rows @ rows.T)[:, None] * rows
    scaled = rows * scales
    other = weigh(name, scaled @ scaled.T)[:, None] * scaled
    cosine = (one * other).sum() / one.norm() / other.norm()
    assert cosine.item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    'name', ['UPGrad', 'DualProj', 'MGDA', 'NashMTL', 'FairGrad']
)
@SIZES
@pytest.mark.parametrize('seed', range(5))
def test_no_task_objects(name, count, seed):
    """Gradients in few dimensions, so that many conflict."""
    rows = gradients(count, seed, size=count)
    weights = weigh(name, rows @ rows.T)
    update = weights @ rows
    assert (rows @ update).min() > -1e-9
    assert (weights >= 0).all()


@SIZES
def test_imtlg_projects_equally_on_every_gradient(count):
    rows = gradients(count, seed=3)
    update = weigh('IMTLG', rows @ rows.T) @ rows
    projections = (rows @ update) / rows.norm(dim=1)
    assert projections[0] > 0
    torch.testing.assert_close(
        projections, projections[0].expand(count), rtol=1e-9, atol=0
    )


@SIZES
@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('alpha', [0.3, 1.0, 2.0, 10.0])
def test_alpha_fair_weights_solve_their_equation(count, seed, alpha):
    """Also for gradients that nearly depend on each other."""
    rows = gradients(count, seed, size=count)
    rows[1] = 0.1 * rows[1] - 0.9 * rows[0]
    gramian = rows @ rows.T
    weights = solve_alpha_fair(gramian, alpha)
    assert (weights > 0).all()
    torch.testing.assert_close(
        gramian @ weights, weights ** (-1 / alpha), rtol=1e-5, atol=0
    )


@SIZES
def test_fairgrad_equals_torchjd(count):
    aggregation = pytest.importorskip('torchjd.aggregation')
    rows = gradients(count, seed=2)
    theirs = aggregation.FairGradWeighting(alpha=2.0)(rows @ rows.T)
    torch.testing.assert_close(
        solve_alpha_fair(rows @ rows.T, 2.0), theirs, rtol=1e-4, atol=0
    )


@SIZES
@pytest.mark.parametrize('seed', range(3))
def test_nash_mtl_is_where_the_product_of_improvements_is_largest(count, seed):
    """No small turn of the update makes the product larger."""
    rows = gradients(count, seed, size=count)
    update = weigh('NashMTL', rows @ rows.T) @ rows

    def product(d):
        return (rows @ (d / d.norm())).log().sum()

    draw = torch.Generator().manual_seed(seed)
    for _ in range(50):
        turn = torch.randn(count, generator=draw).double() * 1e-3
        assert product(update + turn * update.norm()) <= product(update)


@pytest.mark.parametrize('c', [0.0, 0.2, 0.5, 0.9, 1.5])
@SIZES
@pytest.mark.parametrize('seed', range(3))
def test_cagrad_against_a_solver_of_the_primal(c, count, seed):
    """max over |d - g0| <= c |g0| of the least improvement, by SLSQP."""
    rows = gradients(count, seed, size=count).numpy()
    method = dict(type='CAGrad', c=c)
    weights = weigh(method, torch.from_numpy(rows @ rows.T)).numpy()
    mean = rows.mean(0)
    radius = c * np.linalg.norm(mean)
    # The weights are scaled; on the boundary the length is known again.
    ours = weights @ rows
    if c:
        a, b = ours @ ours, -2 * ours @ mean
        roots = np.roots([a, b, mean @ mean - radius**2])
        scales = roots[np.abs(roots.imag) < 1e-6].real
        ours = max(
            (s * ours for s in scales if s > 0),
            key=lambda d: (rows @ d).min(),
        )
    else:
        ours = mean
        assert weights == pytest.approx(np.ones(count))
    solved = minimize(
        lambda x: -x[0],
        [0.0, *mean],
        constraints=[
            dict(type='ineq', fun=lambda x: rows @ x[1:] - x[0]),
            dict(
                type='ineq',
                fun=lambda x: radius**2 - ((x[1:] - mean) ** 2).sum(),
            ),
        ],
        options=dict(ftol=1e-12, maxiter=500),
    )
    assert (rows @ ours).min() == pytest.approx(-solved.fun, abs=2e-4)


@SIZES
@pytest.mark.parametrize('seed', range(3))
def test_projections_against_a_solver_of_the_primal(count, seed):
    """The nearest d with <d, g_t> >= 0 for all t, by SLSQP."""
    rows = gradients(count, seed, size=count).numpy()

    def nearest(wish):
        solved = minimize(
            lambda d: ((d - wish) ** 2).sum(),
            wish,
            constraints=[dict(type='ineq', fun=lambda d: rows @ d)],
            options=dict(ftol=1e-14, maxiter=500),
        )
        return solved.x

    gramian = torch.from_numpy(rows @ rows.T)
    for name, update in (
        ('DualProj', nearest(rows.sum(0))),
        ('UPGrad', sum(nearest(row) for row in rows)),
    ):
        weights = build_weighting(name, count)(
            gramian, torch.arange(count), torch.ones(count).double()
        )
        assert weights.numpy() @ rows == pytest.approx(update, abs=1e-5)


@pytest.mark.parametrize('name', ['IMTLG', 'AlignedMTL'])
@SIZES
def test_full_rank_equals_torchjd(name, count):
    aggregation = pytest.importorskip('torchjd.aggregation')
    rows = gradients(count, seed=2)
    theirs = getattr(aggregation, f'{name}Weighting')()(rows @ rows.T)
    torch.testing.assert_close(
        weigh(name, rows @ rows.T), theirs * count / theirs.abs().sum()
    )


@pytest.mark.parametrize('name', ['PCGrad', 'GradVac'])
@SIZES
def test_random_methods_equal_torchjd_in_the_same_order(
    name, count, monkeypatch
):
    """Over six steps, so that GradVac's running means are compared too."""
    aggregation = pytest.importorskip('torchjd.aggregation')
    ours = build_weighting(
        dict(type=name, **(dict(beta=0.5) if name == 'GradVac' else {})), count
    )
    ours = ours.double()
    theirs = getattr(aggregation, f'{name}Weighting')()
    tasks = torch.arange(count)
    for seed in range(6):
        rows = gradients(count, seed, size=3)
        order = torch.Generator().manual_seed(seed)
        orders = [
            [j for j in torch.randperm(count, generator=order) if j != i]
            for i in range(count)
        ]
        monkeypatch.setattr(ours.orders, 'forward', lambda n, o=orders: o)
        turn = iter(
            [_as_torchjd(name, i, order) for i, order in enumerate(orders)]
        )
        monkeypatch.setattr(torch, 'randperm', lambda n, t=turn: next(t))
        expected = theirs(rows @ rows.T)
        monkeypatch.undo()
        monkeypatch.setattr(ours.orders, 'forward', lambda n, o=orders: o)
        found = ours(rows @ rows.T, tasks, torch.ones(count).double())
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


def _as_torchjd(name, i, order):
    """PCGrad's permutations are of tasks, GradVac's of the others."""
    others = [j for j in range(len(order) + 1) if j != i]
    if name == 'PCGrad':
        return torch.tensor([*order, i])
    return torch.tensor([others.index(j) for j in order])


def test_gradvac_lifts_a_cosine_to_its_running_mean():
    """cos(g1', g2) is the mean afterwards, by the paper's construction."""
    method = build_weighting('GradVac', 2).double()
    method.similarity.fill_(0.5)
    gramian = torch.tensor([[1.0, 0.2], [0.2, 1.0]]).double()
    c = torch.tensor([1.0, 0.0]).double()
    c[1] += method._lift(c, gramian, 1, torch.tensor(0.5).double())
    length = (c @ gramian @ c).sqrt()
    assert ((gramian[1] @ c) / length).item() == pytest.approx(0.5)


@pytest.mark.parametrize('later', [-1.0, 0.0, 0.999])
def test_gradvac_after_equal_gradients(later):
    """A mean cosine of 1 can not be reached, whatever comes then."""
    method = build_weighting(dict(type='GradVac', beta=1), 3)
    after = torch.full((3, 3), later).fill_diagonal_(1)
    after[0, 1] = after[1, 0] = 1
    for gramian in (torch.ones(3, 3), after, torch.eye(3)):
        weights = method(
            gramian.double(), torch.arange(3), torch.ones(3).double()
        )
        assert weights.isfinite().all()
        assert method.similarity.isfinite().all()


def test_gradvac_remembers_by_task():
    method = build_weighting('GradVac', 3)
    tasks = torch.tensor([0, 2])
    method(CONFLICT, tasks, torch.ones(2).double())
    changed = method.similarity.nonzero().tolist()
    assert changed == [[0, 2], [2, 0]]
    # beta = 0.01 of the cosine -1 / sqrt 2.
    assert method.similarity[0, 2] == pytest.approx(-0.01 / math.sqrt(2))


@pytest.mark.parametrize('name', ['PCGrad', 'GradVac'])
def test_random_orders_leave_the_global_generator_alone(name):
    before = torch.get_rng_state()
    weigh(name, gradients(3, 0) @ gradients(3, 0).T)
    assert torch.equal(torch.get_rng_state(), before)


def test_orders_differ_from_call_to_call():
    orders = build_weighting('PCGrad', 4).orders
    drawn = [orders(4) for _ in range(5)]
    assert any(order != drawn[0] for order in drawn)
    assert all(sorted(o) == [1, 2, 3] for o in (order[0] for order in drawn))


@pytest.mark.parametrize(
    'cfg, sentence',
    [
        ('PCGard', "no balancing method 'PCGard'; near are PCGrad"),
        (dict(type='mmvmtl.Nash'), "no balancing method 'Nash'.*NashMTL"),
        ('TaskBranch', "no balancing method 'TaskBranch'"),
        (dict(type='CAGrad', c=-1), 'c=-1: use a radius'),
        (dict(type='GradVac', beta=2), 'beta=2: use a number from 0 to 1'),
        (dict(type='GradNorm', lr=0), 'lr=0: use a positive'),
        (dict(type='FairGrad', alpha=0), 'alpha=0: use a positive'),
    ],
)
def test_wrong_methods_are_named(cfg, sentence):
    with pytest.raises(ValueError, match=sentence):
        build_weighting(cfg, 3)


def test_cagrad_says_how_many_tasks_it_takes():
    with pytest.raises(ValueError, match='at most 8, or UPGrad'):
        build_weighting('CAGrad', 9)
