"""`compare_rates`: the rate of a treatment against that of control, from counts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import overload

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.adjustment import holm_family
from funnelkit.experiment.comparison import (
    ALTERNATIVES,
    SCALES,
    Alternative,
    Arm,
    Bounds,
    Comparison,
    Comparisons,
    Scale,
)
from funnelkit.experiment.proportions.methods import METHODS, RateMethod
from funnelkit.experiment.proportions.pairs import pair_of, two_names, whole
from funnelkit.experiment.proportions.scores import Pair

Counts = tuple[float, float]
"""(converted, entered)."""
SMALL = 100
"""Entries of the smaller arm below which ``"auto"`` is exact."""
LARGE = 1000
"""Entries of the larger arm beyond which it is not."""
_TOO_LARGE = 2000
"""Entries of an arm beyond which no exact test over the open rate is made."""


@overload
def compare_rates(
    control: Counts,
    treatment: Counts,
    *,
    method: RateMethod = ...,
    scale: Scale | None = ...,
    alternative: Alternative = ...,
    confidence_level: float = ...,
    metric: str = ...,
    units: str = ...,
    names: tuple[str, str] = ...,
    randomised: bool = ...,
) -> Comparison: ...


@overload
def compare_rates(
    control: Counts,
    treatment: Mapping[str, Counts],
    *,
    method: RateMethod = ...,
    scale: Scale | None = ...,
    alternative: Alternative = ...,
    confidence_level: float = ...,
    metric: str = ...,
    units: str = ...,
    names: tuple[str, str] = ...,
    randomised: bool = ...,
) -> Comparisons: ...


def compare_rates(
    control: Counts,
    treatment: Counts | Mapping[str, Counts],
    *,
    method: RateMethod = "auto",
    scale: Scale | None = None,
    alternative: Alternative = "two-sided",
    confidence_level: float = 0.95,
    metric: str = "rate",
    units: str = "leads",
    names: tuple[str, str] = ("control", "treatment"),
    randomised: bool = True,
) -> Comparison | Comparisons:
    """Return how the rate of a treatment differs from that of control, from counts.

    Parameters
    ----------
    control, treatment
        (converted, entered) of each arm. ``treatment`` may also be a mapping from the names of
        several treatments to their counts; each is compared with control. Every unit that entered
        is counted once, and has been followed for equally long.
    method
        The pair of p-value and interval. The result's ``method`` names the one that was used.

        - ``"auto"``: exact where the smaller arm has fewer than 100 and neither more than 1,000
          (``"exact"``, for odds ratios ``"boschloo"``). Otherwise, and for counts that are not
          whole, ``"score"``, for ratios ``"koopman"``.
        - ``"score"``: the score test with the factor N / (N - 1), and Miettinen and Nurminen's
          interval. Difference, ratio, odds ratio.
        - ``"z"``: the same without the factor: the usual z test with the pooled rate, and the score
          interval that belongs to it (Mee's). Difference, ratio, odds ratio.
        - ``"koopman"``: that of the ratio.
        - ``"newcombe"``: the hybrid of Wilson's intervals; p is the level at which it touches no
          effect. Difference, ratio (Donner and Zou's).
        - ``"agresti-caffo"``: Wald's interval with one conversion and one other more in each arm.
          Difference.
        - ``"exact"``: the largest chance, over the rate that the null hypothesis leaves open, of a
          score statistic as extreme. Two one-sided tests at alpha / 2 each, so that p is twice the
          smaller; the interval inverts them (Chan and Zhang's). Difference, ratio.
        - ``"barnard"``: the same with both sides in one test (Agresti and Min's). Difference,
          ratio.
        - ``"boschloo"``: the largest chance of as small a p-value of Fisher's test; two one-sided
          tests, and never a larger p-value than Fisher's. Odds ratio.
        - ``"fisher"``: given both margins; p is twice that of the smaller side, as in the exact
          interval of the conditional odds ratio, to which R's and SciPy's p-value of two sides does
          not belong. Odds ratio.
        - ``"fisher mid-p"``: the same with what was observed counted half. Odds ratio.
    scale
        ``"difference"`` (treatment less control), ``"ratio"`` or ``"odds ratio"``; by default the
        first that the method can speak of.
    alternative
        Of the treatment against control: ``"two-sided"``, ``"greater"`` or ``"less"``. With the
        last two the interval is one-sided too.
    confidence_level
        Of the intervals in the frame and the summary.
    metric
        What the rate is called.
    units
        Plural noun of what is counted.
    names
        Of control and treatment; of a mapping only the first is used.
    randomised
        Whether chance chose the arm; without it the result says "difference", never "effect".

    Returns
    -------
    Comparison or Comparisons
        With several treatments, p-values adjusted by Holm's method stand beside the plain ones.
        The odds ratio is that of the sample, with Fisher's tests the conditional one. ``relative``
        is treatment / control - 1, and its interval that of the ratio by the same method, so that
        it excludes 0 exactly where p is below alpha; by Koopman's where the method has none for
        ratios (Agresti-Caffo, Boschloo, Fisher).

    Raises
    ------
    ArgumentError
        If an arm has nobody, or more conversions than entries; if counts look like rates or
        percentages; if an exact method is given counts that are not whole, or, over the open rate,
        arms of more than 2,000; if a method does not speak of the scale; if a word is unknown.

    Notes
    -----
    The exact methods hold alpha at every rate and any size. Score, hybrid and mid-p methods hold it
    on average: at the worst rate up to 6.5 % of comparisons without an effect are below .05 with
    25 a side, 5.6 % with 100 (``benchmarks/proportion_sizes.py`` enumerates them); arms of unequal
    size may do worse. ``entered`` may
    be an effective number with methods that are not exact.

    References
    ----------
    Miettinen and Nurminen (1985), Statistics in Medicine 4, 213-226. Mee (1984), Biometrics 40,
    1175-1176. Koopman (1984), Biometrics 40, 513-517. Newcombe (1998), Statistics in Medicine 17,
    873-890. Donner and Zou (2012), Statistical Methods in Medical Research 21, 347-359. Agresti and
    Caffo (2000), The American Statistician 54, 280-288. Chan and Zhang (1999), Biometrics 55,
    1202-1209. Agresti and Min (2001), Biometrics 57, 963-971. Boschloo (1970), Statistica
    Neerlandica 24, 1-9. Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    Examples
    --------
    Newcombe (1998), table II, column (a), 56/70 less 48/80, by Miettinen and Nurminen's method:

    >>> found = compare_rates((48, 80), (56, 70), method="score")
    >>> [round(end, 4) for end in found.confidence_interval()]
    [0.0528, 0.3382]

    Fisher's lady tasting tea:

    >>> tea = compare_rates((1, 4), (3, 4), method="fisher", alternative="greater", units="cups")
    >>> round(tea.pvalue, 7), round(tea.effect, 4)
    (0.2428571, 6.4083)
    """
    first, second = two_names(names)
    checks.one_of("method", method, ("auto", *METHODS))
    checks.one_of("alternative", alternative, ALTERNATIVES)
    checks.confidence(confidence_level)
    if scale is not None:
        checks.one_of("scale", scale, SCALES)

    def compared(name: str, label: str, given: Counts) -> Comparison:
        pair = pair_of(control, given, labels=("`control`", label), units=units)
        chosen = _method(method, scale, pair)
        found = METHODS[chosen].find(pair, own := scale or METHODS[chosen].scales[0], alternative)
        relative, relative_bounds = _relative(pair, chosen, alternative)
        p1, p2 = pair.rates
        return Comparison(
            metric=metric,
            unit="share",
            control=Arm(name=first, n=pair.n1, mean=p1, converted=pair.x1),
            treatment=Arm(name=name, n=pair.n2, mean=p2, converted=pair.x2),
            scale=own,
            effect=found.effect,
            pvalue=found.pvalue,
            bounds=found.bounds,
            method=METHODS[chosen].label,
            statistic=found.statistic,
            alternative=alternative,
            relative=relative,
            relative_bounds=relative_bounds,
            units=units,
            randomised=randomised,
            notes=_notes(pair, found.effect, own, first),
            confidence_level=confidence_level,
        )

    if not isinstance(treatment, Mapping):
        return compared(second, "`treatment`", treatment)
    if not treatment:
        raise ArgumentError("`treatment` must name at least one treatment; got an empty mapping.")
    if first in treatment:
        raise ArgumentError(
            f"`treatment` has an arm named {first!r}, as control is; give control another name "
            "with `names`."
        )
    each = [
        compared(str(name), f"`treatment[{str(name)!r}]`", given)
        for name, given in treatment.items()
    ]
    return holm_family(each)


def _method(method: RateMethod, scale: Scale | None, pair: Pair) -> str:
    """Return the name of the method that is used.

    Raises
    ------
    ArgumentError
        If the one that was asked for cannot be.
    """
    all_whole, larger = whole(pair), max(pair.n1, pair.n2)
    if method == "auto":
        if all_whole and larger <= LARGE and min(pair.n1, pair.n2) < SMALL:
            return "boschloo" if scale == "odds ratio" else "exact"
        return "koopman" if scale == "ratio" else "score"
    asked = METHODS[method]
    if scale is not None and scale not in asked.scales:
        fitting = [f'"{name}"' for name, one in METHODS.items() if scale in one.scales]
        own = display.listed([f'"{one}"' for one in asked.scales], last="or")
        raise ArgumentError(
            f'`method="{method}"` tells the {own}, not the "{scale}"; of that '
            f"speak {display.listed(fitting)}."
        )
    if asked.whole and not all_whole:
        raise ArgumentError(
            f'`method="{method}"` needs whole numbers; got {pair.x1:g} of {pair.n1:g} and '
            f'{pair.x2:g} of {pair.n2:g}. For effective numbers use method="score".'
        )
    if larger > _TOO_LARGE and method in {"exact", "barnard", "boschloo"}:
        raise ArgumentError(
            f'`method="{method}"` takes arms of at most {_TOO_LARGE:,}; got {pair.n1:,.0f} and '
            f'{pair.n2:,.0f}. At this size use method="score", or "fisher".'
        )
    return method


def _relative(pair: Pair, method: str, alternative: Alternative) -> tuple[float, Bounds]:
    """Return treatment over control less 1, and its interval."""
    p1, p2 = pair.rates
    chosen = METHODS[method if "ratio" in METHODS[method].scales else "koopman"]
    found: list[Bounds] = []

    def bounds(level: float) -> tuple[float, float]:
        if not found:
            found.append(chosen.find(pair, "ratio", alternative).bounds)
        low, high = found[0](level)
        return low - 1, high - 1

    return (p2 / p1 - 1 if p1 > 0 else math.nan), bounds


def _notes(pair: Pair, effect: float, scale: Scale, control: str) -> tuple[str, ...]:
    """Return why there is no estimate, or an infinite one."""
    if math.isnan(effect):
        who = "Nobody" if pair.x1 + pair.x2 == 0 else "Everybody"
        return (f"{who} converted in both arms, so that there is no {scale}.",)
    if math.isinf(effect):
        if pair.x1 == 0:
            return (f"Nobody of {display.one_line(control)} converted: the {scale} has no limit.",)
        return (f"Everybody of the treatment converted: the {scale} has no limit.",)
    return ()
