"""`rate_family`: all rates of winning in one table, each with its own denominator."""

from __future__ import annotations

from dataclasses import replace

from funnelkit._core.dates import Unit
from funnelkit._core.errors import EvidenceError
from funnelkit._core.measure import Measure, Measures
from funnelkit.counts.passages import Level
from funnelkit.counts.pipeline import By
from funnelkit.data.records import Leads
from funnelkit.metrics.roster import Among
from funnelkit.metrics.stage_roles import roles
from funnelkit.metrics.winning.entering import Asked, adjusted, by_close, by_entry, noted, one_in


def rate_family(
    leads: Leads,
    *,
    qualified: str | None = None,
    opportunity: str | None = None,
    by: By = None,
    every: Unit | None = None,
    level: Level = "record",
    among: Among = None,
    confidence_level: float = 0.95,
) -> Measures:
    """Return every rate of winning that the funnel has, told apart by what is divided by what.

    Parameters
    ----------
    leads
        The data.
    qualified, opportunity
        Stages that play these parts; by default told by their names, see
        :func:`~funnelkit.metrics.stage_roles.roles`.
    by
        Segment column or columns; segments kept apart are always among them.
    every
        Unit of the periods: of entry, and for opportunity-to-win of the close; ``None``: of all
        time.
    level
        ``"record"``, or ``"account"``: an account enters with its first record.
    among
        One segment -> names that must be there, such as a roster of reps.
    confidence_level
        Of the intervals.

    Returns
    -------
    Measures
        Of leads: lead conversion rate, qualification rate, close rate, leads-to-close ratio;
        qualified-leads-to-close ratio; of opportunities: win rate, the same lag-adjusted,
        opportunity-to-win, close rate. Those of stages that the funnel lacks are left out.

    Raises
    ------
    ArgumentError
        If segments, units or stages cannot be used.
    EvidenceError
        If the funnel has none of them.

    Notes
    -----
    Close rate of opportunities is the win rate, and leads-to-close the close rate of leads: they
    are one figure each, under two names. Opportunity-to-win leaves open deals out, and is the
    higher for it.

    Examples
    --------
    >>> import funnelkit as fk
    >>> family = rate_family(fk.make_leads(2000, rng=1))
    >>> for one in family:
    ...     print(one.name, "=", one.definition)
    lead conversion rate = opportunity / entered lead
    qualification rate = mql / entered lead
    close rate of leads = won / entered lead
    leads-to-close ratio = won / entered lead
    qualified-leads-to-close ratio = won / entered mql
    win rate = won / entered opportunity
    win rate, lag-adjusted = won / entered opportunity, once all are old enough within 517 days
    opportunity-to-win = won / (won + lost + disqualified), closed
    close rate of opportunities = won / entered opportunity
    """
    part = roles(leads.funnel, qualified=qualified, opportunity=opportunity)
    asked = Asked(by=by, every=every, level=level, among=among, confidence_level=confidence_level)
    found: list[Measure] = []
    missing: list[str] = []

    def add(start: str | None, target: str | None, *names: str) -> None:
        if start is None or target is None:
            return
        try:
            measure, maturing = by_entry(leads, start, target, asked=asked, name=names[0])
        except EvidenceError as reason:
            missing.append(f"No {names[0]}: {reason}")
            return
        for name in names:
            if name.endswith("ratio"):
                found.append(one_in(replace(measure, name=name)))
            elif name.endswith("lag-adjusted"):
                if not maturing.why_not:
                    found.append(adjusted(measure, maturing, name=name))
            else:
                found.append(replace(measure, name=name))

    add(part.lead, part.opportunity, "lead conversion rate")
    add(part.lead, part.qualified, "qualification rate")
    add(part.lead, part.won, "close rate of leads", "leads-to-close ratio")
    add(part.qualified, part.won, "qualified-leads-to-close ratio")
    won = ("win rate", "win rate, lag-adjusted", "close rate of opportunities")
    add(part.opportunity, part.won, *won)
    if part.opportunity is not None:
        found.insert(_before_last(found, won[-1]), _decided(leads, part.opportunity, asked))
    else:
        missing.append(
            "No stage is named opportunity, so there is no win rate; say which one it is with "
            "`opportunity`."
        )
    if not found:
        raise EvidenceError(" ".join(missing))
    return Measures(measures=(noted(found[0], *missing), *found[1:]))


def _decided(leads: Leads, start: str, asked: Asked) -> Measure:
    if asked.level == "account":
        name = "opportunity-to-win"
        return by_entry(leads, start, leads.funnel.won, asked=asked, name=name, closed=True)[0]
    return by_close(leads, start, asked)


def _before_last(found: list[Measure], name: str) -> int:
    return len(found) - 1 if found and found[-1].name == name else len(found)
