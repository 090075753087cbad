"""A Runner config of a few seconds on the synthetic world."""

from __future__ import annotations

from pathlib import Path

from mmcv.transforms import BaseTransform
from mmengine.config import Config, ConfigDict
from mmengine.hooks import Hook
from mmengine.runner import Runner
from small_model import CONFIGS, small_model_cfg

from mmvmtl.registry import HOOKS, TRANSFORMS

SIZE = (96, 96)
WORLD = dict(size=SIZE, length=(16, 16), crowding=0.2)


@TRANSFORMS.register_module(force=True)
class KeepLabels(BaseTransform):
    """Forget the labels of all tasks but some.

    Args:
        tasks (tuple[str]): those that stay.
    """

    def __init__(self, tasks: tuple[str, ...]) -> None:
        self.tasks = tuple(tasks)

    def transform(self, results: dict) -> dict:
        """Shorten ``labelled``."""
        results['labelled'] = self.tasks
        return results


@HOOKS.register_module(force=True)
class RecordHook(Hook):
    """Keep what every iteration saw, lost and moved.

    Attributes:
        batches (list): per iteration the clips' (length, labelled).
        losses (list): per iteration the outputs of ``train_step``.
        weights (list): per iteration a copy of one parameter.
    """

    def __init__(self) -> None:
        self.batches: list[list] = []
        self.losses: list[dict] = []
        self.weights: list = []

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Write it down."""
        samples = data_batch['data_samples']
        self.batches.append([(len(s), s.labelled) for s in samples])
        self.losses.append({k: v.item() for k, v in outputs.items()})
        self.weights.append(parameter(runner.model).detach().clone())


def parameter(model):
    """The parameter that is recorded."""
    return model.head.heads.track.embed.weight


def dataset(split: str, videos: int, tasks: tuple = (), **settings) -> dict:
    """Config of the synthetic data set, labelled for ``tasks`` (or all)."""
    pipeline = [
        dict(type='mmvmtl.LoadVideoFrames'),
        dict(type='mmvmtl.ClipResize', scale=SIZE),
        dict(type='mmvmtl.PackVideoInputs', original_gt=split != 'train'),
    ]
    if tasks:
        pipeline.insert(1, dict(type='mmvmtl.KeepLabels', tasks=tasks))
    return dict(
        type='mmvmtl.SyntheticVideoDataset',
        world=WORLD,
        split=split,
        num_videos=videos,
        pipeline=pipeline,
        **settings,
    )


def loader(data: dict, batch_size: int, sampler: dict) -> dict:
    """Config of a data loader in this process."""
    return dict(
        batch_size=batch_size,
        num_workers=0,
        collate_fn=dict(type='pseudo_collate'),
        sampler=sampler,
        dataset=data,
    )


def small_training(work_dir: Path, epochs: int = 2) -> ConfigDict:
    """Train and evaluate with all metrics, nothing random but by seed."""
    cfg = Config.fromfile(CONFIGS / '_base_/default_runtime.py')
    model = small_model_cfg(SIZE)
    model.head.heads.det.test_cfg.max_per_img = 10
    model.head.heads.track.box_jitter = 0.0
    # An untrained network's scores are near 0.01: follow them all the same.
    model.tracker = dict(
        type='mmvmtl.VideoTracker',
        scores=dict(high=0.0, low=None, new=0.0),
    )
    evaluator = [
        dict(type=f'mmvmtl.{name}Metric')
        for name in ('VideoDet', 'MOT', 'ReID', 'VideoCls')
    ]
    cfg.merge_from_dict(
        dict(
            model=model,
            work_dir=str(work_dir),
            train_dataloader=loader(
                dataset('train', 4, clip=dict(length=3)),
                2,
                dict(type='DefaultSampler', shuffle=True),
            ),
            val_dataloader=loader(
                dataset('val', 2, test_mode=True, chunk=4),
                1,
                dict(type='mmvmtl.VideoSampler'),
            ),
            val_evaluator=evaluator,
            train_cfg=dict(by_epoch=True, max_epochs=epochs, val_interval=1),
            val_cfg=dict(type='ValLoop'),
            optim_wrapper=dict(
                type='OptimWrapper',
                optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
            ),
            randomness=dict(seed=0),
            custom_hooks=[dict(type='mmvmtl.FreshEpochHook')],
        )
    )
    return cfg


def partial_labels() -> dict:
    """Clips of which each misses a task, and still images with boxes."""
    return dict(
        type='ConcatDataset',
        datasets=[
            dataset('train', 2, ('det', 'track'), clip=dict(length=3)),
            dataset('train', 2, ('cls', 'track'), clip=dict(length=3), seed=5),
            dataset('train', 2, ('det',), clip=dict(length=1), seed=6),
        ],
    )
