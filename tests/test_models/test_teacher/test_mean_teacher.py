"""A student and its teacher."""

import copy
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner
from small_model import SIZE, build_model, make_clip, small_model_cfg
from small_training import SIZE as IMAGE
from small_training import dataset, loader, small_training

from mmvmtl.engine import TeacherHook
from mmvmtl.engine.hooks.teacher_hook import teacher_momentum
from mmvmtl.errors import UserError

BRANCHES = ['source', 'weak', 'strong']


def teacher_cfg(size=SIZE, **settings):
    detector = small_model_cfg(size)
    detector.head.heads.det.test_cfg.max_per_img = 5
    detector.head.heads.track.box_jitter = 0.0
    detector.tracker.scores = dict(high=0.0, low=None, new=0.0)
    detector.tracker.lifecycle = dict(min_hits=1)
    return dict(
        type='mmvmtl.MeanTeacher',
        detector=detector,
        pseudo=dict(box_thr=0.0, clip_thr=0.0),
        **settings,
    )


@pytest.fixture(scope='module')
def fresh():
    model = build_model(teacher_cfg())
    for part in (model.student, model.teacher):
        for conv in part.head.heads['det'].bbox_head.rtm_reg:
            # Untrained distances to a box's sides are as often negative.
            torch.nn.init.ones_(conv.bias)
    return model


def test_an_alignment_that_would_never_see_two_domains_is_refused():
    cfg = teacher_cfg()
    cfg['detector'].domain = dict(
        type='mmvmtl.DomainAlignment',
        domains=('day', 'fog'),
        distance=dict(type='mmvmtl.CORAL'),
    )
    with pytest.raises(UserError, match='one domain at a time'):
        build_model(cfg)


@pytest.fixture
def model(fresh):
    model = copy.deepcopy(fresh).train()
    model.teaching = True
    return model


def batch(*branches):
    """Two frames a branch; the views of the target share their pixels."""
    inputs, samples = {}, {}
    for branch in branches:
        draw = torch.Generator().manual_seed(int(branch == 'source'))
        inputs[branch] = torch.randn(2, 3, *SIZE, generator=draw)
        samples[branch] = [make_clip(2, video=3)]
    return inputs, samples


def test_both_begin_alike_and_the_teacher_stays_in_eval_mode(fresh):
    student = fresh.student.state_dict()
    for name, value in fresh.teacher.state_dict().items():
        assert torch.equal(value, student[name]), name
    fresh.train()
    assert fresh.student.training and not fresh.teacher.training


def test_no_gradient_and_no_step_reach_the_teacher(model):
    before = copy.deepcopy(model.teacher.state_dict())
    losses = model(*batch(*BRANCHES), mode='loss')
    losses['loss_mtl'].backward()
    assert all(p.grad is None for p in model.teacher.parameters())
    assert all(p.grad is not None for p in model.student.parameters())
    for name, value in model.teacher.named_parameters():
        assert torch.equal(value, before[name]), name


def test_the_teacher_normalises_by_the_weak_views(model):
    """And keeps their statistics; those of the source are not in them."""
    shifted = copy.deepcopy(model)
    torch.manual_seed(0)
    inputs, samples = batch(*BRANCHES)
    model(inputs, samples, mode='loss')
    inputs['source'] = 10 * inputs['source']
    shifted(inputs, samples, mode='loss')
    name = 'backbone.stem.0.bn.running_mean'
    first, other = model.teacher.state_dict(), shifted.teacher.state_dict()
    assert torch.equal(first[name], other[name])
    assert first[name].any()
    inputs['weak'] = 10 * inputs['weak']
    shifted(inputs, samples, mode='loss')
    assert not torch.allclose(shifted.teacher.state_dict()[name], first[name])
    assert not any(m.training for m in model.teacher.modules())


def test_the_total_is_the_weighted_sum_of_the_domains(fresh):
    """In eval mode, so that norms do not move between the calls."""
    totals = {}
    for source, target in ((1, 0), (0, 1), (2, 0.5)):
        model = copy.deepcopy(fresh).eval()
        model.teaching = True
        model.source_weight, model.target_weight = source, target
        losses = model(*batch(*BRANCHES), mode='loss')
        totals[source, target] = losses['loss_mtl'].item()
        assert 'source_det.loss_cls' in losses
        assert 'target_track.loss_embed' in losses
    wanted = 2 * totals[1, 0] + 0.5 * totals[0, 1]
    assert totals[2, 0.5] == pytest.approx(wanted, rel=1e-5)
    assert totals[0, 1] > 0


def test_a_clip_label_is_of_the_whole_clip(model):
    """As in training: every frame is described, and all are classified."""
    head = model.teacher.head.heads['cls']
    seen, score = [], head.score
    head.score = lambda clips: (seen.append(clips), score(clips))[1]
    settings = head.stride, head.window
    inputs, samples = batch('weak', 'strong')
    model.label(inputs['weak'], samples['weak'], samples['strong'])
    (clips,) = seen
    assert clips.shape[:2] == (1, 2)
    # The second frame's velocities are known.
    assert clips[0, 1].isfinite().any() and (head.stride > 1)
    assert (head.stride, head.window) == settings


def test_the_game_is_one_over_both_domains(fresh):
    """Whatever each counts; none of it in the burn-in."""
    model = copy.deepcopy(fresh).eval()
    model.source_weight, model.target_weight = 3.0, 0.5
    shares = []
    loss = model.student.loss

    def watched(*args):
        shares.append(model.student.domain_share)
        return loss(*args)

    model.student.loss = watched
    for teaching in (True, False):
        model.teaching = teaching
        model(*batch(*BRANCHES), mode='loss')
    weighted = [s * w for s, w in zip(shares, (3.0, 0.5, 3.0), strict=True)]
    assert weighted == [0.5, 0.5, 0]


def test_the_target_labels_are_never_looked_at(fresh):
    model = copy.deepcopy(fresh).eval()
    model.teaching = True
    one = model(*batch(*BRANCHES), mode='loss')
    inputs, samples = batch(*BRANCHES)
    for view in ('weak', 'strong'):
        samples[view] = [make_clip(2, boxes=1, video=1)]
    other = model(inputs, samples, mode='loss')
    assert one['loss_mtl'] == other['loss_mtl']


def test_burn_in_learns_from_the_source_alone(model):
    model.teaching = False
    losses = model(*batch(*BRANCHES), mode='loss')
    assert not any(name.startswith('target') for name in losses)


def test_burn_in_without_a_source_clip_learns_nothing(model):
    """A batch of the target alone is a step of zeros, with all parameters."""
    model.teaching = False
    total, _ = model.parse_losses(model(*batch('weak', 'strong'), mode='loss'))
    total.backward()
    grads = [p.grad for p in model.student.parameters()]
    assert all(g is not None and not g.any() for g in grads)


@pytest.mark.parametrize(
    ('branches', 'prefix'), [(['source'], 'source'), (BRANCHES[1:], 'target')]
)
def test_a_batch_without_a_domain(model, branches, prefix):
    losses = model(*batch(*branches), mode='loss')
    losses.pop('loss_mtl').backward()
    assert all(name.startswith(prefix) for name in losses)


def test_a_rank_without_a_domain_takes_part_with_nothing(model, monkeypatch):
    """Another rank has target clips: this one loses 0, with all parameters."""

    def of_two_ranks(flags, op):
        flags.fill_(1)

    monkeypatch.setattr(
        'mmvmtl.models.teacher.mean_teacher.all_reduce', of_two_ranks
    )
    losses = model(*batch('source'), mode='loss')
    assert losses['target_det.loss_none'] == 0
    model.source_weight = 0
    losses = model(*batch('source'), mode='loss')
    losses['loss_mtl'].backward()
    grads = [p.grad for p in model.student.parameters()]
    assert all(g is not None and not g.any() for g in grads)


def test_a_checkpoint_of_the_bare_detector_loads_into_both(fresh):
    model = copy.deepcopy(fresh)
    weights = {k: v + 1 for k, v in fresh.student.state_dict().items()}
    model.load_state_dict(weights)
    for part in (model.student, model.teacher):
        for name, value in part.state_dict().items():
            assert torch.equal(value, weights[name]), name
    model.load_state_dict(fresh.state_dict())
    assert torch.equal(
        next(model.student.parameters()), next(fresh.student.parameters())
    )


def test_the_teacher_is_what_predicts(model):
    model.eval()
    with torch.no_grad():
        for parameter in model.student.parameters():
            parameter.fill_(torch.nan)
    inputs, samples = batch('weak')
    (sample,) = model(inputs['weak'], samples['weak'], mode='predict')
    assert len(sample[0].pred_instances)
    assert sample[0].pred_instances.scores.isfinite().all()
    assert sample.pred_score.isfinite().all()


def test_the_running_mean_by_hand(fresh):
    """m = 1/4: a parameter of 0 becomes 1 with a student of 4."""
    model = copy.deepcopy(fresh)
    for value in model.student.state_dict().values():
        value.fill_(4)
    for value in model.teacher.state_dict().values():
        value.fill_(0)
    hook = TeacherHook(0.25)
    hook.momentum_update(model, teacher_momentum(5, 0.25, 5))
    buffers = dict(model.teacher.named_buffers(remove_duplicate=False))
    for name, value in model.teacher.state_dict().items():
        # Its norm layers look at the target themselves.
        assert (value == (0 if name in buffers else 1)).all(), name


def test_in_the_burn_in_the_teacher_is_a_copy(fresh):
    model = copy.deepcopy(fresh)
    for value in model.student.state_dict().values():
        value.fill_(4)
    TeacherHook(0.25, burn_in=5).momentum_update(
        model, teacher_momentum(4, 0.25, 5)
    )
    assert all((v == 4).all() for v in model.teacher.state_dict().values())


@pytest.mark.parametrize(
    ('iteration', 'burn_in', 'momentum'),
    [(0, 0, 0.1), (0, 3, 1.0), (2, 3, 1.0), (3, 3, 0.1), (9, 3, 0.1)],
)
def test_momentum_follows_from_the_iteration(iteration, burn_in, momentum):
    assert teacher_momentum(iteration, 0.1, burn_in) == momentum


@pytest.mark.parametrize(('momentum', 'burn_in'), [(0, 0), (1, 0), (0.1, -1)])
def test_hook_arguments_out_of_range(momentum, burn_in):
    with pytest.raises(ValueError, match='must'):
        TeacherHook(momentum, burn_in)


def _domain(seed, **branches):
    data = dataset('train', 4, clip=dict(length=2), seed=seed)
    data['fresh'] = False
    *load, pack = data['pipeline']
    split = dict(type='mmdet.MultiBranch', branch_field=BRANCHES)
    split.update({name: [*views, pack] for name, views in branches.items()})
    data['pipeline'] = [*load, split]
    return data


def run(work_dir, iterations, resume=False, **changes):
    cfg = small_training(work_dir)
    blur = dict(
        type='mmvmtl.ClipPhotometric',
        transforms=[dict(type='mmvmtl.BlurAndNoise', blur=0, noise=0)],
    )
    data = dict(
        type='ConcatDataset',
        datasets=[_domain(0, source=[]), _domain(9, weak=[], strong=[blur])],
    )
    sampler = dict(
        type='mmdet.MultiSourceSampler', batch_size=2, source_ratio=[1, 1]
    )
    cfg.model = teacher_cfg(IMAGE)
    cfg.train_dataloader = loader(data, 2, sampler)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=iterations)
    cfg.default_hooks.checkpoint = dict(
        type='CheckpointHook', by_epoch=False, interval=2
    )
    cfg.custom_hooks = [
        dict(type='mmvmtl.TeacherHook', momentum=0.25, burn_in=1)
    ]
    cfg.log_processor = dict(by_epoch=False)
    for key in ('val_dataloader', 'val_evaluator', 'val_cfg'):
        cfg[key] = None
    cfg.resume = resume
    cfg.merge_from_dict(changes)
    cfg.experiment_name = f'{work_dir}-{iterations}-{resume}'
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


def test_a_resumed_run_equals_one_that_never_stopped(tmp_path):
    """Bitwise, teacher included, across the end of the burn-in; in AMP."""
    amp = {'optim_wrapper.type': 'mmvmtl.AmpOptimWrapper'}
    whole = run(tmp_path / 'whole', 4, **amp)
    run(tmp_path / 'broken', 2, **amp)
    run(tmp_path / 'broken', 4, resume=True, **amp)
    one, other = (
        torch.load(tmp_path / name / 'iter_4.pth', weights_only=False)
        for name in ('whole', 'broken')
    )
    for name, value in one['state_dict'].items():
        assert torch.equal(value, other['state_dict'][name]), name
    name = 'head.heads.track.embed.weight'
    student, teacher = (
        one['state_dict'][f'{part}.{name}'] for part in ('student', 'teacher')
    )
    assert not torch.equal(student, teacher)
    # Of what has no gradient the optimizer keeps nothing.
    frozen = sum(1 for _ in whole.model.teacher.parameters())
    states = one['optimizer']['state']
    every = sum(len(g['params']) for g in one['optimizer']['param_groups'])
    assert len(states) <= every - frozen
    assert Path(whole.work_dir).is_dir()


def test_the_hook_refuses_another_model(tmp_path):
    cfg = small_training(tmp_path)
    cfg.custom_hooks = [dict(type='mmvmtl.TeacherHook')]
    for key in ('val_dataloader', 'val_evaluator', 'val_cfg'):
        cfg[key] = None
    cfg.experiment_name = str(tmp_path)
    with pytest.raises(UserError, match='VideoMTLDetector; use it with'):
        Runner.from_cfg(cfg).train()


def test_synchronised_norms_need_the_target_on_every_rank(fresh):
    """They would wait for the rank that has none."""
    model = copy.deepcopy(fresh)
    model._refuse_to_wait(False)
    model.teacher = torch.nn.SyncBatchNorm.convert_sync_batchnorm(
        model.teacher
    )
    model._refuse_to_wait(True)
    with pytest.raises(UserError, match='MixedBatchSampler'):
        model._refuse_to_wait(False)
