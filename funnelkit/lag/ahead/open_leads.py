"""`in_flight`: how many of the leads that are open will convert, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.adjusting.cells import positions
from funnelkit.lag.adjusting.pace import fit_pace
from funnelkit.lag.ahead.chances import Cells, expected_chances
from funnelkit.lag.ahead.draws import Groups, Paces, drawn_counts
from funnelkit.lag.ahead.past import past
from funnelkit.lag.ahead.result import InFlight
from funnelkit.lag.ahead.windows import Window, horizons_of, window
from funnelkit.lag.base import LagFit

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class PaceToCome(Protocol):
    """What a pace must answer: how fast the months to come may be."""

    def sample_factors(
        self, n: int, months: pd.PeriodIndex, *, rng: np.random.Generator | int
    ) -> FloatArray:
        """Return draws of the factor on the hazard in each month, shape ``(n, n_months)``."""


def in_flight(
    triangle: Triangle,
    fit: LagFit,
    *,
    horizon: int | Sequence[int] | None = None,
    pace: PaceToCome | Literal[False] | None = None,
    rng: np.random.Generator | int = 0,
    n_draws: int = 2000,
) -> InFlight:
    """Return how many open leads will convert: ever, and within some days from ``as_of``.

    Parameters
    ----------
    triangle
        Counts of one transition; the open leads are those in ``triangle.censored``.
    fit
        Timing, of the same target, with every segment and cohort of the triangle. A cohort's own
        rate is taken where the fit has one.
    horizon
        Days after ``as_of``, one number or several; ``None``: ever alone.
    pace
        How months differ in pace: anything with ``sample_factors(n, months, rng=…)``. Default:
        :func:`~funnelkit.lag.fit_pace` of this triangle and fit, where the triangle tells months;
        ``False`` takes every month alike, which makes intervals too narrow.
    rng
        Generator or seed.
    n_draws
        Number of draws behind the intervals.

    Returns
    -------
    InFlight
        Leads expected to convert, by segment and cohort, with intervals for the number that will
        be counted; the denominator is the open leads.

    Raises
    ------
    ArgumentError
        If the fit is of another target or lacks a segment or cohort, or another argument cannot
        be used.

    Notes
    -----
    A lead open at age a converts within h more days with probability (F(a + h) - F(a)) / S(a),
    with F the share that has converted by an age and S the share without any outcome. Expected
    numbers are sums of these over open leads, with each month's hazard at its median factor.
    Intervals hold three sources of doubt: joint draws of the fit (rates and timing, shared by
    all leads, so that they do not average out), a factor on the hazard in each civil month,
    shared by leads of all ages, and chance (binomial; wider where leads of one account go
    together). Months gone by had their factors, too, and the fit took them alike: what that may
    have done to it is in the draws, to first order, unless the fit has a pace of its own.

    A fit without a tail knows nothing beyond its horizon. Leads that old are counted in
    ``beyond`` and in no expected number; conversions of younger ones count up to that age, and
    "ever" means by that age.

    References
    ----------
    Meeker and Escobar (1998), Statistical Methods for Reliability Data, chapter 12, for
    predicting how many units fail in a window to come.

    Examples
    --------
    Of 100 leads, 20 convert on day 1 and none later; 50 more are 0 days old, so 10 are to come.

    >>> import datetime as dt
    >>> import pandas as pd
    >>> from funnelkit.lag import fit_kaplan_meier
    >>> triangle = Triangle(
    ...     start="lead",
    ...     target="won",
    ...     cohorts=pd.period_range("2026-01-01", periods=3, freq="D"),
    ...     as_of=dt.date(2026, 1, 3),
    ...     entered=[[100, 0, 50]],
    ...     events={"won": [[[0, 20, 0], [0, 0, 0], [0, 0, 0]]]},
    ...     censored=[[[0, 0, 80], [0, 0, 0], [50, 0, 0]]],
    ...     followed=[[[0, 0, 100], [0, 0, 0], [50, 0, 0]]],
    ... )
    >>> flight = in_flight(triangle, fit_kaplan_meier(triangle), horizon=1, pace=False)
    >>> flight.expected.round(2).tolist()
    [10.0]
    """
    horizons = horizons_of(horizon)
    checks.positive_whole("n_draws", n_draws)
    rows, columns = (np.array(part, np.int64) for part in positions(triangle, fit))
    generator = np.random.default_rng(rng)
    days = window(triangle.as_of, horizons)
    end = triangle.n_ages if fit.horizon is None else min(fit.horizon, triangle.n_ages)
    paces = _paces(triangle, fit, (rows, columns), pace, n=n_draws, days=days, rng=generator)
    groups = Groups.of(triangle.censored[..., :end])
    cells = Cells(rows[groups.segment], columns[groups.cohort], groups.age)
    typical = None if paces is None else np.median(paces.to_come, axis=0)
    chances = expected_chances(fit, cells, days, typical)
    shape = (triangle.n_segments, triangle.n_cohorts)
    expected = groups.totals((groups.leads[:, None] * chances)[None], shape)[0]
    draws = drawn_counts(triangle, fit, groups, cells, days, paces=paces, n=n_draws, rng=generator)
    return InFlight(
        start=triangle.start,
        target=triangle.target,
        by=triangle.by,
        segments=triangle.segments,
        cohorts=triangle.cohorts,
        as_of=triangle.as_of,
        horizons=horizons,
        fit=fit,
        open=triangle.censored,
        expected_by_horizon=expected,
        draws_by_horizon=draws,
        typical=typical,
        asked=horizons[0] if horizons else None,
    )


def _paces(
    triangle: Triangle,
    fit: LagFit,
    cells: tuple[IntArray, IntArray],
    pace: PaceToCome | Literal[False] | None,
    *,
    n: int,
    days: Window,
    rng: np.random.Generator,
) -> Paces | None:
    """Return draws of the pace of months to come and gone by; ``None`` if they are alike."""
    import pandas as pd

    found = _pace(triangle, fit, pace)
    if found is None:
        return None
    moved = past(triangle, fit, *cells) if getattr(fit, "pace", None) is None else None
    size = 0 if moved is None else moved.slopes.shape[1]
    # months far ahead are drawn as unknown as those gone by were, with the same amount of variation
    asked = pd.period_range(days.months[0], periods=len(days.months) + size, freq="M")
    drawn: Any = found.sample_factors(n, asked, rng=rng)
    factors = np.asarray(drawn, float)
    if factors.shape != (n, len(asked)) or not (factors > 0).all():
        raise ArgumentError(
            f"`pace`: its factors must be above 0, of shape {(n, len(asked))}; got shape "
            f"{factors.shape}."
        )
    to_come, gone = np.split(factors, [len(days.months)], axis=1)
    return Paces(to_come, np.log(gone), moved)


def _pace(
    triangle: Triangle, fit: LagFit, pace: PaceToCome | Literal[False] | None
) -> PaceToCome | None:
    """Return the pace to draw from, if months are to differ."""
    if pace is False:
        return None
    if pace is None:
        own: PaceToCome | None = getattr(fit, "pace", None)
        return fit_pace(triangle, fit) if own is None else own
    if not callable(getattr(pace, "sample_factors", None)):
        raise ArgumentError(
            "`pace` must be a pace such as `fit_pace(triangle, fit)`, None for that one, or False "
            f"to take every month alike; got {pace!r}."
        )
    return pace
