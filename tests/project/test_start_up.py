"""Importing the package and asking for help load nothing heavy."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "duckdb", "ibis", "IPython", "jinja2", "matplotlib", "nbconvert", "numpy", "pandas",
    "papermill", "pyarrow", "scipy", "sqlglot", "statsmodels",
}  # fmt: skip
LOADED = "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)"
HELP = """
try:
    main(["--help"])
except SystemExit as stop:
    assert not stop.code, stop.code
"""


def loaded_after(code: str) -> tuple[set[str], str]:
    """Top-level modules after `code` ran in a fresh interpreter, and what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", f"import json, sys\n{code}\n{LOADED}"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1])), done.stdout


@pytest.mark.parametrize("code", ["import funnelkit", "import funnelkit; dir(funnelkit)"])
def test_import_loads_nothing_heavy(code: str) -> None:
    assert not loaded_after(code)[0] & HEAVY


def test_help_loads_nothing_heavy() -> None:
    loaded, said = loaded_after(f"from funnelkit.cli import main{HELP}")
    assert not loaded & HEAVY
    assert "report" in said


def test_the_engine_is_loaded_only_for_data() -> None:
    loaded, _ = loaded_after("import funnelkit\nfunnelkit.Funnel(['lead', 'won'])")
    assert not loaded & {"ibis", "duckdb", "matplotlib", "papermill"}
