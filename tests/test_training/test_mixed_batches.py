"""A real run on joined data sets: each epoch's order, and going on."""

import pytest
import torch
from mmengine.runner import Runner
from small_training import dataset, small_training

RATIO = dict(still=1, moving=1)


def train(work_dir, epochs=2, resume=False):
    """Stills train boxes, moving clips the other tasks."""
    cfg = small_training(work_dir, epochs)
    loader = cfg.train_dataloader
    loader.batch_sampler = dict(
        type='mmvmtl.MixedBatchSampler', ratio=RATIO, batches=2
    )
    loader.dataset = dict(
        type='mmvmtl.JoinedDataset',
        datasets=dict(
            still=dataset('train', 5, ('det',), clip=dict(length=1)),
            moving=dataset('train', 3, ('cls', 'track'), seed=5),
        ),
    )
    for evaluated in ('val_dataloader', 'val_cfg', 'val_evaluator'):
        cfg[evaluated] = None
    cfg.custom_hooks += [dict(type='mmvmtl.RecordHook')]
    cfg.resume = resume
    cfg.experiment_name = f'{work_dir}-{epochs}-{resume}'
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


@pytest.fixture(scope='module')
def straight(tmp_path_factory):
    return train(tmp_path_factory.mktemp('mixed'))


def hook(runner):
    return next(h for h in runner.hooks if type(h).__name__ == 'RecordHook')


def test_every_iteration_saw_both_and_learned_every_task(straight):
    for batch in hook(straight).batches:
        assert [labelled for _, labelled in batch] == [
            ('det',), ('cls', 'track'),
        ]  # fmt: skip
    for task in ('det.loss_cls', 'cls.loss_clip', 'track.loss_embed'):
        # A clip may show nothing twice.
        assert sum(losses[task] for losses in hook(straight).losses) > 0


def test_mmengine_tells_the_sampler_its_epoch(straight):
    """Through the loader's batch sampler, as nothing else holds it."""
    sampler = straight.train_dataloader.batch_sampler
    assert sampler.sampler.epoch == 1
    assert len(straight.train_dataloader) == 2


def test_going_on_equals_not_stopping(straight, tmp_path):
    train(tmp_path, epochs=1)
    resumed = train(tmp_path, resume=True)
    states = (r.model.state_dict() for r in (straight, resumed))
    for one, other in zip(*(s.items() for s in states), strict=True):
        assert torch.equal(one[1], other[1]), one[0]
