"""Learning rates by depth, L2-SP, gradient health, early stopping."""

from __future__ import annotations

import logging
import math
from types import SimpleNamespace

import pytest
import torch
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.optim import (
    OptimWrapper,
    OptimWrapperDict,
    build_optim_wrapper,
)
from torch import nn
from toy_training import Toy, train, watch

from mmvmtl.engine.hooks.gradient_health_hook import (
    GradientHealthHook,
    diagnose,
    gradient_norm,
)
from mmvmtl.engine.hooks.l2sp_hook import KEY, L2SPHook
from mmvmtl.errors import UserError
from mmvmtl.weights import read_checkpoint

DECAY = dict(
    constructor='mmvmtl.LayerDecayConstructor',
    optimizer=dict(type='AdamW', lr=0.1, weight_decay=0.3),
)


def groups(model, **paramwise):
    wrapper = build_optim_wrapper(
        model, dict(type='OptimWrapper', **DECAY, paramwise_cfg=paramwise)
    )
    by_id = {id(g['params'][0]): g for g in wrapper.optimizer.param_groups}
    return {name: by_id[id(p)] for name, p in model.named_parameters()}


def test_rates_fall_by_depth_and_norms_keep_their_rule():
    """0.1 × (0.25, 0.5, 1); custom_keys would decay the norms after all."""
    found = groups(
        Toy(), layers=['stem', 'trunk'], rate=0.5, norm_decay_mult=0
    )
    rate = {name: g['lr'] for name, g in found.items()}
    assert rate['stem.0.weight'] == rate['stem.1.bias'] == 0.025
    assert rate['trunk.0.weight'] == 0.05
    assert rate['head.weight'] == 0.1
    assert found['stem.1.weight']['weight_decay'] == 0
    assert found['stem.0.weight']['weight_decay'] == 0.3


@pytest.mark.parametrize('wrong', [
    dict(rate=0.5), dict(layers=['stem']), dict(layers=['stem'], rate=2),
])  # fmt: skip
def test_decay_out_of_range(wrong):
    with pytest.raises(ValueError, match='LayerDecayConstructor'):
        groups(Toy(), **wrong)
    with pytest.raises(UserError, match='stem'):
        groups(Toy(), layers=['steam'], rate=0.5)


def test_decay_with_freezing_trains_what_is_released(tmp_path):
    hook = dict(type='mmvmtl.FreezeHook', modules='trunk',
                until=dict(epoch=1))  # fmt: skip
    runner = train(
        tmp_path, [hook], epochs=2,
        wrapper=dict(DECAY, paramwise_cfg=dict(layers=['trunk'], rate=0.5)),
    )  # fmt: skip
    first, last = watch(runner).states[3], watch(runner).states[-1]
    assert not torch.equal(first['trunk.0.weight'], last['trunk.0.weight'])


class Nudge(Hook):
    """Move a pretrained weight away before the first step."""

    priority = 'LOWEST'

    def before_train(self, runner) -> None:
        with torch.no_grad():
            runner.model.trunk[0].weight.add_(2)


def plain(tmp_path, hooks, **settings):
    sgd = dict(type='SGD', lr=0.1)
    runner = train(
        tmp_path, hooks, wrapper=dict(optimizer=sgd), epochs=1,
        train_cfg=dict(by_epoch=False, max_iters=2), **settings,
    )  # fmt: skip
    return watch(runner).states, runner


@pytest.mark.parametrize('counts', [1, 2])
def test_one_step_of_l2_sp_by_hand(tmp_path, counts):
    """Away by 2 of old weights: −0.1·0.3·2; new ones: −0.1·0.5·w.

    Once per optimizer step, also when two micro-batches make one.
    """
    pull = dict(type='mmvmtl.L2SPHook', modules='trunk', alpha=0.3, beta=0.5)
    extra = dict(optim_wrapper=dict(accumulative_counts=counts))
    with_pull, runner = plain(tmp_path / 'a', [pull, Nudge()], **extra)
    without, _ = plain(tmp_path / 'b', [Nudge()], **extra)
    change = {k: with_pull[counts - 1][k] - v
              for k, v in without[counts - 1].items()}  # fmt: skip
    old = change['trunk.0.weight']
    torch.testing.assert_close(old, torch.full_like(old, -0.06))
    torch.manual_seed(0)
    new = Toy().head.weight
    torch.testing.assert_close(change['head.weight'], -0.05 * new)
    assert runner.message_hub.get_scalar('train/l2sp').data[0][0] > 0.15 * 256


def test_l2_sp_leaves_frozen_alone_and_survives_a_resume(tmp_path):
    hooks = [
        dict(type='mmvmtl.L2SPHook', modules=['stem', 'trunk'], alpha=0.5),
        dict(type='mmvmtl.FreezeHook', modules='stem'),
    ]
    straight = train(tmp_path / 'a', hooks, epochs=2)
    train(tmp_path / 'b', hooks, epochs=1)
    again = train(tmp_path / 'b', hooks, epochs=2, resume=True)
    one, two = watch(straight).states[-1], watch(again).states[-1]
    assert all(torch.equal(one[k], two[k]) for k in one)
    torch.manual_seed(0)
    assert torch.equal(one['stem.0.weight'], Toy().stem[0].weight)


def test_what_is_saved_without_training_has_no_starting_point(tmp_path):
    """As tools/adapt.py saves it, with the hooks of the config."""
    runner = train(tmp_path, [], epochs=1)
    runner.register_hook(L2SPHook('trunk'))
    runner.save_checkpoint(str(tmp_path), 'new.pth')
    assert KEY not in read_checkpoint(str(tmp_path / 'new.pth'))


def test_l2_sp_refuses_negative_factors():
    with pytest.raises(ValueError, match='alpha=-1'):
        L2SPHook('trunk', alpha=-1)


@pytest.mark.parametrize(
    'norm, history, illness',
    [
        (1.0, [1.0] * 9, ''),
        (101.0, [1.0] * 9, 'explodes'),
        (0.009, [1.0] * 9, 'vanishes'),
        (99.0, [1.0] * 9, ''),
        (0.0, [], 'zero'),
        (math.nan, [], 'finite'),
        (500.0, [1.0] * 4, ''),
        (500.0, [1.0] * 5 + [1e9, math.inf], 'explodes'),
        (1.0, [0.0] * 9, ''),
        (1.0, [0.0] * 9 + [1.0] * 5, ''),
        (101.0, [0.0] * 9 + [1.0] * 5, 'explodes'),
        (0.0, [0.0] * 9, 'zero'),
    ],
)
def test_a_gradient_is_judged_by_the_median(norm, history, illness):
    found = diagnose(norm, history, 100)
    assert illness in found if illness else not found


def test_norm_of_a_module_by_hand():
    """√(3² + 4²); what has no gradient does not count."""
    toy = Toy()
    assert gradient_norm(toy.trunk) is None
    toy.head.bias.grad = torch.tensor([3.0])
    toy.head.weight.grad = torch.zeros(1, 8)
    toy.head.weight.grad[0, 0] = 4
    assert gradient_norm(toy.head) == 5


class Explode(Hook):
    """Scale the weights of the head up in the iterations from 20 on."""

    def before_train_iter(self, runner, batch_idx, **kwargs) -> None:
        if runner.iter == 20:
            with torch.no_grad():
                runner.model.head.weight.mul_(1e5)


@pytest.mark.parametrize('clip', [{}, dict(clip_grad=dict(max_norm=0.1))])
def test_warns_once_and_logs_frozen_modules_not(tmp_path, clip):
    """Clipping hides nothing."""
    hooks = [
        dict(type='mmvmtl.GradientHealthHook', interval=2, window=10),
        dict(type='mmvmtl.FreezeHook', modules='stem'),
        Explode(),
    ]
    runner = train(tmp_path, hooks, epochs=8, optim_wrapper=clip)
    (log,) = tmp_path.glob('*/*.log')
    lines = [x for x in log.read_text().splitlines() if 'explodes' in x]
    assert [x.split("of '")[1][:5] for x in lines] == ['trunk', "head'"]
    assert 'iteration 20' in lines[0]
    scalars = runner.message_hub.log_scalars
    assert 'train/grad.stem' not in scalars
    norms = scalars['train/grad.trunk'].data[0]
    assert len(norms) == 16
    assert 'loss' not in 'train/grad.trunk'


@pytest.mark.parametrize('wrong', [dict(interval=0), dict(ratio=1),
                                   dict(window=2)])  # fmt: skip
def test_health_out_of_range(wrong):
    with pytest.raises(ValueError, match='GradientHealthHook'):
        GradientHealthHook(**wrong)


class ScaleLoss(Hook):
    """Scale losses by 256, as float16 has it; on a CPU as well."""

    def before_train(self, runner) -> None:
        runner.optim_wrapper.loss_scaler = torch.amp.GradScaler(
            get_device(), init_scale=256.0
        )


@pytest.mark.parametrize('clip', [{}, dict(clip_grad=dict(max_norm=0.5))])
def test_a_fused_optimizer_changes_neither_pull_nor_norms(tmp_path, clip):
    """Without clipping it gets scaled gradients, and divides in its kernel."""
    hooks = [
        ScaleLoss(),
        dict(type='mmvmtl.L2SPHook', modules='trunk', alpha=0.3, beta=0.5),
        Nudge(),
        dict(type='mmvmtl.GradientHealthHook', interval=1),
    ]
    states, norms = [], []
    for fused in (False, True):
        runner = train(
            tmp_path / str(fused), hooks, epochs=1,
            wrapper=dict(
                type='mmvmtl.AmpOptimWrapper', dtype='bfloat16', **clip,
                optimizer=dict(type='SGD', lr=0.1, fused=fused),
            ),
        )  # fmt: skip
        assert runner.optim_wrapper.loss_scaler.get_scale() == 256
        states.append(watch(runner).states[-1])
        hub = runner.message_hub.log_scalars
        norms.append(hub['train/grad.trunk'].data[0])
    torch.testing.assert_close(*states)
    assert norms[1] == pytest.approx(norms[0], rel=1e-4)


def test_norms_are_of_the_losses_whatever_is_added_behind_the_clip(tmp_path):
    """L2-SP pulls at the head from the first step on."""
    health = dict(type='mmvmtl.GradientHealthHook', interval=1)
    pull = dict(type='mmvmtl.L2SPHook', modules='trunk', alpha=0.3, beta=9.0)
    first = []
    for name, hooks in (('alone', [health]), ('both', [pull, health])):
        runner = train(
            tmp_path / name, hooks, epochs=1,
            optim_wrapper=dict(clip_grad=dict(max_norm=1e-3)),
        )  # fmt: skip
        scalars = runner.message_hub.log_scalars
        first.append(scalars['train/grad.head'].data[0][0])
    assert first[1] == pytest.approx(first[0], rel=1e-5)


@pytest.mark.parametrize(
    'hook', [L2SPHook(modules=['body']), GradientHealthHook()]
)
def test_several_optimizers_are_refused(hook):
    """A translator's generators and discriminators have one each."""
    model = nn.ModuleDict(dict(body=nn.Linear(2, 2), other=nn.Linear(2, 2)))
    wrappers = {
        name: OptimWrapper(torch.optim.SGD(part.parameters(), lr=0.1))
        for name, part in model.items()
    }
    runner = SimpleNamespace(
        model=model,
        optim_wrapper=OptimWrapperDict(**wrappers),
        logger=logging.getLogger('test'),
    )
    with pytest.raises(UserError, match=r'has 2 \(body, other\)'):
        hook.before_train(runner)
