"""The workarounds, each seen from a fresh process."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mmvmtl import compat

MODEL = (
    Path(__file__).parents[1]
    / 'configs/_base_/models/video_mtl_rtmdet_tiny.py'
)


def run(code: str, **kwargs) -> str:
    """Run ``code`` in a fresh interpreter, return what it prints."""
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        **kwargs,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1] if done.stdout else ''


@pytest.mark.parametrize('scope', ['mmdet', 'mmaction'])
@pytest.mark.parametrize(
    'registry, name',
    [('HOOKS', 'MetadataHook'), ('OPTIM_WRAPPERS', 'AmpOptimWrapper'),
     ('MODEL_WRAPPERS', 'DistributedDataParallel')],
)  # fmt: skip
def test_our_types_are_found_by_name_alone(scope, registry, name):
    """Nobody imported mmvmtl, no custom_imports, any default scope."""
    found = run(f"""
        import mmengine.registry as registry
        registry.init_default_scope('{scope}')
        print(registry.{registry}.get('mmvmtl.{name}').__module__)
    """)
    assert found.startswith('mmvmtl.engine.')


def test_sub_trees_of_three_libraries_build_in_one_process():
    """A scoped sub-tree builds its own library's nested defaults."""
    found = run("""
        import mmvmtl
        from mmengine.registry import MODELS, init_default_scope
        init_default_scope('mmdet')
        cls = MODELS.build(dict(type='TSNHead', _scope_='mmaction',
                                num_classes=3, in_channels=8))
        det = MODELS.build(dict(type='RetinaHead', num_classes=3,
                                in_channels=8))
        print(type(cls.loss_cls).__module__, type(det.loss_cls).__module__)
    """)
    assert found.split() == [
        'mmaction.models.losses.cross_entropy_loss',
        'mmdet.models.losses.cross_entropy_loss',
    ]


def test_importing_is_cheap():
    heavy = ['torch', 'mmengine', 'mmcv', 'mmdet', 'mmaction', 'cv2', 'numpy']
    found = run(f"""
        import sys
        import mmvmtl
        print([name for name in {heavy} if name in sys.modules])
    """)
    assert found == '[]'


def test_applying_twice_changes_nothing():
    found = run("""
        import sys
        from mmvmtl import compat
        before = list(sys.meta_path)
        compat.apply()
        print(before == sys.meta_path)
    """)
    assert found == 'True'


def fake_localizers(root: Path) -> Path:
    """A package that imports ``.drn.drn`` as mmaction2's does."""
    folder = root / 'mmaction' / 'models' / 'localizers'
    folder.mkdir(parents=True)
    for package in (folder, *folder.parents[:2]):
        (package / '__init__.py').write_text('')
    (folder / '__init__.py').write_text('from .drn.drn import DRN\n')
    return folder


LOCALIZERS = """
    import sys
    sys.path.insert(0, '.')
    from mmvmtl.compat import PatchFinder
    sys.meta_path[:] = [finder for finder in sys.meta_path
                        if not isinstance(finder, PatchFinder)]
    import mmaction.models.localizers as localizers
"""


def test_missing_drn_is_supplied(tmp_path):
    fake_localizers(tmp_path)
    found = run(
        LOCALIZERS
        + """
    try:
        localizers.DRN()
    except NotImplementedError as error:
        print(error)
    """,
        cwd=tmp_path,
    )
    assert 'missing from the mmaction2 wheel' in found


def test_real_drn_is_not_shadowed(tmp_path):
    real = fake_localizers(tmp_path) / 'drn'
    real.mkdir()
    (real / '__init__.py').write_text('')
    (real / 'drn.py').write_text('class DRN: real = True\n')
    found = run(LOCALIZERS + '    print(localizers.DRN.real)', cwd=tmp_path)
    assert found == 'True'


def test_half_a_real_drn_is_not_papered_over(tmp_path):
    """A broken installation must say so, not get a stub inside."""
    real = fake_localizers(tmp_path) / 'drn'
    real.mkdir()
    (real / '__init__.py').write_text('')
    with pytest.raises(AssertionError, match='ModuleNotFoundError'):
        run(LOCALIZERS, cwd=tmp_path)


def test_importlib_metadata_stands_in_for_the_backport():
    found = run("""
        import sys
        from mmvmtl.compat import StubFinder
        spec = StubFinder().find_spec('importlib_metadata')
        import importlib.util
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        import importlib.metadata as real
        print(module.distribution is real.distribution,
              module.PackageNotFoundError is real.PackageNotFoundError)
    """)
    assert found == 'True True'


@pytest.mark.parametrize('version', ['2.1.0', '2.3.6', '2.10.0'])
def test_mmaction_accepts_the_forks_mmcv(version):
    """The gate sees a version it knows; everyone else sees the real one."""
    found = run(f"""
        import mmvmtl
        import mmcv
        mmcv.__version__ = '{version}'
        import mmaction
        print(mmcv.__version__)
    """)
    assert found == version


def test_a_patched_import_leaves_the_loader_as_it_was():
    found = run("""
        import mmvmtl
        import mmengine.dist.utils as utils
        print('exec_module' in vars(utils.__spec__.loader))
    """)
    assert found == 'False'


def test_config_inherits_from_our_package(tmp_path):
    """``mmvmtl::`` resolves to the packaged configs."""
    found = run("""
        import mmvmtl
        from mmengine.config import Config
        from pathlib import Path
        root = Path(mmvmtl.__file__).parent / '.mim' / 'configs'
        for path in sorted(root.glob('_base_/*.py')):
            name = path.relative_to(root)
            Path('new.py').write_text(f"_base_ = 'mmvmtl::{name}'")
            Config.fromfile('new.py')
        print('ok')
    """, cwd=tmp_path)  # fmt: skip
    assert found == 'ok'


def test_the_stub_is_what_doctor_writes():
    """Both texts are valid modules; the finder and --fix share them."""
    scope: dict = {}
    exec(compat.DRN_SOURCE, scope)
    with pytest.raises(NotImplementedError):
        scope['DRN']()
    exec(compat.DRN_INIT, {})


def test_our_model_runs_in_the_scope_of_mmaction():
    """As its tools build it: nobody imported mmvmtl, MMDet's parts say so."""
    found = run(f"""
        import sys
        import torch
        from mmengine.config import Config
        from mmengine.registry import MODELS, init_default_scope
        init_default_scope('mmaction')
        cfg = Config.fromfile({str(MODEL)!r}).model
        bbox_head = cfg.head.heads.det.bbox_head
        for part in (cfg.backbone, cfg.neck, bbox_head):
            part['_scope_'] = 'mmdet'
        before = 'mmvmtl' in sys.modules
        model = MODELS.build(cfg).eval()
        outputs = model(torch.zeros(1, 3, 64, 64))
        print(before, type(model).__module__, *sorted(outputs))
    """)
    assert found == (
        'False mmvmtl.models.detectors.video_mtl_detector cls det track'
    )
