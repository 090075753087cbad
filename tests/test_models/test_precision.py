"""Half precision is widened, double precision is kept."""

import pytest
import torch
from ddp_cases import FULL, rank_batch
from small_model import build_model, without_batch_statistics

from mmvmtl.models.precision import float32_at_least


@pytest.mark.parametrize(
    'given, wanted',
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_float32_at_least(given, wanted):
    assert float32_at_least(torch.ones(2, dtype=given)).dtype == wanted


def test_a_float64_model_is_so_throughout():
    """An op in float32 would hide a wrong normaliser in its rounding."""
    model = build_model(without_batch_statistics()).double().train()
    losses = model(*rank_batch(FULL, 0, 0), mode='loss')
    # MMDet turns the targets of this one into float32.
    narrow = {
        name
        for name, value in losses.items()
        if torch.is_tensor(value) and value.dtype != torch.float64
    }
    assert narrow <= {'det.loss_centerness'}
