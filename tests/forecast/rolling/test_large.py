"""Large single deals are named by their ids, and the forecast without them is shown."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.forecast.rolling.large import large_deals
from tests.forecast.rolling.made import forecast_of

DEALS = pd.DataFrame(
    {
        "id": ["small", "big", "bigger", "edge"],
        "owner": ["Ann Lee"] * 4,
        "value": [100.0, 400.0, 900.0, 500.0],
        "p_win": [0.5, 0.5, 0.5, 0.2],
    }
)


def test_deals_above_the_share_are_named() -> None:
    found = large_deals(DEALS)  # 50 + 200 + 450 + 100 = 800: a tenth is 80
    assert found.deals == ("bigger", "big", "edge")
    assert (found.total, found.without) == (800.0, 50.0)
    table = found.to_frame()
    assert table["share"].tolist() == pytest.approx([0.5625, 0.25, 0.125])
    assert table["expected_value"].tolist() == [450, 200, 100]
    assert table["p_win"].tolist() == [0.5, 0.5, 0.2]
    assert "Ann" not in repr(found)
    assert found.summary().startswith("3 deals make more than 10")
    assert found.summary().endswith("Without them 50 are expected.")


def test_exactly_the_share_is_not_above_it() -> None:
    assert large_deals(DEALS, share=0.125).deals == ("bigger", "big")
    assert large_deals(DEALS, share=0.9).deals == ()
    assert "None of 4 deals makes more than 90" in large_deals(DEALS, share=0.9).summary()


def test_the_forecast_is_shown_without_them() -> None:
    draws = np.array([[800.0, 200.0], [1000.0, 0.0]])
    plain = forecast_of(draws, what="bookings", unit="value", currency="EUR")
    found = large_deals(DEALS, forecast=plain, share=0.3)
    assert found.deals == ("bigger",)  # 450 of 1,000
    assert found.without == 550.0
    assert found.forecast is not None
    assert found.forecast.draws[:, 0] == pytest.approx(draws * 0.55)
    assert found.forecast.total.sum() == pytest.approx(550.0)
    assert (plain.draws[:, 0] == draws).all()
    assert found.summary().endswith("Without it EUR 550 are expected (550 to 550).")
    assert found.currency == "EUR"


def test_what_is_expected_within_the_horizon_is_taken_out_of_the_forecast() -> None:
    plain = forecast_of([[500.0, 500.0]], what="bookings", unit="value")
    deals = DEALS.assign(expected_value=600.0, expected_value_in_horizon=[10.0, 20, 300, 40])
    found = large_deals(deals, forecast=plain)
    assert (found.deals, found.without) == (("bigger",), 700.0)


def test_series_shrink_by_their_own() -> None:
    plain = forecast_of(np.full((2, 2, 1), 450.0), what="bookings", unit="value")
    deals = DEALS.assign(source=["s0", "s1", "s0", "s1"])
    found = large_deals(deals, forecast=plain, share=0.2)
    assert found.deals == ("bigger", "big")
    assert found.forecast is not None
    assert found.forecast.expected == pytest.approx(np.array([[0.0], [250.0]]))


@pytest.mark.parametrize("rows", [0, 1])
def test_few_deals_do(rows: int) -> None:
    found = large_deals(DEALS.head(rows))
    assert found.deals == (("small",) if rows else ())
    assert len(found.to_frame()) == rows
    assert found.without == 0.0


def test_blank_values_bring_nothing() -> None:
    found = large_deals(DEALS.assign(value=[None, 400, 900, 500]))
    assert found.total == 750.0


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"share": 10}, "`share` must be between 0 and 1; got 10"),
        ({"share": True}, "`share` must be"),
        ({"forecast": forecast_of([[1.0]])}, "must be of money"),
        ({"forecast": 3}, "must be a Forecast; got int"),
        ({"id": "nr"}, "`deals` needs the id of each deal"),
        ({"deals": [1]}, "must be a frame"),
        ({"deals": pd.DataFrame()}, "it has no columns"),
        ({"deals": DEALS[["id", "value"]]}, "`value` and `p_win`; it has `id` and `value`"),
    ],
)
def test_wrong_arguments_are_named(asked: dict[str, Any], message: str) -> None:
    given = {"deals": DEALS, **asked}
    with pytest.raises(ArgumentError, match=message):
        large_deals(given.pop("deals"), **given)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"id": "a"}, "1 deal more than once, such as a"),
        ({"id": [None, "b", "c", "d"]}, "1 deal without `id`"),
        ({"value": -5.0}, "`value` cannot be -5"),
        ({"p_win": 1.5}, "`p_win` cannot be 1.5"),
        ({"value": np.inf}, "`value` cannot be inf"),
    ],
)
def test_tables_that_cannot_be_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        large_deals(DEALS.assign(**changed))


def test_hostile_ids_stay_text() -> None:
    name = "<script>=cmd|' /C calc'!A0</script>\n"
    found = large_deals(DEALS.assign(id=[name, "b", "c", "d"]), share=0.01)
    assert name in found.deals
    assert "<script>" not in found._repr_html_()
    assert "\n" not in found.summary()
