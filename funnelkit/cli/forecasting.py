"""`funnelkit forecast`: wins and money to come by month, where they come from, and the chance."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.cli.looking import add_looking, opened_for
from funnelkit.cli.parser import Parser, for_machines
from funnelkit.cli.progress import steps
from funnelkit.cli.saying import finite, lined_up, print_json, said_aloud, say_notes

if TYPE_CHECKING:
    from funnelkit.cli.parser import Verbs
    from funnelkit.forecast import BookingsForecast

_MONTHS, _MOST = 6, 36


def add(verbs: Verbs) -> list[Parser]:
    """Add the command."""
    words = "wins and money to come by month, with their intervals and the chance of a goal"
    parser = verbs.add_parser("forecast", help=words, description=words)
    add_looking(parser)
    words = f"months to come; none: {_MONTHS}"
    parser.add_argument("--months", metavar="N", type=int, default=_MONTHS, help=words)
    words = "money (or wins, where no amount is known) to reach in these months"
    parser.add_argument("--goal", metavar="NUMBER", type=float, help=words)
    words = "share of intervals that hold the truth"
    parser.add_argument("--confidence-level", metavar="SHARE", type=float, default=0.95, help=words)
    words = "keep the forecast in this file, to be held against what comes"
    parser.add_argument("--remember", metavar="PATH", help=words)
    parser.set_defaults(run=run)
    return [for_machines(parser)]


def run(told: argparse.Namespace) -> int:
    """Forecast, and say what is to come."""
    from funnelkit._core import checks

    level = checks.confidence(told.confidence_level)
    if not 1 <= told.months <= _MOST:
        raise ArgumentError(f"`--months` must be from 1 to {_MOST}; got {told.months}.")
    if told.goal is not None and not 0 < told.goal < math.inf:
        raise ArgumentError(f"`--goal` must be a number above 0; got {told.goal:g}.")
    with steps(3, quiet=told.json) as step, said_aloud() as said:
        step("reading the exports")
        source, leads = opened_for(told)
        step("fitting the funnel")
        from funnelkit.forecast import bookings, remember
        from funnelkit.model import fit_funnel

        model = fit_funnel(leads)
        step("simulating the months to come")
        forecast = bookings(leads, model, horizon=told.months)
        if told.remember is not None:
            remember(forecast, told.remember)
    notes = [str(one.message) for one in said]
    chance = None if told.goal is None else forecast.probability(told.goal)
    if told.json:
        print_json(_values(forecast, level, chance) | {"warnings": notes})
        return 0
    say_notes(notes)
    if source.simulated:
        print("Simulated data.")
    print(forecast.summary())
    print("\n".join(lined_up(*_table(forecast, level))))
    if chance is not None:
        print(f"{display.count(told.goal)} has {display.a_chance(chance)}.")
    return 0


def _table(forecast: BookingsForecast, level: float) -> tuple[list[str], list[list[str]]]:
    """Return the months with the wins and the money expected of each."""
    deals = forecast if forecast.deals is None else forecast.deals
    ends = f"({display.percent(level, decimals=0)})"
    heads = ["Month", "Wins", ends]
    columns = [_expected(deals, level)]
    if forecast.unit == "value":
        heads += ["Money", ends]
        columns.append(_expected(forecast, level))
    rows = []
    for k, month in enumerate(forecast.periods):
        row = [str(month)]
        for part, said in zip(columns, (display.expected, display.count), strict=False):
            value, low, high = part[k]
            row += [said(value), f"{display.count(low)} to {display.count(high)}"]
        rows.append(row)
    return heads, rows


def _expected(forecast: Any, level: float) -> list[tuple[float, float, float]]:
    low, high = forecast.confidence_interval(level, per="all")
    return [
        (float(value), float(below), float(above))
        for value, below, above in zip(forecast.total, low, high, strict=True)
    ]


def _values(forecast: BookingsForecast, level: float, chance: float | None) -> dict[str, Any]:
    deals = forecast if forecast.deals is None else forecast.deals
    wins = _expected(deals, level)
    money = _expected(forecast, level) if forecast.unit == "value" else [None] * len(wins)
    months = []
    for month, won, worth in zip(forecast.periods, wins, money, strict=True):
        row: dict[str, Any] = {"month": str(month), "wins": _ends(won)}
        months.append(row | ({} if worth is None else {"money": _ends(worth)}))
    parts = forecast.waterfall(confidence_level=level).to_dict("records")
    return {
        "summary": forecast.summary(),
        "as_of": forecast.as_of.isoformat(),
        "confidence_level": level,
        "months": months,
        "parts": [{str(name): finite(value) for name, value in row.items()} for row in parts],
        "chance_of_goal": chance,
    }


def _ends(three: tuple[float, float, float]) -> dict[str, Any]:
    return dict(zip(("expected", "low", "high"), map(finite, three), strict=True))
