"""Period rates: two counts of one period, and no more than that."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from funnelkit import rates
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import count_ratio_interval
from funnelkit.counts.flows import Flows


def flows(entries, *, by=(), segments=((),), undated=None, partial=()):
    entries = np.asarray(entries)
    periods = pd.period_range("2018-03", periods=entries.shape[2], freq="M")
    return Flows(
        steps=("lead", "mql", "won", "lost"),
        by=by,
        segments=segments,
        periods=periods,
        as_of=dt.date(2018, 5, 31),
        entries=entries,
        undated=np.zeros(entries.shape[:2]) if undated is None else undated,
        partial=frozenset(periods[list(partial)]),
    )


LITERAL = flows([[[100, 80, 20], [60, 50, 40], [9, 12, 25], [1, 0, 2]]], partial=[2])


def test_the_ratio_may_exceed_1():
    result = rates.period(LITERAL, "lead", "won")
    assert result.rate.tolist() == [[0.09, 0.15, 1.25]]
    low, high = result.confidence_interval(0.9)
    expected = [count_ratio_interval(x, y, confidence_level=0.9) for x, y in
                ((9, 100), (12, 80), (25, 20))]  # fmt: skip
    np.testing.assert_allclose(np.stack([low[0], high[0]], 1), expected)
    assert high[0, 2] > 1


def test_the_frame():
    frame = rates.period(LITERAL, "mql", "lost").to_frame()
    assert frame.columns.tolist() == [
        "period", "entered", "converted", "rate", "rate_low", "rate_high", "partial",
    ]  # fmt: skip
    assert frame["period"].tolist() == ["2018-03", "2018-04", "2018-05"]
    assert frame["entered"].tolist() == [60, 50, 40]
    assert frame["converted"].tolist() == [1, 0, 2]
    assert frame["partial"].tolist() == [False, False, True]


def test_segments():
    one = [[10, 20], [5, 5], [1, 2], [0, 0]]
    two = [[30, 40], [5, 5], [3, 4], [0, 0]]
    result = rates.period(
        flows([one, two], by=("source",), segments=(("ads",), (None,))), "lead", "won"
    )
    frame = result.to_frame()
    assert frame.columns[:2].tolist() == ["period", "source"]
    assert frame["rate"].tolist() == [0.1, 0.1, 0.1, 0.1]
    assert result.summary().startswith("April 2018: 6 entries to won against 60 to lead")


def test_a_period_without_entries_has_no_ratio():
    result = rates.period(flows([[[0, 5], [0, 0], [3, 0], [0, 0]]]), "lead", "won")
    assert np.isnan(result.rate[0, 0])
    low, high = result.confidence_interval()
    assert np.isnan([low[0, 0], high[0, 0]]).all()
    assert (result.rate[0, 1], low[0, 1]) == (0.0, 0.0)
    assert high[0, 1] == pytest.approx(1.0913, abs=1e-4)  # scipy: binomtest(0, 5), upper 0.52182
    none = rates.period(flows([[[0], [0], [3], [0]]]), "lead", "won")
    assert none.summary() == "Nothing entered lead in any period; there is no ratio."
    assert repr(none)


def test_the_sentence():
    result = rates.period(flows([[[1352, 1303], [0, 0], [207, 122], [0, 0]]]), "lead", "won")
    assert result.summary() == (
        "April 2018: 122 entries to won against 1,303 to lead, a ratio of 9.4\u202f% (7.7 to "
        "11.3\u202f%); these are not the same leads, so it is no conversion rate."
    )
    undated = rates.period(
        flows([[[10], [0], [1], [0]]], undated=[[3, 9, 1, 0]]), "lead", "won"
    ).summary()
    assert undated.endswith("4 entries without a known day are in no period.")
    assert "<table" in result._repr_html_()


def test_arguments():
    with pytest.raises(ArgumentError) as caught:
        rates.period(LITERAL, "lead", "wonn")
    assert str(caught.value) == (
        "`target`: unknown stage or exit `wonn`; known: `lead`, `mql`, `won`, `lost`. Did you mean "
        "`won`?"
    )
    with pytest.raises(ArgumentError, match="`start`: unknown"):
        rates.period(LITERAL, "deal", "won")
    with pytest.raises(ArgumentError) as caught:
        rates.period(LITERAL, "won", "won")
    assert str(caught.value) == "`target` must differ from `start`; got `won` for both."
    with pytest.raises(ArgumentError, match="confidence_level"):
        rates.period(LITERAL, "lead", "won", confidence_level=0)
