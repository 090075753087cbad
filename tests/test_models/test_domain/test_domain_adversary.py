"""Losses of both levels, missing domains, padding, and wrong use."""

import math

import pytest
import torch
from mmdet.structures import DetDataSample

from mmvmtl.errors import UserError
from mmvmtl.models.domain import DomainAdversary
from mmvmtl.models.domain.balanced_mean import balanced_mean
from mmvmtl.models.domain.domain_adversary import balanced_accuracy
from mmvmtl.models.domain.domain_batch import DomainBatch, mean_inside

IMAGE = dict(in_channels=4)
INSTANCE = dict(in_channels=4, strides=(8, 16))
BOXES = torch.tensor([[0.0, 0.0, 16.0, 16.0], [8.0, 8.0, 24.0, 32.0]])


def make_batch(domains, boxes=None, sizes=None, weights=None, seed=0):
    draw = torch.Generator().manual_seed(seed)
    number = len(domains)
    levels = tuple(
        torch.randn(number, 4, s, s, generator=draw).requires_grad_()
        for s in (4, 2)
    )
    frames = [
        DetDataSample(
            metainfo=dict(img_shape=size, batch_input_shape=(32, 32))
        )
        for size in (sizes or [(32, 32)] * number)
    ]
    found = [BOXES] * number if boxes is None else boxes
    return DomainBatch(
        dict(backbone=levels, neck=levels),
        frames,
        list(domains),
        weights or [1.0] * number,
        lambda kind: found,
    )


def build(**changes):
    torch.manual_seed(0)
    cfg = dict(domains=('day', 'fog'), image=IMAGE, instance=INSTANCE)
    return DomainAdversary(**{**cfg, **changes})


def total(losses):
    return sum(v for name, v in losses.items() if 'loss' in name)


@pytest.mark.parametrize('form', ['reversal', 'alternating'])
@pytest.mark.parametrize('domains', [('day', 'fog'), ('fog', 'fog')])
def test_every_parameter_and_feature_gets_a_gradient(form, domains):
    """Also when a domain is missing from the batch."""
    part, batch = build(consistency=0.1, form=form), make_batch(domains)
    total(part.loss(batch)).backward()
    assert all(p.grad is not None for p in part.parameters())
    for feat in batch.stages['neck']:
        assert feat.grad.abs().sum() > 0


def test_untrained_logits_of_zero_give_the_log_of_the_number_of_domains():
    part = build(domains=('day', 'fog', 'night'))
    for net in (part.image[0].net[-1], part.instance.net[-1]):
        torch.nn.init.zeros_(net.weight)
        torch.nn.init.zeros_(net.bias)
    losses = part.loss(make_batch(['day', 'night']))
    assert losses['loss_image'].item() == pytest.approx(math.log(3))
    assert losses['loss_instance'].item() == pytest.approx(math.log(3))


def test_features_get_the_gradient_reversed_times_lambda():
    grads = {}
    for scale in (-1.0, 0.5):
        part, batch = build(), make_batch(['day', 'fog'])
        part.set_scale(scale)
        total(part.loss(batch)).backward()
        grads[scale] = batch.stages['neck'][0].grad
    assert grads[-1.0].abs().sum() > 0
    assert torch.allclose(grads[0.5], -0.5 * grads[-1.0], atol=1e-7)


def test_consistency_by_hand_and_not_reversed():
    """Image says (3/4, 1/4), boxes (1/2, 1/2): |p - p'| = 1/4."""
    part = build(consistency=2.0)
    for net in (part.image[0].net[-1], part.instance.net[-1]):
        torch.nn.init.zeros_(net.weight)
        torch.nn.init.zeros_(net.bias)
    part.image[0].net[-1].bias.data[0] = math.log(3)
    losses = part.loss(make_batch(['day']))
    assert losses['loss_consistency'].item() == pytest.approx(2 / 4)

    part, batch = build(consistency=1.0), make_batch(['day', 'fog'])
    before = part.loss(batch)['loss_consistency']
    grads = torch.autograd.grad(before, batch.stages['neck'])
    moved = [f.detach() - 0.05 * g
             for f, g in zip(batch.stages['neck'], grads)]  # fmt: skip
    batch.stages['neck'] = tuple(moved)
    assert part.loss(batch)['loss_consistency'] < before


def test_weight_zero_takes_a_frame_out():
    part = build()
    both = part.loss(make_batch(['day', 'fog'], weights=[2.0, 0.0]))
    batch = make_batch(['day', 'fog'])
    stages = tuple(feat[:1] for feat in batch.stages['neck'])
    alone = part.loss(
        DomainBatch(dict(backbone=stages, neck=stages), batch.frames[:1],
                    ['day'], [1.0], lambda kind: [BOXES])
    )  # fmt: skip
    for name in ('loss_image', 'loss_instance'):
        assert torch.allclose(both[name], alone[name])


def test_padding_tells_nothing():
    """Cells beyond a smaller picture do not count."""
    part = build(instance=None)
    batch = make_batch(['day', 'fog'], sizes=[(32, 32), (16, 24)])
    losses = part.loss(batch)
    (grad,) = torch.autograd.grad(
        losses['loss_image'], batch.stages['neck'][0]
    )
    assert grad[0].abs().min() > 0
    assert grad[1, :, :2, :3].abs().min() > 0
    assert not grad[1, :, 2:].any() and not grad[1, :, :, 3:].any()


def test_mean_inside_by_hand():
    values = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    mask = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    assert mean_inside(values, mask).tolist() == [2.0]
    assert mean_inside(values[:, None], mask).tolist() == [[2.0]]


def test_no_boxes_touch_the_parameters_with_zero():
    part = build()
    losses = part.loss(make_batch(['day', 'fog'], [torch.zeros(0, 4)] * 2))
    assert losses['loss_instance'] == 0
    losses['loss_instance'].backward()
    for parameter in part.instance.parameters():
        assert parameter.grad is not None and not parameter.grad.any()
    assert losses['acc_instance'] == 0.5


def test_accuracy_is_the_mean_over_domains():
    """3 of 3 days and 0 of 1 fog: 1/2, not 3/4."""
    logits = torch.tensor([[1.0, 0.0]] * 4)
    assert balanced_accuracy(logits, torch.tensor([0, 0, 0, 1])) == 0.5


def test_balanced_mean_by_hand():
    """(1 + 2 + 3) / 3 of one domain and 8 of another: (2 + 8) / 2."""
    values = torch.tensor([1.0, 8.0, 2.0, 3.0])
    labels = torch.tensor([2, 0, 2, 2])
    assert balanced_mean(values, labels, 3) == 5
    assert balanced_mean(values[:0], labels[:0], 3) == 0


@pytest.mark.parametrize('form', ['reversal', 'alternating'])
def test_more_boxes_do_not_make_a_domain_weigh_more(form):
    """Day has its boxes three times: all losses of boxes are the same."""
    part = build(consistency=0.5, form=form)
    domains = ['day', 'fog']
    once = part.loss(make_batch(domains))
    thrice = part.loss(make_batch(domains, [BOXES.repeat(3, 1), BOXES]))
    names = [n for n in once if 'instance' in n or 'consistency' in n]
    assert len(names) == (3 if form == 'reversal' else 4)
    for name in names:
        torch.testing.assert_close(once[name], thrice[name])


def test_several_maps_each_have_a_discriminator():
    part = build(
        image=[IMAGE, dict(in_channels=4, stage='backbone', level=1)],
        instance=None,
    )
    losses = part.loss(make_batch(['day', 'fog']))
    assert {'loss_image', 'loss_image1', 'acc_image', 'acc_image1'} == {
        *losses
    }


@pytest.mark.parametrize(
    'changes, words',
    [
        (dict(domains=('day',)), 'nothing to compare'),
        (dict(domains='day'), 'nothing to compare'),
        (dict(domains=('day', 'day')), "'day' is named twice"),
        (dict(image=None, instance=None), 'looks at nothing'),
        (dict(instance=None, consistency=1.0), 'compares both levels'),
        (dict(form='reverse'), "form='reverse'"),
        (dict(instance={**INSTANCE, 'boxes': 'all'}), "boxes='all'"),
    ],
)
def test_wrong_settings_are_one_sentence(changes, words):
    with pytest.raises(ValueError, match=words):
        build(**changes)


@pytest.mark.parametrize(
    'domain, words',
    [('frog', "correct it to 'fog'"), (None, 'mmvmtl.SetDomain')],
)
def test_an_unknown_domain_is_one_sentence(domain, words):
    with pytest.raises(UserError, match=words):
        build().loss(make_batch(['day', domain]))


def test_a_level_that_is_not_there_is_one_sentence():
    part = build(image=dict(in_channels=4, level=5), instance=None)
    with pytest.raises(UserError, match='no level 5'):
        part.loss(make_batch(['day', 'fog']))


@pytest.mark.parametrize('strides', [(8, 16, 32), (8,), (4, 8)])
def test_strides_that_are_not_those_of_the_neck_are_one_sentence(strides):
    """Maps of 4 and 2 cells, frames of 32 pixels: strides 8 and 16."""
    part = build(instance=dict(INSTANCE, strides=strides))
    with pytest.raises(UserError, match=r'4, 2 cells high.*32 pixels'):
        part.loss(make_batch(['day', 'fog']))
