"""`simulate`: power, type-I error and duration of any declared test, by drawing many of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Alternative
from funnelkit.experiment.sizing import asked, followed
from funnelkit.experiment.sizing.asked import Asked
from funnelkit.experiment.sizing.drawn import Observed, World
from funnelkit.experiment.sizing.followed import Lag
from funnelkit.experiment.sizing.inflows import DAYS, Every
from funnelkit.experiment.sizing.simulated import Simulated

if TYPE_CHECKING:
    from funnelkit.experiment.sequential.designs import Boundaries

FloatArray = NDArray[np.float64]
Named = Literal["score", "accounts"]
Analysis = Callable[[Observed], Any]
_SAID = {"score": "score test on mature leads", "accounts": "comparison of accounts"}


def simulate(
    n: float | Sequence[float],
    control_rate: float,
    *,
    absolute: float | None = None,
    relative: float | None = None,
    inflow: float | None = None,
    every: Every = "week",
    horizon: int = 0,
    lag: Lag | None = None,
    treatment_lag: Lag | None = None,
    account_sizes: Sequence[float] | None = None,
    icc: float = 0.0,
    looks: int = 1,
    boundaries: Boundaries | None = None,
    analysis: Named | Analysis = "score",
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    n_simulations: int = 1000,
    rng: int | np.random.Generator = 0,
) -> Simulated:
    """Return power, type-I error and expected duration of a test, by simulating it.

    Parameters
    ----------
    n
        Leads in each arm, or a pair (control, treatment).
    control_rate
        Share that converts in control within the horizon.
    absolute, relative
        Effect, one of the two, as in :func:`size`. The same number of tests is simulated with
        both rates equal to that of control.
    inflow, every
        Leads of both arms that enter in a ``"day"``, ``"week"`` or ``"month"``; default: there is
        no time, and each lead is mature as it enters.
    horizon
        Days after entry up to which a conversion counts.
    lag, treatment_lag
        When conversions come, as in :func:`when_decidable`: a fit, a law of times, or maturity by
        day; default: on the day of entry. ``treatment_lag`` where the treatment is faster or
        slower, with the effect and without.
    account_sizes, icc
        Leads of past accounts, drawn from with replacement, and the correlation within an account
        (its rate is drawn from a beta law). Accounts are then assigned as wholes, and the leads of
        one enter on one day.
    looks
        How many times the test is looked at, at even shares of the mature leads. With several
        and no ``boundaries``, each is tested at ``alpha``: peeking.
    boundaries
        From :func:`boundaries`: at which shares to look and what z to cross, in place of ``looks``
        and ``alpha``. Its futility is obeyed.
    analysis
        ``"score"``, the score test on the mature leads; ``"accounts"``, ``compare_clustered`` on
        those of each account; or a function that takes an :class:`Observed` and returns a p-value,
        or anything with a ``pvalue`` such as a :class:`Comparison`. A p-value that is NaN finds
        nothing.
    alpha, alternative
        Of the test, as in :func:`size`; a function has to test the same alternative.
    n_simulations
        Tests with the effect, and as many without.
    rng
        Seed or generator.

    Returns
    -------
    Simulated
        ``power``, ``type_1_error``, ``expected_days``, each with its Monte-Carlo error; and when
        each test stopped.

    Raises
    ------
    ArgumentError
        As :func:`size`; and if an argument is of the wrong kind, both ``looks`` and
        ``boundaries`` are given, or an analysis returns no p-value.

    Notes
    -----
    Each lead is drawn: its arm (as many as planned), account, day of entry, and, where it converts,
    its age at conversion. A look falls on the first day on which so many leads have matured that
    its share is reached, and the last one when all have (with accounts, about: the sizes drawn add
    up to about the planned number). At a look the p-value is held against
    that of the boundary, 2Φ(-z) when two-sided; findings on the wrong side count too.

    Examples
    --------
    >>> found = simulate(1095, 0.2, absolute=0.05, n_simulations=400, rng=1)
    >>> low, high = found.confidence_interval()
    >>> bool(low < 0.8 < high)
    True
    """
    plan = Asked(
        alpha=alpha,
        alternative=alternative,
        design_effect=1.0,
        inflation=1.0,
        treatments=1,
    )
    control = asked.rate("control_rate", control_rate)
    treatment = asked.treated_rate(control, absolute, relative)
    asked.same_side(treatment - control, alternative)
    runs = checks.positive_whole("n_simulations", n_simulations)
    world = _world(
        n,
        inflow,
        every,
        horizon=horizon,
        lags=(lag, treatment_lag),
        account_sizes=account_sizes,
        icc=icc,
    )
    fractions, limits, futile = _looks(looks, boundaries, plan)
    days = [_day(world, share) for share in fractions]
    tested, name = _analysis(analysis, alternative)
    stream = np.random.default_rng(rng)
    found = np.zeros((2, runs), bool)
    look = np.full((2, runs), len(days))
    entered = np.zeros((2, runs))
    for kind, rates in enumerate(((control, treatment), (control, control))):
        for run in range(runs):
            test = world.draw(rates, stream)
            for k, day in enumerate(days):
                seen = test.seen(day)
                pvalue = tested(seen)
                found[kind, run] = pvalue <= limits[k]
                if found[kind, run] or pvalue > futile[k] or k + 1 == len(days):
                    look[kind, run], entered[kind, run] = k + 1, len(seen.followed)
                    break
    ends = np.array([math.nan if inflow is None else day + 1.0 for day in days])
    return Simulated(
        rates=(control, treatment),
        n=world.n,
        found=found,
        look=look,
        day=ends[look - 1],
        entered=entered,
        looks=ends,
        alpha=alpha if boundaries is None else boundaries.alpha,
        analysis=name,
        notes=_notes(looks, boundaries),
    )


def _world(
    n: float | Sequence[float],
    inflow: float | None,
    every: Every,
    *,
    horizon: int,
    lags: tuple[Lag | None, Lag | None],
    account_sizes: Sequence[float] | None,
    icc: float,
) -> World:
    """Return what the tests are drawn from."""
    first, second = (max(math.ceil(one - 1e-9), 1) for one in asked.arms(n))
    if isinstance(horizon, bool) or not isinstance(horizon, int) or horizon < 0:
        raise ArgumentError(f"`horizon` must be a whole number of days from 0; got {horizon!r}.")
    checks.one_of("every", every, tuple(DAYS))
    # Without an inflow a day is a lead: what counts is their order.
    by_day = 1.0 if inflow is None else asked.above("inflow", inflow) / DAYS[every]
    if inflow is None and (horizon or any(one is not None for one in lags)):
        raise ArgumentError("`horizon` and `lag` need `inflow`, the leads that enter in a week.")
    own, other = lags
    at_once = np.ones(horizon + 1)
    curves = [at_once if own is None else followed.maturity_by_day(own, horizon)]
    curves.append(
        curves[0]
        if other is None
        else followed.maturity_by_day(other, horizon, argument="treatment_lag")
    )
    sizes = None
    share = asked.number("icc", icc)
    if not 0 <= share <= 1:
        raise ArgumentError(f"`icc` must be a correlation from 0 to 1; got {icc!r}.")
    if account_sizes is not None:
        sizes = np.array([asked.at_least("account_sizes", one, 1) for one in account_sizes])
        if not len(sizes) or (sizes % 1 > 0).any():
            raise ArgumentError("`account_sizes` must hold whole numbers of leads, at least one.")
        sizes = sizes.astype(np.int64)
    elif share > 0:
        raise ArgumentError("`icc` needs `account_sizes`: leads go together by account.")
    return World(
        n=(first, second),
        by_day=by_day,
        horizon=horizon,
        maturity=np.stack(curves),
        account_sizes=sizes,
        icc=share,
    )


def _looks(
    looks: int, boundaries: Boundaries | None, plan: Asked
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return at which shares to look, the p-value that finds, and the one beyond which to stop."""
    number = checks.positive_whole("looks", looks)
    if boundaries is None:
        shares = np.arange(1, number + 1) / number
        return shares, np.full(number, np.nextafter(plan.alpha, 0)), np.full(number, np.inf)
    for name in ("fraction", "critical", "futility", "alternative"):
        if not hasattr(boundaries, name):
            raise ArgumentError(
                "`boundaries` must be what fk.experiment.boundaries returns; got "
                f"{type(boundaries).__name__}."
            )
    if number > 1:
        raise ArgumentError("give `looks` or `boundaries`, which says how many there are.")
    if boundaries.alternative != plan.alternative:
        raise ArgumentError(
            f'`boundaries` are "{boundaries.alternative}" and `alternative` is '
            f'"{plan.alternative}"; they must be the same.'
        )
    sides = 2 if plan.alternative == "two-sided" else 1
    sign = -1.0 if plan.alternative == "less" else 1.0
    stop = sides * special.ndtr(-sign * np.asarray(boundaries.futility, float))
    return (
        np.asarray(boundaries.fraction, float),
        np.asarray(sides * special.ndtr(-boundaries.critical), float),
        np.where(np.isfinite(stop), np.minimum(stop, 1.0), np.inf),
    )


def _day(world: World, share: float) -> int:
    """Return the first day by whose end a share of all leads has matured."""
    return world.day_of(share * world.total) + world.horizon


def _analysis(
    analysis: Named | Analysis, alternative: Alternative
) -> tuple[Callable[[Observed], float], str]:
    """Return the p-value of what is seen, and what the analysis is called."""
    if isinstance(analysis, str):
        checks.one_of("analysis", analysis, get_args(Named))
        named: dict[str, Analysis] = {"score": _score(alternative), "accounts": _by(alternative)}
        own, name = named[analysis], _SAID[analysis]
    elif callable(analysis):
        own, name = analysis, getattr(analysis, "__name__", "own analysis")
    else:
        raise ArgumentError(
            '`analysis` must be "score", "accounts", or a function of what is observed; got '
            f"{type(analysis).__name__}."
        )

    def tested(seen: Observed) -> float:
        answer = own(seen)
        pvalue: Any = getattr(answer, "pvalue", answer)
        try:
            value = float(pvalue)
        except (TypeError, ValueError):
            value = -1.0
        if math.isnan(value):
            return 1.0
        if not -1e-12 <= value <= 1 + 1e-9:
            raise ArgumentError(
                "`analysis` must return a p-value, or something with `pvalue`; got "
                f"{type(answer).__name__}."
            )
        return value

    return tested, name


def _score(alternative: Alternative) -> Analysis:
    """Return the score test with the N / (N - 1) variance."""

    def pvalue(seen: Observed) -> float:
        (x0, n0), (x1, n1) = seen.counts()
        total = n0 + n1
        mean = (x0 + x1) / max(total, 1)
        if not n0 or not n1 or not 0 < mean < 1:
            return math.nan
        variance = mean * (1 - mean) * (1 / n0 + 1 / n1) * total / (total - 1)
        z = (x1 / n1 - x0 / n0) / math.sqrt(variance)
        if alternative == "two-sided":
            return float(2 * special.ndtr(-abs(z)))
        return float(special.ndtr(-z if alternative == "greater" else z))

    return pvalue


def _by(alternative: Alternative) -> Analysis:
    """Return the comparison by account."""

    def compared(seen: Observed) -> Any:
        from funnelkit.experiment.clusters.compared import compare_clustered

        control, treatment = seen.accounts()
        if min(len(control), len(treatment)) < 2:
            return math.nan
        return compare_clustered(control, treatment, alternative=alternative)

    return compared


def _notes(looks: int, boundaries: Boundaries | None) -> tuple[str, ...]:
    if boundaries is None and looks > 1:
        return (f"Each of {looks} looks was tested at the full alpha: that is peeking.",)
    return ()
