"""Configs that the documentation shows are configs that work."""

import importlib.util
import re
import shlex
import sys
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmvmtl.config_guard import check_config
from mmvmtl.models.balancing import GramianWeighting
from mmvmtl.models.losses import BaseWeighting
from mmvmtl.models.regularisers import BaseRegulariser
from mmvmtl.models.sharing.base_sharing import BaseSharing
from mmvmtl.registry import MODELS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / 'docs'
#: Pages whose every config stands by itself.
WHOLE = ('joint-training.md',)


def shown_configs(page: str) -> list[str]:
    """Python blocks of a page that are configs."""
    text = (DOCS / page).read_text()
    blocks = re.findall(r'```python\n(.*?)```', text, re.DOTALL)
    return [b for b in blocks if b.startswith(('_base_', 'model = '))]


def test_config_for_ones_own_data_builds(tmp_path):
    (block,) = shown_configs('your-data.md')
    (tmp_path / 'my_data.py').write_text(
        "_base_ = 'mmvmtl::_base_/datasets/synthetic.py'\n"
    )
    (tmp_path / 'config.py').write_text(block)
    cfg = Config.fromfile(tmp_path / 'config.py')
    check_config(cfg)
    init_default_scope('mmdet')
    model = MODELS.build(cfg.model)
    assert model.head.heads['det'].bbox_head.num_classes == 1
    assert model.head.heads['cls'].num_classes == 3
    assert cfg.optim_wrapper.optimizer.type == 'mmvmtl.Muon'
    assert cfg.train_cfg.max_epochs == 16


@pytest.mark.parametrize('task', ['cls'])
def test_a_task_is_taken_out_as_the_page_says(tmp_path, task):
    (block,) = shown_configs('your-data.md')
    (tmp_path / 'my_data.py').write_text(
        "_base_ = 'mmvmtl::_base_/datasets/synthetic.py'\n"
    )
    (tmp_path / 'config.py').write_text(block)
    cfg = Config.fromfile(tmp_path / 'config.py')
    cfg.merge_from_dict(
        {
            f'model.head.heads.{task}': None,
            f'model.loss.weights.{task}': None,
        }
    )
    init_default_scope('mmdet')
    assert MODELS.build(cfg.model).tasks == ('det', 'track')


@pytest.mark.parametrize(
    'block', [block for page in WHOLE for block in shown_configs(page)]
)
def test_a_config_that_stands_by_itself_builds(block, tmp_path):
    """Saved as it is shown; the guard knows all types and arguments."""
    (tmp_path / 'config.py').write_text(block)
    cfg = Config.fromfile(tmp_path / 'config.py')
    check_config(cfg)
    init_default_scope(cfg.default_scope)
    MODELS.build(cfg.model)


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
    MODELS.import_from_location()
    registered = {
        name
        for name, method in MODELS.module_dict.items()
        if isinstance(method, type)
        and issubclass(method, kind)
        and method.__module__.startswith('mmvmtl.')
    }
    assert set(re.findall(r'^\| `(\w+)` \|', table, re.M)) == registered


def shown_commands() -> list[str]:
    """Calls of our tools in README.md and all pages, without comments."""
    pages = [ROOT / 'README.md', *sorted(DOCS.glob('*.md'))]
    blocks = re.findall(
        r'```shell\n(.*?)```',
        '\n'.join(page.read_text() for page in pages),
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
