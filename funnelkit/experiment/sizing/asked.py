"""What is asked of a test, checked: rates, effects, levels, split and what makes a test larger."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.comparison import ALTERNATIVES, Alternative


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What every planning question has in common.

    Parameters
    ----------
    alpha
        Chance of a finding where there is none, over all treatments.
    alternative
        Of the treatment: other than, above or below control.
    design_effect
        How many leads are worth one independent one.
    inflation
        How many times as large a test with several looks has to be.
    treatments
        Treatments that are compared with one control.
    power
        Chance to find the effect, if it is there; where it is asked for, any.
    """

    alpha: float
    alternative: Alternative
    design_effect: float
    inflation: float
    treatments: int
    power: float = 0.8

    def __post_init__(self) -> None:
        """Refuse what cannot be; the words tell which argument."""
        checks.one_of("alternative", self.alternative, ALTERNATIVES)
        between("alpha", self.alpha, hint_above=0.5)
        between("power", self.power)
        checks.positive_whole("treatments", self.treatments)
        if self.power <= self.tail:
            raise ArgumentError(
                f"`power` must be above the chance of a finding without an effect, {self.tail:g}; "
                f"got {self.power:g}."
            )
        at_least("design_effect", self.design_effect, 1.0)
        at_least("inflation", self.inflation, 1.0)

    @property
    def tail(self) -> float:
        """Level on the side on which the effect is looked for, for each treatment."""
        sides = 2 if self.alternative == "two-sided" else 1
        return self.alpha / self.treatments / sides

    @property
    def larger(self) -> float:
        """How many leads stand for one independent lead of a test with one look."""
        return self.design_effect * self.inflation


def rate(argument: str, value: float) -> float:
    """Return a rate, strictly between 0 and 1.

    Raises
    ------
    ArgumentError
        For anything else; per cent get the share they probably meant.

    Examples
    --------
    >>> rate("control_rate", 0.2)
    0.2
    """
    return between(argument, value, what="a share ")


def between(
    argument: str, value: float, *, what: str = "", hint_above: float | None = None
) -> float:
    """Return a number strictly between 0 and 1.

    Raises
    ------
    ArgumentError
        For anything else, with what was probably meant.
    """
    found = number(argument, value)
    if not 0 < found < 1:
        hint = f" Did you mean {found / 100:g}?" if 1 <= found < 100 else ""
        raise ArgumentError(f"`{argument}` must be {what}between 0 and 1; got {value!r}.{hint}")
    if hint_above is not None and found > hint_above:
        raise ArgumentError(
            f"`{argument}` must be at most {hint_above:g}; got {value!r}. "
            f"Did you mean {1 - found:.4g}?"
        )
    return found


def at_least(argument: str, value: float, least: float) -> float:
    """Return a finite number of at least so much.

    Raises
    ------
    ArgumentError
        For anything else.
    """
    found = number(argument, value)
    if found < least:
        raise ArgumentError(f"`{argument}` must be a number of at least {least:g}; got {value!r}.")
    return found


def above(argument: str, value: Any, least: float = 0.0) -> float:
    """Return a finite number above another one.

    Raises
    ------
    ArgumentError
        For anything else.
    """
    found = number(argument, value)
    if found <= least:
        raise ArgumentError(f"`{argument}` must be a number above {least:g}; got {value!r}.")
    return found


def number(argument: str, value: Any) -> float:
    """Return a finite number as a float.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    try:
        found = math.nan if isinstance(value, (bool, str)) else float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise ArgumentError(f"`{argument}` must be a number; got {value!r}.")
    return found


def effect_of(
    absolute: float | None, relative: float | None, base: float, *, needed: bool = True
) -> float:
    """Return the effect as treatment less control, from the one of the two that was given.

    Raises
    ------
    ArgumentError
        If both or neither were given, or the effect is none.
    """
    if (absolute is None) == (relative is None):
        if not needed and absolute is None:
            return math.nan
        came = "neither" if absolute is None else "both"
        raise ArgumentError(
            "give the effect either as `absolute` (0.05 is 5 points) or as `relative` (0.25 is a "
            f"quarter more); got {came}."
        )
    if relative is not None:
        if not math.isfinite(base):
            raise ArgumentError(
                "`relative` needs the mean of the control to be relative to; give `mean` as well."
            )
        found = number("relative", relative) * base
    else:
        found = number("absolute", absolute)
    if found == 0:
        raise ArgumentError(
            f"`{'absolute' if relative is None else 'relative'}` must be an effect other than 0: "
            "no test is large enough to find nothing."
        )
    return found


def treated_rate(control: float, absolute: float | None, relative: float | None) -> float:
    """Return the rate of the treatment.

    Raises
    ------
    ArgumentError
        If it is no share; per cent and points get the share they probably meant.
    """
    effect = effect_of(absolute, relative, control)
    found = control + effect
    if 0 < found < 1:
        return found
    name, given = ("absolute", absolute) if relative is None else ("relative", relative)
    size = abs(number(name, given))
    hint = f" Did you mean {number(name, given) / 100:g}?" if 1 <= size <= 100 else ""
    raise ArgumentError(
        f"`{name}` must leave the treatment a share between 0 and 1; {control:g} with "
        f"{name} {given!r} is {found:.4g}.{hint}"
    )


def same_side(effect: float, alternative: Alternative) -> None:
    """Refuse an effect on the side on which nobody looks.

    Raises
    ------
    ArgumentError
        If it is on that side.
    """
    if (alternative == "greater" and effect < 0) or (alternative == "less" and effect > 0):
        word = "a fall" if effect < 0 else "a rise"
        raise ArgumentError(
            f'`alternative` "{alternative}" cannot find {word}; take '
            f'"{"less" if effect < 0 else "greater"}" or "two-sided".'
        )


def arms(n: float | Sequence[float]) -> tuple[float, float]:
    """Return the units of control and treatment, from one number for both or a pair.

    Raises
    ------
    ArgumentError
        If there is less than one unit on a side.
    """
    pair = tuple(n) if isinstance(n, Iterable) else (n, n)
    if len(pair) != 2:
        raise ArgumentError(
            "`n` must be the number in each arm, or a pair (control, treatment); got "
            f"{len(pair)} numbers."
        )
    first, second = (at_least("n", one, 1.0) for one in pair)
    return first, second


def ratio_of(split: float) -> float:
    """Return treatment over control, from the share of both that the treatment gets.

    Raises
    ------
    ArgumentError
        If it is no share.
    """
    share = between("split", split, what="the share of treatment among both arms, ")
    return share / (1 - share)


def planned_design_effect(account_sizes: Sequence[float], icc: float) -> float:
    """Return how many leads of accounts that go together are worth one independent lead.

    Parameters
    ----------
    account_sizes
        Leads of each account; a sample of past ones serves.
    icc
        Correlation of two leads of one account, from 0 (independent) to 1 (as one).

    Returns
    -------
    float
        At least 1; the variance of a rate is so many times that of independent leads. It is what
        ``design_effect=`` of the functions of this room takes.

    Raises
    ------
    ArgumentError
        If there are no sizes, a size is below 1, or the correlation is outside 0 to 1.

    Notes
    -----
    1 + (Σ m² / Σ m - 1) · icc, with m the size of an account: accounts as they come, each lead
    of equal weight.

    References
    ----------
    Kish (1965), Survey Sampling, section 5.4; for unequal sizes Eldridge, Ashby and Kerry (2006),
    International Journal of Epidemiology 35, 1292-1300, equation 3.

    Examples
    --------
    >>> planned_design_effect([5, 5, 5], icc=0.1)
    1.4
    """
    sizes = [at_least("account_sizes", one, 1.0) for one in account_sizes]
    if not sizes:
        raise ArgumentError("`account_sizes` must hold the leads of at least one account.")
    share = number("icc", icc)
    if not 0 <= share <= 1:
        raise ArgumentError(f"`icc` must be a correlation from 0 to 1; got {icc!r}.")
    seen = math.fsum(one * one for one in sizes) / math.fsum(sizes)
    return 1 + (seen - 1) * share
