"""`scorecard`: the few metrics that matter, each with its target, its owner and its date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name, period_label
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError, unknown
from funnelkit._core.measure import Measure
from funnelkit._core.result import Result
from funnelkit.data.ledgers import Ledger, as_ledger
from funnelkit.data.ledgers.schemas import SCHEMAS
from funnelkit.metrics.headline_asked import Asked, Kind, Known
from funnelkit.metrics.headline_figures import HEADLINES, HEADLINES_KNOWN
from funnelkit.metrics.stage_roles import roles

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

Verdict = Literal["reached", "not reached", "open", "none"]


@dataclass(frozen=True, kw_only=True)
class Headline:
    """One metric that is watched, and what is wanted of it.

    Parameters
    ----------
    metric
        A name of :data:`~funnelkit.metrics.HEADLINES`.
    target
        What it is to come to: a share between 0 and 1, an amount, or a number.
    owner
        Who answers for it.
    by
        Day by which the target is to be reached.
    channel
        The one channel it is told of, where the metric is of spend or visitors.
    """

    metric: str
    target: float | None = None
    owner: str | None = None
    by: dt.date | None = None
    channel: str | None = None

    @property
    def spoken(self) -> str:
        """Its name in words, with its channel."""
        name = spoken(self.metric)
        return name if self.channel is None else f"{name}, {display.one_line(self.channel)}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Line:
    """One line of a scorecard.

    Parameters
    ----------
    headline
        What is watched.
    kind
        ``"leading"``: moves before money does; ``"lagging"``: moves with it or after.
    now
        The figure of the month, or of the leads that entered in it; one value.
    before
        The same of the month before; NaN where there is none.
    verdict
        Against the target: ``"reached"``, ``"not reached"``, ``"open"`` where the interval holds
        the target or the month is not over, ``"none"`` without a target or a figure.
    """

    headline: Headline
    kind: Kind
    now: Measure
    before: float
    verdict: Verdict

    @property
    def known(self) -> Known:
        """How the metric is worked out, and what it is."""
        return HEADLINES_KNOWN[self.headline.metric]

    def shown(self, value: float) -> str:
        """Return a figure as tables and sentences write it."""
        if self.known.percent and np.isfinite(value):
            return display.percent(value)
        return self.now.shown(value)


def scorecard(
    leads: Leads,
    headlines: Sequence[str | Headline] | None = None,
    *,
    month: str | None = None,
    tables: Mapping[str, Ledger | pd.DataFrame] | None = None,
    channel: str | None = None,
    qualified: str | None = None,
    opportunity: str | None = None,
    confidence_level: float = 0.95,
) -> Scorecard:
    """Return the headline metrics of a month, leading ones first.

    Parameters
    ----------
    leads
        The data.
    headlines
        Metrics by name, or with their target, owner and date; default: all that the funnel and
        the tables have.
    month
        Label such as ``"2026-10"``; default: the last month that the data hold in full.
    tables
        Kind (``"spend"``, ``"visitors"``, ``"activities"``, ``"subscriptions"``, ``"quotas"``,
        ``"contracts"``) -> the table, as its reader returns it, or a frame with its columns.
    channel
        Segment of the leads whose values are the channels of spend and visitors, for metrics of
        one channel; default: the one called ``channel``.
    qualified, opportunity
        Stages that play these parts; by default told by their names, see
        :func:`~funnelkit.metrics.stage_roles.roles`.
    confidence_level
        Of the intervals.

    Returns
    -------
    Scorecard
        One line for each; what could not be told is named with its reason.

    Raises
    ------
    ArgumentError
        For an unknown metric or kind of table, a month without data, or a share's target that is
        not in [0, 1].
    DataError
        If a frame that is given as a table cannot be read.

    Notes
    -----
    Shares of a month's entries (qualification, close and win rate) are lag-adjusted, so that a
    young month is not low for its age; a verdict on a rate of leads, visitors or accounts needs
    the whole interval on one side of the target. Numbers, money and quotas are facts of the books
    and compared as they are; of costs, less is better. The return on spend is of twelve months,
    retention against twelve months before, and a quota of its own period so far. Tables are taken
    whole: where the leads are a part of the business, the tables must be of that part.

    Examples
    --------
    >>> import funnelkit as fk
    >>> leads = fk.make_leads(3000, rng=1)
    >>> card = scorecard(leads, [Headline(metric="opportunity_to_win", target=0.9)])
    >>> card.lines[0].kind, card.lines[0].verdict
    ('lagging', 'not reached')
    """
    held = _tables(tables)
    default = [name for name, one in HEADLINES_KNOWN.items() if one.table in (None, *held)]
    wanted = [
        checked(one if isinstance(one, Headline) else Headline(metric=one))
        for one in (default if headlines is None else headlines)
    ]
    period, whole = _month(leads, month)
    label = period_label(period)
    part = roles(leads.funnel, qualified=qualified, opportunity=opportunity)
    if channel is not None:
        checks.member("channel", "segment", channel, leads.funnel.groups)
    lines: list[Line] = []
    missing: list[str] = []
    for one in wanted:
        known = HEADLINES_KNOWN[one.metric]
        asked = Asked(
            leads=leads,
            part=part,
            level=confidence_level,
            month=period,
            tables=held,
            channel=one.channel,
            channels=channel,
        )
        try:
            measure = _of_one_business(known.make(asked), label)
            now = measure.only(period=label)
            over = known.over(asked) if known.over else whole
        except (EvidenceError, ArgumentError, DataError) as reason:
            missing.append(f"No {one.spoken}: {reason}")
            continue
        lines.append(
            Line(
                headline=one,
                kind=known.kind,
                now=now,
                before=_before(measure, label),
                verdict=_verdict(now, one, known, whole=over),
            )
        )
    lines.sort(key=lambda line: line.kind == "lagging")
    return Scorecard(month=label, whole=whole, lines=tuple(lines), missing=tuple(missing))


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Scorecard(Result):
    """The headline metrics of a month; see :func:`scorecard`.

    Parameters
    ----------
    month
        Its label.
    whole
        Whether the data hold all of it.
    lines
        The metrics, leading ones first.
    missing
        What could not be told, and why.
    """

    month: str
    whole: bool
    lines: tuple[Line, ...]
    missing: tuple[str, ...] = ()

    def with_figure(self, metric: str, now: Measure, before: float) -> Scorecard:
        """Return the scorecard with another figure for a metric, judged against its target.

        For a page that tells the same rate elsewhere by a method of its own.
        """
        lines = tuple(
            replace(
                line,
                now=now,
                before=before,
                verdict=_verdict(now, line.headline, HEADLINES_KNOWN[metric], whole=self.whole),
            )
            if line.headline.metric == metric
            else line
            for line in self.lines
        )
        return replace(self, lines=lines)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per metric.

        Returns
        -------
        DataFrame
            ``metric``, ``channel``, ``kind``, ``unit``, ``numerator``, ``denominator``, ``value``,
            ``value_low``, ``value_high``, ``before``, ``target``, ``verdict``, ``owner``, ``by``,
            ``definition``.
        """
        import pandas as pd

        rows = []
        for line in self.lines:
            low, high = line.now.confidence_interval(line.now.confidence_level)
            rows.append(
                {
                    "metric": line.headline.metric,
                    "channel": line.headline.channel,
                    "kind": line.kind,
                    "unit": line.now.unit,
                    "numerator": float(line.now.numerator[0, 0]),
                    "denominator": float(line.now.denominator[0, 0]),
                    "value": line.now.value,
                    "value_low": float(np.asarray(low)[0, 0]),
                    "value_high": float(np.asarray(high)[0, 0]),
                    "before": line.before,
                    "target": line.headline.target,
                    "verdict": line.verdict,
                    "owner": line.headline.owner,
                    "by": line.headline.by,
                    "definition": line.now.definition,
                }
            )
        columns = ["metric", "channel", "kind", "unit", "numerator", "denominator", "value"]
        columns += [
            "value_low",
            "value_high",
            "before",
            "target",
            "verdict",
            "owner",
            "by",
            "definition",
        ]
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> str:
        """Return how many targets are reached, which are not, and what could not be told."""
        aimed = [line for line in self.lines if line.headline.target is not None]
        part = "" if self.whole else " so far"
        if not aimed:
            text = f"{display.plural(len(self.lines), 'metric')} of {self.month}{part}; no targets."
        else:
            reached = [line for line in aimed if line.verdict == "reached"]
            text = (
                f"Of {display.plural(len(aimed), 'target')} of {self.month}{part} "
                f"{display.count(len(reached))} {'is' if len(reached) == 1 else 'are'} reached."
            )
            for verdict, words in (("not reached", "Not reached"), ("open", "Cannot be told yet")):
                named = [_told(line) for line in aimed if line.verdict == verdict]
                text += f" {words}: {display.listed(named)}." if named else ""
        return " ".join([text, *self.missing])


def spoken(metric: str) -> str:
    """Return the name of a metric as words.

    Examples
    --------
    >>> spoken("win_rate"), spoken("new_leads"), spoken("cac")
    ('win rate', 'new leads', 'CAC')
    """
    known = HEADLINES_KNOWN.get(metric)
    return known.words if known is not None and known.words else metric.replace("_", " ")


def _tables(given: Mapping[str, Ledger | pd.DataFrame] | None) -> dict[str, Ledger]:
    """Return the tables by their kind, each checked."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ArgumentError(
            '`tables` must map kinds to tables, such as {"spend": fk.read_spend(…)}; got '
            f"{type(given).__name__}."
        )
    for kind in given:
        if kind not in SCHEMAS:
            raise ArgumentError(f"`tables`: {unknown('kind of table', str(kind), SCHEMAS)}")
    return {
        kind: as_ledger(kind, table, argument=f"tables[{kind!r}]") for kind, table in given.items()
    }


def _of_one_business(measure: Measure, label: str) -> Measure:
    """Return figures by month, once they are of one business and hold the month."""
    if len(measure.segments) != 1:
        raise EvidenceError("businesses are kept apart; choose one.")
    periods = measure.periods or ()
    if not periods:
        raise EvidenceError("there is no month with a figure.")
    if label not in periods:
        raise EvidenceError(f"it is known from {periods[0]} to {periods[-1]}, not of {label}.")
    return measure


def _told(line: Line) -> str:
    headline = line.headline
    target = line.shown(float(headline.target or 0.0))
    text = f"{headline.spoken} {line.shown(line.now.value)} of {target}"
    told = [headline.owner] if headline.owner else []
    told += [f"by {day_name(headline.by)}"] if headline.by else []
    return f"{text} ({', '.join(told)})" if told else text


def checked(one: Headline) -> Headline:
    """Return a headline metric that can be.

    Raises
    ------
    ArgumentError
        For an unknown metric, or a target that it cannot have.
    """
    if one.metric not in HEADLINES_KNOWN:
        raise ArgumentError(unknown("metric", one.metric, HEADLINES))
    if one.channel is not None and not HEADLINES_KNOWN[one.metric].by_channel:
        able = [name for name, known in HEADLINES_KNOWN.items() if known.by_channel]
        raise ArgumentError(
            f"`channel` of {one.metric}: it is not told by channel; {display.listed(able)} are."
        )
    if one.target is None:
        return one
    if not np.isfinite(one.target) or one.target < 0:
        raise ArgumentError(f"`target` of {one.metric} must be 0 or more; got {one.target!r}.")
    if HEADLINES_KNOWN[one.metric].share and one.target > 1:
        raise ArgumentError(
            f"`target` of {one.metric} must be a share between 0 and 1; got {one.target:g}. "
            f"Did you mean {one.target / 100:g}?"
        )
    return one


def _month(leads: Leads, month: str | None) -> tuple[pd.Period, bool]:
    """Return a month, and whether the data hold all of it."""
    import pandas as pd

    last = leads.funnel.calendar.period(leads.as_of, "month")
    whole = leads.as_of == last.end_time.date()
    first = min(leads.count(stage, every="month").index[0] for stage in leads.funnel.stages)
    if month is None:
        chosen = last if whole or first == last else last - 1
        return chosen, chosen < last or whole
    try:
        chosen = pd.Period(month, freq=last.freqstr)
    except ValueError:
        words = f"`month` must be such as {period_label(last)}; got {month!r}."
        raise ArgumentError(words) from None
    if not first <= chosen <= last:
        raise ArgumentError(
            f"`month` must lie in the data, which go from {period_label(first)} to "
            f"{leads.as_of.isoformat()}; got {month}."
        )
    return chosen, chosen < last or whole


def _before(measure: Measure, label: str) -> float:
    periods = measure.periods or ()
    place = periods.index(label)
    return float(measure.values[0, place - 1]) if place else float("nan")


def _verdict(now: Measure, one: Headline, known: Known, *, whole: bool) -> Verdict:
    value = float(now.values[0, 0])
    if one.target is None:
        return "none"
    if not np.isfinite(value):
        return "open" if known.share else "none"
    if not known.estimate:
        return _compared(value, one.target, known, whole=whole)
    low, high = (
        float(np.asarray(end)[0, 0]) for end in now.confidence_interval(now.confidence_level)
    )
    if not (np.isfinite(low) and np.isfinite(high)):
        # accounts that all did alike leave no doubt about what came of them
        books = known.table == "subscriptions"
        return _compared(value, one.target, known, whole=whole) if books else "none"
    return "reached" if low >= one.target else "not reached" if high < one.target else "open"


def _compared(value: float, target: float, known: Known, *, whole: bool) -> Verdict:
    """Return the verdict on a fact of the books; nothing final while it may still move."""
    if not whole and (known.moves or known.lower):
        return "open"
    better = value <= target if known.lower else value >= target
    return "reached" if better else "not reached" if whole else "open"
