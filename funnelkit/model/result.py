"""`FunnelModel`: rates, days, deal sizes and entries of a funnel, fitted once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result
from funnelkit.counts.open_book import OpenBook
from funnelkit.counts.triangle import Segment
from funnelkit.lag import StageLags
from funnelkit.model import drawing
from funnelkit.model.arrivals import Arrivals
from funnelkit.model.bursts import Burst
from funnelkit.model.onward import won_by, won_within
from funnelkit.model.rhythm import Rhythm
from funnelkit.model.steps import Step

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
    from funnelkit.lag import Pace
    from funnelkit.metrics.economics.sizes import DealSizes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class FunnelModel(Result):
    """The one model of a funnel: forecasts, plans and alerts read it, and refit nothing.

    Shapes: ``S = len(segments)``.

    Parameters
    ----------
    stages, exits
        Of the funnel, in order.
    by, segments
        Segment columns, and one tuple of values for each segment.
    as_of
        Last complete day.
    steps
        Transitions to the next stage, in order.
    curves
        Of every stage to the next one and to the win, by segment, and for all together.
    fit_lags
        Fits :attr:`lags`.
    shapes
        Stage -> share won by each day after entry to it, of those who are won.
    ratios
        Stage -> rate from it to the win, seen directly, over the product of the steps.
    points
        Stage at which records enter -> the same for those who enter there, over ``ratios``.
    spreads
        Stage -> by how much the number won of those who enter it varies more than by chance, as
        records of one account go together; at least 1.
    arrivals
        Entries by point of entry and month, and wins by month.
    book
        Open records by stage and age.
    sizes
        Amounts of won deals; ``None`` where the funnel has no ``value``, or no amount is known.
    rhythm
        How quick months are in winning, by their place in the quarter; ``None`` where nothing is
        known of it.
    currency
        Of the amounts, where it is known.
    left_out
        Stages of the funnel that no record entered on a day; they are none of ``stages``.
    bursts
        Days on which far more records entered than usual: these have a rate of their own and are
        in no other, and ``arrivals`` does not count them.
    notes
        What a reader must know.
    leads
        What it was fitted to, so that whoever has the model can ask for more of their counts.
    kept
        What was read off it once and is wanted again.
    """

    stages: tuple[str, ...]
    exits: tuple[str, ...]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    as_of: dt.date
    steps: tuple[Step, ...]
    curves: StageLags
    fit_lags: Callable[[], StageLags]
    shapes: Mapping[str, FloatArray]
    ratios: Mapping[str, float]
    points: Mapping[str, float]
    spreads: Mapping[str, float]
    arrivals: Arrivals
    book: OpenBook
    sizes: DealSizes | None
    rhythm: Rhythm | None = None
    currency: str | None = None
    left_out: tuple[str, ...] = ()
    bursts: tuple[Burst, ...] = ()
    notes: tuple[str, ...] = ()
    leads: Leads | None = None
    kept: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def lags(self) -> StageLags:
        """Curves of every stage to every later one, by segment, and for all together.

        Those that the model does not stand on are counted when they are first asked for.
        """
        return self.fit_lags()

    def knows(self, leads: Leads) -> bool:
        """Return whether it was fitted to these very leads, so that its counts are theirs."""
        own = self.leads
        return own is not None and own.rows is leads.rows and self.as_of == leads.as_of

    @property
    def n(self) -> int:
        """Records that entered the funnel."""
        return self.arrivals.n

    @property
    def entries(self) -> Arrivals:
        """Entries by point of entry and month."""
        return self.arrivals

    @property
    def first_month(self) -> pd.Period:
        """The first month to come: that of ``as_of`` where it is not over, else the next."""
        import pandas as pd

        return (pd.Timestamp(self.as_of) + pd.Timedelta(days=1)).to_period("M")

    @property
    def pace(self) -> Pace | None:
        """How quick each civil month was in winning; ``None`` where it is not known."""
        return self.steps[-1].pace

    @property
    def open(self) -> IntArray:
        """Open records by segment and stage, shape ``(S, n_stages - 1)``."""
        return np.asarray(self.standing.sum(axis=-1))

    @cached_property
    def standing(self) -> IntArray:
        """Open records by segment, stage and age, shape ``(S, n_stages - 1, n_ages + 1)``.

        The last place holds those whose age is not known.
        """
        shape = (len(self.segments), len(self.stages) - 1, self.book.n.shape[2])
        found = np.zeros(shape, np.int64)
        known = [k for k, name in enumerate(self.book.stages) if name in self.stages]
        places = [self.stages.index(self.book.stages[k]) for k in known]
        for i, segment in enumerate(self.book.segments):
            found[self.segments.index(segment), places] += self.book.n[i, known]
        return found

    def of_funnel(self, stages: tuple[str, ...]) -> bool:
        """Return whether it is of a funnel with these stages, those left out among them."""
        return self.stages == tuple(name for name in stages if name not in self.left_out)

    def burst_ages(self, stage: str) -> IntArray:
        """Return the days since each burst, at the stage where its records entered."""
        if stage != self.stages[0]:
            return np.zeros(0, np.int64)
        return np.array([(self.as_of - one.day).days for one in self.bursts], np.int64)

    def step(self, stage: str) -> Step:
        """Return the transition from a stage to the next one.

        Raises
        ------
        ArgumentError
            If the stage is unknown, or the last.
        """
        checks.member("stage", "stage that is left", stage, self.stages[:-1])
        return self.steps[self.stages.index(stage)]

    def after(self, stage: str) -> tuple[str, ...]:
        """Return the stages from one on that are passed on the way to the win."""
        return self.stages[self.stages.index(stage) : -1]

    def walk(self, stage: str) -> float:
        """Return how far the logit of a step's rate wanders in a month, as it has so far."""
        levels = self.step(stage).levels
        if "cohorts" not in levels.amounts:
            return 0.0
        sds = levels.sds[:, levels.amounts.index("cohorts")]
        return float(np.sqrt(levels.weights @ sds**2))

    def shape(self, stage: str) -> FloatArray:
        """Return the share won by each day after entry to a stage, of those who are won."""
        return self.shapes[stage]

    def ratio(self, stage: str) -> float:
        """Return the rate from a stage to the win over the product of the steps between."""
        return self.ratios.get(stage, 1.0)

    def ratio_at(self, point: str) -> float:
        """Return the same for records that enter the funnel at a stage, over :meth:`ratio`."""
        return self.points.get(point, 1.0)

    def timing(self, stage: str, ages: ArrayLike, days: ArrayLike) -> FloatArray:
        """Return the share won within some days, of those standing at a stage who will be won.

        Returns
        -------
        ndarray
            Shape ``(n_ages, n_days)``.
        """
        step = self.step(stage)
        following = self.stages[self.stages.index(stage) + 1]
        then = None if following == self.stages[-1] else self.shape(following)
        ahead = np.atleast_1d(np.asarray(days, float))
        if ahead.ndim > 1 or (ahead < 0).any() or np.isnan(ahead).any():
            raise ArgumentError(f"`days` must be numbers of days, at least 0; got {days!r}.")
        return won_within(step.passed, then, self.whole_days(ages), np.floor(ahead))

    def timing_of_entrants(self, point: str, periods: pd.PeriodIndex) -> FloatArray:
        """Return the share won by the end of each period, of those who enter and will be won.

        Parameters
        ----------
        point
            Stage at which they enter, evenly over the days of a period.
        periods
            Without gaps; the first may have begun, and then those count who enter on its days
            after ``as_of``.

        Returns
        -------
        ndarray
            Shape ``(H, H)``: period of entry, period by whose end they are won.
        """
        begins, ends = self.days_of(periods)
        shape = self.shape(point)
        return np.stack([won_by(shape, begins, ends, int(day)) for day in ends], axis=1)

    def chances(self, stage: str, ages: ArrayLike, days: ArrayLike) -> FloatArray:
        """Return the share won within some days, of the records that stand at a stage.

        Parameters
        ----------
        stage
            Where they stand, a stage but the last.
        ages
            Days since they entered it, at the end of ``as_of``.
        days
            Days from there; infinity: ever, or as far as the counts reach.

        Returns
        -------
        ndarray
            Shape ``(S, n_ages, n_days)``, at today's level of all rates.

        Raises
        ------
        ArgumentError
            If the stage is unknown or the last, or an age or a day cannot be used.

        Notes
        -----
        The records first have to move on (by the step's own timing, given that they have not
        yet, with exits competing), and are then won like others that enter the next stage.
        """
        self.step(stage)
        return np.asarray(self._usual.chances(stage, ages, days)[0])

    def sample_chances(
        self,
        n: int,
        stage: str,
        ages: ArrayLike,
        days: ArrayLike,
        *,
        rng: np.random.Generator | int,
    ) -> FloatArray:
        """Return joint draws of :meth:`chances`, shape ``(n, S, n_ages, n_days)``.

        The same seed gives the draws of one and the same rates for all stages.
        """
        self.step(stage)
        return self.sample(n, rng=rng).chances(stage, ages, days)

    def sample(
        self, n: int, *, rng: np.random.Generator | int, months: int = 0
    ) -> drawing.ModelDraws:
        """Return joint draws of all rates.

        Parameters
        ----------
        n
            Number of draws.
        rng
            Generator or seed.
        months
            Months to come in which the rates of those who enter then may wander on, and of
            which the pace is drawn.
        """
        return drawing.drawn(self, n, months=months, rng=rng)

    def days_of(self, periods: pd.PeriodIndex) -> tuple[IntArray, IntArray]:
        """Return the first and last day of periods, counted from ``as_of`` (which is day 0).

        The first day of a period that has begun is day 1.
        """
        import pandas as pd

        zero = pd.Timestamp(self.as_of)
        begins = np.array([(one.start_time - zero).days for one in periods], np.int64)
        ends = np.array([(one.end_time.normalize() - zero).days for one in periods], np.int64)
        return np.maximum(begins, 1), ends

    def whole_days(self, ages: ArrayLike) -> IntArray:
        """Return ages as whole days.

        Raises
        ------
        ArgumentError
            If one is below 0, or no number.
        """
        found = np.atleast_1d(np.asarray(ages, float))
        if found.ndim > 1 or not np.isfinite(found).all() or (found < 0).any():
            raise ArgumentError(f"`ages` must be days, at least 0; got {ages!r}.")
        return np.asarray(found, np.int64)

    def to_frame(self, *, confidence_level: float = 0.95) -> pd.DataFrame:
        """Return one row per step and segment.

        Returns
        -------
        DataFrame
            ``start``, ``target``, the segment columns, ``entered``, ``converted``, ``rate``,
            ``rate_low``, ``rate_high`` (of those who enter now, within ``within_days``),
            ``median_days`` of those who move on, ``open`` (records at the start) and ``verdict``.
        """
        import pandas as pd

        rows = []
        for k, step in enumerate(self.steps):
            low, high = step.levels.confidence_interval(confidence_level=confidence_level)
            for i, segment in enumerate(step.levels.segments):
                place = self.segments.index(segment) if segment in self.segments else None
                rows.append(
                    {
                        "start": step.start,
                        "target": step.target,
                        **dict(zip(self.by, segment, strict=True)),
                        "entered": int(step.levels.entered[i].sum()),
                        "converted": int(step.levels.converted[i].sum()),
                        "rate": float(step.levels.ultimate[i, -1]),
                        "rate_low": float(np.asarray(low)[i, -1]),
                        "rate_high": float(np.asarray(high)[i, -1]),
                        "within_days": step.timing.horizon,
                        "median_days": float(np.argmax(step.passed >= 0.5)),
                        "open": 0 if place is None else int(self.open[place, k]),
                        "verdict": str(step.levels.verdicts[i, -1]),
                    }
                )
        return pd.DataFrame(rows)

    def summary(self) -> str:
        """Return what a record that enters now comes to, and what stands open."""
        first = self.stages[0]
        chance = self._usual.won_from(first)[0]
        worth = self.arrivals.of(first).sum(axis=1)
        rate = float(chance @ worth / worth.sum()) if worth.any() else float(chance.mean())
        text = (
            f"From {display.plural(self.n, 'record')} up to {self.as_of.isoformat()}: of those "
            f"that enter {first} now, {display.percent(rate)} are won in the end, as far as "
            f"records are followed; {display.count(self.open.sum())} are open."
        )
        if self.sizes is not None:
            amounts = np.concatenate([np.asarray(one) for one in self.sizes.amounts])
            of = "" if self.currency is None else f"{self.currency} "
            text += (
                f" A won deal is worth {of}{amounts.mean():,.0f} on average "
                f"({display.plural(len(amounts), 'deal')})."
            )
        return " ".join([text, *self.notes])

    @property
    def _usual(self) -> drawing.ModelDraws:
        if "usual" not in self.kept:
            self.kept["usual"] = drawing.usual(self)
        found: drawing.ModelDraws = self.kept["usual"]
        return found
