"""Which arguments a class takes, by small classes and by real ones."""

import pytest
import torch
from mmdet.models.dense_heads import RTMDetHead, VFNetHead
from torch.optim import AdamW

from mmvmtl.signatures import accepted


class Base:
    def __init__(self, size, colour='red'): ...


class Child(Base):
    def __init__(self, extra, **kwargs):
        self.extra = extra
        super().__init__(**kwargs)


class Popping(Base):
    def __init__(self, **kwargs):
        self.mood = kwargs.pop('mood', None)
        self.day = kwargs['day'] if 'hour' in kwargs else None
        kwargs.setdefault('night', 0)
        super().__init__(**kwargs)


class Keeping(Base):
    def __init__(self, name, **kwargs):
        self.kwargs = dict(**kwargs)


class Both(Base):
    def __init__(self, **kwargs):
        self.other = Base(**kwargs)
        super().__init__(**kwargs)


class Skipping(Child):
    def __init__(self, **kwargs):
        super(Child, self).__init__(**kwargs)


class Silent(Child):
    pass


Parent = type('Same', (Base,), {'__init__': Child.__init__})


class Same(Parent):
    """Its parent has the same name, as mmdet's LoadAnnotations."""

    def __init__(self, **kwargs):
        super(Same, self).__init__(**kwargs)  # noqa: UP008


def function(a, *, b=1): ...


def open_function(a, **kwargs): ...


@pytest.mark.parametrize(
    'target, names',
    [
        (Base, {'size', 'colour'}),
        (Child, {'extra', 'size', 'colour'}),
        (Silent, {'extra', 'size', 'colour'}),
        (Popping, {'mood', 'day', 'hour', 'night', 'size', 'colour'}),
        (Skipping, {'size', 'colour'}),
        (Same, {'extra', 'size', 'colour'}),
        (Keeping, None),
        (Both, None),
        (function, {'a', 'b'}),
        (open_function, None),
        (object, None),
    ],
)
def test_names(target, names):
    assert accepted(target) == names


@pytest.mark.parametrize(
    'target, taken, refused',
    [
        (RTMDetHead, {'with_objectness', 'num_classes', 'bbox_coder',
                      'init_cfg'}, 'num_class'),
        (VFNetHead, {'dcn_on_last_conv', 'gradient_mul'}, 'centre_offset'),
        (AdamW, {'lr', 'weight_decay'}, 'learning_rate'),
        (torch.nn.Linear, {'in_features', 'bias'}, 'biases'),
    ],
)  # fmt: skip
def test_real_classes(target, taken, refused):
    names = accepted(target)
    assert taken <= names
    assert refused not in names
