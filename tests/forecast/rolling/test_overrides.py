"""People's word on single deals: read, applied beside the forecast, scored; no names anywhere."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.forecast.rolling.adjusted import with_overrides
from funnelkit.forecast.rolling.judged import score_overrides
from funnelkit.forecast.rolling.overrides import Overrides, read_overrides
from tests.forecast.rolling.made import forecast_of

TEXT = """deal,value,name,reason,probability,period
D-1,1000,Ann Lee,"Ann Lee and Bo spoke to them, see ann@example.org",,2026-07
D-2,500,Bo Ek,,0.5,
D-3,0,Ann Lee,annlee is no name; lee is,,
"""
DEALS = pd.DataFrame(
    {
        "deal_id": ["D-1", "D-2", "D-3", "D-9"],
        "expected_value": [300.0, 100.0, 200.0, 400.0],
        "p_win": [0.3, 0.5, 0.4, 0.8],
        "probable_month": ["2026-08", "2026-08", "2026-07", "2026-07"],
    }
)


def read(tmp_path: Path, text: str = TEXT, **asked: Any) -> Overrides:
    path = tmp_path / "overrides.csv"
    path.write_text(text, encoding="utf-8")
    return read_overrides(path, **asked)


def money(draws: Any, **changed: Any) -> Any:
    return forecast_of(draws, what="bookings", unit="value", **changed)


def test_what_is_said_is_read(tmp_path: Path) -> None:
    found = read(tmp_path)
    table = found.to_frame()
    assert table["deal"].tolist() == ["D-1", "D-2", "D-3"]
    assert table["value"].tolist() == [1000, 500, 0]
    assert table["probability"].tolist() == [1, 0.5, 1]
    assert table["expected_value"].tolist() == [1000, 250, 0]
    assert table["period"].fillna("").tolist() == ["2026-07", "", ""]
    assert "reason" not in table.columns
    assert found.by_deal == {"D-1": 1000.0, "D-2": 250.0, "D-3": 0.0}
    assert found.summary() == (
        "3 deals with an override in overrides.csv, expected to bring 1,250 in all."
    )


def test_no_name_is_shown_anywhere(tmp_path: Path) -> None:
    found = read(tmp_path)
    shown = [repr(found), found._repr_html_(), found.to_frame(reasons=True).to_string()]
    everything = " ".join([*shown, str(vars(found))])
    for name in ("Ann", "Bo ", "Ek", " lee ", "ann@", "example.org"):
        assert name not in everything
    people = found.to_frame()["said_by"].tolist()
    assert people[0] == people[2] != people[1]
    assert all(one.startswith("rep ") for one in people)
    assert "annlee is no name" in str(found.reasons[2])  # a part of a longer word is left
    assert "(mail address)" in str(found.reasons[0])
    secret = read(tmp_path, pseudonyms="a secret")
    assert secret.people[0] != found.people[0]
    without = read(tmp_path, pseudonyms=False)
    assert without.people == (None, None, None)
    assert "Ann" not in str(vars(without))


def test_the_four_columns_are_enough(tmp_path: Path) -> None:
    found = read(tmp_path, "deal,value,name,reason\nD-1,7,,\n")
    assert found.by_deal == {"D-1": 7.0}
    assert found.people == (None,)
    german = read(tmp_path, "Deal;Wert\nD-1;1.000,50\n", columns={"deal": "Deal", "value": "Wert"},
                  decimal=",", thousands=".")  # fmt: skip
    assert german.by_deal == {"D-1": 1000.5}


def test_an_empty_list_is_one(tmp_path: Path) -> None:
    found = read(tmp_path, "deal,value,name,reason\n,,,\n")
    assert len(found) == 0
    assert found.summary().startswith("0 deals with an override")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("deal,name\nD-1,Ann\n", "column `value`"),
        ("deal,value\nD-1,ten\n", "value"),
        ("deal,value\nD-1,-5\n", "below 0"),
        ("deal,value\nD-1,5\nD-1,6\n", "2 rows of `overrides.csv` share `deal`"),
        ("deal,value,probability\nD-1,5,80\n", "not from 0 to 1, such as 80"),
        ("deal,value,period\nD-1,5,soon\n", "is no period, such as 'soon'"),
        ("deal,value,currency\nD-1,5,EUR\nD-2,5,USD\n", "EUR"),
    ],
)
def test_lists_that_cannot_be_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)


def test_errors_name_nobody(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, "deal,value,name,reason\nD-1,x,Ann Lee,said Ann\nD-1,-2,Ann Lee,said Ann\n")
    assert "Ann" not in str(caught.value)


def test_the_word_of_people_stands_in_a_second_forecast(tmp_path: Path) -> None:
    plain = money([[600.0, 400.0], [1000.0, 0.0]])  # a sum of 1,000 in each draw
    before = plain.draws.copy()
    found = with_overrides(plain, read(tmp_path), DEALS)
    assert (plain.draws == before).all()
    # the model's 300 + 100 + 200 of 1,000 are taken out; 1,000 come in July, 500 or 0 in August
    wanted = np.array([[0.4 * 800 + 1000, 0.4 * 200 + 250]])
    assert found.expected == pytest.approx(wanted)
    july, august = found.draws[:, 0, 0], found.draws[:, 0, 1]
    assert july.tolist() == pytest.approx([0.4 * 600 + 1000, 0.4 * 1000 + 1000])
    assert set(np.round(august - [160.0, 0.0], 6)) <= {0.0, 500.0}
    assert found.method == "by hand, with 3 overrides"
    again = with_overrides(plain, read(tmp_path), DEALS)
    assert (again.draws == found.draws).all()


def test_overrides_that_find_no_place_are_told(tmp_path: Path) -> None:
    text = "deal,value,period\nD-1,50,2027-01\nX-7,90,\n"
    plain = money([[600.0, 400.0]])
    found = with_overrides(plain, read(tmp_path, text), DEALS)
    assert found.expected.sum() == pytest.approx(700.0)  # without the 300 expected of D-1
    assert found.notes == (
        "1 override (X-7) is not among the open deals, and left out.",
        "1 override (D-1) is said to be won outside these periods, and bring nothing in them.",
    )


def test_a_quarter_is_its_last_month(tmp_path: Path) -> None:
    found = with_overrides(
        money([[0.0, 0.0, 0.0]]), read(tmp_path, "deal,value,period\nD-1,50,2026 Q3\n"), DEALS
    )
    assert found.expected.tolist() == [[0, 0, 50]]


def test_each_series_takes_its_own(tmp_path: Path) -> None:
    deals = DEALS.assign(source=["s0", "s1", "s1", "s0"])
    plain = money(np.full((2, 2, 2), 500.0))
    found = with_overrides(plain, read(tmp_path), deals)
    # s0: 300 of 1,000 out, 1,000 in July; s1: 300 of 1,000 out, 250 in August
    assert found.expected == pytest.approx(np.array([[1350.0, 350.0], [350.0, 600.0]]))
    with pytest.raises(ArgumentError, match="needs the columns `source`"):
        with_overrides(plain, read(tmp_path), DEALS)


def test_only_money_can_be_adjusted(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="must be of money"):
        with_overrides(forecast_of([[1.0]]), read(tmp_path), DEALS)
    with pytest.raises(ArgumentError, match="`overrides` must be those of read_overrides"):
        with_overrides(money([[1.0]]), {"D-1": 3}, DEALS)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`deals` must be a frame"):
        with_overrides(money([[1.0]]), read(tmp_path), 3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`deals` needs the id of each deal"):
        with_overrides(money([[1.0]]), read(tmp_path), DEALS[["deal_id"]])
    with pytest.raises(DataError, match="1 deal more than once, such as D-1"):
        with_overrides(money([[1.0]]), read(tmp_path), pd.concat([DEALS, DEALS.head(1)]))
    with pytest.raises(DataError, match="`p_win` cannot be 80"):
        with_overrides(money([[1.0]]), read(tmp_path), DEALS.assign(p_win=80.0))
    with pytest.raises(DataError, match="must hold numbers; got 'x'"):
        with_overrides(money([[1.0]]), read(tmp_path), DEALS.assign(expected_value="x"))


def test_who_was_closer_is_told_later(tmp_path: Path) -> None:
    came = pd.DataFrame({"deal": ["D-1", "D-2", "D-3"], "value": [900.0, None, 0.0]})
    found = score_overrides(read(tmp_path), came, deals=DEALS)
    table = found.to_frame()
    assert table["deal"].tolist() == ["D-1", "D-3"]
    assert table["override_value"].tolist() == [1000, 0]
    assert table["model_value"].tolist() == [300, 200]
    assert table["actual_value"].tolist() == [900, 0]
    assert table["override_error"].tolist() == [100, 0]
    assert table["model_error"].tolist() == [-600, 200]
    assert table["closer"].tolist() == ["override", "override"]
    assert found.still_open == ("D-2",)
    low, high = found.confidence_interval()
    # 2 of 2: Wilson's interval without a hit missed is n / (n + z^2) to 1
    assert float(low) == pytest.approx(2 / (2 + 1.959964**2), abs=1e-6)
    assert float(high) == 1.0
    text = found.summary()
    assert "people were off by 50 on average (too high by 50)" in text
    assert "they were off by 50 and the model by 400; people were closer on 2 of 2" in text
    assert text.endswith("1 deal with an override still open.")
    for name in ("Ann", "Bo", "Ek"):
        assert name not in repr(found)


def test_without_the_model_only_people_are_scored(tmp_path: Path) -> None:
    came = pd.DataFrame({"id": ["D-1"], "value": [1000.0]})
    found = score_overrides(read(tmp_path), came)
    assert found.closer == (None,)
    assert found.unknown == ("D-2", "D-3")
    assert "the model" not in found.summary()
    nothing = score_overrides(read(tmp_path), pd.DataFrame({"id": [], "value": []}))
    assert nothing.summary() == (
        "No deal with an override is closed yet. Of 3 deals nothing was found."
    )


def test_the_same_distance_is_nobodys(tmp_path: Path) -> None:
    came = pd.DataFrame({"id": ["D-1"], "value": [650.0]})
    assert score_overrides(read(tmp_path), came, deals=DEALS).closer == ("same",)


def test_leads_tell_what_came(tmp_path: Path) -> None:
    rows = [
        ("D-1", "2026-06-01", "2026-08-03", None, "900"),  # won, but after the month it was said
        ("D-2", "2026-06-01", "2026-07-09", None, "450"),
        ("D-3", "2026-06-01", None, "2026-07-12", "800"),
        ("D-4", "2026-06-01", None, None, "50"),
        ("D-5", "2026-06-01", "2026-07-12", None, None),
    ]
    frame = pd.DataFrame(rows, columns=["id", "deal", "won", "lost", "amount"])
    funnel = fk.Funnel(["deal", "won"], exits=["lost"], value="amount")
    leads = fk.from_frame(frame, funnel, as_of="2026-08-31")
    text = TEXT + "D-4,1,,,,\nD-5,1,,,,\nD-6,1,,,,\n"
    found = score_overrides(read(tmp_path, text), leads)
    table = found.to_frame()
    assert dict(zip(table["deal"], table["actual_value"], strict=True)) == {
        "D-1": 0.0,
        "D-2": 450.0,
        "D-3": 0.0,
    }
    assert found.still_open == ("D-4",)
    assert found.unknown == ("D-5", "D-6")  # won for an amount that is not known; not in the data
    early = score_overrides(read(tmp_path, text), leads.at("2026-07-15"))
    assert early.still_open == ("D-1", "D-4")  # its month is not over


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        (3, "`outcomes` must be leads, or a frame"),
        (pd.DataFrame({"deal": ["D-1"]}), "`outcomes` needs the columns `deal` and `value`"),
    ],
)
def test_outcomes_must_be_of_a_known_form(tmp_path: Path, outcomes: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        score_overrides(read(tmp_path), outcomes)


def test_outcomes_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="D-1 twice"):
        score_overrides(read(tmp_path), pd.DataFrame({"id": ["D-1", "D-1"], "value": [1, 2]}))
    with pytest.raises(DataError, match="must hold numbers; got 'x'"):
        score_overrides(read(tmp_path), pd.DataFrame({"id": ["D-1"], "value": ["x"]}))
    with pytest.raises(ArgumentError, match="`overrides` must be those of read_overrides"):
        score_overrides(3, pd.DataFrame())  # type: ignore[arg-type]
