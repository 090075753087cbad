"""Actions of real clips and the light of made ones, in one small network."""

import pytest
import torch
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from small_model import CONFIGS

from mmvmtl.config_guard import load_config
from mmvmtl.registry import MODELS


@pytest.fixture(scope='module')
def batch_and_model(shared_data):
    """The first six clips of the config's loader, and its network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMVMTL_FIR_ACTION', str(shared_data / 'fir_action'))
        cfg = load_config(CONFIGS / 'video_classification/multi_task_cnn.py')
    init_default_scope(cfg.default_scope)
    loader = cfg.train_dataloader
    loader.update(num_workers=0, persistent_workers=False, batch_size=6)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    return next(iter(Runner.build_dataloader(loader, seed=0))), model


def test_each_data_set_labels_its_own_task(batch_and_model):
    samples = batch_and_model[0]['data_samples']
    tasks = {'cls', 'frame'}
    found = [(s.dataset, tasks & set(s.labelled), len(s)) for s in samples]
    assert sorted(found) == [
        *[('fir_action', {'cls'}, 8)] * 4,
        *[('world', {'frame'}, 8)] * 2,
    ]


def test_a_step_trains_every_parameter_for_both_tasks(batch_and_model):
    batch, model = batch_and_model
    losses = model.train()(**model.data_preprocessor(batch, True), mode='loss')
    total, log = model.parse_losses(losses)
    total.backward()
    assert [n for n, p in model.named_parameters() if p.grad is None] == []
    assert {name for name in log if 'loss' in name} == {
        *('loss', 'cls.loss_clip', 'frame.loss_frame'),
    }
    assert 0 < log['loss'] < 100


def test_it_labels_clips_and_frames(batch_and_model):
    batch, model = batch_and_model
    for sample in model.eval().val_step(batch):
        assert len(sample.pred_score) == 5
        assert all('pred_frame_label' in frame for frame in sample)
