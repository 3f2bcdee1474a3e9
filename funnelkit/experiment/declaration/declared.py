"""`design`: what an experiment is, said before anybody looks at its result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit._core.result import Stated
from funnelkit.experiment.comparison import ALTERNATIVES, Alternative
from funnelkit.experiment.declaration.metric import Metric, metric_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
    from funnelkit.experiment.declaration.readout import Readout

Unit = Literal["visitor", "lead", "account", "rep", "rep-week"]
UNITS: tuple[Unit, ...] = ("visitor", "lead", "account", "rep", "rep-week")
Spending = Literal["obrien-fleming", "pocock", "hwang-shih-decani"]
SPENDINGS: tuple[Spending, ...] = ("obrien-fleming", "pocock", "hwang-shih-decani")
_FULL = 1e-9


@dataclass(frozen=True, kw_only=True)
class Design(Stated):
    """An experiment as it was declared; made by :func:`design`.

    Parameters
    ----------
    name
        What it is called.
    variants
        Control first.
    assignment
        A segment, or a table; see :func:`design`.
    unit
        What was assigned.
    split
        Intended share of each variant, summing to 1.
    start
        Stage of entry; ``None``: the first of the funnel.
    within
        Horizon in days.
    primary, secondary, guardrails
        Metrics.
    starts, ends
        First and last day of entry.
    looks
        Share of the planned information at each look, the last one 1.
    planned
        Units, of all variants, that will have been followed for the whole horizon at the end.
    spending, futility
        How the errors of the first and, where futility is looked at, second kind are spent.
    alpha, alternative
        Of the primary metric.
    randomised
        Whether chance chose the variant.
    """

    name: str
    variants: tuple[str, ...]
    assignment: Any
    unit: Unit
    split: tuple[float, ...]
    start: str | None
    within: int
    primary: Metric
    secondary: tuple[Metric, ...]
    guardrails: tuple[Metric, ...]
    starts: dt.date | None
    ends: dt.date | None
    looks: tuple[float, ...]
    planned: int | None
    spending: Spending
    futility: Spending | None
    alpha: float
    alternative: Alternative
    randomised: bool

    @property
    def control(self) -> str:
        """Name of the control."""
        return self.variants[0]

    @property
    def treatments(self) -> tuple[str, ...]:
        """Names of the others."""
        return self.variants[1:]

    @property
    def units(self) -> str:
        """Plural of what is compared: leads also where accounts or reps were assigned."""
        return "visitors" if self.unit == "visitor" else "leads"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All metrics, the primary one first."""
        return (self.primary, *self.secondary, *self.guardrails)

    @property
    def several_looks(self) -> bool:
        """Whether more than one look was planned."""
        return len(self.looks) > 1

    def analyse(
        self,
        data: Leads | Mapping[str, Any] | pd.DataFrame,
        *,
        exchange: Mapping[str, float] | None = None,
        currency: str | None = None,
    ) -> Readout:
        """Return every metric with its effect, interval and p-value, the guards, and what to do.

        Parameters
        ----------
        data
            Leads; or counts, as a mapping of each variant to its (converted, entered) of the
            primary metric, or a frame with ``variant``, ``entered`` and a column of conversions
            for each metric, named by its stage or name.
        exchange, currency
            What one unit of each currency is worth in the one; needed where amounts have several.

        Raises
        ------
        ArgumentError
            If variants, stages or columns are missing or not declared; every problem at once.
        EvidenceError
            If nobody of a variant has been followed for the horizon.
        """
        from funnelkit.data.records import Leads

        if isinstance(data, Leads):
            from funnelkit.experiment.declaration.analysing import analysed

            return analysed(self, data, exchange=exchange, currency=currency)
        from funnelkit.experiment.declaration.pivot import read_counts

        return read_counts(self, data)

    def summary(self) -> str:
        """Return the declaration in a sentence or two."""
        start = self.start or "the first stage"
        arms = [
            f"{display.one_line(name)} {display.percent(share, decimals=0)}"
            for name, share in zip(self.variants, self.split, strict=True)
        ]
        text = (
            f"{display.one_line(self.name)}: {display.listed(arms)}, by {self.unit}; judged by "
            f"{self.primary.called(start, self.within)}, {self.alternative} at "
            f"{display.percent(self.alpha)}."
        )
        if self.starts or self.ends:
            first = "the beginning" if self.starts is None else day_name(self.starts)
            last = "now" if self.ends is None else day_name(self.ends)
            text += f" Entries from {first} to {last}."
        if len(self.looks) > 1:
            text += f" {len(self.looks)} looks are planned, {self.spending} spending."
        return text

    def __repr__(self) -> str:
        """Return the declaration in words."""
        return f"<Design {self.summary()}>"


def design(
    name: str,
    variants: Sequence[str] = ("control", "treatment"),
    *,
    assignment: str | Path | pd.DataFrame = "variant",
    unit: Unit = "lead",
    split: Sequence[float] | None = None,
    start: str | None = None,
    primary: str | Metric = "won",
    within: int = 90,
    secondary: Sequence[str | Metric] = (),
    guardrails: Sequence[str | Metric] = (),
    starts: dt.date | str | None = None,
    ends: dt.date | str | None = None,
    looks: int | Sequence[float] = 1,
    planned: int | None = None,
    spending: Spending = "obrien-fleming",
    futility: Spending | None = None,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
    randomised: bool = True,
) -> Design:
    """Return the declaration of an experiment; ``.analyse(leads)`` is its answer.

    Parameters
    ----------
    name
        What it is called.
    variants
        Names as the assignment has them, control first; two or more.
    assignment
        A segment of the leads, or a table with a row per unit (a frame, or the path of a CSV):
        the unit's column, ``variant``, where there is one ``assigned_at``, and for ``"rep-week"``
        ``week``.
    unit
        What was assigned: a ``"visitor"`` (known as counts only), ``"lead"``, ``"account"``,
        ``"rep"``, or each rep anew every week (``"rep-week"``).
    split
        Intended share of each variant; default: equal. Weights that do not sum to 1 are scaled.
    start
        Stage by whose entry a record comes into the test; default: the first of the funnel.
    primary
        The metric that decides: a stage, ``"value"``, or a :class:`Metric`.
    within
        Horizon in days: a conversion counts up to that age, in every variant, and a record once
        it has been followed for so long.
    secondary, guardrails
        Further metrics: what one hopes to see too, and what must not get worse.
    starts, ends
        First and last day of entry.
    looks
        How often the primary metric is looked at, by equal shares of the planned information, or
        the shares themselves, such as ``(0.5, 1)``.
    planned
        Units, of all variants, that will have been followed for the whole horizon at the end, as
        :func:`size` said; several looks need it.
    spending, futility
        Of the error over several looks; and, where one may stop because little is to be hoped, of
        the error of the second kind. Such a stop is allowed and never binding.
    alpha, alternative
        Error and side of the primary metric.
    randomised
        ``False`` for a before/after or a group that chose itself: nothing is called an effect.

    Raises
    ------
    ArgumentError
        With every problem of the declaration at once.

    Examples
    --------
    >>> test = design("New pricing page", ["control", "B"], primary="won", within=60)
    >>> test.primary.called("lead", test.within), test.split
    ('lead to won within 60 days', (0.5, 0.5))
    """
    problems: list[str] = []
    names = (variants,) if isinstance(variants, str) else tuple(variants)
    problems += _variant_problems(names)
    shares = _split(split, len(names), problems)
    fractions = _looks(looks, problems)
    if planned is not None and (not isinstance(planned, int) or planned < 1):
        problems.append(f"`planned` must be a whole number of at least 1; got {planned!r}")
    elif len(fractions) > 1 and planned is None:
        problems.append(
            "`planned` must say how many units will have been followed at the end: several looks "
            "are shares of it (`fk.experiment.size` works it out)"
        )
    if not isinstance(alpha, float) or not 0 < alpha < 1:
        hint = f"; did you mean {alpha / 100:g}?" if 1 <= alpha < 100 else ""
        problems.append(f"`alpha` must be between 0 and 1; got {alpha!r}{hint}")
    first, last = (
        None if day is None else checks.day(word, day)
        for word, day in (("starts", starts), ("ends", ends))
    )
    if first is not None and last is not None and first > last:
        problems.append(f"`starts` ({first}) must not lie after `ends` ({last})")
    if problems:
        raise ArgumentError(f"the declaration: {numbered(problems)}")
    return Design(
        name=name,
        variants=names,
        assignment=assignment,
        unit=checks.one_of("unit", unit, UNITS),
        split=shares,
        start=start,
        within=checks.positive_whole("within", within),
        primary=metric_of(primary),
        secondary=_metrics(secondary),
        guardrails=_metrics(guardrails),
        starts=first,
        ends=last,
        looks=fractions,
        planned=planned,
        spending=checks.one_of("spending", spending, SPENDINGS),
        futility=None if futility is None else checks.one_of("futility", futility, SPENDINGS),
        alpha=alpha,
        alternative=checks.one_of("alternative", alternative, ALTERNATIVES),
        randomised=bool(randomised),
    )


def _variant_problems(names: Sequence[Any]) -> list[str]:
    if odd := [name for name in names if not isinstance(name, str) or not name.strip()]:
        return [f"`variants` must be names; got {odd[0]!r}"]
    if len(names) < 2:
        return [f"`variants` must name control and at least one more; got {list(names)}"]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return [f"`variants`: each name may stand once; twice: {twice}"]
    return []


def _split(given: Sequence[float] | None, n: int, problems: list[str]) -> tuple[float, ...]:
    if given is None:
        return tuple([1 / max(n, 1)] * n)
    shares = tuple(float(share) for share in given)
    if len(shares) != n:
        problems.append(f"`split` must have a share for each of {n} variants; got {len(shares)}")
    elif not all(share > 0 for share in shares):
        problems.append(f"`split` must be above 0 for each variant; got {list(shares)}")
    else:
        return tuple(share / sum(shares) for share in shares)
    return shares


def _looks(given: int | Sequence[float], problems: list[str]) -> tuple[float, ...]:
    if isinstance(given, int) and not isinstance(given, bool):
        if given < 1:
            problems.append(f"`looks` must be at least 1; got {given}")
            return (1.0,)
        return tuple((k + 1) / given for k in range(given))
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        problems.append(f"`looks` must be a number, or shares such as (0.5, 1); got {given!r}")
        return (1.0,)
    shares = tuple(float(share) for share in given)
    rising = all(a < b for a, b in zip((0.0, *shares), shares, strict=False))
    if not shares or not rising or abs(shares[-1] - 1) > _FULL:
        problems.append(
            f"`looks` must be rising shares of the information up to 1; got {list(shares)}"
        )
        return (1.0,)
    return shares


def _metrics(given: Sequence[str | Metric] | str | Metric) -> tuple[Metric, ...]:
    several = [given] if isinstance(given, (str, Metric)) else given
    return tuple(metric_of(one) for one in several)
