"""A diagnosis as tables: what each step is worth, and two periods at equal ages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.rates import Diagnosis
    from funnelkit.rates.diagnosis.gaps import Gap
    from funnelkit.rates.diagnosis.moves import Move
    from funnelkit.rates.diagnosis.steps import Step


def diagnosis(diagnosis: Diagnosis) -> Table:
    """Return a table of the steps of a funnel: rates, leakage, gaps, and what each is worth.

    Parameters
    ----------
    diagnosis
        From :func:`funnelkit.rates.diagnose`.

    Returns
    -------
    Table
        One row per step, with its warnings under it. No percentage of fewer than 20 records.

    Raises
    ------
    ArgumentError
        If ``diagnosis`` is something else.

    Examples
    --------
    >>> import datetime as dt
    >>> import funnelkit as fk
    >>> from funnelkit.counts.flows import Stays
    >>> stays = Stays(
    ...     stages=("lead", "mql", "won"),
    ...     exits=("lost",),
    ...     by=(),
    ...     segments=((),),
    ...     as_of=dt.date(2026, 6, 30),
    ...     entered=[[1000, 100, 20]],
    ...     filled=[[0, 0, 0]],
    ...     moved_on=[[100, 20, 0]],
    ...     left={"lost": [[900, 80, 0]]},
    ...     still_there=[[0, 0, 20]],
    ...     days=[[[100], [20], [0]]],
    ... )
    >>> table = fk.table.diagnosis(fk.rates.diagnose(stays))
    >>> cells = [cell.replace(chr(0x202F), " ").replace(chr(0x2013), "-") for cell in table.rows[0]]
    >>> cells[:5]
    ['lead to mql', '1,000', '10.0 % (8.3-12.0)', '2.0', '900']
    """
    _checked(diagnosis)
    money = any(math.isfinite(step.mean_value) for step in diagnosis.steps)
    worst = diagnosis.bottleneck
    level = display.percent(diagnosis.confidence_level, decimals=0)
    note = (
        f"Rates with their {level} interval. A tenth more: won deals that 1.1 times the rate "
        "brings. Left, worth: the won deals that those who left would have been at this rate. "
        f"Missed: what the same records would have brought at the rate held against. Data through "
        f"{day_name(diagnosis.as_of)}."
    )
    notes = [
        note,
        *(concern.sentence for concern in diagnosis.concerns),
    ]
    heads = (
        "entered",
        "rate",
        "a tenth more",
        "left",
        "left, worth",
        "held against",
        "won deals missed",
        *(["worth"] if money else []),
    )
    return Table(
        summary=diagnosis.summary(),
        columns=(
            Column("step", "left"),
            *(Column(head) for head in heads),
            Column("status", "left"),
        ),
        rows=tuple(
            _row(step, gap, bottleneck=gap is worst, money=money)
            for step, gap in zip(diagnosis.steps, diagnosis.gaps, strict=True)
        ),
        notes=tuple(notes),
    )


def periods(diagnosis: Diagnosis) -> Table:
    """Return a table of two periods compared at equal ages: rates, volumes, and their effects.

    Parameters
    ----------
    diagnosis
        From :func:`funnelkit.rates.diagnose`.

    Returns
    -------
    Table
        One row per step, then longer ways; the two effects add up to the change in how many
        converted.

    Raises
    ------
    ArgumentError
        If ``diagnosis`` is something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> table = fk.table.periods(fk.rates.diagnose(fk.make_leads(1200, rng=1)))
    >>> [column.head for column in table.columns][:2]
    ['step', 'within days']
    """
    _checked(diagnosis)
    before = diagnosis.moves[0].before if diagnosis.moves else "before"
    after = diagnosis.moves[0].after if diagnosis.moves else "after"
    heads = (
        "within days",
        f"entered {before}",
        after,
        f"rate {before}",
        after,
        "change (points)",
        "converted",
        "by volume",
        "by rate",
    )
    moves = (*diagnosis.moves, *diagnosis.throughs)
    told = diagnosis.not_compared
    return Table(
        summary=diagnosis.summary(),
        columns=(
            Column("step", "left"),
            *(Column(head) for head in heads),
            Column("verdict", "left"),
        ),
        rows=tuple(_move(move) for move in moves),
        notes=(
            f"No periods are compared: {told}."
            if told
            else "Both periods over the same days since entry. Intervals of the change hold for "
            "all steps together. Volume and rate add up to the change in how many converted.",
        ),
    )


def _checked(diagnosis: object) -> None:
    from funnelkit.rates import Diagnosis

    if not isinstance(diagnosis, Diagnosis):
        raise ArgumentError(
            f"`diagnosis` must be what fk.rates.diagnose returns; got {type(diagnosis).__name__}."
        )


def _row(step: Step, gap: Gap, *, bottleneck: bool, money: bool) -> tuple[str, ...]:
    enough = step.enough
    won = display.EN_DASH
    if math.isfinite(gap.won) and gap.won > 0:
        won = display.expected_between(gap.won, gap.low, gap.high)
    value = gap.won * step.mean_value
    worth = display.count(value) if math.isfinite(value) and gap.won > 0 else display.EN_DASH
    status = "the bottleneck" if bottleneck else gap.caveat
    if not status and gap.won > 0:
        status = "clear" if gap.clear else "not clear"
    return (
        step.name,
        display.count(step.entered),
        display.estimate(step.rate, step.low, step.high) if enough else display.EN_DASH,
        f"{display.expected(step.lifted)}{' (capped)' if step.capped else ''}"
        if enough
        else display.EN_DASH,
        display.count(step.left),
        display.expected(step.leaked) if enough else display.EN_DASH,
        display.percent(gap.reference),
        won,
        *([worth] if money else []),
        status,
    )


def _move(move: Move) -> tuple[str, ...]:
    enough = min(move.entered) >= display.FEWEST
    change = f"{_points(move.change)} ({_points(move.low)} to {_points(move.high)})"
    rates = [display.percent(rate) if enough else display.EN_DASH for rate in move.rates]
    return (
        move.name,
        display.count(move.within),
        *(display.count(number) for number in move.entered),
        *rates,
        change if enough and move.judged else display.EN_DASH,
        f"{display.count(move.converted[0])} to {display.count(move.converted[1])}",
        display.signed(move.effects["volume"]),
        display.signed(move.effects["rate"]),
        move.verdict,
    )


def _points(share: float) -> str:
    return display.signed(round(100 * share, 1) + 0.0)
