"""One feature row for each training clip of a config."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, MODELS, init_default_scope
from torch import Tensor

from mmvmtl.apis.checkpoint import read_checkpoint
from mmvmtl.apis.pipeline import pipeline_of
from mmvmtl.errors import UserError

SET_DOMAIN = ('mmvmtl.SetDomain', 'SetDomain')


def clip_features(
    cfg: Config, checkpoint: str
) -> tuple[Tensor, list[str | None]]:
    """Features of the last level, averaged over pictures and frames.

    Clips are seen as in testing, else features would tell one draw of the
    augmentation from another; a random stride is the same in every call.

    Args:
        cfg (Config): with a model that has ``extract_feat``, its training
            data set, and test data whose pipeline prepares the frames.
        checkpoint (str): path of its weights.

    Returns:
        tuple: rows (N, C) and the domain of each of the N clips, in the
        order of the data set.

    Raises:
        UserError: if the checkpoint is of another model, or the config has
            no test data.
    """
    init_default_scope(cfg.get('default_scope') or 'mmdet')
    model = MODELS.build(cfg.model).eval()
    state = read_checkpoint(checkpoint)['state_dict']
    # What only training needs, such as an adversary, may be missing.
    needed = {
        name: value.shape
        for name, value in model.state_dict().items()
        if name.startswith(('backbone.', 'neck.'))
    }
    have = {name: value.shape for name, value in state.items()}
    for name, shape in sorted(needed.items()):
        if have.get(name) != shape:
            raise UserError(
                f'the checkpoint {checkpoint} is of another model: it has '
                f"no '{name}' of shape {tuple(shape)}; train the config's own "
                'first'
            )
    model.load_state_dict({k: state[k] for k in needed}, strict=False)
    dataset = DATASETS.build(plain_training_data(cfg))
    rows, domains = [], []
    for index in range(len(dataset)):
        np.random.seed(index)  # of a random stride
        batch = pseudo_collate([dataset[index]])
        domains.append(batch['data_samples'][0].get('domain'))
        data = model.data_preprocessor(batch, False)
        with torch.no_grad():
            feat = model.extract_feat(data['inputs'])[-1]
        rows.append(feat.mean(dim=(0, 2, 3)).cpu())
    return torch.stack(rows), domains


def plain_training_data(cfg: Config) -> dict:
    """Config of the training data set with the frames of testing.

    Each of its pipelines is that of the test data, but says its domain and
    packs as in training.

    Raises:
        UserError: if the config has no test data.
    """
    steps = pipeline_of(cfg.get('test_dataloader') or {})
    if steps is None:
        raise UserError(
            'the config has no test_dataloader, whose pipeline shows clips '
            'without augmentation; add one.'
        )
    return _prepared(cfg.train_dataloader.dataset, steps)


def _prepared(node: dict, steps: list[dict]) -> dict:
    """A data set, or those inside what wraps it, with other transforms."""
    node = dict(node)
    if 'datasets' in node:
        node['datasets'] = [_prepared(n, steps) for n in node['datasets']]
    elif 'dataset' in node:
        node['dataset'] = _prepared(node['dataset'], steps)
    else:
        *old, pack = node['pipeline']
        told = [step for step in old if step['type'] in SET_DOMAIN]
        node['pipeline'] = [*steps[:-1], *told, pack]
    return node
