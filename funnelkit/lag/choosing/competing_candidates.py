"""The same counts with exits under several families, one for each outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit.counts.triangle import Triangle
from funnelkit.lag.choosing.candidates import as_gamma, as_generalised
from funnelkit.lag.competing.fits import fit_cure_competing
from funnelkit.lag.competing.result import CompetingCureFit
from funnelkit.lag.competing.solution import CompetingSolution
from funnelkit.lag.cure.families import FamilyName, family_called
from funnelkit.lag.cure.grouped import Axis
from funnelkit.lag.cure.search import ACCURATE, Box, climb, polished

FloatArray = NDArray[np.float64]
GENERAL: FamilyName = "generalised gamma"
_MOST = 18
"""No more outcomes are given other families once there are so many fits."""
_NEAR = 4.0
"""Families this far behind, in log-likelihood, may have a part in intervals."""
_AGAIN = 3
"""Rounds in which close families are fitted beside what the others have by then."""
_STOP = 2.0
"""q of the generalised gamma from where a pace that stops short is looked for."""


def searched(
    triangle: Triangle,
    names: Sequence[FamilyName],
    *,
    rates: Axis | Sequence[Axis],
    latency: Literal["shared", "segments"],
    starts: int,
) -> list[CompetingCureFit]:
    """Return the fits under the families of the outcomes that were looked at, as they came.

    Parameters
    ----------
    triangle, rates, latency, starts
        As in :func:`fit_cure_competing`.
    names
        The families.

    Notes
    -----
    First one family for all outcomes, but for the generalised gamma. From the best of these one
    outcome after the other takes each other family, the target first, then the exits by their
    number of events, and keeps the best. At last those families of each outcome that were close
    are fitted beside what the others have by then. With one exit these are 15 fits and a few.
    """
    found = _Found(names)
    for name in sorted(names, key=_slowness):
        if name == GENERAL and found.fits:
            continue
        if name == "gamma" and (near := found.alike("weibull")):
            last = float(triangle.n_ages)
            point = {
                key: np.array([as_gamma(row, last=last) for row in rows])
                for key, rows in paces_of(near).items()
            }
            found.add(under(near, dict.fromkeys(near.outcomes, name), [point]))
        else:
            found.add(
                fit_cure_competing(
                    triangle, family=name, rates=rates, latency=latency, starts=starts
                )
            )
    first = found.best
    order = sorted(
        _active(first),
        key=lambda key: (key != first.target, -int(first.reached[key].sum())),
    )
    if len(names) == 1:
        return [_stopping(first, order) if names[0] == GENERAL else first]
    close: list[tuple[str, FamilyName]] = []
    for outcome in order:
        base = found.best
        if len(found.fits) + len(names) - 1 > _MOST:
            break
        tried = {name: found.swapped(base, outcome, name) for name in names}
        least = min(fit.aic for fit in tried.values())
        close += [(outcome, name) for name, fit in tried.items() if (fit.aic - least) / 2 <= _NEAR]
    for _ in range(_AGAIN):
        base = found.best
        for outcome, name in close:
            found.swapped(base, outcome, name)
        if found.best is base:
            break
    return list(found.fits.values())


def under(
    fit: CompetingCureFit,
    families: Mapping[str, FamilyName],
    points: Sequence[Mapping[str, FloatArray]],
) -> CompetingCureFit:
    """Return the fit of the same counts under other families.

    Parameters
    ----------
    fit
        A fit of the counts under any families.
    families
        Outcome -> family.
    points
        From where to climb: outcome -> working parameters of each latency.
    """
    active = _active(fit)
    called = [family_called(families[name]) for name in active]
    before, each = fit.solution, _each(fit)
    likelihood = replace(before.likelihood, family=called[0], families=tuple(called))
    scale = before.box.lower[0], before.box.upper[0]
    box = Box(
        np.concatenate([np.tile([scale[0], *family.lower], each) for family in called]),
        np.concatenate([np.tile([scale[1], *family.upper], each) for family in called]),
    )
    weight = max(float(likelihood.converted.sum()), 1.0)
    guess = np.eye(len(box.lower)) * (len(likelihood.dated) / weight)
    tops = []
    for point in points:
        start = np.concatenate([point[name].ravel() for name in active])
        tops.append(climb(likelihood.value, start, box, guess))
    top = polished(likelihood, tops[int(np.argmax([one.value for one in tops]))], box)
    if not top.slope(box) < ACCURATE:
        top = climb(likelihood.value, top.theta, box, top.inverse, close=1e-13)
        top = polished(likelihood, top, box)
    agreeing = sum(one.value > top.value - 0.01 for one in tops)
    top = replace(top, n_starts=len(tops), n_agreeing=agreeing)
    lenders = [active[pace] for pace in fit.paces]
    return replace(
        fit,
        families={
            name: families[lender] for name, lender in zip(fit.outcomes, lenders, strict=True)
        },
        solution=CompetingSolution(likelihood=likelihood, box=box, top=top),
    )


class _Found:
    """Fits by the families of their outcomes."""

    def __init__(self, names: Sequence[FamilyName]) -> None:
        self.names = names
        self.fits: dict[tuple[FamilyName, ...], CompetingCureFit] = {}

    @property
    def best(self) -> CompetingCureFit:
        """The fit with the least AIC of those that converged, if any did."""
        fits = list(self.fits.values())
        return min(fits, key=lambda fit: (not fit.converged, fit.aic))

    def add(self, fit: CompetingCureFit) -> CompetingCureFit:
        """Return a fit that is kept from here on."""
        return self.fits.setdefault(tuple(fit.families.values()), fit)

    def alike(self, name: FamilyName) -> CompetingCureFit | None:
        """Return the fit with one family for all outcomes, if there is one."""
        return next((fit for key, fit in self.fits.items() if set(key) == {name}), None)

    def swapped(self, base: CompetingCureFit, outcome: str, name: FamilyName) -> CompetingCureFit:
        """Return the fit with another family for one outcome."""
        if base.families[outcome] == name:
            return base
        families = {**base.families, outcome: name}
        for other, lender in _lenders(base).items():
            families[other] = families[lender]
        known = self.fits.get(tuple(families.values()))
        if known is not None:
            return known
        others = paces_of(base)
        points = [{**others, outcome: pace} for pace in self._paces(outcome, name)]
        return self.add(under(base, families, points))

    def _paces(self, outcome: str, name: FamilyName) -> list[FloatArray]:
        """Return paces of an outcome under a family from where to climb."""
        has = [fit for fit in self.fits.values() if fit.families[outcome] == name]
        if has:
            return [paces_of(min(has, key=lambda fit: fit.aic))[outcome]]
        found: list[FloatArray] = []
        inside = [fit for fit in self.fits.values() if fit.families[outcome] in _INSIDE]
        for fit in sorted(inside, key=lambda fit: fit.aic)[:1]:
            rows = paces_of(fit)[outcome]
            found.append(np.array([as_generalised(fit.families[outcome], row) for row in rows]))
        return [*found, *_stops(self.best, outcome)]


_INSIDE: tuple[FamilyName, ...] = ("exponential", "weibull", "gamma", "log-normal")


def _stopping(fit: CompetingCureFit, order: Sequence[str]) -> CompetingCureFit:
    """Return a fit of generalised gammas, also looked for where paces stop short."""
    for outcome in order:
        here = paces_of(fit)
        points = [here, *({**here, outcome: pace} for pace in _stops(fit, outcome))]
        fit = under(fit, fit.families, points)
    return fit


def _stops(fit: CompetingCureFit, outcome: str) -> list[FloatArray]:
    """Return paces of an outcome that end soon after most of its events.

    Closed deals often come in two humps, and none after; the likelihood of the generalised gamma
    then has a second top, with q well above 1, which is not reached from Weibull's q = 1.
    """
    place = _active(fit).index(outcome)
    each, likelihood = _each(fit), fit.solution.likelihood
    came = (likelihood.dated + likelihood.undated)[place * each : (place + 1) * each].sum(axis=0)
    share = np.cumsum(came) / came.sum()
    last = float(np.searchsorted(share, 0.75)) + 0.5
    return [np.tile([np.log(last), 0.0, _STOP], (each, 1))]


def paces_of(fit: CompetingCureFit) -> dict[str, FloatArray]:
    """Return outcome -> working parameters of each of its latencies."""
    each, theta, active = _each(fit), fit.solution.theta, _active(fit)
    return {
        name: theta[k * each : (k + 1) * each, : family_called(fit.families[name]).size]
        for k, name in enumerate(active)
    }


def _active(fit: CompetingCureFit) -> list[str]:
    """Return the outcomes that have events."""
    return [name for name in fit.outcomes if fit.reached[name].any()]


def _lenders(fit: CompetingCureFit) -> dict[str, str]:
    """Return outcomes without events -> the one whose pace they have."""
    active = _active(fit)
    pairs = zip(fit.outcomes, fit.paces, strict=True)
    return {name: active[pace] for name, pace in pairs if name not in active}


def _each(fit: CompetingCureFit) -> int:
    """Return how many latencies each outcome has."""
    likelihood = fit.solution.likelihood
    return len(likelihood.dated) // len(likelihood.families)


def _slowness(name: FamilyName) -> int:
    return {"gamma": 1, GENERAL: 2}.get(name, 0)
