"""Small stock models of MMDet and MMAction2 that train on made-up data."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import DATASETS
from small_model import CONFIGS
from small_training import dataset, loader
from torch import Tensor, nn
from torch.utils.data import Dataset

from mmvmtl.registry import MODELS

PREPROCESSOR = dict(mean=[0.0] * 3, std=[255.0] * 3)
RESNET = dict(depth=18, base_channels=8, norm_eval=False)
NECK = dict(type='FPN', in_channels=[8, 16, 32, 64], out_channels=8)
TRAINING = dict(
    assigner=dict(
        type='MaxIoUAssigner', pos_iou_thr=0.4, neg_iou_thr=0.3,
        min_pos_iou=0.0, ignore_iof_thr=-1,
    ),
    allowed_border=-1, pos_weight=-1, debug=False,
)  # fmt: skip


def retinanet() -> dict:
    """A RetinaNet: losses ``loss_cls`` and ``loss_bbox``, lists of levels."""
    return dict(
        type='RetinaNet',
        data_preprocessor=dict(type='DetDataPreprocessor', **PREPROCESSOR),
        backbone=dict(type='ResNet', **RESNET),
        neck=dict(NECK, num_outs=5),
        bbox_head=dict(
            type='RetinaHead',
            num_classes=5,
            in_channels=8,
            feat_channels=8,
            stacked_convs=1,
            anchor_generator=dict(
                type='AnchorGenerator',
                octave_base_scale=4,
                scales_per_octave=1,
                ratios=[1.0],
                strides=[4, 8, 16, 32, 64],
            ),
            bbox_coder=dict(type='DeltaXYWHBBoxCoder'),
        ),
        train_cfg=copy.deepcopy(TRAINING),
        test_cfg=dict(
            nms_pre=20, score_thr=0.0, max_per_img=5,
            nms=dict(type='nms', iou_threshold=0.5),
        ),
    )  # fmt: skip


def rtmdet() -> dict:
    """The RTMDet of our configs, narrow: one tensor a loss."""
    base = Config.fromfile(CONFIGS / '_base_/models/rtmdet_tiny.py')
    model = base.rtmdet_tiny.to_dict()
    model['backbone']['widen_factor'] = 0.125
    model['neck'].update(in_channels=[32, 64, 128], out_channels=16)
    model['bbox_head'].update(in_channels=16, feat_channels=16)
    preprocessor = dict(type='DetDataPreprocessor', **PREPROCESSOR)
    return dict(type='RTMDet', data_preprocessor=preprocessor, **model)


def in_training_without_chance(model: nn.Module) -> nn.Module:
    """The model in training, without batch statistics or dropout."""
    for name, module in model.named_modules():
        module.train(not isinstance(module, (nn.BatchNorm2d, nn.Dropout)))
        if isinstance(module, nn.Conv2d):
            # By its own initialisation no box would have an extent.
            nn.init.kaiming_normal_(module.weight, nonlinearity='relu')
            if 'rtm_reg' in name:
                nn.init.ones_(module.bias)
    return model


def tsn() -> dict:
    """A TSN, as a config of MMAction2 has it."""
    return dict(
        type='Recognizer2D',
        data_preprocessor=dict(
            type='ActionDataPreprocessor', format_shape='NCHW', **PREPROCESSOR
        ),
        backbone=dict(type='ResNet', depth=18, pretrained=None),
        cls_head=dict(
            type='TSNHead', num_classes=5, in_channels=512, dropout_ratio=0.4
        ),
    )


@MODELS.register_module(force=True)
class LossyNeck(nn.Linear):
    """Makes a loss of its own, as MMAction2's TPN does."""

    def forward(
        self, feats: list[Tensor], data_samples: list
    ) -> tuple[Tensor, dict]:
        """Levels (N, C, T, h, w) to (N, C, 1, h, w), and the loss."""
        labels = torch.cat([sample.gt_label for sample in data_samples])
        scores = super().forward(feats[-1].mean((2, 3, 4)))
        loss = nn.functional.cross_entropy(scores, labels)
        return feats[-1].mean(2, keepdim=True), dict(loss_aux=loss)


def tsn_with_neck() -> dict:
    """That TSN with a loss ``loss_aux`` of its neck, for training only."""
    neck = dict(
        type='LossyNeck', in_features=512, out_features=5, _scope_='mmvmtl'
    )
    model = dict(tsn(), neck=neck)
    # A neck is given several levels.
    model['backbone']['out_indices'] = (2, 3)
    return model


def resnet3d() -> dict:
    """A narrow 3D network: clips (N, S, C, T, H, W)."""
    return dict(
        type='Recognizer3D',
        data_preprocessor=dict(
            type='ActionDataPreprocessor',
            format_shape='NCTHW',
            **PREPROCESSOR,
        ),
        backbone=dict(
            type='ResNet3d',
            depth=18,
            pretrained=None,
            pretrained2d=False,
            base_channels=8,
            zero_init_residual=False,
        ),
        cls_head=dict(type='I3DHead', num_classes=5, in_channels=64),
    )


class Clips(Dataset):
    """Four clips of two frames of noise, with a label each."""

    metainfo: dict = {}

    def __len__(self) -> int:
        """Four."""
        return 4

    def __getitem__(self, index: int) -> dict:
        """The clip and its label."""
        from mmaction.structures import ActionDataSample

        draw = torch.Generator().manual_seed(index)
        frames = torch.randint(256, (2, 3, 32, 32), generator=draw)
        sample = ActionDataSample().set_gt_label(index)
        return dict(inputs=frames.byte(), data_samples=sample)


def run_cfg(model: dict, work_dir: Path, scope: str = 'mmdet') -> ConfigDict:
    """Two iterations with AdamW, seed 0, nothing evaluated."""
    if scope == 'mmdet':
        data = dataset('train', 4, clip=dict(length=1))
        meta = ('img_id', 'ori_shape', 'img_shape', 'scale_factor')
        data['pipeline'][2:] = [
            dict(type='mmvmtl.FrameOfClip'),
            dict(type='PackDetInputs', meta_keys=meta),
        ]
    else:
        DATASETS.register_module('Clips', force=True, module=Clips)
        data = dict(type='Clips')
    cfg = Config.fromfile(CONFIGS / '_base_/default_runtime.py')
    cfg.merge_from_dict(
        dict(
            default_scope=scope,
            model=copy.deepcopy(model),
            work_dir=str(work_dir),
            experiment_name=str(work_dir),
            train_dataloader=loader(
                data, 2, dict(type='DefaultSampler', shuffle=True)
            ),
            train_cfg=dict(by_epoch=True, max_epochs=1),
            optim_wrapper=dict(
                type='OptimWrapper',
                optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
            ),
            randomness=dict(seed=0),
        )
    )
    return cfg
