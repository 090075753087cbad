"""The three data sets in one batch: every task and class trains."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from small_model import CONFIGS

from mmvmtl.datasets import JoinedDataset
from mmvmtl.registry import MODELS

FOLDER = CONFIGS / 'multi'
ALONE = {
    'zebrafish_alone': ('zebrafish', {'det', 'track'}, ('fish',)),
    'fir_action_alone': ('fir_action', {'cls'}, ()),
    'coco128_alone': ('coco128', {'det'}, ('person',)),
}


@pytest.fixture(scope='module')
def batch_and_config(shared_data):
    """The first batch of the joint config with two views of each image."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ('zebrafish', 'fir_action', 'coco128'):
            patch.setenv(f'MMVMTL_{name.upper()}', str(shared_data / name))
        name = 'three_datasets_two_views_rtmdet_tiny.py'
        cfg = Config.fromfile(FOLDER / name)
    loader = cfg.train_dataloader
    loader.update(num_workers=0, persistent_workers=False, batch_size=4)
    init_default_scope('mmdet')
    loader = Runner.build_dataloader(loader, seed=0)
    return next(iter(loader)), cfg


def test_a_batch_holds_clips_of_all_three(batch_and_config):
    samples = batch_and_config[0]['data_samples']
    assert [
        (s.dataset, set(s.labelled), s[0].labelled_classes) for s in samples
    ] == [
        ('zebrafish', {'det', 'track'}, (0,)),
        ('fir_action', {'cls'}, ()),
        ('coco128', {'det', 'track'}, (1,)),
        ('coco128', {'det', 'track'}, (1,)),
    ]
    assert [len(s) for s in samples[1:]] == [8, 2, 2]


def test_every_parameter_of_the_joint_model_gets_a_gradient(batch_and_config):
    batch, cfg = batch_and_config
    torch.manual_seed(0)
    model = cfg.model.copy()
    model.data_preprocessor.update(input_size=(256, 288))
    model = MODELS.build(model)
    model.init_weights()
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    losses['loss_mtl'].backward()
    missing = [n for n, p in model.named_parameters() if p.grad is None]
    assert missing == []
    assert all(value.isfinite() for value in losses.values())
    for task in ('det.loss_cls', 'cls.loss_clip', 'track.loss_embed',
                 'track.loss_velocity'):  # fmt: skip
        assert losses[task] > 0


@pytest.mark.parametrize('name', ALONE)
def test_each_alone_sees_as_much_of_its_data(name):
    """Equal clips a batch, batches an epoch, epochs and pipelines."""
    joint = Config.fromfile(FOLDER / 'three_datasets_rtmdet_tiny.py')
    alone = Config.fromfile(FOLDER / f'{name}_rtmdet_tiny.py')
    dataset, tasks, classes = ALONE[name]

    def share(cfg):
        loader = cfg.train_dataloader
        ratio = loader.batch_sampler.ratio
        total = sum(part for part in ratio.values() if part)
        return loader.batch_size * ratio[dataset] // total

    assert share(alone) == share(joint) > 0
    for key in ('train_cfg', 'param_scheduler', 'optim_wrapper'):
        assert alone[key] == joint[key]
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        kept = alone[loader].dataset.datasets
        whole = joint[loader].dataset.datasets
        assert kept[dataset] == whole[dataset]
        assert [k for k, v in kept.items() if v is not None] == [dataset]
    heads = alone.model.head.heads
    assert {task for task, head in heads.items() if head} == tasks
    if 'det' in tasks:
        assert heads.det.bbox_head.num_classes == len(classes)
    assert {m.dataset for m in alone.val_evaluator} == {dataset}


def test_parts_validate_on_what_none_trains_on(batch_and_config):
    cfg = batch_and_config[1]
    train, val = (
        JoinedDataset(cfg[f'{name}_dataloader'].dataset.datasets)
        for name in ('train', 'val')
    )
    assert train.metainfo == val.metainfo
    for first, second in zip(train.datasets, val.datasets, strict=True):
        seen, unseen = map(_files, (first, second))
        assert seen and unseen and not seen & unseen


def _files(data) -> set:
    """What pictures a data set is made of: images, else whole videos."""
    found = set()
    for video in data.videos:
        if video.info.get('file_name'):
            found.add(video.info['file_name'])
        else:
            found |= {Path(name).name for name in video.file_names}
    return found
