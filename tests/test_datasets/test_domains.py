"""A clip says of which domain it is, from the data set to the sample."""

import numpy as np
import pytest

from mmvmtl.datasets import (
    FrameOfClip,
    PackVideoInputs,
    SetDomain,
    SyntheticVideoDataset,
)
from mmvmtl.datasets.synthetic import SyntheticWorld
from mmvmtl.datasets.synthetic.styles import STYLES
from mmvmtl.errors import UserError

WORLD = dict(size=(128, 96), length=8, style=('day', 'fog'))


def build(**settings):
    return SyntheticVideoDataset(
        **{'world': WORLD, 'split': 'train', 'num_videos': 12, **settings}
    )


def test_the_synthetic_world_tells_domains_and_hides_labels():
    data = build(clip=dict(length=1), unlabelled=('fog',))
    assert data.domains == {'day', 'fog'}
    seen = set()
    for index in range(len(data)):
        clip = data[index]
        sample = PackVideoInputs()(clip)['data_samples']
        assert sample.domain == clip['domain']
        tasks = ('det', 'track', 'cls') if sample.domain == 'day' else ()
        assert sample.labelled == tasks
        seen.add(sample.domain)
    assert seen == {'day', 'fog'}


def test_an_unlabelled_domain_must_be_one_of_the_world():
    with pytest.raises(UserError, match="the domain 'night', the world has"):
        build(unlabelled=('night',))


def test_set_domain_keeps_only_labels_there_are():
    clip = dict(labelled=('det', 'cls'))
    out = SetDomain('fog', labelled=('det', 'track'), weight=0.5)(clip)
    assert out == dict(labelled=('det',), domain='fog', weight=0.5)
    assert SetDomain('fog', labelled=())(dict())['labelled'] == ()
    assert SetDomain('fog')(dict(weight=0.5)) == dict(domain='fog', weight=0.5)
    assert SetDomain('fog')(dict()) == dict(domain='fog')


def test_a_frame_has_the_domain_of_its_clip():
    clip = build(clip=dict(length=1), unlabelled=('fog',))[0]
    frame = FrameOfClip()(clip)
    assert frame['domain'] == clip['domain']
    assert frame['labelled'] == clip['labelled']


@pytest.mark.parametrize('style', sorted(set(STYLES) - {'day'}))
def test_style_strength_mixes_with_plain_light(style):
    """0 is day, 1 the look, 1/2 halfway, 1.5 beyond."""

    def picture(**settings):
        world = SyntheticWorld(3, size=(128, 96), **settings)
        return world.video(1).frame(2)[0].astype(float)

    plain, full = picture(style='day', noise=0), picture(style=style, noise=0)
    none = picture(style=style, style_strength=0.0, noise=0)
    half = picture(style=style, style_strength=0.5, noise=0)
    more = picture(style=style, style_strength=1.5, noise=0)
    assert np.array_equal(none, plain)
    assert np.abs(half - (plain + full) / 2).max() <= 1
    assert np.abs(more - plain).mean() > np.abs(full - plain).mean()


def test_style_strength_has_a_range():
    with pytest.raises(UserError, match=r'style_strength=2'):
        SyntheticWorld(0, style_strength=2.0)
