"""The generator, the judge and the pool of the translation game."""

import pytest
import torch

from mmvmtl.models.translation.networks import (
    ImagePool,
    PatchDiscriminator,
    TranslationGenerator,
)


@pytest.mark.parametrize('size', [(16, 24), (17, 22), (19, 21)])
def test_a_fresh_generator_is_the_identity(size):
    images = torch.rand(2, 3, *size) * 2 - 1
    assert torch.equal(TranslationGenerator(4, 1)(images), images)


def test_images_do_not_depend_on_their_batch():
    """Instance norm: a clip's frames may be translated one by one."""
    torch.manual_seed(0)
    generator = TranslationGenerator(4, 1)
    torch.nn.init.normal_(generator.change.weight, std=0.1)
    images = torch.rand(3, 3, 16, 16) * 2 - 1
    each = torch.cat([generator(image[None]) for image in images])
    torch.testing.assert_close(generator(images), each)
    assert not torch.equal(each, images)


def test_a_generator_learns_to_halve_brightness():
    """From features of unit variance alone it could not know it."""
    torch.manual_seed(0)
    generator = TranslationGenerator(4, 1)
    optimizer = torch.optim.Adam(generator.parameters(), 1e-2)

    def apart():
        # Flat pictures of all brightnesses, a little noise on each.
        images = torch.rand(16, 3, 16, 16) * 0.4 - 1
        images += torch.rand(16, 1, 1, 1) * 1.6
        return (generator(images) - 0.5 * images).abs().mean()

    before = apart()
    for _ in range(80):
        optimizer.zero_grad()
        apart().backward()
        optimizer.step()
    assert apart() < 0.5 * before


def test_a_score_looks_at_46_pixels():
    """4 + 3 strides: 4 -> 10 -> 22 -> 46 pixels a side."""
    judge = PatchDiscriminator(2)
    for index, module in enumerate(judge.layers):
        if isinstance(module, torch.nn.InstanceNorm2d):
            # It looks at the whole image.
            judge.layers[index] = torch.nn.Identity()
    image = torch.zeros(1, 3, 96, 96, requires_grad=True)
    scores = judge(image)
    scores[0, 0, 5, 5].backward()
    seen = image.grad.abs().sum((0, 1)).nonzero()
    assert (seen.max(0).values - seen.min(0).values + 1).tolist() == [46, 46]


def test_a_pool_fills_first_and_then_gives_old_images():
    torch.manual_seed(0)
    pool = ImagePool(2)
    first = torch.arange(2.0).view(2, 1, 1, 1)
    assert torch.equal(pool.exchange(first), first)
    given = pool.exchange(torch.arange(2.0, 22).view(20, 1, 1, 1))
    come = set(range(22))
    kept = {int(image) for image in pool.images}
    # Nothing is lost or doubled: what was given or is kept came once.
    assert sorted([*given.flatten().tolist(), *kept]) == sorted(come)
    assert 0 in given or 1 in given


def test_a_pool_of_none_gives_back_what_comes():
    images = torch.rand(5, 3, 4, 4)
    assert torch.equal(ImagePool(0).exchange(images), images)
