"""Meta-learning of a small detector in a real Runner."""

from functools import partial

import meta_training
import pytest
import torch
from meta_training import HEAD, meta_cfg, run
from mmdet.models.backbones import CSPNeXt
from mmengine.runner import Runner
from torch.utils import checkpoint
from two_ranks import start_two_ranks

from mmvmtl.errors import UserError


def test_two_processes_equal_one(tmp_path):
    """An episode a rank, or two in one process: the same steps."""
    first, second = start_two_ranks(meta_training.__file__, tmp_path)
    assert all(torch.equal(first[name], second[name]) for name in first)
    both = meta_training.meta_trained(episodes=2)
    torch.testing.assert_close(first, both, rtol=0, atol=1e-5)
    alone = meta_training.meta_trained(episodes=1)
    far = max((first[k] - alone[k]).abs().max() for k in first)
    assert far > 1e-3


@pytest.mark.parametrize('method', ['ANIL', 'MAML', 'FOMAML', 'Reptile'])
def test_every_method_trains_our_detector(method, tmp_path):
    """The outer step moves what the method says; statistics stay."""
    parts = dict(ANIL=HEAD, MAML=['neck', 'head']).get(method)
    cfg = meta_cfg(tmp_path, 1, method=method, parts=parts, lr=0.01)
    runner = run(cfg, method)
    before = small_start(cfg)
    moved = {
        name
        for name, value in runner.model.named_parameters()
        if not torch.equal(value, before[name])
    }
    assert 'backbone.stem.0.conv.weight' in moved
    assert f'{HEAD[0]}.0.weight' in moved
    for name, value in runner.model.named_buffers():
        if 'running' in name:
            assert torch.equal(value, before[name]), name


def small_start(cfg):
    """The weights a run of ``cfg`` begins with."""
    fresh = cfg.copy()
    fresh.train_cfg = dict(fresh.train_cfg, max_iters=0)
    fresh.experiment_name = f'{cfg.work_dir}-start'
    runner = Runner.from_cfg(fresh)
    runner.train()
    state = dict(runner.model.named_parameters())
    state.update(runner.model.named_buffers())
    return {name: value.detach().clone() for name, value in state.items()}


def test_a_resumed_run_equals_one_that_never_stopped(tmp_path):
    run(meta_cfg(tmp_path / 'whole', 2), 'whole')
    run(meta_cfg(tmp_path / 'broken', 1), 'first')
    again = meta_cfg(tmp_path / 'broken', 2)
    again.resume = True
    run(again, 'second')
    one, other = (
        torch.load(tmp_path / n / 'iter_2.pth', weights_only=False)
        for n in ('whole', 'broken')
    )
    for name, value in one['state_dict'].items():
        assert torch.equal(value, other['state_dict'][name]), name


@pytest.mark.parametrize(
    ('loop', 'words'),
    [
        (dict(method='ANILL'), "did you mean 'ANIL'"),
        (dict(parts=None), 'name them with parts'),
        (dict(parts=['head.heads.dat']), 'no trainable part'),
        # The backbone's hard sigmoid has no second derivative.
        (dict(method='MAML', parts=None), 'set first_order=True'),
    ],
)
def test_wrong_settings(loop, words, tmp_path):
    with pytest.raises(UserError, match=words) as error:
        run(meta_cfg(tmp_path, 1, **loop), words)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('reentrant', [False, True])
def test_checkpointed_activations_are_one_sentence(
    reentrant, tmp_path, monkeypatch
):
    """Backward would run them again with the start's own parameters."""
    plain = CSPNeXt.forward

    def forward(self, x):
        return checkpoint.checkpoint(
            partial(plain, self), x, use_reentrant=reentrant
        )

    monkeypatch.setattr(CSPNeXt, 'forward', forward)
    with pytest.raises(UserError, match='with_cp=False'):
        run(meta_cfg(tmp_path, 1), f'checkpointed {reentrant}')


def test_one_part_needs_no_list(tmp_path):
    """As tools/adapt.py takes it; its letters were parts."""
    cfg = meta_cfg(tmp_path, 1, parts=HEAD[0])
    assert Runner.from_cfg(cfg).train_loop.parts == HEAD
