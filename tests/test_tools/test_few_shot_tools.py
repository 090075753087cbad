"""tools/adapt.py and tools/eval_episodes.py, from files to files."""

import json
import re

import numpy as np
import pytest
import torch
from mmengine.config import Config
from small_model import CONFIGS
from small_training import dataset, loader, small_training

from mmvmtl.apis.result_file import read_result

META = ('anil_new_classes', 'anil_new_domain', 'fomaml_new_classes',
        'fomaml_new_domain', 'maml_new_domain',
        'reptile_new_domain')  # fmt: skip
PARTS = ['head.heads.det.bbox_head.rtm_cls']
#: Of the metric: the mean, and where its interval begins and ends.
ENDS = ('', '/low', '/high')


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """A config, and a checkpoint of its untrained model."""
    from mmengine.registry import MODELS, init_default_scope

    folder = tmp_path_factory.mktemp('few')
    cfg = small_training(folder / 'work')
    heads = cfg.model.head.heads
    heads.cls = heads.track = None
    cfg.model.loss.weights = dict(det=1.0)
    cfg.model.tracker = None
    shots = dataset('train', 6, clip=dict(length=1))
    cfg.adapt = dict(dataset=shots, lr=0.1, steps=1, parts=PARTS)
    episodes = dict(
        type='mmvmtl.EpisodeDataset',
        domains=dict(day=shots),
        shots=2,
        queries=2,
        episodes=1,
    )
    cfg.episodes = dict(
        dataset=episodes, search={**episodes, 'seed': 1}, steps=1, parts=PARTS
    )
    cfg.test_dataloader = loader(
        dataset('val', 1, test_mode=True, chunk=4),
        1,
        dict(type='mmvmtl.VideoSampler'),
    )
    cfg.test_cfg = dict()
    cfg.test_evaluator = [dict(type='mmvmtl.VideoDetMetric')]
    cfg.dump(folder / 'config.py')
    init_default_scope('mmdet')
    model = MODELS.build(cfg.model)
    model.init_weights()
    for conv in model.head.heads['det'].bbox_head.rtm_reg:
        torch.nn.init.ones_(conv.bias)
    torch.save(dict(state_dict=model.state_dict()), folder / 'start.pth')
    return folder


def test_adapt_writes_a_checkpoint_and_its_metrics(files, tool, tmp_path):
    out = tmp_path / 'adapted.pth'
    arguments = [files / 'config.py', files / 'start.pth', '--shots', 2]
    arguments += ['--out', out, '--work-dir', tmp_path / 'work']
    tool('adapt')([str(a) for a in arguments])
    metrics = json.loads(out.with_suffix('.json').read_text())
    assert metrics['shots'] == 2
    assert set(metrics['before']) == set(metrics['after'])
    old = torch.load(files / 'start.pth')['state_dict']
    new = torch.load(out, weights_only=False)
    moved = {
        k for k, v in new['state_dict'].items() if not torch.equal(v, old[k])
    }
    assert moved and all(name.startswith(PARTS[0]) for name in moved)
    # So the inferencer needs no config beside it.
    assert new['meta']['mmvmtl']['classes']['det']


def test_episodes_compare_checkpoints(files, tool, tmp_path, capsys):
    out, start = tmp_path / 'out.json', files / 'start.pth'
    tool('eval_episodes')(
        [
            *(str(files / 'config.py'), '--checkpoints'),
            *(f'meta={start}', f'plain={start}', '--episodes', '2'),
            *('--search', '1', '--lrs', '0.1', '--out', str(out)),
        ]
    )
    result = read_result(out)
    rows = result['rows']
    assert list(rows) == ['meta', 'plain', 'meta - plain']
    assert rows['meta'] == rows['plain']
    assert rows['meta']['metrics']['lr'] == [0.1]
    difference = rows['meta - plain']['metrics']
    assert 'lr' not in difference
    assert all(difference[f'det/mAP50{end}'] == [0] for end in ENDS)
    scores = rows['meta']['scores']
    mean = rows['meta']['metrics']['det/mAP50']
    assert len(scores) == 2 and mean == [pytest.approx(sum(scores) / 2)]
    assert '--episodes 2' in result['command']
    # What the tables of docs/transfer.md show is there.
    page = (CONFIGS.parent / 'docs/transfer.md').read_text()
    shown = re.findall(r'results:few_shot_\S+ rows: (.*?) -->', page)
    assert shown and set(' '.join(shown).split()) <= set(
        rows['meta']['metrics']
    )
    assert 'meta - plain: 0.0000' in capsys.readouterr().out


def test_each_checkpoint_has_the_scores_of_its_own_weights(
    files, tool, tmp_path, monkeypatch
):
    start, other = files / 'start.pth', tmp_path / 'other.pth'
    content = torch.load(start, weights_only=False)
    name = 'backbone.stem.0.conv.weight'
    weight = content['state_dict'][name]
    content['state_dict'][name] = weight + 1
    torch.save(content, other)
    main = tool('eval_episodes')

    def mean(model, *_):
        value = model.state_dict()[name].mean().item()
        return np.array([value, value + 0.5])

    names = main.__wrapped__.__globals__
    monkeypatch.setitem(names, 'score_episodes', mean)
    out = tmp_path / 'out.json'
    main(
        [
            *(str(files / 'config.py'), '--checkpoints'),
            *(f'a={other}', f'b={start}', '--episodes', '2'),
            *('--search', '1', '--lrs', '0.1', '--out', str(out)),
        ]
    )
    rows = read_result(out)['rows']
    first = {name: rows[name]['scores'][0] for name in 'ab'}
    assert first['b'] == pytest.approx(weight.mean().item())
    assert first['a'] == pytest.approx(first['b'] + 1)


def episode_rates(tool, monkeypatch, *arguments):
    """What a checkpoint may be adapted with; no episode is played."""
    main = tool('eval_episodes')
    names = main.__wrapped__.__globals__
    monkeypatch.setitem(names, 'load_for_adaptation', lambda *_: None)
    seen = []

    def best_way(model, episodes, choices, rates):
        seen.append(list(rates))
        return next(iter(choices.items()))

    monkeypatch.setitem(names, 'best_way', best_way)
    monkeypatch.setitem(
        names, 'score_episodes', lambda *_: np.array([0.1, 0.2])
    )
    main([*map(str, arguments), '--checkpoints', 'a=a.pth'])
    (rates,) = seen
    return rates


@pytest.mark.parametrize('name', META)
def test_rates_lie_around_that_of_training(tool, monkeypatch, name):
    """Every method may do nothing, and what it was trained for."""
    inner = Config.fromfile(CONFIGS / f'meta/{name}.py').train_cfg.lr
    rates = episode_rates(tool, monkeypatch, CONFIGS / f'meta/{name}.py')
    assert rates == pytest.approx([f * inner for f in (0, 0.5, 1, 2)])


def test_rates_may_be_given_and_else_need_a_config(
    files, tool, monkeypatch, capsys
):
    config = files / 'config.py'
    rates = episode_rates(tool, monkeypatch, config, '--lrs', '0.1', '0.2')
    assert rates == [0.1, 0.2]
    with pytest.raises(SystemExit):
        episode_rates(tool, monkeypatch, config)
    assert 'no train_cfg.lr' in capsys.readouterr().err


@pytest.mark.parametrize('name', META)
def test_no_video_is_searched_and_scored(name):
    """The synthetic world has other videos in every split."""
    episodes = Config.fromfile(CONFIGS / f'meta/{name}.py').episodes
    splits = [
        {domain.split for domain in part.domains.values()}
        for part in (episodes.search, episodes.dataset)
    ]
    assert splits == [{'val'}, {'test'}]


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['a.pth'], 'write NAME=PATH'),
        (['=a.pth'], 'write NAME=PATH'),
        (['a=a.pth', 'a=b.pth'], 'a name of its own'),
        (['a=a.pth', '--search', '0'], '--search 0 leaves no episode'),
    ],
)
def test_eval_refuses(arguments, words, files, tool, capsys):
    with pytest.raises(SystemExit):
        tool('eval_episodes')(
            [str(files / 'config.py'), '--lrs', '0', '1',
             '--checkpoints', *arguments]
        )  # fmt: skip
    assert words in capsys.readouterr().err


def test_a_path_may_have_an_equals_sign(tool):
    named = tool('eval_episodes').__wrapped__.__globals__['named']
    assert named(['a=x/lr=0.1/e.pth']) == dict(a='x/lr=0.1/e.pth')


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['{config}', '{start}', '--shots', '9'], 'data set has 6'),
        (['{config}', '{config}'], 'damaged or no checkpoint'),
        (['{config}', 'nope.pth'], 'nope.pth does not exist'),
        (['{config}', '{start}', '--out', 'a.json'], 'such as a.pth'),
        (['{config}', '{start}', '--launcher', 'pytorch'],
         'unrecognized arguments: --launcher'),
        (
            ['{config}', '{start}', '--cfg-options',
             'adapt.dataset.metainfo.classes=(disc,)'],
            "task 'det'",
        ),
    ],
)  # fmt: skip
def test_adapt_refuses(arguments, words, files, tool, tmp_path, capfd):
    known = dict(config=files / 'config.py', start=files / 'start.pth')
    arguments = [a.format(**known) for a in arguments]
    with pytest.raises(SystemExit):
        tool('adapt')([*arguments, '--work-dir', str(tmp_path)])
    assert words in capfd.readouterr().err
