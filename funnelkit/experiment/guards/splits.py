"""`check_split`: whether the arms got the shares that were intended, overall and by slices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, unknown
from funnelkit.experiment.guards.associations import association
from funnelkit.experiment.guards.multinomial import split_test
from funnelkit.experiment.guards.result import NOTE, Guard, level_of, not_checked, told, worst
from funnelkit.experiment.guards.tables import (
    arm_labels,
    cross,
    labels,
    numbers,
    require_by,
    require_frame,
)

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Intended = Mapping[str, float] | Sequence[float]
_NAME = "split"
_SHOWN = 3
_REMEDY = (
    "Find the cause before reading any result: units dropped or filtered after assignment in one "
    "arm, redirects, bots, a split that was changed while the test ran."
)


def check_split(
    counts: Mapping[str, int] | Sequence[int] | pd.DataFrame,
    *,
    intended: Intended | None = None,
    by: str | Sequence[str] | None = None,
    arm: str = "arm",
    n: str = "n",
    units: str = "leads",
) -> Guard:
    """Return whether the arms got the shares that were intended (sample-ratio mismatch).

    Parameters
    ----------
    counts
        Units by arm: a mapping, a sequence (control first), or a table with a row for each arm
        and slice, with the columns ``arm``, ``n`` and those of the slices. Without a column ``n``
        each row is a unit.
    intended
        Share of each arm, in any unit (``(50, 50)``, ``{"control": 0.9, "B": 0.1}``), in the order
        of the arms where it is a sequence. Default: equal shares.
    by
        Columns of the table to look at slice by slice, such as week, region and account; default:
        all but ``arm`` and ``n``.
    arm, n
        Names of the columns of a table.
    units
        Plural noun of what is counted: what was assigned. Where whole accounts were, count those.

    Returns
    -------
    Guard
        A note where p is below .01, a warning below .001. Figures: ``slice``, ``value`` (``"all"``
        overall; ``"(drift)"`` for whether the split differs between the values of a slice), the
        units of each arm, ``statistic``, ``pvalue`` and ``adjusted_pvalue``; slices
        with the smallest p first.

    Raises
    ------
    ArgumentError
        For fewer than two arms, unknown arms or columns, or shares that are none.
    DataError
        For counts of a table that cannot be.

    Notes
    -----
    Chi-squared; where few are expected in an arm or units are up to 1,000, the sum of the
    probabilities of all outcomes that are no likelier than what came (exact multinomial test);
    where there are too many of those, chi-squared against a gamma distribution of its exact mean
    and variance. For each column of slices, the split of every value is held against the intended
    one, and whether it drifts from value to value is tested once, which also shows that leads of
    one account share an arm. All tests of slices together count as one family: each p-value is
    multiplied by the number of them that could show anything at all. So with a sound split the
    overall check notes 1 in 100 times and warns 1 in 1,000, and all slices together at most as
    often once more. It holds for one look; whoever looks daily multiplies that.

    References
    ----------
    Fabijan et al. (2019), KDD '19, 2156-2164, on causes of sample-ratio mismatch. Tarone (1990),
    Biometrics 46, 515-522, for leaving out tests that cannot show anything. Haldane (1937),
    Biometrika 29, 133-143, for the moments.

    Examples
    --------
    >>> found = check_split((821_588, 815_482))
    >>> found.level, f"{found.pvalue:.5g}"
    ('warning', '1.8218e-06')
    >>> check_split({"control": 98, "B": 102}).level
    'ok'
    """
    if hasattr(counts, "columns") and hasattr(counts, "groupby"):
        arms, totals, slices = _of_table(counts, by, arm, n)
    else:
        if by is not None:
            raise ArgumentError("`by` needs a table with those columns as `counts`.")
        arms, totals = _of_counts(counts)
        slices = {}
    seen = arms
    arms, totals, shares = _intended(intended, seen, totals)
    slices = {
        name: (values, _in_order(table, seen, arms)) for name, (values, table) in slices.items()
    }
    if not totals.sum():
        return not_checked(_NAME, f"there are no {units}")
    statistic, pvalue, test = split_test(totals, shares)
    rows = [_row("all", "all", arms, totals, (statistic, pvalue))]
    parts = [
        _slice_rows(name, values, arms, table, shares) for name, (values, table) in slices.items()
    ]
    tests = [row for part in parts for row in part]
    family = _family([row["least"] for row in tests])
    for row in tests:
        del row["least"]
        row["adjusted_pvalue"] = min(1.0, family * row["pvalue"])
    rows += sorted(tests, key=lambda row: row["pvalue"])
    worst_slice = min((row["adjusted_pvalue"] for row in tests), default=1.0)
    level = worst([level_of(pvalue), level_of(worst_slice)])
    sentence = _overall(
        arms,
        totals,
        shares,
        pvalue=pvalue,
        test=test,
        units=units,
        slices_too=worst_slice >= NOTE,
    )
    if tests:
        sentence += " " + _by_slices(tests, arms, family)
    remedy = _REMEDY
    drifting = [row["slice"] for row in tests if row["value"] == _DRIFT and _odd(row)]
    if drifting:
        each = display.listed([told(name) for name in drifting])
        remedy += (
            f" If chance chose the arm for whole values of {each}, those are the units: compare by "
            "them."
        )
    return Guard(
        name=_NAME,
        level=level,
        sentence=sentence,
        figures=tuple(rows),
        remedy=remedy if level != "ok" else "",
        pvalue=min(pvalue, worst_slice) if level != "ok" else pvalue,
    )


_DRIFT = "(drift)"


def _slice_rows(
    name: str, values: Sequence[str], arms: Sequence[str], table: FloatArray, shares: FloatArray
) -> list[dict[str, Any]]:
    """Return the tests of one column: each value, and whether the split drifts between them."""
    smallest = float(shares.min())
    ties = int((shares <= smallest * (1 + 1e-9)).sum())
    rows = []
    for value, counts in zip(values, table, strict=True):
        if not counts.sum():
            continue
        row = _row(name, value, arms, counts, split_test(counts, shares)[:2])
        rows.append(row | {"least": min(1.0, ties * smallest ** float(counts.sum()))})
    if len(rows) > 1:
        found = association(table)
        row = _row(name, _DRIFT, arms, table.sum(axis=0), (found.statistic, found.pvalue))
        rows.append(row | {"least": 0.0})
    return rows


def _family(least: Sequence[float]) -> int:
    """Return how many tests could fall below their share of the level of a note (Tarone)."""
    for size in range(1, len(least) + 1):
        if sum(one <= NOTE / size for one in least) <= size:
            return size
    return max(len(least), 1)


def _row(
    name: str, value: str, arms: Sequence[str], counts: FloatArray, tested: tuple[float, float]
) -> dict[str, Any]:
    return {
        "slice": name,
        "value": value,
        **{f"n_{one}": int(k) for one, k in zip(arms, counts, strict=True)},
        "statistic": tested[0],
        "pvalue": tested[1],
        "adjusted_pvalue": tested[1],
    }


def _overall(
    arms: Sequence[str],
    totals: FloatArray,
    shares: FloatArray,
    *,
    pvalue: float,
    test: str,
    units: str,
    slices_too: bool,
) -> str:
    got = display.listed(
        [
            f"{told(one)} {display.count(k)} ({display.percent(k / totals.sum())})"
            for one, k in zip(arms, totals, strict=True)
        ]
    )
    meant = " / ".join(f"{100 * share:.3g}" for share in shares)
    head = {
        "ok": "The split is as intended" if slices_too else "Overall the split is as intended",
        "note": "The split is off by more than chance easily explains",
        "warning": "The split is not the intended one",
    }[level_of(pvalue)]
    return f"{head}: {got} of {units}, for {meant} intended; {display.pvalue(pvalue)} ({test})."


def _odd(row: Mapping[str, Any]) -> bool:
    return bool(row["adjusted_pvalue"] < NOTE)


def _by_slices(tests: Sequence[Mapping[str, Any]], arms: Sequence[str], family: int) -> str:
    names = display.listed([told(name) for name in dict.fromkeys(row["slice"] for row in tests)])
    allowing = f"allowing for {display.plural(family, 'test')} of slices"
    odd = sorted((row for row in tests if _odd(row)), key=lambda row: row["adjusted_pvalue"])
    if not odd:
        return f"By {names} too, {allowing}."
    said = []
    for row in odd[:_SHOWN]:
        chance = display.pvalue(row["adjusted_pvalue"])
        if row["value"] == _DRIFT:
            said.append(f"it differs by {told(row['slice'])} ({chance})")
        else:
            got = " / ".join(display.count(row[f"n_{one}"]) for one in arms)
            said.append(f"{told(row['slice'])} {told(row['value'])} has {got} ({chance})")
    more = len(odd) - _SHOWN
    rest = f", and {display.plural(more, 'more slice')}" if more > 0 else ""
    return f"In slices, {allowing}: {'; '.join(said)}{rest}."


def _of_table(
    table: Any, by: str | Sequence[str] | None, arm: str, n: str
) -> tuple[list[str], FloatArray, dict[str, tuple[list[str], FloatArray]]]:
    frame = require_frame("counts", table, [arm])
    columns = require_by("counts", by, frame, (arm, n))
    weights = (
        numbers("counts", frame, [n], whole=True)[0]
        if n in [str(name) for name in frame.columns]
        else np.ones(len(frame))
    )
    of = arm_labels("counts", frame[arm])
    _, arms, all_rows = cross(np.full(len(frame), "all", object), of, weights)
    totals = all_rows.sum(axis=0) if len(frame) else np.zeros(0)
    slices = {}
    for name in columns:
        values, _, found = cross(labels(frame[name]), of, weights)
        slices[name] = (values, found)
    return arms, totals, slices


def _in_order(table: FloatArray, seen: Sequence[str], arms: Sequence[str]) -> FloatArray:
    """Return a table whose columns are in the order of some arms; 0 for arms without units."""
    found = np.zeros((len(table), len(arms)))
    for k, name in enumerate(arms):
        if name in seen:
            found[:, k] = table[:, list(seen).index(name)]
    return found


def _of_counts(counts: Any) -> tuple[list[str], FloatArray]:
    if isinstance(counts, Mapping):
        arms, values = [str(name) for name in counts], list(counts.values())
    else:
        values = list(counts)
        rest = (
            ["treatment"] if len(values) == 2 else [f"treatment {k}" for k in range(1, len(values))]
        )
        arms = ["control", *rest][: len(values)]
    numeric = np.array(
        [value if isinstance(value, (int, float, np.number)) else math.nan for value in values],
        dtype=float,
    )
    if not ((numeric >= 0) & (numeric % 1 == 0)).all():
        raise ArgumentError(
            f"`counts` must hold the units of each arm, a whole number from 0 on; got {counts!r}."
        )
    return arms, numeric


def _intended(
    intended: Intended | None, arms: list[str], totals: FloatArray
) -> tuple[list[str], FloatArray, FloatArray]:
    """Return arms, units and intended shares, in the order of a declaration."""
    if isinstance(intended, Mapping):
        declared = {str(name): float(share) for name, share in intended.items()}
        if strange := [name for name in arms if name not in declared]:
            raise ArgumentError(f"`intended`: {unknown('arm', strange[0], declared)}")
        found = dict(zip(arms, totals, strict=True))
        arms = list(declared)
        totals = np.array([found.get(name, 0.0) for name in arms])
        shares = np.array(list(declared.values()))
    elif intended is None:
        shares = np.ones(len(arms))
    else:
        shares = np.array([float(share) for share in intended])
    if len(arms) < 2:
        raise ArgumentError(
            f"`counts` must hold two or more arms; got {len(arms)}"
            f"{f' ({told(arms[0])})' if arms else ''}. Name those without units in `intended`."
        )
    if len(shares) != len(arms) or not (np.isfinite(shares) & (shares > 0)).all():
        raise ArgumentError(
            f"`intended` must give each of {len(arms)} arms a share above 0; got {intended!r}."
        )
    return arms, totals, shares / shares.sum()
