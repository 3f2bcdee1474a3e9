"""Where the project's source files are: for tests that read source text."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "funnelkit"


def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name within it (the package's own is '')."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


def imported(tree: ast.AST) -> Iterator[str]:
    """Top-level names of what is imported at run time (not under TYPE_CHECKING)."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from (name for part in node.orelse for name in imported(part))
        else:
            yield from imported(node)


def libraries(path: Path) -> set[str]:
    """What the module at `path` imports at run time from outside Python and the package."""
    names = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
    return {name for name in names if name not in sys.stdlib_module_names} - {"funnelkit"}


def own_python_files() -> list[Path]:
    """The package and the tools beside it."""
    return [*modules().values(), *sorted((ROOT / "tools").glob("*.py"))]
