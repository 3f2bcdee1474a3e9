"""Accounts that stay: cohorts down, months across, blank where nobody has been followed so long."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit._core.interval import share_interval
from funnelkit.plot import style
from funnelkit.plot.lettering import measured
from funnelkit.plot.sheet import Sheet, bare, sheet, size_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.metrics import LogoRetention

_ROW = 25.0
_GAP = 16.0
_SLIT = 2.5
_NARROWEST = 38.0
_LABELS = 130.0
_MOST = 36
_CUTS = (0.5, 0.6, 0.7, 0.8, 0.9)


def retention(
    retention: LogoRetention, *, ages: Sequence[int] | None = None, ax: Axes | None = None
) -> Axes:
    """Return axes with the share of each cohort's accounts that still pay, month after month.

    Read down a column to compare cohorts at the same age. A cell is blank where not every account
    of the cohort has been followed so long. Of a cohort with fewer than 20 accounts their number
    is shown, and no percentage.

    Parameters
    ----------
    retention
        From :func:`funnelkit.metrics.logo_retention`; segments are taken together.
    ages
        Ages in months; default: every month, or as many as fit.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Cell ``k`` of cohort ``j`` spans ``k`` to ``k + 1`` across and is centred on ``j``; the last
        row is all cohorts that were followed so long.

    Raises
    ------
    ArgumentError
        If an argument cannot be used.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> rows = pd.DataFrame(
    ...     {
    ...         "account": [f"a{k}" for k in range(40)],
    ...         "start": "2026-01-05",
    ...         "end": ["2026-02-10"] * 4 + [None] * 36,
    ...         "mrr": 50,
    ...     }
    ... )
    >>> kept = fk.metrics.logo_retention(rows, as_of="2026-03-31")
    >>> ax = fk.plot.retention(kept)
    >>> ax.get_title(loc="left").replace(chr(0x202F), " ")
    'After 2 months 90.0 % (76.9 to 96.0 %) of 40 accounts still pay'
    """
    from funnelkit.metrics import LogoRetention

    if not isinstance(retention, LogoRetention):
        raise ArgumentError(
            "`retention` must be what fk.metrics.logo_retention returns; got "
            f"{type(retention).__name__}."
        )
    room = int((size_of(ax)[0] - _LABELS) / _NARROWEST)
    shown = _ages(retention, ages, max(room, 2))
    rows = _rows(retention, shown)
    with sheet(ax, height=_ROW * (len(rows) + 0.35)) as page:
        bare(page)
        _draw(page, rows, shown)
        page.legend(_marks(page, rows))
        page.title(_title(retention))
        page.caption(_caption(retention, rows))
        return page.finish(_title(retention), retention.summary(), *_words(rows, shown))


Row = tuple[str, int, list[tuple[float, float]]]
"""Name, accounts, and for each age how many stayed of how many (NaN where not known)."""


def _ages(retention: LogoRetention, ages: Sequence[int] | None, most: int) -> list[int]:
    longest = retention.retained.shape[2] - 1
    if ages is None:
        seen = np.flatnonzero(np.isfinite(retention.retained).any(axis=(0, 1)))
        last = int(seen[-1]) if len(seen) else 0
        step = max(1, -(-last // most))
        return list(range(step, last + 1, step)) or [0]
    given = list(ages)
    whole = all(isinstance(age, (int, np.integer)) and not isinstance(age, bool) for age in given)
    if not given or not whole or any(not 0 <= age <= longest for age in given):
        raise ArgumentError(f"`ages` must be whole months from 0 to {longest}; got {ages!r}.")
    return sorted({int(age) for age in given})


def _rows(retention: LogoRetention, ages: list[int]) -> list[Row]:
    kept = retention.retained.sum(axis=0)  # NaN where any segment is not known
    known = np.isfinite(retention.retained) | (retention.entered == 0)[..., None]
    kept = np.where(known.all(axis=0), np.nansum(retention.retained, axis=0), np.nan)
    size = retention.entered.sum(axis=0)
    rows: list[Row] = []
    for j, period in enumerate(retention.cohorts):
        if size[j]:
            cells = [(float(kept[j, age]), float(size[j])) for age in ages]
            rows.append((period_label(period), int(size[j]), cells))
    rows = rows[-_MOST:]
    stayed, followed = (part.sum(axis=0) for part in retention.pooled)
    cells = [
        (float(stayed[age]) if followed[age] else np.nan, float(followed[age])) for age in ages
    ]
    return [*rows, ("all", int(size.sum()), cells)]


def _draw(page: Sheet, rows: list[Row], ages: list[int]) -> None:
    ax, colours = page.ax, page.palette
    names = max(measured(row[0], style.TEXT, bold=True) for row in rows)
    sizes = [display.count(row[1]) for row in rows]
    counts = max(measured(text, style.SMALL) for text in [*sizes, "accounts"])
    left = names + counts + 2 * _GAP
    width = (page.width - left) / len(ages)
    ax.set_xlim(-left / width, len(ages))
    ax.set_ylim(len(rows) - 0.15, -0.5)
    ax.set_xticks([])
    ax.set_yticks([])
    across = ax.get_yaxis_transform()
    end = (names + _GAP + counts) / page.width
    page.head(end, "accounts", align="right")
    for k, age in enumerate(ages):
        at = (left + (k + 0.5) * width) / page.width
        page.head(at, f"month {age}" if k == 0 else str(age), align="center")
    page.above += 16
    slits = _SLIT / width, _SLIT / _ROW
    for j, (name, _, cells) in enumerate(rows):
        y = j + (0.35 if j == len(rows) - 1 else 0.0)
        page.text(0, y, name, transform=across, weight="bold", color=colours.ink)
        look = {"ha": "right", "color": colours.muted, "fontsize": style.SMALL}
        page.text(end, y, sizes[j], transform=across, **look)
        for k, (stayed, of) in enumerate(cells):
            _cell(page, (k, y), (stayed, of), slits)


def _cell(
    page: Sheet,
    place: tuple[float, float],
    counts: tuple[float, float],
    slits: tuple[float, float],
) -> None:
    from matplotlib.patches import Rectangle

    (k, y), (stayed, of), (wide, high) = place, counts, slits
    if not np.isfinite(stayed):
        return
    colours = page.palette
    few = of < display.FEWEST
    step = bisect_right(_CUTS, stayed / of)
    ink = colours.muted if few else colours.on_heat[step]
    look: dict[str, Any] = {"facecolor": colours.heat[step], "linewidth": 0}
    if few:
        look = {"facecolor": "none", "edgecolor": colours.grid, "linewidth": 0.8}
    corner = (k + wide / 2, y - 0.5 + high / 2)
    kind = "few" if few else "share"
    page.ax.add_patch(Rectangle(corner, 1 - wide, 1 - high, label=f"_{kind}", **look))
    words = f"{stayed:.0f} of {of:.0f}" if few else f"{100 * stayed / of:.0f}"
    if few and measured(words, style.SMALL) > (1 - wide) * _SLIT / wide:
        words = f"{stayed:.0f}"
    page.text(k + 0.5, y, words, ha="center", color=ink, label="_cell", fontsize=style.SMALL)


def _marks(page: Sheet, rows: list[Row]) -> list[tuple[Any, str]]:
    from matplotlib.patches import Patch

    steps = tuple(Patch(facecolor=colour) for colour in page.palette.heat)
    found: list[tuple[Any, str]] = []
    if any(row[1] >= display.FEWEST for row in rows):
        ends = f"under {100 * _CUTS[0]:g} to over {100 * _CUTS[-1]:g}\u202f% still pay"
        found.append((steps, ends))
    if any(row[1] < display.FEWEST for row in rows):
        outlined = Patch(facecolor="none", edgecolor=page.palette.rule)
        found.append((outlined, "number that still pay, of fewer than 20"))
    return found


def _title(retention: LogoRetention) -> str:
    stayed, followed = (part.sum(axis=0) for part in retention.pooled)
    ages = np.flatnonzero(followed[1:] >= display.FEWEST) + 1
    if not len(ages):
        return "Too few accounts have been followed for a month to say how many stay"
    age = 12 if 12 in ages else int(ages[-1])
    low, high = share_interval(
        stayed[age], followed[age], confidence_level=retention.confidence_level
    )
    between = display.percent_range(float(low), float(high), words=True)
    return (
        f"After {display.plural(age, 'month')} {display.percent(stayed[age] / followed[age])} "
        f"({between}) of {display.plural(followed[age], 'account')} still pay"
    )


def _caption(retention: LogoRetention, rows: list[Row]) -> str:
    hidden = int((retention.entered.sum(axis=0) > 0).sum()) - (len(rows) - 1)
    text = (
        "Accounts by the period in which they first paid, up to "
        f"{retention.as_of.isoformat()}. One that came back is there again. Blank: not every "
        "account has been followed so long. All: the cohorts that were."
    )
    return text + (f" {display.plural(hidden, 'earlier cohort')} not shown." if hidden > 0 else "")


def _words(rows: list[Row], ages: list[int]) -> list[str]:
    told = []
    for name, size, cells in rows:
        parts = [
            f"month {age} {stayed:.0f} of {of:.0f}"
            for age, (stayed, of) in zip(ages, cells, strict=True)
            if np.isfinite(stayed)
        ]
        told.append(
            f"{name} ({display.plural(size, 'account')}): {', '.join(parts) or 'none yet'}."
        )
    return told
