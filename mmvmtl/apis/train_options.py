"""Options of the training tool, as changes of a config."""

from __future__ import annotations

from mmengine.config import Config
from mmengine.runner import find_latest_checkpoint

from mmvmtl.apis.cli import check_checkpoint
from mmvmtl.errors import UserError

#: Wrappers that mixed precision replaces.
PLAIN_WRAPPERS = ('OptimWrapper', 'mmengine.OptimWrapper')
AMP_WRAPPERS = (
    'AmpOptimWrapper',
    'mmengine.AmpOptimWrapper',
    'mmvmtl.AmpOptimWrapper',
)


def apply_resume(cfg: Config, resume: str | None) -> None:
    """Resume from a path, from the latest checkpoint (``auto``), or not.

    Without a checkpoint yet, ``auto`` begins as without it: MMEngine would
    forget ``load_from``, and train from chance.

    Raises:
        UserError: If the checkpoint does not exist.
    """
    if resume == 'auto' and find_latest_checkpoint(cfg.work_dir) is None:
        resume = None
    if resume is None:
        if cfg.get('load_from'):
            check_checkpoint(cfg.load_from)
        return
    cfg.resume = True
    cfg.load_from = None if resume == 'auto' else check_checkpoint(resume)


def apply_amp(cfg: Config) -> None:
    """Train in mixed precision, by the wrapper that works on CPUs too.

    Raises:
        UserError: If the config has an optimizer wrapper of another kind.
    """
    kind = cfg.optim_wrapper.get('type', 'OptimWrapper')
    if kind not in PLAIN_WRAPPERS + AMP_WRAPPERS:
        raise UserError(
            f'--amp can not replace optim_wrapper.type={kind!r}; make it '
            "'OptimWrapper', or leave out --amp."
        )
    cfg.optim_wrapper.type = 'mmvmtl.AmpOptimWrapper'
    cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')


def apply_auto_scale_lr(cfg: Config) -> None:
    """Scale the learning rate with the batch size.

    Raises:
        UserError: If the config does not say which batch size it is for.
    """
    if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
        raise UserError(
            '--auto-scale-lr needs auto_scale_lr.base_batch_size, the batch '
            'size that the learning rate was chosen for; add it to the config.'
        )
    cfg.auto_scale_lr.enable = True
