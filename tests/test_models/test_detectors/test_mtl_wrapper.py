"""Stock models as models of several tasks."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
import stock_models
import torch
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from mmvmtl.config_guard import check_config
from mmvmtl.errors import UserError
from mmvmtl.models import TaskBranch
from mmvmtl.registry import MODELS
from mmvmtl.task_graph import TaskGraph

TASKS = dict(cls=['loss_cls'], box=['loss_b*'])
MODELS_OF = {
    'retinanet': (stock_models.retinanet, 'mmdet', TASKS),
    'rtmdet': (stock_models.rtmdet, 'mmdet', TASKS),
    'tsn': (stock_models.tsn, 'mmaction', dict(cls=['loss_cls'])),
}


def wrapped(model, tasks=TASKS, **settings):
    return dict(type='mmvmtl.MTLWrapper', model=model, tasks=tasks, **settings)


def train(model, work_dir, scope):
    runner = Runner.from_cfg(stock_models.run_cfg(model, work_dir, scope))
    runner.train()
    (log,) = Path(work_dir).glob('*/vis_data/scalars.json')
    return runner.model, work_dir / 'epoch_1.pth', log


@pytest.fixture(scope='module', params=MODELS_OF)
def pair(request, tmp_path_factory):
    """A plain model and a wrapped one, after the same training."""
    build, scope, tasks = MODELS_OF[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    plain = train(build(), folder / 'plain', scope)
    return plain, train(wrapped(build(), tasks), folder / 'wrapped', scope)


def test_weights_of_one_change_nothing(pair):
    """Two iterations in a Runner end in the same bits and names."""
    plain, joint = (model.state_dict() for model, _, _ in pair)
    assert plain.keys() == joint.keys()
    for name, value in plain.items():
        assert torch.equal(value, joint[name]), name


def test_what_is_logged_keeps_its_names(pair):
    rows = [json.loads(log.read_text().splitlines()[0]) for _, _, log in pair]
    losses = [{k: v for k, v in r.items() if 'loss' in k} for r in rows]
    assert losses[0] == pytest.approx(losses[1])
    assert 'loss_cls' in losses[1]


def test_checkpoints_load_either_way(pair):
    """Of a plain run into a wrapped model, and back."""
    (plain, of_plain, _), (joint, of_joint, _) = pair
    for model, path in ((joint, of_plain), (plain, of_joint)):
        state = torch.load(path, weights_only=False)['state_dict']
        model.load_state_dict(state, strict=True)


@pytest.fixture
def retinanet():
    """Build the wrapped RetinaNet, changed by settings of the wrapper."""

    def build(tasks=TASKS, **settings):
        init_default_scope('mmdet')
        torch.manual_seed(0)
        model = MODELS.build(
            ConfigDict(wrapped(stock_models.retinanet(), tasks, **settings))
        )
        model.init_weights()
        return model.train()

    return build


@pytest.fixture(scope='module')
def batch():
    """Two frames with two boxes each, as a RetinaNet is given them."""
    from mmdet.structures import DetDataSample
    from mmengine.structures import InstanceData

    samples = []
    for shift in (0.0, 9.0):
        sample = DetDataSample(
            metainfo=dict(
                img_shape=(64, 64),
                ori_shape=(64, 64),
                pad_shape=(64, 64),
                batch_input_shape=(64, 64),
                scale_factor=(1.0, 1.0),
            )
        )
        corner = torch.tensor([[4.0, 6.0], [30.0, 20.0]]) + shift
        sample.gt_instances = InstanceData(
            bboxes=torch.cat([corner, corner + 18], dim=1),
            labels=torch.tensor([0, 3]),
        )
        samples.append(sample)
    draw = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, 64, 64, generator=draw), samples


def gradients(model, batch):
    model.zero_grad()
    losses = model(*copy.deepcopy(batch), mode='loss')
    model.parse_losses(losses)[0].backward()
    return {
        name: p.grad.clone()
        for name, p in model.named_parameters()
        if p.grad is not None
    }


def test_a_weight_scales_its_task(retinanet, batch):
    """Boxes at weight 0 leave the box branch without a gradient."""
    weights = dict(type='mmvmtl.WeightedMTLLoss', weights=dict(cls=2, box=0))
    plain = gradients(retinanet(), batch)
    found = gradients(retinanet(loss=weights), batch)
    last = 'bbox_head.retina_cls.weight'
    assert torch.allclose(found[last], 2 * plain[last])
    assert not found['bbox_head.retina_reg.weight'].any()


def test_a_branch_that_only_sums_changes_nothing(retinanet, batch):
    """Around the cut come the gradients of the plain sum, with weights."""
    weights = dict(type='mmvmtl.WeightedMTLLoss', weights=dict(cls=2, box=3))
    plain = gradients(retinanet(loss=weights), batch)
    branch = dict(type='mmvmtl.TaskBranch')
    found = gradients(retinanet(loss=weights, branch=branch), batch)
    assert plain.keys() == found.keys()
    for name, value in plain.items():
        torch.testing.assert_close(
            found[name], value, rtol=1e-4, atol=1e-6, msg=name
        )


@MODELS.register_module(force=True)
class OnlyBoxes(TaskBranch):
    """Let nothing but the boxes into the trunk."""

    def forward(self, feats, tasks):
        stopped = tuple(feat.detach() for feat in feats)
        return {task: feats if task == 'box' else stopped for task in tasks}


def test_a_branch_decides_what_the_trunk_receives(retinanet, batch):
    """The trunk learns from the boxes alone, the head from all."""
    weights = dict(type='mmvmtl.WeightedMTLLoss', weights=dict(cls=0, box=1))
    boxes = gradients(retinanet(loss=weights), batch)
    plain = gradients(retinanet(), batch)
    found = gradients(retinanet(branch=dict(type='mmvmtl.OnlyBoxes')), batch)
    for name, value in found.items():
        wanted = plain if name.startswith('bbox_head') else boxes
        torch.testing.assert_close(
            value, wanted[name], rtol=1e-4, atol=1e-6, msg=name
        )


@pytest.mark.parametrize('gramian', ['features', 'parameters'])
@pytest.mark.parametrize('scale_heads', [False, True])
def test_balanced_like_a_model_made_for_it(
    retinanet, batch, gramian, scale_heads
):
    """The trunk gets Σ w_k g_k; the head its own, or the same weights."""
    branch = dict(
        type='mmvmtl.TaskBranch',
        weighting='MGDA',
        gramian=gramian,
        scale_heads=scale_heads,
    )
    tasks = [
        gradients(
            retinanet(
                loss=dict(
                    type='mmvmtl.WeightedMTLLoss',
                    weights={**dict(cls=0, box=0), task: 1},
                )
            ),
            batch,
        )
        for task in TASKS
    ]
    model = retinanet(branch=branch)
    found = gradients(model, batch)
    weights = model.branch.balancer.step_weights
    assert weights.sum() == pytest.approx(2)
    assert (weights - 1).abs().max() > 0.1
    for name, value in found.items():
        both = [torch.zeros_like(value), torch.zeros_like(value)]
        both = [g.get(name, zero) for g, zero in zip(tasks, both)]
        in_head = name.startswith('bbox_head') and not scale_heads
        used = torch.ones(2) if in_head else weights
        wanted = used[0] * both[0] + used[1] * both[1]
        torch.testing.assert_close(
            value, wanted, rtol=1e-3, atol=1e-5, msg=name
        )


@pytest.fixture
def lossy():
    """Gradients of a TSN with that neck, and the model itself."""
    from mmaction.structures import ActionDataSample

    samples = [ActionDataSample().set_gt_label(k) for k in range(2)]
    draw = torch.Generator().manual_seed(0)
    clips = torch.rand(2, 2, 3, 32, 32, generator=draw)

    def run(**settings):
        init_default_scope('mmaction')
        torch.manual_seed(0)
        tasks = dict(cls=['loss_cls'], aux=['loss_aux'])
        tsn = stock_models.tsn_with_neck()
        model = MODELS.build(ConfigDict(wrapped(tsn, tasks, **settings)))
        torch.manual_seed(0)
        return model, gradients(model.train(), (clips, samples))

    return run


def test_a_loss_of_the_trunk_is_balanced_by_parameters(lossy):
    """The backbone gets Σ w_k g_k, measured where both losses reach."""
    alone = [
        lossy(
            loss=dict(
                type='mmvmtl.WeightedMTLLoss',
                weights={**dict(cls=0, aux=0), task: 1},
            )
        )[1]['backbone.conv1.conv.weight']
        for task in ('cls', 'aux')
    ]
    branch = dict(
        type='mmvmtl.TaskBranch', weighting='MGDA', gramian='parameters'
    )
    model, found = lossy(branch=branch)
    weights = model.branch.balancer.step_weights
    assert (weights - 1).abs().max() > 0.1
    wanted = weights[0] * alone[0] + weights[1] * alone[1]
    torch.testing.assert_close(
        found['backbone.conv1.conv.weight'], wanted.float(),
        rtol=1e-3, atol=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize('scale_heads', [False, True])
def test_a_loss_of_the_trunk_is_no_feature(lossy, scale_heads):
    branch = dict(
        type='mmvmtl.TaskBranch', weighting='MGDA', scale_heads=scale_heads
    )
    with pytest.raises(UserError, match=r"own.*set gramian='parameters'"):
        lossy(branch=branch)


def test_the_weight_of_each_task_is_logged(retinanet, batch):
    """As our detector does; it is no loss."""
    weights = dict(type='mmvmtl.WeightedMTLLoss', weights=dict(cls=2, box=3))
    model = retinanet(loss=weights)
    losses = model(*copy.deepcopy(batch), mode='loss')
    total, log = model.parse_losses(losses)
    assert (log['weight.cls'], log['weight.box']) == (2, 3)
    wanted = 2 * log['loss_cls'] + 3 * log['loss_bbox']
    torch.testing.assert_close(total, wanted)


def test_what_balancing_did_is_logged(retinanet, batch):
    """Those last used; nothing where nothing is balanced."""
    branch = dict(type='mmvmtl.TaskBranch', weighting='MGDA', scale_heads=True)
    model = retinanet(branch=branch)
    losses = model(*copy.deepcopy(batch), mode='loss')
    _, log = model.parse_losses(losses)
    used = model.branch.balancer.step_weights.tolist()
    assert [log[f'balance.{task}'].item() for task in TASKS] == used
    assert used != [1, 1]
    assert TaskBranch(TASKS).log(TASKS) == {}


@pytest.mark.parametrize('branch', [None, dict(type='mmvmtl.TaskBranch')])
def test_an_observer_sees_each_task(retinanet, batch, branch):
    """Its gradients add up to that of the step, weighted."""
    weights = dict(type='mmvmtl.WeightedMTLLoss', weights=dict(cls=2, box=3))
    model = retinanet(loss=weights, branch=branch)
    seen = []
    parameter = model.backbone.layer1[0].conv1.weight

    def observer(graph: TaskGraph):
        seen.append((graph, graph.gradients([parameter])))

    model.observer = observer
    found = gradients(model, batch)['backbone.layer1.0.conv1.weight']
    ((graph, rows),) = seen
    assert graph.tasks == ('cls', 'box')
    assert graph.weights.tolist() == [2, 3]
    torch.testing.assert_close(
        graph.weights @ rows, found.flatten(), rtol=1e-4, atol=1e-6
    )


def test_predictions_are_those_of_the_plain_model(retinanet, batch):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    plain = MODELS.build(ConfigDict(stock_models.retinanet()))
    plain.init_weights()
    inputs, samples = batch
    found = [
        model.eval()(inputs, copy.deepcopy(samples), mode='predict')
        for model in (plain, retinanet(branch=dict(type='mmvmtl.TaskBranch')))
    ]
    for one, other in zip(*found, strict=True):
        assert torch.equal(
            one.pred_instances.bboxes, other.pred_instances.bboxes
        )


MISTAKES = {
    'claimed twice': (
        dict(a=['loss_cls', 'loss_bbox'], b=['loss_cls']),
        "'loss_cls' is claimed by task 'a' and by 'b'",
    ),
    'claimed twice by a pattern': (
        dict(a=['loss_cls', 'loss_bbox'], b=['loss_c*']),
        "'loss_cls' is claimed by task 'a' and by 'b'",
    ),
    'claimed by none': (
        dict(a=['loss_cls']),
        "'loss_bbox' belongs to no task",
    ),
    'matches nothing': (
        dict(a=['loss_clas'], b=['loss_bbox']),
        "no loss 'loss_clas'.*did you mean 'loss_cls'",
    ),
    'no tasks': ({}, 'no tasks'),
    'no list': (dict(a='loss_cls'), "task 'a' has no list"),
}


@pytest.mark.parametrize('mistake', MISTAKES)
def test_mistakes_are_one_sentence(retinanet, batch, mistake):
    tasks, sentence = MISTAKES[mistake]
    with pytest.raises(ValueError, match=sentence) as caught:
        retinanet(tasks)(*copy.deepcopy(batch), mode='loss')
    assert '\n' not in str(caught.value)


def test_our_own_detector_is_not_wrapped(model_cfg):
    with pytest.raises(ValueError, match='of its own'):
        MODELS.build(wrapped(model_cfg))


def test_a_backbone_is_no_model():
    init_default_scope('mmdet')
    with pytest.raises(UserError, match='ResNet is no detector'):
        MODELS.build(wrapped(dict(type='ResNet', depth=18)))


def test_the_config_guard_knows_its_arguments(tmp_path):
    cfg = stock_models.run_cfg(wrapped(stock_models.retinanet()), tmp_path)
    check_config(cfg)
    cfg.model.taks = {}
    with pytest.raises(ValueError, match='taks'):
        check_config(cfg)


@pytest.mark.parametrize('name', ['retinanet', 'tsn'])
def test_builds_in_a_fresh_process(name, tmp_path):
    """With MMDet's and with MMAction2's scope, as their tools build it."""
    build, scope, tasks = MODELS_OF[name]
    Config(dict(model=wrapped(build(), tasks))).dump(tmp_path / 'model.py')
    program = (
        'import mmvmtl.compat; mmvmtl.compat.apply()\n'
        'from mmengine.config import Config\n'
        'from mmengine.registry import MODELS, init_default_scope\n'
        f'init_default_scope({scope!r})\n'
        f'cfg = Config.fromfile({str(tmp_path / "model.py")!r})\n'
        'print(type(MODELS.build(cfg.model)).__name__)\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', program],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-1] == f'MTL{build()["type"]}'
