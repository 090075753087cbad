"""Configs that the documentation shows are configs that work."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmvmtl.config_guard import check_config
from mmvmtl.registry import MODELS

DOCS = Path(__file__).parents[2] / 'docs'


def shown_configs(page: str) -> list[str]:
    """Python blocks of a page that inherit from something."""
    text = (DOCS / page).read_text()
    blocks = re.findall(r'```python\n(.*?)```', text, re.DOTALL)
    return [block for block in blocks if block.startswith('_base_')]


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
