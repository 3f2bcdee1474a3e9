"""How long a chart runs until it signals, and the limit for a wanted length: integral equations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.monitor.run_lengths import integral_equations as equations
from funnelkit.monitor.run_lengths.integral_equations import Alternative, Spread
from funnelkit.monitor.run_lengths.solving import Method, ScoreChart, solved_limit

FloatArray = NDArray[np.float64]
METHODS: tuple[Method, ...] = ("shewhart", "ewma", "cusum")
ALTERNATIVES: tuple[Alternative, ...] = ("two-sided", "less", "greater")
SPREADS: tuple[Spread, ...] = ("exact", "asymptotic")
_LONGEST = 1e9
_MOST_PERIODS = 60


def ewma_path(z: ArrayLike, *, smoothing: float) -> FloatArray:
    """Return the exponentially weighted mean of scores, over its exact standard deviation.

    Parameters
    ----------
    z
        Standardised scores in order of time along the last axis; NaN is a gap, over which the
        mean is carried.
    smoothing
        Weight of the newest score, above 0 and at most 1.

    Returns
    -------
    ndarray
        Of the shape of ``z``; NaN in gaps. In control each has mean 0 and variance 1.

    Raises
    ------
    ArgumentError
        If the weight cannot be used.

    Notes
    -----
    E_t = w z_t + (1 - w) E_{t-1} with E_0 = 0, over the root of w (1 - (1 - w)^2t) / (2 - w).

    References
    ----------
    Roberts (1959), Technometrics 1, 239-250. Steiner (1999), Journal of Quality Technology 31,
    75-86, for the exact deviation at the start.

    Examples
    --------
    >>> ewma_path([1.0, 1.0], smoothing=0.2).round(4).tolist()
    [1.0, 1.4056]
    """
    weight = _smoothing(smoothing)
    scores = np.asarray(z, float)
    found = np.full(scores.shape, np.nan)
    mean, variance = np.zeros(scores.shape[:-1]), np.zeros(scores.shape[:-1])
    for t in range(scores.shape[-1]):
        seen = np.isfinite(scores[..., t])
        moved = weight * np.where(seen, scores[..., t], 0.0) + (1 - weight) * mean
        mean = np.where(seen, moved, mean)
        variance = np.where(seen, weight**2 + (1 - weight) ** 2 * variance, variance)
        spread = np.sqrt(np.where(variance > 0, variance, 1.0))
        found[..., t] = np.where(seen, mean / spread, np.nan)
    return found


def cusum_paths(z: ArrayLike, *, reference: float) -> tuple[FloatArray, FloatArray]:
    """Return the two sums of a CUSUM chart: upwards and downwards, both at least 0.

    Parameters
    ----------
    z
        Standardised scores in order of time along the last axis; NaN is a gap, over which the
        sums are carried.
    reference
        What is taken off at each step, k: half the shift that matters, in standard deviations.

    Returns
    -------
    tuple of ndarray
        Both of the shape of ``z``; NaN in gaps. There is no reset after a signal.

    Raises
    ------
    ArgumentError
        If ``reference`` is negative.

    References
    ----------
    Page (1954), Biometrika 41, 100-115.

    Examples
    --------
    >>> up, down = cusum_paths([1.0, 1.0, -2.0], reference=0.5)
    >>> up.tolist(), down.tolist()
    ([0.5, 1.0, 0.0], [0.0, 0.0, 1.5])
    """
    step = _reference(reference)
    scores = np.asarray(z, float)
    paths = []
    for sign in (1.0, -1.0):
        found = np.full(scores.shape, np.nan)
        total = np.zeros(scores.shape[:-1])
        for t in range(scores.shape[-1]):
            seen = np.isfinite(scores[..., t])
            more = sign * np.where(seen, scores[..., t], 0.0) - step
            total = np.where(seen, np.maximum(total + more, 0.0), total)
            found[..., t] = np.where(seen, total, np.nan)
        paths.append(found)
    return paths[0], paths[1]


def average_run_length(
    method: Method = "shewhart",
    *,
    limit: float,
    shift: float = 0.0,
    smoothing: float = 0.2,
    reference: float = 0.5,
    alternative: Alternative = "two-sided",
    spread: Spread = "exact",
) -> float:
    """Return the mean number of periods until a chart signals.

    Parameters
    ----------
    method
        ``"shewhart"`` (each score by itself), ``"ewma"`` or ``"cusum"``.
    limit
        L in standard deviations of the statistic; for a CUSUM the decision interval h.
    shift
        By how many standard deviations the mean is off from the first period on.
    smoothing, reference
        Weight of an EWMA; k of a CUSUM.
    alternative
        ``"two-sided"``, or the one side on which there is a limit.
    spread
        ``"exact"``: the limit of an EWMA holds for its exact standard deviation, as in
        :func:`ewma_path`; ``"asymptotic"``: for that which it comes to, as in most tables.

    Returns
    -------
    float
        Periods, at least 1.

    Raises
    ------
    ArgumentError
        If a number or a word cannot be used.

    Notes
    -----
    Scores are normal and independent, with a known centre and deviation. The integral equation of
    the run length is solved at Gauss-Legendre nodes; that of a two-sided CUSUM by
    1/A = 1/A⁺ + 1/A⁻.

    References
    ----------
    Crowder (1987), Technometrics 29, 401-407 (EWMA). Page (1954), Biometrika 41, 100-115, and Kemp
    (1961), JRSS B 23, 149-153 (CUSUM).

    Examples
    --------
    Three standard deviations; Lucas and Saccucci (1990), Technometrics 32, table 3; and a
    two-sided CUSUM as in Montgomery, Introduction to Statistical Quality Control, section 9.1:

    >>> round(average_run_length(limit=3), 1)
    370.4
    >>> round(average_run_length("ewma", limit=2.962, smoothing=0.2, spread="asymptotic"))
    500
    >>> round(average_run_length("cusum", limit=5, reference=0.5))
    465
    """
    chart = _chart(method, smoothing, reference, alternative, spread)
    return chart.length(_positive(limit), _finite(shift))


def chance_of_signal(
    periods: int,
    method: Method = "shewhart",
    *,
    limit: float,
    shift: float = 0.0,
    smoothing: float = 0.2,
    reference: float = 0.5,
    alternative: Alternative = "two-sided",
    spread: Spread = "exact",
) -> float:
    """Return the chance that a chart signals within a number of periods.

    Parameters
    ----------
    periods
        Number of periods from the start.
    method, limit, shift, smoothing, reference, alternative, spread
        As in :func:`average_run_length`.

    Returns
    -------
    float
        From 0 to 1; without a shift, that of a false alarm.

    Raises
    ------
    ArgumentError
        If a number or a word cannot be used.

    Examples
    --------
    >>> round(chance_of_signal(12, limit=3), 4)  # 1 - (1 - 1/370.4)^12
    0.0319
    """
    chart = _chart(method, smoothing, reference, alternative, spread)
    number = checks.positive_whole("periods", periods)
    return 1 - chart.running(number, _positive(limit), _finite(shift))


def limit_for(
    average_run_length: float,
    method: Method = "shewhart",
    *,
    smoothing: float = 0.2,
    reference: float = 0.5,
    alternative: Alternative = "two-sided",
    spread: Spread = "exact",
    shared: float = 0.0,
    freedom: float = float("inf"),
    periods: int = 12,
) -> float:
    """Return the limit at which a chart without change runs so long until a false alarm.

    Parameters
    ----------
    average_run_length
        Mean number of periods until a false alarm, above 1; one over the false-alarm rate.
    method, smoothing, reference, alternative, spread
        As in :func:`average_run_length`.
    shared
        Share of the variance of a score that all scores have in common, since the same estimated
        centre is in each.
    freedom
        Degrees of freedom of the standard deviation by which scores are divided; infinite where
        it is known.
    periods
        Number of periods that are judged against the baseline, where it is in doubt.

    Returns
    -------
    float
        L in standard deviations of the statistic; for a CUSUM the decision interval h.

    Raises
    ------
    ArgumentError
        If a number or a word cannot be used, or if no limit up to 1,000 is wide enough, for a
        baseline that says too little.

    Notes
    -----
    With doubt about the baseline the limit is wider: over all baselines as doubtful, a signal
    comes within ``periods`` as often as on a chart whose baseline is known. (For single scores:
    in each period as often, so that the limit is a quantile of Student's distribution.)

    References
    ----------
    Jensen, Jones-Farmer, Champ and Woodall (2006), Journal of Quality Technology 38, 349-364: what
    estimated baselines do to false alarms.

    Examples
    --------
    >>> round(limit_for(370.4), 3), round(limit_for(465.4, "cusum"), 2)
    (3.0, 5.0)
    >>> round(limit_for(370.4, freedom=20), 2)
    3.42
    """
    wanted = average_run_length
    if isinstance(wanted, bool) or not 1 < wanted <= _LONGEST:
        raise ArgumentError(
            "`average_run_length` must be above 1 period (and at most 1e9); for a false-alarm rate "
            f"of 1 in 370 it is 370; got {wanted!r}."
        )
    if not 0 <= shared < 1:
        raise ArgumentError(f"`shared` must be at least 0 and below 1; got {shared!r}.")
    if not freedom >= 1:
        raise ArgumentError(f"`freedom` must be at least 1; got {freedom!r}.")
    number = min(checks.positive_whole("periods", periods), _MOST_PERIODS)
    chart = _chart(method, smoothing, reference, alternative, spread)
    if chart.method == "shewhart" and np.isfinite(freedom):
        tail = 1 / float(wanted)
        return float(stats.t.isf(tail / (2 if alternative == "two-sided" else 1), freedom))
    return solved_limit(float(wanted), chart, round(shared, 4), equations.scales(freedom), number)


def limit_over(
    average_run_length: float,
    method: Method = "shewhart",
    *,
    scales: tuple[tuple[float, float], ...],
    smoothing: float = 0.2,
    reference: float = 0.5,
    alternative: Alternative = "two-sided",
    shared: float = 0.0,
    periods: int = 12,
) -> float:
    """Return the limit as :func:`limit_for` does, over given errors of the standard deviation.

    Parameters
    ----------
    average_run_length, method, smoothing, reference, alternative, shared, periods
        As in :func:`limit_for`.
    scales
        Standard deviation used over the true one, each with its probability.
    """
    chart = _chart(method, smoothing, reference, alternative, "exact")
    number = min(checks.positive_whole("periods", periods), _MOST_PERIODS)
    rounded = tuple((round(scale, 3), mass) for scale, mass in scales)
    return solved_limit(float(average_run_length), chart, round(shared, 2), rounded, number)


def _chart(
    method: Method,
    smoothing: float,
    reference: float,
    alternative: Alternative,
    spread: Spread,
) -> ScoreChart:
    """Return the chart, or say what cannot be used."""
    weight, step = _smoothing(smoothing), _reference(reference)
    checks.one_of("method", method, METHODS)
    return ScoreChart(
        method="shewhart" if method == "ewma" and weight == 1 else method,
        weight=weight if method == "ewma" else 1.0,
        step=step if method == "cusum" else 0.0,
        alternative=checks.one_of("alternative", alternative, ALTERNATIVES),
        spread=checks.one_of("spread", spread, SPREADS),
    )


def _smoothing(weight: float) -> float:
    if _number(weight) and 0 < weight <= 1:
        return float(weight)
    raise ArgumentError(f"`smoothing` must be above 0 and at most 1; got {weight!r}.")


def _reference(step: float) -> float:
    if _number(step) and 0 <= step < np.inf:
        return float(step)
    raise ArgumentError(f"`reference` must be a number of at least 0; got {step!r}.")


def _positive(limit: float) -> float:
    if _number(limit) and 0 < limit < np.inf:
        return float(limit)
    raise ArgumentError(f"`limit` must be a number above 0; got {limit!r}.")


def _finite(shift: float) -> float:
    if _number(shift) and np.isfinite(shift):
        return float(shift)
    raise ArgumentError(f"`shift` must be a finite number; got {shift!r}.")


def _number(value: object) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
