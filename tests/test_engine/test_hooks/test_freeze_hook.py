"""Freezing in real Runners: what stands still, what goes on, and when."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import toy_training
from torch import nn
from toy_training import STAGES, Toy, bare, train, watch

from mmvmtl.engine.hooks.freeze_hook import NORMS, FreezeHook, is_frozen
from mmvmtl.errors import UserError

FREEZE = dict(type='mmvmtl.FreezeHook', stages=STAGES)
ITERS = 4  # of an epoch


def part(state: dict, name: str) -> dict:
    return {k: v for k, v in state.items() if k.startswith(f'{name}.')}


def same(one: dict, other: dict) -> bool:
    assert one.keys() == other.keys()
    return all(torch.equal(one[k], other[k]) for k in one)


def start() -> dict:
    torch.manual_seed(0)
    return Toy().state_dict()


@pytest.fixture(scope='module')
def straight(tmp_path_factory):
    return train(tmp_path_factory.mktemp('freeze') / 'straight', [FREEZE])


@pytest.mark.parametrize(
    'until, frozen',
    [
        (None, [True] * 6),
        (dict(iter=2), [True, True, False, False, False, False]),
        (dict(epoch=1), [True, True, True, False, False, False]),
        (dict(progress=0.5), [True, True, True, False, False, False]),
        (dict(progress=1), [True] * 6),
    ],
)
def test_the_schedule_is_a_function_of_the_iteration(until, frozen):
    """6 iterations, 3 an epoch."""
    assert [is_frozen(until, i, 6, 3) for i in range(6)] == frozen


def test_weights_and_statistics_stand_still_bitwise(straight):
    """With weight decay; batch norm moves everywhere else (see below)."""
    first = start()
    states = watch(straight).states
    for state in states:
        assert same(part(state, 'stem'), part(first, 'stem'))
    for state in states[: 2 * ITERS]:
        assert same(part(state, 'trunk'), part(first, 'trunk'))
    assert not torch.equal(states[0]['head.weight'], first['head.weight'])


def test_what_is_released_trains_and_so_do_its_statistics(tmp_path):
    hook = dict(type='mmvmtl.FreezeHook', modules=['stem'],
                until=dict(iter=3))  # fmt: skip
    states = watch(train(tmp_path, [hook], epochs=2)).states
    first = start()
    assert same(part(states[2], 'stem'), part(first, 'stem'))
    moved = part(states[3], 'stem')
    for name, value in part(first, 'stem').items():
        assert not torch.equal(moved[name], value), name


def test_paramwise_cfg_does_not_lose_what_is_unfrozen_later(tmp_path):
    """mmengine leaves parameters out that are frozen when it builds."""
    runner = train(
        tmp_path,
        [FREEZE],
        wrapper=dict(
            paramwise_cfg=dict(norm_decay_mult=0, custom_keys=dict(
                trunk=dict(lr_mult=0.5)))),
        param_scheduler=dict(type='MultiStepLR', milestones=[3], gamma=0.1),
    )  # fmt: skip
    groups = {
        id(group['params'][0]): group
        for group in runner.optim_wrapper.param_groups
    }
    model = runner.model
    assert {id(p) for p in model.parameters()} <= groups.keys()
    weight = model.trunk[0].weight
    assert not torch.equal(weight, start()['trunk.0.weight'])
    # 0.02 × 0.5, and the schedule held while it was frozen.
    assert groups[id(weight)]['lr'] == pytest.approx(0.001)


def test_resuming_equals_not_stopping_bitwise(straight, tmp_path):
    """Stopped one epoch before, at, and after the change."""
    whole = torch.load(
        Path(straight.work_dir) / 'epoch_4.pth', weights_only=False
    )
    for stop in (1, 2, 3):
        work = tmp_path / str(stop)
        train(work, [FREEZE], epochs=4, load_from=None)
        for path in work.glob('epoch_*.pth'):
            if path.stem > f'epoch_{stop}':
                path.unlink()
        (work / 'last_checkpoint').write_text(str(work / f'epoch_{stop}.pth'))
        again = train(work, [FREEZE], epochs=4, resume=True)
        assert len(watch(again).states) == (4 - stop) * ITERS
        other = torch.load(work / 'epoch_4.pth', weights_only=False)
        assert same(whole['state_dict'], other['state_dict'])
        one, two = (c['optimizer']['state'] for c in (whole, other))
        assert one.keys() == two.keys()
        assert all(same(one[key], two[key]) for key in one)


@pytest.mark.parametrize('find_unused', [False, True])
def test_two_processes_stay_equal_and_equal_one(
    straight, tmp_path, find_unused
):
    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2',
         f'--master_port={29561 + find_unused}', toy_training.__file__,
         str(tmp_path), str(find_unused)],
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    (first, trains), (second, _) = (
        torch.load(tmp_path / f'{rank}.pt') for rank in range(2)
    )
    alone = watch(straight)
    assert trains == alone.trains
    assert len(first) == len(second) == len(alone.states)
    for one, other, single in zip(first, second, alone.states):
        assert same(one, other)
        torch.testing.assert_close(one, single, rtol=0, atol=2e-5)


def test_a_frozen_trunk_builds_no_graph_and_has_no_gradients(tmp_path):
    """Between two micro-batches too, and a change waits for the step."""
    hook = dict(type='mmvmtl.FreezeHook', modules=['stem', 'trunk'],
                until=dict(iter=3))  # fmt: skip
    runner = train(
        tmp_path, [hook], epochs=2,
        optim_wrapper=dict(accumulative_counts=2),
    )  # fmt: skip
    seen = watch(runner)
    head = {'head.weight', 'head.bias'}
    every = {name for name, _ in runner.model.named_parameters()}
    # Released at 3 − 3 % 2 = 2 < 3? No: 4 is the first step after it.
    assert seen.trains == [head] * 4 + [every] * 4
    assert seen.grads == [head, set(), head, set(), every, set(), every, set()]


def test_under_amp_and_ema(tmp_path):
    """The mean of what stands still is itself, bitwise."""
    runner = train(
        tmp_path,
        [FREEZE, dict(type='EMAHook', momentum=0.3)],
        wrapper=dict(type='mmvmtl.AmpOptimWrapper'),
    )
    saved = torch.load(
        Path(runner.work_dir) / 'epoch_4.pth', weights_only=False
    )
    first = start()
    assert same(part(saved['state_dict'], 'stem'), part(first, 'stem'))
    mean = part(saved['state_dict'], 'trunk')
    assert not same(mean, part(first, 'trunk'))
    assert not same(mean, part(runner.model.state_dict(), 'trunk'))
    at_change = torch.load(
        Path(runner.work_dir) / 'epoch_2.pth', weights_only=False
    )
    assert same(part(at_change['state_dict'], 'trunk'), part(first, 'trunk'))


def test_what_the_model_froze_itself_stays_frozen(tmp_path):
    class Half(Toy):
        def __init__(self) -> None:
            super().__init__()
            self.trunk[0].requires_grad_(False)

        def train(self, mode: bool = True) -> nn.Module:
            super().train(mode)
            self.stem[1].eval()
            return self

    hook = dict(type='mmvmtl.FreezeHook', modules=['stem', 'trunk'],
                until=dict(iter=2))  # fmt: skip
    runner = train(tmp_path, [hook], epochs=1, model=Half)
    assert not runner.model.trunk[0].weight.requires_grad
    assert runner.model.trunk[1].weight.requires_grad
    assert not runner.model.stem[1].training
    assert runner.model.trunk[1].training


def test_iteration_loop(tmp_path):
    """There model.train() is called in every iteration."""
    hook = dict(type='mmvmtl.FreezeHook', modules='stem',
                until=dict(progress=0.5))  # fmt: skip
    states = watch(
        train(tmp_path, [hook], train_cfg=dict(by_epoch=False, max_iters=4))
    ).states
    first = part(start(), 'stem')
    assert same(part(states[1], 'stem'), first)
    assert not same(part(states[2], 'stem'), first)


def test_synchronised_batch_norms_count_too():
    """mmcv's is no ``_BatchNorm``; it is built where there are ranks."""
    from mmcv.ops import SyncBatchNorm

    assert issubclass(SyncBatchNorm, NORMS)
    assert issubclass(nn.SyncBatchNorm, NORMS)
    assert not issubclass(nn.LayerNorm, NORMS)


def test_says_once_what_is_frozen(straight):
    """8·2 + 8 + 16 + 8·8 + 8 + 16 + 8 + 1 = 137; 9 of them the head's."""
    (log,) = Path(straight.work_dir).glob('*/*.log')
    lines = [x for x in log.read_text().splitlines() if 'FreezeHook: ' in x]
    assert len(lines) == 2
    assert 'stem, trunk frozen; 9 of 137 parameters train' in lines[0]
    assert 'iteration 8 on, stem frozen; 97 of 137' in lines[1]


@pytest.mark.parametrize(
    'hook, message',
    [
        (dict(modules='trunc'), r"'trunc'.*trunk"),
        (dict(modules=['*']), 'every parameter is frozen'),
        (dict(modules='backbone'), 'stem, trunk, head'),
    ],
)
def test_a_users_mistake_is_one_sentence(tmp_path, hook, message):
    with pytest.raises(UserError, match=message):
        train(tmp_path, [dict(type='mmvmtl.FreezeHook', **hook)])


def test_two_hooks_and_epochs_without_epochs_are_refused(tmp_path):
    with pytest.raises(UserError, match="'stages' of one"):
        train(tmp_path / '1', [FREEZE, FREEZE])
    with pytest.raises(UserError, match='counts iterations'):
        train(
            tmp_path / '2', [FREEZE],
            train_cfg=dict(by_epoch=False, max_iters=2),
        )  # fmt: skip


@pytest.mark.parametrize(
    'wrong',
    [
        dict(),
        dict(modules=[]),
        dict(modules='a', until=dict(epoch=0)),
        dict(modules='a', until=dict(epochs=1)),
        dict(modules='a', until=dict(progress=1.5)),
        dict(modules='a', until=dict(epoch=1, iter=1)),
        dict(stages=[dict(modules='a')], until=dict(iter=1)),
        dict(stages=[dict(modules='a')], modules='a'),
    ],
)
def test_arguments_out_of_range(wrong):
    with pytest.raises(ValueError, match=r'modules|until|stages'):
        FreezeHook(**wrong)


def test_bare_is_the_model(straight):
    assert bare(straight.model) is straight.model
