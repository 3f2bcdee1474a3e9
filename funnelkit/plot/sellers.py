"""Representatives as rows: their win rate with its interval, and what they closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.plot.points import MOST_ROWS, Group, Point
from funnelkit.plot.rows import ROW, PrintedColumn, RowChart, empty
from funnelkit.plot.sheet import bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.metrics import RepResults

_HEAD = "win rate"


def people(results: RepResults, *, period: str | None = None, ax: Axes | None = None) -> Axes:
    """Return axes with a row for each representative, the one with the most records first.

    Dots are win rates with their interval, hollow and dashed where fewer than 100 records entered;
    beside them what was won, and for how much. Nobody is ranked where intervals overlap; at the
    same mix of leads they stand in :func:`peers`.

    Parameters
    ----------
    results
        From :func:`funnelkit.metrics.rep_results`.
    period
        Label of the period, where the results have several; default: the last.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Titled with how many can be told apart; :func:`describe` tells all values.

    Raises
    ------
    ArgumentError
        If ``results``, ``period`` or ``ax`` cannot be used.

    Examples
    --------
    >>> import funnelkit as fk
    >>> found = fk.metrics.rep_results(fk.make_leads(3000, rng=1))
    >>> ax = fk.plot.people(found)
    >>> ax.get_title(loc="left").endswith("by their win rates")
    True
    """
    from funnelkit.metrics import RepResults

    if not isinstance(results, RepResults):
        raise ArgumentError(
            f"`results` must be what fk.metrics.rep_results returns; got {type(results).__name__}."
        )
    column = _column(results, period)
    groups, hidden = _groups(results, column)
    rows = sum(len(group.points) + bool(group.name) for group in groups)
    title, caption = _title(results, column), _caption(results, column, hidden)
    with sheet(ax, height=ROW * max(rows, 1)) as page:
        bare(page)
        chart = SellerChart(page, groups, level=results.confidence_level, seen="")
        if rows:
            chart.draw(reference=_overall(results, column), expected=_HEAD)
            page.legend(chart.marks(expected=_HEAD))
        else:
            empty(page)
        page.title(title)
        page.caption(caption, ticks=14)
        said = [point.said_all for group in groups for point in group.points]  # type: ignore[attr-defined]
        return page.finish(title, caption, *said, results.summary())


@dataclass(frozen=True, kw_only=True)
class SellerPoint(Point):
    """One representative.

    Parameters
    ----------
    said_won, said_money
        Deals won, and money won, in words.
    """

    said_won: str
    said_money: str

    @property
    def said_all(self) -> str:
        """All of it in words."""
        money = f", worth {self.said_money}" if self.said_money else ""
        rate = self.said_rate if self.known else "no win rate"
        return (
            f"{self.name}: {self.said_won} won{money}; {rate} of {display.count(self.entered)} "
            "that entered."
        )


class SellerChart(RowChart):
    """Rows with deals and money beside the rate."""

    def columns(self, expected: str) -> list[PrintedColumn]:
        """Return deals won, money won and the win rate."""
        points = [point for point in self.points if isinstance(point, SellerPoint)]
        found = [PrintedColumn("deals won", [point.said_won for point in points])]
        if any(point.said_money for point in points):
            found.append(PrintedColumn("money won", [point.said_money for point in points]))
        return [*found, PrintedColumn(expected, [point.said_rate for point in points], bold=True)]

    def marks(self, *, expected: str) -> list[tuple[Any, str]]:
        """Return what each mark means."""
        found = super().marks(expected=expected)
        return [(mark, words.replace("leads", "records")) for mark, words in found]


def _column(results: RepResults, period: str | None) -> int:
    labels = results.periods
    if labels is None:
        if period is not None:
            raise ArgumentError("`period`: the results are of all time; ask for them by period.")
        return 0
    if period is None:
        return len(labels) - 1
    return labels.index(checks.member("period", "period", period, labels))


def _groups(results: RepResults, j: int) -> tuple[list[Group], int]:
    """Return the rows of each business, and how many are not shown."""
    frame = results.to_frame()
    if results.periods is not None:
        frame = frame[frame["period"] == results.periods[j]]
    by, who = results.by[:-1], results.by[-1]
    frame = frame.assign(name=[_name(value) for value in frame[who]])
    frame = frame.sort_values(["entered", "won", "name"], ascending=[False, False, True])
    keep, hidden = frame.head(MOST_ROWS), max(len(frame) - MOST_ROWS, 0)
    found: dict[str, list[Point]] = {}
    for row in keep.to_dict("records"):
        group = display.segment_name([_or_none(row[name]) for name in by]) if by else ""
        found.setdefault(group, []).append(_point(row, has_value=results.has_value))
    return [Group(name=name, points=tuple(points)) for name, points in found.items()], hidden


def _point(row: dict[Any, Any], *, has_value: bool) -> SellerPoint:
    few = row["entered"] < display.FEWEST
    return SellerPoint(
        name=row["name"],
        entered=int(row["entered"]),
        converted=int(row["converted"]),
        rate=float(row["win_rate"]),
        low=float(row["win_rate_low"]),
        high=float(row["win_rate_high"]),
        lacks=f"too few{'' if row['entered'] else ': none'}" if few else "",
        said_won=display.count(row["won"]),
        said_money=display.count(row["revenue_value"]) if has_value else "",
    )


def _overall(results: RepResults, j: int) -> float | None:
    entered = float(results.entered[:, j].sum())
    return float(results.converted[:, j].sum() / entered) if entered >= display.FEWEST else None


def _title(results: RepResults, j: int) -> str:
    best, worst = results.ranks()
    people, apart = 0, 0
    for rows in _businesses(results):
        some = [i for i in rows if best[i, j] > 0]
        people += len(some)
        apart += sum(int(best[i, j] > 1 or worst[i, j] < len(some)) for i in some)
    when = "" if results.periods is None else f" in {results.periods[j]}"
    if not people:
        return f"Nobody has a record that entered {results.start}{when}"
    if not apart:
        return f"None of {people}{when} can be told apart by their win rates"
    return f"{apart} of {people}{when} can be told from at least one other by their win rates"


def _businesses(results: RepResults) -> list[list[int]]:
    found: dict[tuple[str | None, ...], list[int]] = {}
    for i, segment in enumerate(results.segments):
        found.setdefault(segment[:-1], []).append(i)
    return list(found.values())


def _caption(results: RepResults, j: int, hidden: int) -> str:
    still = int(np.asarray(results.still_open[:, j]).sum())
    text = (
        f"Win rate: won of those that entered {display.one_line(results.start)} (n). Deals and "
        f"money by the day of the close. Data through {day_name(results.as_of)}."
    )
    if still:
        text += f" {display.plural(still, 'record')} still open, so rates may rise."
    return f"{text} {display.plural(hidden, 'further row')} not shown." if hidden else text


def _name(value: object) -> str:
    return display.one_line(display.segment_name([_or_none(value)]))


def _or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
