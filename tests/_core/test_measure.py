"""One figure with what it divides by what."""

from __future__ import annotations

import numpy as np
import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure, Measures, single


def rates(**changed: object) -> Measure:
    given: dict[str, object] = {
        "name": "win rate",
        "definition": "won / opportunities that entered",
        "unit": "share",
        "numerator": [[81, 0], [2, 3]],
        "denominator": [[263, 0], [4, 3]],
        "numerator_name": "won deals",
        "denominator_name": "opportunities",
        "by": ("source",),
        "segments": (("web",), (None,)),
        "periods": ("2026-01", "2026-02"),
    }
    return Measure(**(given | changed))  # type: ignore[arg-type]


def test_no_denominator_is_no_figure() -> None:
    measure = rates()
    assert np.isnan(measure.values[0, 1])
    low, high = measure.confidence_interval()
    assert np.isnan(low[0, 1])
    assert np.isnan(high[0, 1])
    assert "1 without opportunities." in measure.summary()
    one = measure.only(source="web", period="2026-02")
    assert "no opportunities yet, so there is no figure" in one.summary()


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Newcombe (1998), table I: 81 of 263.
    low, high = rates().confidence_interval()
    assert low[0, 0] == pytest.approx(0.2553, abs=5e-5)
    assert high[0, 0] == pytest.approx(0.3662, abs=5e-5)
    assert high[1, 1] == 1.0


def test_records_that_go_together_widen_it() -> None:
    whole, halved = rates(), rates(effective=[[131.5, 0], [2, 1.5]])
    wide = np.subtract(*halved.confidence_interval()[::-1])[0, 0]
    assert wide > np.subtract(*whole.confidence_interval()[::-1])[0, 0]
    assert halved.values[0, 0] == whole.values[0, 0]


def test_the_frame_names_the_unit() -> None:
    frame = rates().to_frame()
    assert list(frame) == [
        "metric",
        "period",
        "source",
        "numerator",
        "denominator",
        "rate",
        "rate_low",
        "rate_high",
        "definition",
    ]
    assert frame["numerator"].tolist() == [81, 0, 2, 3]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ArgumentError, match="won deals are no part of opportunities"):
        rates(numerator=[[264, 0], [2, 3]])
    with pytest.raises(ArgumentError, match="segments by periods"):
        rates(denominator=[[1, 2]])
    with pytest.raises(ArgumentError, match="must not be negative"):
        rates(denominator=[[263, -1], [4, 3]])
    with pytest.raises(ArgumentError, match="`unit`"):
        rates(unit="percent")
    with pytest.raises(ArgumentError, match="has 4 figures"):
        _ = rates().value


def test_only_says_what_is_there() -> None:
    assert rates().only(source=None).values.shape == (1, 2)
    with pytest.raises(ArgumentError, match="Did you mean `web`"):
        rates().only(source="wep")
    with pytest.raises(ArgumentError, match="2026-01"):
        rates().only(period="2026-1")
    with pytest.raises(ArgumentError, match="unknown segment"):
        rates().only(region="EU")


def test_an_interval_that_came_with_a_figure_has_its_level() -> None:
    measure = Measure(
        name="sales cycle",
        definition="days from opportunity to won",
        unit="days",
        numerator=single(102),
        denominator=single(1),
        numerator_name="days",
        denominator_name="closed deals",
        low=single(90),
        high=single(110),
    )
    assert measure.summary() == (
        "Sales cycle (days from opportunity to won): 102.0 days (90.0 days to 110.0 days), "
        "102 days over 1 closed deals."
    )
    with pytest.raises(ArgumentError, match=r"worked out at 0\.95"):
        measure.confidence_interval(0.9)


def test_several_stand_under_their_names() -> None:
    both = Measures(measures=(rates(), rates(name="close rate")))
    assert both.names == ("win rate", "close rate")
    assert both["close rate"].name == "close rate"
    assert len(both.to_frame()) == 8
    with pytest.raises(ArgumentError, match="close rate"):
        _ = both["close rat"]
    with pytest.raises(ArgumentError, match="twice"):
        Measures(measures=(rates(), rates()))


def test_a_figure_that_is_no_quotient_is_given() -> None:
    blank = np.nan
    median = rates(
        name="median time to win",
        unit="days",
        numerator=[[blank, blank], [blank, blank]],
        denominator=[[40, 0], [4, 3]],
        given=[[57, 57], [3, 2]],
        low=[[55, blank], [blank, blank]],
        high=[[60, blank], [blank, blank]],
    )
    assert np.isnan(median.values[0, 1])
    one = median.only(source="web", period="2026-01")
    assert one.value == 57
    assert "57.0 days (55.0 days to 60.0 days), of 40 opportunities." in one.summary()
    assert median.to_frame()["numerator"].isna().all()


def test_a_share_may_bring_its_own_interval() -> None:
    own = rates(low=[[0.2, 0], [0, 0]], high=[[0.5, 1], [1, 1]])
    low, high = own.confidence_interval()
    assert (low[0, 0], high[0, 0]) == (0.2, 0.5)
    with pytest.raises(ArgumentError, match=r"was worked out at 0\.95"):
        own.confidence_interval(0.8)
