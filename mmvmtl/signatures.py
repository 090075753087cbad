"""Which arguments a class takes, looking through ``**kwargs``."""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable


@functools.cache
def accepted(target: Callable) -> frozenset[str] | None:
    """Names of the keyword arguments of a class or function.

    ``**kwargs`` is followed along the method resolution order only where
    ``__init__`` hands it to ``super().__init__`` and to nobody else.

    Returns:
        frozenset[str] | None: None where the names can not be known: the
        keywords go anywhere else, or nobody ends the chain.
    """
    if not inspect.isclass(target):
        names, rest = _own(target)
        return names if rest is None else None
    names: frozenset[str] = frozenset()
    classes = list(target.__mro__[:-1])
    while classes:
        cls = classes.pop(0)
        init = vars(cls).get('__init__')
        if init is None:
            continue
        own, rest = _own(init)
        if own is None:
            return None
        names |= own
        if rest is None:
            return frozenset(names - {'self'})
        passed_on = _Keywords.of(init, rest)
        if passed_on is None:
            return None
        names |= passed_on.names
        skipped = [other.__name__ for other in classes]
        if passed_on.after != cls.__name__ and passed_on.after in skipped:
            del classes[: skipped.index(passed_on.after) + 1]
    return None


def _own(
    function: Callable,
) -> tuple[frozenset[str] | None, str | None]:
    """Named parameters, and the name of ``**kwargs`` if there is one."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None, None
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD,
             inspect.Parameter.KEYWORD_ONLY)  # fmt: skip
    names = frozenset(p.name for p in parameters if p.kind in named)
    rest = [p.name for p in parameters if p.kind is p.VAR_KEYWORD]
    return names, rest[0] if rest else None


class _Keywords(ast.NodeVisitor):
    """What an ``__init__`` does with its ``**kwargs``.

    Attributes:
        names: Keywords it reads itself, ``kwargs.pop('name')`` say.
        after: X in ``super(X, self).__init__``, which skips classes.
        to_super: Whether super gets the rest.
        elsewhere: Whether anybody else gets it.
    """

    def __init__(self, rest: str) -> None:
        self.rest = rest
        self.names: set[str] = set()
        self.after: str | None = None
        self.to_super = False
        self.elsewhere = False

    @classmethod
    def of(cls, init: Callable, rest: str) -> _Keywords | None:
        """Read an ``__init__``; None if the keywords go who knows where."""
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
        except (OSError, TypeError, SyntaxError):
            return None
        found = cls(rest)
        found.visit(tree)
        lost = found.elsewhere or not found.to_super
        return None if lost else found

    def visit_Call(self, node: ast.Call) -> None:
        """See ``**kwargs`` handed on, and ``kwargs.pop('name')``."""
        function = node.func
        if isinstance(function, ast.Attribute):
            if self._is_rest(function.value) and node.args:
                self._read(node.args[0])
            self.names |= {
                keyword.arg
                for keyword in node.keywords
                if keyword.arg and self._is_rest(function.value)
            }
        if any(self._is_rest(k.value) for k in node.keywords if not k.arg):
            if self._is_super_init(function):
                self.to_super = True
            else:
                self.elsewhere = True
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """See ``kwargs['name']``."""
        if self._is_rest(node.value):
            self._read(node.slice)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """See ``'name' in kwargs``."""
        if any(map(self._is_rest, node.comparators)):
            self._read(node.left)
        self.generic_visit(node)

    def _is_rest(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self.rest

    def _read(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self.names.add(node.value)

    def _is_super_init(self, node: ast.AST) -> bool:
        if not (
            isinstance(node, ast.Attribute)
            and node.attr == '__init__'
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
            and node.value.func.id == 'super'
        ):
            return False
        args = node.value.args
        if args and isinstance(args[0], ast.Name):
            self.after = args[0].id
        return True
