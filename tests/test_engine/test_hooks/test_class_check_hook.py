"""Heads and data must agree before the first iteration."""

import pytest
from mmdet.models.dense_heads import RPNHead
from mmengine.registry import DefaultScope
from torch import nn

from mmvmtl.engine.hooks.class_check_hook import (
    ClassCheckHook,
    check_class_counts,
    class_counts,
)
from mmvmtl.engine.metainfo import one_metainfo
from mmvmtl.errors import UserError


class Head(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes


def model(**heads):
    """A model as ours: ``multi_task_head.heads`` by task name."""
    head = nn.Module()
    head.heads = nn.ModuleDict({k: Head(v) for k, v in heads.items()})
    whole = nn.Module()
    whole.multi_task_head = head
    return whole


METAINFO = dict(
    classes=('car', 'van', 'bus'),
    tasks=dict(cls=('drift', 'rotate'), frame=('day', 'night')),
)


def test_agreement_is_silent():
    check_class_counts(
        model(det=3, cls=dict(cls=2, frame=2), track=3), METAINFO, 'train'
    )


@pytest.mark.parametrize(
    'heads, task, count, names',
    [
        (dict(det=80), 'det', 80, 'car, van, bus'),
        (dict(det=3, cls=5), 'cls', 5, 'drift, rotate'),
        (dict(cls=dict(cls=2, frame=4)), 'frame', 4, 'day, night'),
        (dict(det=3, track=1), 'track', 1, 'car, van, bus'),
    ],
)
def test_the_message_names_task_counts_and_data(heads, task, count, names):
    with pytest.raises(UserError) as error:
        check_class_counts(model(**heads), METAINFO, 'val_dataloader')
    message = str(error.value)
    assert f"task '{task}'" in message
    assert f'num_classes={count}' in message
    assert names in message and 'val_dataloader' in message
    assert '\n' not in message


def test_a_task_without_labels_is_not_checked():
    check_class_counts(model(det=3, cls=9), dict(classes=('a', 'b', 'c')), '')


def test_an_rpn_tells_object_from_background_only():
    whole = model(det=3)
    with DefaultScope.overwrite_default_scope('mmdet'):
        rpn = RPNHead(in_channels=8, num_classes=1)
    whole.multi_task_head.heads['det'].rpn = rpn
    check_class_counts(whole, METAINFO, '')


def test_a_stock_detector_is_checked_as_detection():
    detector = nn.Module()
    detector.bbox_head = Head(80)
    with pytest.raises(UserError, match="task 'det'"):
        check_class_counts(detector, METAINFO, '')


def test_stock_heads_in_wrappers_are_checked():
    """A recogniser's head tells clips; what is in a head counts with it."""
    inner, whole = nn.Module(), nn.Module()
    whole.student = nn.Module()
    whole.student.detector = inner
    inner.cls_head = Head(7)
    with pytest.raises(UserError, match=r"task 'cls': .*num_classes=7"):
        check_class_counts(whole, METAINFO, '')
    inner.cls_head = Head(2)
    inner.roi_head = nn.Module()
    inner.roi_head.bbox_head = Head(80)
    with pytest.raises(UserError, match=r"task 'det': .*num_classes=80"):
        check_class_counts(whole, METAINFO, '')
    assert len(list(class_counts(whole))) == 2


def joined(*metainfos):
    """What MMDetection's ConcatDataset tells of data sets that differ."""

    class Joined:
        metainfo = list(metainfos)

    return Joined()


@pytest.mark.parametrize(
    'other',
    [
        dict(classes=('van', 'car', 'bus'), tasks=METAINFO['tasks']),
        dict(classes=('car', 'van'), tasks=METAINFO['tasks']),
        dict(classes=('car', 'van', 'bus')),
        {},
    ],
)
def test_joined_data_sets_must_have_the_same_names(other):
    with pytest.raises(UserError, match='number 1 has') as error:
        one_metainfo(joined(METAINFO, other), 'train_dataloader')
    assert '\n' not in str(error.value)
    assert 'train_dataloader' in str(error.value)


def test_joined_data_sets_may_differ_in_what_is_no_name():
    lists = dict(cls=['drift', 'rotate'], frame=['day', 'night'])
    other = {**METAINFO, 'tasks': lists, 'year': 2}
    assert one_metainfo(joined(METAINFO, other), '') == METAINFO


@pytest.mark.parametrize('mode', ['train', 'val', 'test'])
def test_each_loop_checks_its_own_data(mode):
    class Loader:
        class dataset:  # noqa: N801
            metainfo = METAINFO

    class Run:
        pass

    run = Run()
    run.model = model(det=80)
    setattr(run, f'{mode}_dataloader', Loader)
    with pytest.raises(UserError, match=f'{mode}_dataloader'):
        getattr(ClassCheckHook(), f'before_{mode}')(run)
