"""`spending`: how much of the error may be spent by each share of the information."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Stated

FloatArray = NDArray[np.float64]
FAMILIES = ("obrien-fleming", "pocock", "hwang-shih-decani", "power")
"""Families of spending functions."""
_SAID = {
    "obrien-fleming": "O'Brien-Fleming-type",
    "pocock": "Pocock-type",
    "hwang-shih-decani": "Hwang-Shih-DeCani",
    "power": "power family",
}


@dataclass(frozen=True, kw_only=True)
class SpendingFunction(Stated):
    """How much of an error probability is spent by each share of the planned information.

    Parameters
    ----------
    family
        ``"obrien-fleming"``, ``"pocock"``, ``"hwang-shih-decani"`` or ``"power"``.
    parameter
        Gamma of Hwang, Shih and DeCani, or the exponent of the power family; NaN of the others.

    Examples
    --------
    >>> spent = spending("pocock")
    >>> spent([0.5, 1.0], 0.05).round(5).tolist()
    [0.03101, 0.05]
    """

    family: str
    parameter: float = math.nan

    def __call__(self, fraction: ArrayLike, error: float) -> FloatArray:
        """Return the error that may be spent by each fraction of the information.

        Parameters
        ----------
        fraction
            Shares of the planned information, any shape; those above 1 count as 1.
        error
            The whole of it, of one side.

        Returns
        -------
        ndarray
            Of the same shape, from 0 to ``error``.
        """
        t = np.clip(np.asarray(fraction, float), 0.0, 1.0)
        if self.family == "obrien-fleming":
            with np.errstate(divide="ignore"):
                share = 2 * special.ndtr(special.ndtri(error / 2) / np.sqrt(t))
            return np.asarray(np.where(t >= 1, error, share))
        if self.family == "pocock":
            return np.asarray(error * np.log1p((math.e - 1) * t))
        if self.family == "power":
            return np.asarray(error * t**self.parameter)
        if abs(self.parameter) < 1e-9:
            return np.asarray(error * t)
        return np.asarray(error * np.expm1(-self.parameter * t) / np.expm1(-self.parameter))

    def __str__(self) -> str:
        """Return its name as a sentence may carry it."""
        told = "" if math.isnan(self.parameter) else f" ({self.parameter:g})"
        return f"{_SAID[self.family]}{told}"


def spending(
    name: str = "obrien-fleming", *, gamma: float | None = None, exponent: float | None = None
) -> SpendingFunction:
    """Return the spending function of a family.

    Parameters
    ----------
    name
        ``"obrien-fleming"``: 2 - 2 Phi(z(a/2) / sqrt(t)), almost nothing early. ``"pocock"``:
        a log(1 + (e - 1) t), nearly evenly. ``"hwang-shih-decani"``: a (1 - exp(-gamma t)) /
        (1 - exp(-gamma)). ``"power"``: a t^exponent.
    gamma
        Of Hwang, Shih and DeCani: -4 is near O'Brien and Fleming, 1 near Pocock.
    exponent
        Of the power family, above 0: 3 is near O'Brien and Fleming, 1 spends evenly.

    Returns
    -------
    SpendingFunction
        Of an error and a fraction t of the planned information.

    Raises
    ------
    ArgumentError
        If the name is unknown, or its parameter is missing, cannot be used or belongs to another.

    References
    ----------
    Lan and DeMets (1983), Biometrika 70, 659-663; Hwang, Shih and DeCani (1990), Statistics in
    Medicine 9, 1439-1445; Kim and DeMets (1987), Biometrika 74, 149-154.

    Examples
    --------
    >>> spending("hwang-shih-decani", gamma=-4)(0.5, 0.05).round(5)
    np.float64(0.00596)
    """
    checks.one_of("name", name, FAMILIES)
    for word, value, owner in (
        ("gamma", gamma, "hwang-shih-decani"),
        ("exponent", exponent, "power"),
    ):
        if (value is None) != (name != owner):
            raise ArgumentError(
                f'`{word}` belongs to spending("{owner}"): '
                + ("it was not given." if value is None else f'"{name}" has none.')
            )
    value = gamma if name == "hwang-shih-decani" else exponent
    if value is None:
        return SpendingFunction(family=name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ArgumentError(f"`{'gamma' if gamma is not None else 'exponent'}` must be a number.")
    if name == "power" and value <= 0:
        raise ArgumentError(f"`exponent` must be above 0; got {value:g}.")
    if name == "hwang-shih-decani" and abs(value) > 40:
        raise ArgumentError(f"`gamma` must be between -40 and 40; got {value:g}.")
    return SpendingFunction(family=name, parameter=float(value))


def as_spending(argument: str, given: Any) -> SpendingFunction:
    """Return a spending function from one or from the name of one."""
    if isinstance(given, SpendingFunction):
        return given
    if not isinstance(given, str):
        raise ArgumentError(
            f"`{argument}` must be the name of a spending function or what `spending` returns; "
            f"got {type(given).__name__}."
        )
    checks.one_of(argument, given, FAMILIES)
    if given in {"hwang-shih-decani", "power"}:
        word = "gamma=-4" if given == "hwang-shih-decani" else "exponent=3"
        raise ArgumentError(
            f'`{argument}`: "{given}" has a parameter; pass spending("{given}", {word}).'
        )
    return spending(given)
