"""The cut between what tasks share and what each has for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvmtl.errors import UserError
from mmvmtl.models.balancing import (
    Balancer,
    Cut,
    feature_gramian,
    parameter_gramian,
    shared_parameters,
    task_gradients,
    view_gradients,
)
from mmvmtl.registry import MODELS

Features = tuple[Tensor, ...]


@MODELS.register_module()
class TaskBranch(BaseModule):
    r"""Hand every task its own view of the shared features.

    Without ``weighting`` the trunk receives the plain sum of the tasks'
    gradients, as autograd forms it. With one it receives
    :math:`\sum_t w_t g_t`, where the method chooses w from the inner products
    of the :math:`g_t`, the gradients of the weighted losses. Heads keep their
    own gradients. A model calls, in its ``loss``::

        views = branch(feats, tasks)  # or branch.join(feats): see there
        total = weighting(torch.stack(losses), active)
        total = branch.balance(losses, total, active, model)

    Gradients of *features* are free; those of tasks that look at different
    places are orthogonal whatever the trunk makes of them, so they serve
    methods that balance norms. Gradients of *parameters* show conflict and
    cost T backward passes every ``interval`` forward passes. Under transforms
    of ``torch.func`` and while :meth:`holding`, as in the steps of
    meta-learning, nothing is measured, and the weights that were found last
    hold for the trunk, by the view that a gradient comes through (of a task
    that reads another one's output, by the other's); where heads are scaled
    as well, the plain sum does.

    Args:
        tasks (Sequence[str]): names of the T tasks. The detector gives them;
            a config does not.
        weighting (str | dict, optional): name or config of a method: PCGrad,
            GradVac, MGDA, CAGrad, IMTLG, NashMTL, AlignedMTL, FairGrad,
            UPGrad, DualProj, GradNorm.
        gramian (str, optional): ``'features'`` or ``'parameters'``; None is
            what the method is made for.
        interval (int, optional): forward passes in training from one
            measurement to the next, >= 1; the weights hold in between. Each
            micro-batch of accumulated gradients is one. None is 1 for
            features and 10 for parameters.
        parameters (str | Sequence[str], optional): dotted names of the trunk
            parameters or modules to measure, ``*`` allowed, such as
            ``'neck'`` or ``'backbone.stage4.*.weight'``. None takes all that
            the features were computed from: the exact form.
        scale_heads (bool): whether heads get their gradients times the
            weights as well. GradNorm always does it.
        init_cfg (dict, optional): initialisation of MMEngine.

    Raises:
        ValueError: on an unknown method or source, an interval below 1,
            settings that have no effect, or without tasks.
    """

    def __init__(
        self,
        tasks: Sequence[str] = (),
        weighting: str | dict | None = None,
        gramian: str | None = None,
        interval: int | None = None,
        parameters: str | Sequence[str] | None = None,
        scale_heads: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.balancer = None
        settings = dict(
            gramian=gramian,
            interval=interval,
            parameters=parameters,
            scale_heads=scale_heads or None,
        )
        for name, value in settings.items():
            if weighting is None and value is not None:
                raise UserError(
                    f'{name}={value!r} is of a balancing method, and none '
                    "is given: set 'weighting' in the TaskBranch, or leave "
                    f'{name} away'
                )
        if weighting is not None:
            if not tasks:
                raise UserError(
                    'a TaskBranch with a weighting needs the names of the '
                    "tasks: give 'tasks'"
                )
            self.balancer = Balancer(tasks, weighting, gramian, interval)
            if parameters is not None and self.balancer.source == 'features':
                raise UserError(
                    f'parameters={parameters!r} are not measured, because '
                    f'{type(self.balancer.weighting).__name__} takes the '
                    "gradients of features: set gramian='parameters', or "
                    'leave parameters away'
                )
        if isinstance(parameters, str):
            parameters = (parameters,)
        self.parameter_names = parameters
        self.scale_heads = scale_heads
        self._holds = False
        self._handed_out: _HandedOut | None = None

    def forward(
        self, feats: Features, tasks: Sequence[str]
    ) -> dict[str, Features]:
        """Map each of ``tasks`` to its features, L levels of (M, C, H, W)."""
        if not self._balances(feats):
            return dict.fromkeys(tasks, feats)
        cut = Cut()
        views = cut.split(feats, len(tasks))
        self._handed_out = _HandedOut(feats, views, cut)
        return dict(zip(tasks, views, strict=True))

    def join(self, feats: Features) -> Features:
        """Features for one head that serves all tasks, as in stock models.

        In place of :meth:`forward`, before :meth:`balance`. The features
        themselves are returned. Their gradients cost T backward passes of the
        head, and those of a level contain what reaches it by another level.

        Raises:
            ValueError: without ``scale_heads``, because the gradients of one
                head's losses do not arrive apart (GradNorm needs no
                setting).
        """
        if self._balances(feats):
            if not (self.scale_heads or self.balancer.weighting.lags):
                raise UserError(
                    'one head serves all tasks, so their gradients can not '
                    'be weighed without those of the head: set '
                    'scale_heads=True in the TaskBranch'
                )
            self._handed_out = _HandedOut(feats, (feats,))
        return feats

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Forward passes that measure nothing and move no state."""
        before, self._holds = self._holds, True
        try:
            yield
        finally:
            self._holds = before

    def balance(
        self,
        losses: Sequence[Tensor],
        total: Tensor,
        active: Tensor,
        model: nn.Module,
    ) -> Tensor:
        """The total to train on, of the same value as ``total``.

        Ranks call it together, inside the forward pass that DDP wraps; it
        belongs to the last features that were handed out.

        Args:
            losses (Sequence[Tensor]): T scalars that ``total`` was made from.
            total (Tensor): (), their weighted sum or whatever else.
            active (Tensor): (T,) bool, equal on all ranks: the tasks that
                some rank has labels for.
            model (nn.Module): names the parameters.

        Raises:
            UserError: if ``parameters`` match none that the tasks share.
        """
        given, self._handed_out = self._handed_out, None
        if self.balancer is not None and self.training and not self._holds:
            total = total + self.balancer.tick()
        if given is None:
            return total
        heads = self.scale_heads or self.balancer.weighting.lags
        if self._holds or torch._C._are_functorch_transforms_active():
            if not heads:
                weights = self.balancer.held(active)
                given.cut.weigh = lambda rows: weights
            return total
        self.balancer.settle()
        step = _Step(given, losses, total, active, model)
        if self.balancer.weighting.lags:
            return self._with_held_weights(step)
        return self._with_new_weights(step)

    def log(self, tasks: Sequence[str]) -> dict[str, Tensor]:
        """``balance.<task>``: the weights of gradients last used.

        Where features are measured, those of the step before: this one's are
        found in its backward pass. Empty without a method.
        """
        if self.balancer is None:
            return {}
        weights = self.balancer.step_weights
        return {
            f'balance.{task}': weight
            for task, weight in zip(tasks, weights, strict=True)
        }

    def _balances(self, feats: Features) -> bool:
        """Whether gradients of ``feats`` will meet at the cut."""
        return (
            self.balancer is not None
            and self.training
            and torch.is_grad_enabled()
            and any(feat.requires_grad for feat in feats)
        )

    def _with_new_weights(self, step: _Step) -> Tensor:
        """Measure, then weigh, in the same step."""
        balancer = self.balancer
        due = balancer.is_due()
        at_cut = balancer.source == 'features' and not self.scale_heads
        if due and at_cut:
            # All gradients meet there anyway: in the backward pass.
            observe = self._observer(step)
            return step.cut_with(lambda rows: self._use(observe(rows)))
        if due:
            weights = self._observe_now(step, step.factors())
        else:
            weights = balancer.pass_by(step.active)
        self._use(weights)
        if self.scale_heads:
            return step.scaled(weights)
        return step.cut_with(lambda rows: weights)

    def _with_held_weights(self, step: _Step) -> Tensor:
        """Scale the losses, then measure for the next step."""
        balancer = self.balancer
        if not balancer.is_due():
            return step.scaled(self._use(balancer.pass_by(step.active)))
        weights = self._use(balancer.held(step.active))
        if balancer.source == 'features' and step.given.cut:
            observe = self._observer(step)

            def plain(rows: Sequence) -> None:
                """The losses are weighted already."""
                observe(rows)

            step.total = step.scaled(weights)
            return step.cut_with(plain)
        factors = step.factors()
        self._observe_now(step, factors * weights.to(factors))
        return step.scaled(weights)

    def _use(self, weights: Tensor) -> Tensor:
        self.balancer.step_weights = weights
        return weights

    def _observer(self, step: _Step) -> Callable[[Sequence], Tensor]:
        """What maps task gradients at the cut to weights.

        Autograd's graph holds it, so it must not hold the losses: Python sees
        half of such a circle only, and would never free it.
        """
        values, active = self._loss_values(step), step.active

        def observe(rows: Sequence) -> Tensor:
            found = feature_gramian(rows)
            return self.balancer.observe(found, active, values)

        return observe

    def _observe_now(self, step: _Step, factors: Tensor) -> Tensor:
        """Weights from gradients taken before the backward pass."""
        given = step.given
        if self.balancer.source == 'features':
            # Not by the features: one level may come from another.
            rows = view_gradients(step.losses, factors, given.views)
            found = feature_gramian(rows)
        else:
            chosen = shared_parameters(
                given.feats, step.model, self.parameter_names
            )
            if not chosen:
                # All that is named is frozen for now.
                return self.balancer.pass_by(step.active)
            rows = task_gradients(step.losses, factors, chosen)
            found = parameter_gramian(rows)
        values = self._loss_values(step)
        return self.balancer.observe(found, step.active, values)

    def _loss_values(self, step: _Step) -> Tensor:
        """Means over ranks, (T,); zeros if the method does not read them."""
        values = torch.stack([loss.detach() for loss in step.losses])
        if not self.balancer.weighting.needs_losses:
            return torch.zeros_like(values)
        all_reduce(values, op='mean')
        return values


class _HandedOut(NamedTuple):
    """Features, the views of them that heads have, and the cut between.

    None where one view serves all tasks, whose gradients meet before it.
    """

    feats: Features
    views: Sequence[Features]
    cut: Cut | None = None


@dataclass
class _Step:
    """What is known of a training step once its losses are."""

    given: _HandedOut
    losses: Sequence[Tensor]
    total: Tensor
    active: Tensor
    model: nn.Module

    def factors(self) -> Tensor:
        """How the total weighs each loss, (T,); 0 for one without a graph."""
        found = [torch.zeros_like(loss) for loss in self.losses]
        # A stock model leaves out the loss of a task without labels.
        trained = [
            t for t, loss in enumerate(self.losses) if loss.requires_grad
        ]
        grads = torch.autograd.grad(
            self.total, [self.losses[t] for t in trained], retain_graph=True
        )
        for t, grad in zip(trained, grads, strict=True):
            found[t] = grad
        return torch.stack(found)

    def scaled(self, weights: Tensor) -> Tensor:
        """The total with the gradients of its losses times ``weights``."""
        losses = torch.stack(list(self.losses))
        extra = (weights - 1).to(losses) * self.factors()
        return self.total + (extra * (losses - losses.detach())).sum()

    def cut_with(self, weigh: Callable) -> Tensor:
        """The total, and ``weigh`` as what happens at the cut."""
        cut, views = self.given.cut, self.given.views
        total = cut.watch(self.losses, self.factors(), views, self.total)
        cut.weigh = weigh
        return total
