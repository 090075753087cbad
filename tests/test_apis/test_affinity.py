"""Lookahead affinity on losses whose answer is known."""

import pytest
import torch
from mmengine.config import Config
from small_model import (
    build_model,
    make_clip,
    small_model_cfg,
    without_batch_statistics,
)
from small_training import small_training
from torch import nn

from mmvmtl.apis.affinity import Replay, lookahead_affinity, measure_affinity
from mmvmtl.errors import UserError
from mmvmtl.task_graph import TaskGraph, named_parameters

#: Losses |θ - target|² of three tasks from θ = 0.
TARGETS = torch.tensor([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])


def quadratics(theta, active=(True, True, True)):
    def graph():
        losses = ((theta - TARGETS) ** 2).sum(dim=1)
        return TaskGraph(
            ('a', 'b', 'c'), losses, torch.tensor(active), torch.ones(3)
        )

    return graph


def test_quadratics_by_hand():
    """η = 0.1: a step for a goes to (0.2, 0), one for b to (0, 0.4)."""
    theta = nn.Parameter(torch.zeros(2))
    found = lookahead_affinity(quadratics(theta), [theta], 0.1)
    wanted = [
        [1 - 0.64, 1 - 4.04 / 4, 1 - 1.44],
        [1 - 1.16, 1 - 2.56 / 4, 1 - 1.16],
        [1 - 1.44, 1 - 4.04 / 4, 1 - 0.64],
    ]
    torch.testing.assert_close(found, torch.tensor(wanted))
    assert torch.equal(theta.detach(), torch.zeros(2))


def test_small_steps_show_the_inner_product():
    r"""Z_ij -> η g_i·g_j / L_j as η goes to 0."""
    theta = nn.Parameter(torch.tensor([0.3, -0.4], dtype=torch.float64))
    graph = quadratics(theta)
    found = lookahead_affinity(graph, [theta], 1e-6) / 1e-6
    gradients = graph().gradients([theta])
    wanted = gradients @ gradients.T / graph().losses.detach()
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_a_task_without_labels_is_unknown():
    theta = nn.Parameter(torch.zeros(2))
    graph = quadratics(theta, (True, False, True))
    found = lookahead_affinity(graph, [theta], 0.1)
    known = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 0, 1]]).bool()
    assert torch.equal(found.isfinite(), known)


def test_a_ratio_to_a_negative_loss_is_unknown():
    """|θ - b|² - 9 is -5: its sign would call a harm a help."""
    theta = nn.Parameter(torch.zeros(2))

    def graph():
        found = quadratics(theta)()
        found.losses = found.losses - torch.tensor([0.0, 9.0, 0.0])
        return found

    found = lookahead_affinity(graph, [theta], 0.1)
    known = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 0, 1]]).bool()
    assert torch.equal(found.isfinite(), known)


def test_a_batch_is_replayed_to_the_bit(tmp_path):
    """Shaken boxes, running statistics and memories begin anew."""
    cfg = small_training(tmp_path)
    cfg.model.head.heads.track.box_jitter = 0.05
    cfg.randomness = dict(seed=0)
    tasks, one = measure_affinity(cfg, None, 1, 1e-3)
    _, again = measure_affinity(cfg, None, 1, 1e-3)
    assert tasks == ('det', 'track', 'cls')
    assert torch.equal(one, again)
    assert one.isfinite().all()


def test_a_step_for_a_task_lowers_its_own_loss(tmp_path):
    """Where the loss is one function: no batch statistics, no own targets."""
    cfg = small_training(tmp_path)
    size = cfg.model.data_preprocessor.input_size
    cfg.model = without_batch_statistics()
    cfg.model.data_preprocessor.input_size = size
    cfg.randomness = dict(seed=0)
    _, found = measure_affinity(cfg, None, 1, 1e-3)
    assert (found.diagonal() > 0).all()


def test_no_step_no_change():
    """Replays agree, or a step of length 0 would have an effect."""
    cfg = small_model_cfg()
    cfg.head.heads.track.box_jitter = 0.05
    model = build_model(cfg).train()
    batch = dict(
        inputs=[torch.full((2, 3, 64, 96), 99, dtype=torch.uint8)],
        data_samples=[make_clip(2)],
    )
    shared = list(named_parameters(model).values())
    found = lookahead_affinity(Replay(model, batch, 0), shared, 0.0)
    assert torch.equal(found, torch.zeros(3, 3))


def test_labels_that_a_preprocessor_changes_are_those_of_the_first_run():
    """As those of MMDetection's that resize a batch, boxes and all."""
    cfg = small_model_cfg()
    cfg.head.heads.track.box_jitter = 0.05
    model = build_model(cfg).train()
    forward = model.data_preprocessor.forward

    def shift(data, training):
        for frame in data['data_samples'][0].video_data_samples:
            frame.gt_instances.bboxes += 4
        return forward(data, training)

    model.data_preprocessor.forward = shift
    frames = torch.full((2, 3, 64, 96), 99, dtype=torch.uint8)
    batch = dict(inputs=[frames], data_samples=[make_clip(2)])
    replay = Replay(model, batch, 0)
    assert torch.equal(replay().losses, replay().losses)


@pytest.mark.parametrize('method', [None, 'mmvmtl.FAMO'])
def test_a_checkpoint_of_any_method_serves(tmp_path, method):
    cfg = small_training(tmp_path)
    model = build_model(cfg.model)
    path = str(tmp_path / 'weights.pth')
    torch.save(dict(state_dict=model.state_dict()), path)
    if method:
        cfg.model.loss = dict(type=method)
    _, found = measure_affinity(cfg, path, 1, 1e-3)
    assert found.isfinite().all()


def test_a_model_without_tasks_is_refused():
    model = dict(type='mmdet.ResNet', depth=18, base_channels=8)
    with pytest.raises(UserError, match='ResNet has no named tasks'):
        measure_affinity(Config(dict(model=model)), None, 1, 1e-3)
