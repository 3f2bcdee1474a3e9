"""`compare_stages`: two arms over all stages of a funnel, as one family of comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.adjustment import adjust_pvalues
from funnelkit.experiment.comparison import ALTERNATIVES, Alternative
from funnelkit.experiment.families.max_t import step_down
from funnelkit.experiment.families.stages_result import Counts, StageComparisons
from funnelkit.experiment.proportions import RateMethod, compare_rates

StageMethod = Literal["gatekeeping", "holm", "benjamini-hochberg", "max-t"]
"""How the stages answer for each other."""
_SAID: dict[str, str] = {
    "gatekeeping": "gatekeeping",
    "holm": "Holm",
    "benjamini-hochberg": "Benjamini-Hochberg",
    "max-t": "max-T permutation",
}
_NOTES: dict[str, str] = {
    "gatekeeping": (
        "Stages are taken in turn down the funnel: one counts only if all before it do."
    ),
    "benjamini-hochberg": (
        "It holds the expected share of false findings, not the chance of one: of many stages "
        "found, some may be chance."
    ),
}


def compare_stages(
    control: Mapping[str, int],
    treatment: Mapping[str, int],
    *,
    stages: Sequence[str] | None = None,
    method: StageMethod = "gatekeeping",
    test: RateMethod = "auto",
    alternative: Alternative = "two-sided",
    confidence_level: float = 0.95,
    within: int | None = None,
    names: tuple[str, str] = ("control", "treatment"),
    units: str = "leads",
    randomised: bool = True,
    rng: np.random.Generator | int = 0,
    draws: int = 9_999,
) -> StageComparisons:
    """Return the stages of a funnel in two arms, tested from the entry on and as one family.

    Parameters
    ----------
    control, treatment
        Units that entered and that reached each stage: ``{"lead": 400, "mql": 120, "won": 12}``.
        A unit counts at every stage up to the furthest it reached, so that counts never rise.
        All units must have had the same time (see :func:`compare_lagged` where they had not).
    stages
        The entry, then the stages in the order of the funnel. Default: the order of ``control``.
    method
        ``"gatekeeping"``: in turn down the funnel, each at the full level as long as all before
        it are significant. ``"holm"``: no order is needed. ``"benjamini-hochberg"``: holds the
        false discovery rate, which promises less. ``"max-t"``: permutation of the arms, which
        uses that stages move together.
    test
        Of each stage by itself, as ``method`` of :func:`compare_rates`; by default exact below
        100 units an arm. ``"max-t"`` adjusts score statistics, whichever test is told beside.
    alternative
        Of the treatment against control, at every stage.
    confidence_level
        Of the intervals; 1 less it is the level of the family.
    within
        Days after entry within which stages were reached; it is only said.
    names, units
        What the arms and the units are called.
    randomised
        Whether chance chose the arm.
    rng
        Seed or Generator of the permutations of ``"max-t"``.
    draws
        Number of permutations.

    Returns
    -------
    StageComparisons
        For each stage, reached over *entered* in both arms, with the interval and p-value of that
        stage by itself, and the adjusted p-value beside them, which is never the smaller. The
        rates from one stage to the next are in the frame to read: who reaches a stage is chosen
        by the treatment, so that from there on arms are no longer alike, and nothing is tested.

    Raises
    ------
    ArgumentError
        If a stage is missing, there is none to compare, or an argument is unknown.
    DataError
        If counts are negative, no whole numbers, rise down the funnel, or nobody entered.

    References
    ----------
    Westfall and Young (1993), Resampling-Based Multiple Testing, algorithm 4.1. See
    :func:`adjust_pvalues` for the others, and :func:`compare_rates` for the tests.

    Examples
    --------
    >>> found = compare_stages(
    ...     {"lead": 400, "mql": 120, "sql": 60, "won": 12},
    ...     {"lead": 400, "mql": 160, "sql": 85, "won": 20},
    ... )
    >>> [round(p, 4) for p in found.adjusted], found.significant
    ([0.003, 0.0218, 0.1492], (True, True, False))
    """
    checks.one_of("method", method, get_args(StageMethod))
    checks.one_of("alternative", alternative, ALTERNATIVES)
    level = checks.confidence(confidence_level)
    checks.positive_whole("draws", draws)
    if within is not None:
        checks.positive_whole("within", within)
    order = _order(control, treatment, stages)
    first = _counts("control", control, order)
    second = _counts("treatment", treatment, order)
    days = "" if within is None else f" within {display.plural(within, 'day')}"
    metrics = tuple(f"{order[0]} to {stage}{days}" for stage in order[1:])
    compared = tuple(
        compare_rates(
            (first[k], first[0]),
            (second[k], second[0]),
            method=test,
            alternative=alternative,
            confidence_level=level,
            metric=metric,
            units=units,
            names=names,
            randomised=randomised,
        )
        for k, metric in enumerate(metrics, 1)
    )
    notes = [_NOTES[method]] if method in _NOTES else []
    if method == "max-t":
        sign = {"two-sided": 0, "greater": 1, "less": -1}[alternative]
        source = np.random.default_rng(rng)
        drawn = step_down(np.array(first), np.array(second), sign=sign, draws=draws, rng=source)
        found = np.maximum(drawn, [one.pvalue for one in compared])
        widest = max(float(np.sqrt(p * (1 - p) / draws)) for p in found)
        notes.append(
            f"Adjusted p-values rest on {display.count(draws)} permutations; their standard error "
            f"is at most {widest:.4f}."
        )
    else:
        found = adjust_pvalues([one.pvalue for one in compared], method=method)
    return StageComparisons(
        comparisons=compared,
        adjusted=tuple(float(p) for p in found),
        adjustment=_SAID[method],
        notes=tuple(notes),
        stages=order,
        metrics=metrics,
        control_counts=first,
        treatment_counts=second,
        alpha=1 - level,
        draws=draws if method == "max-t" else 0,
    )


def _order(
    control: Mapping[str, int], treatment: Mapping[str, int], stages: Sequence[str] | None
) -> tuple[str, ...]:
    """Return the entry and the stages, which both arms must hold."""
    for argument, given in (("control", control), ("treatment", treatment)):
        if not isinstance(given, Mapping):
            raise ArgumentError(
                f"`{argument}` must be counts by stage such as "
                f'{{"lead": 400, "mql": 120, "won": 12}}; got {type(given).__name__}.'
            )
    if isinstance(stages, str):
        raise ArgumentError(f"`stages` must be a list of stages; got the text {stages!r}.")
    order = tuple(control) if stages is None else tuple(stages)
    if len(order) < 2 or len(set(order)) < len(order):
        raise ArgumentError(
            "`stages` must name the entry and at least one stage after it, each once; got "
            f"{display.listed([repr(name) for name in order]) or 'none'}."
        )
    for argument, given in (("control", control), ("treatment", treatment)):
        for name in order:
            checks.member(argument, "stage", name, given.keys())
    if stages is None and len(treatment) > len(order):
        more = [repr(name) for name in treatment if name not in control]
        raise ArgumentError(
            f"`treatment` has stages that `control` has not: {display.listed(more[:5])}. Give "
            "both the same stages, or name those to compare in `stages`."
        )
    return order


def _counts(argument: str, given: Mapping[str, Any], order: tuple[str, ...]) -> Counts:
    """Return the counts in the order of the stages."""
    problems = []
    for name in order:
        value = given[name]
        number = isinstance(value, (int, float, np.integer, np.floating))
        if not number or isinstance(value, bool) or not value >= 0 or value % 1:
            problems.append(
                f"`{argument}` must hold whole counts of at least 0; {name} is {value!r}."
            )
    if problems:
        raise DataError(problems)
    found = tuple(int(given[name]) for name in order)
    if not found[0]:
        raise DataError(f"`{argument}`: nobody entered {order[0]}; there is no rate to compare.")
    rising = [k for k in range(1, len(found)) if found[k] > found[k - 1]]
    if rising:
        shown = display.listed(
            [f"{order[k]} {found[k]} after {order[k - 1]} {found[k - 1]}" for k in rising[:5]]
        )
        raise DataError(
            f"`{argument}`: counts must not rise down the funnel, as a unit counts at every stage "
            f"up to the furthest it reached; got {shown}."
        )
    return found
