"""bfloat16 training on the CPU, in a real Runner."""

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner
from torch import nn

from mmvmtl.engine.amp_optim_wrapper import AmpOptimWrapper

cpu_only = pytest.mark.skipif(
    torch.cuda.is_available(), reason='the CPU path, and here is a GPU'
)


class Line(BaseModel):
    """y = w x, and it remembers the type its product was computed in."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 1, bias=False)
        self.computed_in = []

    def forward(self, inputs, data_samples=None, mode='loss'):
        out = self.linear(inputs)
        self.computed_in.append(out.dtype)
        return dict(loss_mean=out.float().mean())


def build(model, **kwargs):
    optimizer = dict(type='SGD', lr=0.5)
    return build_optim_wrapper(
        model, dict(type='mmvmtl.AmpOptimWrapper', optimizer=optimizer,
                    **kwargs))  # fmt: skip


def step(model, wrapper, inputs):
    with wrapper.optim_context(model):
        loss = model(inputs)['loss_mean']
    wrapper.update_params(loss)


@cpu_only
def test_forward_is_bfloat16_and_weights_stay_float32():
    model = Line()
    step(model, build(model), torch.ones(2, 4))
    assert model.computed_in == [torch.bfloat16]
    assert model.linear.weight.dtype == torch.float32


@cpu_only
def test_one_step_by_hand():
    """d mean(w x) / dw = mean(x) = 2, so one SGD step moves w by -1."""
    model = Line()
    before = model.linear.weight.detach().clone()
    step(model, build(model), torch.full((3, 4), 2.0))
    torch.testing.assert_close(model.linear.weight, before - 1)


@cpu_only
def test_clipping_limits_the_step():
    """Gradient (2, 2, 2, 2) has norm 4; clipped to 1 it is 0.5 each."""
    model = Line()
    before = model.linear.weight.detach().clone()
    wrapper = build(model, clip_grad=dict(max_norm=1.0))
    step(model, wrapper, torch.full((3, 4), 2.0))
    torch.testing.assert_close(
        model.linear.weight, before - 0.25, rtol=0, atol=1e-5
    )


@cpu_only
def test_accumulation_equals_the_joined_batch():
    """Two halves with accumulation move the weights as the whole does."""
    whole, halves = Line(), Line()
    halves.load_state_dict(whole.state_dict())
    inputs = torch.tensor([1.0, 3.0])[:, None].expand(2, 4)
    step(whole, build(whole), inputs)
    wrapper = build(halves, accumulative_counts=2)
    wrapper.initialize_count_status(halves, 0, 2)
    before = halves.linear.weight.detach().clone()
    step(halves, wrapper, inputs[:1])
    torch.testing.assert_close(halves.linear.weight, before)
    step(halves, wrapper, inputs[1:])
    torch.testing.assert_close(halves.linear.weight, whole.linear.weight)


@cpu_only
def test_another_type_is_refused():
    with pytest.raises(ValueError, match='bfloat16'):
        build(Line(), dtype='float16')


@cpu_only
def test_state_of_a_gpu_run_loads_on_the_cpu_and_back():
    """The scaler's state is dropped here and not missed by a GPU."""
    wrapper = build(Line())
    state = wrapper.state_dict()
    assert state['loss_scaler'] == {}
    state['loss_scaler'] = dict(scale=65536.0)
    wrapper.load_state_dict(state)

    enabled = build(Line())
    enabled.loss_scaler = torch.amp.GradScaler('cpu', enabled=True)
    enabled.load_state_dict(build(Line()).state_dict())


@cpu_only
def test_runner_trains_and_resumes(tmp_path):
    """Two epochs in one go equal one epoch, a resume and one more."""

    def run(work_dir, epochs, resume=False):
        torch.manual_seed(0)
        runner = Runner(
            model=Line(),
            work_dir=str(work_dir),
            train_dataloader=dict(
                dataset=[dict(inputs=torch.ones(4) * i) for i in range(4)],
                sampler=dict(type='DefaultSampler', shuffle=False),
                batch_size=2,
                collate_fn=dict(type='default_collate'),
            ),
            train_cfg=dict(by_epoch=True, max_epochs=epochs),
            optim_wrapper=dict(
                type='mmvmtl.AmpOptimWrapper',
                optimizer=dict(type='SGD', lr=0.1, momentum=0.9),
            ),
            default_hooks=dict(logger=None),
            resume=resume,
            experiment_name=f'{tmp_path.name}-{work_dir.name}-{epochs}',
        )
        runner.train()
        return runner.model.linear.weight.detach()

    straight = run(tmp_path / 'straight', 2)
    run(tmp_path / 'broken', 1)
    resumed = run(tmp_path / 'broken', 2, resume=True)
    torch.testing.assert_close(resumed, straight, rtol=0, atol=0)


def test_is_registered_under_our_scope():
    from mmengine.registry import OPTIM_WRAPPERS

    assert OPTIM_WRAPPERS.get('mmvmtl.AmpOptimWrapper') is AmpOptimWrapper
