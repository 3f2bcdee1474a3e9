"""Response bands, ageing, reasons, people, quotas, deal sizes: what is drawn is what they hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.plot.sized import classes_of
from tests.plot.conftest import NASTY

HOSTILE = "<script>alert(1)</script>"


def title(ax: Axes) -> str:
    text = ax.get_title(loc="left").replace("\u202f", " ").replace("\u2212", "-")
    return text.replace("\n", " ")


def words(ax: Axes) -> str:
    return fk.plot.describe(ax).replace("\u202f", " ").replace("\u2013", "-")


def bars(ax: Axes, label: str) -> list[tuple[float, float]]:
    """Start and width of the bars of a label, from the top."""
    found = [one for one in ax.patches if isinstance(one, Rectangle) and one.get_label() == label]
    return [(round(one.get_x(), 6), round(one.get_width(), 6)) for one in found]


def bands(answered: int, others: int, *, n: int = 200) -> fk.metrics.ResponseBands:
    """Of n leads answered in 3 minutes so many won, of n answered after a day so many."""
    rows = [
        {"created": "2026-01-05T09:00", "responded": at,
         "won": "2026-01-20T12:00" if k < wins else None}
        for at, wins in (("2026-01-05T09:03", answered), ("2026-01-06T12:00", others))
        for k in range(n)
    ]  # fmt: skip
    return fk.metrics.response_bands(
        pd.DataFrame(rows), bands=[5, 60], within=30, as_of="2026-03-31"
    )


def test_response_is_an_association() -> None:
    ax = fk.plot.response(bands(80, 40))
    assert title(ax) == (
        "Leads are won more often when answered within 5 min or 1 h, which is no proof of an effect"
    )
    seen = next(line for line in ax.lines if line.get_label() == "not by then")
    assert np.asarray(seen.get_xdata()).tolist() == [0.2, 0.2]
    dots = next(line for line in ax.lines if line.get_label() == "estimate")
    assert np.asarray(dots.get_xdata()).tolist() == [0.4, 0.4]
    assert "an association, not an effect" in words(ax)
    assert title(fk.plot.response(bands(80, 80))).startswith("No difference by time of answer")
    few = fk.plot.response(bands(3, 2, n=9))
    assert title(few) == "Too few leads to hold those answered against the others"
    assert not [line for line in few.lines if line.get_label() == "estimate"]


def deals(limit: int = 30) -> fk.Leads:
    """30 deals won after ``limit`` days at most; of 20 open ones 5 are much older."""
    start = dt.date(2026, 1, 1)
    rows: list[dict[str, Any]] = [
        {"id": f"w{k}", "opportunity": start, "won": start + dt.timedelta(days=1 + k % limit),
         "amount": 100.0 * (1 + k), "rep": f"rep {k % 3}"}
        for k in range(30)
    ]  # fmt: skip
    rows += [
        {"id": f"o{k}", "opportunity": dt.date(2026, 3, 1) if k < 5 else dt.date(2026, 6, 20),
         "won": None, "amount": 500.0, "rep": "rep 0"}
        for k in range(20)
    ]  # fmt: skip
    funnel = fk.Funnel(["opportunity", "won"], id="id", value="amount", owner="rep")
    return fk.from_frame(pd.DataFrame(rows), funnel, as_of="2026-06-30")


def test_ageing_marks_what_is_stale() -> None:
    found = fk.metrics.pipeline_ageing(deals())
    ax = fk.plot.ageing(found)
    assert title(ax) == "5 of 20 open deals are stale and hold 25.0 % of the open amount"
    (panel,) = ax.child_axes
    heights = {one.get_label(): [bar.get_height() for bar in one] for one in panel.containers}
    assert heights == {"_fresh": [15, 0, 0, 0, 0, 0], "_stale": [0, 0, 0, 5, 0, 0]}
    assert "stale after 30 days" in words(ax)
    assert "91 to 180 days 5 (5 stale)" in words(ax)
    table = fk.table.ageing(found)
    assert [row[:5] for row in table.rows] == [
        ("opportunity", "0 to 30 days", "15", "", "7,500"),
        ("opportunity", "91 to 180 days", "5", "5", "2,500"),
    ]


def test_ageing_without_wins_or_deals() -> None:
    funnel = fk.Funnel(["lead", "won"], id="id")
    rows = pd.DataFrame({"id": ["a", "b"], "lead": "2026-01-05", "won": [None, None]})
    young = fk.from_frame(rows, funnel, as_of="2026-01-31")
    ax = fk.plot.ageing(fk.metrics.pipeline_ageing(young))
    assert title(ax) == "2 open deals; too few wins to say which are stale"
    done = fk.from_frame(rows.assign(won="2026-01-06"), funnel, as_of="2026-01-31")
    assert title(fk.plot.ageing(fk.metrics.pipeline_ageing(done))) == "No deal is open"


def lost(names: list[str | None]) -> fk.metrics.LossReasons:
    rows = [
        {"reason": name, "stage": stage}
        for k, name in enumerate(names)
        for stage in ("mql", "sql")
        for _ in range(20 - 5 * k)
    ]
    return fk.metrics.loss_reasons(pd.DataFrame(rows))


def test_reasons_by_stage() -> None:
    found = lost(["Price", "Timing", None])
    ax = fk.plot.reasons(found)
    assert title(ax) == "Price is given most often: 44.4 % (34.6 to 54.7 %) of those who left"
    assert bars(ax, "_mql") == [(0.0, 0.222222), (0.0, 0.166667), (0.0, 0.111111)]
    assert bars(ax, "_sql") == [(0.222222, 0.222222), (0.166667, 0.166667), (0.111111, 0.111111)]
    assert "(blank): 20 of 90" in words(ax)
    assert "it says nothing" in words(ax)
    cells = [cell.replace("\u202f", " ") for cell in fk.table.reasons(found).rows[0]]
    assert cells[:2] == ["Price", "40"]
    assert cells[2].startswith("44.4 %")
    few = fk.metrics.loss_reasons(pd.DataFrame({"reason": ["Price"], "stage": "sql"}))
    assert title(fk.plot.reasons(few)) == "1 lead left: too few for shares of reasons"
    assert fk.table.reasons(few).rows[0][2] == "\u2013"
    blank = fk.metrics.loss_reasons(pd.DataFrame({"reason": [None] * 30, "stage": "sql"}))
    assert "no reason that says why" in title(fk.plot.reasons(blank))


def test_many_stages_and_reasons_are_cut() -> None:
    rows = [
        {"reason": f"reason {k}", "stage": f"stage {k % 8}"}
        for k in range(25)
        for _ in range(k + 1)
    ]
    ax = fk.plot.reasons(fk.metrics.loss_reasons(pd.DataFrame(rows)))
    assert "10 rarer reasons not shown" in words(ax)
    assert "other stages" in words(ax)


QUOTAS = pd.DataFrame({"rep": ["Ann", "Bo", HOSTILE], "period": "2026 Q1", "amount": [200, 100, 0]})
WON = pd.DataFrame({"rep": ["Ann", "Bo", "Cy"], "won": "2026-02-01", "amount": [100, 150, 70]})


def test_quota_largest_first() -> None:
    found = fk.metrics.quota_attainment(WON, QUOTAS)
    ax = fk.plot.quota(found)
    assert title(ax) == "1 of 2 at quota in 2026 Q1; together 83.3 % of what was to be won"
    assert bars(ax, "_attained") == [(0.0, 0.5), (0.0, 1.5)]  # Ann has the larger quota
    assert "Bo: 150 of 100, 150 %." in words(ax)
    assert "Cy: 70 of \u2013, no quota." in fk.plot.describe(ax)
    with pytest.raises(ArgumentError, match="Did you mean `2026 Q1`"):
        fk.plot.quota(found, period="2026 Q2")
    table = fk.table.quota(found)
    assert table.rows[0][:4] == ("Ann", "2026 Q1", "200", "100")
    assert HOSTILE not in table.to_html()
    two = pd.concat([QUOTAS, QUOTAS.assign(period="2026 Q2")])
    assert "2026 Q2" in title(fk.plot.quota(fk.metrics.quota_attainment(WON, two)))
    first = fk.plot.quota(fk.metrics.quota_attainment(WON, two), period="2026 Q1")
    assert "2026 Q1" in title(first)


def test_people_are_not_ranked() -> None:
    found = fk.metrics.rep_results(deals())
    ax = fk.plot.people(found)
    assert title(ax).endswith("by their win rates")
    assert "rep 0: 10 won" in words(ax)
    rows = {row[0]: row for row in fk.table.people(found).rows}
    assert rows["rep 1"][1] == "10"
    assert rows["rep 1"][-2:] == ("\u2013", "\u2013")  # no percentage of fewer than 20
    assert rows["rep 0"][-2].startswith("33.3")
    with pytest.raises(ArgumentError, match="of all time"):
        fk.plot.people(found, period="2026-01")


def test_deal_sizes_by_class() -> None:
    amounts = np.array([1_500.0] * 15 + [3_000.0] * 4 + [80_000.0] * 2)
    found = fk.metrics.deal_sizes(amounts, rng=1, currency="EUR")
    ax = fk.plot.deal_sizes(found)
    assert title(ax) == (
        "Half of the deals bring 1,500 or less; the largest tenth brings 82.3 % of the money"
    )
    total = amounts.sum()
    assert bars(ax, "_deals") == [(0.0, round(n / 21, 6)) for n in (15, 4, 2)]
    money = [22_500 / total, 12_000 / total, 160_000 / total]
    assert bars(ax, "_money") == [(0.0, round(share, 6)) for share in money]
    assert "in EUR" in words(ax)
    few = fk.plot.deal_sizes(fk.metrics.deal_sizes([5.0, 9.0], rng=1))
    assert title(few) == "2 won deals with an amount: too few for a distribution"
    none = fk.plot.deal_sizes(fk.metrics.deal_sizes([None], rng=1))
    assert title(none).startswith("0 won deals")
    assert fk.table.deal_sizes(found).rows[0][:2] == ("all", "21")
    assert fk.table.deal_sizes(fk.metrics.deal_sizes([5.0], rng=1)).rows[0][2] == "\u2013"


def test_classes_hold_every_deal_once() -> None:
    rng = np.random.default_rng(4)
    for size in (1, 2, 50, 500):
        amounts = np.sort(np.exp(rng.normal(8, 2, size)))
        found = classes_of(amounts)
        assert sum(one.deals for one in found) == size
        assert sum(one.money_share for one in found) == pytest.approx(1)
        assert len(found) <= 10
    credited = classes_of(np.array([-50.0, 100.0, 300.0]))
    assert (credited[0].name, credited[0].deals) == ("below 0", 1)
    assert classes_of(np.array([7.0, 7.0]))[0].deals == 2


def test_deal_sizes_by_segment() -> None:
    leads = fk.make_leads(3000, rng=2)
    found = fk.metrics.deal_sizes(leads, by="source", rng=1)
    ax = fk.plot.deal_sizes(found)
    dots = next(line for line in ax.lines if line.get_label() == "_median")
    known = sorted(float(m) for m, n in zip(found.median, found.n, strict=True) if n >= 20)
    assert sorted(np.asarray(dots.get_xdata()).tolist()) == pytest.approx(known)
    assert len(fk.table.deal_sizes(found).rows) == len(found.segments)


@pytest.mark.parametrize("name", ["response", "ageing", "reasons", "quota", "people", "deal_sizes"])
def test_what_is_no_result_is_refused(name: str) -> None:
    for room in (fk.plot, fk.table):
        view: Callable[..., Any] = getattr(room, name)
        with pytest.raises(ArgumentError, match=r"must be what fk\.metrics\.\w+ returns; got str"):
            view("numbers")


def test_odd_names_are_drawn_as_they_are() -> None:
    rows = pd.DataFrame({"reason": [*NASTY] * 9, "stage": "$s_1$"})
    ax = fk.plot.reasons(fk.metrics.loss_reasons(rows))
    ax.figure.canvas.draw()
    quotas = pd.DataFrame(
        {"rep": [name or "none" for name in NASTY], "period": "2026 Q1", "amount": 10}
    )
    fk.plot.quota(fk.metrics.quota_attainment(WON, quotas)).figure.canvas.draw()
    html = fk.table.reasons(fk.metrics.loss_reasons(rows)).to_html()
    assert HOSTILE not in html


def test_they_draw_on_given_axes() -> None:
    _, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    assert fk.plot.reasons(lost(["Price", "Timing"]), ax=left) is left
    assert fk.plot.ageing(fk.metrics.pipeline_ageing(deals()), ax=right) is right
    left.figure.canvas.draw()
