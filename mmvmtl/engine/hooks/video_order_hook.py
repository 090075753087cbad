"""Videos that are followed must come whole and in order."""

from __future__ import annotations

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from mmvmtl.engine.module_names import unwrap
from mmvmtl.errors import UserError
from mmvmtl.registry import HOOKS
from mmvmtl.video_order import is_whole, videos_of


@HOOKS.register_module()
class VideoOrderHook(Hook):
    """Refuse a sampler that shuffles the chunks of videos, or shares them out.

    MMEngine's ``DefaultSampler`` gives each of several ranks every n-th
    chunk, and shuffles by default. A stream would then be followed in pieces,
    each with ids of its own, and the metrics would not notice. Of use for
    models that remember videos, and data sets that know theirs.

    Raises:
        UserError: If a rank is not given whole videos in order.
    """

    def before_val(self, runner: Runner) -> None:
        """Check how validation walks its data."""
        _check(runner, runner.val_dataloader, 'val')

    def before_test(self, runner: Runner) -> None:
        """Check how testing walks its data."""
        _check(runner, runner.test_dataloader, 'test')


def _check(runner: Runner, loader: DataLoader, mode: str) -> None:
    if getattr(unwrap(runner.model), 'reset_streams', None) is None:
        return
    try:
        videos = videos_of(loader.dataset)
    except UserError:
        # A data set of others; who wrote it knows its order.
        return
    if not is_whole(loader.sampler, videos):
        raise UserError(
            f'the sampler of {mode}_dataloader gives a process parts of '
            'videos, or these out of order, and tracks would break; use '
            "sampler=dict(type='mmvmtl.VideoSampler')."
        )
