"""What the CRM itself says of each open deal: planned close, category, probability, pushes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit.data.definition import Funnel
from funnelkit.data.journeys import LATER
from funnelkit.data.records import Leads
from funnelkit.data.standing import CLOSE, close_column

if TYPE_CHECKING:
    import pandas as pd

CATEGORY, PROBABILITY, PUSHES = "forecast_category", "probability", "pushes"
"""How a table of changes calls these fields."""
_CATEGORY = frozenset(
    {"forecastcategory", "forecastcategoryname", "hsforecastcategory", "hsmanualforecastcategory"}
)
_PROBABILITY = frozenset(
    {"probability", "dealprobability", "dealstageprobability", "hsdealstageprobability"}
)
_PUSHES = frozenset({"pushes", "pushcount", "closedatepushes"})
_DAY = re.compile(r"\s*(\d{4}-\d{2}-\d{2})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Plans:
    """Kept columns by what they hold; ``None`` where the export has none of the kind.

    Parameters
    ----------
    close, category, probability, pushes
        Names among the funnel's ``keep``.
    """

    close: str | None
    category: str | None
    probability: str | None
    pushes: str | None


def plans_of(funnel: Funnel, close_date: str | None = None) -> Plans:
    """Return which kept columns hold plans, known by their names.

    Parameters
    ----------
    funnel
        The definition.
    close_date
        Kept column of the planned close date, where it is called otherwise.

    Raises
    ------
    ArgumentError
        If ``close_date`` is not kept; with the closest match.

    Examples
    --------
    >>> plans_of(Funnel(["deal", "won"], keep=["Close Date", "Forecast category"]))
    Plans(close='Close Date', category='Forecast category', probability=None, pushes=None)
    """
    return Plans(
        close=close_column(funnel, close_date),
        category=_named(funnel.keep, _CATEGORY),
        probability=_named(funnel.keep, _PROBABILITY),
        pushes=_named(funnel.keep, _PUSHES),
    )


def plans_then(leads: Leads, plans: Plans) -> tuple[Plans, list[str]]:
    """Return the plans that were known on the last day of leads, and what is left out.

    Leads that were rewound show kept columns as exported, and those of a deal that has closed
    since tell how. Of such leads only fields with a history are taken.
    """
    table = leads.rows.changes
    if not _rewound(leads):
        return plans, []
    known: set[str] = set()
    if table is not None:
        known = set(table.select("field").distinct().execute()["field"])
    fields = {"close": CLOSE, "category": CATEGORY, "probability": PROBABILITY, "pushes": PUSHES}
    lost = [
        str(getattr(plans, name))
        for name, field in fields.items()
        if getattr(plans, name) is not None and field not in known
    ]
    kept = {
        name: getattr(plans, name) if field in known else None for name, field in fields.items()
    }
    verb = "is" if len(lost) == 1 else "are"
    said = (
        [f"{display.listed(lost)} {verb} not known as of that day, and left out."] if lost else []
    )
    return Plans(**kept), said


def _rewound(leads: Leads) -> bool:
    """Return whether the data know of anything after the last day of leads."""
    records, changes = leads.records, leads.rows.changes
    if int(records.filter(records.aside == LATER).count().execute()):
        return True
    if changes is None:
        return False
    return bool(int(changes.filter(changes.day > leads.as_of).count().execute()))


def days_planned(values: pd.Series[Any]) -> tuple[pd.Series[Any], int]:
    """Return ISO days as dates, and how many texts are none (and are left blank)."""
    import pandas as pd

    texts = [str(one) if isinstance(one, str) and one.strip() else None for one in values]
    found = [_DAY.match(text) if text else None for text in texts]
    written = pd.Series([one[1] if one else None for one in found], index=values.index)
    series = pd.to_datetime(written.astype(object), errors="coerce")
    odd = sum(1 for text, day in zip(texts, series, strict=True) if text and pd.isna(day))
    return series, odd


def shares_said(values: pd.Series[Any]) -> pd.Series[float]:
    """Return probabilities as shares: per cent where any is above 1; what is none is blank.

    Examples
    --------
    >>> import pandas as pd
    >>> shares_said(pd.Series(["10", "50%", "often", None])).tolist()
    [0.1, 0.5, nan, nan]
    """
    import pandas as pd

    texts = values.astype(object).map(
        lambda one: one.replace("%", "").strip() if isinstance(one, str) else one
    )
    percent = values.astype(object).map(lambda one: isinstance(one, str) and "%" in one).any()
    found = pd.to_numeric(texts, errors="coerce").astype(float)
    found = found / 100 if percent or (found > 1).any() else found
    return found.where(found.between(0, 1))


def texts_said(values: pd.Series[Any]) -> list[str | None]:
    """Return texts on one line, ``None`` where blank."""
    return [
        display.one_line(one) if isinstance(one, str) and one.strip() else None for one in values
    ]


def whole_numbers(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return whole numbers; what is none is blank."""
    import pandas as pd

    found = pd.to_numeric(values, errors="coerce").astype(float)
    return found.where(np.isfinite(found) & (found == np.floor(found))).astype("Int64")


def _named(keep: Sequence[str], names: frozenset[str]) -> str | None:
    found = [name for name in keep if re.sub(r"[\W_]", "", name).lower() in names]
    return found[0] if found else None
