"""The star of the blueprint: packages never import their siblings."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / 'mmvmtl'
PACKAGES = {path.parent.name for path in PACKAGE.glob('*/__init__.py')}
#: Imported where they are used, so that nobody pays for them or needs them.
OPTIONAL = {
    'decord', 'mmaction', 'skada', 'tensorboard', 'torchjd', 'trackeval'
}  # fmt: skip
#: Arithmetic that a user may take without the framework; what it imports
#: from mmvmtl is held to the same rule.
ARITHMETIC = [
    PACKAGE / 'boxes.py',
    PACKAGE / 'evaluation' / 'mot_metrics.py',
    PACKAGE / 'models' / 'trackers' / 'lifecycle.py',
]
ARRAYS = {'numpy', 'scipy', 'mmvmtl', *sys.stdlib_module_names}
FILES = sorted(
    path for path in PACKAGE.rglob('*.py') if '.mim' not in path.parts
)


def imports(path: Path, everywhere: bool = True) -> set[str]:
    """Modules that a file imports, at its top level or everywhere.

    ``from mmvmtl import boxes`` counts as ``mmvmtl.boxes``; a block under
    ``if TYPE_CHECKING`` is not an import.
    """
    tree = ast.parse(path.read_text())
    found: set[str] = set()
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = absolute(node, path)
            found.add(module)
            if module in ('mmvmtl', 'mmvmtl.models'):
                found |= {f'{module}.{alias.name}' for alias in node.names}
        elif (
            isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.dump(node.test)
        ) or (isinstance(node, ast.FunctionDef) and not everywhere):
            continue
        stack += list(ast.iter_child_nodes(node))
    return found


def absolute(node: ast.ImportFrom, path: Path) -> str:
    """The full name of what a ``from`` imports from."""
    if not node.level:
        return node.module or ''
    home = path.relative_to(PACKAGE.parent).with_suffix('').parts
    return '.'.join([*home[: -node.level], *filter(None, [node.module])])


def package_of(path: Path) -> str | None:
    """The package inside mmvmtl that a file belongs to."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else None


@pytest.mark.parametrize('path', FILES, ids=lambda p: str(p)[-40:])
def test_no_package_imports_a_sibling(path):
    """Only ``apis`` sees all; single modules import no package."""
    own = package_of(path)
    if own == 'apis':
        return
    for module in imports(path):
        parts = module.split('.')
        if parts[0] == 'mmvmtl' and len(parts) > 1 and parts[1] in PACKAGES:
            assert parts[1] == own, f'{path.name} imports {module}'


@pytest.mark.parametrize('path', FILES, ids=lambda p: str(p)[-40:])
def test_optional_packages_are_imported_where_they_are_used(path):
    tops = {name.split('.')[0] for name in imports(path, everywhere=False)}
    assert not tops & OPTIONAL


def closure(paths: list[Path]) -> list[Path]:
    """These files and every module of mmvmtl that they import."""
    seen: list[Path] = []
    todo = [path for path in paths if path.exists()]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.append(path)
        for module in imports(path):
            source = PACKAGE.parent.joinpath(*module.split('.'))
            if module.startswith('mmvmtl.') and source != PACKAGE:
                file = source.with_suffix('.py')
                todo.append(file if file.exists() else source / '__init__.py')
    return sorted(path for path in seen if path.exists())


@pytest.mark.parametrize('path', closure(ARITHMETIC), ids=lambda p: p.stem)
def test_arithmetic_needs_arrays_only(path):
    tops = {module.split('.')[0] for module in imports(path)}
    assert tops <= ARRAYS, tops - ARRAYS


def test_the_rule_sees_an_offence(tmp_path):
    path = tmp_path / 'offence.py'
    path.write_text(
        'from mmvmtl.models import heads\n'
        'def late():\n    import mmaction.models\n'
    )
    assert imports(path) >= {'mmvmtl.models', 'mmaction.models'}
    assert 'mmaction.models' not in imports(path, everywhere=False)
