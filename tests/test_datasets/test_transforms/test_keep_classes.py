"""Some classes stay, under new labels."""

import numpy as np
import pytest

from mmvmtl.datasets import KeepClasses
from mmvmtl.errors import UserError


def clip():
    return dict(
        classes=('a', 'b', 'c'),
        frames=[
            dict(
                gt_bboxes=np.arange(16.0).reshape(4, 4),
                gt_bboxes_labels=np.array([0, 2, 1, 2]),
                gt_visibilities=np.arange(4.0),
            )
        ],
    )


def test_labels_follow_the_wanted_order():
    results = KeepClasses(['c', 'a']).transform(clip())
    (frame,) = results['frames']
    assert frame['gt_bboxes_labels'].tolist() == [1, 0, 0]
    assert frame['gt_bboxes'][:, 0].tolist() == [0, 4, 12]
    assert frame['gt_visibilities'].tolist() == [0, 1, 3]
    assert results['classes'] == ('c', 'a')


def test_names_may_be_those_of_the_labels_before():
    results = {**clip(), 'classes': ('c',)}
    KeepClasses(['c'], of=('a', 'b', 'c')).transform(results)
    assert results['frames'][0]['gt_bboxes'][:, 0].tolist() == [4, 12]


def test_an_unknown_class_is_refused():
    with pytest.raises(UserError, match="wants 'd', the data have"):
        KeepClasses(['d']).transform(clip())
