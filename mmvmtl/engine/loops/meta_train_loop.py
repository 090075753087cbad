"""Learn a start from which a few labelled frames go far."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.runner import IterBasedTrainLoop, Runner
from torch import Tensor

from mmvmtl.autocast import refuse_float16
from mmvmtl.engine.loops.inner_loop import (
    Params,
    as_one_process,
    freeze_norm_statistics,
    model_loss,
    named_parts,
)
from mmvmtl.engine.loops.meta_gradients import (
    METHODS,
    maml_gradient,
    reptile_gradient,
)
from mmvmtl.engine.module_names import unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import LOOPS


@LOOPS.register_module()
class MetaTrainLoop(IterBasedTrainLoop):
    """Meta-learning over the episodes of a ``mmvmtl.EpisodeDataset``.

    An iteration takes a batch of episodes, averages their meta-gradients
    (see ``meta_gradients``) over them and the ranks, and hands the mean to
    the config's ``optim_wrapper``, so optimizer, schedules, clipping and
    checkpoints are the ordinary ones. No buffer moves. So batch norms keep
    the statistics that the model starts with: begin with a trained one
    (``load_from``). And what remembers earlier steps (:class:`DWA`,
    :class:`FAMO`, :class:`LossScaleNorm`, the balancing method of a
    :class:`TaskBranch`) stays as it starts: weigh tasks by fixed or learned
    weights.

    Args:
        runner (Runner): given by MMEngine.
        dataloader (dict): its data set gives episodes.
        max_iters (int): meta-iterations.
        method (str): 'MAML', 'FOMAML', 'ANIL' or 'Reptile'.
        lr (float): of the inner steps.
        steps (int): inner steps.
        parts (str | Sequence[str], optional): dotted names of the modules
            that the inner steps move; all if None. ANIL needs them.
        first_order (bool): takes the inner steps of MAML and ANIL as
            constants, for parts without second derivatives.
        max_norm (float, optional): longer gradients of inner steps are
            shortened to this. In a domain where the start is far off they
            are 10 times those of training, and one step loses all boxes:
            then the detection loss is 0, and teaches nothing.
        **kwargs: ``val_begin`` and ``val_interval`` of MMEngine's loop.

    Raises:
        UserError: On an unknown method, ANIL without parts, and in training
            on mixed precision of float16.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: dict,
        max_iters: int,
        method: str = 'ANIL',
        lr: float = 0.1,
        steps: int = 3,
        parts: str | Sequence[str] | None = None,
        first_order: bool = False,
        max_norm: float | None = None,
        **kwargs,
    ) -> None:
        if method not in METHODS:
            near = difflib.get_close_matches(method, METHODS, 1, 0)
            raise UserError(
                f'there is no meta-learning method {method!r}; did you mean '
                f'{near[0]!r}? Known are {", ".join(METHODS)}.'
            )
        if method == 'ANIL' and parts is None:
            raise UserError(
                "method='ANIL' moves some parts only; name them with parts, "
                "for example parts=['head.heads.det']."
            )
        super().__init__(runner, dataloader, max_iters, **kwargs)
        self.method = method
        self.inner = dict(lr=lr, steps=steps, max_norm=max_norm)
        self.parts = [parts] if isinstance(parts, str) else parts
        self.second_order = method in ('MAML', 'ANIL') and not first_order

    def run_iter(self, data_batch: Sequence) -> None:
        """One meta-iteration over a batch of episodes."""
        runner = self.runner
        runner.call_hook(
            'before_train_iter', batch_idx=self._iter, data_batch=data_batch
        )
        model = unwrap(runner.model)
        freeze_norm_statistics(model)
        theta = named_parts(model, None)
        context = runner.optim_wrapper.optim_context(runner.model)
        found = []
        with context, as_one_process():
            refuse_float16(next(iter(theta.values())).device, 'MetaTrainLoop')
            for episode in data_batch:
                found.append(self._episode(model, theta, episode))
        mean = average([grads for grads, _ in found], theta)
        # A function with this very gradient goes through the wrapper's own
        # scaling, accumulation and clipping.
        surrogate = sum((theta[k] * g).sum() for k, g in mean.items())
        runner.optim_wrapper.update_params(surrogate)
        loss = torch.stack([loss for _, loss in found]).mean()
        runner.call_hook(
            'after_train_iter',
            batch_idx=self._iter,
            data_batch=data_batch,
            outputs=dict(loss=loss),
        )
        self._iter += 1

    def _episode(self, model, theta: Params, episode) -> tuple:
        fast = named_parts(model, self.parts)
        support, query = (
            model_loss(model, model.data_preprocessor(part, True), fast)
            for part in (episode.support, episode.query)
        )
        if self.method == 'Reptile':
            return reptile_gradient(fast, support, query, **self.inner)
        return maml_gradient(
            theta, fast, support, query, **self.inner,
            second_order=self.second_order,
        )  # fmt: skip


def average(
    gradients: list[dict[str, Tensor | None]], theta: Params
) -> dict[str, Tensor]:
    """Mean over episodes and ranks; without what nobody has a gradient of.

    Args:
        gradients (list[dict[str, Tensor | None]]): one per episode.
        theta (dict[str, Tensor]): the parameters they belong to.
    """
    known = torch.tensor(
        [any(g.get(k) is not None for g in gradients) for k in theta]
    ).long()
    all_reduce(known, op='max')
    mean = {}
    for name, there in zip(theta, known.tolist(), strict=True):
        if not there:
            continue
        zero = torch.zeros_like(theta[name])
        parts = [g.get(name) for g in gradients]
        total = sum((zero if g is None else g.detach() for g in parts), zero)
        total = total / len(gradients)
        all_reduce(total)
        mean[name] = total / get_world_size()
    return mean
