"""The tools of importance weights and of leaving a domain out."""

import copy
import json
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from torch import nn

from mmvmtl.apis.clip_features import (
    clip_features,
    plain_training_data,
)
from mmvmtl.apis.hold_out import domains_of, hold_out
from mmvmtl.datasets import ImportanceSampler
from mmvmtl.errors import UserError
from mmvmtl.models import VideoMTLDetector
from mmvmtl.registry import DATASETS, MODELS
from mmvmtl.weights import read_checkpoint

ROOT = Path(__file__).parents[2]
ERM = str(ROOT / 'configs/domain/generalise_erm.py')


@pytest.fixture
def adaptation(tmp_path, tiny_config):
    """A config of 10 clips of day and fog, as a file."""
    path = tmp_path / 'adapt.py'
    world = dict(size=(96, 96), length=4, style=('day', 'fog'))
    pipeline = [
        dict(type='mmvmtl.LoadVideoFrames'),
        dict(type='mmvmtl.ClipResize', scale=(64, 64)),
        dict(type='mmvmtl.PackVideoInputs'),
    ]
    dataset = dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=world,
        split='train',
        num_videos=10,
        fresh=False,
        clip=dict(length=1),
        pipeline=pipeline,
    )
    Config(
        dict(
            default_scope='mmdet',
            model=tiny_config['model'],
            train_dataloader=dict(dataset=dataset),
            test_dataloader=dict(dataset=dict(pipeline=pipeline)),
        )
    ).dump(path)
    return str(path)


def test_weights_are_of_the_sources_clips(
    tool, adaptation, tiny_checkpoint, tmp_path, capsys
):
    """Mean 1 over day, 0 for fog, and the sampler takes the file."""
    out = tmp_path / 'weights.json'
    main = tool('analysis/importance_weights')
    arguments = [adaptation, str(tiny_checkpoint), '--out', str(out)]
    main([*arguments, '--source', 'day', '--target', 'fog'])
    content = json.loads(out.read_text())
    weights = torch.tensor(content['weights'])
    source = weights > 0
    assert len(weights) == 10 and source.sum() == content['number']
    assert weights[source].mean().item() == pytest.approx(1, abs=1e-6)
    assert weights[source].std() > 0
    assert 1 <= content['effective_sample_size'] <= content['number']
    assert f'{content["number"]} clips of day' in capsys.readouterr().out
    draws = list(ImportanceSampler(range(10), str(out), seed=0))
    assert source[draws].all() and len(draws) == content['number']


def test_features_are_of_the_clips_not_of_their_augmentation(
    adaptation, tiny_checkpoint
):
    """Twice the same rows, and the same as without any augmentation."""
    plain = Config.fromfile(adaptation)
    # One stride, so that all see the same frames of a video.
    plain.train_dataloader.dataset.clip = dict(length=2, stride=2)
    cfg = copy.deepcopy(plain)
    load, resize, pack = cfg.train_dataloader.dataset.pipeline
    look = dict(
        type='mmvmtl.ClipPhotometric',
        transforms=[dict(type='mmdet.PhotoMetricDistortion')],
    )
    flip = dict(type='mmvmtl.ClipRandomFlip')
    cfg.train_dataloader.dataset.pipeline = [load, resize, look, flip, pack]
    first, domains, _ = clip_features(cfg, str(tiny_checkpoint))
    again = clip_features(cfg, str(tiny_checkpoint))[0]
    without = clip_features(plain, str(tiny_checkpoint))[0]
    assert torch.equal(first, again) and torch.equal(first, without)
    assert first.unique(dim=0).shape == first.shape
    assert set(domains) == {'day', 'fog'}


def test_a_random_stride_is_drawn_once(adaptation, tiny_checkpoint):
    cfg = Config.fromfile(adaptation)
    cfg.train_dataloader.dataset.clip = dict(length=2, stride=(1, 3))
    first, again = (
        clip_features(cfg, str(tiny_checkpoint))[0] for _ in range(2)
    )
    assert torch.equal(first, again)


@MODELS.register_module()
class Cells(BaseModel):
    """Cells of 8 × 8 pixels that see nothing of each other."""

    def __init__(self, data_preprocessor=None, part='backbone'):
        super().__init__(data_preprocessor)
        self.add_module(part, nn.Conv2d(3, 4, 8, stride=8))

    def forward(self, *args, **kwargs):
        raise NotImplementedError

    def extract_feat(self, inputs):
        return (self.backbone(inputs),)


def test_features_leave_padding_out(adaptation, tmp_path):
    """Below a picture 64 wide and 32 high, whatever is in it.

    Where there is none, they are the plain mean, to the bit.
    """
    torch.manual_seed(0)
    path = tmp_path / 'cells.pth'
    cfg = Config.fromfile(adaptation)
    cfg.train_dataloader.dataset.clip = dict(length=3, stride=1)
    for data in (cfg.train_dataloader, cfg.test_dataloader):
        data.dataset.pipeline[1] = dict(
            type='mmvmtl.ClipResize', scale=(64, 32), keep_ratio=False
        )
    part = dict(type='mmvmtl.VideoDataPreprocessor', std=[255.0] * 3,
                mean=[0.0] * 3)  # fmt: skip
    rows = []
    for height, grey in ((32, 0), (64, 0), (64, 255)):
        part.update(input_size=(height, 64), pad_value=grey)
        cfg.model = dict(type='mmvmtl.Cells', data_preprocessor=part)
        model = MODELS.build(cfg.model)
        if not rows:
            torch.save({'state_dict': model.state_dict()}, path)
        rows.append(clip_features(cfg, str(path))[0])
    for row in rows[1:]:
        torch.testing.assert_close(row, rows[0])
    model.load_state_dict(read_checkpoint(str(path))['state_dict'])
    clips = DATASETS.build(cfg.train_dataloader.dataset)
    for row, clip in zip(rows[0], clips, strict=True):
        feat = model.extract_feat(clip['inputs'] / 255)[0].detach()
        assert torch.equal(row, feat.mean(dim=(0, 2, 3)))


@pytest.mark.parametrize(
    'part, wrapper',
    [
        ('detector', dict(type='mmvmtl.MLDG', domains=('day', 'fog'))),
        ('detector',
         dict(type='mmvmtl.DomainAdaptiveDetector',
              domain=dict(type='mmvmtl.DomainAdversary',
                          domains=('day', 'fog'),
                          image=dict(in_channels=96)))),
        ('teacher', dict(type='mmvmtl.MeanTeacher')),
    ],
)  # fmt: skip
def test_a_wrapped_detector_gives_the_features(
    adaptation, tiny_checkpoint, tmp_path, part, wrapper
):
    """Of a checkpoint of its own, or of the detector alone."""
    cfg = Config.fromfile(adaptation)
    wanted = clip_features(cfg, str(tiny_checkpoint))[0]
    cfg.model = dict(wrapper, detector=cfg.model)
    assert torch.equal(clip_features(cfg, str(tiny_checkpoint))[0], wanted)
    state = read_checkpoint(str(tiny_checkpoint))['state_dict']
    own = {f'{part}.{name}': value for name, value in state.items()}
    path = tmp_path / 'own.pth'
    torch.save({'state_dict': {'domain.x': torch.zeros(1), **own}}, path)
    assert torch.equal(clip_features(cfg, str(path))[0], wanted)
    torch.save({'state_dict': {'domain.x': torch.zeros(1)}}, path)
    with pytest.raises(UserError, match='of another model'):
        clip_features(cfg, str(path))


def test_a_model_without_a_backbone_is_one_sentence(
    adaptation, tiny_checkpoint
):
    cfg = Config.fromfile(adaptation)
    cfg.model = dict(type='mmvmtl.Cells', part='stem')
    with pytest.raises(UserError, match='Cells has no backbone'):
        clip_features(cfg, str(tiny_checkpoint))


def test_clips_tell_their_video(adaptation, tiny_checkpoint):
    """In joined data sets, too."""
    cfg = Config.fromfile(adaptation)
    data = cfg.train_dataloader.dataset
    data.update(num_videos=2, test_mode=True, chunk=2)
    parts = dict(a=data, none=None, b=data)
    cfg.train_dataloader.dataset = dict(
        type='mmvmtl.JoinedDataset', datasets=parts
    )
    rows, domains, videos = clip_features(cfg, str(tiny_checkpoint))
    assert len(rows) == len(domains) == 8
    starts = [videos.index(video) for video in videos]
    assert starts == [0] * 2 + [2] * 2 + [4] * 2 + [6] * 2
    assert rows[:4].unique(dim=0).shape == rows[:4].shape
    assert torch.equal(rows[:4], rows[4:])


def test_a_recogniser_is_one_sentence(
    adaptation, tiny_checkpoint, monkeypatch
):
    """Its features come with a dict, as MMAction2 has it."""
    monkeypatch.setattr(
        VideoMTLDetector, 'extract_feat', lambda self, x: (x, {})
    )
    with pytest.raises(UserError, match='VideoMTLDetector gives no maps'):
        clip_features(Config.fromfile(adaptation), str(tiny_checkpoint))


def test_copies_of_a_clip_weigh_the_same(
    tool, adaptation, tiny_checkpoint, tmp_path
):
    """One of them does not judge the other."""
    cfg = Config.fromfile(adaptation)
    data = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(
        type='RepeatDataset', times=2, dataset=data
    )
    cfg.dump(adaptation)
    out = tmp_path / 'weights.json'
    tool('analysis/importance_weights')(
        [adaptation, str(tiny_checkpoint), '--source', 'day', '--target',
         'fog', '--out', str(out)]
    )  # fmt: skip
    content = json.loads(out.read_text())
    assert content['number'] == 2 * 3
    weights = torch.tensor(content['weights']).view(2, 10)
    torch.testing.assert_close(weights[0], weights[1])


def test_frames_of_branches_are_packed_as_one_clip():
    """Of a teacher: the views of a clip differ in augmentation alone."""
    cfg = Config.fromfile(ROOT / 'configs/domain/day_to_fog_teacher.py')
    steps = cfg.test_dataloader.dataset.pipeline
    for part in plain_training_data(cfg)['datasets']:
        *old, pack = part['pipeline']
        assert old == steps[:-1]
        assert pack == dict(type='mmvmtl.PackVideoInputs')


def test_wrapped_parts_keep_their_domain_and_packing():
    pack = dict(type='mmvmtl.PackVideoInputs')
    load = dict(type='mmvmtl.LoadVideoFrames')
    look = dict(type='mmvmtl.ClipPhotometric', transforms=[])
    domain = dict(type='mmvmtl.SetDomain', domain='day')
    part = dict(type='A', pipeline=[load, look, domain, pack])
    data = dict(datasets=[dict(dataset=part), dict(part, pipeline=[pack])])
    resize = dict(type='mmvmtl.ClipResize', scale=(8, 8))
    test = dict(pipeline=[load, resize, dict(pack, original_gt=True)])
    cfg = Config(
        dict(
            train_dataloader=dict(dataset=data),
            test_dataloader=dict(dataset=test),
        )
    )
    first, second = plain_training_data(cfg)['datasets']
    assert first['dataset']['pipeline'] == [load, resize, domain, pack]
    assert second['pipeline'] == [load, resize, pack]
    # A branch may be one transform.
    views = dict(
        type='mmdet.MultiBranch', branch_field=['a', 'b'], a=None, b=pack
    )
    cfg.train_dataloader.dataset = dict(part, pipeline=[domain, views])
    plain = plain_training_data(cfg)
    assert plain['pipeline'] == [load, resize, domain, pack]
    mosaic = dict(type='MultiImageMixDataset', dataset=part, pipeline=[look])
    cfg.train_dataloader.dataset = mosaic
    with pytest.raises(UserError, match='mixes the pictures of several'):
        plain_training_data(cfg)
    cfg.test_dataloader = None
    with pytest.raises(UserError, match='has no test_dataloader'):
        plain_training_data(cfg)


@pytest.mark.parametrize(
    'changes, words',
    [
        (['--target', 'night'], "of the domain 'night'"),
        (['--target', 'fog', '--estimator', 'Gaussian'], 'pip install skada'),
        (['--target', 'day'], 'name two domains'),
        (['--target', 'fog', '--largest', '0'], '--largest 0.0'),
    ],
)
def test_wrong_arguments_are_one_sentence(
    tool, adaptation, tiny_checkpoint, tmp_path, capsys, monkeypatch,
    changes, words,
):  # fmt: skip
    monkeypatch.setitem(sys.modules, 'skada', None)
    main = tool('analysis/importance_weights')
    with pytest.raises(SystemExit) as stop:
        main([adaptation, str(tiny_checkpoint), '--source', 'day',
              '--out', str(tmp_path / 'w.json'), *changes])  # fmt: skip
    assert stop.value.code == 2 and words in capsys.readouterr().err


@pytest.mark.parametrize('how', ['other names', 'another width'])
def test_a_checkpoint_of_another_model_is_one_sentence(
    tool, adaptation, tiny_checkpoint, tmp_path, capsys, how
):
    path = tmp_path / 'other.pth'
    state = {'conv.weight': torch.zeros(1)}
    if how == 'another width':
        state = read_checkpoint(str(tiny_checkpoint))['state_dict']
        state = {
            name: value[:1] for name, value in state.items() if value.ndim
        }
    torch.save({'state_dict': state}, path)
    with pytest.raises(SystemExit):
        tool('analysis/importance_weights')(
            [adaptation, str(path), '--source', 'day', '--target', 'fog',
             '--out', str(tmp_path / 'w.json')]
        )  # fmt: skip
    assert 'of another model' in capsys.readouterr().err


class Runs:
    """Takes the place of training: notes configs, gives scripted scores."""

    def __init__(self):
        self.seen = []

    def __call__(self, config, work, seed, options, shell):
        cfg = Config.fromfile(config)
        train = tuple(cfg.train_dataloader.dataset.world.style)
        held = cfg.test_dataloader.dataset.world.style
        self.seen.append((cfg.model.get('domains'), train, held, seed))
        return {'det/mAP50': len(held) + seed, 'cls/x': None}


@pytest.fixture
def runs(tool, monkeypatch):
    main = tool('leave_one_domain_out')
    runs = Runs()
    monkeypatch.setitem(main.__wrapped__.__globals__, 'measure', runs)
    return main, runs


def test_data_that_tell_no_domain_are_one_sentence():
    cfg = Config.fromfile(ROOT / 'configs/zebrafish/video_mtl_rtmdet_tiny.py')
    with pytest.raises(UserError, match='neither a synthetic world nor'):
        hold_out(cfg, ('day', 'fog', 'night'), 'fog')


def joined(*domains, by_name=False, **loader):
    """A loader of a data set for each domain."""
    parts = [
        dict(
            type='mmvmtl.VideoMTLDataset',
            data_root=domain,
            pipeline=[
                dict(type='mmvmtl.LoadVideoFrames'),
                dict(type='mmvmtl.SetDomain', domain=domain),
                # Its domain is that of its pictures, not of the part.
                dict(type='mmvmtl.TranslateDomain', domain='target'),
                dict(type='mmvmtl.PackVideoInputs'),
            ],
        )
        for domain in domains
    ]
    if by_name:
        names = [f'{domain}s' for domain in domains]
        parts = {**dict(zip(names, parts, strict=True)), 'none': None}
    return dict(dataset=dict(type='ConcatDataset', datasets=parts), **loader)


PLACES = ('farm', 'lab', 'zoo')
MMDET = 'mmdet.MultiSourceSampler'


def of_places(by_name=False, **loader):
    """A config whose loaders join a data set for each of ``PLACES``."""
    train = joined(*PLACES, by_name=by_name, **{'batch_size': 8, **loader})
    return Config(
        dict(
            model=dict(domain=dict(domains=PLACES)),
            train_dataloader=train,
            val_dataloader=joined(*PLACES, batch_sampler=None),
            test_dataloader=joined(*PLACES),
        )
    )


def roots(loader):
    """Of the parts that are left."""
    parts = loader.dataset.datasets
    parts = parts.values() if isinstance(parts, dict) else parts
    return [part.data_root for part in parts if part is not None]


@pytest.mark.parametrize(
    'loader, holder, key, left',
    [
        (dict(batch_sampler=dict(ratio=[1, 1, 2])),
         'batch_sampler', 'ratio', [1, 2]),
        (dict(batch_sampler=dict(ratio=dict(farms=1, labs=1, zoos=2)),
              by_name=True),
         'batch_sampler', 'ratio', dict(farms=1, zoos=2)),
        (dict(batch_sampler=dict(ratio=[1, 1, 2]), by_name=True),
         'batch_sampler', 'ratio', [1, 2]),
        (dict(sampler=dict(type=MMDET, batch_size=8, source_ratio=[1, 1, 2])),
         'sampler', 'source_ratio', [1, 2]),
    ],
)  # fmt: skip
def test_parts_of_joined_data_sets_are_left_out(loader, holder, key, left):
    """Shares of the batch stay; what is left out makes it smaller."""
    cfg = of_places(**loader)
    assert domains_of(cfg) == list(PLACES)
    without = hold_out(cfg, PLACES, 'lab')
    train = without.train_dataloader
    assert roots(train) == ['farm', 'zoo']
    assert train[holder][key] == left
    assert train.batch_size == train[holder].get('batch_size', 6) == 6
    assert roots(without.val_dataloader) == ['lab']
    assert roots(without.test_dataloader) == ['lab']
    assert without.model.domain.domains == ('farm', 'zoo')
    assert roots(cfg.train_dataloader) == list(PLACES)


@pytest.mark.parametrize(
    'loader, words',
    [
        (dict(batch_size=7, batch_sampler=dict(ratio=[1, 1, 2])),
         r'batch_size=7 .* can not be shared out'),
        (dict(batch_sampler=dict(ratio=[1, 1])), '2 shares for 3'),
        (dict(batch_sampler=dict(ratio=[1, 1, 2, 4])), '4 shares for 3'),
        (dict(batch_sampler=dict(ratio=dict(farms=1, labs=1)), by_name=True),
         "'zoos' has no part"),
        (dict(batch_sampler=dict(ratio={0: 1, 1: 1, 2: 2}), by_name=True),
         "no data set '0'; did you mean"),
        (dict(batch_sampler=dict(ratio=dict(farm=1, lab=1, zoo=2))),
         'give a list'),
        (dict(batch_sampler=dict(ratio=dict(farms=1, labs=1, zoo=2)),
              by_name=True),
         "no data set 'zoo'; did you mean 'zoos'"),
    ],
)  # fmt: skip
def test_shares_that_do_not_fit_are_one_sentence(loader, words):
    with pytest.raises(UserError, match=words):
        hold_out(of_places(**loader), PLACES, 'lab')


EARLY = '[dict(type="EarlyStoppingHook", monitor="det/mAP50")]'


@pytest.mark.parametrize(
    'setting, line, option',
    [
        ('EarlyStoppingHook', f'custom_hooks = {EARLY}', 'custom_hooks=[]'),
        ('save_best',
         'default_hooks = dict(checkpoint=dict(save_best="auto"))',
         'default_hooks.checkpoint.save_best=None'),
        ('param_scheduler',
         'param_scheduler = [dict(type="ReduceOnPlateauLR", monitor="a")]',
         'param_scheduler=None'),
    ],
)  # fmt: skip
def test_nothing_is_chosen_by_the_domain_that_is_held_out(
    runs, tmp_path, capsys, setting, line, option
):
    """In no method's config, unless an option of all runs takes it out."""
    main, seen = runs
    config = tmp_path / 'generalise_own.py'
    config.write_text(f"_base_ = '{ERM}'\n{line}\n")
    arguments = [str(config), '--methods', 'own', '--held', 'night',
                 '--seeds', '0', '--jobs', '1',
                 '--out', str(tmp_path / 'out.json'),
                 '--work-dir', str(tmp_path / 'work')]  # fmt: skip
    with pytest.raises(SystemExit):
        main(arguments)
    words = f'{setting} of the config {config} would choose'
    assert words in capsys.readouterr().err and not seen.seen
    main([*arguments, '--cfg-options', option])
    assert seen.seen


def test_an_option_of_all_runs_may_not_choose_either(runs, tmp_path, capsys):
    main, seen = runs
    with pytest.raises(SystemExit):
        main([ERM, '--methods', '--work-dir', str(tmp_path), '--cfg-options',
              'default_hooks.checkpoint.save_best=auto'])  # fmt: skip
    assert 'save_best of the config' in capsys.readouterr().err
    assert not seen.seen


def test_a_domain_without_test_data_is_one_sentence():
    cfg = of_places()
    cfg.test_dataloader = Config(dict(a=joined('farm', 'zoo'))).a
    with pytest.raises(UserError, match=r"test_dataloader .*no data of 'lab'"):
        hold_out(cfg, PLACES, 'lab')


def test_each_domain_is_left_out_in_turn(runs, tmp_path, capsys):
    main, seen = runs
    out = tmp_path / 'result.json'
    arguments = [ERM, '--methods', 'mldg', '--domains', 'day', 'fog', 'night',
                 '--jobs', '1', '--seeds', '0', '1', '--out', str(out),
                 '--work-dir', str(tmp_path / 'work')]  # fmt: skip
    main(arguments)
    erm, mldg = seen.seen[:4], seen.seen[4:]
    held = [run[2] for run in erm]
    # Not the day: the model that it begins with has seen it.
    assert held == ['fog', 'fog', 'night', 'night']
    for domains, train, left, _ in mldg:
        assert domains == train and left not in train and len(train) == 2
    rows = json.loads(out.read_text())['rows']
    assert set(rows) == {'erm', 'mldg'}
    # Scores are the length of the name: 3 and 5, plus the seed.
    metrics = rows['erm']['metrics']
    assert metrics['night/det/mAP50'] == [5, 6]
    assert metrics['mean/det/mAP50'] == [4, 5]
    assert metrics['mean/cls/x'] == [None, None]
    assert 'mean/det/mAP50' in capsys.readouterr().out
    seen.seen.clear()
    main([*arguments, '--held', 'night'])
    assert {run[2] for run in seen.seen} == {'night'}
    assert len(seen.seen) == 4


def test_held_domains_of_other_data_are_one_sentence(tmp_path, capsys, runs):
    """They are inherited, and would be passed over."""
    main, seen = runs
    config = tmp_path / 'generalise_erm.py'
    config.write_text(
        f"_base_ = '{ERM}'\n"
        "world = dict(style=('day', 'fog', 'dusk'))\n"
        'train_dataloader = dict(dataset=dict(world=world))\n'
        "test_dataloader = dict(dataset=dict(world=dict(style='night')))\n"
    )
    with pytest.raises(SystemExit):
        main([str(config), '--methods', '--work-dir', str(tmp_path / 'work')])
    words = "held=('night', 'fog', 'rain', 'thermal') of"
    assert words in capsys.readouterr().err and not seen.seen


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['--domains', 'day', 'fog'], 'at least two others'),
        (['--methods', 'korall'], 'generalise_korall.py does not exist'),
        (['--held', 'snow'], "'snow' can not be left out"),
        (['--domains', 'a', 'b', 'c'], 'should name domains of a, b, c'),
    ],
)
def test_wrong_choices_are_one_sentence(
    runs, tmp_path, capsys, arguments, words
):
    main, seen = runs
    with pytest.raises(SystemExit):
        main([ERM, '--work-dir', str(tmp_path), *arguments])
    assert words in capsys.readouterr().err and not seen.seen
