"""Statistics of the target for batch norms, at the end of a training."""

from __future__ import annotations

import itertools

import torch
from mmengine.dist import all_reduce, is_distributed
from mmengine.hooks import EarlyStoppingHook, EMAHook, Hook
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from mmvmtl.engine.module_names import unwrap
from mmvmtl.errors import UserError
from mmvmtl.norm_statistics import batch_norms, normalised_by_batch
from mmvmtl.registry import HOOKS


@HOOKS.register_module()
class AdaptiveBatchNormHook(Hook):
    r"""Replace the statistics of all batch norms by those of other data.

    `Li et al. 2016 <https://arxiv.org/abs/1603.04779>`_: what a domain looks
    like is in the means and deviations of its features. After the last
    iteration, before its checkpoint is written, the mean over ``batches``
    batches replaces the running statistics,

    .. math:: \mu = \operatorname{mean}_b \mu_b, \quad
        \sigma^2 = \operatorname{mean}_b \sigma_b^2

    heads included; on several ranks the mean over them. No label is looked
    at, and no weight moves. A model with a teacher has those of the teacher
    replaced: it is what predicts; with MMEngine's ``EMAHook`` the features
    are those of the averaged weights.

    Args:
        dataloader (dict): config of a dataloader of the target, in batches
            as in training: what :meth:`test_step` of the model takes.
        batches (int): how many, of each rank.

    Raises:
        ValueError: If ``batches`` is not positive.
        UserError: If the model has no batch norm, the target no batch, or
            early stopping could leave out the last iteration.
    """

    # After the last update of EMAHook, before CheckpointHook.
    priority = 'BELOW_NORMAL'

    def __init__(self, dataloader: dict, batches: int = 30) -> None:
        if batches < 1:
            raise UserError(f'batches={batches} must be positive')
        self.dataloader = dataloader
        self.batches = batches
        self._target: DataLoader | None = None

    def before_train(self, runner: Runner) -> None:
        """Make sure that there will be a last iteration."""
        if any(isinstance(hook, EarlyStoppingHook) for hook in runner.hooks):
            raise UserError(
                'training may stop before its last iteration, after which '
                'mmvmtl.AdaptiveBatchNormHook looks at the target; take '
                'EarlyStoppingHook out of custom_hooks'
            )
        self._build(runner)

    def _build(self, runner: Runner) -> DataLoader:
        """The dataloader of the target, built once.

        Raises:
            UserError: If it gives some rank no batch; on all ranks alike.
        """
        if self._target is None:
            # A drawn seed would change what training draws after it.
            loader = runner.build_dataloader(self.dataloader, runner.seed)
            fewest = torch.tensor(len(loader))
            all_reduce(fewest, op='min')
            if not fewest:
                raise UserError(
                    f'{_name(self.dataloader)}, the target of '
                    'mmvmtl.AdaptiveBatchNormHook, gives no batch; give it '
                    'more data, or a smaller batch_size.'
                )
            self._target = loader
        return self._target

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: object = None,
        outputs: dict | None = None,
    ) -> None:
        """At the end, look at the target."""
        if self.is_last_train_iter(runner):
            self.adapt(runner)

    @torch.no_grad()
    def adapt(self, runner: Runner) -> None:
        """Replace the statistics of the runner's model."""
        trained = unwrap(runner.model)
        averaged = [h for h in runner.hooks if isinstance(h, EMAHook)]
        model = averaged[0].ema_model.module if averaged else trained
        predictor = _predictor(model)
        layers = batch_norms(predictor)
        if not layers:
            raise UserError(
                'the model has no batch norm whose statistics '
                'mmvmtl.AdaptiveBatchNormHook could replace; take the hook out'
            )
        loader = self._build(runner)
        momenta = [layer.momentum for layer in layers]
        for layer in layers:
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean
        training = model.training
        model.eval()
        with normalised_by_batch(predictor):
            for batch in itertools.islice(
                itertools.cycle(loader), self.batches
            ):
                _forget_videos(model)
                model.test_step(batch)
        _forget_videos(model)
        model.train(training)
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
            if is_distributed():
                all_reduce(layer.running_mean, op='mean')
                all_reduce(layer.running_var, op='mean')
        # EMAHook evaluates averaged weights with the buffers of the others.
        for layer, source in zip(
            batch_norms(_predictor(trained)), layers, strict=True
        ):
            for name, buffer in layer.named_buffers():
                buffer.copy_(source.get_buffer(name))
        runner.logger.info(
            f'{len(layers)} batch norms have statistics of '
            f'{self.batches} batches of {_name(self.dataloader)}'
        )


def _predictor(model: nn.Module) -> nn.Module:
    return getattr(model, 'predictor', model)


def _forget_videos(model: nn.Module) -> None:
    forget = getattr(model, 'reset_streams', None)
    if forget is not None:
        forget()


def _name(dataloader: dict) -> str:
    return str(dataloader['dataset']['type'])
