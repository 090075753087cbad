"""What the comparison compares."""

from __future__ import annotations

import sys

import pytest
from mmengine.config import Config
from small_model import CONFIGS, small_model_cfg


@pytest.fixture
def module(tool, monkeypatch):
    monkeypatch.syspath_prepend(str(CONFIGS.parent / 'tools'))
    main = tool('bench_finetune')
    return sys.modules.get('tool_bench_finetune') or main.__wrapped__


def rows(**means):
    return {k: {'metrics': {'det/mAP50': v}} for k, v in means.items()}


def test_the_gain_is_over_the_best_rate_of_scratch(module):
    """Mean 0.4 at the better rate, 0.55 fine-tuned: 15 points."""
    gain = module.__globals__['gain']
    found = gain(
        rows(**{'scratch_1': [0.2, 0.3], 'scratch_2': [0.3, 0.5],
                'all': [0.5, 0.6], 'heads': [0.4, 0.4],
                'gradual': [0.1, 0.5]})
    )  # fmt: skip
    assert found == pytest.approx(dict(all=15, heads=0, gradual=-10))


def test_a_frozen_trunk_is_quicker(module):
    """Loosely: the real ratio is measured on an idle machine."""
    ratio = module.__globals__['frozen_ratio']
    cfg = Config.fromfile(CONFIGS / 'synthetic/video_mtl_rtmdet_tiny.py')
    cfg.model = small_model_cfg((192, 256))
    cfg.train_dataloader.batch_size = 1
    assert ratio(cfg, ['backbone', 'neck'], 3) < 0.9
