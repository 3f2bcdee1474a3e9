"""Comparisons of an experiment as a table: both arms, the effect twice, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.experiment.shown import Row, not_by_chance, plain, rows_of
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.experiment import Arm, Comparison, Comparisons


def experiment(
    comparisons: Comparisons | Comparison | Sequence[Comparison],
    *,
    guardrails: str | Iterable[str] = (),
) -> Table:
    """Return a table of comparisons: a row for each metric and treatment.

    Parameters
    ----------
    comparisons
        One comparison of :mod:`funnelkit.experiment`, several, or a family.
    guardrails
        Metrics that are watched for harm, by name; marked in words.

    Returns
    -------
    Table
        Rates or means of both arms with their n, the effect, absolute and relative with intervals,
        and p, adjusted where it was; methods and notes under it. No percentage of an arm of fewer
        than 20 units.

    Raises
    ------
    ArgumentError
        If ``comparisons`` is something else, or a guardrail is no metric of it.

    Examples
    --------
    >>> import funnelkit as fk
    >>> found = fk.experiment.Comparison(
    ...     metric="rate",
    ...     unit="share",
    ...     control=fk.experiment.Arm(name="control", n=480, mean=0.6, converted=288),
    ...     treatment=fk.experiment.Arm(name="treatment", n=420, mean=0.8, converted=336),
    ...     scale="difference",
    ...     effect=0.2,
    ...     pvalue=0.0001,
    ...     bounds=lambda level: (0.14, 0.26),
    ...     method="score test",
    ... )
    >>> [cell.replace(chr(0x202F), " ") for cell in fk.table.experiment(found).rows[0]][1:4]
    ['60.0 % (288 of 480)', '80.0 % (336 of 420)', '+20.0 points (+14.0 to +26.0)']
    """
    rows = rows_of("comparisons", comparisons, guardrails)
    first = rows[0].comparison
    treatments = dict.fromkeys(row.comparison.treatment.name for row in rows)
    controls = dict.fromkeys(row.comparison.control.name for row in rows)
    several = len(treatments) > 1
    adjusted = any(not math.isnan(row.adjusted) for row in rows)
    word = first.word
    shown = [_cells(row, several=several, adjusted=adjusted) for row in rows]
    relative = any(cells[-2 - adjusted] != display.EN_DASH for cells in shown)
    place = len(shown[0]) - 2 - adjusted
    columns = [
        Column("metric", "left"),
        *([Column("treatment", "left")] if several else []),
        Column(display.one_line(first.control.name) if len(controls) == 1 else "control"),
        Column("rate or mean" if several else display.one_line(first.treatment.name)),
        Column(word),
        Column(f"relative {word}"),
        Column("p-value"),
        *([Column("adjusted p")] if adjusted else []),
    ]
    if not relative:
        columns.pop(place)
        shown = [(*cells[:place], *cells[place + 1 :]) for cells in shown]
    return Table(
        summary=_summary(rows),
        columns=tuple(columns),
        rows=tuple(shown),
        notes=_notes(rows, comparisons),
    )


def _cells(row: Row, *, several: bool, adjusted: bool) -> tuple[str, ...]:
    one = row.comparison
    name = display.one_line(one.metric) + (" (guardrail)" if row.guardrail else "")
    effect = one.effect_text() if math.isfinite(one.effect) else f"no {one.word} can be told"
    p = "no test" if math.isnan(one.pvalue) else plain(one.pvalue)
    within = "" if math.isnan(row.adjusted) else plain(row.adjusted)
    return (
        name,
        *([display.one_line(one.treatment.name)] if several else []),
        _arm(one, one.control),
        _arm(one, one.treatment),
        effect,
        row.relative_text(),
        p,
        *([within] if adjusted else []),
    )


def _arm(one: Comparison, arm: Arm) -> str:
    """Return a rate with its counts, or a mean with its n."""
    n = display.count(arm.n)
    if arm.converted is None:
        few = one.unit == "share" and arm.n < display.FEWEST
        return f"n {n}" if few else f"{one.shown(arm.mean)} (n {n})"
    whole = display.expected(arm.converted) if arm.converted % 1 else display.count(arm.converted)
    counts = f"{whole} of {n}"
    return counts if arm.n < display.FEWEST else f"{one.shown(arm.mean)} ({counts})"


def _summary(rows: Sequence[Row]) -> str:
    word = rows[0].comparison.word
    clear = [row for row in rows if math.isfinite(row.comparison.effect) and row.clear]
    if not clear:
        if len(rows) == 1:
            return f"No clear {word} on {display.one_line(rows[0].comparison.metric)}."
        return f"No clear {word} in any of {len(rows)} comparisons."
    many = len({row.comparison.treatment.name for row in rows}) > 1
    told = [_told(row.comparison, many=many) for row in clear]
    named = display.listed(told) if len(told) <= 3 else f"{len(told)} metrics"
    rest = len(rows) - len(clear)
    others = f"; none clear in {display.plural(rest, 'other')}" if rest else ""
    return f"Clear {word}{'s' if len(clear) > 1 else ''} on {named}{others}."


def _told(one: Comparison, *, many: bool) -> str:
    of = f" of {display.one_line(one.treatment.name)}" if many else ""
    return f"{display.one_line(one.metric)}{of} ({one.effect_text().split(' (')[0]})"


def _notes(rows: Sequence[Row], given: object) -> tuple[str, ...]:
    found = [_levels(rows)]
    methods: dict[str, list[str]] = {}
    for row in rows:
        names = methods.setdefault(row.comparison.method, [])
        if (name := display.one_line(row.comparison.metric)) not in names:
            names.append(name)
    if len(methods) == 1:
        found.append(f"Method: {next(iter(methods))}.")
    else:
        told = [f"{method} ({display.listed(names)})" for method, names in methods.items()]
        found.append(f"Methods: {'; '.join(told)}.")
    adjustment = getattr(given, "adjustment", "")
    if adjustment and any(not math.isnan(row.adjusted) for row in rows):
        number = sum(not math.isnan(row.adjusted) for row in rows)
        found.append(
            f"Adjusted p ({adjustment}) allows for {number} comparisons; intervals do not."
        )
    if words := not_by_chance(rows):
        found.append(words)
    own = [note for row in rows for note in row.comparison.notes]
    own += list(getattr(given, "notes", ()))
    return (*found, *dict.fromkeys(own))


def _levels(rows: Sequence[Row]) -> str:
    levels = sorted({row.comparison.confidence_level for row in rows})
    said = display.listed([display.percent(level, decimals=0) for level in levels])
    units = dict.fromkeys(display.one_line(row.comparison.units) for row in rows)
    sides = {row.comparison.alternative for row in rows}
    way = "" if sides == {"two-sided"} else ", one-sided where the test is"
    return (
        f"Treatment less control, with the {said} interval in brackets{way}; of "
        f"{display.listed(list(units))}."
    )
