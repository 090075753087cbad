"""The doctor finds what is wrong and names what mends it."""

import importlib.metadata
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from mmvmtl.doctor import checks, installed, remedies, report

ROOT = Path(__file__).parents[1]


def run(*args: str, code: str = '') -> subprocess.CompletedProcess:
    start = ['-m', 'mmvmtl.doctor', *args] if not code else ['-c', code]
    return subprocess.run(
        [sys.executable, '-W', 'ignore', *start],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def test_a_working_environment_exits_with_zero():
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'everything needed works' in done.stdout
    assert f'torch {importlib.metadata.version("torch")}' in done.stdout


BROKEN = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {hidden}:
            raise ModuleNotFoundError(f'No module named {{name!r}}')

sys.meta_path.insert(0, Hidden())
from mmvmtl import doctor
sys.exit(doctor.main([]))
"""


def test_without_mmcv_and_mmdet_it_still_reports():
    done = run(code=BROKEN.format(hidden={'mmcv', 'mmdet', 'mmaction'}))
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    for name in ('mmcv', 'mmcv ops', 'mmdet'):
        at = next(
            i for i, line in enumerate(lines)
            if line.startswith(f'  FAILED   {name}: ')
        )  # fmt: skip
        assert 'No module named' in lines[at]
        assert 'mend: pip install' in lines[at + 1]
    assert '  ok       torch' in done.stdout
    assert 'do not work' in lines[-1]


def test_without_mmengine_even_the_registry_is_a_line_of_the_report():
    done = run(code=BROKEN.format(hidden={'mmengine'}))
    assert done.returncode == 1, done.stderr
    assert 'FAILED   mmengine' in done.stdout


def distributions(monkeypatch, **versions):
    def version(name):
        if name not in versions:
            raise importlib.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(importlib.metadata, 'version', version)


@pytest.mark.parametrize(
    'versions, family, pin',
    [
        ({}, 'upstream', 'mmengine==0.11.0rc3'),
        ({'mmengine': '0.10.7'}, 'upstream', 'mmengine==0.11.0rc3'),
        ({'onedl-mmcv': '2.3.6'}, 'fork', 'onedl-mmengine==0.10.12'),
    ],
)
def test_the_remedy_belongs_to_the_family(monkeypatch, versions, family, pin):
    distributions(monkeypatch, **versions)
    assert installed.family() == family
    assert pin in remedies.mend('mmengine')


def test_two_owners_of_one_module_are_found(monkeypatch):
    versions = {'opencv-python': '4.14', 'opencv-contrib-python': '4.13'}
    distributions(monkeypatch, **versions)
    with pytest.raises(RuntimeError, match='overwrite each other'):
        checks.check_owner()
    mend = next(c.mend for c in checks.checks() if c.name == 'owners')
    assert 'uninstall -y opencv-python opencv-contrib-python' in mend


def test_only_what_has_two_owners_is_installed_anew(monkeypatch):
    versions = {'opencv-python': '4.14', 'mmcv': '2.1', 'mmcv-lite': '2.1'}
    distributions(monkeypatch, **versions)
    commands = remedies.keep_one().split(' && ')
    assert commands[0] == 'pip uninstall -y mmcv mmcv-lite'
    assert 'mmcv==' in commands[-1]
    assert not any('uninstall -y opencv' in each for each in commands)


@pytest.mark.parametrize('version, works', [('4.14.0', True), ('5.0', False)])
def test_opencv_5_is_refused(monkeypatch, version, works):
    monkeypatch.setattr('cv2.__version__', version)
    check = checks.Check('OpenCV', checks.check_opencv, '')
    assert report.examine(check)[0] is works


def test_an_mmengine_that_can_not_resume_is_found(monkeypatch):
    """As 0.10.7 under torch >= 2.6: its own checkpoints do not load."""

    def load(*args, **kwargs):
        raise pickle.UnpicklingError('Weights only load failed.\nWhy')

    monkeypatch.setattr('torch.load', load)
    check = checks.Check('resume', checks.check_resume, '')
    works, cause = report.examine(check)
    assert not works and '\n' not in cause


def fake_mmaction(tmp_path: Path, monkeypatch) -> Path:
    folder = tmp_path / 'mmaction'
    (folder / 'models' / 'localizers').mkdir(parents=True)
    (folder / '__init__.py').write_text("mmcv_maximum_version = '2.2.0'\n")
    monkeypatch.setattr(installed, 'mmaction_folder', lambda: folder)
    return folder


def test_fix_writes_what_is_missing_once(tmp_path, monkeypatch):
    folder = fake_mmaction(tmp_path, monkeypatch)
    distributions(monkeypatch, mmcv='2.1.0')
    with pytest.raises(RuntimeError, match='lacks'):
        checks.check_drn()
    assert len(remedies.fix()) == 1
    assert checks.check_drn()
    assert remedies.fix() == ['nothing to fix']
    assert '2.2.0' in (folder / '__init__.py').read_text()


def test_fix_keeps_a_real_package(tmp_path, monkeypatch):
    folder = fake_mmaction(tmp_path, monkeypatch)
    real = folder / 'models' / 'localizers' / 'drn' / 'drn.py'
    real.parent.mkdir()
    real.write_text('real = True')
    remedies.fix()
    assert real.read_text() == 'real = True'


def test_fix_raises_the_limit_beside_the_forks_mmcv(tmp_path, monkeypatch):
    folder = fake_mmaction(tmp_path, monkeypatch)
    distributions(monkeypatch, **{'onedl-mmcv': '2.3.6'})
    assert len(remedies.fix()) == 2
    assert '3.0.0' in (folder / '__init__.py').read_text()


@pytest.mark.parametrize('family', ['upstream', 'fork'])
def test_pins_are_those_of_the_requirements(family):
    files = [family, 'torch', 'mmaction']
    pins = {
        line
        for name in files
        for line in (ROOT / 'requirements' / f'{name}.txt').read_text().split()
    }
    assert set(remedies.PINS[family].values()) <= pins
