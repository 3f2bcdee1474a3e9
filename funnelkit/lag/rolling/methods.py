"""The methods of a back-test by name: ways to fit timing, and the plain answers beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import get_args

from funnelkit._core.errors import ArgumentError, unknown
from funnelkit.counts.triangle import Triangle
from funnelkit.lag.adjusting.shrinkage import fit_shrunken
from funnelkit.lag.base import LagFit
from funnelkit.lag.choosing.choice import choose
from funnelkit.lag.competing.fits import fit_cure_competing
from funnelkit.lag.cure.families import FamilyName
from funnelkit.lag.cure.grouped import fit_cure
from funnelkit.lag.nonparametric.product_limit_fits import fit_competing
from funnelkit.lag.rolling import predictive
from funnelkit.lag.rolling.predictive import Prediction

Timing = Callable[[Triangle, int], LagFit]
Method = str | Timing
Predictor = Callable[[Triangle, int], Prediction]
RAW = "raw"
MATURE = "mature"
MACK = "chain ladder"


def _product_limit(triangle: Triangle, horizon: int) -> LagFit:
    return fit_competing(triangle, horizon=horizon)


def _family(family: FamilyName, triangle: Triangle, horizon: int) -> LagFit:  # noqa: ARG001
    if any(triangle.reached(name).any() for name in triangle.exits):
        return fit_cure_competing(triangle, family=family)
    return fit_cure(triangle, family=family)


def _chosen(triangle: Triangle, horizon: int) -> LagFit:  # noqa: ARG001
    return choose(triangle).fit


def _shrunken(triangle: Triangle, horizon: int) -> LagFit:
    return fit_shrunken(triangle, _product_limit(triangle, horizon))


TIMINGS: dict[str, Timing] = {
    "adjusted": _product_limit,
    "shrunken": _shrunken,
    "choose": _chosen,
    **{name: partial(_family, name) for name in get_args(FamilyName)},
}
OTHERS: dict[str, Predictor] = {
    RAW: predictive.by_rate_so_far,
    MATURE: predictive.by_mature_cohorts,
    MACK: predictive.by_link_ratios,
}
USUAL: tuple[str, ...] = ("adjusted", RAW, MATURE, MACK)


def predictors(methods: Sequence[Method] | Mapping[str, Method]) -> dict[str, Predictor]:
    """Return label -> what predicts, the raw rate always among them.

    Raises
    ------
    ArgumentError
        If a name is unknown, or none of them fits timing.
    """
    labelled = _labelled(methods)
    if RAW not in labelled.values():
        labelled[RAW] = RAW
    if set(labelled.values()) <= {RAW, MATURE}:
        raise ArgumentError(
            "`methods` needs at least one that fits timing, such as "
            f'"adjusted" or "weibull"; got {list(labelled)}.'
        )
    return {label: _predictor(method) for label, method in labelled.items()}


def _labelled(methods: Sequence[Method] | Mapping[str, Method]) -> dict[str, Method]:
    if isinstance(methods, Mapping):
        return dict(methods)
    given = [methods] if isinstance(methods, str) or callable(methods) else list(methods)
    names = [
        method if isinstance(method, str) else getattr(method, "__name__", "method")
        for method in given
    ]
    if twice := [name for k, name in enumerate(names) if name in names[:k]]:
        raise ArgumentError(
            f"`methods` has `{twice[0]}` twice; give a mapping from label to method."
        )
    return dict(zip(names, given, strict=True))


def _predictor(method: Method) -> Predictor:
    if isinstance(method, str):
        if method in OTHERS:
            return OTHERS[method]
        if method not in TIMINGS:
            known = [*TIMINGS, *OTHERS]
            raise ArgumentError(f"`methods`: {unknown('method', method, known)}")
        return partial(_by_timing, TIMINGS[method])
    if not callable(method):
        raise ArgumentError(
            "`methods` must be names or functions of (triangle, horizon) that return a fit; "
            f"got {method!r}."
        )
    return partial(_by_timing, method)


def _by_timing(timing: Timing, triangle: Triangle, horizon: int) -> Prediction:
    return predictive.by_timing(triangle, timing(triangle, horizon), horizon)
