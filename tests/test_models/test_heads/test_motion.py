import pytest
import torch
from torch import nn

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.models.heads.motion import FramePair, MotionReader, expected


@pytest.fixture
def reader():
    """Compares raw channels, very sharply, and adds nothing."""
    torch.manual_seed(0)
    reader = MotionReader(
        16, stride=4, context_channels=8, channels=16, radius=3, step=4.0
    )
    reader.project = nn.Identity()
    nn.init.zeros_(reader.rest[2].weight)
    nn.init.zeros_(reader.rest[2].bias)
    reader.sharpness.data.fill_(100.0)
    reader.camera_sharpness.data.fill_(1000.0)
    return reader


def _moved(shift):
    """Random maps at stride 4; the second is the first moved by cells."""
    before = torch.randn(1, 16, 24, 24)
    return before, torch.roll(before, shift, dims=(2, 3))


BOX = torch.tensor([[[40.0, 40.0, 56.0, 56.0]]])
HIDDEN = torch.zeros(1, 1, 8)
STILL = torch.zeros(1, 2)


def test_velocity_of_a_moved_map(reader):
    """Moved by 2 cells right, 1 down at stride 4: v = (8, 4) px."""
    before, now = _moved((1, 2))
    maps = FramePair(now, before, torch.tensor([1.0]), STILL)
    velocity = reader.read(maps, BOX, HIDDEN)
    assert velocity[0, 0].tolist() == pytest.approx([8, 4], abs=0.01)


def test_velocity_is_per_frame(reader):
    before, now = _moved((1, 2))
    maps = FramePair(now, before, torch.tensor([2.0]), STILL)
    velocity = reader.read(maps, BOX, HIDDEN)
    assert velocity[0, 0].tolist() == pytest.approx([4, 2], abs=0.01)


def test_first_frame_of_a_stream_has_no_velocity(reader, clip):
    batch = ClipBatch([clip(3)])
    maps = reader.pair(torch.randn(3, 16, 24, 24), batch, 'track')
    velocity = reader.read(maps, BOX.expand(3, 1, 4), HIDDEN.expand(3, 1, 8))
    assert velocity.isnan().all(dim=-1).flatten().tolist() == [
        True,
        False,
        False,
    ]


def test_a_chunk_goes_on_where_the_last_one_ended(reader, clip):
    feat = torch.randn(5, 16, 24, 24)
    whole = reader.pair(feat, ClipBatch([clip(5)]), 'track')
    first = ClipBatch([clip(2)])
    reader.pair(feat[:2], first, 'track')
    second = ClipBatch([clip(3, start=2)], first.memory)
    rest = reader.pair(feat[2:], second, 'track')
    assert torch.equal(rest.before, whole.before[2:])
    assert torch.equal(rest.gap, whole.gap[2:])


def test_gap_is_the_difference_of_frame_numbers_up_to_the_longest(
    reader, clip
):
    feat = torch.randn(3, 16, 24, 24)
    reader.max_gap = 4
    maps = reader.pair(feat, ClipBatch([clip(3, step=4)]), 'track')
    assert maps.gap[1:].tolist() == [4, 4]
    maps = reader.pair(feat, ClipBatch([clip(3, step=5)]), 'track')
    assert maps.gap.isnan().all()


@pytest.mark.parametrize('shift', [(4, -6), (0, 2), (0, 0)])
def test_a_camera_knock_beyond_the_window_is_seen(reader, shift):
    """The picture moves by (dy, dx) cells at stride 4; the window ends at
    12 px."""
    torch.manual_seed(1)
    # Cells of half the resolution, so that pooling keeps what they are.
    before = torch.randn(1, 16, 12, 12).repeat_interleave(2, 2)
    before = before.repeat_interleave(2, 3)
    now = torch.roll(before, shift, dims=(2, 3))
    camera = reader.camera_shift(now, before)
    maps = FramePair(now, before, torch.tensor([1.0]), camera)
    velocity = reader.read(maps, BOX, HIDDEN)[0, 0]
    dy, dx = shift
    assert velocity.tolist() == pytest.approx([dx * 4, dy * 4], abs=3)


def test_loss_skips_unknown_velocities_without_a_nan_gradient(reader, clip):
    """Of two boxes one moves by an unknown amount: only the other counts."""
    feat = torch.randn(2, 16, 24, 24, requires_grad=True)
    maps = reader.pair(feat, ClipBatch([clip(2)]), 'track')
    velocity = reader.read(maps, BOX.expand(2, 1, 4), HIDDEN.expand(2, 1, 8))
    target = torch.tensor([[3.0, 3.0], [float('nan'), 1.0]])
    loss = reader.loss(velocity[:, 0], target, maps.gap)
    assert loss == 0
    target[1, 0] = 1.0
    loss = reader.loss(velocity[:, 0], target, maps.gap)
    loss.backward()
    assert loss > 0
    assert feat.grad.isfinite().all()


def test_a_map_smaller_than_the_largest_shift_is_correlated_too(reader):
    """One cell at half the resolution: only no shift at all overlaps."""
    camera = reader.camera_shift(*torch.ones(2, 1, 16, 2, 2))
    assert camera.abs().max().item() < 1e-3


def test_a_mean_of_places_is_exact_under_autocast():
    """Halfway between 0 and 255 px, which bfloat16 can not write."""
    weight = torch.tensor([[0.5, 0.5]])
    places = torch.tensor([[0.0, 0.0], [255.0, 1.0]])
    with torch.autocast('cpu', torch.bfloat16):
        assert expected(weight, places).tolist() == [[127.5, 0.5]]
