"""Build each config of configs/overfit, train one step and predict.

python tests/helpers/overfit_step.py <out.json>
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

CONFIGS = Path(__file__).parents[2] / 'configs' / 'overfit'
SIZE = (96, 128)  # h, w


def step(path: Path) -> dict:
    """Parameters without a gradient, and what a prediction holds."""
    cfg = Config.fromfile(path)
    # As the Runner does; here it is what imports mmvmtl in a fresh process.
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    # A quarter of the pixels: nothing here depends on their number.
    cfg.model.data_preprocessor.input_size = SIZE
    model = MODELS.build(cfg.model)
    model.init_weights()
    data = cfg.train_dataloader.dataset
    data.chunk = 2
    data.pipeline[1].scale = SIZE[::-1]
    batch = pseudo_collate([DATASETS.build(data)[0]])
    losses = model.train()(**model.data_preprocessor(batch, True), mode='loss')
    total, log = model.parse_losses(losses)
    total.backward()
    missing = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and parameter.grad is None
    ]
    (sample,) = model.eval().val_step(batch)
    frame = sample[1]
    return dict(
        missing=missing,
        losses={name: float(value) for name, value in log.items()},
        boxes=frame.pred_instances.bboxes.shape[1],
        velocities=frame.gt_readout.velocities.shape[1],
        clip=len(sample.pred_score),
    )


if __name__ == '__main__':
    # Thousands of lines on how weights were initialised say nothing here.
    logging.disable(logging.INFO)
    found = {path.stem: step(path) for path in sorted(CONFIGS.glob('*.py'))}
    Path(sys.argv[1]).write_text(json.dumps(found))
