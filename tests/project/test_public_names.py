"""The public face: declared once for people, once for type checkers, and always usable."""

import ast
import importlib
import types
from pathlib import Path

import pytest

import funnelkit
from tests.project.source import PACKAGE, ROOT, modules


def declared_for_type_checkers(path: Path) -> dict[str, str]:
    """Name -> module, from the `if TYPE_CHECKING:` block of a package's __init__."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    blocks = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    ]
    return {
        alias.asname or alias.name: part.module or ""
        for block in blocks
        for part in block.body
        if isinstance(part, ast.ImportFrom)
        for alias in part.names
    }


def import_every_module() -> list[types.ModuleType]:
    """All of the package, in the order in which a lazy name could be overwritten."""
    dotted = (f"funnelkit.{name}".rstrip(".") for name in modules() if "__main__" not in name)
    return [importlib.import_module(name) for name in dotted]


def test_all_is_sorted_and_each_name_once() -> None:
    assert sorted(set(funnelkit.__all__)) == sorted(funnelkit.__all__)
    assert set(funnelkit.__all__) <= set(dir(funnelkit))


def test_type_checkers_see_the_same_names() -> None:
    declared = declared_for_type_checkers(PACKAGE / "__init__.py")
    assert set(declared) == set(funnelkit.__all__)


def test_type_checkers_see_the_same_objects() -> None:
    for name, home in declared_for_type_checkers(PACKAGE / "__init__.py").items():
        public = getattr(funnelkit, name)
        if home == "funnelkit":
            assert public is importlib.import_module(f"funnelkit.{name}")
        else:
            assert public is getattr(importlib.import_module(home), name)


def test_public_names_survive_the_import_of_every_module() -> None:
    import_every_module()
    rooms = {
        name
        for name, home in declared_for_type_checkers(PACKAGE / "__init__.py").items()
        if home == "funnelkit"
    }
    for name in funnelkit.__all__:
        value = getattr(funnelkit, name)
        assert isinstance(value, types.ModuleType) == (name in rooms), name
        assert name in rooms or callable(value), name


def test_every_room_offers_what_it_lists() -> None:
    for module in import_every_module():
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if module is not funnelkit:
                assert not isinstance(value, types.ModuleType), f"{module.__name__}.{name}"


def test_names_that_tests_would_collect_or_users_would_curse_are_not_public() -> None:
    for module in import_every_module():
        for name in getattr(module, "__all__", ()):
            assert not name.startswith(("test_", "get_")), f"{module.__name__}.{name}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = funnelkit.no_such_name


def test_version_is_the_one_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert funnelkit.__version__ == project["version"]
