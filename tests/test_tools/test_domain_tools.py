"""The tools of importance weights and of leaving a domain out."""

import copy
import json
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmvmtl.apis.clip_features import clip_features, plain_training_data
from mmvmtl.apis.hold_out import domains_of, hold_out
from mmvmtl.datasets import ImportanceSampler
from mmvmtl.errors import UserError
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
    first, domains = clip_features(cfg, str(tiny_checkpoint))
    again, _ = clip_features(cfg, str(tiny_checkpoint))
    without, _ = clip_features(plain, str(tiny_checkpoint))
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
        (dict(batch_sampler=dict(ratio=[1, 1])), 'fewer shares'),
    ],
)  # fmt: skip
def test_shares_that_do_not_fit_are_one_sentence(loader, words):
    with pytest.raises(UserError, match=words):
        hold_out(of_places(**loader), PLACES, 'lab')


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


@pytest.mark.parametrize(
    'arguments, words',
    [
        (['--domains', 'day', 'fog'], 'at least two others'),
        (['--methods', 'korall'], 'generalise_korall.py does not exist'),
        (['--held', 'snow'], "'snow' can not be left out"),
    ],
)
def test_wrong_choices_are_one_sentence(
    runs, tmp_path, capsys, arguments, words
):
    main, seen = runs
    with pytest.raises(SystemExit):
        main([ERM, '--work-dir', str(tmp_path), *arguments])
    assert words in capsys.readouterr().err and not seen.seen
