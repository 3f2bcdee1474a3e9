"""Which timing the page goes by: as observed, unless another was clearly better often enough."""

from types import SimpleNamespace

import pandas as pd
import pytest

from funnelkit.report.page.views.method import _best


def scored(n, **crps):
    table = pd.DataFrame({"method": list(crps), "crps": list(crps.values())})
    return SimpleNamespace(n=n, scores=lambda: table)


@pytest.mark.parametrize(
    ("told", "best"),
    [
        (scored(30, observed=1.0, curve=0.9, raw=0.1), "curve"),
        (scored(30, observed=1.0, curve=0.96), "observed"),
        (scored(30, observed=1.0, curve=1.2), "observed"),
        (scored(11, observed=1.0, curve=0.5), "observed"),
        (scored(30, curve=0.9, raw=2.0), "curve"),
        (scored(30, raw=2.0), None),
    ],
    ids=["clearly", "hardly", "worse", "too seldom", "the only one", "none"],
)
def test_another_timing_has_to_be_clearly_better(told, best):
    assert _best(told, ["observed", "curve"]) == best
