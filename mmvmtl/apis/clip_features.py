"""One feature row for each training clip of a config."""

from __future__ import annotations

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, MODELS, init_default_scope
from torch import Tensor

from mmvmtl.apis.checkpoint import read_checkpoint
from mmvmtl.errors import UserError


def clip_features(
    cfg: Config, checkpoint: str
) -> tuple[Tensor, list[str | None]]:
    """Features of the last level, averaged over pictures and frames.

    Args:
        cfg (Config): with a model that has ``extract_feat``, and its
            training data set.
        checkpoint (str): path of its weights.

    Returns:
        tuple: rows (N, C) and the domain of each of the N clips, in the
        order of the data set.

    Raises:
        UserError: if the checkpoint is of another model.
    """
    init_default_scope(cfg.get('default_scope') or 'mmdet')
    model = MODELS.build(cfg.model).eval()
    state = read_checkpoint(checkpoint)['state_dict']
    # What only training needs, such as an adversary, may be missing.
    needed = {
        name
        for name in model.state_dict()
        if name.startswith(('backbone.', 'neck.'))
    }
    if needed - set(state):
        raise UserError(
            f'the checkpoint {checkpoint} is of another model: it has no '
            f"'{min(needed - set(state))}'; train the config's own first"
        )
    model.load_state_dict({k: state[k] for k in needed}, strict=False)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    rows, domains = [], []
    for index in range(len(dataset)):
        batch = pseudo_collate([dataset[index]])
        domains.append(batch['data_samples'][0].get('domain'))
        data = model.data_preprocessor(batch, False)
        with torch.no_grad():
            feat = model.extract_feat(data['inputs'])[-1]
        rows.append(feat.mean(dim=(0, 2, 3)).cpu())
    return torch.stack(rows), domains
