"""Configs that the documentation shows are configs that work."""

import ast
import importlib.util
import inspect
import itertools
import json
import re
import shlex
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch import nn

from mmvmtl.config_guard import check_config
from mmvmtl.models.balancing import GramianWeighting
from mmvmtl.models.losses import BaseWeighting
from mmvmtl.models.regularisers import BaseRegulariser
from mmvmtl.models.sharing.base_sharing import BaseSharing
from mmvmtl.registry import DATASETS, MODELS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / 'docs'
#: Pages whose every config stands by itself.
WHOLE = ('joint-training.md',)


def shown_python(page: str) -> list[str]:
    """Python blocks of a page."""
    text = (DOCS / page).read_text()
    return re.findall(r'```python\n(.*?)```', text, re.DOTALL)


def shown_configs(page: str) -> list[str]:
    """Python blocks of a page that are configs."""
    blocks = shown_python(page)
    return [b for b in blocks if b.startswith(('_base_', 'model = '))]


def shown_choices(page: str) -> list[str]:
    """Statements of blocks that begin with a comment, each a config."""
    return [
        ast.get_source_segment(block, statement)
        for block in shown_python(page)
        if block.startswith('#')
        for statement in ast.parse(block).body
    ]


def registered(kind: type) -> set[str]:
    """Names of our modules of a kind."""
    MODELS.import_from_location()
    return {
        name
        for name, method in MODELS.module_dict.items()
        if isinstance(method, type)
        and issubclass(method, kind)
        and method.__module__.startswith('mmvmtl.')
    }


@pytest.fixture
def own_data(tmp_path):
    """The config of docs/your-data.md, beside the data it inherits."""
    data, config, _ = shown_python('your-data.md')
    (tmp_path / 'my_data.py').write_text(data)
    (tmp_path / 'config.py').write_text(config)
    return Config.fromfile(tmp_path / 'config.py')


def test_pictures_of_training_are_a_sound_config(tmp_path):
    *_, pictures = shown_python('your-data.md')
    (tmp_path / 'config.py').write_text(pictures)
    cfg = Config.fromfile(tmp_path / 'config.py')
    check_config(cfg)
    hook = cfg.default_hooks.visualization
    assert hook.type == 'mmvmtl.VideoVisualizationHook' and hook.draw


def test_config_for_ones_own_data_builds(own_data):
    cfg = own_data
    check_config(cfg)
    init_default_scope('mmdet')
    model = MODELS.build(cfg.model)
    assert model.head.heads['det'].bbox_head.num_classes == 1
    assert model.head.heads['cls'].num_classes == 3
    assert cfg.optim_wrapper.optimizer.type == 'mmvmtl.Muon'
    assert cfg.train_cfg.max_epochs == 16


@pytest.mark.parametrize('task', ['cls'])
def test_a_task_is_taken_out_as_the_page_says(own_data, task):
    cfg = own_data
    cfg.merge_from_dict(
        {
            f'model.head.heads.{task}': None,
            f'model.loss.weights.{task}': None,
        }
    )
    init_default_scope('mmdet')
    assert MODELS.build(cfg.model).tasks == ('det', 'track')


def test_ones_own_data_come_in_the_size_that_the_model_has(
    own_data, tmp_path, monkeypatch
):
    """A video of another shape, read as the page says."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / 'data/yard'
    folder.mkdir(parents=True)
    names = [f'{i}.png' for i in range(20)]
    for name in names:
        cv2.imwrite(str(folder / name), np.zeros((90, 160, 3), np.uint8))
    content = dict(
        videos=[dict(id=1, name='yard', width=160, height=90)],
        images=[
            dict(id=i, video_id=1, frame_id=i, file_name=name)
            for i, name in enumerate(names)
        ],
        annotations=[],
        categories=[dict(id=1, name='person')],
        tasks=dict(cls=['walk', 'run', 'fall']),
    )
    init_default_scope('mmdet')
    size = own_data.model.data_preprocessor.input_size
    for split in ('train', 'val'):
        (folder / f'{split}.json').write_text(json.dumps(content))
        loader = own_data[f'{split}_dataloader']
        sample = DATASETS.build(loader.dataset)[0]
        shape = tuple(sample['inputs'].shape[-2:])
        if split == 'train':
            assert shape == size
        # The aspect ratio stays, the preprocessor pads the rest.
        assert max(h / s for h, s in zip(shape, size, strict=True)) == 1


def test_the_shown_task_head_learns_from_the_shown_labels(
    tmp_path, monkeypatch
):
    head, labels, config = shown_python('add-a-task.md')
    (tmp_path / 'my_heads.py').write_text(f'{head}\n{labels}')
    (tmp_path / 'config.py').write_text(config)
    monkeypatch.syspath_prepend(str(tmp_path))
    cfg = Config.fromfile(tmp_path / 'config.py')
    init_default_scope('mmdet')
    batch = pseudo_collate([DATASETS.build(cfg.train_dataloader.dataset)[0]])
    model = MODELS.build(cfg.model)
    data = model.data_preprocessor(batch, training=True)
    losses = model(**data, mode='loss')
    assert losses['brightness.loss_l1'] > 0
    assert losses['weight.brightness'] == pytest.approx(0.1)


def test_frames_are_followed_as_the_page_shows(tiny_checkpoint, capsys):
    """Every frame's line has an id, a class and a box of four numbers."""
    (block,) = shown_python('track.md')
    shown = 'work_dirs/demo/train/epoch_16.pth'
    assert shown in block
    block = block.replace(shown, str(tiny_checkpoint))
    exec(block, dict(frames=np.zeros((3, 48, 64, 3), np.uint8)))
    lines = [
        ast.literal_eval(line)
        for line in capsys.readouterr().out.splitlines()
        if line.startswith('[')
    ]
    assert len(lines) == 3
    assert any(lines)
    for number, label, box in itertools.chain(*lines):
        assert number >= 1
        assert label >= 0
        assert len(box) == 4


def build(path: Path) -> nn.Module:
    """The model of a config file whose names the guard knows."""
    cfg = Config.fromfile(path)
    check_config(cfg)
    init_default_scope(cfg.default_scope)
    return MODELS.build(cfg.model)


@pytest.mark.parametrize(
    'block', [block for page in WHOLE for block in shown_configs(page)]
)
def test_a_config_that_stands_by_itself_builds(block, tmp_path):
    """Saved as it is shown; the guard knows all types and arguments."""
    (tmp_path / 'config.py').write_text(block)
    build(tmp_path / 'config.py')


@pytest.mark.parametrize(
    'kind', [BaseWeighting, GramianWeighting, BaseSharing, BaseRegulariser]
)
def test_the_page_lists_every_method_there_is(kind):
    """No more and no less, in the table whose head names the entry."""
    head = {
        BaseWeighting: 'loss.type',
        GramianWeighting: 'branch.weighting',
        BaseSharing: 'sharing.type',
        BaseRegulariser: 'regularisers[].type',
    }[kind]
    page = (DOCS / 'joint-training.md').read_text()
    table = page.split(f'| `{head}` |')[1].split('\n\n')[0]
    assert set(re.findall(r'^\| `(\w+)` \|', table, re.M)) == registered(kind)


CHOICES = shown_choices('joint-training.md')


def chosen(choice: str) -> dict:
    """The weighting or balancing that a statement is about, as a config."""
    names: dict = {}
    exec(choice, names)
    ((entry, part),) = names['model'].items()
    method = part if entry == 'loss' else part['weighting']
    method = dict(type=method) if isinstance(method, str) else dict(method)
    method['type'] = method['type'].removeprefix('mmvmtl.')
    method.pop('_delete_', None)
    return method


def test_every_method_has_one_line_of_config():
    shown = [chosen(choice)['type'] for choice in CHOICES]
    methods = registered(BaseWeighting) | registered(GramianWeighting)
    assert sorted(shown) == sorted(methods)


@pytest.mark.parametrize('choice', CHOICES, ids=lambda c: chosen(c)['type'])
def test_the_line_of_a_method_builds_it(choice, tmp_path):
    """Behind the base config, with all settings; numbers are the defaults."""
    base = "_base_ = 'mmvmtl::synthetic/video_mtl_rtmdet_tiny.py'"
    (tmp_path / 'config.py').write_text(f'{base}\n{choice}\n')
    model = build(tmp_path / 'config.py')
    balancer = model.branch.balancer
    built = type(balancer.weighting if balancer else model.weighting)
    settings = chosen(choice)
    assert built.__name__ == settings.pop('type')
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(built).parameters.items()
        if name not in ('tasks', 'num_tasks')
    }
    assert settings.keys() == defaults.keys()
    for name, default in defaults.items():
        if isinstance(default, int | float):
            assert settings[name] == default


def test_the_page_says_which_methods_have_a_time_only():
    """Those that the target bench-mtl times and does not train."""
    target = (ROOT / 'Makefile').read_text().split('\nbench-mtl:')[1]
    command = target.split('\n\n')[0].replace('\\\n', ' ')
    trained = set(re.split(r'[\s+]+', command.split('--methods ')[1]))
    methods = registered(BaseWeighting) | registered(GramianWeighting)
    assert trained - methods == {'fixed'}
    page = (DOCS / 'joint-training.md').read_text()
    (names,) = re.findall(r'with a time only: ([^.]*)\.', page)
    only = set(re.findall(r'`(\w+)`', names))
    assert only == methods - trained - {'WeightedMTLLoss'}


def test_the_list_of_modules_is_what_is_registered():
    path = ROOT / 'tools/analysis/list_modules.py'
    spec = importlib.util.spec_from_file_location('list_modules', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    tool.main(['--check'])
    page = tool.PAGE.read_text()
    for name in ('VideoMTLDetector', 'FreezeHook', 'MOTVideoDataset'):
        assert f'[`{name}`](' in page


PAGES = [ROOT / 'README.md', *sorted(DOCS.glob('*.md'))]


def test_every_picture_exists():
    """Where the page that shows it says."""
    shown = [
        page.parent / name
        for page in PAGES
        for name in re.findall(r'!\[[^]]*\]\((.*?)\)', page.read_text())
    ]
    assert shown
    assert [str(path) for path in shown if not path.is_file()] == []


def shown_commands() -> list[str]:
    """Calls of our tools in README.md and all pages, without comments."""
    blocks = re.findall(
        r'```shell\n(.*?)```',
        '\n'.join(page.read_text() for page in PAGES),
        re.DOTALL,
    )
    lines = '\n'.join(blocks).replace('\\\n', ' ').splitlines()
    return [
        ' '.join(shlex.split(line, comments=True))
        for line in lines
        if line.startswith('python tools/')
    ]


@pytest.mark.parametrize('command', dict.fromkeys(shown_commands()))
def test_a_shown_command_is_one_that_its_tool_reads(command, monkeypatch):
    """Every option exists; argparse would exit with 2."""
    _, path, *argv = command.split()
    monkeypatch.syspath_prepend(str(ROOT / 'tools'))
    spec = importlib.util.spec_from_file_location('shown_tool', ROOT / path)
    tool = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up there.
    monkeypatch.setitem(sys.modules, 'shown_tool', tool)
    spec.loader.exec_module(tool)
    tool.parse_args(argv)
