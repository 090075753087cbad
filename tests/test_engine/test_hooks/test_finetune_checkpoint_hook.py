"""What is loaded of a checkpoint, what is not, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from torch import nn
from toy_training import Toy, train

from mmvmtl.engine.hooks.finetune_checkpoint_hook import (
    FinetuneCheckpointHook,
    match_weights,
)
from mmvmtl.errors import UserError
from mmvmtl.models import TaskBranch, UncertaintyWeighting


class Touch:
    """Runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


def other_toy() -> Toy:
    torch.manual_seed(7)
    return Toy()


def save(path: Path, state: dict) -> str:
    torch.save(state, path)
    return str(path)


def test_sorted_by_hand():
    """a fits, b has another shape, c is new, d is left over, e left out."""
    expected = dict(zip('abc', map(torch.zeros, (1, 2, 3))))
    weights = {'m.a': torch.ones(1), 'm.b': torch.ones(5),
               'm.d': torch.ones(1), 'e': torch.ones(1)}  # fmt: skip
    match = match_weights(expected, weights, {'m.': ''})
    assert list(match.loaded) == ['a']
    assert (match.reshaped, match.new) == (['b'], ['c'])
    assert (match.left_over, match.left_out) == (['m.d'], 1)
    assert match.report().startswith('1 of 3 entries')


def test_the_longest_prefix_counts():
    expected = dict(x=torch.zeros(1), y=torch.zeros(1))
    weights = {'a.b.': torch.ones(1), 'a.b.y': torch.ones(1)}
    match = match_weights(expected, weights, {'a.': 'z', 'a.b.': ''})
    assert list(match.loaded) == ['y']


def test_a_whole_model_with_another_head(tmp_path):
    old = other_toy()
    old.head = nn.Linear(8, 5)
    path = save(tmp_path / 'a.pth', dict(state_dict=old.state_dict()))
    new = Toy()
    head = new.head.weight.clone()
    match = FinetuneCheckpointHook(path).load(new)
    assert match.reshaped == ['head.weight', 'head.bias']
    assert torch.equal(new.head.weight, head)
    assert torch.equal(new.trunk[0].weight, old.trunk[0].weight)
    assert torch.equal(new.stem[1].running_mean, old.stem[1].running_mean)


def test_what_combines_losses_begins_anew(tmp_path):
    """Its order of tasks is another's, its clock of another training."""
    old, new = other_toy(), Toy()
    for toy in (old, new):
        toy.weighting = UncertaintyWeighting(('a', 'b'))
        toy.branch = TaskBranch(('a', 'b'), 'GradNorm')
    with torch.no_grad():
        old.weighting.log_var.fill_(3.0)
    old.branch.balancer.weighting.first_losses.fill_(7.0)
    path = save(tmp_path / 'a.pth', dict(state_dict=old.state_dict()))
    match = FinetuneCheckpointHook(path).load(new)
    assert new.weighting.log_var.tolist() == [0, 0]
    assert new.branch.balancer.weighting.first_losses.tolist() == [0, 0]
    assert 'weighting.log_var' in match.left_over
    assert torch.equal(new.trunk[0].weight, old.trunk[0].weight)


def test_bare_weights_of_one_part(tmp_path):
    trunk = other_toy().trunk
    path = save(tmp_path / 'trunk.pth', trunk.state_dict())
    new = Toy()
    match = FinetuneCheckpointHook(path, {'': 'trunk.'}).load(new)
    assert len(match.loaded) == 4
    assert torch.equal(new.trunk[0].weight, trunk[0].weight)
    with pytest.raises(UserError, match=r"'0\.weight'.*'stem.*prefix_map"):
        FinetuneCheckpointHook(path).load(Toy())


def test_another_network_and_a_program_are_refused(tmp_path):
    state = Toy().state_dict()
    wide = {k: v.repeat_interleave(2) for k, v in state.items()}
    path = save(tmp_path / 'wide.pth', wide)
    with pytest.raises(UserError, match='another network'):
        FinetuneCheckpointHook(path).load(Toy())
    trace = tmp_path / 'ran'
    path = save(tmp_path / 'code.pth', dict(state_dict=Touch(trace)))
    with pytest.raises(UserError, match='not loaded'):
        FinetuneCheckpointHook(path).load(Toy())
    assert not trace.exists()
    with pytest.raises(UserError, match='does not exist'):
        FinetuneCheckpointHook(str(tmp_path / 'none.pth')).load(Toy())
    path = save(tmp_path / 'list.pth', [1, 2])
    with pytest.raises(UserError, match='holds no weights'):
        FinetuneCheckpointHook(path).load(Toy())


def test_in_a_runner_frozen_from_there_and_not_again_on_resume(tmp_path):
    old = other_toy()
    path = save(tmp_path / 'a.pth', old.state_dict())
    hooks = [
        dict(type='mmvmtl.FreezeHook', modules='stem'),
        dict(type='mmvmtl.FinetuneCheckpointHook', checkpoint=path),
        dict(type='EMAHook', momentum=0.5),
    ]
    work = tmp_path / 'run'
    runner = train(work, hooks, epochs=1)
    assert torch.equal(runner.model.stem[0].weight, old.stem[0].weight)
    mean = torch.load(work / 'epoch_1.pth', weights_only=False)['state_dict']
    assert torch.equal(mean['stem.0.weight'], old.stem[0].weight)
    (log,) = work.glob('*/*.log')
    assert '13 of 13 entries of the model loaded' in log.read_text()
    hooks[1]['checkpoint'] = str(tmp_path / 'gone.pth')
    train(work, hooks, epochs=2, resume=True)
