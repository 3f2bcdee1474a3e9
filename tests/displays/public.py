"""Which classes of the package the public functions return, read from their annotations."""

import ast
import importlib
import inspect
import sys
import types
from collections.abc import Iterator
from functools import cache
from typing import Any

import funnelkit


def functions() -> Iterator[tuple[str, Any]]:
    """Every public function and class by its dotted name, rooms included."""
    for name in funnelkit.__all__:
        value = getattr(funnelkit, name)
        if isinstance(value, types.ModuleType):
            yield from ((f"{name}.{each}", getattr(value, each)) for each in value.__all__)
        else:
            yield name, value


@cache
def imported(module: str) -> dict[str, tuple[str, str]]:
    """Name -> (module, name) of what a module imports, for type checkers too."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {
        alias.asname or alias.name: (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def named(annotation: object) -> set[str]:
    """The names in an annotation as it is written."""
    if not isinstance(annotation, str):
        return set()
    return {node.id for node in ast.walk(ast.parse(annotation)) if isinstance(node, ast.Name)}


def classes(function: Any) -> Iterator[type]:
    """The package's own classes that a function says it returns."""
    for name in named(getattr(function, "__annotations__", {}).get("return")):
        home, what = imported(function.__module__).get(name, (function.__module__, name))
        if not home.startswith("funnelkit"):
            continue
        found = getattr(importlib.import_module(home), what, None)
        if inspect.isclass(found) and found.__module__.startswith("funnelkit"):
            yield found


def returned() -> dict[type, str]:
    """Class -> a public function that returns it."""
    return {
        found: name
        for name, value in functions()
        if inspect.isfunction(value)
        for found in classes(value)
    }
