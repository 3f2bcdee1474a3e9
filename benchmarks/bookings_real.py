"""Wins and bookings to come in two real exports: what each method said, and what came.

Run it with::

    OMP_NUM_THREADS=1 python benchmarks/bookings_real.py [folder of the exports]

The folder is the one with `olist/` and `maven_crm/` in it, by default ../shared/data beside the
checkout.

Olist: wins of the next 30, 60 and 90 days from each month's end in 2018. Wins are recorded from
2017-12-05 on. Leads that entered after 2018-05-31 are not in the export, though their deals would
be wins to a company that stood there, so that totals are scored where the days end by then; what
is open on the day is scored as long as wins are recorded, to 2018-11-14.

Maven CRM: wins and bookings of the next three months from each month's end, of which the ends of
quarters are marked. It holds the current stage only; closes are recorded from 2017-03-01 on.

Months to come are cut to days evenly. All that is fitted or counted is as known on the day; the
amounts of deals that were open then are left blank, since only the final ones are known.
"""

from __future__ import annotations

import datetime as dt
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import funnelkit as fk
from funnelkit._core.errors import EvidenceError
from funnelkit._core.scores import crps_samples
from funnelkit.data.blinding import blinded
from funnelkit.forecast import BookingsForecast, Forecast, rivals
from funnelkit.forecast.rivals.known import Known

FOLDER = Path(__file__).resolve().parents[1].parent / "shared" / "data"
OURS = "bookings"
RIVALS = ("ensemble_on_wins", "immature_rates", "stage_weighted", "seasonal_naive", "naive")
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Line:
    """What a method said on a day of a number of days, as draws, and what came."""

    method: str
    day: dt.date
    days: int
    drawn: FloatArray
    expected: float
    came: float

    def interval(self, level: float) -> tuple[float, float]:
        """Return the interval of the draws."""
        low, high = np.quantile(self.drawn, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def held(self, level: float) -> bool:
        """Return whether what came lies in it."""
        low, high = self.interval(level)
        return low <= self.came <= high


def olist(folder: Path) -> fk.Leads:
    """Return the leads of the marketplace."""
    funnel = fk.Funnel(
        ["mql", "won"],
        id="mql_id",
        columns={"mql": "first_contact_date", "won": "won_date"},
        segments=["origin"],
        out_of_order="drop",
    )
    return fk.read_csv(
        folder / "olist" / "olist_marketing_qualified_leads_dataset.csv",
        funnel,
        join=[folder / "olist" / "olist_closed_deals_dataset.csv"],
        as_of="2018-11-14",
        recorded_from="2017-12-05",
    )


def maven(folder: Path) -> fk.Leads:
    """Return the opportunities of the seller of hardware."""
    funnel = fk.Funnel(
        ["opportunity", "won"],
        exits=["lost"],
        id="opportunity_id",
        columns={"opportunity": "engage_date"},
        status="deal_stage",
        status_date="close_date",
        status_values={"opportunity": ["Engaging", "Prospecting"]},
        value="close_value",
        segments=["product"],
    )
    return fk.read_csv(
        folder / "maven_crm" / "sales_pipeline.csv",
        funnel,
        as_of="2017-12-31",
        recorded_from="2017-03-01",
    )


def by_day(monthly: FloatArray, periods: pd.PeriodIndex, day: dt.date, days: int) -> FloatArray:
    """Return sums over the next days from those of months, of which a part counts evenly."""
    ends = np.array([(one.end_time.date() - day).days for one in periods], float)
    begins = np.append(0.0, ends[:-1])
    shares = np.clip((days - begins) / (ends - begins), 0.0, 1.0)
    return np.asarray(monthly @ shares)


def said(
    leads: fk.Leads, day: str, *, months: int, what: str = "won deals"
) -> dict[str, tuple[pd.PeriodIndex, FloatArray, FloatArray]]:
    """Return what each method says of the months after a day: periods, draws and means."""
    then = blinded(leads.at(day))
    first = pd.Period(then.as_of + dt.timedelta(days=1), "M")
    periods = pd.period_range(first, periods=months, freq="M")
    known, found = Known(then), {}
    methods: dict[str, Callable[[], Forecast]] = {OURS: lambda: _ours(then, months)}
    for name in RIVALS:
        method: Any = getattr(rivals, name)
        methods[name] = lambda method=method: method(known, periods, what=what)
    for name, method in methods.items():
        try:
            forecast = method()
        except EvidenceError as reason:
            print(f"  {day}, {name}: {reason}")
            continue
        if forecast.method.endswith("for want of a year"):
            continue  # that is the last month again
        if isinstance(forecast, BookingsForecast):
            flight = forecast.deal_parts["in flight"]
            found["in flight"] = (periods, flight, flight.mean(axis=0))
            if what == "won deals" and forecast.deals is not None:
                forecast = forecast.deals
        found[name] = (periods, forecast.drawn(per="all"), forecast.total)
    return found


def _ours(leads: fk.Leads, months: int) -> BookingsForecast:
    return fk.forecast.bookings(leads, fk.fit_funnel(leads), horizon=months)


def report(lines: Iterable[Line], *, show: tuple[str, ...]) -> None:
    """Print each day for some methods, then errors and coverage of all."""
    every = list(lines)
    for (day, days), some in _grouped(every).items():
        told = [f"{one.method} {_said(one)}" for one in some if one.method in show]
        print(f"  {day} +{days:3} came {some[0].came:10,.0f}   {'   '.join(told)}")
    print("  method              days  n  mean |error|   bias   CRPS  relative  80 %   95 %")
    for method in dict.fromkeys(one.method for one in every):
        for days in sorted({one.days for one in every}):
            own = [one for one in every if one.method == method and one.days == days]
            if not own:
                continue
            came = np.array([one.came for one in own])
            miss = np.array([one.expected for one in own]) - came
            crps = np.mean([crps_samples(one.drawn, one.came) for one in own])
            held = [f"{sum(one.held(level) for one in own)}/{len(own)}" for level in (0.8, 0.95)]
            print(
                f"  {method:18} {days:5} {len(own):2} {np.abs(miss).mean():13,.1f} "
                f"{miss.mean():+9,.1f} {crps:9,.1f} {np.abs(miss).sum() / came.sum():7.3f}  "
                f"{held[0]:5}  {held[1]:5}"
            )


def _grouped(lines: list[Line]) -> dict[tuple[dt.date, int], list[Line]]:
    found: dict[tuple[dt.date, int], list[Line]] = {}
    for one in lines:
        found.setdefault((one.day, one.days), []).append(one)
    return found


def _said(one: Line) -> str:
    low, high = one.interval(0.95)
    return f"{one.expected:,.0f} ({low:,.0f} to {high:,.0f}){'' if one.held(0.95) else ' outside'}"


def olist_lines(leads: fk.Leads) -> tuple[list[Line], list[Line]]:
    """Return the lines of all wins, and of those of leads that were open on the day."""
    records = leads.list("mql")
    mql, won = (pd.to_datetime(records[name]).dt.date for name in ("mql", "won"))
    totals, flights = [], []
    last_lead, last_win = dt.date(2018, 5, 31), dt.date(2018, 11, 14)
    for month in pd.period_range("2018-01", "2018-09", freq="M"):
        day = month.end_time.date()
        found = said(leads, str(day), months=4)
        for days in (30, 60, 90):
            end = day + dt.timedelta(days=days)
            inside = won.notna() & (won > day) & (won <= end)
            for name, (periods, draws, means) in found.items():
                in_flight = name == "in flight"
                if end > (last_win if in_flight else last_lead):
                    continue
                came = float((inside & (mql <= day)).sum() if in_flight else inside.sum())
                line = Line(
                    method=name,
                    day=day,
                    days=days,
                    drawn=by_day(draws, periods, day, days),
                    expected=float(by_day(means, periods, day, days)),
                    came=came,
                )
                (flights if in_flight else totals).append(line)
    return totals, flights


def maven_lines(leads: fk.Leads, what: str) -> list[Line]:
    """Return the lines of the next three months."""
    closed = leads.list("won")
    won = pd.to_datetime(closed["won"]).dt.date
    worth = closed["close_value"].astype(float) if what == "bookings" else won.notna() * 1.0
    lines = []
    for month in pd.period_range("2017-04", "2017-09", freq="M"):
        day = month.end_time.date()
        end = (month + 3).end_time.date()
        for name, (_, draws, means) in said(leads, str(day), months=3, what=what).items():
            if name == "in flight":
                continue
            lines.append(
                Line(
                    method=name,
                    day=day,
                    days=90,
                    drawn=draws.sum(axis=1),
                    expected=float(means.sum()),
                    came=float(worth[(won > day) & (won <= end)].sum()),
                )
            )
    return lines


def main(folder: Path) -> None:
    """Print all of it."""
    if not (folder / "olist").is_dir():
        sys.exit(f"{folder} has no folder `olist`; give the folder of the exports.")
    warnings.simplefilter("ignore")
    totals, flights = olist_lines(olist(folder))
    print("\nOlist, wins of the next days, leads of up to 2018-05-31")
    report(totals, show=(OURS, "ensemble_on_wins"))
    print("\nOlist, of these the wins of leads that were open on the day")
    report(flights, show=("in flight",))
    leads = maven(folder)
    for what in ("won deals", "bookings"):
        lines = maven_lines(leads, what)
        print(f"\nMaven CRM, {what} of the next three months from each month's end")
        report(lines, show=(OURS, "ensemble_on_wins"))
        print("\nThe same, of the next quarter from the ends of quarters")
        report([one for one in lines if one.day.month % 3 == 0], show=())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
