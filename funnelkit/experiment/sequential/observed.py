"""`Look`: what one look at a running experiment has shown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import Alternative, Comparison
from funnelkit.experiment.sequential.given import rising

_FAR = 37.0
"""Standard errors beyond which no p-value can be told from 0."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look: the information that was in, and what it showed.

    Parameters
    ----------
    information
        Matured leads so far, or their share of the whole.
    z
        Statistic, above 0 where the treatment is above control.
    comparison
        All leads so far compared, where the look came as one.
    effect, standard_error
        On any scale; NaN where only z is known.
    """

    information: float
    z: float
    comparison: Comparison | None = None
    effect: float = math.nan
    standard_error: float = math.nan

    def against(self, distance: float) -> float:
        """Return the value of the effect from which the look is so many standard errors away.

        The look lies above that value where the distance is positive; at 0 it is the estimate.
        With a comparison it is an end of its own interval, so that p-values and intervals that
        are corrected for the looks stay a pair, as those of the comparison are.
        """
        if self.comparison is None:
            return self.effect - distance * self.standard_error
        return _end(self.comparison, distance)

    def standard_errors(self, effect: float) -> float:
        """Return how many standard errors an effect is from none, by the interval of the look."""
        if self.comparison is None:
            return effect / self.standard_error
        low, high = _end(self.comparison, 1.0), _end(self.comparison, -1.0)
        if self.comparison.scale == "difference":
            return effect / max((high - low) / 2, 1e-300)
        if min(low, effect) <= 0:
            return math.nan
        return math.log(effect) / max(math.log(high / low) / 2, 1e-300)


def _end(comparison: Comparison, distance: float) -> float:
    """Return the end of the interval of a comparison that many standard errors away."""
    side = abs(distance)
    if side < 1e-9:
        return comparison.effect
    if comparison.alternative == "two-sided":
        level = 1 - 2 * float(special.ndtr(-side))
    else:
        upwards = comparison.alternative == "greater"
        level = float(special.ndtr(distance if upwards else -distance))
    bottom = 0.0 if comparison.scale != "difference" else -math.inf
    if comparison.unit == "share" and comparison.scale == "difference":
        bottom = -1.0
    top = 1.0 if bottom == -1.0 else math.inf
    if level <= 0 or level >= 1:
        return bottom if distance > 0 else top
    low, high = _bounds(comparison, level)
    if comparison.alternative == "two-sided":
        return float(low if distance > 0 else high)
    return float(low if comparison.alternative == "greater" else high)


@lru_cache(maxsize=64)
def _bounds(comparison: Comparison, level: float) -> tuple[float, float]:
    """Return the ends of an interval; those of an exact method take long, and are asked twice."""
    return comparison.bounds(level)


def z_of(comparison: Comparison) -> float:
    """Return the z that has the p-value of a comparison, with the sign of its effect.

    Raises
    ------
    ArgumentError
        If the comparison has no p-value.
    """
    p = comparison.pvalue
    if math.isnan(p):
        raise ArgumentError(
            f"`looks`: the comparison of {comparison.metric} has no p-value; look when both "
            "variants have matured leads."
        )
    if comparison.alternative != "two-sided":
        z = float(np.clip(-special.ndtri(p), -_FAR, _FAR))
        return z if comparison.alternative == "greater" else -z
    size = min(-float(special.ndtri(p / 2)), _FAR)
    return math.copysign(max(size, 0.0), comparison.effect - comparison.null)


def matured_leads(comparison: Comparison) -> float:
    """Return the leads of an even split that tell as much as both arms of a comparison."""
    first, second = comparison.control.n, comparison.treatment.n
    return 4 * first * second / max(first + second, 1e-300)


def looks_of(given: Any, alternative: Alternative) -> list[Look]:
    """Return looks from pairs, comparisons, looks or a frame, in order.

    Raises
    ------
    ArgumentError
        If there is none, one cannot be read, or information does not rise.
    """
    if hasattr(given, "columns"):
        given = _rows(given)
    if isinstance(given, (str, bytes, Comparison)) or not isinstance(given, Iterable):
        raise ArgumentError(
            "`looks` must be a sequence of looks, such as [(400, 1.2), (800, 2.1)]: information "
            f"and z, or information and a comparison; got {type(given).__name__}."
        )
    found = [look_of(one, alternative, f"look {k}") for k, one in enumerate(given, 1)]
    if not found:
        raise ArgumentError("`looks` must hold at least one look; got none.")
    rising("looks", [one.information for one in found])
    return found


def look_of(given: Any, alternative: Alternative, name: str) -> Look:
    """Return one look.

    Raises
    ------
    ArgumentError
        If it cannot be read, or its comparison tests another alternative.
    """
    if isinstance(given, Look):
        return _whole(given, name)
    if isinstance(given, Comparison):
        given = (matured_leads(given), given)
    if (
        not isinstance(given, Sequence)
        or isinstance(given, (str, bytes))
        or len(given)
        not in {
            2,
            3,
        }
    ):
        raise ArgumentError(
            f"`looks`: {name} must be (information, z), (information, effect, standard error) or "
            f"(information, comparison); got {given!r:.60}."
        )
    if isinstance(given[1], Comparison):
        one = given[1]
        if one.alternative != alternative:
            raise ArgumentError(
                f'`looks`: {name} was compared with alternative="{one.alternative}", the plan has '
                f'"{alternative}"; compare with that of the plan.'
            )
        return _whole(
            Look(
                information=_float(given[0], name),
                z=z_of(one),
                comparison=one,
                effect=one.effect,
                standard_error=math.nan,
            ),
            name,
        )
    values = [_float(one, name) for one in given]
    if len(values) == 3:
        if values[2] <= 0:
            raise ArgumentError(
                f"`looks`: {name} must have a standard error above 0; got {values[2]:g}."
            )
        return Look(
            information=values[0],
            z=values[1] / values[2],
            effect=values[1],
            standard_error=values[2],
        )
    return Look(information=values[0], z=values[1])


def _whole(look: Look, name: str) -> Look:
    """Return a look whose numbers can be used."""
    return replace(look, information=_float(look.information, name), z=_float(look.z, name))


def _float(value: Any, name: str) -> float:
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number):
            return number
    raise ArgumentError(f"`looks`: {name} must hold numbers; got {value!r:.60}.")


def _rows(frame: Any) -> list[tuple[float, ...]]:
    """Return looks from the columns of a frame."""
    names = [str(name) for name in frame.columns]
    for columns in (("information", "effect", "standard_error"), ("information", "z")):
        if set(columns) <= set(names):
            return [tuple(row) for row in frame[list(columns)].itertuples(index=False)]
    raise ArgumentError(
        "`looks`: a frame needs the columns `information` and `z`, or `information`, `effect` and "
        f"`standard_error`; got {', '.join(names[:8]) or 'none'}."
    )
