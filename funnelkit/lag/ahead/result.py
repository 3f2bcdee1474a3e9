"""`InFlight`: what is expected of the leads that are open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import Interval
from funnelkit._core.result import Result, frozen
from funnelkit.counts.triangle import Segment
from funnelkit.lag.ahead.chances import Cells, expected_chances
from funnelkit.lag.ahead.windows import window
from funnelkit.lag.base import LagFit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Per = Literal["segment", "cohort", "all"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class InFlight(Result):
    """Open leads, and how many of them are expected to convert.

    Shapes: ``S = len(segments)``, ``C = len(cohorts)``. What is expected, and its interval, are
    of the horizon that was asked for first, or of ever; :meth:`within` and :attr:`ever` turn to
    another one.

    Parameters
    ----------
    start, target, by, segments, cohorts, as_of
        As in the triangle.
    horizons
        Days after ``as_of`` that were asked for, ascending.
    fit
        The timing.
    open
        Open leads by age, shape ``(S, C, n_ages)``.
    expected_by_horizon
        Leads expected to convert by each horizon and ever, shape ``(S, C, n_horizons + 1)``.
    draws_by_horizon
        Draws of the number that converts, shape ``(n_draws, S, C, n_horizons + 1)``.
    typical
        Median factor on the hazard in each month to come; ``None`` where all months are alike.
    asked
        The horizon that ``expected`` is of; ``None``: ever.
    """

    start: str
    target: str
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    cohorts: pd.PeriodIndex
    as_of: dt.date
    horizons: tuple[int, ...]
    fit: LagFit
    open: IntArray
    expected_by_horizon: FloatArray
    draws_by_horizon: IntArray
    typical: FloatArray | None
    asked: int | None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name, dtype in (
            ("open", np.int64),
            ("expected_by_horizon", np.float64),
            ("draws_by_horizon", np.int64),
        ):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))
        if self.typical is not None:
            object.__setattr__(self, "typical", frozen(self.typical, np.float64))

    @property
    def n(self) -> int:
        """Open leads, those of whom nothing is known included."""
        return int(self.open.sum())

    @property
    def beyond(self) -> IntArray:
        """Open leads so old that the fit knows nothing of them, shape ``(S, C)``.

        They are in no expected number. 0 everywhere for a fit with a tail.
        """
        end = self.open.shape[-1] if self.fit.horizon is None else self.fit.horizon
        return np.asarray(self.open[..., end:].sum(axis=-1))

    @property
    def cut_short(self) -> IntArray:
        """Open leads whose days to come reach beyond what the fit knows, shape ``(S, C)``.

        Their conversions count up to the fit's horizon only, so that ``expected`` is on the low
        side. 0 everywhere for a fit with a tail, and for "ever", which is by that horizon.
        """
        end = self.fit.horizon
        if end is None or self.asked is None:
            return np.zeros(self.open.shape[:2], np.int64)
        return np.asarray(self.open[..., max(end - self.asked + 1, 0) : end].sum(axis=-1))

    @property
    def expected(self) -> FloatArray:
        """Leads of each segment expected to convert, shape ``(S,)``."""
        return np.asarray(self.by_cohort.sum(axis=1))

    @property
    def by_cohort(self) -> FloatArray:
        """Leads of each segment and cohort expected to convert, shape ``(S, C)``."""
        return self.expected_by_horizon[..., self._position]

    @property
    def draws(self) -> IntArray:
        """Draws of the number that converts, shape ``(n_draws, S, C)``."""
        return self.draws_by_horizon[..., self._position]

    @property
    def ever(self) -> Self:
        """The same leads, asked whether they convert ever."""
        return replace(self, asked=None)

    def within(self, horizon: int) -> Self:
        """Return the same leads, asked whether they convert within other days.

        Parameters
        ----------
        horizon
            One of ``horizons``.

        Raises
        ------
        ArgumentError
            If there are no draws for it.
        """
        if horizon not in self.horizons:
            known = display.listed([str(days) for days in self.horizons]) or "none but ever"
            raise ArgumentError(
                f"`horizon` must be one that was asked for: {known}; got {horizon!r}. Ask for "
                "several at once: `in_flight(…, horizon=[30, 90])`."
            )
        return replace(self, asked=horizon)

    def confidence_interval(
        self, confidence_level: float = 0.95, *, per: Per = "segment"
    ) -> Interval:
        """Return the interval of the number of open leads that convert.

        Parameters
        ----------
        confidence_level
            Two-sided level.
        per
            ``"segment"``: of each segment, shape ``(S,)``; ``"cohort"``: of each segment and
            cohort, ``(S, C)``; ``"all"``: of all together. Ends of sums are not sums of ends.

        Returns
        -------
        Interval
            Whole numbers of leads, from quantiles of the draws; asking twice gives the same.

        Raises
        ------
        ArgumentError
            If the level is not between 0 and 1, or ``per`` is unknown.
        """
        checks.one_of("per", per, ("segment", "cohort", "all"))
        axes = {"segment": (2,), "cohort": (), "all": (1, 2)}[per]
        return _ends(self.draws.sum(axis=axes), confidence_level)

    def probabilities(self) -> pd.DataFrame:
        """Return one row per segment, cohort and age with open leads.

        Returns
        -------
        DataFrame
            ``cohort``, the segment columns, ``age``, ``open``, and for each such lead the chance
            to convert: ``p_within_<h>_days`` for each horizon, and ``p_ever`` (for a fit without
            a tail ``p_by_day_<horizon>``). Blank where the fit knows nothing of leads that old.
        """
        segment, cohort, age = np.nonzero(self.open)
        columns = self._labels(segment, cohort) | {
            "age": age,
            "open": self.open[segment, cohort, age],
        }
        return self._with_chances(columns, segment, cohort, age)

    def probability_table(self, ages: ArrayLike) -> pd.DataFrame:
        """Return one row per segment, cohort and age, to be joined to leads.

        Parameters
        ----------
        ages
            Ages in days at whose end a lead is open.

        Returns
        -------
        DataFrame
            As :meth:`probabilities`, without ``open``.

        Raises
        ------
        ArgumentError
            If an age is no whole number of at least 0.
        """
        given = np.atleast_1d(np.asarray(ages))
        if given.ndim > 1 or given.dtype.kind not in "iu" or (given < 0).any():
            raise ArgumentError(
                f"`ages` must be whole numbers of days, at least 0, in a row; got {ages!r}."
            )
        shape = (len(self.segments), len(self.cohorts), len(given))
        segment, cohort, place = np.indices(shape).reshape(3, -1)
        age = given[place].astype(np.int64)
        columns = self._labels(segment, cohort) | {"age": age}
        return self._with_chances(columns, segment, cohort, age)

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per segment and cohort with open leads, and per horizon.

        Returns
        -------
        DataFrame
            ``cohort``, the segment columns, ``open`` (leads), ``beyond`` (those of them of whom
            the fit knows nothing), ``p_ever`` (mean chance of the others; for a fit without a
            tail ``p_by_day_<horizon>``), and, where days were asked for, ``within_days`` and
            ``p_within``; then ``expected`` (leads, within these days or ever), ``expected_low``
            and ``expected_high``.
        """
        import pandas as pd

        parts = [self.within(days)._rows(confidence_level) for days in self.horizons] or [
            self._rows(confidence_level)
        ]
        frame = pd.concat(parts)
        return frame.sort_index(kind="stable").reset_index(drop=True)

    def summary(self) -> str:
        """Return how many of the open leads are expected to convert, and what is left out."""
        told = self.n - int(self.beyond.sum())
        end = self.fit.horizon
        text = (
            f"{display.plural(self.n, 'lead')} that entered {self.start} "
            f"{'is' if self.n == 1 else 'are'} open on {self.as_of.isoformat()}"
        )
        if not told:
            return f"{text}; nothing is known of what becomes of them."
        span = "ever" if end is None else f"by day {end}"
        if self.asked is not None:
            span = f"within {display.plural(self.asked, 'day')}"
        low, high = (display.count(float(side)) for side in self.confidence_interval(per="all"))
        total = display.count(self.expected.sum())
        text += f"; {total} ({low} to {high}) are expected to reach {self.target} {span}"
        if self.asked is not None and end is None:
            text += f", {display.count(self.ever.expected.sum())} ever"
        text += "."
        older = int(self.beyond.sum())
        if older:
            text += (
                f" {display.plural(older, 'of them', 'of them')} "
                f"{'is' if older == 1 else 'are'} left out: nothing is known beyond day {end}."
            )
        if self.cut_short.any():
            text += (
                f" For {display.count(self.cut_short.sum())} only the time up to day {end} counts."
            )
        if self.fit.verdict == "bound only":
            text += " Follow-up is too short for some of their rates: these numbers are rough."
        if self.typical is None:
            text += " Every month is taken to be alike, so the range is too narrow."
        return text

    @property
    def _position(self) -> int:
        return -1 if self.asked is None else self.horizons.index(self.asked)

    def _labels(self, segment: IntArray, cohort: IntArray) -> dict[str, object]:
        from funnelkit._core.dates import period_label

        names = [period_label(period) for period in self.cohorts]
        labels: dict[str, object] = {"cohort": [names[j] for j in cohort]}
        for k, name in enumerate(self.by):
            labels[name] = [self.segments[i][k] for i in segment]
        return labels

    def _with_chances(
        self, columns: dict[str, object], segment: IntArray, cohort: IntArray, age: IntArray
    ) -> pd.DataFrame:
        import pandas as pd

        chances = chances_of(
            self.fit,
            Cells(
                np.array([self.fit.segments.index(one) for one in self.segments])[segment],
                np.asarray(self.fit.cohorts.get_indexer(self.cohorts))[cohort],
                age,
            ),
            as_of=self.as_of,
            horizons=self.horizons,
            typical=self.typical,
        )
        names = names_of(self.fit, self.horizons)
        return pd.DataFrame(columns | dict(zip(names, chances.T, strict=True)))

    def _rows(self, confidence_level: float) -> pd.DataFrame:
        """Return the rows of one horizon, indexed by segment and cohort."""
        low, high = self.confidence_interval(confidence_level, per="cohort")
        leads = self.open.sum(axis=-1)
        told = np.maximum(leads - self.beyond, 1)
        columns: dict[str, object] = {
            "open": leads,
            "beyond": self.beyond,
            names_of(self.fit, ())[0]: self.ever.by_cohort / told,
        }
        if self.asked is not None:
            columns |= {"within_days": self.asked, "p_within": self.by_cohort / told}
        columns |= {"expected": self.by_cohort, "expected_low": low, "expected_high": high}
        frame = long_frame(
            columns,
            shape=leads.shape,
            by=self.by,
            segments=self.segments,
            periods=self.cohorts,
        )
        return frame[frame["open"] > 0]


def names_of(fit: LagFit, horizons: tuple[int, ...]) -> list[str]:
    """Return the columns of chances by each horizon, and ever or by what the fit knows."""
    ever = "p_ever" if fit.horizon is None else f"p_by_day_{fit.horizon}"
    return [*(f"p_within_{days}_days" for days in horizons), ever]


def chances_of(
    fit: LagFit,
    cells: Cells,
    *,
    as_of: dt.date,
    horizons: tuple[int, ...],
    typical: FloatArray | None,
) -> FloatArray:
    """Return the chances of some cells by each horizon and ever; NaN where nothing is known.

    Parameters
    ----------
    fit, cells
        Timing, and groups of leads by their positions in it.
    as_of, horizons
        Last day that is known, and days from there.
    typical
        Median factor of each month to come; ``None``: 1.
    """
    known = np.ones(len(cells.age), bool) if fit.horizon is None else cells.age < fit.horizon
    found = np.full((len(cells.age), len(horizons) + 1), np.nan)
    some = Cells(*(part[known] for part in cells))
    if known.any():
        found[known] = expected_chances(fit, some, window(as_of, horizons), typical)
    return found


def _ends(draws: IntArray, confidence_level: float) -> Interval:
    tail = (1 - checks.confidence(confidence_level)) / 2
    low, high = (
        np.quantile(draws, share, axis=0, method="inverted_cdf") for share in (tail, 1 - tail)
    )
    return Interval(low, high)
