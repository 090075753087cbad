"""The gradient of MLDG by hand, and what must stay as it was."""

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.model import BaseModel
from mmengine.registry import init_default_scope
from torch import nn
from torch.utils import checkpoint

from mmvmtl.errors import UserError
from mmvmtl.models.detectors.mldg import slots
from mmvmtl.registry import MODELS
from mmvmtl.structures import VideoMTLDataSample

DOMAINS = ('day', 'fog')


@MODELS.register_module(force=True)
class Slope(BaseModel):
    """w x against a target of 1 per clip: loss (w x - 1)², mean over clips.

    The layer stands there twice, as RTMDet's shared ones.
    """

    def __init__(self, weight):
        super().__init__()
        layer = nn.Linear(1, 1, bias=False)
        layer.weight.data.fill_(weight)
        self.first, self.second = layer, layer
        self.register_buffer('calls', torch.zeros(()))

    def forward(self, inputs, data_samples, mode):
        self.calls += 1
        keep = torch.tensor([bool(s.labelled) for s in data_samples])
        loss = (self.second(inputs)[:, 0] - 1).square() * keep
        return dict(loss_fit=loss.sum() / keep.sum().clamp(min=1))


def clips(*domains):
    samples = []
    for domain in domains:
        meta = dict(domain=domain, labelled=('det',))
        sample = VideoMTLDataSample(metainfo=meta)
        sample.video_data_samples = [DetDataSample()]
        samples.append(sample)
    return samples


def build(weight, **settings):
    init_default_scope('mmdet')
    cfg = dict(type='mmvmtl.Slope', weight=weight)
    return MODELS.build(
        dict(type='mmvmtl.MLDG', detector=cfg, domains=DOMAINS, **settings)
    )


def run(model, inputs, *domains):
    samples = clips(*domains)
    inputs = torch.tensor(inputs)[:, None]
    total, log = model.parse_losses(model(inputs, samples, mode='loss'))
    total.backward()
    return total.item(), model.detector.first.weight.grad.item(), log


@pytest.mark.parametrize('seed', range(4))
def test_first_order_gradient_by_hand(seed):
    """w = 2, x = 1 and 3, α = 0.1, β = 0.5.

    day held out: F = (3w - 1)² = 25, F' = 30, w' = -1, G = (w' - 1)² = 4,
    G' = -4: loss 27, gradient 28. fog held out: F = 1, F' = 2, w' = 1.8,
    G = 4.4² = 19.36, G' = 2 · 4.4 · 3 = 26.4: 10.68 and 15.2.
    """
    torch.manual_seed(seed)
    model = build(2.0, inner_lr=0.1, beta=0.5)
    total, grad, log = run(model, [1.0, 3.0], 'day', 'fog')
    wanted = {25.0: (27.0, 28.0), 1.0: (10.68, 15.2)}
    seen = round(log['loss_fit'].item(), 4)
    assert (total, grad) == pytest.approx(wanted[seen], rel=1e-5)
    assert not log['held_out.loss_fit'].requires_grad


def test_either_domain_is_held_out_at_times():
    torch.manual_seed(0)
    seen = set()
    for _ in range(20):
        _, _, log = run(build(2.0), [1.0, 3.0], 'day', 'fog')
        seen.add(round(log['loss_fit'].item()))
    assert seen == {1, 25}


def test_without_beta_or_a_step_it_is_plain_training():
    """α = 0 and β = 1: F + G, the sum of both domains' losses."""
    total, grad, _ = run(build(2.0, inner_lr=0.0), [1.0, 3.0], 'day', 'fog')
    assert (total, grad) == pytest.approx((26.0, 32.0))


def test_a_batch_of_one_domain_trains_plainly():
    total, grad, log = run(build(2.0), [1.0, 3.0], 'fog', 'fog')
    assert (total, grad) == pytest.approx((13.0, 16.0))
    assert 'held_out.loss_fit' not in log


def test_shared_layers_stay_parameters_and_buffers_move_once():
    model = build(2.0)
    before = model.detector.first.weight
    run(model, [1.0, 3.0], 'day', 'fog')
    assert model.detector.second.weight is before
    assert isinstance(model.detector.first.weight, nn.Parameter)
    assert before.item() == 2.0 and model.detector.calls == 1


def test_slots_name_each_place_once():
    detector = build(2.0).detector
    weight = detector.first.weight
    state = slots(detector, {weight: weight + 1})
    places = [name for name in state if name.endswith('weight')]
    assert places == ['first.weight'] and state[places[0]].item() == 3.0


def test_an_unknown_domain_is_one_sentence():
    with pytest.raises(ValueError, match="'frog', MLDG knows day, fog"):
        run(build(2.0), [1.0], 'frog')


def test_one_domain_alone_is_nothing_to_learn_from():
    cfg = dict(type='mmvmtl.Slope', weight=1.0)
    with pytest.raises(ValueError, match='nothing to compare'):
        MODELS.build(dict(type='mmvmtl.MLDG', detector=cfg, domains=('day',)))


@pytest.mark.parametrize('reentrant', [False, True])
def test_checkpointed_activations_are_one_sentence(reentrant):
    """Backward would run them again with the parameters before the step."""
    model = build(2.0)
    layer = model.detector.second
    plain = layer.forward
    layer.forward = lambda x: checkpoint.checkpoint(
        plain, x.requires_grad_(), use_reentrant=reentrant
    )
    run(model, [1.0, 3.0], 'day', 'day')
    with pytest.raises(UserError, match=r'MLDG .*with_cp=False'):
        run(model, [1.0, 3.0], 'day', 'fog')
