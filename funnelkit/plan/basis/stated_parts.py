"""What a user states of a channel, read into estimates and lags; problems are collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, did_you_mean
from funnelkit.plan.basis.estimate import Estimate, shared_doubt
from funnelkit.plan.basis.lag import DayLag, Lag, MonthLag

FloatArray = NDArray[np.float64]
_SHARE = 0.999
"""Share of the wins within the months to which a lag is cut, where they are not given."""
_LONGEST = 60


class Reader:
    """Reads parts, and collects what is wrong with them.

    Parameters
    ----------
    problems
        Where problems are put.
    name
        Of the channel; empty where there are none.
    """

    def __init__(self, problems: list[str], name: str = "") -> None:
        self.problems = problems
        self._of = f" of {display.one_line(name)!r}" if name else ""

    def wrong(self, argument: str, words: str) -> None:
        """Note a problem with an argument."""
        self.problems.append(f"`{argument}`{self._of} {words}")

    def number(
        self, argument: str, given: Any, *, low: float = 0.0, high: float = np.inf
    ) -> float | None:
        """Return a number within limits."""
        if not is_number(given) or not np.isfinite(float(given)):
            self.wrong(argument, f"must be a number; got {given!r}.")
        elif not low <= float(given) <= high:
            ends = f"at least {low:g}" if np.isinf(high) else f"from {low:g} to {high:g}"
            hint = ""
            if high == 1 and 1 < float(given) <= 100:
                hint = f" Did you mean {float(given) / 100:g}?"
            self.wrong(argument, f"must be {ends}; got {float(given):g}.{hint}")
        else:
            return float(given)
        return None

    def whole(self, argument: str, given: Any) -> int | None:
        """Return a whole number of at least 1."""
        if isinstance(given, (int, np.integer)) and not isinstance(given, bool) and given >= 1:
            return int(given)
        self.wrong(argument, f"must be a whole number of at least 1; got {given!r}.")
        return None

    def keys(self, argument: str, given: Mapping[Any, Any], known: Sequence[str]) -> None:
        """Note every key that is not known, with the closest one that is."""
        for key in given:
            if key not in known:
                listed = ", ".join(f"`{name}`" for name in known)
                hint = did_you_mean(str(key), known)
                self.wrong(argument, f"has an unknown key {str(key)!r}; known: {listed}.{hint}")

    def rates(self, given: Any, doubt: float) -> tuple[Estimate, ...]:
        """Return the rate of each step; numbers share the stated doubt."""
        if is_number(given) or isinstance(given, Estimate):
            given = [given]
        if isinstance(given, (str, bytes, Mapping)) or not hasattr(given, "__iter__"):
            self.wrong("rates", f"must be a list of rates, one for each step; got {given!r}.")
            return ()
        steps = list(given)
        if isinstance(given, tuple) and _is_count(steps):
            steps = [given]  # (converted, entered) of a single step
        found = [self._rate(one) for one in steps]
        if not found:
            self.wrong("rates", "must hold a rate for each step; got none.")
        if any(one is None for one in found):
            return ()
        good = [one for one in found if one is not None]
        if not doubt:
            return tuple(good)
        plain = [k for k, one in enumerate(steps) if is_number(one) and 0 < good[k].value < 1]
        if not plain:
            self.wrong("doubt", "has no rate to bear it: give a rate between 0 and 1 as a number.")
            return tuple(good)
        try:
            sds = shared_doubt([good[k].value for k in plain], doubt)
        except ArgumentError as reason:
            self.wrong("doubt", f"cannot be: {reason}")
            return tuple(good)
        for k, sd in zip(plain, sds, strict=True):
            good[k] = Estimate(value=good[k].value, sd=sd)
        return tuple(good)

    def _rate(self, given: Any) -> Estimate | None:
        if isinstance(given, (tuple, list, np.ndarray)) and (
            len(given) != 2 or not all(is_number(one) for one in given)
        ):
            self.wrong("rates", f"must hold numbers or (converted, entered); got {given!r}.")
            return None
        try:
            if isinstance(given, (tuple, list, np.ndarray)):
                return Estimate.counted(float(given[0]), float(given[1]))
            if isinstance(given, Estimate):
                given.quantiles(np.array([0.5]), kind="share")
        except ArgumentError as reason:
            self.wrong("rates", f"cannot be: {reason}")
            return None
        one = given if isinstance(given, Estimate) else None
        value = self.number("rates", given if one is None else one.value, high=1.0)
        return None if value is None else one or Estimate(value=value)

    def size(self, given: Any) -> tuple[Estimate | None, float]:
        """Return the mean value of a deal, and the standard deviation of single ones over it."""
        if given is None or isinstance(given, Estimate):
            if given is not None and self.number("value", given.value) is None:
                return None, 0.0
            return given, 0.0
        if not isinstance(given, Mapping):
            value = self.number("value", given)
            return (None if value is None else Estimate(value=value)), 0.0
        self.keys("value", given, ("mean", "cv", "sd"))
        if "mean" not in given:
            self.wrong("value", "lacks `mean`, the mean value of a deal.")
            return None, 0.0
        mean = given["mean"]
        cv = self.number("value", given.get("cv", 0.0)) or 0.0
        if isinstance(mean, Estimate):
            return mean, cv
        value = self.number("value", mean)
        sd = self.number("value", given.get("sd", 0.0)) or 0.0
        return (None if value is None else Estimate(value=value, sd=sd)), cv

    def cost(self, given: Any) -> Estimate | None:
        """Return the cost of a lead."""
        if given is None:
            return None
        if isinstance(given, Estimate):
            return None if self.number("cost", given.value) is None else given
        if isinstance(given, tuple) and len(given) == 2:
            value, sd = (self.number("cost", one) for one in given)
            return None if value is None or sd is None else Estimate(value=value, sd=sd)
        value = self.number("cost", given)
        return None if value is None else Estimate(value=value)

    def lag(self, given: Any, argument: str = "lag") -> Lag:
        """Return when those who are won are."""
        none = MonthLag(np.ones(1))
        if given is None or isinstance(given, (MonthLag, DayLag)):
            return none if given is None else given
        if hasattr(given, "within") and hasattr(given, "stretched"):
            found: Lag = given
            return found
        if isinstance(given, Mapping):
            self.keys(argument, given, ("mean", "sd", "months"))
            return self._gamma(
                argument, given.get("mean"), given.get("sd", 0.0), given.get("months")
            )
        if isinstance(given, tuple) and len(given) == 2:
            return self._gamma(argument, *given, None)
        try:
            return MonthLag(np.asarray(given, float))
        except (ArgumentError, TypeError, ValueError):
            self.wrong(
                argument,
                "must be shares by months after the month of entry, at least 0 and together at "
                f"most 1, or (mean, sd) in months; got {given!r}.",
            )
            return none

    def _gamma(self, argument: str, mean: Any, sd: Any, months: Any) -> Lag:
        """Return a gamma distribution cut to months and brought back to a sum of 1."""
        none = MonthLag(np.ones(1))
        about, spread = self.number(argument, mean), self.number(argument, sd)
        if about is None or spread is None:
            return none
        if about == 0 or spread == 0:
            return MonthLag(np.eye(1, int(about) + 1, int(about))[0])
        if months is None:
            law = stats.gamma((about / spread) ** 2, scale=spread**2 / about)
            months = min(int(np.ceil(law.ppf(_SHARE))), _LONGEST)
        elif not isinstance(months, (int, np.integer)) or isinstance(months, bool) or months < 0:
            self.wrong(argument, f"must have whole `months` of at least 0; got {months!r}.")
            return none
        shares = gamma_shares(about, spread, int(months))
        if not shares.sum() > 0:
            self.wrong(argument, f"has nothing within {display.plural(int(months), 'month')}.")
            return none
        return MonthLag(shares / shares.sum())


def gamma_shares(mean: float, sd: float, months: int) -> FloatArray:
    """Return the shares that come 0, 1 … months after the month of entry, of gamma times.

    Parameters
    ----------
    mean, sd
        Of the time from entry, in months, above 0.
    months
        Last month that is told.

    Returns
    -------
    ndarray
        Shape ``(months + 1,)``; what comes later is missing to 1.

    Notes
    -----
    Entries are spread evenly over their month, so that the share by the end of the k-th month
    after it is the mean of F over k to k + 1; ∫ F = x F(x; a) - mean F(x; a + 1). The mean
    number of months is the mean time.

    Examples
    --------
    >>> shares = gamma_shares(2.0, 1.2, 30)
    >>> round(float(shares @ np.arange(31)), 6)
    2.0
    """
    shape, scale = (mean / sd) ** 2, sd**2 / mean
    ends = np.arange(months + 2) / scale
    whole = scale * ends * special.gammainc(shape, ends) - mean * special.gammainc(shape + 1, ends)
    return np.asarray(np.diff(np.diff(whole), prepend=0.0))


def is_number(given: Any) -> bool:
    """Whether something is a plain number."""
    return isinstance(given, (int, float, np.integer, np.floating)) and not isinstance(given, bool)


def _is_count(given: list[Any]) -> bool:
    """Whether two numbers are (converted, entered), and not two shares."""
    return len(given) == 2 and all(is_number(one) for one in given) and max(given) > 1
