"""What the command-line tools share: options, checks, one-sentence errors."""

from __future__ import annotations

import argparse
import functools
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch.distributed as dist
from mmengine.config import Config, DictAction
from mmengine.runner import Runner

from mmvmtl import config_guard
from mmvmtl.apis.unknown_type import unknown_type
from mmvmtl.devices import refuse_gpu_without_ops
from mmvmtl.errors import UserError

#: Hooks that every run of our tools has, unless its config sets them.
STANDING_HOOKS = {
    'metadata': 'mmvmtl.MetadataHook',
    'class_check': 'mmvmtl.ClassCheckHook',
    'video_order': 'mmvmtl.VideoOrderHook',
}
CFG_OPTIONS_HELP = (
    'override settings of the config: key=value pairs with dots in the keys, '
    'such as train_cfg.max_epochs=5; lists as key="[a,b]" or key=a,b'
)


def reports_user_errors(main: Callable) -> Callable:
    """Make a tool's ``main`` end a user's mistake with one sentence.

    A :class:`UserError`, also one that another exception was raised from or
    that comes out of a data loader's worker, is printed to stderr as
    ``error: <sentence>`` and the program exits with 2; so is a type that no
    registry has. Any other exception is a defect and keeps its traceback.
    """

    @functools.wraps(main)
    def wrapped(argv: Sequence[str] | None = None) -> object:
        try:
            result = main(argv)
        except Exception as error:
            sentence = user_sentence(error) or unknown_type(error)
            if sentence is None:
                raise
            print(f'error: {sentence}', file=sys.stderr)
            raise SystemExit(2) from None
        _leave_process_group()
        return result

    return wrapped


def _leave_process_group() -> None:
    """End together: gloo's threads abort a rank whose peer is gone first."""
    if dist.is_available() and dist.is_initialized():
        dist.barrier()
        dist.destroy_process_group()


def user_sentence(error: BaseException | None) -> str | None:
    """Return the sentence of the UserError behind ``error``, or None."""
    while error is not None and not isinstance(error, UserError):
        # What was raised "from None" has said that it has no other cause.
        hidden = None if error.__suppress_context__ else error.__context__
        error = error.__cause__ or hidden
    if error is None:
        return None
    # torch gives an error of a worker the worker's traceback as its text;
    # what was raised there is the traceback's last part.
    text = str(error).rpartition('UserError: ')[2]
    return ' '.join(text.split())


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add the option that overrides settings of the config."""
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help=CFG_OPTIONS_HELP
    )


def cfg_options(words: Sequence[str]) -> dict | None:
    """``key=value`` words as ``--cfg-options`` reads them, by dotted key."""
    parser = argparse.ArgumentParser()
    add_cfg_options(parser)
    given = ['--cfg-options', *words] if words else []
    return parser.parse_args(given).cfg_options


def add_work_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a tool that runs a model in one process."""
    parser.add_argument('--work-dir', help='folder of logs and results')
    add_cfg_options(parser)
    parser.set_defaults(launcher='none')


def add_runner_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing share."""
    add_work_options(parser)
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='who starts the processes of a distributed job',
    )
    # Old launchers pass the rank as an argument, torchrun in the environment.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def load_config(args: argparse.Namespace) -> Config:
    """Read ``args.config`` and apply the options that all tools share.

    Raises:
        UserError: If the file is missing or can not be read, a key exists
            nowhere, or the work folder can not be written.
    """
    cfg = read_config(args.config, args.cfg_options)
    hooks = cfg.setdefault('default_hooks', {})
    for name, kind in STANDING_HOOKS.items():
        hooks.setdefault(name, dict(type=kind))
    cfg.launcher = args.launcher
    if args.launcher != 'none':
        from mmvmtl.engine import set_model_wrapper

        os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
        set_model_wrapper(cfg)
    default = Path('work_dirs') / Path(args.config).stem
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or str(default)
    check_writable(cfg.work_dir, '--work-dir')
    return cfg


def read_config(path: str, options: dict | None = None) -> Config:
    """Read a config file, refuse misspelt keys, apply ``--cfg-options``.

    Raises:
        UserError: If it is missing, is no valid config, or names what
            exists nowhere.
    """
    if not Path(path).is_file():
        raise UserError(
            f'the config {path} does not exist; check the path, ours are '
            'under configs/.'
        )
    return config_guard.load_config(path, options)


def check_writable(folder: str | Path, option: str) -> None:
    """Create ``folder`` if need be and try to write into it.

    Raises:
        UserError: If that fails; it names ``option`` as the remedy.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UserError(
            f'the folder {folder} can not be written ({error.strerror}); '
            f'choose another one with {option}.'
        ) from None


def check_checkpoint(path: str) -> str:
    """Return ``path``, a local checkpoint that exists, or a URL.

    Raises:
        UserError: If there is no such file.
    """
    if '://' not in path and not Path(path).is_file():
        raise UserError(
            f'the checkpoint {path} does not exist; check the path, training '
            'leaves its checkpoints in the work folder.'
        )
    return path


def build_runner(cfg: Config) -> Runner:
    """Build the Runner, or the config's own ``runner_type``."""
    from mmengine.registry import RUNNERS

    refuse_gpu_without_ops()
    if 'runner_type' in cfg:
        return RUNNERS.build(cfg)
    return Runner.from_cfg(cfg)
