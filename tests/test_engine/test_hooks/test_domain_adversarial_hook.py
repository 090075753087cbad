"""λ follows progress, also after a resume; lost games are told."""

import math
from pathlib import Path

import pytest
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner
from small_training import dataset, small_training

from mmvmtl.engine.hooks.domain_adversarial_hook import (
    DomainAdversarialHook,
    grl_scale,
    verdict,
)
from mmvmtl.errors import UserError
from mmvmtl.registry import HOOKS

DOMAIN = dict(
    type='mmvmtl.DomainAdversary',
    domains=('day', 'fog'),
    image=dict(in_channels=16),
    instance=dict(in_channels=16),
)


@HOOKS.register_module(force=True)
class RecordScaleHook(Hook):
    """Keep λ, the weights of both players, and the logged accuracy."""

    def __init__(self):
        self.scales, self.players, self.logged = [], [], []

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ):
        model = runner.model
        self.scales.append(model.domain.reversal.scale.item())
        pair = (
            model.domain.image[0].net[0].weight,
            model.backbone.stem[0].conv.weight,
        )
        self.players.append([w.detach().clone() for w in pair])
        self.logged.append(outputs)


@pytest.mark.parametrize(
    'progress, scale', [(0, 0), (0.5, 0.987), (1, 0.9999), (0.1, 0.462)]
)
def test_scale_by_the_paper(progress, scale):
    assert grl_scale(progress) == pytest.approx(scale, abs=5e-4)


def test_gamma_is_how_early():
    """tanh(γ p / 2): γ = 2 at p = 1 is tanh 1."""
    assert grl_scale(1, 2) == pytest.approx(math.tanh(1))


@pytest.mark.parametrize(
    'accuracies, chance, wanted',
    [
        ([1.0] * 50, 0.5, 'perfect'),
        ([1.0] * 49 + [0.5], 0.5, 'perfect'),
        ([0.9] * 50, 0.5, None),
        ([0.25, 0.75] * 25, 0.5, 'chance'),
        ([0.5] * 50, 1 / 3, None),
        ([1 / 3] * 50, 1 / 3, 'chance'),
        ([0.2] * 50, 0.5, None),
    ],
)
def test_verdict_on_scripted_games(accuracies, chance, wanted):
    assert verdict(accuracies, chance) == wanted


def config(work_dir, epochs=2, style=('day', 'fog'), **changes):
    cfg = small_training(work_dir, epochs)
    cfg.model.domain = DOMAIN
    data = dataset('train', 4, clip=dict(length=2))
    data['world'] = dict(data['world'], style=style)
    data['unlabelled'] = tuple(s for s in style if s != 'day')
    cfg.train_dataloader.dataset = data
    cfg.custom_hooks += [
        dict(type='mmvmtl.DomainAdversarialHook'),
        dict(type='mmvmtl.RecordScaleHook'),
    ]
    for key in ('val_dataloader', 'val_cfg', 'val_evaluator'):
        cfg[key] = None
    cfg.merge_from_dict(changes)
    cfg.experiment_name = f'{work_dir}-{epochs}'
    return cfg


def run(cfg):
    runner = Runner.from_cfg(cfg)
    runner.train()
    (hook,) = (h for h in runner.hooks if isinstance(h, RecordScaleHook))
    return runner, hook


def test_lambda_in_a_run_and_right_after_a_resume(tmp_path):
    """Two iterations an epoch: λ(0), λ(¼) | λ(½), λ(¾)."""
    wanted = [grl_scale(i / 4) for i in range(4)]
    _, whole = run(config(tmp_path / 'whole'))
    assert whole.scales == pytest.approx(wanted)
    # The first epoch of the same two, stopped behind it.
    _, _ = run(config(tmp_path / 'broken', epochs=1))
    _, again = run(config(tmp_path / 'broken', resume=True))
    assert again.scales == pytest.approx(wanted[2:])


def test_alternating_players_move_in_turn_under_amp(tmp_path):
    """bfloat16: D moves at even iterations, the trunk at odd ones."""
    cfg = config(tmp_path, **{'model.domain.form': 'alternating'})
    cfg.optim_wrapper.update(
        type='mmvmtl.AlternatingAmpOptimWrapper', clip_grad=dict(max_norm=35)
    )
    _, hook = run(cfg)
    still = [
        [bool((a == b).all()) for a, b in zip(one, other)]
        for one, other in zip(hook.players, hook.players[1:])
    ]
    assert still == [[True, False], [False, True], [True, False]]
    assert all(math.isfinite(v) for log in hook.logged for v in log.values())
    assert 'domain.loss_image_fool' in hook.logged[0]


def test_warns_of_a_lost_game_once_a_window(tmp_path, caplog):
    """A scripted history of accuracies: 1 all along, then in between."""
    cfg = config(tmp_path)
    cfg.custom_hooks.pop()
    runner = Runner.from_cfg(cfg)
    (hook,) = (h for h in runner.hooks if isinstance(h, DomainAdversarialHook))
    hook.window = 2
    warned = []
    runner.logger.warning = warned.append
    hook.before_train(runner)
    runner._train_loop = runner.build_train_loop(cfg.train_cfg)
    for accuracy, number in [(1.0, 1), (0.8, 0), (0.5, 1)]:
        for key in ('image', 'instance'):
            buffer = HistoryBuffer([accuracy] * 2, [1] * 2)
            runner.message_hub.log_scalars[f'train/domain.acc_{key}'] = (
                buffer if key == 'image' else HistoryBuffer([0.8] * 2, [1] * 2)
            )
        warned.clear()
        runner._train_loop._iter = 3
        hook.after_train_iter(runner, 0)
        assert len(warned) == number
        runner._train_loop._iter = 2  # not the end of a window
        hook.after_train_iter(runner, 0)
        assert len(warned) == number
    assert 'domain.acc_image was 0.50 over 2 iterations' in warned[0]
    # As a detector inside a teacher and student logs it.
    scalars = runner.message_hub.log_scalars
    del scalars['train/domain.acc_image']
    runner._train_loop._iter = 3
    for source, target, words in [
        # One that always says 'source' has learned nothing.
        (1.0, 0.0, 'domain.acc_image was 0.50 over 2 iterations (chance)'),
        (1.0, 1.0, 'domain.acc_image was 1.00 over 2 iterations (perfect)'),
        # In the burn-in of the teacher there is no target.
        (1.0, None, None),
    ]:
        for branch, accuracy in (('source', source), ('target', target)):
            key = f'train/{branch}_domain.acc_image'
            scalars.pop(key, None)
            if accuracy is not None:
                scalars[key] = HistoryBuffer([accuracy] * 2, [1] * 2)
        warned.clear()
        hook.after_train_iter(runner, 0)
        assert [w.partition(':')[0] for w in warned] == [words] * bool(words)
    runner._train_loop._iter = 0
    hook.window = 1  # λ is still 0: nothing to judge
    warned.clear()
    hook.after_train_iter(runner, 0)
    assert not warned


@pytest.mark.parametrize(
    'changes, words',
    [
        (dict(style=('day',)), "no training data are of the domain 'fog'"),
        ({'model.domain': None}, "add model.domain=dict"),
        ({'custom_hooks': [dict(type='mmvmtl.DomainAdversarialHook',
                                module='domian')]},
         "set module='domain'"),
        ({'optim_wrapper.type': 'mmvmtl.AlternatingOptimWrapper',
          'optim_wrapper.adversary': 'domian'},
         "no parameters under 'domian'"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_sentence(tmp_path, changes, words):
    with pytest.raises(UserError, match=words):
        run(config(Path(tmp_path), 1, **changes))


def joined(work_dir, *pipelines):
    """Data of the style 'day', which pipelines say otherwise of."""
    cfg = config(work_dir, style=('day',))
    parts = []
    for extra in pipelines:
        part = dict(cfg.train_dataloader.dataset)
        pack = part['pipeline'][-1]
        part['pipeline'] = [*part['pipeline'][:-1], *extra, pack]
        parts.append(part)
    cfg.train_dataloader.dataset = dict(type='ConcatDataset', datasets=parts)
    return cfg


def test_domains_that_a_pipeline_sets_are_known(tmp_path):
    """SetDomain overrules what the data set knows of itself."""
    fog = [dict(type='mmvmtl.SetDomain', domain='fog', labelled=())]
    cfg = joined(tmp_path, [], fog)
    runner = Runner.from_cfg(cfg)
    parts = runner.train_loop.dataloader.dataset.datasets
    assert [part.domains for part in parts] == [{'day'}, {'fog'}]
    (hook,) = (h for h in runner.hooks if isinstance(h, DomainAdversarialHook))
    hook.before_train(runner)
    with pytest.raises(UserError, match="of the domain 'day'"):
        only_fog = Runner.from_cfg(joined(tmp_path / 'fog', fog))
        only_fog.build_train_loop(only_fog._train_loop)
        hook.before_train(only_fog)
