"""A step of the game, alone and in two processes."""

import pytest
import torch
import translation_case
from two_ranks import start_two_ranks

from mmvmtl.errors import UserError


@pytest.fixture(scope='module')
def trained():
    return translation_case.train((0, 1))


def _moved(part, before, after):
    return [
        name
        for name, value in after.items()
        if name.startswith(part) and not torch.equal(value, before[name])
    ]


def test_each_optimizer_moves_its_part_alone():
    """The generators' step leaves no gradient in the judges and the
    judges' none in the generators.
    """
    model, wrappers = translation_case.build()
    before = translation_case.weights(model)
    real = translation_case.batch((0,), 0)
    fake, losses = model._play(model.data_preprocessor(real))
    sum(losses.values()).backward()
    assert all(p.grad is None for p in model.discriminators.parameters())
    # Behind a last convolution of zeros nothing else has a gradient yet.
    assert model.generators['target'].change.weight.grad.abs().sum() > 0
    model.zero_grad()
    model._judge(model.data_preprocessor(real), fake).backward()
    assert all(
        p.grad is None or not p.grad.any()
        for p in model.generators.parameters()
    )
    model.train_step(real, wrappers)
    after = translation_case.weights(model)
    assert _moved('generators', before, after)
    assert _moved('discriminators', before, after)


def test_no_fixed_point_of_the_first_step(trained):
    """After some steps nearly everything has moved."""
    model, _ = translation_case.build()
    before = translation_case.weights(model)
    still = set(before) - set(_moved('', before, trained))
    # A bias before an instance norm has no effect.
    without = ('.0.bias', 'layers.2.bias', 'layers.5.bias')
    assert all(name.endswith(without) for name in still)


def test_losses_are_named_and_detached():
    model, wrappers = translation_case.build()
    losses = model.train_step(translation_case.batch((0,), 0), wrappers)
    assert set(losses) == {
        'loss_adversarial',
        'loss_cycle',
        'loss_identity',
        'loss_discriminator',
    }
    assert not any(loss.requires_grad for loss in losses.values())
    # A fresh generator is the identity: nothing is lost on the way back.
    assert losses['loss_cycle'] == losses['loss_identity'] == 0


def test_forward_gives_the_targets_look():
    model, _ = translation_case.build()
    with torch.no_grad():
        model.generators['target'].change.bias.fill_(0.25)
    images = torch.zeros(1, 3, 16, 16)
    assert (model(images) == 0.25).all()
    with pytest.raises(ValueError, match='train_step'):
        model(images, mode='loss')


def test_two_processes_equal_one(trained, tmp_path):
    first, second = start_two_ranks(translation_case.__file__, tmp_path)
    for name, value in trained.items():
        assert torch.equal(first[name], second[name]), name
        torch.testing.assert_close(first[name], value, rtol=0, atol=1e-9)


def test_domains_of_two_sizes_are_one_sentence():
    model, _ = translation_case.build()
    data = dict(
        source=[torch.zeros(1, 3, 16, 16, dtype=torch.uint8)],
        target=[torch.zeros(1, 3, 16, 24, dtype=torch.uint8)],
    )
    with pytest.raises(UserError, match='resize or crop them to one'):
        model.data_preprocessor(data)
