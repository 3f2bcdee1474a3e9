"""The same counts under other families, each looked for from where its neighbours ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from funnelkit.lag.cure.clocks import share_by
from funnelkit.lag.cure.families import FamilyName, family_called
from funnelkit.lag.cure.result import CureFit
from funnelkit.lag.cure.solution import solved

FloatArray = NDArray[np.float64]


def refitted(fit: CureFit, families: Sequence[FamilyName], *, starts: int) -> list[CureFit]:
    """Return the fits of the same counts under several families, in their order.

    Parameters
    ----------
    fit
        A fit of the counts under any family.
    families
        What to fit.
    starts
        From how many points each top is climbed.

    Notes
    -----
    Gamma functions are slow, so that the gamma family is climbed once, from where Weibull ended,
    and the generalised gamma once, from the likeliest of the families within it. Its top is
    therefore at least theirs, where these were fitted.
    """
    found: dict[FamilyName, CureFit] = {fit.family: fit}
    for name in sorted(families, key=_slowness):
        if name not in found:
            found[name] = _under(fit, name, points=_points(name, found), starts=starts)
    return [found[name] for name in families]


def _slowness(name: FamilyName) -> int:
    return {"gamma": 1, "generalised gamma": 2}.get(name, 0)


def _under(
    fit: CureFit, name: FamilyName, *, points: list[FloatArray] | None, starts: int
) -> CureFit:
    likelihood = replace(fit.solution.likelihood, family=family_called(name))
    days = np.arange(likelihood.dated.shape[1], dtype=np.float64) + 0.5
    climbs = starts if points is None else 1
    solution = solved(likelihood, days=days, climbs=climbs, points=points)
    return replace(fit, family=name, solution=solution)


def _points(name: FamilyName, found: dict[FamilyName, CureFit]) -> list[FloatArray] | None:
    """Return working parameters near what other families found, or nothing."""
    if name == "gamma" and "weibull" in found:
        weibull = found["weibull"]
        theta = weibull.solution.theta.mean(axis=0)
        return [as_gamma(theta, last=float(weibull.followed.shape[-1]))]
    if name == "generalised gamma":
        near = [(fit.log_likelihood, family) for family, fit in found.items() if family in _INSIDE]
        return [
            as_generalised(family, found[family].solution.theta.mean(axis=0))
            for _, family in sorted(near, reverse=True)
        ] or None
    return None


_INSIDE: tuple[FamilyName, ...] = ("exponential", "weibull", "gamma", "log-normal")


def as_generalised(family: FamilyName, theta: FloatArray) -> FloatArray:
    """Return the same latency as one of the generalised gamma family."""
    shape = float(theta[1]) if len(theta) > 1 else 0.0
    if family == "gamma":
        return np.array([theta[0] + shape, shape / 2, np.exp(-shape / 2)])
    return np.array([theta[0], shape, 0.0 if family == "log-normal" else 1.0])


def as_gamma(theta: FloatArray, *, last: float) -> FloatArray:
    """Return the gamma latency of Weibull's shape that agrees with it at the last age."""
    share = float(share_by(family_called("weibull"), theta[None], np.array([last]))[0, 0])
    share = float(np.clip(share, 1e-6, 1 - 1e-3))
    unit = family_called("gamma").quantile(share, np.array([0.0, theta[1]]))
    return np.array([np.log(last / float(unit)), theta[1]])
