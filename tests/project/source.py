"""Where the project's source files are: for tests that read source text."""

import sys
from collections.abc import Iterable
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


def third_party(names: Iterable[str]) -> set[str]:
    """Those top-level `names` that are neither Python's own nor the package itself."""
    return {name for name in names if name not in sys.stdlib_module_names} - {"funnelkit"}


def own_python_files() -> list[Path]:
    """The package and the tools beside it."""
    return [*modules().values(), *sorted((ROOT / "tools").glob("*.py"))]
