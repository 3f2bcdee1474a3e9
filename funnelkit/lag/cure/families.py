"""The families of latencies by name."""

from __future__ import annotations

from typing import Literal, get_args

from funnelkit._core import checks
from funnelkit.lag.cure.latency import Exponential, Family, Gamma, LogLogistic, LogNormal, Weibull
from funnelkit.lag.cure.prentice import GeneralisedGamma

FamilyName = Literal[
    "exponential", "weibull", "gamma", "log-normal", "log-logistic", "generalised gamma"
]


def family_called(name: str) -> Family:
    """Return a family by its name.

    Raises
    ------
    ArgumentError
        If there is none; with the closest name.
    """
    checks.one_of("family", name, get_args(FamilyName))
    found = (Exponential, Weibull, Gamma, LogNormal, LogLogistic, GeneralisedGamma)
    return {family.name: family for family in found}[name]()
