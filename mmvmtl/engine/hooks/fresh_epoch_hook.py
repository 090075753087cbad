"""Tell data sets which epoch it is, so that they give fresh videos."""

from collections.abc import Iterator

from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop, Runner

from mmvmtl.engine.hooks.data_parts import data_parts
from mmvmtl.errors import UserError
from mmvmtl.fresh import Fresh
from mmvmtl.registry import HOOKS


def fresh_datasets(dataset: object) -> Iterator[Fresh]:
    """Walk through MMEngine's wrappers to the data sets that can be fresh."""
    for part in data_parts(dataset):
        if isinstance(part, Fresh):
            yield part


@HOOKS.register_module()
class FreshEpochHook(Hook):
    """Call ``set_epoch`` of the training data sets, also after a resume.

    An epoch-based loop sets the epoch before the loader hands out its first
    index. An iteration-based loop has no epochs: passes over the loader are
    counted, and the few batches that workers prepare ahead may still belong
    to the pass before.

    Raises:
        ValueError: If no training data set has ``set_epoch``.
    """

    def before_train(self, runner: Runner) -> None:
        """Refuse data sets that would never be fresh."""
        if not list(fresh_datasets(runner.train_dataloader.dataset)):
            raise UserError(
                'mmvmtl.FreshEpochHook found no training data set with '
                'set_epoch; remove the hook from the config.'
            )
        self._set(runner)

    def before_train_epoch(self, runner: Runner) -> None:
        """Set the epoch before workers are asked for its first index."""
        self._set(runner)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: object = None
    ) -> None:
        """Count passes where the loop has no epochs."""
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            self._set(runner)

    def _set(self, runner: Runner) -> None:
        epoch = runner.epoch
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            epoch = runner.iter // len(runner.train_dataloader)
        for dataset in fresh_datasets(runner.train_dataloader.dataset):
            dataset.set_epoch(epoch)
