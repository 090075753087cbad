"""Only a registry's own KeyError becomes a sentence."""

from __future__ import annotations

import pytest
from mmengine.registry import Registry

from mmvmtl.apis.unknown_type import unknown_type

ROOT = Registry('part', scope='root')
CHILD = Registry('part', parent=ROOT, scope='child')
OTHER = Registry('part', parent=ROOT, scope='other')


@ROOT.register_module()
class Wheel:
    pass


@CHILD.register_module()
class Window:
    def __init__(self, of: dict) -> None:
        self.pane = of['pane']


@OTHER.register_module()
class Handlebar:
    pass


@pytest.mark.parametrize(
    ('name', 'words'),
    [
        ('Windoww', "of child has no type 'Windoww'; did you mean 'Window'?"),
        ('Wheell', "did you mean 'Wheel'?"),
        ('Handlebar', "did you mean 'other.Handlebar'?"),
        ('other.Handelbar', "did you mean 'other.Handlebar'?"),
        ('Qqq', 'register it in a module of custom_imports'),
    ],
)
def test_the_nearest_name_is_one_that_the_registry_finds(name, words):
    with pytest.raises(KeyError) as caught:
        CHILD.build(dict(type=name))
    assert words in unknown_type(caught.value)


@pytest.mark.parametrize('of', [{}, None])
def test_what_a_part_raises_itself_keeps_its_traceback(of):
    with pytest.raises((KeyError, TypeError)) as caught:
        CHILD.build(dict(type='Window', of=of))
    assert unknown_type(caught.value) is None


def test_an_error_that_was_never_raised_is_none_of_a_registry():
    assert unknown_type(KeyError('Wheel')) is None
