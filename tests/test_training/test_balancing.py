"""Balancing on the small detector, in steps and in real runs."""

from pathlib import Path

import pytest
import torch
from ddp_cases import rank_batch
from mmengine.runner import Runner
from small_model import build_model, make_clip, without_batch_statistics
from small_training import partial_labels, small_training
from torch import Tensor

from mmvmtl.models import BaseTaskHead
from mmvmtl.models.balancing import gramian_weightings
from mmvmtl.registry import MODELS

NO_EVALUATION = dict(val_dataloader=None, val_cfg=None, val_evaluator=None)


@MODELS.register_module(force=True)
class Pull(BaseTaskHead):
    """A toy task: the mean of every other column, up or down.

    Args:
        phase (int): 0 or 1, which columns.
        sign (float): of the loss.
    """

    def __init__(self, phase: int, sign: float) -> None:
        super().__init__()
        self.phase, self.sign = phase, sign

    def forward(self, feats: tuple) -> Tensor:
        return feats[0][..., self.phase :: 2]

    def loss(self, feats: tuple, batch: object) -> dict[str, Tensor]:
        return dict(loss=self.sign * self(feats).mean())

    def predict(self, feats: tuple, batch: object, tasks: object) -> None:
        pass


def opposed(longer=1.0, **branch):
    """The small detector with two opposed tasks that never meet.

    Args:
        longer (float): length of one's gradient over that of the other.
        **branch: settings of its TaskBranch.
    """
    cfg = without_batch_statistics()
    cfg.head.heads = dict(
        det=cfg.head.heads.det,
        up=dict(type='mmvmtl.Pull', phase=0, sign=-1.0),
        down=dict(type='mmvmtl.Pull', phase=1, sign=longer),
    )
    cfg.pop('loss', None)
    branch = dict(type='mmvmtl.TaskBranch', **branch)
    return build_model(cfg, branch=branch).double().train()


def neck_gradient(model):
    clip = make_clip(2, labelled=('up', 'down'))
    frames, _ = rank_batch([dict(length=2)], 0, 0)
    for frame in clip.video_data_samples:
        for name in ('bboxes', 'velocities', 'visibilities'):
            frame.gt_instances[name] = frame.gt_instances[name].double()
    model(frames, [clip], mode='loss')['loss_mtl'].backward()
    parts = model.neck.named_parameters()
    return torch.cat(
        [p.grad.flatten() for _, p in parts if p.grad is not None]
    )


#: Methods about conflict, with how much longer one opponent's gradient is.
#: The sum of equally long ones opposes neither, so DualProj has nothing
#: to project; CAGrad makes uneven ones more even without any conflict.
CONFLICTS = dict(PCGrad=3.0, GradVac=3.0, CAGrad=1.0, UPGrad=3.0, DualProj=3.0)


def test_every_method_about_conflict_is_tried():
    methods = gramian_weightings().items()
    about = {name for name, kind in methods if kind.source == 'parameters'}
    assert set(CONFLICTS) == about


@pytest.mark.parametrize(('name', 'longer'), CONFLICTS.items())
def test_conflict_in_the_trunk_changes_the_update(name, longer):
    """Parameters see it, with a cosine below -0.2; features do not."""
    plain = neck_gradient(opposed(longer))
    changes = {}
    for source in ('features', 'parameters'):
        model = opposed(longer, weighting=name, gramian=source, interval=1)
        found = neck_gradient(model)
        changes[source] = (found - plain).norm() / plain.norm()
        cosine = model.branch.balancer.grad_cosines[1, 2]
        if source == 'features':
            assert cosine.abs() < 0.01
        else:
            assert cosine < -0.2
    assert changes['parameters'] > 0.05
    assert changes['features'] < 1e-6


def test_a_loss_that_runs_through_another_head_is_its_own_tasks():
    """The clip label trains the trunk through what tracking reads."""
    branch = dict(type='mmvmtl.TaskBranch', weighting='MGDA')
    model = build_model(without_batch_statistics(), branch=branch)
    model = model.double().train()
    inputs, samples = rank_batch([dict(length=4)], 0, 0)
    model(inputs, samples, mode='loss')['loss_mtl'].backward()
    at_cut = model.branch.balancer.grad_norms
    assert (at_cut > 0).all()
    model.branch.scale_heads = True
    model(inputs, samples, mode='loss')
    torch.testing.assert_close(
        at_cut, model.branch.balancer.grad_norms, rtol=1e-4, atol=0
    )


def run(work_dir, branch, epochs, **changes):
    """Train two steps an epoch; the last checkpoint's weights and state."""
    cfg = small_training(work_dir, epochs)
    cfg.custom_hooks.append(dict(type='mmvmtl.RecordHook'))
    cfg.merge_from_dict(
        {
            'model.branch': dict(type='mmvmtl.TaskBranch', **branch),
            **NO_EVALUATION,
            **changes,
        }
    )
    cfg.experiment_name = f'{work_dir}-{epochs}'
    runner = Runner.from_cfg(cfg)
    runner.train()
    path = Path(work_dir) / f'epoch_{epochs}.pth'
    return runner, torch.load(path, weights_only=False)['state_dict']


@pytest.mark.parametrize(
    'branch',
    [
        # Measured at steps 0 and 3; the run stops after 2.
        dict(
            weighting='MGDA',
            gramian='parameters',
            interval=3,
            parameters='neck',
        ),
        dict(weighting='GradVac', gramian='features'),
        dict(weighting='GradNorm'),
    ],
    ids=lambda branch: branch['weighting'],
)
def test_stopping_and_going_on_equals_not_stopping(branch, tmp_path):
    """Bitwise: what the method remembers, and so the network."""
    _, whole = run(tmp_path / 'straight', branch, 2)
    run(tmp_path / 'broken', branch, 1)
    _, resumed = run(tmp_path / 'broken', branch, 2, resume=True)
    assert whole.keys() == resumed.keys()
    for key, value in whole.items():
        assert torch.equal(value, resumed[key]), key
    assert whole['branch.balancer.steps'] == 4
    assert (whole['branch.balancer.weights'] != 1).any()


def test_amp_accumulation_and_partial_labels(tmp_path):
    """Tasks come and go from batch to batch, in bfloat16."""
    runner, _ = run(
        tmp_path,
        dict(weighting='MGDA'),
        1,
        **{
            'train_dataloader.dataset': dict(
                _delete_=True, **partial_labels()
            ),
            'train_dataloader.batch_size': 3,
            'optim_wrapper.type': 'mmvmtl.AmpOptimWrapper',
            'optim_wrapper.accumulative_counts': 2,
        },
    )
    (seen,) = (h for h in runner.hooks if type(h).__name__ == 'RecordHook')
    for losses in seen.losses:
        assert all(torch.tensor(list(losses.values())).isfinite())
    assert not torch.equal(*seen.weights)
    weights = runner.model.branch.balancer.weights
    assert weights.isfinite().all() and (weights != 1).any()
