"""FreshEpochHook in a real Runner."""

from __future__ import annotations

import pytest
import torch
from mmengine.dataset import BaseDataset, RepeatDataset
from mmengine.model import BaseModel
from mmengine.runner import Runner

from mmvmtl.datasets.synthetic.dataset import SharedInt
from mmvmtl.engine.hooks.fresh_epoch_hook import FreshEpochHook


class Epochs(BaseDataset):
    """Gives the epoch that it was told, 2 items."""

    def __init__(self):
        self.epoch = SharedInt(-1)
        super().__init__(pipeline=[])

    def load_data_list(self):
        return [{}, {}]

    def set_epoch(self, epoch):
        self.epoch.set(epoch)

    def prepare_data(self, idx):
        return float(self.epoch.get())


class Toy(BaseModel):
    def __init__(self, seen):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen = seen

    def forward(self, inputs, mode):
        self.seen.extend(inputs.tolist())
        return dict(loss=self.weight.sum())


def run(tmp_path, dataset, train_cfg, workers=0, **kwargs):
    seen: list = []
    runner = Runner(
        model=Toy(seen),
        work_dir=str(tmp_path),
        train_dataloader=dict(
            batch_size=1,
            num_workers=workers,
            persistent_workers=workers > 0,
            dataset=dataset,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
        ),
        train_cfg=train_cfg,
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
        custom_hooks=[FreshEpochHook()],
        log_level='ERROR',
        default_scope='mmengine',
        experiment_name=f'fresh_{tmp_path.name}',
        **kwargs,
    )
    # default_collate makes a tensor of the epochs; the model takes it as is.
    runner.model.data_preprocessor.forward = lambda data, training: dict(
        inputs=data
    )
    runner.train()
    return seen


@pytest.mark.parametrize('workers', [0, 1])
def test_every_epoch_is_told_before_its_first_item(tmp_path, workers):
    cfg = dict(by_epoch=True, max_epochs=3)
    seen = run(tmp_path, Epochs(), cfg, workers)
    assert seen == [0, 0, 1, 1, 2, 2]


def test_it_reaches_through_wrappers(tmp_path):
    cfg = dict(by_epoch=True, max_epochs=2)
    seen = run(tmp_path, RepeatDataset(Epochs(), 2), cfg)
    assert seen == [0] * 4 + [1] * 4


def test_passes_of_an_iteration_loop_count_as_epochs(tmp_path):
    """Two iterations a pass; the first item of a pass is already loaded."""
    cfg = dict(by_epoch=False, max_iters=6)
    seen = run(tmp_path, Epochs(), cfg)
    assert seen[0] == 0 and seen[-1] == 2


def test_a_resume_goes_on_with_the_next_epoch(tmp_path):
    run(tmp_path, Epochs(), dict(by_epoch=True, max_epochs=2))
    cfg = dict(by_epoch=True, max_epochs=3)
    seen = run(tmp_path, Epochs(), cfg, resume=True)
    assert seen == [2, 2]


def test_data_sets_that_never_change_are_refused(tmp_path):
    class Fixed(BaseDataset):
        def load_data_list(self):
            return [{}]

    with pytest.raises(ValueError, match='FreshEpochHook'):
        run(tmp_path, Fixed(pipeline=[]), dict(by_epoch=True, max_epochs=1))
