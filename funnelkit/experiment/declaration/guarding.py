"""The guards of a declared experiment, each fed from counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.experiment.declaration.measuring import window_of
from funnelkit.experiment.guards.confounding import check_confounding
from funnelkit.experiment.guards.contamination import check_contamination
from funnelkit.experiment.guards.maturities import check_maturity
from funnelkit.experiment.guards.outliers import check_outliers
from funnelkit.experiment.guards.result import Guard, Guards
from funnelkit.experiment.guards.reversals import check_reversal
from funnelkit.experiment.guards.splits import check_split

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.counts.triangle import Triangle
    from funnelkit.experiment.declaration.trial import Trial

_SPILLED = (
    "Leads were assigned, so an account may have seen both variants, and the effect may be larger "
    "than it looks; assign whole accounts next time."
)
_MANY = 0.01
"""A share of records from which on a count becomes a warning."""


def guards_of(trial: Trial) -> Guards:
    """Return all guards of an experiment, the worst first."""
    return Guards(guards=tuple(_guards(trial)))


def _guards(trial: Trial) -> Iterator[Guard]:
    segments, table = trial.segments, trial.sliced
    if trial.design.randomised:  # else no split was intended
        yield _split(trial, table, segments)
        yield from _split_of_accounts(trial)
    yield from _contaminated(trial)
    if trial.triangle is not None:
        yield _maturity(trial, trial.triangle)
    yield from _by_segment(trial, table, segments)
    yield from _confounded(trial, table, [*segments, *trial.factors])
    yield from _outliers(trial)
    yield _look_ahead(trial)


def _split(trial: Trial, table: pd.DataFrame, segments: list[str]) -> Guard:
    """Return whether the split is the intended one, of what was assigned."""
    design = trial.design
    intended = dict(zip(design.variants, design.split, strict=True))
    if design.unit in ("account", "rep"):
        rows = trial.counted.found.of(trial.window)
        held = rows.groupby("arm")["cluster"].nunique()
        noun = "accounts" if design.unit == "account" else "representatives"
        counts = {name: int(held.get(name, 0)) for name in design.variants}
        return check_split(counts, intended=intended, units=noun)
    if design.unit == "rep-week":
        told = table[table["n"] > 0][["arm", trial.leads.funnel.owner, "week"]].drop_duplicates()
        counts = {name: int((told["arm"] == name).sum()) for name in design.variants}
        return check_split(counts, intended=intended, units="weeks of representatives")
    by = [name for name in ("week", *segments) if len(table[name].unique()) > 1]
    sums = table.groupby(["arm", *by], dropna=False)["n"].sum().reset_index()
    return check_split(sums, intended=intended, by=by or None, units=design.units)


def _split_of_accounts(trial: Trial) -> Iterator[Guard]:
    """Yield whether leads were split evenly within accounts, where leads were assigned."""
    if trial.design.unit != "lead" or trial.counted.cluster != "account":
        return
    rows = trial.counted.found.named(trial.window)
    sums = rows.assign(n=rows["entered"] + rows["young"], account=rows["cluster"])
    yield check_split(
        sums[["arm", "account", "n"]],
        intended=dict(zip(trial.design.variants, trial.design.split, strict=True)),
        by="account",
    )


def _contaminated(trial: Trial) -> Iterator[Guard]:
    """Yield what stands in several variants: the unit itself, and accounts of leads."""
    assignment = trial.assignment
    noun = {"lead": "leads", "account": "accounts"}.get(assignment.unit, "representatives")
    if assignment.units:
        several = len(assignment.contaminated)
        yield check_contamination((several, assignment.units), units=noun)
    by_table = assignment.units and assignment.unit == "account"  # then it has been looked at
    if trial.counted.cluster == "account" and not by_table:
        frame = trial.counted.found.named(trial.window)
        found = check_contamination(frame, unit="cluster", arm="arm", units="accounts")
        if trial.design.unit == "lead" and found.level == "warning":  # as it was declared
            found = replace(found, level="note", remedy=_SPILLED)
        yield found


def _maturity(trial: Trial, triangle: Triangle) -> Guard:
    return check_maturity(
        reduce(add, [triangle.select(segment=(name,)) for name in trial.design.variants]),
        horizon=trial.window.within,
        control=trial.design.control,
        units=trial.design.units,
    )


def _by_segment(trial: Trial, table: pd.DataFrame, segments: list[str]) -> Iterator[Guard]:
    """Yield whether the difference turns round within segments, and what else differs."""
    mature = table[table["entered"] > 0]
    by = [name for name in segments if len(mature[name].unique()) > 1]
    if by and trial.design.primary.kind == "rate":
        sums = mature.groupby(["arm", *by], dropna=False)[["converted", "entered"]].sum()
        yield check_reversal(
            sums.reset_index(),
            by=by,
            control=trial.design.control,
            worth=_worth(trial),
            units=trial.design.units,
        )


def _confounded(trial: Trial, table: pd.DataFrame, columns: list[str]) -> Iterator[Guard]:
    """Yield whether several things changed at once."""
    by = [name for name in columns if len(table[name].unique()) > 1]
    if not by:
        return
    sums = table.groupby(["arm", *by], dropna=False)["n"].sum().reset_index()
    yield check_confounding(sums, by=by, worth=_worth(trial), units=trial.design.units)


def _worth(trial: Trial) -> float:
    """Return how many independent units a record is worth where wholes were assigned."""
    if trial.design.unit == "lead":
        return 1.0
    rows = trial.counted.found.of(trial.window)
    return min(len(rows) / max(int((rows["entered"] + rows["young"]).sum()), 1), 1.0)


def _outliers(trial: Trial) -> Iterator[Guard]:
    """Yield whether a few deals carry the difference in money."""
    for metric in trial.design.metrics:
        if metric.kind != "value":
            continue
        window = window_of(metric, trial.design, trial.start, trial.last)
        values = {name: trial.counted.found.values(window, name) for name in trial.design.variants}
        control = values.pop(trial.design.control)
        yield check_outliers(
            control,
            values,
            names=(trial.design.control, trial.design.treatments[0]),
            metric=metric.called(trial.start, trial.design.within),
            alpha=trial.design.alpha,
        )


def _look_ahead(trial: Trial) -> Guard:
    """Return whether records were assigned after what they are compared by."""
    records = trial.assignment.records
    known = records[records["variant"].isin(trial.design.variants)]
    n, before = int(known["records"].sum()), int(known["converted_before"].sum())
    late = int(known["reassigned"].sum())
    if not before and not late:
        words = "No record had passed a later stage before it was assigned."
        return Guard(name="look-ahead", level="ok", sentence=words)
    many = before >= _MANY * n
    parts = []
    if before:
        have = "had" if before == 1 else "had each"
        parts.append(
            f"{display.plural(before, 'record')} of {display.count(n)} {have} passed a later stage "
            "before being assigned"
        )
    if late:
        parts.append(
            f"{display.plural(late, 'record')} {'was' if late == 1 else 'were'} assigned after "
            f"entering {trial.start}, so that days before the test count in the horizon"
        )
    return Guard(
        name="look-ahead",
        level="warning" if many else "note",
        sentence=f"{'; '.join(parts)}.",
        remedy="Count from the stage at which units were assigned, or leave these records out.",
        figures=tuple(
            {"variant": variant, "converted_before": int(was), "assigned_after_entry": int(after)}
            for variant, was, after in zip(
                known["variant"], known["converted_before"], known["reassigned"], strict=True
            )
        ),
    )
