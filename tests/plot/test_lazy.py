"""The room is cheap to enter: matplotlib is loaded when something is drawn, and not before."""

import pkgutil
import subprocess
import sys

import funnelkit.plot
import funnelkit.table


def loaded_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_the_rooms_loads_no_matplotlib() -> None:
    names = ", ".join(funnelkit.plot.__all__)
    loaded = loaded_after(f"import funnelkit.table\nfrom funnelkit.plot import {names}")
    assert not loaded & {"matplotlib", "PIL", "ibis", "duckdb", "IPython"}


def test_drawing_on_given_axes_loads_no_pyplot() -> None:
    code = (
        "import pandas as pd, funnelkit as fk\n"
        "from matplotlib.figure import Figure\n"
        "index = pd.period_range('2026-01', periods=2, freq='M')\n"
        "fk.plot.series(pd.Series([1, 2], index=index), ax=Figure().add_subplot())\n"
        "assert 'matplotlib.pyplot' not in sys.modules, 'pyplot'"
    )
    assert "matplotlib" in loaded_after(code)


def test_no_module_bears_the_name_of_a_function() -> None:
    for room in (funnelkit.plot, funnelkit.table):
        modules = {module.name for module in pkgutil.iter_modules(room.__path__)}
        assert not modules & {*room.__all__}
