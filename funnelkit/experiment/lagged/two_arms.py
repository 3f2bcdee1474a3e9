"""The counts of two arms side by side, out of one triangle or of two."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.triangle import AccountSums, IntArray, Triangle
from funnelkit.experiment.proportions.pairs import two_names

FloatArray = NDArray[np.float64]
Rows = NDArray[np.bool_]
CONTROL, TREATMENT = "control", "treatment"
"""Segments of the counts of two arms, whatever the arms are called."""


@dataclass(frozen=True, eq=False, kw_only=True)
class TwoArms:
    """Two arms to be compared.

    Parameters
    ----------
    counts
        Two segments, control and treatment, each with a single cohort.
    for_good
        The same with every lead that left kept under observation, unconverted, up to the age that
        it has today; without exits, ``counts`` itself. ``None`` where leads that left before
        recording began are missing.
    names
        What the arms are called.
    together
        Share of the treatment's leads that entered in a cohort in which control's did too.
    unassigned
        Leads without a variant, which are in neither arm.
    """

    counts: Triangle
    for_good: Triangle | None
    names: tuple[str, str]
    together: float
    unassigned: int = 0


def two_arms(
    triangle: Triangle,
    other: Triangle | None,
    *,
    control: str | None,
    treatment: str | None,
    by: str | None,
    names: tuple[str, str] | None,
    concurrent: bool,
) -> TwoArms:
    """Return the two arms of a triangle by variant, or of two triangles; see `compare_lagged`."""
    _check_kind("triangle", triangle)
    given = None if names is None else two_names(names)
    if other is not None:
        _check_kind("other", other)
        called = given or two_names((control or CONTROL, treatment or TREATMENT))
        everything = [np.ones(each.n_segments, bool) for each in (triangle, other)]
        parts = [(triangle, everything[0]), (other, everything[1])]
        unassigned = 0
    else:
        values = _values(triangle, by)
        picked = _picked(values, control, treatment)
        called = given or picked
        rows = [np.array([value == name for value in values]) for name in picked]
        parts = [(triangle, rows[0]), (triangle, rows[1])]
        blank = np.array([value is None for value in values])
        unassigned = int(triangle.entered[blank].sum())
    kept, together = _cohorts(parts, concurrent=concurrent, names=called)
    as_of = max(whole.as_of for whole, _ in parts)
    arms = []
    for name, called_so, (whole, mine), columns in zip(
        (CONTROL, TREATMENT), called, parts, kept, strict=True
    ):
        arm = replace(_arm(whole, mine, columns, name), as_of=as_of)
        if not arm.n:
            raise EvidenceError(
                f"no lead of {display.one_line(called_so)} entered {arm.start}; there is nothing "
                "to compare."
            )
        arms.append(arm)
    first, second = arms
    whole_arms = first + second
    gone = any(whole_arms.reached(name).any() for name in whole_arms.exits)
    missing = gone and whole_arms.late is not None and bool(whole_arms.late.any())
    stayed = kept_open(first) + kept_open(second) if first.exits else whole_arms
    return TwoArms(
        counts=whole_arms.collapse(cohorts=True),
        for_good=None if missing else stayed.collapse(cohorts=True),
        names=called,
        together=together,
        unassigned=unassigned,
    )


def kept_open(triangle: Triangle) -> Triangle:
    """Return counts without exits: who left stays open, as it is known not to convert any more.

    Notes
    -----
    Such a lead is known not to have converted by the age that it has today. How old the leads of
    a cohort are that left, counts do not say; those that left at an age are shared out over the
    ages of today as all leads are that are at least so old, rounded to whole leads. With cohorts
    of a day that is exact, as all their leads are of one age.

    References
    ----------
    Fine and Gray (1999), JASA 94, 496-509, section 3.1 (censoring complete data).
    """
    left = np.asarray(sum(triangle.by_age(name) for name in triangle.exits))
    older = np.cumsum(triangle.followed[..., ::-1], axis=2)[..., ::-1]
    spread = np.cumsum(np.where(older > 0, left / np.maximum(older, 1), 0.0), axis=2)
    # Differences of rounded running sums: whole numbers that add up to the leads that left.
    running = np.rint(np.cumsum(triangle.followed * spread, axis=2)).astype(np.int64)
    running[..., -1] = left.sum(axis=2)
    stayed = np.diff(running, axis=2, prepend=0)
    return replace(
        triangle,
        exits=(),
        events={triangle.target: triangle.events[triangle.target]},
        undated={k: cube for k, cube in triangle.undated.items() if k == triangle.target},
        censored=triangle.censored + stayed,
    )


def _check_kind(argument: str, given: Any) -> None:
    if not isinstance(given, Triangle):
        raise ArgumentError(
            f"`{argument}` must be counts of fk.triangle, with the variant among `by`; got "
            f"{type(given).__name__}."
        )


def _values(triangle: Triangle, by: str | None) -> list[str | None]:
    """Return the variant of each segment."""
    if not triangle.by:
        raise ArgumentError(
            "`triangle` is not split by variant: count it with "
            '`fk.triangle(leads, start, target, by="variant")`, or give a second triangle.'
        )
    if by is None and len(triangle.by) > 1:
        raise ArgumentError(
            f"`by` must say which of {display.listed([repr(name) for name in triangle.by])} holds "
            "the variant; the others are then summed over."
        )
    column = triangle.by[0] if by is None else checks.member("by", "column", by, triangle.by)
    place = triangle.by.index(column)
    return [segment[place] for segment in triangle.segments]


def _picked(
    values: list[str | None], control: str | None, treatment: str | None
) -> tuple[str, str]:
    """Return the names of control and treatment among the variants."""
    known = list(dict.fromkeys(value for value in values if value is not None))
    shown = display.listed([repr(name) for name in known[:5]]) or "none"
    if control is None and CONTROL not in known:
        raise ArgumentError(f"`control` must name the variant to compare with; there are {shown}.")
    first = checks.member("control", "variant", control or CONTROL, known)
    others = [name for name in known if name != first]
    if treatment is None and len(others) != 1:
        raise ArgumentError(
            f"`treatment` must name the variant to compare with {first!r}; there "
            f"{'is' if len(others) == 1 else 'are'} "
            f"{display.listed([repr(name) for name in others[:5]]) or 'none other'}."
        )
    second = others[0] if treatment is None else treatment
    checks.member("treatment", "variant", second, known)
    if second == first:
        raise ArgumentError(f"`treatment` must be another variant than control; got {second!r}.")
    return first, second


def _cohorts(
    parts: list[tuple[Triangle, Rows]], *, concurrent: bool, names: tuple[str, str]
) -> tuple[list[Rows], float]:
    """Return which cohorts of each triangle count, and how much of the treatment is concurrent."""
    first, second = (triangle.cohorts for triangle, _ in parts)
    if first.freqstr != second.freqstr:
        raise ArgumentError(
            "`other` must have cohorts of the same length as `triangle`; got "
            f"{second.freqstr} and {first.freqstr}."
        )
    whole = first.union(second)
    entered = []
    for triangle, rows in parts:
        here = np.zeros(len(whole), np.int64)
        here[whole.get_indexer(triangle.cohorts)] = triangle.entered[rows].sum(axis=0)
        entered.append(here)
    both = (entered[0] > 0) & (entered[1] > 0)
    together = float(entered[1][both].sum() / max(int(entered[1].sum()), 1))
    if concurrent and not both.any() and entered[0].any() and entered[1].any():
        shown = display.listed([display.one_line(name) for name in names])
        raise EvidenceError(
            f"`concurrent`: leads of {shown} entered in no cohort together. Without it they are "
            "compared all the same, with a note."
        )
    wanted = both if concurrent else np.ones(len(whole), bool)
    kept = [wanted[whole.get_indexer(triangle.cohorts)] for triangle, _ in parts]
    return kept, 1.0 if concurrent else together


def _arm(triangle: Triangle, rows: Rows, columns: Rows, name: str) -> Triangle:
    """Return one arm of a triangle, its cohorts apart."""
    place = np.ix_(rows, columns)

    def part(cube: IntArray | None) -> Any:
        return None if cube is None else cube[place].sum(axis=0, keepdims=True)

    sums = triangle.accounts
    return replace(
        triangle,
        by=("arm",),
        segments=((name,),),
        cohorts=triangle.cohorts[columns],
        entered=part(triangle.entered),
        events={outcome: part(cube) for outcome, cube in triangle.events.items()},
        undated={outcome: part(cube) for outcome, cube in triangle.undated.items()},
        censored=part(triangle.censored),
        followed=part(triangle.followed),
        late=part(triangle.late),
        accounts=None
        if sums is None
        else AccountSums(
            accounts=part(sums.accounts),
            nn=part(sums.nn),
            xn=part(sums.xn),
            xx=part(sums.xx),
        ),
        calendar=None,
        apart=(),
    )
