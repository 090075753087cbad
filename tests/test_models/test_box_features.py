import torch

from mmvmtl.models.box_features import grid_in_box, pad_boxes, sample_points


def test_grid_points_are_the_centres_of_the_cells():
    """A 4×8 box at (10, 20) cut in 2×2: by hand."""
    points = grid_in_box(torch.tensor([[10.0, 20.0, 14.0, 28.0]]), 2)
    assert points[0].tolist() == [[11, 22], [13, 22], [11, 26], [13, 26]]


def test_a_cell_is_read_at_its_centre_and_halfway_is_the_mean():
    """Cell (i, j) covers pixels 8j..8j+8: its centre is at 8j + 4."""
    feat = torch.arange(12.0).reshape(1, 1, 3, 4)
    points = torch.tensor([[[[12.0, 4.0], [16.0, 4.0], [12.0, 20.0]]]])
    values = sample_points(feat, points, 8)[0, 0, :, 0]
    assert torch.allclose(values, torch.tensor([1, 1.5, 9]))


def test_outside_of_the_map_there_are_zeros():
    feat = torch.ones(1, 2, 3, 4)
    points = torch.tensor([[[[-50.0, 4.0]]]])
    assert sample_points(feat, points, 8).abs().sum() == 0


def test_padding_marks_what_is_real():
    boxes, real = pad_boxes([torch.ones(2, 4), torch.ones(0, 4)])
    assert boxes.shape == (2, 2, 4)
    assert real.tolist() == [[True, True], [False, False]]


def test_no_box_in_any_frame_still_gives_one_slot():
    boxes, real = pad_boxes([torch.ones(0, 4)])
    assert boxes.shape == (1, 1, 4)
    assert not real.any()


def test_half_precision_reads_a_cell_where_it_is():
    """At the centre of a cell far right there is nothing to interpolate."""
    feat = torch.randn(1, 3, 4, 160).bfloat16()
    points = torch.tensor([[[[8 * 150 + 4.0, 12.0], [8 * 129 + 4.0, 20.0]]]])
    values = sample_points(feat, points, 8)[0, 0]
    assert values.dtype == torch.bfloat16
    assert torch.equal(values[0], feat[0, :, 1, 150])
    assert torch.equal(values[1], feat[0, :, 2, 129])
