"""Read checkpoints as data, never as programs.

Files are read by :mod:`mmvmtl.weights`. A config may name any function to be
called while it is built, so one that comes out of a file may name registered
classes only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from mmengine.config import ConfigDict
from mmengine.registry import MODELS, init_default_scope
from torch import Tensor, nn

from mmvmtl.apis.registered import check_types
from mmvmtl.errors import UserError
from mmvmtl.weights import read_checkpoint


@dataclass
class LoadedModel:
    """A model in eval mode, and what its checkpoint says about it.

    Attributes:
        model (nn.Module): The model with its weights.
        config (dict): The whole config as plain data.
        classes (dict[str, list[str]]): Class names of every task.
        version (str | None): Of the mmvmtl that wrote the checkpoint.
    """

    model: nn.Module
    config: dict
    classes: dict[str, list[str]]
    version: str | None


def load_model(
    path: str,
    config: dict | None = None,
    device: str | torch.device = 'cpu',
    trust: bool = False,
) -> LoadedModel:
    """Build the model of a checkpoint from what the checkpoint holds.

    Args:
        path (str): A checkpoint written with ``mmvmtl.MetadataHook``, or any
            one together with ``config``.
        config (dict, optional): The config, where the checkpoint has none as
            data; the config *text* that MMEngine stores is never executed.
        device (str): Where the model goes.
        trust (bool): See :func:`read_checkpoint`.

    Raises:
        UserError: If it can not be read, or weights and config disagree.
    """
    content = read_checkpoint(path, trust)
    meta = content.get('meta') or {}
    ours = meta.get('mmvmtl') or {}
    if config is None:
        config = ours.get('config')
        if config is None:
            raise UserError(
                f'the checkpoint {path} carries no config as data, it was '
                'written without mmvmtl.MetadataHook; give its config as '
                'well (--config).'
            )
        if not trust:
            check_types(config.get('model'), f'the checkpoint {path}')
    init_default_scope(config.get('default_scope') or 'mmdet')
    model = MODELS.build(ConfigDict(config['model']))
    load_weights(model, content['state_dict'], path)
    classes = ours.get('classes')
    if classes is None:
        classes = dict(_classes_of(meta.get('dataset_meta') or {}))
    model.eval().to(device)
    return LoadedModel(model, config, classes, ours.get('version'))


def load_weights(
    model: nn.Module, weights: dict[str, Tensor], path: str
) -> None:
    """Load ``weights``, read from ``path``, into ``model``.

    Raises:
        UserError: a name or a shape differs.
    """
    expected = model.state_dict()
    for name, value in expected.items():
        if name not in weights:
            raise UserError(
                f'the checkpoint {path} lacks {name} of its config; give the '
                'config it was trained with.'
            )
        if weights[name].shape != value.shape:
            raise UserError(
                f'{name} is {tuple(weights[name].shape)} in the checkpoint '
                f'{path} and {tuple(value.shape)} in its config; give the '
                'config it was trained with.'
            )
    extra = next((name for name in weights if name not in expected), None)
    if extra is not None:
        raise UserError(
            f'the checkpoint {path} has {extra}, which its config does not '
            'know; give the config it was trained with.'
        )
    model.load_state_dict(weights)


def _classes_of(dataset_meta: dict) -> Iterator[tuple[str, list[str]]]:
    """Names of every task's classes, from MMEngine's ``dataset_meta``."""
    for task, names in (dataset_meta.get('tasks') or {}).items():
        yield task, list(names)
    if dataset_meta.get('classes'):
        yield 'det', list(dataset_meta['classes'])
