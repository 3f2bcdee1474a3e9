"""Pipeline ageing: open deals by stage and age, and those older than almost any deal ever won."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure, Measures
from funnelkit._core.result import Result
from funnelkit.counts.open_book import OpenBook
from funnelkit.counts.opened import open_beyond, open_book
from funnelkit.counts.pipeline import By
from funnelkit.counts.triangle import Segment
from funnelkit.data.records import Leads
from funnelkit.metrics.cycle.stale import FEWEST, Limit, limits

if TYPE_CHECKING:
    import pandas as pd

Cube = NDArray[Any]
_NOTHING = np.array(Decimal(0), dtype=object)
BANDS = (30, 60, 90, 180, 365)
UNKNOWN = "not known"


def pipeline_ageing(
    leads: Leads,
    *,
    by: By = None,
    bands: Sequence[int] = BANDS,
    beyond: float = 0.99,
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    confidence_level: float = 0.95,
) -> PipelineAgeing:
    """Return the open deals by stage and days at it, and which of them are stale.

    Parameters
    ----------
    leads
        The data.
    by
        Segment column or columns; segments kept apart are always among them.
    bands
        Last days of the bands of age, rising.
    beyond
        An open deal is stale when it has been at its stage for longer than this share of the deals
        ever won took from there to the win; 1: for longer than any.
    currency, exchange
        Of the amounts; and, for leads in several, what one unit of each other is worth in it. The
        list of stale deals shows amounts as they stand.
    confidence_level
        Of the intervals of :attr:`PipelineAgeing.shares`.

    Returns
    -------
    PipelineAgeing
        With the list of stale deals as ``stale``.

    Raises
    ------
    ArgumentError
        If a segment is unknown, bands do not rise, or ``beyond`` is not above 0.5 and at most 1.
    DataError
        If amounts stand in several currencies and there is no rate for one of them.

    Notes
    -----
    The limit is told by :func:`funnelkit.metrics.cycle.stale.limits`: for each stage and business
    kept apart, from the cumulative incidence of the win, with allowance for few wins, and none
    below 20. Deals whose day of entry is not known are in no band and never stale.

    Examples
    --------
    >>> import funnelkit as fk
    >>> ageing = pipeline_ageing(fk.make_leads(3000, rng=1), beyond=0.95)
    >>> list(ageing.to_frame())
    ['stage', 'age_days', 'open', 'with_amount', 'total_value', 'stale']
    """
    checks.confidence(confidence_level)
    edges = _edges(bands)
    book = open_book(leads, by=by, exchange=exchange, currency=currency)
    if clash := sorted({"stage", "age_days", "open", "with_amount", "stale"} & set(book.by)):
        raise ArgumentError(f"`by`: the table has a column `{clash[0]}` of its own; rename it.")
    found = limits(leads, book.stages, beyond=beyond)
    return PipelineAgeing(
        book=book,
        apart=leads.funnel.apart,
        bands=edges,
        beyond=beyond,
        limits=tuple(found),
        stale=_listed(leads, book, found),
        has_money=leads.funnel.value is not None,
        confidence_level=confidence_level,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PipelineAgeing(Result):
    """Open deals by stage and age; see :func:`pipeline_ageing`.

    Parameters
    ----------
    book
        The counts.
    apart
        Columns whose values are businesses of their own.
    bands
        Last days of the bands of age.
    beyond
        Share of the wins that a stale deal is older than.
    limits
        The limit of each stage and business.
    stale
        One row per stale deal, the oldest first: the id, ``stage``, segments, owner, account and
        amount under their own names, ``stage_age_days``, ``age_days`` (since its first day) and
        ``limit_days``. A personal column is never among them.
    has_money
        Whether the funnel has amounts.
    confidence_level
        Of the intervals of :attr:`shares`.
    """

    book: OpenBook
    apart: tuple[str, ...]
    bands: tuple[int, ...]
    beyond: float
    limits: tuple[Limit, ...]
    stale: pd.DataFrame
    has_money: bool
    confidence_level: float = 0.95

    @property
    def as_of(self) -> dt.date:
        """Last complete day."""
        return self.book.as_of

    @property
    def is_stale(self) -> NDArray[np.bool_]:
        """Which ages are stale, shape ``(n_segments, n_stages, n_ages)`` of the book."""
        ages = np.append(np.arange(self.book.n_ages), -1)
        return np.asarray(ages > self._days()[..., None])

    @property
    def shares(self) -> Measures:
        """Share of the open deals, and of their value, that is stale, by segment.

        Amounts below 0 are left out of both sides of the share of value.
        """
        own = self.is_stale
        book = self.book
        dated = book.n.copy()
        dated[..., -1] = 0
        deals = Measure(
            name="stale share of open deals",
            definition="stale / open deals whose age is known",
            unit="share",
            numerator=_over_stages(np.where(own, book.n, 0)),
            denominator=_over_stages(dated),
            numerator_name="stale deals",
            denominator_name="open deals whose age is known",
            by=book.by,
            segments=book.segments,
            as_of=book.as_of,
            confidence_level=self.confidence_level,
        )
        if not self.has_money:
            return Measures(measures=(deals,))
        worth = book.total - book.credit
        blank = np.full((len(book.segments), 1), np.nan)
        notes = [*book.notes]
        if (lacking := int((book.n - book.known).sum())) > 0:
            notes.append(f"{display.plural(lacking, 'open deal')} without an amount left out.")
        if (below := int(book.negative.sum())) > 0:
            notes.append(f"{display.plural(below, 'open deal')} with an amount below 0 left out.")
        value = Measure(
            name="stale share of open value",
            definition="amount of stale deals / amount of open deals",
            unit="share",
            numerator=_over_stages(np.where(own, worth, _NOTHING)),
            denominator=_over_stages(worth),
            numerator_name="stale",
            denominator_name="open amount",
            by=book.by,
            segments=book.segments,
            low=blank,
            high=blank,
            currency=book.currency,
            notes=tuple(notes),
            as_of=book.as_of,
            confidence_level=self.confidence_level,
        )
        return Measures(measures=(deals, value))

    def limits_frame(self) -> pd.DataFrame:
        """Return the limit of each stage.

        Returns
        -------
        DataFrame
            The columns kept apart, ``stage``, ``wins``, ``limit_days`` (blank with fewer than 20
            wins) and ``longest_days``.
        """
        import pandas as pd

        rows = [
            {
                **dict(zip(self.apart, one.business, strict=True)),
                "stage": one.stage,
                "wins": one.wins,
                "limit_days": one.days,
                "longest_days": one.longest,
            }
            for one in self.limits
        ]
        columns = [*self.apart, "stage", "wins", "limit_days", "longest_days"]
        return pd.DataFrame(rows, columns=columns)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment, stage and band of age, empty ones too.

        Returns
        -------
        DataFrame
            Segment columns, ``stage``, ``age_days`` (the band, such as ``"31 to 60"``), ``open``,
            ``with_amount``, ``total_value`` (blank where no amount is known) and ``stale`` (deals).
        """
        import pandas as pd

        book, own = self.book, self.is_stale
        rows = []
        for i, segment in enumerate(book.segments):
            for k, stage in enumerate(book.stages):
                for name, ages in self._bands():
                    cell = (i, k, ages)
                    known = int(book.known[cell].sum())
                    rows.append(
                        {
                            **dict(zip(book.by, segment, strict=True)),
                            "stage": stage,
                            "age_days": name,
                            "open": int(book.n[cell].sum()),
                            "with_amount": known,
                            "total_value": float(sum(book.total[cell].tolist(), Decimal(0)))
                            if known
                            else float("nan"),
                            "stale": int(book.n[cell][own[cell]].sum()),
                        }
                    )
        columns = [*book.by, "stage", "age_days", "open", "with_amount", "total_value", "stale"]
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> str:
        """Return how many open deals are stale, by what rule, and what they hold.

        Of businesses that are kept apart, that of each.
        """
        own, book = self.is_stale, self.book
        places = [book.by.index(name) for name in self.apart]
        groups: dict[Segment, list[int]] = {}
        for row, segment in enumerate(book.segments):
            groups.setdefault(tuple(segment[place] for place in places), []).append(row)
        told = []
        for business, rows in groups.items():
            some = np.where(own[rows], book.n[rows], 0)
            name = f"{display.segment_name(business)}: " if business else ""
            told.append(
                f"{name}{display.count(some.sum())} of "
                f"{display.plural(book.n[rows].sum(), 'open deal')} "
                f"{'is' if some.sum() == 1 else 'are'} stale"
                f"{self._worth(rows)}{self._rule(business)}."
            )
            if unknown := int(book.n[rows][..., -1].sum()):
                told.append(f"The age of {display.count(unknown)} is not known.")
        return " ".join(told) or "No deal is open."

    def _worth(self, rows: list[int]) -> str:
        book, own = self.book, self.is_stale[rows]
        worth = book.total[rows] - book.credit[rows]
        total = float(sum(worth.ravel().tolist(), Decimal(0)))
        if not total:
            return ", worth not known" if self.has_money else ""
        part = float(sum(worth[own].tolist(), Decimal(0)))
        code = f"{book.currency} " if book.currency else ""
        return f" and hold {code}{part:,.0f} of {total:,.0f} ({display.percent(part / total)})"

    def _rule(self, business: Segment) -> str:
        mine = [one for one in self.limits if one.business == business]
        known = [one for one in mine if np.isfinite(one.days)]
        lead = "any" if self.beyond >= 1 else f"{display.percent(self.beyond, decimals=0)}"
        parts = [f"{one.stage} {one.days:,.0f} days" for one in known]
        text = ""
        if parts:
            text = f": at their stage for longer than {lead} of those won took from there "
            text += f"({', '.join(parts)})"
        few = [f"{one.stage} ({one.wins})" for one in mine if not np.isfinite(one.days)]
        if few:
            text += f"; with fewer than {FEWEST} wins no limit is known for {display.listed(few)}"
        return text if mine else "; without a win no limit is known"

    def _days(self) -> NDArray[np.float64]:
        """Return the limit of each segment and stage; infinite where none is known."""
        book = self.book
        places = [book.by.index(name) for name in self.apart]
        known = {(one.business, one.stage): one.days for one in self.limits}
        out = np.full((len(book.segments), len(book.stages)), np.inf)
        for i, segment in enumerate(book.segments):
            business = tuple(segment[place] for place in places)
            for k, stage in enumerate(book.stages):
                days = known.get((business, stage), np.nan)
                out[i, k] = days if np.isfinite(days) else np.inf
        return out

    def _bands(self) -> list[tuple[str, slice]]:
        """Return the name of each band, and its ages; the last is of unknown age."""
        starts = [0, *(edge + 1 for edge in self.bands)]
        n = self.book.n_ages
        found = [
            (f"{first} to {last}", slice(min(first, n), min(last + 1, n)))
            for first, last in zip(starts, self.bands, strict=False)
        ]
        found.append((f"over {self.bands[-1]}", slice(min(starts[-1], n), n)))
        return [*found, (UNKNOWN, slice(n, n + 1))]


def _edges(bands: Sequence[int]) -> tuple[int, ...]:
    edges = tuple(bands) if isinstance(bands, (list, tuple)) else ()
    whole = all(isinstance(edge, int) and not isinstance(edge, bool) for edge in edges)
    if not edges or not whole or edges[0] < 0 or sorted(set(edges)) != list(edges):
        raise ArgumentError(f"`bands` must be rising whole numbers of days; got {bands!r}.")
    return edges


def _listed(leads: Leads, book: OpenBook, found: Sequence[Limit]) -> pd.DataFrame:
    """Return the stale deals by name."""
    import pandas as pd

    known = [one for one in found if np.isfinite(one.days)]
    columns: dict[str, Any] = {
        "stage": [book.stages.index(one.stage) for one in known],
        "limit": [one.days for one in known],
    }
    for i in range(len(leads.funnel.apart)):
        columns[f"by_{i}"] = [one.business[i] or "" for one in known]
    return open_beyond(leads, pd.DataFrame(columns))


def _over_stages(cube: Cube) -> NDArray[np.float64]:
    """Return sums over stages and ages as floats, shape ``(n_segments, 1)``."""
    return np.asarray(cube.sum(axis=(1, 2)), dtype=float)[:, None]
