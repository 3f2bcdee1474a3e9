"""Past won deals: what they brought by month, and how their amounts changed on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.counts.currencies import CURRENCY_NAMES
from funnelkit.counts.triangle import Segment
from funnelkit.data.records import Leads
from funnelkit.data.rules.names import name_key
from funnelkit.data.standing import AMOUNT

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
FEWEST_CHANGED = 10
"""With fewer won deals whose amounts were followed, amounts are taken as they stand."""


def by_month(
    won: pd.DataFrame,
    leads: Leads,
    by: Sequence[str],
    segments: Sequence[Segment],
    until: pd.Period,
    *,
    money: bool,
) -> tuple[pd.PeriodIndex, FloatArray]:
    """Return the whole months before a period, and what was won in them, ``(S, T)``.

    Parameters
    ----------
    won
        Won records, as :meth:`Leads.list` returns them.
    leads
        For the names of columns.
    by, segments
        The series.
    until
        First month to come.
    money
        Whether amounts are summed, and not deals counted.
    """
    import pandas as pd

    days = pd.to_datetime(won[leads.funnel.won])
    months = pd.PeriodIndex(days.dt.to_period("M"))
    seen = months.dropna()
    first = min(seen.min(), until) if len(seen) else until
    gone = pd.period_range(first, until - 1, freq="M")
    found = np.zeros((len(segments), len(gone)))
    place = {segment: i for i, segment in enumerate(segments)}
    rows = np.array([place.get(one, -1) for one in labels_of(won, by)], np.int64)
    at = gone.get_indexer(months)
    worth = np.ones(len(won))
    if money and leads.funnel.value is not None:
        worth = np.nan_to_num(numbers(won[leads.funnel.value]))
    kept = (rows >= 0) & (at >= 0)
    np.add.at(found, (rows[kept], at[kept]), worth[kept])
    return gone, found


def won_before(leads: Leads, exchange: Mapping[str, Decimal] | None) -> pd.DataFrame:
    """Return the won records, as :meth:`Leads.list` does, with amounts in the one currency.

    Parameters
    ----------
    leads
        The data.
    exchange
        Rates as :func:`~funnelkit.data.ledgers.exchange.checked_rates` returns them.
    """
    funnel = leads.funnel
    won = leads.list(funnel.won)
    if exchange is None or funnel.value is None:
        return won
    told = {code: float(rate) for code, rate in exchange.items()}
    for name in (*funnel.segments, *funnel.keep):
        if name_key(name) in CURRENCY_NAMES:
            codes = [told.get(str(code).upper(), np.nan) for code in won[name]]
            won[funnel.value] = numbers(won[funnel.value]) * np.array(codes, float)
            break
    return won


def amounts_of(
    won: pd.DataFrame, leads: Leads, by: Sequence[str], segments: Sequence[Segment]
) -> list[FloatArray]:
    """Return the amounts above 0 of the won records of each segment."""
    if leads.funnel.value is None:
        return [np.zeros(0) for _ in segments]
    worth = numbers(won[leads.funnel.value])
    own = labels_of(won, by)
    place = {segment: i for i, segment in enumerate(segments)}
    rows = np.array([place.get(one, -1) for one in own], np.int64)
    usable = np.isfinite(worth) & (worth > 0)
    return [worth[usable & (rows == i)] for i in range(len(segments))]


def changed_amounts(
    leads: Leads, won: Callable[[], pd.DataFrame], n: int, rng: np.random.Generator
) -> tuple[FloatArray, str]:
    """Return what amounts shown by open deals came to once they were won, and how it is known.

    Parameters
    ----------
    leads
        With a table of changes, where the source has one.
    won
        Returns the won records, as :meth:`Leads.list` does.
    n
        Number of draws.
    rng
        Generator.

    Returns
    -------
    ndarray, str
        Shape ``(n,)``: Σ of the amounts won over Σ of the amounts half-way between the first day
        and the win, by the Bayesian bootstrap over deals; 1 where it is not known. And a sentence.
    """
    import pandas as pd

    plain = "Amounts are taken as they stand today"
    changes = leads.changes
    funnel = leads.funnel
    if changes is None or funnel.value is None:
        return np.ones(n), f"{plain}: how they changed on the way to a win is not known."
    told = changes.filter(changes.field == AMOUNT).execute()
    start = pd.Timestamp(changes.day.min().execute())  # of the history, whatever field
    every = won()
    followed = every[_first_days(every, funnel.stages) >= start] if len(told) else every.head(0)
    then = halfway(followed, told, funnel.stages, funnel.id, funnel.value)
    if len(then) < FEWEST_CHANGED:
        were = "was" if len(then) == 1 else "were"
        few = f"only {display.count(len(then))} {were}" if len(then) else "none was"
        return np.ones(n), f"{plain}: of past won deals {few} followed on the way."
    weights = rng.exponential(size=(n, len(then)))
    ratios = (weights @ then[:, 1]) / (weights @ then[:, 0])
    return ratios, (
        f"Amounts are multiplied by {ratios.mean():.2f}, as those of "
        f"{display.plural(len(then), 'won deal')} changed from half-way to the win."
    )


def halfway(
    won: pd.DataFrame, changes: pd.DataFrame, stages: Sequence[str], key: str, value: str
) -> FloatArray:
    """Return the amount half-way to the win, and the one at the win, of each deal followed.

    Returns
    -------
    ndarray
        Shape ``(n_deals, 2)``: deals with both above 0 and a day of the win.
    """
    import pandas as pd

    if not len(won):
        return np.zeros((0, 2))
    days = pd.to_datetime(changes["day"])
    first = _first_days(won, stages)
    last = pd.to_datetime(won[stages[-1]])
    middle = first + (last - first) / 2
    frame = pd.DataFrame(
        {
            "id": won[key].astype(str),
            "now": numbers(won[value]),
            "middle": middle,
            "dated": last.notna(),
        }
    )
    later = pd.DataFrame(
        {
            "id": changes["id"].astype(str),
            "day": days,
            "at": changes["at"].astype(str),
            "old": numbers(changes["old"]),
        }
    ).merge(frame[["id", "middle"]], on="id")
    later = later[later["day"] > later["middle"]].sort_values(["day", "at"], kind="stable")
    old = later.drop_duplicates("id").set_index("id")["old"]
    changed = frame["id"].isin(old.index)
    then = frame["id"].map(old).where(changed, frame["now"])
    pairs = np.stack([then.to_numpy(float), frame["now"].to_numpy(float)], axis=1)
    usable = (pairs > 0).all(axis=1) & frame["dated"].to_numpy(bool)
    return np.asarray(pairs[usable])


def _first_days(won: pd.DataFrame, stages: Sequence[str]) -> pd.Series[Any]:
    import pandas as pd

    days = [pd.to_datetime(won[name]) for name in stages]
    return pd.concat(days, axis=1).min(axis=1)


def labels_of(frame: pd.DataFrame, by: Sequence[str]) -> list[Segment]:
    """Return the segment of each row; what is blank is ``None``."""
    if not by:
        return [()] * len(frame)
    columns = [
        [one if isinstance(one, str) and one else None for one in frame[name]] for name in by
    ]
    return list(zip(*columns, strict=True))


def numbers(values: pd.Series[Any]) -> FloatArray:
    """Return values as floats, NaN where they are none."""
    import pandas as pd

    return np.asarray(pd.to_numeric(values, errors="coerce").to_numpy(float, na_value=np.nan))
