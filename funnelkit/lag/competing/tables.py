"""Tables and sentences of a mixture-cure fit with competing exits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.lag.choosing.showing import bound_in_words

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.lag.competing.outcome import OutcomeFit
    from funnelkit.lag.competing.result import CompetingCureFit

IntArray = NDArray[np.int64]
_ALL = ("undecided", "undecided_low", "undecided_high")


def table(fit: CompetingCureFit, views: Mapping[str, OutcomeFit], level: float) -> pd.DataFrame:
    """Return one row per group and outcome: see :meth:`CompetingCureFit.to_frame`."""
    import pandas as pd

    clash = [name for name in fit.by if name in {"outcome", "reached", *_ALL}]
    if clash:
        raise ArgumentError(
            f"`by`: the table has a column `{clash[0]}` of its own; rename that segment."
        )
    low, high = fit.undecided_interval(confidence_level=level)
    parts = []
    for name, view in views.items():
        part = view.to_frame(confidence_level=level).rename(columns={"converted": "reached"})
        part.insert(list(part.columns).index("entered"), "outcome", name)
        parts.append(part)
    cells = _cells(fit, len(parts[0]))
    for part in parts:
        for column, values in zip(_ALL, (fit.undecided, low, high), strict=True):
            part[column] = np.asarray(values)[cells]
    order = np.arange(len(parts) * len(parts[0])).reshape(len(parts), -1).T.ravel()
    return pd.concat(parts, ignore_index=True).iloc[order].reset_index(drop=True)


def _cells(fit: CompetingCureFit, n_rows: int) -> tuple[IntArray, IntArray]:
    """Return the first cell of each row of a table over segments and cohorts."""
    along = len(fit.cohorts) if "cohorts" in fit.rates else 1
    rows, columns = np.indices((n_rows // along, along))
    return np.asarray(rows.ravel(), np.int64), np.asarray(columns.ravel(), np.int64)


def parameters(
    fit: CompetingCureFit, views: Mapping[str, OutcomeFit], level: float
) -> pd.DataFrame:
    """Return one row per parameter: see :meth:`CompetingCureFit.parameters`."""
    import pandas as pd

    parts = []
    for name, view in views.items():
        part = view.parameters(confidence_level=level)
        part.insert(0, "outcome", name)
        active = fit.reached[name].any()
        parts.append(part if active else part[part["parameter"] == "logit rate"])
    return pd.concat(parts, ignore_index=True)


def sentence(fit: CompetingCureFit, views: Mapping[str, OutcomeFit]) -> str:
    """Return the shares of each outcome, what they rest on, and what carries them."""
    frame = table(fit, views, 0.95)
    frame = frame[frame["entered"] > 0]
    of = f"Of {display.plural(fit.n, 'lead')} that entered {fit.start}"
    so_far = display.listed(
        [f"{display.count(counts.sum())} {name}" for name, counts in fit.reached.items()]
    )
    if len(frame) > len(views):
        return f"{of}, so far: {so_far}. {_several(fit, frame)}"
    rows = {str(row["outcome"]): row for _, row in frame.iterrows()}
    told: list[str] = []
    for name, row in rows.items():
        low, high = float(row["ultimate_low"]), float(row["ultimate_high"])
        if row["verdict"] != "bound only":
            bounds = display.percent_range(low, high, words=True)
            told.append(f"{display.percent(row['ultimate'])} ({bounds}) {_reach(told)}{name}")
        elif low > 0 or high < 1:
            told.append(f"{bound_in_words(low, high)} {_reach(told)}{name}")
        else:
            told.append(f"nobody can say yet how many {_reach(told, always=True)}{name}")
    unknown = (frame["verdict"] == "bound only") & (frame["reached"] > 0)
    told.append(_undecided(frame.iloc[0], bound=bool(unknown.any())))
    return f"{of}, {display.listed(told)} in the end (so far: {so_far}). {_carried(fit, frame)}"


def _reach(told: list[str], *, always: bool = False) -> str:
    return "" if told and not always else "reach "


def _undecided(row: pd.Series, *, bound: bool) -> str:
    """Return the share that stays undecided, or its bound where it is 0 or not known."""
    share, low, high = (float(row[name]) for name in _ALL)
    if bound or (share <= 0 and high < 1):
        return f"{bound_in_words(low, high)} stay undecided"
    return (
        f"{display.percent(share)} ({display.percent_range(low, high, words=True)}) stay undecided"
    )


def _several(fit: CompetingCureFit, frame: pd.DataFrame) -> str:
    """Return the shares of several groups."""
    told: list[str] = []
    for name in fit.outcomes:
        mine = frame[(frame["outcome"] == name) & (frame["verdict"] != "bound only")]
        if len(mine):
            ends = mine["ultimate"].min(), mine["ultimate"].max()
            told.append(f"{display.percent_range(*ends, words=True)} {_reach(told)}{name}")
    groups = frame.groupby("outcome").size().iloc[0]
    text = ""
    if told:
        known = frame[frame["verdict"] != "bound only"]
        ends = known["undecided"].min(), known["undecided"].max()
        told.append(f"{display.percent_range(*ends, words=True)} stay undecided")
        text = f"In the end {display.listed(told)}, over {display.plural(groups, 'group')}. "
    target = frame[frame["outcome"] == fit.target]
    bare = int((target["verdict"] == "bound only").sum())
    if bare:
        verb = "has" if bare == 1 else "have"
        text += f"{display.plural(bare, 'group')} {verb} a bound only for {fit.target}."
    return text.strip()


def _carried(fit: CompetingCureFit, frame: pd.DataFrame) -> str:
    """Return what the verdicts say of one group's shares."""
    known = frame[frame["verdict"] != "bound only"]
    days = display.plural(int(fit.followed_to.max()), "day")
    if not len(known):
        return "Follow-up is too short to tell few from slow ones."
    held = display.listed(
        [
            f"{display.maturity(float(row['seen']))} of those {row['outcome']}"
            for _, row in known.iterrows()
        ]
    )
    bare = [str(name) for name in frame.loc[frame["verdict"] == "bound only", "outcome"]]
    short = f" For {display.listed(bare)} there is a bound only." if bare else ""
    if (known["verdict"] == "measured").all():
        return f"Measured: the {days} that are followed hold {held}.{short}"
    return (
        f"Extrapolated: the {days} that are followed hold {held}; the rest goes by the fitted "
        f"curves.{short}"
    )
