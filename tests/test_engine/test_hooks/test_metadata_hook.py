"""What a checkpoint carries, through a real Runner and back."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from mmvmtl.engine.hooks.metadata_hook import task_classes, to_plain
from mmvmtl.version import __version__

METAINFO = dict(classes=('car', 'van'), tasks=dict(cls=('drift', 'rotate')))


class Points(Dataset):
    metainfo = METAINFO

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return dict(inputs=torch.ones(2))


class Line(BaseModel):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1)
        self.data_preprocessor.input_size = (192, 256)

    def forward(self, inputs, data_samples=None, mode='loss'):
        return dict(loss_mean=self.linear(inputs).mean())


@pytest.fixture(scope='module')
def meta(tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('meta')
    runner = Runner(
        model=Line(),
        work_dir=str(work_dir),
        train_dataloader=dict(
            dataset=Points(),
            sampler=dict(type='DefaultSampler', shuffle=False),
            batch_size=2,
            collate_fn=dict(type='default_collate'),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(logger=None),
        custom_hooks=[dict(type='mmvmtl.MetadataHook')],
        cfg=dict(free=dict(pair=(1, 2.5), none=None, path=Path('a') / 'b')),
        experiment_name=work_dir.name,
    )
    runner.train()
    path = work_dir / 'epoch_1.pth'
    return torch.load(path, weights_only=False)['meta']['mmvmtl']


def test_it_holds_what_inference_needs(meta):
    assert meta['version'] == __version__
    assert meta['classes'] == dict(det=['car', 'van'], cls=['drift', 'rotate'])
    assert meta['input_size'] == [192, 256]
    assert meta['libraries']['torch'] == torch.__version__


def test_the_config_is_data(meta):
    assert type(meta['config']) is dict
    assert meta['config']['free'] == dict(
        pair=(1, 2.5), none=None, path=str(Path('a') / 'b')
    )


def test_it_loads_without_unpickling_anything(meta, tmp_path):
    """``weights_only=True`` knows plain types only."""
    torch.save(meta, tmp_path / 'meta.pth')
    loaded = torch.load(tmp_path / 'meta.pth', weights_only=True)
    assert loaded == meta


@pytest.mark.parametrize(
    'value, plain',
    [
        (np.float32(0.5), 0.5),
        (np.arange(2), [0, 1]),
        (torch.__version__, str(torch.__version__)),
        ({1: (True, 'x')}, {1: (True, 'x')}),
    ],
)
def test_plain_types(value, plain):
    result = to_plain(value)
    assert result == plain
    assert type(result) is type(plain)


def test_data_without_names_has_no_classes():
    assert task_classes({}) == {}
