"""What one training step costs: ours, and that of three networks.

All learn from the same frames: the detector from all of them, the
re-identification network from a crop of every object, the recogniser from
the clips.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from benchmarks import networks
from benchmarks.timing import now
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from mmvmtl.registry import DATASETS, MODELS


def training_batch(cfg: Config) -> dict:
    """The first batch of the config's training data, as its loader gives."""
    init_default_scope('mmdet')
    loader = cfg.train_dataloader
    dataset = DATASETS.build(loader.dataset)
    return pseudo_collate([dataset[i] for i in range(loader.batch_size)])


class Step:
    """Forward, backward and a step of the optimiser; a block to time.

    Args:
        net (nn.Module): is put into training mode on ``device``.
        loss (Callable): maps ``net`` to a scalar; it includes what the data
            preprocessor does.
        optim_wrapper (dict): config of the optimiser, as a config has it.
        device (str): to compute on.
    """

    def __init__(
        self,
        net: nn.Module,
        loss: Callable[[nn.Module], Tensor],
        optim_wrapper: dict,
        device: str,
    ) -> None:
        self.net = net.to(device).train()
        self.loss = loss
        self.device = device
        self.optim_wrapper = build_optim_wrapper(self.net, optim_wrapper)

    def __call__(self) -> float:
        """Seconds of one step."""
        start = now(self.device)
        self.optim_wrapper.update_params(self.loss(self.net))
        return now(self.device) - start


def training_steps(
    cfg: Config, batch: dict, device: str = 'cpu'
) -> dict[str, Step]:
    """A step of ours and of each of the three networks, by name.

    Args:
        cfg (Config): with ``model`` and ``optim_wrapper``.
        batch (dict): ``inputs``, B clips (T, 3, H, W) uint8, and
            ``data_samples``.
        device (str): to compute on.
    """
    model = cfg.model
    detector = networks.build_detector(model)
    parts = {
        'ours': (networks.build_ours(model), _ours_loss(batch)),
        'detector': (detector, _detector_loss(batch)),
        'reid': (
            networks.build_reid(model),
            _reid_loss(model, batch, detector.data_preprocessor),
        ),
        'recogniser': (
            networks.build_recogniser(model),
            _recogniser_loss(batch),
        ),
    }
    return {
        name: Step(*part, cfg.optim_wrapper, device)
        for name, part in parts.items()
    }


def _ours_loss(batch: dict) -> Callable:
    def loss(net: nn.Module) -> Tensor:
        data = net.data_preprocessor(batch, training=True)
        return net(**data, mode='loss')['loss_mtl']

    return loss


def _detector_loss(batch: dict) -> Callable:
    frames = _frames(batch)

    def loss(net: nn.Module) -> Tensor:
        data = net.data_preprocessor(frames, training=True)
        return net.parse_losses(net(**data, mode='loss'))[0]

    return loss


def _frames(batch: dict) -> dict:
    """The clips as a batch of images."""
    return dict(
        inputs=[image for clip in batch['inputs'] for image in clip],
        data_samples=[
            frame
            for sample in batch['data_samples']
            for frame in sample.video_data_samples
        ],
    )


def _reid_loss(model: dict, batch: dict, preprocessor: nn.Module) -> Callable:
    """Our embedding loss, on crops of the boxes that train our head."""
    cropper = networks.stock_tracker()
    head = MODELS.build(model['head']['heads']['track'])
    frames = _frames(batch)
    clips, ids, labels, boxes = [], [], [], []
    for number, sample in enumerate(batch['data_samples']):
        for frame in sample.video_data_samples:
            gt = frame.gt_instances
            gt = gt[~(gt.visibilities < head.min_visibility)]
            boxes.append(gt.bboxes)
            ids.append(gt.instances_ids)
            labels.append(gt.labels)
            clips.append(torch.full_like(gt.labels, number))
    named = [torch.cat(part) for part in (clips, ids, labels)]

    def loss(net: nn.Module) -> Tensor:
        data = preprocessor(frames, training=True)
        images = data['inputs']
        crops = [
            cropper.crop_imgs(image[None], frame.metainfo, found.clone())
            for image, frame, found in zip(
                images, frames['data_samples'], boxes
            )
        ]
        embeddings = net(torch.cat(crops))
        # Its memory of earlier batches belongs to no network here.
        head.loss_embed.to(embeddings.device)
        truth = [part.to(embeddings.device) for part in named]
        return head.loss_embed(embeddings, *truth)

    return loss


def _recogniser_loss(batch: dict) -> Callable:
    from mmaction.structures import ActionDataSample

    samples = [
        ActionDataSample().set_gt_label(int(sample.gt_label))
        for sample in batch['data_samples']
    ]
    data = dict(inputs=batch['inputs'], data_samples=samples)

    def loss(net: nn.Module) -> Tensor:
        ready = net.data_preprocessor(data, training=True)
        return net.parse_losses(net(**ready, mode='loss'))[0]

    return loss
