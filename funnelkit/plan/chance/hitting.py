"""`HitChance`: the chance that leads bring a target, and how it changes with each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.plan.chance import transforms
from funnelkit.plan.chance.cohorts import Cohorts, cohorts_of, distinct_draws
from funnelkit.plan.chance.generating import Exact, Generating, Matched
from funnelkit.plan.chance.outcomes import Unit
from funnelkit.plan.chance.simulating import checked_leads
from funnelkit.plan.chance.tails import upper_tail
from funnelkit.plan.chance.transforms import Sizes

if TYPE_CHECKING:
    from funnelkit.plan.basis.assumptions import Assumptions

FloatArray = NDArray[np.float64]
Method = Literal["auto", "smooth", "few"]
_FEW_SKEW = 0.3
"""Skewness of what new leads bring, given a draw, from which on deals are few."""
_CHEAP = 400_000
"""Complex terms that are always summed up, few deals or not."""
_EXACT = 500_000
"""Powers up to which each cohort is taken as it is; three times as many for a single draw."""
_RESOLVED = 60
_KEPT = 4


class _Window(NamedTuple):
    """Wins within some months: cohorts, sizes, and what comes without the leads, ``(D,)``."""

    cohorts: Cohorts
    sizes: FloatArray
    fixed: FloatArray


class _Sum(NamedTuple):
    """Cumulants of what the leads bring, ``(3, D)``, and derivatives by those of the wins."""

    cumulants: FloatArray
    slopes: FloatArray  # (cumulant of the sum, factorial cumulant, D, C)


class HitChance:
    """The chance that leads bring a target within some months.

    Parameters
    ----------
    assumptions
        What a lead brings, and when, with joint draws of what it may be instead.
    unit
        ``"value"`` or ``"count"``: what targets are in.
    method
        ``"smooth"``: by three cumulants, for many deals; ``"few"``: by inversion of the
        generating function, for few; ``"auto"``: as is right for the number of deals.

    Notes
    -----
    P = mean over draws d of P(new leads bring at least the target less what d brings in flight
    and without a lead | d). Given d nothing is simulated: cohorts are thinned beta-binomial, and
    deals gamma distributed (:class:`~funnelkit.plan.chance.cohorts.Cohorts`). With many deals,
    the tail is that of a shifted gamma distribution with their three cumulants; with few, the
    generating function is inverted, cohort by cohort where that is little work, else with a
    channel's first three cumulants. Whole numbers of deals are counted as such. Errors are below
    .003 (tests/plan/chance).

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> from funnelkit.plan import Assumptions, Channel, Estimate, MonthLag, Stream
    >>> nothing = {"deals": [[0.0]], "value": [[0.0]]}
    >>> leads = Channel(name="all", rates=(Estimate(value=0.01),), lag=MonthLag([1.0]))
    >>> assumptions = Assumptions(
    ...     stages=("lead", "won"),
    ...     periods=pd.period_range("2027-01", periods=1, freq="M"),
    ...     as_of=dt.date(2026, 12, 31),
    ...     channels=(leads,),
    ...     in_flight=Stream(name="in flight", **nothing),
    ...     direct=Stream(name="without a lead", **nothing),
    ...     n_draws=1,
    ... )

    Of 4,000 leads, each won with probability .01, at least 40 are won in 52 of 100 cases:

    >>> round(HitChance(assumptions, "count").probability(np.array([[4000.0]]), 40), 5)
    0.52135
    """

    def __init__(self, assumptions: Assumptions, unit: Unit, *, method: Method = "auto") -> None:
        checks.one_of("unit", unit, ("value", "count"))
        checks.one_of("method", method, ("auto", "smooth", "few"))
        self.assumptions, self.unit, self.method = assumptions, unit, method
        self._windows: dict[tuple[int, int], _Window] = {}
        self._last: tuple[tuple[object, ...], transforms.Inversion] | None = None
        channels = assumptions.channels
        counted = unit == "count"
        self._variation = np.array(
            [0.0 if counted or one.size is None else one.size_cv for one in channels]
        )

    def probability(
        self, leads: FloatArray, target: float, *, until: int | None = None, since: int = 0
    ) -> float:
        """Return the chance that some months together bring a target.

        Parameters
        ----------
        leads
            By channel and month of entry, shape ``(C, H)``; not only whole numbers.
        target
            In the unit.
        until
            Months that count, from the first. Default: all.
        since
            Months at the start that do not count.

        Raises
        ------
        ArgumentError
            If the leads or the months cannot be.
        """
        return self._found(leads, target, since, until, slope=False)[0]

    def gradient(
        self, leads: FloatArray, target: float, *, until: int | None = None, since: int = 0
    ) -> FloatArray:
        """Return by how much the chance rises with each lead, shape ``(C, H)``.

        Parameters
        ----------
        leads, target, until, since
            As in :meth:`probability`.
        """
        return self._found(leads, target, since, until, slope=True)[1]

    def both(
        self, leads: FloatArray, target: float, *, until: int | None = None, since: int = 0
    ) -> tuple[float, FloatArray]:
        """Return the chance and its gradient at once."""
        return self._found(leads, target, since, until, slope=True)

    def moments(
        self, leads: FloatArray, until: int | None = None, *, since: int = 0
    ) -> tuple[FloatArray, FloatArray]:
        """Return mean and variance of the total in each draw, shape ``(N,)`` each.

        The variance is that of chance given the draw; that of the mean comes on top.
        """
        window = self._window(since, until)
        total = self._summed(window, checked_leads(leads, self.assumptions)).cumulants
        whole = (self.assumptions.n_draws,)
        return (
            np.array(np.broadcast_to(window.fixed + total[0], whole)),
            np.array(np.broadcast_to(total[1], whole)),
        )

    def _window(self, since: int, until: int | None) -> _Window:
        months = len(self.assumptions.periods)
        until = months if until is None else until
        if not 0 <= since < until <= months:
            raise ArgumentError(
                f"`until` must be from {since + 1} to {months} months; got {until!r}."
            )
        key = (since, until)
        if key not in self._windows:
            if len(self._windows) >= _KEPT:
                self._windows.pop(next(iter(self._windows)))
            distinct = distinct_draws(self.assumptions)
            cohorts, sizes = cohorts_of(
                self.assumptions, since=since, until=until, distinct=distinct
            )
            fixed = np.zeros(distinct)
            for stream in (self.assumptions.in_flight, self.assumptions.direct):
                drawn = stream.value if self.unit == "value" else stream.deals
                fixed = fixed + drawn[:distinct, since:until].sum(axis=1)
            if self.unit == "count":
                sizes = np.ones_like(sizes)
            self._windows[key] = _Window(cohorts, sizes, fixed)
        return self._windows[key]

    def _summed(self, window: _Window, leads: FloatArray) -> _Sum:
        """Return the cumulants of the sum of all deals."""
        wins = window.cohorts.cumulants(leads)
        mean, spread = window.sizes, self._variation**2
        two = mean**2 * (1 + spread)
        three = mean**3 * (1 + spread) * (1 + 2 * spread)
        zero = np.zeros_like(mean)
        slopes = np.stack(
            [
                np.stack([mean, zero, zero]),
                np.stack([two, mean**2, zero]),
                np.stack([three, 3 * mean * two, mean**3]),
            ]
        )
        return _Sum(np.einsum("skdc,kdc->sd", slopes, wins), slopes)

    def _found(
        self, leads: FloatArray, target: float, since: int, until: int | None, *, slope: bool
    ) -> tuple[float, FloatArray]:
        leads = checked_leads(leads, self.assumptions)
        window = self._window(since, until)
        wanted = target - window.fixed - 1e-9 * max(abs(target), 1e-9)
        open_ = wanted > 0
        flat = np.zeros(leads.shape)
        if not open_.any():
            return 1.0, flat
        reaching = (leads > 0) & (window.cohorts.within * window.cohorts.rates > 0).any(axis=0)
        total = self._summed(window, leads)
        if not reaching.any() and not slope:
            return float(np.mean(~open_)), flat
        if reaching.any():
            threshold = np.where(open_, wanted, wanted.max())
            way = self._few(window, leads, threshold, total, np.asarray(reaching.any(axis=1)))
            if way is not None:
                return self._inverted(way, open_, leads, slope=slope)
        return self._smooth(window, leads, wanted, total, slope=slope)

    # --- many deals -------------------------------------------------------------------

    def _smooth(
        self,
        window: _Window,
        leads: FloatArray,
        wanted: FloatArray,
        total: _Sum,
        *,
        slope: bool,
    ) -> tuple[float, FloatArray]:
        mean, variance, third = total.cumulants
        step = self._step(window.sizes, leads)
        if step:  # whole steps, each spread over its width
            wanted = np.where(wanted > 0, step * (transforms.steps_to(wanted, step) - 0.5), wanted)
            variance = variance + np.where(variance > 0, step**2 / 12, 0.0)
        tail = upper_tail(wanted, mean, variance, third)
        sure = wanted <= 0
        chance = float(np.where(sure, 1.0, tail.chance).mean())
        if not slope:
            return chance, np.zeros(leads.shape)
        by_sum = np.stack([tail.by_mean, tail.by_variance, tail.by_third])
        by_sum = np.where(sure, 0.0, by_sum) / len(wanted)
        by_wins = np.einsum("sd,skdc->kdc", by_sum, total.slopes)
        return chance, window.cohorts.back(leads, by_wins)

    def _step(self, sizes: FloatArray, leads: FloatArray) -> float:
        """Return the amount of which all deals are whole multiples; 0 where there is none."""
        if self.unit == "count":
            return 1.0
        some = leads.sum(axis=1) > 0
        if (self._variation[some] > 0).any() or not some.any():
            return 0.0
        if (sizes[:, some] != sizes[:1, some]).any():
            return 0.0
        cents = np.round(100 * sizes[0, some])
        if (cents < 1).any() or np.abs(cents - 100 * sizes[0, some]).max() > 1e-6:
            return float(sizes[0, some][0]) if some.sum() == 1 else 0.0
        return float(np.gcd.reduce(cents.astype(np.int64))) / 100

    # --- few deals --------------------------------------------------------------------

    def _few(
        self,
        window: _Window,
        leads: FloatArray,
        threshold: FloatArray,
        total: _Sum,
        used: NDArray[np.bool_],
    ) -> tuple[transforms.Inversion, Generating] | None:
        """Return how the generating function is inverted; ``None`` where deals are many."""
        if self.method == "smooth":
            return None
        _, variance, third = total.cumulants
        skew = np.abs(third) / np.maximum(variance, 1e-300) ** 1.5
        few = self.method == "few" or float(skew.mean()) > _FEW_SKEW
        sizes = Sizes(window.sizes, self._variation, self._step(window.sizes, leads))
        one = np.flatnonzero(used)
        if self.unit == "value" and len(one) == 1 and self._variation[one[0]] == 0:
            threshold = threshold / np.maximum(window.sizes[:, one[0]], 1e-300)
            sizes = Sizes(np.ones_like(window.sizes), self._variation, 1.0)
        cells = window.sizes.size
        if sizes.step and cells * transforms.frequencies_on_a_lattice(threshold, sizes) <= (
            5 * _CHEAP if few else _CHEAP
        ):
            found = self._inversion(threshold, sizes, 0)
        else:
            width = self._width(threshold, variance, sizes, used)
            terms = transforms.frequencies_on_a_line(width)
            if sizes.step or (not few and cells * terms > _CHEAP // 8):
                return None
            terms = min(terms, max(2 * _CHEAP // cells, _RESOLVED))
            found = self._inversion(threshold, sizes, terms)
        most = _EXACT if len(window.sizes) > 1 else 3 * _EXACT
        exact = Exact.work(window.cohorts, leads, found.u.shape[-1]) <= most
        return found, (Exact if exact else Matched)(window.cohorts, leads)

    def _inversion(self, threshold: FloatArray, sizes: Sizes, terms: int) -> transforms.Inversion:
        """Return the inversion on a line with some terms, or on a lattice; the last one is kept."""
        key = (terms, sizes.step, threshold.tobytes(), sizes.means.tobytes())
        if self._last is None or self._last[0] != key:
            made = (
                transforms.on_a_line(threshold, sizes, terms)
                if terms
                else transforms.on_a_lattice(threshold, sizes)
            )
            self._last = (key, made)
        return self._last[1]

    def _width(
        self, threshold: FloatArray, variance: FloatArray, sizes: Sizes, used: NDArray[np.bool_]
    ) -> float:
        """Return the finest share of the threshold that must be resolved."""
        single = (sizes.means * np.maximum(self._variation, 0.03))[:, used].min(axis=1)
        fine = np.minimum(np.sqrt(variance), single)
        return float(np.median(fine / threshold))

    @staticmethod
    def _inverted(
        way: tuple[transforms.Inversion, Generating],
        open_: NDArray[np.bool_],
        leads: FloatArray,
        *,
        slope: bool,
    ) -> tuple[float, FloatArray]:
        """Return the chance and its gradient from generating functions."""
        (u, weights), wins = way
        terms = weights * np.exp(wins.logarithm(u).sum(axis=1))
        below = np.clip(terms.real.sum(axis=-1), 0.0, 1.0)
        chance = float(np.where(open_, 1 - below, 1.0).mean())
        if not slope:
            return chance, np.zeros(leads.shape)
        weighted = np.where(open_[:, None], -terms, 0.0)[:, None, :] / len(open_)
        every = np.broadcast_to(weighted, u.shape).astype(np.complex128)
        return chance, wins.back(u, every)
