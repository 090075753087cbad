"""Freezing on whole networks: ours, MMDetection's, MMAction2's."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import build_optim_wrapper
from mmengine.registry import HOOKS, MODELS, init_default_scope
from mmengine.runner import Runner
from small_model import CONFIGS
from small_training import dataset, loader, small_training

from mmvmtl.engine.module_names import find_modules
from mmvmtl.registry import DATASETS
from mmvmtl.weights import read_weights

FINETUNE = sorted((CONFIGS / 'finetune').glob('*.py'))


class First(Hook):
    """Keeps the state that training begins with."""

    priority = 'LOWEST'

    def before_train(self, runner) -> None:
        self.state = copy.deepcopy(runner.model.state_dict())


def moved(runner: Runner, first: First) -> set[str]:
    """Names of what training has changed."""
    now = runner.model.state_dict()
    return {k for k, v in first.state.items() if not torch.equal(v, now[k])}


def run(cfg: Config, work_dir: Path) -> tuple[Runner, set[str]]:
    """Train without evaluation."""
    for part in ('dataloader', 'cfg', 'evaluator'):
        for kind in ('val', 'test'):
            cfg.pop(f'{kind}_{part}', None)
    cfg.work_dir = str(work_dir)
    cfg.default_hooks.checkpoint = None
    cfg.experiment_name = str(work_dir)
    runner = Runner.from_cfg(cfg)
    first = First()
    runner.register_hook(first)
    runner.train()
    return runner, moved(runner, first)


@pytest.mark.parametrize('depth', [18, 50])
def test_torchvisions_weights_get_rgb(depth):
    """The mean ImageNet colour, as OpenCV orders it, is 0; deviations 1."""
    name = f'finetune/resnet{depth}_zebrafish_20.py'
    cfg = Config.fromfile(CONFIGS / name).model.data_preprocessor
    preprocessor = MODELS.build(cfg)
    blue, green, red = 255 * torch.tensor([0.406, 0.456, 0.485])
    spread = 255 * torch.tensor([0.225, 0.224, 0.229])
    frame = torch.stack([blue, green, red]) + torch.stack([0 * spread, spread])
    frame = frame[..., None, None].expand(2, 3, *cfg.input_size)
    inputs = preprocessor(dict(inputs=[frame], data_samples=None))['inputs']
    assert inputs[0].abs().max() < 1e-4 and (inputs[1] - 1).abs().max() < 1e-4


@pytest.mark.parametrize('path', FINETUNE, ids=lambda path: path.stem)
def test_early_stopping_can_stop(path):
    """A first evaluation, those without gain, and some left to save."""
    cfg = Config.fromfile(path)
    for hook in cfg.default_hooks.values():
        if hook is None or hook.type != 'EarlyStoppingHook':
            continue
        train = cfg.train_cfg
        length = train.get('max_iters') or train.max_epochs
        number = length // train.get('val_interval', 1)
        assert hook.get('patience', 5) + 1 < number


def test_our_detector_keeps_its_trunk(tmp_path):
    cfg = small_training(tmp_path, 1)
    cfg.custom_hooks = [
        dict(type='mmvmtl.FreezeHook', modules=['backbone', 'neck'])
    ]
    runner, changed = run(cfg, tmp_path)
    assert changed and all(name.startswith('head.') for name in changed)
    state = runner.optim_wrapper.optimizer.state
    trunk = {*runner.model.backbone.parameters(),
             *runner.model.neck.parameters()}  # fmt: skip
    assert not trunk & state.keys()


def test_a_stock_detector(tmp_path):
    """Released after the first of two epochs; its norms then move too."""
    cfg = Config.fromfile(CONFIGS / 'synthetic/rtmdet_tiny_stock.py')
    cfg.model.backbone.widen_factor = 0.125
    cfg.model.neck.update(in_channels=[32, 64, 128], out_channels=16)
    cfg.model.bbox_head.update(in_channels=16, feat_channels=16)
    data = dataset('train', 2, clip=dict(length=1))
    data['pipeline'] = cfg.train_dataloader.dataset.pipeline
    cfg.train_dataloader = loader(
        data, 2, dict(type='DefaultSampler', shuffle=False)
    )
    cfg.train_cfg = dict(by_epoch=True, max_epochs=2)
    cfg.param_scheduler = None
    hook = dict(
        type='mmvmtl.FreezeHook',
        stages=[
            dict(modules='backbone'),
            dict(modules='neck', until=dict(epoch=1)),
        ],
    )
    cfg.custom_hooks = [hook]
    _, changed = run(cfg, tmp_path)
    assert {name.split('.')[0] for name in changed} == {'neck', 'bbox_head'}
    assert any('running_mean' in n for n in changed if n.startswith('neck'))


@DATASETS.register_module(force=True)
class Clips(torch.utils.data.Dataset):
    """Four clips of noise with labels."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> dict:
        from mmaction.structures import ActionDataSample

        draw = torch.Generator().manual_seed(index)
        clip = torch.randint(256, (2, 3, 32, 32), generator=draw)
        return dict(
            inputs=clip.byte(),
            data_samples=ActionDataSample().set_gt_label(index),
        )


def test_a_recogniser(tmp_path, monkeypatch):
    """The trunk of a checkpoint, of which all but the last stage stays."""
    pytest.importorskip('mmaction')
    monkeypatch.setenv('MMVMTL_TSN', str(tmp_path / 'tsn.pth'))
    cfg = Config.fromfile(CONFIGS / 'finetune/tsn_r18_frozen.py')
    init_default_scope('mmaction')
    other = MODELS.build({**cfg.model, 'cls_head': None})
    other.init_weights()
    torch.save(dict(state_dict=other.state_dict()), tmp_path / 'tsn.pth')
    cfg.custom_hooks += [
        dict(type='mmvmtl.L2SPHook', modules='backbone.layer4', alpha=1e-2),
        dict(type='mmvmtl.GradientHealthHook', interval=1),
    ]
    cfg.default_hooks.pop('stopping')
    cfg.train_dataloader = loader(
        dict(type='mmvmtl.Clips'),
        2,
        dict(type='DefaultSampler', shuffle=False),
    )
    cfg.train_cfg = dict(by_epoch=True, max_epochs=1)
    runner, changed = run(cfg, tmp_path)
    assert {'.'.join(name.split('.')[:2]) for name in changed} == {
        'backbone.layer4',
        'cls_head.fc_cls',
    }
    state = runner.model.state_dict()
    stem = 'backbone.conv1.conv.weight'
    assert torch.equal(state[stem], other.state_dict()[stem])
    scalars = runner.message_hub.log_scalars
    assert 'train/grad.backbone' in scalars and 'train/l2sp' in scalars


@pytest.mark.parametrize('path', FINETUNE, ids=lambda p: p.stem)
def test_the_names_in_the_configs_exist(path):
    """Model, optimizer and hooks build, and their modules are found."""
    cfg = Config.fromfile(path)
    if cfg.default_scope == 'mmaction':
        pytest.importorskip('mmaction')
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    build_optim_wrapper(model, cfg.optim_wrapper)
    for settings in cfg.get('custom_hooks', []):
        HOOKS.build(copy.deepcopy(settings))
        for stage in settings.get('stages', [settings]):
            if 'modules' in stage:
                find_modules(model, stage.modules, path.stem)


def test_a_real_checkpoint_fills_its_backbone(
    shared_data, tmp_path, monkeypatch
):
    """More than 95 % of its entries; a step then moves every part."""
    weights = shared_data / 'weights/fastestdet_shufflenetv2_backbone.pth'
    monkeypatch.setenv('MMVMTL_SHUFFLENET', str(weights))
    monkeypatch.setenv('MMVMTL_ZEBRAFISH', str(shared_data / 'zebrafish'))
    cfg = Config.fromfile(CONFIGS / 'finetune/shufflenet_zebrafish_20.py')
    cfg.train_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=1)
    runner, changed = run(cfg, tmp_path)
    (first,) = [hook for hook in runner.hooks if isinstance(hook, First)]
    begun = {k for k in first.state if k.startswith('backbone.')}
    loaded = {
        f'backbone.{name}'
        for name, value in read_weights(str(weights)).items()
        if torch.equal(value, first.state[f'backbone.{name}'])
    }
    assert len(loaded & begun) > 0.95 * len(begun)
    stepped = changed & dict(runner.model.named_parameters()).keys()
    parts = {name.partition('.')[0] for name in stepped}
    assert parts == {'backbone', 'neck', 'head'}


def test_early_stopping_knows_our_metrics(tmp_path):
    """Nothing improves by 200 points: the first counts, then one more."""
    cfg = small_training(tmp_path, 5)
    cfg.default_hooks.stopping = dict(
        type='EarlyStoppingHook', monitor='det/mAP50', rule='greater',
        min_delta=2, patience=1,
    )  # fmt: skip
    cfg.default_hooks.checkpoint = None
    cfg.experiment_name = str(tmp_path)
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.epoch == 2
