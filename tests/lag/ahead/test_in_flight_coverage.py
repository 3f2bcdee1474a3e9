"""The interval of conversions to come, scaled down from benchmarks/in_flight_coverage.py."""

import importlib.util
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks" / "in_flight_coverage.py"


def loaded():
    spec = importlib.util.spec_from_file_location("in_flight_coverage", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_where_months_differ_in_pace():
    """95 % are promised: of eight sets at least six (P = 0.006 that fewer do). With every month
    alike less than half of them hold at 20,000 leads."""
    found = loaded().covered(8, 20_000, n_draws=400)["covered"]
    assert found["30 days", "with pace"] >= 6 / 8
    assert found["ever", "with pace"] >= 6 / 8
    assert found["30 days", "without"] < 6 / 8
