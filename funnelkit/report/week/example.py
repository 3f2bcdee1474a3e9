"""The example of the weekly and daily report: what exports of a team hold beside its leads."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit.report.example import settings
from funnelkit.report.page.source import Source

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.ledgers import Ledger
    from funnelkit.data.records import Leads
    from funnelkit.data.simulate import SimulatedExport
    from funnelkit.plan import Targets

IntArray = NDArray[np.int64]
_STAGE = "opportunity_at"
_CLOSE = "close_date"
_ENDS = ("won_at", "lost_at", "disqualified_at")
_SEED, _DAYS_OF_ACTIVITIES = 5, 120
_TARGET = 2_060_000.0
_FIRST_TARGET = "2025-01"


@dataclass(frozen=True, eq=False)
class Exports:
    """The simulated deals as they would have been exported on any day, like an archive."""

    made: SimulatedExport

    @cached_property
    def days(self) -> tuple[dt.date, ...]:
        """Every day from which an export could have been kept."""
        first, last = self.made.frame["created_at"].min().date(), self.made.as_of
        return tuple(first + dt.timedelta(days=k) for k in range((last - first).days + 1))

    def at(self, day: dt.date) -> Leads:
        """Return the deals as exported on a day: their amounts and plans as they stood then."""
        import funnelkit as fk

        known = self.made.frame
        rows = known[known[_STAGE].notna()].drop_duplicates("lead_id")
        rows = rows.assign(**{_CLOSE: _planned(rows, day), "amount": _amounts(rows, day)})
        return fk.from_frame(rows, _funnel(self.made), as_of=day)

    def fingerprint(self, day: dt.date) -> str:  # noqa: ARG002 - as an archive has it
        """Return nothing: simulated exports are no files."""
        return ""


def example_source() -> tuple[Source, Exports, Targets]:
    """Return what the example is made from, its earlier exports, and illustrative targets.

    Examples
    --------
    >>> source, exports, targets = example_source()
    >>> source.simulated, str(exports.days[-1]), targets.unit
    (True, '2026-06-30', 'value')
    """
    import pandas as pd

    from funnelkit.data.reading import from_frame
    from funnelkit.data.simulate import simulate_frame
    from funnelkit.plan import Targets

    made = simulate_frame(**settings())
    frame = made.frame.assign(**{_CLOSE: _planned(made.frame, made.as_of)})
    leads = from_frame(frame, _funnel(made), as_of=made.as_of, _truth=made.truth)
    months = pd.period_range(_FIRST_TARGET, periods=24, freq="M")
    targets = Targets(periods=months, amount=np.full(24, _TARGET), source="illustrative")
    tables = {"activities": _activities(made)}
    return Source(leads=leads, simulated=True, tables=tables), Exports(made), targets


def _funnel(made: SimulatedExport) -> Any:
    from funnelkit.data.definition import Funnel

    told = {name: getattr(made.funnel, name) for name in _DEFINED}
    return Funnel(**told, keep=[_CLOSE])


_DEFINED = ("stages", "exits", "id", "columns", "value", "owner", "account", "segments")


def _numbers(rows: pd.DataFrame) -> IntArray:
    """Return a number for each deal, from its id, that plans and changes are drawn from."""
    digits = (
        rows["lead_id"].astype(str).str.extract(r"(\d+)", expand=False).fillna("0").astype("int64")
    )
    mixed = digits.to_numpy().astype(np.uint64) * np.uint64(2_654_435_761)
    return np.asarray((mixed >> np.uint64(7)) % np.uint64(1_000_003)).astype(np.int64)


def _planned(rows: pd.DataFrame, day: dt.date) -> Any:
    """Return the planned close dates as they stood on a day: pushed on after they passed."""
    import pandas as pd

    number, today = _numbers(rows), np.datetime64(day, "D")
    since = rows[_STAGE].to_numpy().astype("datetime64[D]")
    planned = since + (40 + number % 70).astype("timedelta64[D]")
    late = (today - planned).astype("timedelta64[D]").astype(float) - (2 + number // 70 % 17)
    step = 18 + number // 1200 % 40
    pushes = np.ceil(np.clip(np.nan_to_num(late), 0, None) / step).astype(np.int64)
    planned = planned + (pushes * step).astype("timedelta64[D]")
    ended = rows[list(_ENDS)].min(axis=1).to_numpy().astype("datetime64[D]")
    planned = np.where(~np.isnat(ended) & (ended <= today), ended, planned)
    days: Any = pd.Series(planned, index=rows.index)
    return days.where(rows[_STAGE].notna()).dt.strftime("%Y-%m-%d")


def _amounts(rows: pd.DataFrame, day: dt.date) -> Any:
    """Return the amounts as they stood on a day: one deal in six is changed on its way."""
    number = _numbers(rows)
    changed = rows[_STAGE].to_numpy().astype("datetime64[D]") + (number % 90).astype(
        "timedelta64[D]"
    )
    factor = np.select([number % 12 == 0, number % 12 == 1], [1.2, 0.85], 1.0)
    before = changed > np.datetime64(day, "D")
    return (rows["amount"] * np.where(before, factor, 1.0)).round(2)


def _activities(made: SimulatedExport) -> Ledger:
    """Return the activities of the last months: first answers to leads, and work on open deals."""
    import pandas as pd

    from funnelkit.data.ledgers import read_activities

    rng = np.random.default_rng(_SEED)
    end = pd.Timestamp(made.as_of)
    begin = end - pd.Timedelta(days=_DAYS_OF_ACTIVITIES)
    rows = made.frame.drop_duplicates("lead_id")
    over = rows[list(_ENDS)].min(axis=1).fillna(end)
    fresh = rows[rows["created_at"] >= begin]
    answered = fresh[rng.random(len(fresh)) < 0.85]
    first = answered["created_at"] + pd.to_timedelta(rng.geometric(0.6, len(answered)) - 1, "D")
    busy = rows[rows[_STAGE].notna() & (over >= begin) & (rng.random(len(rows)) < 0.93)]
    often = rng.poisson(6, len(busy))
    since = np.maximum(busy[_STAGE].to_numpy(), begin.to_numpy())
    start = since.repeat(often)
    room = (over[busy.index].to_numpy() - since).repeat(often)
    days = start + (room * rng.random(len(start))).astype("timedelta64[D]")
    table = pd.DataFrame(
        {
            "at": [*first, *pd.to_datetime(days)],
            "kind": [
                *rng.choice(["Call", "Email"], len(first), p=[0.35, 0.65]),
                *rng.choice(["Call", "Email", "Meeting"], len(days), p=[0.4, 0.4, 0.2]),
            ],
            "rep": [*answered["owner"], *busy["owner"].to_numpy().repeat(often)],
            "record": [*answered["lead_id"], *busy["lead_id"].to_numpy().repeat(often)],
        }
    )
    worked = table[(table["at"].dt.day_of_week < 5) & (table["at"] <= end)]
    return read_activities(worked.sort_values(["at", "record"]).reset_index(drop=True))
