"""Build configs in this process and train one step.

python tests/helpers/sharing_step.py <out.json> <config> ...
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, MODELS, init_default_scope


def step(path: str) -> dict:
    """Losses of a step, and parameters it missed."""
    cfg = Config.fromfile(path)
    # As the Runner does; here it is what imports mmvmtl in a fresh process.
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    batch = pseudo_collate([DATASETS.build(cfg.train_dataloader.dataset)[0]])
    losses = model.train()(**model.data_preprocessor(batch, True), mode='loss')
    total, log = model.parse_losses(losses)
    total.backward()
    return dict(
        missing=[n for n, p in model.named_parameters() if p.grad is None],
        losses={name: float(value) for name, value in log.items()},
    )


if __name__ == '__main__':
    # Thousands of lines on how weights were initialised say nothing here.
    logging.disable(logging.INFO)
    found = {Path(path).stem: step(path) for path in sys.argv[2:]}
    Path(sys.argv[1]).write_text(json.dumps(found))
