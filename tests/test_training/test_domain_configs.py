"""Every config of configs/domain builds, is flat, and takes a step."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import (
    DATASETS,
    HOOKS,
    MODELS,
    init_default_scope,
)

from mmvmtl.config_guard import load_config

FOLDER = Path(__file__).parents[2] / 'configs' / 'domain'
#: All but the one on videos of one's own.
NAMES = sorted(path.stem for path in FOLDER.glob('[!t]*.py'))
SHIFTS = ('fog', 'night', 'thermal')
SIZE = (128, 160)  # h, w; fewer pixels are too few for beta=0.01
TRANSFERS = (
    'mmvmtl.TranslateDomain',
    'mmvmtl.FourierDomainTransfer',
    'mmvmtl.ColourTransfer',
)


@pytest.fixture(autouse=True, scope='module')
def translator(tmp_path_factory):
    """What the configs with translated frames start from."""
    path = tmp_path_factory.mktemp('translator') / 'translator.pth'
    model = MODELS.build(dict(type='mmvmtl.UnpairedTranslator'))
    torch.save(dict(state_dict=model.state_dict()), path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('MMVMTL_TRANSLATOR', str(path))
        yield


@pytest.mark.parametrize('name', NAMES)
def test_builds_from_its_file(name):
    cfg = load_config(FOLDER / f'{name}.py')
    init_default_scope(cfg.default_scope)
    model = MODELS.build(cfg.model)
    data = DATASETS.build(cfg.train_dataloader.dataset)
    assert data[0] is not None
    for hook in cfg.custom_hooks:
        HOOKS.build(hook)
    parts = getattr(data, 'datasets', [data])
    trained = set().union(*(part.domains for part in parts))
    unlabelled = set().union(*(part.unlabelled for part in parts))
    for part in model.modules():
        known = getattr(part, 'domains', ())
        assert set(known) <= trained
    tested = DATASETS.build(cfg.test_dataloader.dataset)
    # A domain to adapt to is the one that is tested, and has no labels.
    assert tested.domains <= trained or not unlabelled
    assert not unlabelled or unlabelled == tested.domains
    assert not (name.startswith('generalise') and tested.domains & trained)


def step(name, batch_size):
    """Train a step of a config on small frames; its model and losses."""
    cfg = Config.fromfile(FOLDER / f'{name}.py')
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    inner = cfg.model.get('detector', cfg.model)
    if 'input_size' in inner.data_preprocessor:
        inner.data_preprocessor.input_size = SIZE
    data = cfg.train_dataloader.dataset
    for part in data.get('datasets', [data]):
        part.world.update(size=SIZE[::-1], length=8)
        part.clip = dict(length=1)
        for transform in part.pipeline:
            if transform['type'] == 'mmvmtl.ClipResize':
                transform['scale'] = SIZE[::-1]
    built = DATASETS.build(data)
    batch = pseudo_collate([built[i] for i in range(batch_size)])
    model = MODELS.build(cfg.model)
    model.init_weights()
    data = model.train().data_preprocessor(batch, True)
    data.pop('clip_index', None)
    total, log = model.parse_losses(model(**data, mode='loss'))
    total.backward()
    return model, {k: float(v) for k, v in log.items()}


@pytest.mark.parametrize(
    'name, wanted',
    [
        ('day_to_fog_both', 'domain.loss_consistency'),
        ('day_to_fog_alternating', 'domain.loss_image_fool'),
        ('day_to_fog_stock_image', 'domain.loss_image'),
        ('day_to_fog_fourier', 'det.loss_cls'),
        ('generalise_adversarial', 'domain.acc_image'),
        ('generalise_coral', 'domain.loss_align'),
        ('generalise_mmd', 'domain.loss_align'),
        ('generalise_mixstyle', 'det.loss_cls'),
        ('generalise_mldg', 'held_out.det.loss_cls'),
    ],
)
def test_a_step_trains_every_parameter(name, wanted):
    model, log = step(name, 6)
    assert wanted in log
    assert all(torch.tensor(list(log.values())).isfinite())
    missing = [
        key
        for key, parameter in model.named_parameters()
        if parameter.requires_grad and parameter.grad is None
    ]
    assert missing == []


def test_every_shift_has_every_variant():
    kinds = (
        *('_image', '_instance', '_both', '_importance', '_oracle', ''),
        *('_fourier', '_colour', '_translated'),
        *('_adabn', '_teacher', '_combined'),
    )
    wanted = {f'day_to_{x}{kind}' for x in SHIFTS for kind in kinds}
    assert wanted <= set(NAMES)


def without(pipeline):
    return [t for t in pipeline if t['type'] != 'mmvmtl.ClipPhotometric']


def without_transfer(pipeline):
    return [step for step in pipeline if step['type'] not in TRANSFERS]


@pytest.mark.parametrize('shift', SHIFTS)
@pytest.mark.parametrize('kind', ['fourier', 'colour'])
def test_style_comes_from_the_domain_of_the_test(shift, kind):
    """At its strength, and from videos that no other data set draws."""
    cfg = Config.fromfile(FOLDER / f'day_to_{shift}_{kind}.py')
    _, _, transfer, *_ = cfg.train_dataloader.dataset.pipeline
    tested = cfg.test_dataloader.dataset
    assert transfer.target.world == tested.world
    assert transfer.target.split == 'train' and transfer.target.seed > 2


@pytest.mark.parametrize('shift', SHIFTS)
def test_translator_makes_the_domain_of_the_test(shift):
    cfg = load_config(FOLDER / f'day_to_{shift}_translated.py')
    made = load_config(FOLDER.parent / f'translation/day_to_{shift}.py')
    target = made.train_dataloader.dataset.target
    tested = cfg.test_dataloader.dataset.world
    assert target.world.style == tested.style
    assert target.world.get('style_strength', 1.0) == tested.style_strength


@pytest.mark.parametrize('kind', ['translated', 'combined'])
@pytest.mark.parametrize('shift', SHIFTS)
def test_translator_is_where_the_config_looks_for_it(shift, kind, monkeypatch):
    monkeypatch.delenv('MMVMTL_TRANSLATOR')
    cfg = Config.fromfile(FOLDER / f'day_to_{shift}_{kind}.py')
    made = Config.fromfile(FOLDER.parent / f'translation/day_to_{shift}.py')
    data = cfg.train_dataloader.dataset
    labelled = data.datasets[0] if 'datasets' in data else data
    _, _, transfer, *_ = labelled.pipeline
    last = f'{made.work_dir}/iter_{made.train_cfg.max_iters}.pth'
    assert transfer.checkpoint == last


@pytest.mark.parametrize('domain', ['source', 'target'])
@pytest.mark.parametrize('shift', SHIFTS)
def test_a_translator_sees_pixels_in_the_scale_it_is_applied_to(shift, domain):
    """Each of its pictures is a part of the frame, pixel by pixel."""
    path = FOLDER.parent / f'translation/day_to_{shift}.py'
    data = Config.fromfile(path).train_dataloader.dataset[domain]
    data.num_videos = 1
    part = DATASETS.build(data)[0]['inputs'][0]
    load, *_, pack = data.pipeline
    data.pipeline = [load, pack]
    frame = DATASETS.build(data)[0]['inputs'][0]
    height, width = part.shape[1:]
    assert (height, width) != frame.shape[1:]
    windows = frame.unfold(1, height, 1).unfold(2, width, 1)
    same = (windows == part[:, None, None]).flatten(3).all(3).all(0)
    assert same.sum() == 1


@pytest.mark.parametrize('shift', SHIFTS)
def test_variants_of_a_shift_differ_in_the_method_only(shift):
    """One strength, one augmentation, one test set, and the same schedule."""
    cfgs = [
        Config.fromfile(path)
        for path in FOLDER.glob(f'day_to_{shift}*.py')
        if 'stock' not in path.name
    ]
    first = Config.fromfile(FOLDER / f'day_to_{shift}.py')
    augmentation = without_transfer(first.train_dataloader.dataset.pipeline)
    for cfg in cfgs:
        data, tested = cfg.train_dataloader.dataset, cfg.test_dataloader
        for part in data.get('datasets', [data]):
            *begin, last = without_transfer(part.pipeline)
            if last.type != 'mmdet.MultiBranch':
                assert [*begin, last] == augmentation
            elif 'source' in last:
                assert [*begin, *last.source] == augmentation
            else:  # the student's view is always augmented
                assert [*begin, *last.weak] == without(augmentation)
        data = part
        assert data.world.style_strength == cfg.strength == first.strength
        assert tested.dataset == first.test_dataloader.dataset
        assert tested.dataset.world.style == shift
        assert cfg.train_cfg == first.train_cfg
