"""Frames translated by a trained generator."""

import numpy as np
import pytest
import torch

from mmvmtl.datasets import TranslateDomain, UnpairedDomains
from mmvmtl.errors import UserError
from mmvmtl.models import UnpairedTranslator

SMALL = dict(type='mmvmtl.TranslationGenerator', channels=2, blocks=1)


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """A translator that makes all brighter by 0.2, 25.5 grey levels."""
    model = UnpairedTranslator(generator=SMALL)
    with torch.no_grad():
        model.generators['target'].change.bias.fill_(0.2)
    path = tmp_path_factory.mktemp('translator') / 'translator.pth'
    torch.save(dict(state_dict=model.state_dict()), path)
    return str(path)


def clip():
    rng = np.random.default_rng(0)
    return dict(
        frames=[
            dict(
                img=rng.integers(0, 200, (18, 22, 3), dtype=np.uint8),
                gt_bboxes=np.array([[1, 2, 9, 8]], np.float32),
                gt_bboxes_labels=np.array([3]),
            )
            for _ in range(3)
        ],
        clip_label=1,
        labelled=('det',),
    )


def test_translates_every_frame_and_no_label(checkpoint):
    results = TranslateDomain(checkpoint, 1.0, SMALL).transform(clip())
    for frame, old in zip(results['frames'], clip()['frames'], strict=True):
        shift = frame['img'].astype(int) - old['img']
        # 25.5 is rounded either way.
        assert set(np.unique(shift)) <= {25, 26}
        for name in ('gt_bboxes', 'gt_bboxes_labels'):
            assert np.array_equal(frame[name], old[name])
    assert results['clip_label'] == 1 and results['labelled'] == ('det',)


def test_the_other_domain_has_another_generator(checkpoint):
    back = TranslateDomain(checkpoint, 1.0, SMALL, domain='source')
    for frame, old in zip(
        back.transform(clip())['frames'], clip()['frames'], strict=True
    ):
        assert np.array_equal(frame['img'], old['img'])


def test_a_translator_of_several_processes_is_the_same(checkpoint, tmp_path):
    """Its parts are wrapped one by one: generators.module.target..."""
    weights = torch.load(checkpoint)['state_dict']
    wrapped = {
        name.replace('generators.', 'generators.module.'): value
        for name, value in weights.items()
    }
    path = tmp_path / 'wrapped.pth'
    torch.save(dict(state_dict=wrapped), path)
    one, other = (
        TranslateDomain(str(p), 1.0, SMALL).generator.state_dict()
        for p in (checkpoint, path)
    )
    assert all(torch.equal(other[name], value) for name, value in one.items())


def test_prob_0_leaves_the_clip(checkpoint):
    results = TranslateDomain(checkpoint, 0.0, SMALL).transform(clip())
    assert np.array_equal(
        results['frames'][0]['img'], clip()['frames'][0]['img']
    )


class _Code:
    def __reduce__(self):
        return print, ('ran',)


@pytest.mark.parametrize(
    ('content', 'generator', 'words'),
    [
        (None, SMALL, 'does not exist'),
        (dict(state_dict={}, meta=_Code()), SMALL, 'asks to run'),
        (dict(state_dict={'backbone.w': torch.ones(1)}), SMALL, 'has no'),
        ('whole', dict(SMALL, channels=4), 'another architecture'),
        ('whole', dict(SMALL, blocks=2), 'another architecture'),
    ],
)
def test_wrong_checkpoints(
    content, generator, words, checkpoint, tmp_path, capsys
):
    path = checkpoint
    if content != 'whole':
        path = str(tmp_path / 'wrong.pth')
        if content is not None:
            torch.save(content, path)
    with pytest.raises(UserError, match=words) as error:
        TranslateDomain(path, 1.0, generator)
    assert '\n' not in str(error.value)
    assert 'ran' not in capsys.readouterr().out


WORLD = dict(
    type='mmvmtl.SyntheticVideoDataset',
    world=dict(size=(96, 96), length=(4, 4)),
    split='train',
    num_videos=3,
    clip=dict(length=2),
    pipeline=[
        dict(type='mmvmtl.LoadVideoFrames'),
        dict(type='mmvmtl.PackVideoInputs'),
    ],
)


def test_pairs_of_clips_are_no_pairs():
    """A source clip meets different targets; labels are not handed on."""
    np.random.seed(0)
    pairs = UnpairedDomains(WORLD, dict(WORLD, num_videos=5, seed=9))
    assert len(pairs) == 3
    seen = [pairs[0] for _ in range(12)]
    assert set(seen[0]) == {'source', 'target'}
    assert seen[0]['source'].shape == (2, 3, 96, 96)
    assert len({int(item['source'].sum()) for item in seen}) == 1
    assert len({int(item['target'].sum()) for item in seen}) > 2


def test_new_epochs_reach_both_domains():
    pairs = UnpairedDomains(WORLD, dict(WORLD, num_videos=1, seed=9))
    before = pairs[0]
    pairs.set_epoch(1)
    after = pairs[0]
    assert not any(torch.equal(before[d], after[d]) for d in before)


def test_an_empty_target_is_refused():
    with pytest.raises(UserError, match='is empty'):
        UnpairedDomains(WORLD, dict(WORLD, indices=0))
