"""`control_chart`: whether a rate moved more than chance, season and immaturity explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import ArgumentError
from funnelkit.monitor.charts import run_rules
from funnelkit.monitor.charts.baselines import Baseline, Dispersion, checked_centre, fit_baseline
from funnelkit.monitor.charts.control import ControlChart
from funnelkit.monitor.charts.laws import Kind, Law, Tails
from funnelkit.monitor.charts.observed import observed
from funnelkit.monitor.charts.periods_seen import Observed
from funnelkit.monitor.charts.phases import Phases, Season, phases, season_columns
from funnelkit.monitor.run_lengths import lengths as run_lengths
from funnelkit.monitor.run_lengths.integral_equations import Alternative
from funnelkit.monitor.run_lengths.solving import Method

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Chart = Literal["p", "u", "individuals", "ewma", "cusum"]
CHARTS: tuple[Chart, ...] = ("p", "u", "individuals", "ewma", "cusum")
KINDS: tuple[Kind, ...] = ("p", "u", "individuals")


def control_chart(
    rates: Any,
    method: Chart | None = None,
    *,
    entered: Any = None,
    where: Mapping[str, str | None] | None = None,
    kind: Kind | None = None,
    baseline: Any = None,
    judged: int | None = None,
    centre: float | None = None,
    limits: tuple[float, float] | None = None,
    average_run_length: float = 370.4,
    limit: float | None = None,
    smoothing: float = 0.2,
    reference: float = 0.5,
    alternative: Alternative = "two-sided",
    dispersion: Dispersion | float | None = "laney",
    tails: Tails = "exact",
    season: Season | None = None,
    changes: Any = None,
    rules: str | Sequence[str] | None = None,
    calendar: Calendar | None = None,
) -> ControlChart:
    """Return a control chart of rates or values by period.

    Parameters
    ----------
    rates
        Adjusted rates of cohorts (:func:`funnelkit.lag.adjust`), whose young cohorts are judged by
        what may be expected of them so far; rates of :func:`funnelkit.rates.cohort` or
        :func:`funnelkit.rates.period`; a measure by period; a table with ``period`` (or
        ``cohort``), ``entered``, ``converted`` and, where they are known, ``maturity`` and
        ``partial``; or a Series or row of values, with ``entered`` of counts.
    method
        ``"p"`` (shares of the same leads), ``"u"`` (ratios of two counts), ``"individuals"``
        (values), ``"ewma"`` or ``"cusum"``. Default: the first three, by what the rates are.
    entered
        Denominators of a Series or row of counts: one number, or one for each.
    where
        Segment columns and values; default: all segments together.
    kind
        What counts are for an EWMA or CUSUM; default: by what the rates are.
    baseline
        Periods that set the centre: how many of the first, ``"all"`` (then none is judged),
        ``slice(first, last)`` of labels, or a list of labels. Default: all but the judged.
    judged
        How many of the last periods are judged. Default: a third of those since the last change,
        at most 12; with a ``baseline``, all after its first period that are not in it.
    centre
        The level where it is known, such as a benchmark or a target.
    limits
        (low, high) by hand; a value beyond is a signal, whatever its denominator.
    average_run_length
        Mean number of periods until a false alarm, for which the limit is solved. The default is
        that of three standard deviations.
    limit
        Limit L of the statistic (h of a CUSUM) instead.
    smoothing, reference
        Weight of an EWMA; k of a CUSUM: half the shift that matters, in standard deviations.
    alternative
        ``"two-sided"``, ``"less"`` (only falls signal) or ``"greater"``.
    dispersion
        How much more than by chance periods vary, in standard deviations: ``"laney"`` (from moving
        ranges), ``"pearson"`` (from all deviations), a number, or ``None``: by chance alone.
        Estimates of counts are at least 1. For values it is their standard deviation, and ``None``
        is ``"laney"``.
    tails
        ``"exact"`` tails of counts, or ``"normal"``, as textbooks draw them.
    season
        ``"month"`` or ``"quarter_end"`` (months that end a quarter against the others), estimated
        from a baseline that holds each part twice.
    changes
        Dated changes at which the chart starts anew: days, pairs of day and words, or what
        funnel.yml lists. A period that holds one in its midst is left out.
    rules
        ``"western electric"``, ``"nelson"``, or names of run rules; only without memory. Default:
        none; what they cost in false alarms is in the summary.
    calendar
        The user's, for the ends of quarters.

    Returns
    -------
    ControlChart
        With ``signals``, ``since``, ``false_alarm_rate`` and a summary.

    Raises
    ------
    ArgumentError
        If an argument cannot be used.
    DataError
        If counts cannot be.
    EvidenceError
        If the baseline is too short for what is to be read off it.

    Notes
    -----
    Of a cohort, p Σ maturity conversions are expected so far. Their variance holds chance; by how
    much more periods differ (Laney's ratio, which a cohort shows to the square of its maturity);
    the doubt about timing and pace; and that about centre and season. What judged periods have in
    common, since they share one centre, and how little a short baseline says about that ratio
    widen the limit, such that the false alarms stated hold over all baselines as short (see
    :func:`funnelkit.monitor.limit_for`). Points of the baseline are shown against the plain limits.
    Exact tails are those of the binomial or Poisson distribution with counts shrunk until the
    variance fits. A single score counts the whole chance of what came, so that false alarms are
    fewer than stated with small counts; an EWMA or CUSUM takes half of it, and is fair on average.
    Both start anew with the judged periods.

    References
    ----------
    Montgomery (2013), Introduction to Statistical Quality Control, 7th ed., sections 6.4, 7.2, 7.3,
    9.1 and 9.2. Laney (2002), Quality Engineering 14, 531-537.

    Examples
    --------
    >>> won = [20, 23, 18, 22, 19, 21, 17, 22, 20, 9]
    >>> chart = control_chart(won, "p", entered=200, judged=2)
    >>> chart.signals, chart.since
    ((), None)
    """
    statistic, kind = _kinds(method, kind)
    checks.one_of("tails", tails, ("exact", "normal"))
    named = run_rules.rules_of(rules)
    if named and (statistic != "shewhart" or alternative != "two-sided" or limits is not None):
        raise ArgumentError("`rules` are for two-sided charts of single scores without memory.")
    if limits is not None and statistic != "shewhart":
        raise ArgumentError(f'`limits` are for charts of values, not for "{statistic}".')
    seen = observed(rates, entered=entered, where=where, kind=kind)
    level = checked_centre(seen, centre)
    plan = phases(seen, baseline=baseline, judged=judged, changes=changes, known=level is not None)
    columns = season_columns(seen, plan, season, calendar)
    base = fit_baseline(seen, plan, columns, centre=level, dispersion=dispersion)
    settings = _Settings(
        statistic, smoothing, reference, alternative, tails, average_run_length, limit
    )
    held = _held(seen, plan, base, settings)
    lines = None if limits is None else _ends(limits)
    if lines is not None:
        held = _by_hand(seen, plan, base, held, lines)
    broken = _broken(plan, held, named)
    return ControlChart(
        name=seen.name,
        kind=seen.kind,
        method=statistic,
        periods=seen.labels,
        entered=seen.entered,
        converted=seen.converted,
        maturity=seen.maturity,
        value=seen.values,
        centre=base.centre,
        low=held.low,
        high=held.high,
        score=held.score,
        statistic=held.statistic,
        sums=held.sums,
        signal=held.signal | np.array([bool(names) for names in broken]),
        rule=broken,
        baseline=plan.baseline,
        judged=plan.judged,
        set_aside={seen.labels[j]: why for j, why in sorted(plan.set_aside.items())},
        limit=held.limit,
        baseline_limit=held.known,
        stated=run_rules.average_run_length_with(named, held.known) if named else held.stated,
        sigma=base.sigma,
        freedom=base.freedom,
        shared=base.shared(plan.judged),
        smoothing=smoothing,
        reference=reference,
        alternative=alternative,
        limits=lines,
        season=season,
        rules=named,
        changes=plan.changes,
        notes=(*seen.notes, *plan.notes),
        known=level is not None,
        lagged=seen.lagged,
    )


def _kinds(method: Chart | None, kind: Kind | None) -> tuple[Method, Kind | None]:
    """Return what is done with scores, and what they are scores of, where that is said."""
    if method is not None:
        checks.one_of("method", method, CHARTS)
    if kind is not None:
        checks.one_of("kind", kind, KINDS)
    if method == "ewma" or method == "cusum":  # noqa: PLR1714 (for the type)
        return method, kind
    if method is None:
        return "shewhart", kind
    if kind not in (None, method):
        raise ArgumentError(f'`kind` must be "{method}" or left out; got "{kind}".')
    return "shewhart", method


def _broken(plan: Phases, held: _Held, rules: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the run rules that each period breaks, in the baseline and in the judged."""
    found: list[tuple[str, ...]] = [()] * len(held.score)
    for number in np.unique(plan.phase) if rules else ():
        for part, limit in ((plan.baseline, held.known), (plan.judged, held.limit)):
            at = np.flatnonzero(part & (plan.phase == number))
            for j, names in zip(at, run_rules.broken(held.score[at], rules, limit), strict=True):
                found[j] = tuple(names)
    return tuple(found)


@dataclass(frozen=True)
class _Settings:
    """How scores become a statistic, and the statistic a signal."""

    method: Method
    smoothing: float
    reference: float
    alternative: Alternative
    tails: Tails
    length: float
    limit: float | None

    def limits(self, base: Baseline, judged: BoolArray) -> tuple[float, float, float]:
        """Return the limit with a known baseline, the one with this one, and the run length."""
        how: dict[str, Any] = {
            "smoothing": self.smoothing,
            "reference": self.reference,
            "alternative": self.alternative,
        }
        length = self.length
        if self.limit is not None:
            length = run_lengths.average_run_length(self.method, limit=self.limit, **how)
        known = run_lengths.limit_for(length, self.method, **how)
        shared, periods = base.shared(judged), max(int(judged.sum()), 1)
        wide = run_lengths.limit_over(
            length, self.method, **how, scales=base.scales, shared=shared, periods=periods
        )
        return known, max(wide, known), length


@dataclass(frozen=True, kw_only=True)
class _Held:
    """Periods held against the limits."""

    score: FloatArray
    statistic: FloatArray
    sums: dict[str, FloatArray]
    signal: BoolArray
    low: FloatArray
    high: FloatArray
    known: float
    limit: float
    stated: float


def _held(seen: Observed, plan: Phases, base: Baseline, settings: _Settings) -> _Held:
    """Return statistics and signals, of the baseline and of the judged each by themselves."""
    known, wide, stated = settings.limits(base, plan.judged)
    size = len(seen.labels)
    score, statistic = np.full(size, np.nan), np.full(size, np.nan)
    up, down = np.full(size, np.nan), np.full(size, np.nan)
    low, high = np.full(size, np.nan), np.full(size, np.nan)
    signal = np.zeros(size, bool)
    ends = np.full(size, known)
    ends[plan.judged] = wide
    doubt = np.where(plan.judged, np.diag(base.doubt), 0.0)
    law = Law(
        kind=seen.kind,
        entered=seen.entered,
        mean=base.mean,
        variance=base.scatter + doubt,
        chance=base.chance,
        tails=settings.tails,
    )
    tail = settings.method == "shewhart"
    scores = law.scores(seen.converted)
    tails = law.tail_scores(seen.converted)
    for number in np.unique(plan.phase):
        for part in (plan.baseline, plan.judged):
            mine = part & (plan.phase == number)
            if not mine.any():
                continue
            z = np.where(mine, scores, np.nan)
            score[mine] = z[mine]
            held = np.where(mine, tails, np.nan) if tail else z
            path, sums, ranges = _paths(held, ends, settings)
            statistic[mine] = path[mine]
            up[mine], down[mine] = sums[0][mine], sums[1][mine]
            low[mine] = _values(seen, law.low_counts(ranges[0], tail=tail))[mine]
            high[mine] = _values(seen, law.high_counts(ranges[1], tail=tail))[mine]
            fallen, risen = _beyond(path, sums, ends, settings)
            signal |= mine & (fallen | risen)
    if settings.alternative == "less":
        high[:] = np.nan
    if settings.alternative == "greater":
        low[:] = np.nan
    return _Held(
        score=score,
        statistic=statistic,
        sums={"up": up, "down": down} if settings.method == "cusum" else {},
        signal=signal,
        low=low,
        high=high,
        known=known,
        limit=wide,
        stated=stated,
    )


def _paths(
    z: FloatArray, ends: FloatArray, settings: _Settings
) -> tuple[FloatArray, tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Return statistic, the two sums, and the scores at which each period would signal."""
    none = np.full(z.shape, np.nan)
    if settings.method == "shewhart":
        return z, (none, none), (-ends, ends)
    seen = np.isfinite(z)
    place = np.flatnonzero(seen)
    if settings.method == "ewma":
        w = settings.smoothing
        path = run_lengths.ewma_path(z, smoothing=w)
        spread = np.sqrt(w / (2 - w) * (1 - (1 - w) ** (2 * np.arange(1, len(place) + 1))))
        before = np.concatenate([[0.0], (path[place] * spread)[:-1]])
        low, high = np.zeros(z.shape), np.zeros(z.shape)
        low[place] = (-ends[place] * spread - (1 - w) * before) / w
        high[place] = (ends[place] * spread - (1 - w) * before) / w
        return path, (none, none), (low, high)
    up, down = run_lengths.cusum_paths(z, reference=settings.reference)
    low, high = np.zeros(z.shape), np.zeros(z.shape)
    low[place] = -(ends[place] + settings.reference - np.concatenate([[0.0], down[place][:-1]]))
    high[place] = ends[place] + settings.reference - np.concatenate([[0.0], up[place][:-1]])
    return np.where(down > up, -down, up), (up, down), (low, high)


def _beyond(
    path: FloatArray,
    sums: tuple[FloatArray, FloatArray],
    ends: FloatArray,
    settings: _Settings,
) -> tuple[BoolArray, BoolArray]:
    """Return what has fallen and what has risen beyond the limit."""
    with np.errstate(invalid="ignore"):
        if settings.method == "cusum":
            fallen, risen = sums[1] > ends, sums[0] > ends
        else:
            fallen, risen = path <= -ends, path >= ends
    return (
        fallen & (settings.alternative != "greater"),
        risen & (settings.alternative != "less"),
    )


def _values(seen: Observed, counts: FloatArray) -> FloatArray:
    """Return counts as values, inside what they can be."""
    safe = np.where(seen.mature > 0, seen.mature, 1.0)
    if seen.kind == "individuals":
        return np.asarray(counts / safe)
    top = seen.entered if seen.kind == "p" else np.full(len(counts), np.inf)
    return np.asarray(np.clip(counts, 0.0, top) / safe)


def _ends(limits: Any) -> tuple[float, float]:
    """Return limits by hand, or say what they must be."""
    try:
        low, high = (float(end) for end in limits)
    except (TypeError, ValueError):
        low = high = float("nan")
    if not low < high:
        raise ArgumentError(f"`limits` must be (low, high), such as (0.2, 0.3); got {limits!r}.")
    return low, high


def _by_hand(
    seen: Observed, plan: Phases, base: Baseline, held: _Held, limits: tuple[float, float]
) -> _Held:
    """Return the periods held against lines by hand, and how often chance alone crosses them."""
    used = plan.baseline | plan.judged
    with np.errstate(invalid="ignore"):
        signal = used & ((seen.values < limits[0]) | (seen.values > limits[1]))
    law = Law(
        kind=seen.kind,
        entered=seen.entered,
        mean=base.mean,
        variance=base.scatter + np.diag(base.doubt),
        chance=base.chance,
    )
    below, above = (law.scores(end * seen.mature) for end in limits)
    at = plan.judged if plan.judged.any() else used
    chance = float((special.ndtr(below) + special.ndtr(-above))[at].mean())
    low, high = (np.where(used, end, np.nan) for end in limits)
    return replace(held, low=low, high=high, signal=signal, stated=1 / max(chance, 1e-9))
