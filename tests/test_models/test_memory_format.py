"""Maps whose channels come last: the same numbers, sooner."""

import torch
from mmengine.config import Config
from small_model import (
    CONFIGS,
    SIZE,
    build_model,
    make_clip,
    without_batch_statistics,
)


def frames(dtype):
    return torch.randn(
        2, 3, *SIZE, generator=torch.Generator().manual_seed(0)
    ).to(dtype)


def seen_by(model):
    """Gets what the backbone is given."""
    found = []
    model.backbone.register_forward_pre_hook(lambda _, x: found.append(x[0]))
    return found


def test_losses_and_gradients_stay():
    losses, gradients = [], []
    for last in (True, False):
        model = build_model(without_batch_statistics()).double()
        if not last:
            model.backbone.register_forward_pre_hook(
                lambda _, x: (x[0].contiguous(),)
            )
        seen = seen_by(model)
        total = model(frames(torch.float64), [make_clip(2)], mode='loss')
        total['loss_mtl'].backward()
        order = torch.channels_last if last else torch.contiguous_format
        assert seen[0].is_contiguous(memory_format=order)
        losses.append(total['loss_mtl'])
        gradients.append([p.grad for p in model.parameters()])
    torch.testing.assert_close(*losses)
    torch.testing.assert_close(*gradients)


def test_a_model_with_operators_of_mmcv_keeps_its_order():
    """RoIAlign reads other numbers from a map in another order."""
    cfg = Config.fromfile(
        CONFIGS / '_base_/models/video_mtl_faster_rcnn_r18.py'
    )
    cfg.model.data_preprocessor.input_size = SIZE
    model = build_model(cfg.model).eval()
    seen = seen_by(model)
    with torch.no_grad():
        model(frames(torch.float32), [make_clip(2)], mode='predict')
    assert seen[0].is_contiguous()
