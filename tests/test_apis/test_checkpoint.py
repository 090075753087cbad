"""Checkpoints are data: what they may hold, and what is refused."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmvmtl.apis.checkpoint import load_model, read_checkpoint
from mmvmtl.apis.registered import check_types, is_registered
from mmvmtl.errors import UserError


class Touch:
    """Runs a command when it is unpickled."""

    def __init__(self, path) -> None:
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


def test_a_pickle_with_code_inside_is_refused_and_not_run(tmp_path):
    path, trace = tmp_path / 'a.pth', tmp_path / 'ran'
    torch.save({'state_dict': {}, 'meta': {'x': Touch(trace)}}, path)
    with pytest.raises(UserError, match=r'posix\.system.*trust'):
        read_checkpoint(str(path))
    assert not trace.exists()
    read_checkpoint(str(path), trust=True)
    assert trace.exists()


def test_getattr_is_not_a_way_round(tmp_path):
    """MMEngine's own files need the name; what it gives must be inert."""

    class Sneaky:
        def __reduce__(self):
            return getattr, (HistoryBuffer, '__init__')

    path = tmp_path / 'a.pth'
    torch.save({'state_dict': {}, 'x': Sneaky()}, path)
    assert not callable(read_checkpoint(str(path))['x'])


def test_the_log_that_mmengine_stores_does_not_hinder(tmp_path):
    path = tmp_path / 'a.pth'
    buffer = HistoryBuffer([1.0, 2.0], [1, 1])
    hub = {'log_scalars': {'loss': buffer}, 'x': np.float64(3)}
    weights = {'w': torch.ones(2)}
    torch.save({'state_dict': weights, 'message_hub': hub}, path)
    with pytest.raises(Exception, match='Weights only load failed'):
        torch.load(path, weights_only=True)
    content = read_checkpoint(str(path))
    assert torch.equal(content['state_dict']['w'], torch.ones(2))
    # And the exception made for it ends with the reading.
    with pytest.raises(Exception, match='Weights only load failed'):
        torch.load(path, weights_only=True)


@pytest.mark.parametrize('damage', ['cut', 'text', 'no state_dict'])
def test_a_file_that_is_no_checkpoint_is_named(damage, tmp_path):
    path = tmp_path / 'a.pth'
    torch.save([1, 2, 3] if damage == 'no state_dict' else {}, path)
    if damage == 'cut':
        path.write_bytes(path.read_bytes()[:50])
    elif damage == 'text':
        path.write_text('not at all')
    with pytest.raises(UserError, match=re.escape(str(path))):
        read_checkpoint(str(path))


def test_a_url_is_to_be_downloaded_first():
    with pytest.raises(UserError, match='download it and give the file'):
        read_checkpoint('https://example.org/model.pth')


def test_a_model_comes_from_the_file_alone(tiny_checkpoint):
    loaded = load_model(str(tiny_checkpoint))
    assert not loaded.model.training
    assert loaded.classes['det'][0] == 'disc'
    stored = torch.load(tiny_checkpoint, weights_only=True)['state_dict']
    for name, value in loaded.model.state_dict().items():
        assert torch.equal(value, stored[name])


def _changed(tiny_checkpoint, tmp_path, change) -> str:
    content = torch.load(tiny_checkpoint, weights_only=True)
    change(content)
    torch.save(content, tmp_path / 'changed.pth')
    return str(tmp_path / 'changed.pth')


NAME = 'head.heads.track.embed.bias'


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda c: c['meta'].clear(), '--config'),
        (lambda c: c['state_dict'].pop(NAME), f'lacks {NAME}'),
        (lambda c: c['state_dict'].update({NAME: torch.ones(9)}), r'\(9,\)'),
        (lambda c: c['state_dict'].update(extra=torch.ones(1)), 'has extra'),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(
    change, words, tiny_checkpoint, tmp_path
):
    path = _changed(tiny_checkpoint, tmp_path, change)
    with pytest.raises(UserError, match=words):
        load_model(path)


@pytest.mark.parametrize(
    ('where', 'kind'),
    [
        ('backbone', 'subprocess.Popen'),
        ('tracker', 'mmengine.load'),
        ('neck', 'NoSuchNeck'),
    ],
)
def test_a_config_out_of_a_file_names_registered_types_only(
    where, kind, tiny_checkpoint, tmp_path
):
    def change(content: dict) -> None:
        content['meta']['mmvmtl']['config']['model'][where]['type'] = kind

    path = _changed(tiny_checkpoint, tmp_path, change)
    with pytest.raises(UserError, match=re.escape(repr(kind))):
        load_model(path)


def test_the_type_that_mmcv_evaluates_must_be_a_known_operation():
    check_types({'nms': {'type': 'nms'}}, 'a file')
    with pytest.raises(UserError, match='__import__'):
        check_types({'nms': {'type': '__import__("os").abort'}}, 'a file')


@pytest.mark.parametrize(
    ('kind', 'known'),
    [
        ('BN', True),
        ('mmdet.RTMDet', True),
        ('mmvmtl.TrackHead', True),
        ('TrackHead', True),
        ('mmdet.TrackHead', False),
        ('os.system', False),
        (len, False),
    ],
)
def test_what_is_registered(kind, known):
    assert is_registered(kind) is known
