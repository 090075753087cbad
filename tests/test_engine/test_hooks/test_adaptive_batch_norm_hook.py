"""Statistics of norm layers by hand."""

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from small_training import dataset, loader, small_training
from torch import nn
from torch.utils.data import Dataset

from mmvmtl.engine import AdaptiveBatchNormHook
from mmvmtl.errors import UserError
from mmvmtl.norm_statistics import batch_norms, normalised_by_batch
from mmvmtl.registry import DATASETS, MODELS


@DATASETS.register_module(force=True)
class Ramps(Dataset):
    """Vectors of one feature: 0, 2, 4, ..."""

    def __len__(self):
        return 6

    def __getitem__(self, index):
        return dict(inputs=torch.tensor([2.0 * index]))


@MODELS.register_module(force=True)
class OneNorm(BaseModel):
    """A norm layer and a dropout, which must stay in eval mode."""

    def __init__(self, norm=True):
        super().__init__()
        self.norm = nn.BatchNorm1d(1) if norm else nn.Identity()
        self.drop = nn.Dropout(0.5)
        self.weight = nn.Parameter(torch.ones(1))
        self.dropped = []

    def forward(self, inputs, mode='tensor', **kwargs):
        x = self.drop(self.norm(torch.stack(inputs)))
        self.dropped.append(self.drop.training)
        if mode == 'loss':
            return dict(loss=(x * self.weight).square().mean())
        return []


def runner(tmp_path, norm=True, hooks=(), **target):
    loading = dict(
        batch_size=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='pseudo_collate'),
        dataset=dict(type='mmvmtl.Ramps'),
    )
    return Runner(
        model=dict(type='mmvmtl.OneNorm', norm=norm),
        work_dir=str(tmp_path),
        train_dataloader=loading,
        train_cfg=dict(by_epoch=False, max_iters=2),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=2)
        ),
        custom_hooks=[
            dict(
                type='mmvmtl.AdaptiveBatchNormHook',
                dataloader={**loading, **target},
                batches=2,
            ),
            *hooks,
        ],
        default_scope='mmdet',
        experiment_name=tmp_path.name,
        log_level='WARNING',
    )


def test_the_mean_over_batches_is_in_the_last_checkpoint(tmp_path):
    """Batches (0, 2) and (4, 6): means 1 and 5, unbiased variances 2."""
    run = runner(tmp_path)
    model = run.train()
    saved = torch.load(tmp_path / 'iter_2.pth', weights_only=False)
    for state in (model.state_dict(), saved['state_dict']):
        assert state['norm.running_mean'].tolist() == [3]
        assert state['norm.running_var'].tolist() == [2]
    # Two training steps with dropout, two looks without; momentum is back.
    assert model.dropped == [True, True, False, False]
    assert model.norm.momentum == 0.1 and model.norm.training


def test_averaged_weights_get_the_statistics_too(tmp_path):
    """What EMAHook writes into the checkpoint is what is tested."""
    run = runner(tmp_path, hooks=[dict(type='EMAHook')])
    model = run.train()
    saved = torch.load(tmp_path / 'iter_2.pth', weights_only=False)
    assert 'ema_state_dict' in saved
    for state in (model.state_dict(), saved['state_dict']):
        assert state['norm.running_mean'].tolist() == [3]
        assert state['norm.running_var'].tolist() == [2]


def test_a_training_that_may_stop_early_is_refused(tmp_path):
    stop = dict(type='EarlyStoppingHook', monitor='mAP')
    with pytest.raises(UserError, match='take EarlyStoppingHook out'):
        runner(tmp_path, hooks=[stop]).train()


def test_a_target_without_a_batch_is_refused_before_training(tmp_path):
    """Else the norms would be left with mean 0 and variance 1."""
    run = runner(tmp_path, batch_size=99, drop_last=True)
    with pytest.raises(UserError, match='gives no batch'):
        run.train()
    assert run.iter == 0


def test_a_model_without_norms_is_refused(tmp_path):
    with pytest.raises(UserError, match='no batch norm'):
        runner(tmp_path, norm=False).train()


def test_no_batch_is_no_mean():
    with pytest.raises(ValueError, match='batches=0'):
        AdaptiveBatchNormHook(dict(), batches=0)


def test_only_norms_see_the_batch():
    net = nn.Sequential(nn.BatchNorm1d(1), nn.Dropout(), nn.LayerNorm(1))
    net.eval()
    with normalised_by_batch(net):
        assert [m.training for m in net] == [True, False, False]
    assert not any(m.training for m in net)
    assert batch_norms(net) == [net[0]]


@pytest.mark.parametrize('teacher', [False, True])
def test_a_detector_gets_new_statistics_and_keeps_its_weights(
    tmp_path, teacher
):
    """Of the teacher, where there is one, and of the heads, too."""
    cfg = small_training(tmp_path)
    sampler = dict(type='DefaultSampler', shuffle=False)
    data = loader(dataset('train', 4), 2, sampler)
    if teacher:
        cfg.model = dict(type='mmvmtl.MeanTeacher', detector=cfg.model)
    run = Runner.from_cfg(cfg)
    model = run.model
    part = model.teacher if teacher else model
    before = {k: v.clone() for k, v in model.state_dict().items()}
    AdaptiveBatchNormHook(data, batches=2).adapt(run)
    moved = {
        k for k, v in model.state_dict().items() if (v != before[k]).any()
    }
    norms = {
        f'{"teacher." * teacher}{name}.{kind}'
        for name, module in part.named_modules()
        if module in batch_norms(part)
        for kind in ('running_mean', 'running_var')
    }
    assert any('head' in name for name in norms)
    counters = {name for name in moved if 'num_batches' in name}
    assert moved - counters == norms
