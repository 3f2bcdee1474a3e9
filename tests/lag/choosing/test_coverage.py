"""What is shown holds the truth about as often as it says; benchmarks/lag_coverage.py at length."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "benchmarks" / "lag_coverage.py"


def loaded():
    spec = importlib.util.spec_from_file_location("lag_coverage", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


STUDY = loaded()


@pytest.mark.parametrize(
    ("cell", "how", "sets"),
    [
        (STUDY.Cell(200, 90, 0.02), "known", 30),
        (STUDY.Cell(2_000, 180, 0.2), "known", 30),
        (STUDY.Cell(2_000, 365, 0.2, "log-normal"), "known", 20),
        (STUDY.Cell(2_000, 180, 0.2), "chosen", 6),
    ],
    ids=str,
)
def test_what_is_shown_holds_the_truth(cell, how, sets):
    """95 % are promised; three standard errors below that is .83 of 30 sets, .68 of 6."""
    outcomes = [STUDY.one(cell, how, seed) for seed in range(sets)]
    held = sum(not one.below and not one.above for one in outcomes) / sets
    assert held >= 0.95 - 3 * (0.95 * 0.05 / sets) ** 0.5
    assert STUDY.row(cell, outcomes).startswith(f"| {cell.leads:,} |")


def test_something_is_said():
    """Intervals that are always 0 to 1 would hold the truth too."""
    outcomes = [STUDY.one(STUDY.Cell(10_000, 365, 0.2), "chosen", seed) for seed in range(2)]
    assert max(one.width for one in outcomes) < 0.15
    assert all(one.verdict != "bound only" for one in outcomes)
