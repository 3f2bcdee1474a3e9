"""Each interval holds the truth about as often as it says; benchmarks/ has the long run."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "coverage_intervals.py"


def loaded():
    spec = importlib.util.spec_from_file_location("coverage_intervals", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BENCHMARK = loaded()


@pytest.mark.parametrize("scenario", BENCHMARK.SCENARIOS, ids=lambda scenario: scenario.name)
def test_intervals_hold_the_truth(scenario):
    """95 % are promised; of 150 runs at least 89 % is what three standard errors leave."""
    held, _ = BENCHMARK.coverage(scenario, 150)
    assert held >= 0.89


def test_adjusted_rates_are_not_all_too_wide():
    named = {scenario.name: scenario for scenario in BENCHMARK.SCENARIOS}
    held, width = BENCHMARK.coverage(named["adjusted, young cohort of 300"], 100)
    assert held < 1
    assert width < 0.15
