"""What "alone" and "together" make of a config."""

import pytest
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from small_model import CONFIGS, build_model, small_model_cfg

from mmvmtl.apis.joint_runs import alone, at_true_boxes, tasks_of, together
from mmvmtl.errors import UserError
from mmvmtl.registry import MODELS


@pytest.fixture
def cfg():
    init_default_scope('mmdet')
    return Config.fromfile(CONFIGS / 'synthetic/video_mtl_rtmdet_tiny.py')


def heads_of(cfg):
    return {
        name: head['type'].removeprefix('mmvmtl.')
        for name, head in cfg.model.head.heads.items()
        if head is not None
    }


def metrics_of(cfg):
    return [metric['type'] for metric in cfg.test_evaluator]


def test_detection_alone_is_a_detector(cfg):
    single = alone(cfg, 'det')
    assert heads_of(single) == dict(det='DenseDetection')
    assert single.model.tracker is None
    assert single.model.loss.weights == dict(det=1)
    assert metrics_of(single) == ['mmvmtl.VideoDetMetric']


def test_tracking_alone_is_given_the_boxes(cfg):
    single = alone(cfg, 'track')
    assert heads_of(single) == dict(det='TrueBoxes', track='TrackHead')
    assert single.model.loss.weights == dict(track=1, det=0)
    assert metrics_of(single) == ['mmvmtl.MOTMetric', 'mmvmtl.ReIDMetric']


def test_clip_labels_alone_teach_the_velocities_they_read(cfg):
    single = alone(cfg, 'cls')
    assert heads_of(single) == dict(
        det='TrueBoxes', track='TrackHead', cls='GroupMotionHead'
    )
    assert single.model.loss.weights == dict(cls=1, track=0, det=0)
    assert metrics_of(single) == ['mmvmtl.VideoClsMetric']


def test_a_task_alone_trains_the_trunk_with_its_loss_only(cfg, clip_batch):
    """The weighted total is the task's own loss."""
    small = Config(dict(model=small_model_cfg()))
    for task in ('det', 'track', 'cls'):
        model = build_model(alone(small, task).model).train()
        losses = model(*clip_batch, mode='loss')
        own = sum(
            value for k, value in losses.items() if k.startswith(f'{task}.')
        )
        assert own > 0
        assert losses['loss_mtl'].item() == pytest.approx(own.item(), rel=1e-5)
        losses['loss_mtl'].backward()
        grads = [p.grad for p in model.backbone.parameters()]
        assert sum(g.abs().sum() for g in grads if g is not None) > 0


@pytest.fixture
def clip_batch():
    import torch
    from small_model import SIZE, make_clip

    torch.manual_seed(0)
    return torch.randn(4, 3, *SIZE), [make_clip(2), make_clip(2, video=1)]


def test_the_original_is_left_alone(cfg):
    before = cfg.pretty_text
    alone(cfg, 'cls')
    together(cfg, 'sum+PCGrad')
    at_true_boxes(cfg)
    assert cfg.pretty_text == before


def test_methods_change_weighting_and_branch(cfg):
    assert together(cfg, 'fixed').pretty_text == cfg.pretty_text
    joint = together(cfg, 'sum+MGDA')
    assert joint.model.loss == dict(type='mmvmtl.WeightedMTLLoss')
    assert joint.model.branch.weighting == 'MGDA'
    assert together(cfg, 'fixed+MGDA').model.loss == cfg.model.loss


def test_learned_weights_do_not_decay(cfg):
    joint = together(cfg, 'UncertaintyWeighting')
    model = build_model(small_model_cfg())
    model.weighting = MODELS.build(
        {**joint.model.loss, 'tasks': model.head.tasks}
    )
    wrapper = build_optim_wrapper(model, joint.optim_wrapper)
    decay = {
        id(p): group['weight_decay']
        for group in wrapper.param_groups
        for p in group['params']
    }
    assert decay[id(model.weighting.log_var)] == 0
    assert max(decay.values()) > 0


def test_a_method_is_not_balanced_as_the_config_is(cfg):
    cfg.model.branch = dict(type='mmvmtl.TaskBranch', weighting='PCGrad')
    assert 'branch' in together(cfg, 'fixed').model
    for method in ('sum', 'FAMO'):
        assert 'branch' not in together(cfg, method).model
    assert together(cfg, 'sum+MGDA').model.branch.weighting == 'MGDA'


@pytest.mark.parametrize('method', ['summ', 'sum+PCGard', 'TrackHead'])
def test_an_unknown_method_is_named(cfg, method):
    with pytest.raises(UserError, match=method.rpartition('+')[2]):
        together(cfg, method)


def test_joint_models_meet_the_same_boxes(cfg):
    told = at_true_boxes(cfg)
    assert heads_of(told) == dict(
        det='TrueBoxes', track='TrackHead', cls='GroupMotionHead'
    )
    assert 'mmvmtl.VideoDetMetric' not in metrics_of(told)


def test_data_sets_that_are_evaluated_apart_can_not_be_compared(cfg):
    cfg.test_evaluator = [dict(type='mmvmtl.VideoDetMetric', dataset='fish')]
    with pytest.raises(UserError, match=r'joint_against_alone\.py'):
        tasks_of(cfg)


def test_one_task_can_not_be_compared(cfg):
    cfg.model.head.heads.update(cls=None, track=None)
    with pytest.raises(UserError, match='this config has 1'):
        tasks_of(cfg)


def test_the_best_epoch_of_another_task_is_not_asked_for(cfg):
    cfg.default_hooks.checkpoint.save_best = 'det/mAP50'
    assert alone(cfg, 'track').default_hooks.checkpoint.save_best is None
    assert cfg.default_hooks.checkpoint.save_best == 'det/mAP50'


def test_metrics_of_others_are_left_out(cfg):
    cfg.test_evaluator.append(dict(type='DumpResults', out_file_path='a.pkl'))
    assert metrics_of(alone(cfg, 'det')) == ['mmvmtl.VideoDetMetric']


def test_a_regulariser_of_the_detector_does_not_ask_for_true_boxes(cfg):
    cfg.model.regularisers = [
        dict(type='mmvmtl.SharedWeightPenalty', parameters='head.heads.det',
             strength=0.1),
    ]  # fmt: skip
    assert 'regularisers' not in at_true_boxes(cfg).model
