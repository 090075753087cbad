"""Every side of the comparison trains, and the plain ones agree."""

import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from small_training import small_training

from mmvmtl.errors import UserError

TOOLS = Path(__file__).parents[2] / 'tools'


@pytest.fixture(scope='module')
def bench():
    sys.path.insert(0, str(TOOLS))
    import bench_mtl
    from benchmarks import balancing, training

    yield dict(tool=bench_mtl, balancing=balancing, training=training)
    sys.path.remove(str(TOOLS))


@pytest.fixture(scope='module')
def steps(bench, tmp_path_factory):
    """The small model after one step of every side."""
    cfg = Config(dict(small_training(tmp_path_factory.mktemp('mtl'))))
    # A step of plain gradients: Adam's first step is a sign.
    cfg.optim_wrapper.optimizer = dict(type='SGD', lr=1e-3)
    cfg.model.backbone.norm_cfg = cfg.model.neck.norm_cfg = dict(
        type='GN', num_groups=2
    )
    batch = bench['training'].training_batch(cfg)
    steps = bench['balancing'].balancing_steps(cfg, batch, 'cpu', 10)
    for step in steps.values():
        torch.manual_seed(0)
        assert step() > 0
    return steps


def test_every_method_is_there(steps):
    balancings = {name.partition('+')[2] for name in steps}
    assert balancings >= {
        'MGDA', 'IMTLG', 'NashMTL', 'AlignedMTL', 'FairGrad', 'GradNorm',
        'PCGrad', 'GradVac', 'CAGrad', 'UPGrad', 'DualProj',
    }  # fmt: skip
    assert set(steps) >= {
        'UncertaintyWeighting', 'DWA', 'GLS', 'RLW', 'IMTLL', 'FAMO',
        'LossScaleNorm',
    }  # fmt: skip


@pytest.mark.parametrize('name', ['one_backward_a_task', 'torchjd_engine_sum'])
def test_other_ways_to_the_sum_give_the_sum(steps, name):
    """So what is timed beside ours does the same work."""
    other = dict(steps[name].net.named_parameters())
    for key, value in steps['sum'].net.named_parameters():
        torch.testing.assert_close(other[key], value, rtol=1e-4, atol=1e-6)


def test_a_method_changes_the_step(steps):
    plain = dict(steps['sum'].net.named_parameters())
    for key, value in steps['sum+MGDA'].net.named_parameters():
        if key.startswith('neck') and key.endswith('conv.weight'):
            assert not torch.equal(value, plain[key])


def test_wrong_names_are_named(bench):
    main = bench['tool'].main.__wrapped__
    with pytest.raises(UserError, match="no side 'GLSS'"):
        main(['--only', 'GLSS'])
    for name in ('interval', 'repeats'):
        with pytest.raises(UserError, match=f'--{name} must be'):
            main([f'--{name}', '0'])
