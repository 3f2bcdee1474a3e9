"""The open pipeline by stage and age, with the deals that are older than almost any ever won."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError
from funnelkit.plot import style
from funnelkit.plot.panels import grid_of, panels
from funnelkit.plot.scales import count_ticks
from funnelkit.plot.sheet import Sheet, bare, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from funnelkit.metrics import PipelineAgeing

_TALL = 118.0
_WIDTH = 640.0
_THICK = 0.72


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """One panel: open and stale deals in each band of age."""

    name: str
    bands: tuple[str, ...]
    open: tuple[int, ...]
    stale: tuple[int, ...]
    limit: str

    @property
    def head(self) -> str:
        """What stands over the panel: how many are open."""
        return f"{display.count(sum(self.open))} open"

    @property
    def said(self) -> str:
        """All of it in words."""
        parts = [
            f"{band} days {display.count(n)}" + (f" ({display.count(old)} stale)" if old else "")
            for band, n, old in zip(self.bands, self.open, self.stale, strict=True)
            if n
        ]
        limit = f", {self.limit}" if self.limit else ""
        return f"{self.name}, {self.head}{limit}: {', '.join(parts) or 'none'}."


def ageing(ageing: PipelineAgeing, *, ax: Axes | None = None) -> Axes:
    """Return axes with a panel for each stage: its open deals by age, the stale ones marked.

    Parameters
    ----------
    ageing
        From :func:`funnelkit.metrics.pipeline_ageing`; segments are taken together, each deal
        held against the limit of its own business.
    ax
        Axes to draw on, best in a figure with ``layout="constrained"``; default: new ones.

    Returns
    -------
    Axes
        Which hold a panel for each stage; titled with how many deals are stale, and what they
        hold.

    Raises
    ------
    ArgumentError
        If ``ageing`` or ``ax`` are something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> found = fk.metrics.pipeline_ageing(fk.make_leads(3000, rng=1), beyond=0.95)
    >>> fk.plot.ageing(found).get_title(loc="left").split(" of ")[1].split(" ")[1:4]
    ['open', 'deals', 'are']
    """
    from funnelkit.metrics import PipelineAgeing

    if not isinstance(ageing, PipelineAgeing):
        raise ArgumentError(
            "`ageing` must be what fk.metrics.pipeline_ageing returns; got "
            f"{type(ageing).__name__}."
        )
    stages = _stages(ageing)
    grid = grid_of(max(len(stages), 1), _WIDTH, tall=_TALL)
    with sheet(ax, height=grid.height) as page:
        grid = grid_of(max(len(stages), 1), page.width, tall=_TALL)
        page.height = page.height if not page.own else grid.height
        ticks, _ = count_ticks(1.25 * max([n for one in stages for n in one.open], default=0))
        names, heads = [one.name for one in stages], [one.head for one in stages]
        if stages:
            for stage, (inner, own) in zip(stages, panels(page, grid, names, heads), strict=True):
                _panel(inner, own, stage, ticks[-1])
        else:
            bare(page)
        page.legend(_marks(page, stages))
        page.above += 4
        page.title(_title(ageing))
        page.caption(_caption(ageing), ticks=4)
        said = [stage.said for stage in stages]
        return page.finish(_title(ageing), _caption(ageing), *said, ageing.summary())


def _stages(ageing: PipelineAgeing) -> list[_Stage]:
    frame = ageing.to_frame()
    found = []
    for stage in ageing.book.stages:
        own = frame[frame["stage"] == stage].groupby("age_days", sort=False)[["open", "stale"]]
        sums = own.sum()
        if not len(sums):
            continue
        keep = [band for band in sums.index if band != "not known" or sums.loc[band, "open"]]
        days = [one.days for one in ageing.limits if one.stage == stage]
        known = len(days) == 1 and np.isfinite(days[0])
        found.append(
            _Stage(
                name=display.one_line(stage),
                bands=tuple(keep),
                open=tuple(int(sums.loc[band, "open"]) for band in keep),
                stale=tuple(int(sums.loc[band, "stale"]) for band in keep),
                limit=f"stale after {display.plural(days[0], 'day')}" if known else "",
            )
        )
    return found


def _panel(inner: Axes, own: Sheet, stage: _Stage, top: float) -> None:
    colours = own.palette
    at = np.arange(len(stage.bands))
    fresh = np.array(stage.open) - np.array(stage.stale)
    inner.set_xlim(-0.6, len(stage.bands) - 0.4)
    inner.set_ylim(0, top)
    inner.set_yticks([])
    inner.bar(at, fresh, _THICK, label="_fresh", **_look(own, stale=False))
    inner.bar(at, stage.stale, _THICK, bottom=fresh, label="_stale", **_look(own, stale=True))
    inner.axhline(0, color=colours.rule, linewidth=1.0)
    if stage.limit:
        quiet: dict[str, Any] = {"color": colours.muted, "fontsize": style.SMALL, "va": "top"}
        inner.text(0, 1, stage.limit, transform=inner.transAxes, **quiet)
    lift = 0.02 * top
    for x, n, old in zip(at, stage.open, stage.stale, strict=True):
        if n:
            look: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": style.SMALL}
            look |= {"color": colours.accent, "weight": "bold"} if old else {"color": colours.muted}
            inner.text(float(x), n + lift, display.count(n), **look)
    names = [_short(band) for band in stage.bands]
    inner.set_xticks(at, names, **style.plain())
    inner.tick_params(axis="x", labelsize=style.SMALL - 1)


def _short(band: str) -> str:
    """Return a band of age as it stands under a bar.

    Examples
    --------
    >>> [_short(band) for band in ("0 to 30", "over 365", "not known")]
    ['≤30', '>365', '?']
    """
    if band.startswith("over "):
        return f">{band[5:]}"
    return "?" if band == "not known" else f"\u2264{band.rsplit(' to ', maxsplit=1)[-1]}"


def _look(page: Sheet, *, stale: bool) -> dict[str, Any]:
    return {"facecolor": page.palette.accent if stale else page.palette.bar, "linewidth": 0}


def _marks(page: Sheet, stages: list[_Stage]) -> list[tuple[Any, str]]:
    from matplotlib.patches import Patch

    found: list[tuple[Any, str]] = []
    if any(sum(one.open) > sum(one.stale) for one in stages):
        found.append((Patch(**_look(page, stale=False)), "open deals, by days at their stage"))
    if any(sum(one.stale) for one in stages):
        found.append((Patch(**_look(page, stale=True)), "of them stale"))
    return found


def _title(ageing: PipelineAgeing) -> str:
    book = ageing.book
    total, stale = int(book.n.sum()), int(book.n[ageing.is_stale].sum())
    if not total:
        return "No deal is open"
    if not any(np.isfinite(one.days) for one in ageing.limits):
        return f"{display.plural(total, 'open deal')}; too few wins to say which are stale"
    verb = "is" if stale == 1 else "are"
    text = f"{display.count(stale)} of {display.plural(total, 'open deal')} {verb} stale"
    worth = ageing.shares
    if not stale or "stale share of open value" not in worth.names:
        return text
    value = worth["stale share of open value"]
    part, whole = float(np.nansum(value.numerator)), float(value.denominator.sum())
    if whole > 0:
        text += f" and {'holds' if stale == 1 else 'hold'} {display.percent(part / whole)} of the"
        text += " open amount"
    return text


def _caption(ageing: PipelineAgeing) -> str:
    lead = "any" if ageing.beyond >= 1 else display.percent(ageing.beyond, decimals=0)
    return (
        f"Open deals by days at their stage, as of {day_name(ageing.as_of)}. Stale: there for "
        f"longer than {lead} of the deals ever won took from there to the win."
    )
