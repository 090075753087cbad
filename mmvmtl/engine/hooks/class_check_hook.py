"""Compare the class counts of every task's head with those of the data."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from mmvmtl.engine.metainfo import one_metainfo
from mmvmtl.engine.module_names import unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import HOOKS

#: Tasks whose labels are the object classes themselves.
OBJECT_TASKS = ('det', 'track')
#: Tasks of the heads of MMDetection's and MMAction2's models, by attribute.
STOCK_HEADS = dict(bbox_head='det', roi_head='det', cls_head='cls')


@HOOKS.register_module()
class ClassCheckHook(Hook):
    """Stop before the first iteration if a head and the data disagree.

    MMDetection's ``NumClassCheckHook`` expects every head to have as many
    classes as there are object classes, which heads of several tasks do not.

    A task is a key of a ``ModuleDict`` named ``heads``; in a stock model,
    which has none, boxes belong to ``det`` and a recogniser's head to
    ``cls``, also inside a wrapper. A count is the ``num_classes`` of the
    head or of a module inside it: an int, or a dict ``{label set: int}`` for
    a head with several (``cls`` and ``frame``). An RPN, which only tells
    object from background, has no say. The names are the data's
    ``metainfo['tasks'][task]`` or, for ``det`` and ``track``,
    ``metainfo['classes']``; a task the data does not name is not labelled
    and is not checked.

    Raises:
        UserError: If the counts differ, or joined data sets have other
            names; it names the task and the data.
    """

    def before_train(self, runner: Runner) -> None:
        """Check the training data."""
        self._check(runner, runner.train_dataloader, 'train')

    def before_val(self, runner: Runner) -> None:
        """Check the validation data."""
        self._check(runner, runner.val_dataloader, 'val')

    def before_test(self, runner: Runner) -> None:
        """Check the test data."""
        self._check(runner, runner.test_dataloader, 'test')

    @staticmethod
    def _check(runner: Runner, loader, mode: str) -> None:
        data = f'{mode}_dataloader'
        metainfo = one_metainfo(loader.dataset, data)
        check_class_counts(unwrap(runner.model), metainfo, data)


def check_class_counts(model: nn.Module, metainfo: dict, data: str) -> None:
    """Raise if a head of ``model`` does not fit the data's ``metainfo``.

    Args:
        model (nn.Module): A detector or recogniser.
        metainfo (dict): Of a data set, with ``classes`` and ``tasks``.
        data (str): What to call the data in the message.

    Raises:
        UserError: Naming the task, both counts and the key to change.
    """
    names = dict(metainfo.get('tasks') or {})
    if metainfo.get('classes') is not None:
        for task in OBJECT_TASKS:
            names.setdefault(task, metainfo['classes'])
    for task, where, count in class_counts(model):
        if task in names and len(names[task]) != count:
            raise UserError(
                f"task '{task}': {where} has num_classes={count}, but the "
                f'data of {data} has {len(names[task])} classes '
                f'({", ".join(map(str, names[task]))}); set num_classes of '
                "this task's head, or the data's metainfo"
            )


def class_counts(model: nn.Module) -> Iterator[tuple[str, str, int]]:
    """Yield ``(task, module name, number of classes)`` of every head."""
    for task, prefix, head in _task_heads(model):
        for name, module in head.named_modules(prefix=prefix):
            count = getattr(module, 'num_classes', None)
            if _is_rpn(module):
                continue
            if isinstance(count, dict):
                for label_set, number in count.items():
                    yield label_set, name, number
            elif isinstance(count, int):
                yield task, name, count


def _task_heads(model: nn.Module) -> Iterator[tuple[str, str, nn.Module]]:
    found = False
    for name, module in model.named_modules():
        if name.rpartition('.')[2] == 'heads' and isinstance(
            module, nn.ModuleDict
        ):
            found = True
            for task, head in module.items():
                yield task, f'{name}.{task}', head
    if found:
        return
    above = None
    for name, module in model.named_modules():
        task = STOCK_HEADS.get(name.rpartition('.')[2])
        inside = above is not None and name.startswith(f'{above}.')
        if task and not inside:
            above = name
            yield task, name, module


def _is_rpn(module: nn.Module) -> bool:
    from mmdet.models.dense_heads import RPNHead

    return isinstance(module, RPNHead)
