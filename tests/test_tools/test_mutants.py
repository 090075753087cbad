"""The list of mutations fits the code; running them is ``make mutants``."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _tool():
    path = ROOT / 'tools' / 'mutants.py'
    spec = importlib.util.spec_from_file_location('mutants', path)
    module = importlib.util.module_from_spec(spec)
    # Its dataclass looks its module up.
    sys.modules['mutants'] = module
    spec.loader.exec_module(module)
    return module


MUTANTS = _tool().read(ROOT / 'tests' / 'mutants.toml')


def test_there_are_at_least_twenty_with_names_of_their_own():
    names = [mutant.name for mutant in MUTANTS]
    assert len(names) >= 20
    assert len(set(names)) == len(names)


@pytest.mark.parametrize('mutant', MUTANTS, ids=lambda mutant: mutant.name)
def test_what_is_mutated_stands_there_once(mutant):
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.new != mutant.old
    files = [ROOT / test.split('::')[0] for test in mutant.tests]
    assert all(file.exists() for file in files)
