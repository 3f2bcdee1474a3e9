"""`check_balance`: whether the arms differed before anything was done to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special, stats

from funnelkit._core import display, strata
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.guards.result import Guard, level_of, not_checked, told

Given = tuple[float, float] | tuple[float, float, float]
"""(converted, entered) of a rate, or (n, mean, sd) of a mean."""
_NAME = "balance before"
_FEW = 5.0
"""Expected counts below which the test is exact."""
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class _Before:
    """One covariate in both arms, before the start."""

    name: str
    n: tuple[float, float]
    means: tuple[float, float]
    standardised: float
    pvalue: float
    is_rate: bool


def check_balance(
    control: Given | Mapping[str, Given],
    treatment: Given | Mapping[str, Given],
    *,
    names: tuple[str, str] = ("control", "treatment"),
    units: str = "leads",
) -> Guard:
    """Return whether two arms differed before the start.

    Parameters
    ----------
    control, treatment
        For each covariate (converted, entered) of a rate before the start, or (n, mean, sd) of a
        mean; or one of those, for one rate or mean. ``entered`` is a whole number.
    names
        Of the two arms.
    units
        Plural noun of what is counted.

    Returns
    -------
    Guard
        A note where p is below .01, a warning below .001, p being multiplied by the number of
        covariates: arms split by chance are noted at most 1 in 100 times. Figures: ``covariate``,
        ``control_n``, ``control_mean``, ``treatment_n``, ``treatment_mean``, ``difference``,
        ``standardised`` (in standard deviations of one unit), ``pvalue``, ``adjusted_pvalue``.

    Raises
    ------
    ArgumentError
        If the arms have different covariates, or counts cannot be.

    Notes
    -----
    Rates: the score test with N - 1, Fisher's exact test where fewer than 5 are expected. Means:
    Welch. Covariates must have been fixed before assignment: what the treatment could have changed
    belongs among the results.

    References
    ----------
    Campbell (2007), Statistics in Medicine 26, 3661-3675, on the two tests of two rates. Austin
    (2009), Statistics in Medicine 28, 3083-3107, on standardised differences.

    Examples
    --------
    >>> found = check_balance({"rate before": (120, 900)}, {"rate before": (190, 910)})
    >>> found.level
    'warning'
    """
    first, second = _covariates("control", control), _covariates("treatment", treatment)
    if set(first) != set(second):
        odd = sorted({*first} ^ {*second})
        raise ArgumentError(
            "`control` and `treatment` must have the same covariates; only one has "
            f"{', '.join(f'`{told(name)}`' for name in odd[:5])}."
        )
    if not first:
        return not_checked(_NAME, "no covariate from before the start is named")
    found = [_before(name, first[name], second[name]) for name in first]
    adjusted = [min(one.pvalue * len(found), 1.0) for one in found]
    least = min(adjusted)
    level = level_of(least)
    odd_ones = sorted(
        (k for k, value in enumerate(adjusted) if level_of(value) != "ok"), key=adjusted.__getitem__
    )
    said = [_sentence(found[k], names, adjusted[k], units) for k in odd_ones[:_SHOWN]]
    more = len(odd_ones) - _SHOWN
    if more > 0:
        said.append(f"So do {display.plural(more, 'more covariate')}.")
    return Guard(
        name=_NAME,
        level=level,
        sentence=" ".join(said)
        or f"Before the start the arms were alike in {_listed([one.name for one in found])}.",
        figures=tuple(_row(one, value) for one, value in zip(found, adjusted, strict=True)),
        remedy=""
        if level == "ok"
        else "Find out how the arms were chosen; compare with the covariate taken into account "
        "(regression adjustment), or the change of each arm (difference_in_differences).",
        pvalue=least,
    )


def _before(name: str, control: tuple[float, ...], treatment: tuple[float, ...]) -> _Before:
    if len(control) != len(treatment):
        raise ArgumentError(f"`{told(name)}` must be a rate in both arms, or a mean in both.")
    if len(control) == 2:
        (x0, n0), (x1, n1) = control, treatment
        means = (x0 / n0, x1 / n1)
        pvalue = _rates(np.array([x0, x1]), np.array([n0, n1]))
        spreads = [mean * (1 - mean) for mean in means]
        sizes = (n0, n1)
    else:
        (n0, m0, s0), (n1, m1, s1) = control, treatment
        means, sizes, spreads = (m0, m1), (n0, n1), [s0**2, s1**2]
        pvalue = _means(sizes, means, (s0, s1))
    spread = math.sqrt(sum(spreads) / 2)
    gap = means[1] - means[0]
    standardised = gap / spread if spread > 0 else math.copysign(math.inf, gap) if gap else 0.0
    return _Before(
        name=name,
        n=sizes,
        means=means,
        standardised=standardised,
        pvalue=pvalue,
        is_rate=len(control) == 2,
    )


def _rates(x: np.ndarray[Any, Any], n: np.ndarray[Any, Any]) -> float:
    """Return the p-value of two equal rates: exact where few are expected."""
    common = float(x.sum() / n.sum())
    if float((n * min(common, 1 - common)).min()) < _FEW:
        table = np.array([x, n - x]).astype(int)
        return float(stats.fisher_exact(table).pvalue)
    return strata.cochran_mantel_haenszel(x[:, None], n[:, None], correction=False).pvalue


def _means(n: tuple[float, float], means: tuple[float, float], sds: tuple[float, float]) -> float:
    parts = np.array(sds) ** 2 / np.array(n)
    gap = means[1] - means[0]
    if parts.sum() <= 0:
        return 1.0 if gap == 0 else 0.0
    df = parts.sum() ** 2 / (parts**2 / (np.array(n) - 1)).sum()
    return float(2 * special.stdtr(df, -abs(gap) / math.sqrt(parts.sum())))


def _sentence(one: _Before, names: tuple[str, str], pvalue: float, units: str) -> str:
    shown = [display.percent(mean) if one.is_rate else f"{mean:,.4g}" for mean in one.means]
    counts = [display.count(number) for number in one.n]
    return (
        f"Before the start {told(one.name)} already was {shown[1]} in {told(names[1])} "
        f"({counts[1]} {units}) against {shown[0]} in {told(names[0])} ({counts[0]}); "
        f"{display.pvalue(pvalue)}."
    ).replace("-", display.MINUS if not one.is_rate else "-")


def _row(one: _Before, adjusted: float) -> dict[str, Any]:
    return {
        "covariate": one.name,
        "control_n": one.n[0],
        "control_mean": one.means[0],
        "treatment_n": one.n[1],
        "treatment_mean": one.means[1],
        "difference": one.means[1] - one.means[0],
        "standardised": one.standardised,
        "pvalue": one.pvalue,
        "adjusted_pvalue": adjusted,
    }


def _listed(names: list[str]) -> str:
    more = [f"{len(names) - 5} more"] if len(names) > 6 else []
    return display.listed([told(name) for name in names[: 5 if more else 6]] + more)


def _covariates(argument: str, given: Any) -> dict[str, tuple[float, ...]]:
    """Return the covariates of an arm, checked."""
    each = dict(given) if isinstance(given, Mapping) else {"the rate or mean": given}
    found: dict[str, tuple[float, ...]] = {}
    for name, values in each.items():
        try:
            numbers = tuple(float(value) for value in values)
        except (TypeError, ValueError):
            numbers = ()
        if len(numbers) not in (2, 3) or isinstance(values, str) or not _possible(numbers):
            raise ArgumentError(
                f"`{argument}`: `{told(name)}` must be (converted, entered) with somebody entered "
                f"and no more converted, or (n, mean, sd) with n of at least 2; got {values!r}."
            )
        found[str(name)] = numbers
    return found


def _possible(numbers: tuple[float, ...]) -> bool:
    if not np.isfinite(numbers).all():
        return False
    if len(numbers) == 2:
        whole = all(number % 1 == 0 for number in numbers)
        return whole and 0 <= numbers[0] <= numbers[1] and numbers[1] > 0
    return numbers[0] >= 2 and numbers[2] >= 0
