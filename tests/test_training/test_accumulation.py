"""Two micro-batches against one batch of both."""

import copy

import torch
from mmengine.optim import build_optim_wrapper
from small_model import (
    SIZE,
    build_model,
    make_clip,
    without_batch_statistics,
)


def _batch(videos):
    """Clips with the same boxes, so that their normalisers are equal."""
    draw = torch.Generator()
    clips = []
    for video in videos:
        draw.manual_seed(video)
        clips.append(torch.randint(256, (3, 3, *SIZE), generator=draw).byte())
    samples = [make_clip(3, video=video) for video in videos]
    return dict(inputs=clips, data_samples=samples)


def _train(model, batches, **settings):
    model = copy.deepcopy(model).train()
    wrapper = build_optim_wrapper(
        model,
        dict(
            type='OptimWrapper',
            optimizer=dict(type='SGD', lr=0.05, momentum=0.9),
            **settings,
        ),
    )
    wrapper.initialize_count_status(model, 0, len(batches))
    for batch in batches:
        model.train_step(batch, wrapper)
    return dict(model.named_parameters())


def test_accumulated_gradients_equal_those_of_the_whole_batch():
    """Without batch statistics, over two steps of two micro-batches."""
    model = build_model(without_batch_statistics())
    whole = _train(model, [_batch([0, 1]), _batch([2, 3])])
    micro = _train(
        model, [_batch([v]) for v in range(4)], accumulative_counts=2
    )
    start = dict(model.named_parameters())
    for name, value in whole.items():
        torch.testing.assert_close(micro[name], value, rtol=0, atol=1e-5)
        # No box is of the size of the coarser levels.
        still = 'scales' in name
        assert still or not torch.equal(start[name], value), name
