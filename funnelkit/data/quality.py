"""`audit`: every problem of an export at once, counted, with examples, worst first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result
from funnelkit.data import findings_shown
from funnelkit.data.control.totals import ControlTotal
from funnelkit.data.control.tying import TieOut, tie_out
from funnelkit.data.finding import SEVERITIES, Finding, Severity, share_of
from funnelkit.data.records import Leads
from funnelkit.data.rules import RULES
from funnelkit.data.survey import Survey

if TYPE_CHECKING:
    import pandas as pd


_EXAMPLES = 5
_FEW = 0.01
"""Findings that concern fewer come after the others of their severity."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Audit(Result):
    """What the audit found, worst first.

    Parameters
    ----------
    findings
        Errors, then warnings, then notes; within each, in the order of the rules, those that
        concern fewer than one in a hundred last.
    records
        Records that were kept.
    rows
        Rows read.
    as_of
        The day as of which the audit holds.
    tied
        Our figures beside the CRM's own totals, where some were given.
    """

    findings: tuple[Finding, ...]
    records: int
    rows: int
    as_of: dt.date
    tied: TieOut | None = None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings that make figures wrong."""
        return self.of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Findings that make, or may make, some figures wrong."""
        return self.of("warning")

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """Return the findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per finding.

        Returns
        -------
        DataFrame
            ``rule``, ``severity``, ``count``, ``share`` (NaN where of nothing), ``examples`` (as
            one text), ``what``, ``remedy``.
        """
        import pandas as pd

        columns = ["rule", "severity", "count", "share", "examples", "what", "remedy"]
        rows = [
            {name: getattr(finding, name) for name in columns}
            | {"examples": ", ".join(finding.examples)}
            for finding in self.findings
        ]
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> str:
        """Return whether the figures tie with the CRM's, how many findings there are, the worst."""
        opening = f"{self.tied.summary()} " if self.tied else ""
        return f"{opening}{self.findings_summary()}"

    def findings_summary(self) -> str:
        """Return how many findings there are, and the worst of them."""
        counts = [
            display.plural(len(self.of(severity)), severity)
            for severity in SEVERITIES
            if self.of(severity)
        ]
        where = (
            f"in {display.plural(self.records, 'record')} from {display.plural(self.rows, 'row')} "
            f"read, as of {self.as_of.isoformat()}"
        )
        if not counts:
            return f"Nothing was found {where}."
        return f"{display.listed(counts)} {where}. First: {self.findings[0].what}"

    def __repr__(self) -> str:
        """Return the summary and every finding as text."""
        shown = (findings_shown.as_text(found) for found in self.findings)
        return "\n".join(["<Audit>", self.summary(), *shown])

    def _repr_html_(self) -> str:
        return findings_shown.as_html(self.summary(), self.findings)


def audit(
    leads: Leads,
    *,
    expected: Sequence[ControlTotal] | Sequence[dict[str, object]] | None = None,
    known: Mapping[str, Iterable[str]] | None = None,
) -> Audit:
    """Return every problem of the data at once, counted, with examples, worst first.

    Parameters
    ----------
    leads
        The data. The audit holds as of their ``as_of``, and looks at what was set aside as well.
    expected
        Control totals from the CRM's own report, as :func:`funnelkit.tie_out` takes them: the
        audit opens with whether our figures tie with them.
    known
        Segment -> the names it may have, such as those of a table of products: names that are not
        among them are found, and names that no record has.

    Returns
    -------
    Audit
        Its ``findings`` have a rule, a severity, a count and share, up to five examples, what was
        found and a remedy. No value of a personal column is among the examples.

    Raises
    ------
    ArgumentError
        If it is not given leads, ``known`` names no segment, or ``expected`` has a mistake.

    Notes
    -----
    That a step is recorded only from a day D on is found in counts: of n records that entered at
    least 30 days before D not one reached it by then, while a share q of those that entered later
    did so within 30 days. With n·q ≥ 5, chance would give that to fewer than 1 in 100, since
    the n-th power of 1 - q is then at most exp(-5). For slow funnels the same is tried with 90
    and 180 days, and n·q ≥ 7.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-09"], "won": ["2026-01-04", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-01-31")
    >>> for finding in fk.audit(leads).findings:
    ...     print(finding.rule, finding.count, finding.examples)
    stages_out_of_order 1 ('a',)
    no_exits 1 ()
    """
    if not isinstance(leads, Leads):
        raise ArgumentError(f"`leads` must be Leads; got {type(leads).__name__}.")
    survey = Survey(leads, _known(leads, known))
    tied = None if not expected else tie_out(leads, expected)
    findings = [*_untied(tied), *leads.rows.findings]
    findings += [one for rule in RULES for one in rule(survey)]
    findings.sort(key=lambda one: (SEVERITIES.index(one.severity), one.share < _FEW))
    return Audit(
        findings=tuple(findings),
        records=survey.totals["kept"],
        rows=sum(leads.rows.read),
        as_of=leads.as_of,
        tied=tied,
    )


def _untied(tied: TieOut | None) -> list[Finding]:
    """Return a finding where figures do not tie: an error if a part is not explained."""
    if tied is None or tied.all_tie:
        return []
    off, n = tied.differing, len(tied.compared)
    told = "; ".join(f"{tie.total.what}, {tie.total.period}" for tie in off[:_EXAMPLES])
    more = f", and {len(off) - _EXAMPLES} more" if len(off) > _EXAMPLES else ""
    open_questions = any(tie.unexplained for tie in off)
    unmeasured = f"Not measured: {'; '.join(tied.unmeasured)}." if tied.unmeasured else ""
    remedy = (
        f"Something counts otherwise than the CRM. {unmeasured}".strip()
        if open_questions
        else "Every difference is explained: say which way is meant, in the CRM's report or in the "
        "funnel's policies."
    )
    found = Finding(
        rule="control_totals_differ",
        severity="error" if open_questions else "warning",
        count=len(off),
        share=share_of(len(off), n),
        what=f"{len(off)} of {display.plural(n, 'control total')} "
        f"{'differs' if len(off) == 1 else 'differ'} from the CRM's: {told}{more}.",
        remedy=remedy,
    )
    return [found]


def _known(leads: Leads, known: Mapping[str, Iterable[str]] | None) -> dict[str, tuple[str, ...]]:
    found = {}
    for name, names in (known or {}).items():
        checks.member("known", "segment", name, leads.funnel.segments)
        if isinstance(names, str):
            raise ArgumentError(f"`known` must map `{name}` to a list of names; got {names!r}.")
        found[name] = tuple(dict.fromkeys(text for one in names if (text := str(one).strip())))
    return found


__all__ = ["Audit", "Finding", "audit"]
