"""What all metrics do: skip, join, warn, and drive ``save_best``."""

import json
import logging
import subprocess
import sys
import textwrap

import pytest
import torch
from mmengine.hooks import CheckpointHook
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import InstanceData

from mmvmtl.datasets import SyntheticVideoDataset
from mmvmtl.errors import UserError
from mmvmtl.evaluation import (
    MOTMetric,
    ReIDMetric,
    VideoClsMetric,
    VideoDetMetric,
)
from mmvmtl.evaluation.video_metric import to_numpy
from mmvmtl.registry import METRICS

ALL = (VideoDetMetric, MOTMetric, ReIDMetric, VideoClsMetric)


@pytest.fixture
def full_clip(make_frame, make_clip):
    """A clip with labels and right predictions of every task."""
    frames = []
    for number in (0, 12):
        frame = make_frame(
            number, [0.0], velocities=[[1.0, 1.0]], moves=[[1.0, 0.0]]
        )
        frame.gt_readout = InstanceData(embeddings=torch.ones(1, 2))
        frames.append(frame)

    def build(**kwargs):
        return make_clip(
            [f.clone() for f in frames], label=0, scores=(0.8, 0.2), **kwargs
        )

    return build


@pytest.mark.parametrize('metric', ALL)
def test_unlabelled_clips_are_skipped_with_a_warning(
    metric, full_clip, evaluate, caplog
):
    assert evaluate(metric(), [full_clip()]) != {}
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.WARNING):
        assert evaluate(metric(), [full_clip(labelled=())]) == {}
    logger.removeHandler(caplog.handler)
    assert f'{metric.__name__} reports nothing' in caplog.text


@pytest.mark.parametrize('metric', ALL)
def test_a_clip_that_comes_twice_counts_once(metric, full_clip, evaluate):
    """A sampler that pads repeats the first clips."""
    other = full_clip(video_id=1)
    for frame in other.video_data_samples:
        frame.pred_instances = frame.pred_instances[:0]
        frame.pred_track_instances = frame.pred_track_instances[:0]
    other.set_pred_score(torch.tensor([0.0, 1.0]))
    clips = [full_clip(), other]
    once = evaluate(metric(), clips)
    assert evaluate(metric(), [*clips, clips[0]]) == once


@pytest.mark.parametrize('metric', ALL)
@pytest.mark.parametrize('key', ['domain', 'dataset'])
def test_one_number_in_two_domains_is_two_videos(metric, key, full_clip):
    """One without that name, as of a data set that tells none, too."""
    clips = [full_clip(), *(full_clip(**{key: name}) for name in ('a', 'b'))]
    keys = [r['key'] for c in clips for r in metric().read(c.to_dict())]
    assert len(set(keys)) == len(sorted(keys)) == len(keys)


@pytest.mark.parametrize('metric', ALL)
def test_videos_that_can_not_be_told_apart_are_refused(
    metric, full_clip, evaluate
):
    other = full_clip()
    other.set_gt_label(1)
    for frame in other.video_data_samples:
        truth = frame.gt_instances.clone()
        truth.bboxes = truth.bboxes + 1
        truth.instances_ids = truth.instances_ids + 1
        frame.gt_instances = truth
    with pytest.raises(UserError, match=r"number '0' and the name 'v0', but"):
        evaluate(metric(), [full_clip(), other])


def test_day_and_night_of_one_seed_are_all_scored(evaluate):
    """The boxes of two worlds, as a plain ConcatDataset gives them."""
    clips = []
    for style in ('day', 'night'):
        data = SyntheticVideoDataset(
            world=dict(size=(96, 96), length=2, style=style), split='val',
            num_videos=1, test_mode=True, chunk=2,
            pipeline=[dict(type='mmvmtl.PackVideoInputs')],
        )  # fmt: skip
        sample = data[0]['data_samples']
        for frame in sample.video_data_samples:
            found = frame.gt_instances[: len(frame.gt_instances) * (not clips)]
            frame.pred_track_instances = InstanceData(
                bboxes=found.bboxes,
                labels=found.labels,
                instances_id=found.instances_ids + 1,
            )
        clips.append(sample)
    missed = sum(len(f.gt_instances) for f in clips[1].video_data_samples)
    found = sum(len(f.gt_instances) for f in clips[0].video_data_samples)
    assert found == missed > 0
    for order in (clips, clips[::-1]):
        mota = evaluate(MOTMetric(), order)['track/MOTA']
        assert mota == pytest.approx(50)


@pytest.mark.parametrize('name', [metric.__name__ for metric in ALL])
def test_builds_from_the_registry(name):
    assert METRICS.build(dict(type=f'mmvmtl.{name}')).prefix


def test_half_precision_is_read():
    """NumPy knows no bfloat16; integers stay what they are."""
    assert to_numpy(torch.ones(2, dtype=torch.bfloat16)).dtype == 'float32'
    assert to_numpy(torch.tensor([2**45])).tolist() == [2**45]


class Oracle(BaseModel):
    """Returns the data as its prediction; has one weight to train."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, inputs, data_samples=None, mode='loss'):
        if mode == 'loss':
            return dict(loss=self.weight.square())
        return [data_samples]


# MMEngine can not tell of these names which way is better.
CHECKPOINT = dict(
    type='CheckpointHook',
    greater_keys=(
        *('mAP', 'HOTA', 'DetA', 'AssA', 'MOTA', 'IDF1', 'rank1', 'top1'),
        *('precision', 'recall', 'f1'),
    ),
    less_keys=('IDSW', 'velocity_mae'),
)


@pytest.mark.parametrize(
    ('key', 'rule'),
    [
        ('det/mAP50', 'greater'),
        ('track/HOTA', 'greater'),
        ('track/IDSW', 'less'),
        ('track/velocity_mae', 'less'),
        ('reid/rank1', 'greater'),
        ('cls/clip_top1', 'greater'),
        ('cls/walk/f1', 'greater'),
    ],
)
def test_save_best_takes_any_key(tmp_path, full_clip, key, rule):
    """In a real Runner, without a rule for the key at hand."""
    clip = full_clip()
    data = [dict(inputs=torch.zeros(1), data_samples=clip)]
    loader = dict(
        dataset=DataWithMeta(data),
        batch_size=None,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=first,
    )
    runner = Runner(
        model=Oracle(),
        work_dir=str(tmp_path),
        train_dataloader=loader,
        val_dataloader=loader,
        val_evaluator=[dict(type=f'mmvmtl.{m.__name__}') for m in ALL],
        train_cfg=dict(by_epoch=True, max_epochs=1),
        val_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint={**CHECKPOINT, 'save_best': key}),
        experiment_name=key.replace('/', '_'),
    )
    runner.train()
    best = list(tmp_path.glob(f'best_{key.replace("/", "_")}_epoch_1.pth'))
    assert len(best) == 1, list(tmp_path.iterdir())
    hook = next(h for h in runner.hooks if isinstance(h, CheckpointHook))
    assert hook.rules == [rule]


class DataWithMeta(list):
    """A data set that only tells its metainfo."""

    metainfo = dict(classes=('cat', 'dog'), tasks=dict(cls=('walk', 'run')))


def first(item):
    """Hand the item on as it is: a batch of one."""
    return item


SCRIPT = """
    import json, os, sys
    from pathlib import Path
    from mmvmtl import compat
    import torch
    import torch.distributed as dist
    from mmdet.structures import DetDataSample
    from mmengine.evaluator import Evaluator
    from mmengine.structures import InstanceData
    from mmvmtl.structures import VideoMTLDataSample

    def clip(video, number, found):
        frame = DetDataSample(metainfo=dict(frame_id=number))
        boxes = torch.tensor([[0., 0., 10., 10.]])
        ids = torch.tensor([1])
        frame.gt_instances = InstanceData(
            bboxes=boxes, labels=0 * ids, instances_ids=ids)
        frame.pred_track_instances = InstanceData(
            bboxes=boxes, labels=0 * ids, instances_id=ids)[:found]
        sample = VideoMTLDataSample(metainfo=dict(
            video_id=video, video_name='v', labelled=('track',)))
        sample.video_data_samples = [frame]
        return sample

    if 'RANK' in os.environ:
        dist.init_process_group('gloo')
    rank = int(os.environ.get('RANK', -1))
    # Rank 0 has one video of 1 frame, rank 1 one of 5, three of them missed.
    clips = [clip(0, 0, 1)] if rank != 1 else []
    if rank != 0:
        clips += [clip(1, t, int(t < 2)) for t in range(5)]
    evaluator = Evaluator(dict(type='mmvmtl.MOTMetric'))
    evaluator.process(clips)
    Path(sys.argv[1], f'{rank}.json').write_text(
        json.dumps(evaluator.evaluate(len(clips))))
    if rank >= 0:
        # Together: gloo aborts a process whose peer has left first.
        dist.barrier()
        dist.destroy_process_group()
"""


def test_ranks_with_unlike_videos_are_joined_whole(tmp_path):
    """Two processes with 1 and 5 frames score as one with all 6."""
    script = tmp_path / 'evaluate.py'
    script.write_text(textwrap.dedent(SCRIPT))
    two = ['-m', 'torch.distributed.run', '--nproc_per_node=2', '--standalone']
    for start in ([], two):
        done = subprocess.run(
            [sys.executable, *start, str(script), str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    alone, rank0, rank1 = (
        json.loads((tmp_path / f'{name}.json').read_text())
        for name in (-1, 0, 1)
    )
    assert alone['track/MOTA'] == pytest.approx(50)
    assert alone == rank0 == rank1
