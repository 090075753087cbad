"""Misspelt names are refused with the right one, the rest is left alone."""

import random
import threading
import time
from pathlib import Path

import mmdet
import pytest
from mmengine.config import Config

from mmvmtl import config_guard
from mmvmtl.config_guard import check_config, check_options, load_config
from mmvmtl.errors import UserError

ROOT = Path(__file__).parents[1]
MMDET = Path(mmdet.__file__).parent / '.mim' / 'configs'
BASE = """
default_scope = 'mmdet'
data_root = 'data/'
batch = 2
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(256, 192), keep_ratio=False)]
model = dict(
    type='RetinaNet',
    data_preprocessor=dict(type='DetDataPreprocessor', mean=[0, 0, 0]),
    backbone=dict(type='ResNet', depth=18, norm_cfg=dict(type='BN')),
    bbox_head=dict(
        type='RetinaHead', num_classes=3, in_channels=8,
        loss_cls=dict(type='FocalLoss', gamma=2.0)))
spare_head = dict(
    type='TSNHead', _scope_='mmaction', num_classes=3, in_channels=8,
    loss_cls=dict(type='CrossEntropyLoss'))
train_dataloader = dict(
    batch_size=batch, num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='CocoDataset', data_root=data_root,
                 pipeline=train_pipeline))
train_cfg = dict(by_epoch=True, max_epochs=2)
optim_wrapper = dict(
    type='OptimWrapper', optimizer=dict(type='SGD', lr=0.1),
    clip_grad=dict(max_norm=1.0))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, begin=0, end=9)]
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))
custom_hooks = [dict(type='mmvmtl.MetadataHook', priority=49)]
"""


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / 'base.py').write_text(BASE)
    path = tmp_path / 'config.py'
    path.write_text(f"_base_ = './base.py'\n{text}\n")
    return path


@pytest.mark.parametrize(
    'text',
    [
        '',
        'my_own = dict(type_of_day=1)',
        'lr = 0.1\nwarm_up = 3',
        'models = 2\nbatches = models + 1',
        "optim_wrapper = dict(paramwise_cfg=dict(custom_keys=dict(a=dict())))",
        "model = dict(backbone=dict(init_cfg=dict(type='Kaiming')))",
        "train_cfg = dict(val_interval=5)",
        'env_cfg = dict(cudnn_benchmark=True)',
        'spare_head = dict(dropout_ratio=0.5, spatial_type=None)',
    ],
)  # fmt: skip
def test_right_names_and_free_variables_pass(tmp_path, text):
    load_config(write(tmp_path, text))


@pytest.mark.parametrize(
    'text, wrong, right',
    [
        ('optim_wraper = dict()', 'optim_wraper', 'optim_wrapper'),
        ('param_schedulers = []', 'param_schedulers', 'param_scheduler'),
        ('train_dataloder = dict()', 'train_dataloder', 'train_dataloader'),
        ("load_form = 'a.pth'", 'load_form', 'load_from'),
        ('model = dict(backbone=dict(depht=50))', 'model.backbone.depht',
         'depth'),
        ('model = dict(bbox_head=dict(num_class=3))', 'num_class',
         'num_classes'),
        ('model = dict(bbox_head=dict(loss_cls=dict(gama=1)))',
         'model.bbox_head.loss_cls.gama', 'gamma'),
        ('spare_head = dict(num_clases=3)', 'TSNHead',
         'num_classes'),
        ('train_dataloader = dict(batchsize=4)', 'batchsize', 'batch_size'),
        ('train_dataloader = dict(dataset=dict(ann_files=1))', 'CocoDataset',
         'ann_file'),
        ('train_cfg = dict(max_epoch=3)', 'train_cfg.max_epoch',
         'max_epochs'),
        ('optim_wrapper = dict(optimizer=dict(momentun=0.9))',
         'optim_wrapper.optimizer.momentun', 'momentum'),
        ("param_scheduler = [dict(type='LinearLR', start_facter=1.)]",
         'param_scheduler.0.start_facter', 'start_factor'),
        ("custom_hooks = [dict(type='mmvmtl.MetaHook')]",
         'mmvmtl.MetaHook', 'mmvmtl.MetadataHook'),
        ("default_hooks = dict(logger=dict(type='LoggerHook', intervall=1))",
         'intervall', 'interval'),
    ],
)  # fmt: skip
def test_a_misspelling_is_refused_with_the_right_name(
    tmp_path, text, wrong, right
):
    with pytest.raises(UserError) as error:
        load_config(write(tmp_path, text))
    message = str(error.value)
    assert wrong in message
    assert f"did you mean '{right}'?" in message
    assert '\n' not in message


def test_a_misspelling_in_a_comment_is_not_a_use(tmp_path):
    text = 'optim_wraper = dict()  # optim_wraper is set here'
    with pytest.raises(UserError, match='optim_wrapper'):
        load_config(write(tmp_path, text))


@pytest.mark.parametrize(
    'options',
    [
        {'model.backbone.depth': 50},
        {'model.backbone.frozen_stages': 1},
        {'model.backbone.init_cfg.type': 'Pretrained'},
        {'spare_head.dropout_ratio': 0.1},
        {'train_dataloader.persistent_workers': True},
        {'train_cfg.val_interval': 2},
        {'resume': True},
        {'randomness.seed': 3},
        {'param_scheduler.0.begin': 3},
        {'data_root': 'other/'},
        {'env_cfg.dist_cfg.timeout': 9},
        {'optim_wrapper.clip_grad.norm_type': 2},
        {'optim_wrapper.accumulative_counts': 2},
        {'train_dataloader.dataset.metainfo.classes': ('a',)},
        {
            'default_hooks.ema.momentum': 1e-3,
            'default_hooks.ema.type': 'EMAHook',
        },
    ],
)
def test_options_that_mean_something_pass(tmp_path, options):
    cfg = load_config(write(tmp_path, ''), options)
    (path, value), *_ = options.items()
    node = cfg
    for part in path.split('.'):
        node = node[int(part) if part.isdigit() else part]
    assert node == value


@pytest.mark.parametrize(
    'option, right',
    [
        ('model.backbone.depht', 'depth'),
        ('model.backbon.depth', 'backbone'),
        ('model.bbox_head.loss_cls.gama', 'gamma'),
        ('train_dataloder.batch_size', 'train_dataloader'),
        ('train_dataloader.batchsize', 'batch_size'),
        ('train_cfg.max_epoch', 'max_epochs'),
        ('param_scheduler.0.bgin', 'begin'),
        ('default_hooks.chekpoint.interval', 'checkpoint'),
        ('resum', 'resume'),
        ('dataroot', 'data_root'),
    ],
)
def test_options_that_exist_nowhere_are_refused(tmp_path, option, right):
    with pytest.raises(UserError) as error:
        load_config(write(tmp_path, ''), {option: 1})
    message = str(error.value)
    assert f"'{option}'" in message and '--cfg-options' in message
    assert f"did you mean '{right}'?" in message


@pytest.mark.parametrize(
    'where, right',
    [('default_hooks.chekpoint', 'checkpoint'), ('custom_hooks.ema', '')],
)
def test_a_type_does_not_excuse_a_misspelt_or_impossible_key(
    tmp_path, where, right
):
    options = {f'{where}.type': 'EMAHook'}
    with pytest.raises(UserError, match=right):
        load_config(write(tmp_path, ''), options)


@pytest.mark.parametrize(
    'option', ['lifecycle.max_lost', 'embedding.weight', 'gates.second']
)
def test_a_group_takes_options_that_the_config_does_not_name(option):
    path = ROOT / 'configs/synthetic/video_mtl_rtmdet_tiny.py'
    cfg = load_config(path, {f'model.tracker.{option}': 0.5})
    group, name = option.split('.')
    assert cfg.model.tracker[group][name] == 0.5


def test_a_group_that_is_none_of_the_class_is_refused():
    path = ROOT / 'configs/synthetic/video_mtl_rtmdet_tiny.py'
    with pytest.raises(UserError, match="did you mean 'lifecycle'"):
        load_config(path, {'model.tracker.lifecycl.max_lost': 5})


def test_an_option_beyond_a_list_is_refused(tmp_path):
    with pytest.raises(UserError, match='only 1 entries'):
        load_config(write(tmp_path, ''), {'param_scheduler.4.begin': 1})


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r'none\.py does not exist'):
        load_config(tmp_path / 'none.py')


def test_checking_changes_nothing(tmp_path):
    cfg = Config.fromfile(write(tmp_path, ''))
    before = cfg.to_dict()
    check_config(cfg)
    check_options(cfg, {'model.backbone.depth': 50})
    assert cfg.to_dict() == before


def mmdet_sample() -> list[Path]:
    """All of MMDetection's base files and some configs, always the same."""
    bases = sorted(MMDET.glob('_base_/**/*.py'))
    others = sorted(set(MMDET.glob('*/*.py')) - set(bases))
    return bases + random.Random(0).sample(others, 25)


@pytest.mark.parametrize('path', mmdet_sample(), ids=lambda p: p.stem)
def test_mmdetections_own_configs_pass(path):
    try:
        cfg = Config.fromfile(path)
    except (ImportError, FileNotFoundError):
        pytest.skip('needs a package that is not installed, or is broken')
    check_config(cfg)


OURS = sorted((ROOT / 'configs').rglob('*.py'))


@pytest.mark.parametrize('path', OURS, ids=lambda p: p.stem)
def test_our_configs_pass(path):
    check_config(Config.fromfile(path))


@pytest.mark.parametrize(
    ('base', 'text', 'place', 'words'),
    [
        ('', 'lr = 2 * base_lr', 'config.py, line 2,', "name 'base_lr'"),
        ('lr = 1 / 0', '', 'base.py, line 1,', 'ZeroDivisionError'),
        ('a = 1\nb = (', '', 'base.py, line 2,', 'SyntaxError'),
        ('', 'return 3', 'config.py, line 2,', 'SyntaxError'),
        ('', "lr = '{{$NOT_SET_ANYWHERE:}}'", 'config.py', 'NOT_SET_ANYWHERE'),
        ('a = dict(b=1)', 'a = 3\na.b = 4', 'config.py, line 3,', "'b'"),
    ],
)
def test_what_a_config_raises_is_told_with_its_line(
    tmp_path, base, text, place, words
):
    (tmp_path / 'base.py').write_text(base)
    path = tmp_path / 'config.py'
    path.write_text(f"_base_ = './base.py'\n{text}\n")
    with pytest.raises(UserError) as error:
        load_config(path)
    message = str(error.value)
    assert f'the config {tmp_path}/{place}' in message
    assert words in message


def test_a_missing_base_is_told_with_who_inherits_from_it(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text("_base_ = './nope.py'\n")
    with pytest.raises(UserError, match=r'config\.py can not .*nope\.py'):
        load_config(path)


def test_a_module_that_fails_keeps_its_traceback(tmp_path, monkeypatch):
    """It is somebody's code, to be mended there, and no config."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / 'own_parts_that_fail.py').write_text('1 / 0')
    imports = dict(imports=['own_parts_that_fail'])
    with pytest.raises(ZeroDivisionError):
        load_config(write(tmp_path, f'custom_imports = {imports}'))
    imports = dict(imports=['nowhere_at_all'])
    with pytest.raises(UserError, match=r'nowhere_at_all.*PYTHONPATH'):
        load_config(write(tmp_path, f'custom_imports = {imports}'))


def test_only_the_default_constructor_needs_a_known_optimizer(tmp_path):
    text = "optim_wrapper = dict(optimizer=dict(type='SDG')"
    with pytest.raises(UserError, match="'SDG'; did you mean 'SGD'"):
        load_config(write(tmp_path, text + ')'))
    load_config(write(tmp_path, text + ", constructor='Own')"))


def test_threads_read_one_after_another(tmp_path, monkeypatch):
    """Tools read configs side by side; MMEngine's scopes are one dict."""
    path, inside, most = tmp_path / 'a.py', [], []
    path.write_text(BASE)
    check = config_guard.check_config

    def counted(cfg):
        inside.append(cfg)
        time.sleep(0.02)
        most.append(len(inside))
        check(cfg)
        inside.pop()

    monkeypatch.setattr(config_guard, 'check_config', counted)
    threads = [
        threading.Thread(target=load_config, args=(path,)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]


def test_a_module_of_the_config_may_read_another(tmp_path, monkeypatch):
    """While the config is read, in the same thread."""
    (tmp_path / 'plain.py').write_text(BASE)
    (tmp_path / 'reads_a_config.py').write_text(
        'from mmvmtl.config_guard import load_config\n'
        f'CFG = load_config({str(tmp_path / "plain.py")!r})\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / 'a.py'
    path.write_text(BASE + "custom_imports = dict(imports='reads_a_config')\n")
    reading = threading.Thread(target=load_config, args=(path,), daemon=True)
    reading.start()
    reading.join(30)
    assert not reading.is_alive()
