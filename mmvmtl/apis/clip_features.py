"""One feature row for each training clip of a config."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.model import BaseModel
from mmengine.registry import DATASETS, MODELS, init_default_scope
from torch import Tensor, nn

from mmvmtl.apis.checkpoint import read_checkpoint
from mmvmtl.apis.pipeline import pipeline_of
from mmvmtl.errors import UserError
from mmvmtl.models.detectors.wrapper import DetectorWrapper, PredictsVideo
from mmvmtl.models.domain.domain_batch import DomainBatch
from mmvmtl.structures import VideoMTLDataSample
from mmvmtl.video_order import recordings_of

SET_DOMAIN = ('mmvmtl.SetDomain', 'SetDomain')
MULTI_BRANCH = ('mmdet.MultiBranch', 'MultiBranch')


def clip_features(
    cfg: Config, checkpoint: str
) -> tuple[Tensor, list[str | None], list[Hashable]]:
    """Features of the last level, averaged over pictures and frames.

    Clips are seen as in testing, else features would tell one draw of the
    augmentation from another; a random stride is the same in every call.
    Padding is left out.

    Args:
        cfg (Config): with a model that has ``extract_feat``, or wraps one,
            its training data set, and test data whose pipeline prepares the
            frames.
        checkpoint (str): path of its weights, or of those of the detector
            that it wraps.

    Returns:
        tuple: rows (N, C), and domain and video of each of the N clips, in
        the order of the data set. Parts of one recording are one video.

    Raises:
        UserError: if the checkpoint is of another model, the config has no
            test data, or its model no backbone or no maps of each frame.
    """
    init_default_scope(cfg.get('default_scope') or 'mmdet')
    model = MODELS.build(cfg.model).eval()
    detector = _detector(model)
    _load_trunk(model, detector, checkpoint)
    dataset = DATASETS.build(plain_training_data(cfg))
    videos = recordings_of(dataset)
    rows, domains = [], []
    for index in range(len(dataset)):
        np.random.seed(index)  # of a random stride
        data = model.data_preprocessor(pseudo_collate([dataset[index]]), False)
        (sample,) = data['data_samples']
        domains.append(sample.get('domain'))
        with torch.no_grad():
            feat = detector.extract_feat(data['inputs'])[-1]
        if not isinstance(feat, Tensor):
            raise UserError(
                f'the model {type(detector).__name__} gives no maps of its '
                'frames, as recognisers do not; give the config of a detector'
            )
        rows.append(_mean(feat, sample).cpu())
    return torch.stack(rows), domains, videos


def _detector(model: BaseModel) -> nn.Module:
    """What has the trunk: the model, or the one that it wraps."""
    if isinstance(model, PredictsVideo):
        return model.predictor
    return model.detector if isinstance(model, DetectorWrapper) else model


def _load_trunk(model: BaseModel, detector: nn.Module, path: str) -> None:
    """Load backbone and neck of the detector in a model, or of it alone."""
    # What only training needs, such as an adversary, may be missing.
    needed = {
        name: value.shape
        for name, value in detector.state_dict().items()
        if name.startswith(('backbone.', 'neck.'))
    }
    if not needed:
        raise UserError(
            f'the model {type(model).__name__} has no backbone whose '
            'features could be taken; give the config of a detector'
        )
    state = read_checkpoint(path)['state_dict']
    (name,) = (k for k, part in model.named_modules() if part is detector)
    inside = {
        key.removeprefix(f'{name}.'): value
        for key, value in state.items()
        if key.startswith(f'{name}.')
    }
    state = inside or state
    have = {name: value.shape for name, value in state.items()}
    for name, shape in sorted(needed.items()):
        if have.get(name) != shape:
            raise UserError(
                f'the checkpoint {path} is of another model: it has no '
                f"'{name}' of shape {tuple(shape)}; train the config's own "
                'first'
            )
    detector.load_state_dict({k: state[k] for k in needed}, strict=False)


def _mean(feat: Tensor, sample: VideoMTLDataSample | DetDataSample) -> Tensor:
    """Mean (C,) of maps (T, C, H, W) over frames, without their padding."""
    video = isinstance(sample, VideoMTLDataSample)
    frames = sample.video_data_samples if video else [sample]
    # Only the frames are asked where their pictures end.
    batch = DomainBatch({}, frames, [], [], lambda kind: [])
    inside = batch.inside(feat)[:, None]
    return (feat * inside).sum(dim=(0, 2, 3)) / inside.sum()


def plain_training_data(cfg: Config) -> dict:
    """Config of the training data set with the frames of testing.

    Each of its pipelines is that of the test data, but says its domain and
    packs as in training.

    Raises:
        UserError: if the config has no test data, or a wrapper of the
            training data has transforms of its own (Mosaic, MixUp).
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
    parts = node.get('datasets')
    if isinstance(parts, Mapping):
        # Of a JoinedDataset; None is one that a config takes out.
        node['datasets'] = {
            name: part and _prepared(part, steps)
            for name, part in parts.items()
        }
    elif parts is not None:
        node['datasets'] = [_prepared(part, steps) for part in parts]
    elif 'dataset' in node:
        node['dataset'] = _prepared(node['dataset'], steps)
        if 'pipeline' in node:
            raise UserError(
                f'{node["type"]} mixes the pictures of several clips, which '
                'can not be weighed one by one; take its data set alone'
            )
    else:
        *old, pack = node['pipeline']
        if pack['type'] in MULTI_BRANCH:
            # Its views of a clip differ in augmentation alone.
            views = (pack.get(name) for name in pack['branch_field'])
            view = next(filter(None, views))
            *further, pack = [view] if isinstance(view, Mapping) else view
            old += further
        told = [step for step in old if step['type'] in SET_DOMAIN]
        node['pipeline'] = [*steps[:-1], *told, pack]
    return node
