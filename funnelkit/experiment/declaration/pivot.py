"""The answer to an experiment from a pivot table: counts by variant, for what has no rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError, did_you_mean, numbered
from funnelkit.experiment.bayesian.beating import compare_bayesian
from funnelkit.experiment.comparison import Comparison
from funnelkit.experiment.declaration.answering import answered
from funnelkit.experiment.declaration.declared import Design
from funnelkit.experiment.declaration.measuring import family
from funnelkit.experiment.declaration.metric import Metric
from funnelkit.experiment.declaration.readout import Readout
from funnelkit.experiment.guards.result import Guards
from funnelkit.experiment.guards.splits import check_split
from funnelkit.experiment.proportions.comparing import compare_rates

if TYPE_CHECKING:
    import pandas as pd

Table = Mapping[str, Mapping[str, int]]


def read_counts(design: Design, data: Mapping[str, Any] | pd.DataFrame) -> Readout:
    """Return the answer to an experiment from counts; see :meth:`Design.analyse`.

    Raises
    ------
    ArgumentError
        If variants or columns are missing or not declared, a metric is of money, or several looks
        were planned; every problem at once.
    DataError
        If a number is no count.
    """
    import pandas as pd

    table = _table(design, data)
    primary = family(_compared(design, design.primary, table))
    entered = {name: table[name]["entered"] for name in design.variants}
    split = check_split(
        entered,
        intended=dict(zip(design.variants, design.split, strict=True)),
        units=design.units,
    )
    key = _key(design.primary)
    pairs = {name: (table[name][key], table[name]["entered"]) for name in design.variants}
    bayesian = {
        name: compare_bayesian(
            pairs[design.control],
            pairs[name],
            metric=_name(design, design.primary),
            units=design.units,
            names=(design.control, name),
            randomised=design.randomised,
            confidence_level=1 - design.alpha,
        )
        for name in design.treatments
    }
    arms = {"variant": list(entered), "followed": list(entered.values()), "young": 0}
    return answered(
        design,
        pd.DataFrame(arms),
        primary=primary,
        secondary=[_compared(design, metric, table) for metric in design.secondary],
        guardrails=[
            _compared(design, metric, table, guardrail=True) for metric in design.guardrails
        ],
        guards=Guards(guards=(split,)),
        bayesian=bayesian,
    )


def _key(metric: Metric) -> str:
    """Return the column of a metric: its name, or else its stage."""
    return metric.name or metric.stage or ""


def _name(design: Design, metric: Metric) -> str:
    return metric.name or f"{design.start or 'entered'} to {metric.stage}"


def _compared(
    design: Design, metric: Metric, table: Table, *, guardrail: bool = False
) -> list[Comparison]:
    key = _key(metric)
    control = (table[design.control][key], table[design.control]["entered"])
    return [
        compare_rates(
            control,
            (table[name][key], table[name]["entered"]),
            metric=_name(design, metric),
            units=design.units,
            names=(design.control, name),
            alternative="two-sided" if guardrail else design.alternative,
            confidence_level=1 - design.alpha,
            randomised=design.randomised,
        )
        for name in design.treatments
    ]


def _table(design: Design, data: Mapping[str, Any] | pd.DataFrame) -> Table:
    """Return variant -> ``entered`` and the count of each metric, once nothing is wrong."""
    problems = []
    if odd := [one for one in design.metrics if one.kind != "rate"]:
        problems.append(
            f"a metric of {odd[0].kind} needs leads; from moments use `compare_means` or "
            "`compare_ratios`"
        )
    if design.several_looks:
        problems.append(
            "several planned looks need leads, to tell when each fell due; from counts use "
            "`analyse_looks`"
        )
    if problems:
        raise ArgumentError(f"{display.one_line(design.name)}: {numbered(problems)}")
    rows = _rows(design, data)
    names = list(rows)
    if lacking := [name for name in design.variants if name not in names]:
        hint = did_you_mean(lacking[0], names)
        told = display.listed([repr(name) for name in lacking])
        problems.append(f"there is no row of {told}.{hint}")
    if more := [name for name in names if name not in design.variants]:
        told = display.listed([repr(str(name)[:40]) for name in more[:5]])
        problems.append(
            f"{display.plural(len(more), 'variant')} not declared: {told}; declare them in "
            "`variants`, or leave them out"
        )
    if problems:
        raise ArgumentError(f"{display.one_line(design.name)}: {numbered(problems)}")
    return {name: rows[name] for name in design.variants}


def _rows(design: Design, data: Mapping[str, Any] | pd.DataFrame) -> dict[str, dict[str, int]]:
    if hasattr(data, "columns") and hasattr(data, "groupby"):
        return _of_frame(design, data)
    if not isinstance(data, Mapping):
        raise ArgumentError(
            "`data` must be leads, a mapping of each variant to (converted, entered), or a frame; "
            f"got {type(data).__name__}."
        )
    if len(design.metrics) > 1:
        raise ArgumentError(
            "`data`: a mapping holds the primary metric only, and further ones are declared; give "
            "a frame with a column for each."
        )
    found = {}
    for name, pair in data.items():
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise ArgumentError(
                f"`data`: {name!r} must have (converted, entered); got {str(pair)[:40]!r}."
            )
        found[str(name)] = {_key(design.primary): pair[0], "entered": pair[1]}
    return found


def _of_frame(design: Design, frame: Any) -> dict[str, dict[str, int]]:
    import pandas as pd

    keys = list(dict.fromkeys(["entered", *(_key(metric) for metric in design.metrics)]))
    columns = [str(name) for name in frame.columns]
    problems = [
        f"there is no column `{name}`.{did_you_mean(name, columns)}"
        for name in ("variant", *keys)
        if name not in columns
    ]
    if problems:
        raise ArgumentError(f"`data`: {numbered(problems)}")
    names = frame["variant"].astype("string").str.strip()
    if names.isna().any() or names.duplicated().any():
        again = sorted(set(names[names.duplicated()].dropna()))[:5]
        raise DataError(
            "`data` must have one row for each variant; "
            f"{int(names.isna().sum())} blank, twice: {again}. Sum them up before."
        )
    found: dict[str, dict[str, int]] = {}
    for key in keys:
        numbers = pd.to_numeric(frame[key], errors="coerce")
        if numbers.isna().any():
            bad = frame.loc[numbers.isna(), key].iloc[0]
            raise DataError(f"`data`: `{key}` must hold counts; got {str(bad)[:40]!r}.")
        for name, value in zip(names, numbers, strict=True):
            found.setdefault(str(name), {})[key] = value
    return found
