"""Make a teacher the running mean of its student."""

from __future__ import annotations

import torch
from mmdet.engine.hooks import MeanTeacherHook
from mmengine.runner import Runner
from torch import nn

from mmvmtl.engine.module_names import unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import HOOKS


def teacher_momentum(iteration: int, momentum: float, burn_in: int) -> float:
    """Part of the student that the teacher takes after an iteration, 0..1.

    Args:
        iteration (int): from 0.
        momentum (float): after the burn-in.
        burn_in (int): iterations in which the teacher is a copy.
    """
    return 1.0 if iteration < burn_in else momentum


@HOOKS.register_module()
class TeacherHook(MeanTeacherHook):
    r"""Update the teacher of a ``mmvmtl.MeanTeacher``, by MMDet's hook.

    .. math:: \theta_t \leftarrow (1 - m) \theta_t + m \theta_s

    after every iteration. In the first ``burn_in`` iterations the student
    learns from the source alone and the teacher is a copy, with the statistics
    of its norm layers; then it begins to teach and gathers its own, of the
    target. All of it follows from the
    iteration, so a resume needs no state of the hook.

    Args:
        momentum (float): m, 0..1.
        burn_in (int): iterations before the teacher teaches.

    Raises:
        UserError: If the model has no teacher and no student.
        ValueError: If an argument is out of its range.
    """

    def __init__(self, momentum: float = 0.002, burn_in: int = 0) -> None:
        if not 0 < momentum < 1 or burn_in < 0:
            raise UserError(
                f'momentum={momentum} must lie between 0 and 1, '
                f'burn_in={burn_in} must not be negative'
            )
        super().__init__(momentum, skip_buffer=False)
        self.burn_in = burn_in

    def before_train(self, runner: Runner) -> None:
        """Refuse a model without a teacher; begin with a copy."""
        model = unwrap(runner.model)
        if not {'student', 'teacher'} <= dict(model.named_children()).keys():
            raise UserError(
                f'mmvmtl.TeacherHook has nothing to do with a '
                f'{type(model).__name__}; use it with mmvmtl.MeanTeacher.'
            )
        super().before_train(runner)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: object = None
    ) -> None:
        """Tell the model whether its teacher teaches."""
        unwrap(runner.model).teaching = runner.iter >= self.burn_in

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: object = None,
        outputs: dict | None = None,
    ) -> None:
        """Move the teacher towards the student."""
        momentum = teacher_momentum(runner.iter, self.momentum, self.burn_in)
        self.momentum_update(unwrap(runner.model), momentum)

    @torch.no_grad()
    def momentum_update(self, model: nn.Module, momentum: float) -> None:
        """Move each tensor of the teacher once.

        MMDet's walks the state dict, where a module that is shared under
        several names (RTMDet's convolutions) stands several times, and
        would move as often.
        """
        teacher, student = model.teacher, model.student
        for mine, other in zip(teacher.parameters(), student.parameters()):
            mine.lerp_(other.to(mine), momentum)
        if momentum == 1:
            for mine, other in zip(teacher.buffers(), student.buffers()):
                mine.copy_(other)
