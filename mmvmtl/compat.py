"""Every workaround for the libraries below us, each with cause and end.

``apply`` is idempotent and imports nothing: what is broken is mended when,
and only if, somebody imports it. ``import mmvmtl`` calls it, so a config that
names ``mmvmtl.X`` is served under MMDetection's own tools too.

=================================  =======================================
what is mended                     it can go when
=================================  =======================================
``mmaction.models.localizers.drn`` a release of mmaction2 ships the package
is missing from the 1.2.0 wheel
``importlib_metadata`` is imported mmaction2 uses ``importlib.metadata`` or
by mmaction2, required by no one   requires the backport
mmaction2 refuses mmcv >= 2.2, the mmaction2's gate knows the fork, or the
maintained fork's                  fork family has an mmaction2
``_init_dist_pytorch`` selects a   MMEngine asks for a device before it
CUDA device on CPU machines        selects one
``_base_ = 'mmvmtl::...'`` is      MMEngine looks a package up instead of
refused, MMEngine has a fixed list keeping a list, or lists us
of the packages with configs
what is inherited from it is built an external config can say which scope
in our scope, where no MMDet type  it is written for
is found
=================================  =======================================

Two more live beside the classes they mend: bfloat16 on the CPU in
``engine/amp_optim_wrapper.py`` and DDP without device ids in
``engine/ddp.py``. Pins that no code can replace (``opencv-python<5``, an
MMEngine whose checkpoints load under torch >= 2.6) are in ``requirements/``
and are checked by ``python -m mmvmtl.doctor``.
"""

from __future__ import annotations

import importlib.machinery
import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

DRN_PACKAGE = 'mmaction.models.localizers.drn'
DRN_MODULE = f'{DRN_PACKAGE}.drn'
DRN_INIT = '"""Stands for a package that the mmaction2 wheel lacks."""\n'
DRN_SOURCE = '''"""Stands for a module that the mmaction2 wheel lacks."""


class DRN:
    """Placeholder: the localizer DRN is not in the mmaction2 wheel."""

    def __init__(self, *args, **kwargs) -> None:
        raise NotImplementedError(
            'DRN is missing from the mmaction2 wheel; install mmaction2 '
            'from its repository to use it.'
        )
'''
MMCV_SEEN_BY_MMACTION = '2.1.0'


class _SourceLoader(importlib.machinery.SourceFileLoader):
    """Execute a text as the module."""

    def __init__(self, name: str, source: str, package: bool) -> None:
        super().__init__(name, f'<mmvmtl.compat: {name}>')
        self._source, self._package = source, package

    def get_code(self, fullname: str):
        """Compile the text; there is no file and no cached bytecode."""
        return compile(self._source, self.path, 'exec')

    def get_source(self, fullname: str) -> str:
        """Return the text."""
        return self._source

    def is_package(self, fullname: str) -> bool:
        """Tell whether the stub may have submodules."""
        return self._package


class StubFinder:
    """Supply modules nobody else has; belongs at the end of the path.

    There a real module always wins, so an upstream that mends its wheel, or
    a user who installs from source, is not shadowed.
    """

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a stub, None for any other name."""
        if fullname == 'importlib_metadata':
            source = 'from importlib.metadata import *\n'
            return self._spec(fullname, source, package=False)
        if fullname == DRN_PACKAGE:
            return self._spec(fullname, DRN_INIT, package=True)
        if fullname == DRN_MODULE and self._is_stub(DRN_PACKAGE):
            return self._spec(fullname, DRN_SOURCE, package=False)
        return None

    @staticmethod
    def _spec(
        name: str, source: str, package: bool
    ) -> importlib.machinery.ModuleSpec | None:
        loader = _SourceLoader(name, source, package)
        return importlib.util.spec_from_loader(name, loader)

    @staticmethod
    def _is_stub(name: str) -> bool:
        spec = getattr(sys.modules.get(name), '__spec__', None)
        return spec is not None and isinstance(spec.loader, _SourceLoader)


class PatchFinder:
    """Run a function around the import of a named module.

    It finds nothing itself: it asks the finders after it and replaces
    ``exec_module`` of the loader they give, for this one import.

    Args:
        patches: ``{module name: function(run, module)}``; the function
            calls ``run()`` once, which executes the module.
    """

    def __init__(
        self, patches: dict[str, Callable[[Callable, ModuleType], None]]
    ) -> None:
        self.patches = patches

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the others' spec of a patched module, else None."""
        patch = self.patches.get(fullname)
        if patch is None:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, 'find_spec'):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                self._wrap(spec.loader, patch)
                return spec
        return None

    @staticmethod
    def _wrap(loader, patch: Callable[[Callable, ModuleType], None]) -> None:
        original = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module
            patch(lambda: original(module), module)

        loader.exec_module = exec_module


def _pass_version_gate(run: Callable, module: ModuleType) -> None:
    """Show mmaction's ``__init__`` an mmcv version that it accepts."""
    import mmcv

    version = mmcv.__version__
    parts = tuple(int(part) for part in version.split('.')[:2])
    if parts >= (2, 2):
        mmcv.__version__ = MMCV_SEEN_BY_MMACTION
    try:
        run()
    finally:
        mmcv.__version__ = version


def _patch_init_dist(run: Callable, module: ModuleType) -> None:
    """Start a process group on the CPU without selecting a CUDA device.

    nccl, MMEngine's default backend, needs CUDA: gloo takes its place.
    """
    run()
    original = module._init_dist_pytorch

    def _init_dist_pytorch(
        backend: str, init_backend: str = 'torch', **kwargs
    ) -> None:
        if _has_accelerator(module) or init_backend != 'torch':
            original(backend, init_backend=init_backend, **kwargs)
            return
        backend = 'gloo' if backend == 'nccl' else backend
        module.torch_dist.init_process_group(
            backend=backend,
            rank=int(os.environ['RANK']),
            world_size=int(os.environ['WORLD_SIZE']),
            **kwargs,
        )

    module._init_dist_pytorch = _init_dist_pytorch


def _know_our_configs(run: Callable, module: ModuleType) -> None:
    """Let a config inherit from ``mmvmtl::...``."""
    run()
    module.MODULE2PACKAGE['mmvmtl'] = 'mmvmtl'


def _keep_the_scope_of_our_configs(run: Callable, module: ModuleType) -> None:
    """Leave what is inherited from ``mmvmtl::...`` in the default scope.

    MMEngine marks it with the package's own scope, but our configs are
    written for ``default_scope = 'mmdet'`` and call our types ``mmvmtl.X``.
    """
    run()
    original = module.Config._get_cfg_path

    def _get_cfg_path(cfg_path: str, filename: str) -> tuple:
        path, scope = original(cfg_path, filename)
        return path, None if scope == 'mmvmtl' else scope

    module.Config._get_cfg_path = staticmethod(_get_cfg_path)


def _has_accelerator(dist_utils: ModuleType) -> bool:
    return (
        dist_utils.torch.cuda.is_available()
        or dist_utils.is_mlu_available()
        or dist_utils.is_npu_available()
        or dist_utils.is_musa_available()
    )


_PATCHES: dict[str, Callable[[Callable, ModuleType], None]] = {
    'mmaction': _pass_version_gate,
    'mmengine.config.config': _keep_the_scope_of_our_configs,
    'mmengine.config.utils': _know_our_configs,
    'mmengine.dist.utils': _patch_init_dist,
}
_applied = False


def apply() -> None:
    """Put the workarounds in place; a second call does nothing."""
    global _applied
    if _applied:
        return
    _applied = True
    sys.meta_path.insert(0, PatchFinder(_PATCHES))
    sys.meta_path.append(StubFinder())
    for name, patch in _PATCHES.items():
        # Of mmaction there is nothing left to mend once it is imported.
        if name in sys.modules and name != 'mmaction':
            patch(lambda: None, sys.modules[name])
