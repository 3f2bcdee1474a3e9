"""What a method says, on one date, of the conversions that each cohort will have by the horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from funnelkit._core.interval import share_interval
from funnelkit._core.result import frozen
from funnelkit._core.scores import CountDistribution
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.base import LagFit
from funnelkit.lag.chain.fits import fit_chain_ladder

if TYPE_CHECKING:
    from funnelkit.lag import AdjustedRates

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
_DRAWS = 60


@dataclass(frozen=True, eq=False, kw_only=True)
class Prediction:
    """Forecasts of the final number of conversions of each segment and cohort.

    Shapes: ``(n_segments, n_cohorts)``.

    Parameters
    ----------
    certain
        Conversions that are there already.
    trials
        Leads that may yet convert.
    point
        The number that is named, conversions so far included.
    share, variance
        Mean and variance of the probability with which each of the trials converts.
    told
        Whether the method says anything of the cell.
    maturity
        Mean maturity of the leads at the horizon; ``None`` for a method without timing.
    """

    certain: IntArray
    trials: IntArray
    point: FloatArray
    share: FloatArray
    variance: FloatArray
    told: NDArray[np.bool_]
    maturity: FloatArray | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("certain", "trials"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))
        for name in ("point", "share", "variance"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        object.__setattr__(self, "told", frozen(self.told, np.bool_))

    def of(self, i: int, j: int) -> CountDistribution:
        """Return the forecast of one segment and cohort."""
        return CountDistribution.of_trials(
            int(self.trials[i, j]),
            float(self.share[i, j]),
            variance=float(self.variance[i, j]),
            certain=int(self.certain[i, j]),
        )


def counted(triangle: Triangle, horizon: int) -> IntArray:
    """Return the conversions at ages up to the horizon, shape ``(n_segments, n_cohorts)``."""
    return np.asarray(triangle.by_age(triangle.target)[..., : horizon + 1].sum(axis=-1))


def by_timing(triangle: Triangle, fit: LagFit, horizon: int) -> Prediction:
    """Return what the adjusted rates of a fit say.

    Parameters
    ----------
    triangle
        Counts on the date.
    fit
        Timing, with a tail or known at least up to the horizon.
    horizon
        Days after entry up to which conversions count.

    Notes
    -----
    With r the rate that a cohort comes to, m maturity and e the share that has left by an exit,
    a lead open at age a converts by the horizon h with probability
    r (m(h) - m(a)) / (1 - r m(a) - e(a)); q is their mean over the open leads. The point is
    r Σ (m(h) - m(a)) more, over all leads, at the adjusted rate itself, and q is scaled to it.

    The doubt about r: q is taken at five values of r, the ends of the cohort's intervals at the
    levels of a Gauss-Hermite rule, so that the intervals of all levels are read as one
    distribution. The doubt about the pace: the spread of q over draws of the fit's curve, of one
    seed. It matters most where nearly all has come, and what is left is known poorly. What the
    intervals of r hold beyond chance (timing, months that were quick or slow) is doubt about the
    maturity M that r was divided by: a share d of r is d / (1 - M) of what is to come. The larger
    of these two counts. Mean and variance of q give a beta-binomial number to come.
    """
    from funnelkit.lag import adjust

    rates = adjust(triangle, fit)
    open_leads = triangle.censored[..., :horizon]
    waiting = np.maximum(open_leads.sum(axis=-1), 1)
    cells = _cells(triangle, fit)
    ages = np.arange(min(horizon, triangle.n_ages - 1) + 1)
    pace = Pace.of(fit.maturity([*ages, horizon])[cells])
    gone = sum(
        (fit.rate_at(ages, outcome=name)[cells] for name in fit.outcomes[1:]),
        np.zeros(pace.now.shape),
    )
    still_young = triangle.followed[..., : len(ages)]
    more = rates.adjusted * (still_young * pace.missing).sum(axis=-1)
    named = np.minimum(more, open_leads.sum(axis=-1)) / waiting
    plain = _chance(rates.adjusted, pace, gone, open_leads)
    scale = np.where(plain > 0, named / np.where(plain > 0, plain, 1.0), 1.0)
    shares = np.stack(
        [np.clip(scale * _chance(r, pace, gone, open_leads), 0, 1) for r in _ends(rates, fit)]
    )
    weights = (_WEIGHTS / _WEIGHTS.sum())[:, None, None]
    mean = (weights * shares).sum(axis=0)
    doubt = (weights * (shares - mean) ** 2).sum(axis=0)
    drawn = np.stack(
        [
            np.clip(scale * _chance(rates.adjusted, each, gone, open_leads), 0, 1)
            for each in _paces(triangle, fit, np.append(ages, horizon), pace)
        ]
    )
    middle = np.maximum(drawn.mean(axis=0), 1e-12)
    worth = (still_young * pace.now).sum(axis=-1)
    worth += triangle.followed[..., len(ages) :].sum(axis=-1) * pace.final
    whole = np.maximum(triangle.entered, 1) * np.where(pace.final > 0, pace.final, 1.0)
    maturity = np.clip(worth / whole, 0.0, 1.0)
    left = np.maximum(1 - maturity, 1e-3)
    relative = np.maximum(
        drawn.var(axis=0) / middle**2, beyond_chance(rates) ** 2 * (1 / left**2 - 1)
    )
    return Prediction(
        certain=counted(triangle, horizon),
        trials=open_leads.sum(axis=-1),
        point=counted(triangle, horizon) + named * open_leads.sum(axis=-1),
        share=np.clip(mean, 0.0, 1.0),
        variance=doubt + relative * (mean**2 + doubt),
        told=triangle.entered > 0,
        maturity=maturity,
    )


def by_rate_so_far(triangle: Triangle, horizon: int) -> Prediction:
    """Return what the raw rate says: that the final rate is the one so far.

    Its doubt is that of a binomial share of all leads, as its interval in a table has it.
    """
    so_far = counted(triangle, horizon)
    return Prediction(
        certain=0 * so_far,
        trials=triangle.entered,
        point=so_far.astype(float),
        share=(so_far + 0.5) / (triangle.entered + 1),
        variance=np.zeros(so_far.shape),
        told=triangle.entered > 0,
    )


def by_mature_cohorts(triangle: Triangle, horizon: int) -> Prediction:
    """Return what the average of the cohorts says that are fully followed on the date.

    Their rate by the horizon, of each segment by itself, with the doubt of a beta posterior under
    Jeffreys' prior. It says nothing of a segment without such a cohort.
    """
    full = triangle.followed[..., :horizon].sum(axis=-1) == 0
    if triangle.late is not None:
        full &= triangle.late.sum(axis=-1) == 0
    leads = np.where(full, triangle.entered, 0).sum(axis=1, keepdims=True)
    came = np.where(full, counted(triangle, horizon), 0).sum(axis=1, keepdims=True)
    mean = (came + 0.5) / (leads + 1)
    shape = triangle.entered.shape
    return Prediction(
        certain=np.zeros(shape, np.int64),
        trials=triangle.entered,
        point=triangle.entered * came / np.maximum(leads, 1),
        share=np.broadcast_to(mean, shape),
        variance=np.broadcast_to(mean * (1 - mean) / (leads + 2), shape),
        told=(triangle.entered > 0) & (leads > 0),
    )


def by_link_ratios(triangle: Triangle, horizon: int) -> Prediction:
    """Return what the chain ladder says: expected conversions to come, with Mack's error.

    His standard error is that of the number itself, chance included. The variance of the share
    is what is left of it beyond the binomial one.
    """
    fit = fit_chain_ladder(triangle, horizon=horizon)
    so_far = counted(triangle, horizon)
    open_leads = triangle.censored[..., :horizon].sum(axis=-1)
    waiting = np.maximum(open_leads, 1)
    share = np.clip(fit.expected_more / waiting, 0.0, 1.0)
    beyond = fit.standard_error**2 - waiting * share * (1 - share)
    pairs = np.maximum(waiting * (waiting - 1.0), 1.0)
    days = np.arange(min(horizon, triangle.n_ages - 1) + 1)
    young = triangle.followed[..., : len(days)]
    missing = (young * (1 - fit.maturity(days))).sum(axis=-1)
    return Prediction(
        certain=so_far,
        trials=open_leads,
        point=so_far + share * open_leads,
        share=share,
        variance=np.maximum(beyond, 0.0) / pairs,
        told=triangle.entered > 0,
        maturity=frozen(1 - missing / np.maximum(triangle.entered, 1), np.float64),
    )


class Pace(NamedTuple):
    """Maturity of each cell: by each age, shape ``(S, C, n_ages)``, and by the horizon."""

    now: FloatArray
    final: FloatArray

    @classmethod
    def of(cls, maturity: FloatArray) -> Pace:
        """Return it from maturities of which the last is that of the horizon."""
        final = maturity[..., -1]
        return cls(np.minimum(maturity[..., :-1], final[..., None]), final)

    @property
    def missing(self) -> FloatArray:
        """Share of the eventual conversions that comes after each age, by the horizon."""
        return np.asarray(self.final[..., None] - self.now)


def _cells(triangle: Triangle | AdjustedRates, fit: LagFit) -> tuple[NDArray[np.intp], ...]:
    rows = [fit.segments.index(segment) for segment in triangle.segments]
    return np.ix_(np.array(rows), fit.cohorts.get_indexer(triangle.cohorts))


def _chance(rate: FloatArray, pace: Pace, gone: FloatArray, open_leads: IntArray) -> FloatArray:
    """Return the mean probability to convert by the horizon over the open leads of each cell."""
    upto = open_leads.shape[-1]
    still = 1 - rate[..., None] * pace.now[..., :upto] - gone[..., :upto]
    each = rate[..., None] * pace.missing[..., :upto] / np.maximum(still, 1e-9)
    found = (open_leads * np.clip(each, 0.0, 1.0)).sum(axis=-1)
    return np.asarray(found / np.maximum(open_leads.sum(axis=-1), 1))


def _ends(rates: AdjustedRates, fit: LagFit) -> list[FloatArray]:
    """Return the rate of each cell at each node: ends of intervals, the estimate in the middle.

    A cohort without a basis of its own has no interval of its own either, and takes the fit's.
    """
    cells = _cells(rates, fit)
    found = []
    for node in _NODES:
        if abs(node) < 1e-9:
            found.append(rates.adjusted)
            continue
        level = float(2 * special.ndtr(abs(node)) - 1)
        side = 0 if node < 0 else 1
        own = np.asarray(rates.confidence_interval(level)[side])
        theirs = np.asarray(fit.confidence_interval(confidence_level=level)[side])[cells]
        found.append(np.where(rates.own, own, theirs))
    return found


def beyond_chance(rates: AdjustedRates) -> FloatArray:
    """Return the standard deviation of the log of each rate that chance does not account for.

    Intervals of adjusted rates as they are, beside Wilson's alone: on the logit scale their
    distances from the rate differ in squares. 0 where a rate has no basis of its own, or where
    the intervals are no wider.
    """
    node = float(_NODES.max())
    level = float(2 * special.ndtr(node) - 1)
    leads = rates.entered.astype(float)
    if rates.accounts is not None:
        leads = rates.accounts.effective(rates.converted, rates.entered, confidence_level=level)
    share = rates.converted / np.maximum(rates.entered, 1)
    chance = share_interval(share * leads, leads, confidence_level=level)
    mean = np.where(rates.own, np.maximum(rates.maturity, 1e-9), 1.0)
    rate = np.clip(rates.adjusted, 1e-9, 1 - 1e-9)
    found = np.zeros(rate.shape)
    for whole, part in zip(rates.confidence_interval(level), chance, strict=True):
        ends = [np.asarray(whole), np.asarray(part) / mean]
        apart = [special.logit(np.clip(end, 1e-9, 1 - 1e-9)) - special.logit(rate) for end in ends]
        more = np.sqrt(np.maximum(apart[0] ** 2 - apart[1] ** 2, 0.0)) * (1 - rate) / node
        inside = (ends[0] > 0) & (ends[0] < 1) & (ends[1] < 1)
        found = np.maximum(found, np.where(inside & (more > 1e-6), more, 0.0))
    return np.where(rates.own & (rates.converted > 0), found, 0.0)


def _paces(triangle: Triangle, fit: LagFit, ages: IntArray, usual: Pace) -> list[Pace]:
    """Return draws of the pace; the usual one where a draw has no conversions by the horizon.

    Draws are of rates; divided by the drawn rate by the horizon they are shapes, which keep the
    share of the eventual conversions that the fit itself sees by then.
    """
    cells = _cells(triangle, fit)
    found = []
    for surface in fit.sample(_DRAWS, rng=0, ages=ages):
        rates = surface[cells]
        last = rates[..., -1:]
        shape = rates / np.where(last > 0, last, 1.0) * usual.final[..., None]
        known = np.concatenate([usual.now, usual.final[..., None]], axis=-1)
        found.append(Pace.of(np.where(last > 0, shape, known)))
    return found
