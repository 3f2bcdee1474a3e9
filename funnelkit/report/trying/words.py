"""A first look in words for a terminal, and as plain values for machines."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from funnelkit._core import display
from funnelkit._core.dates import period_label
from funnelkit.report.page.facts import CohortRow, Cohorts, Missing, Setting, Tested, short_name
from funnelkit.report.page.markup import plain
from funnelkit.report.page.section import Section
from funnelkit.report.page.terms import capital
from funnelkit.report.trying import sections
from funnelkit.report.trying.facts import TrialFacts
from funnelkit.report.trying.page import DRAFT, TrialPage, draft_said

_MONTHS = 6
_GAP = "  "
_STEERING = dict.fromkeys((*range(32), *range(127, 160), *range(8234, 8239), *range(8294, 8298)))


def lines_of(page: TrialPage, *, width: int) -> Iterator[str]:
    """Yield the lines of a first look, as a terminal shows them; no sign in them steers it.

    Parameters
    ----------
    page
        The page whose sections are told.
    width
        Characters in a line; words are wrapped, tables are as wide as they are.
    """
    for line in _lines(page, width):
        yield line.translate(_STEERING)


def _lines(page: TrialPage, width: int) -> Iterator[str]:
    facts = page.facts
    yield from _wrapped(f"{DRAFT}: {draft_said(facts)}", width)
    yield from _told(page.rows, width)
    for file, reason, rows in facts.accounting:
        where = f"{sections.became(reason)} ({display.one_line(file)})"
        yield f"{_GAP}{display.count(rows):>9}{_GAP}{where}"
    yield from _told(page.months, width)
    if isinstance(facts.cohorts, Cohorts):
        yield from _table(*_months(facts.cohorts, facts.setting))
    yield from _told(page.back_test, width)
    yield from _told(page.leak, width)
    yield from _told(page.deals, width)
    if facts.deals:
        heads = [head for head in sections.DEAL_HEADS if head != "Why"]
        shown = [sections.deal_cells(one) for one in facts.deals]
        lines = _table(heads, [row[:-1] for row in shown])
        for line, why in zip(lines, ["Why", *(row[-1] for row in shown)], strict=True):
            yield f"{line}{_GAP}{why}"
    yield from ("", "THE FUNNEL.YML IT USED (funnelkit init writes it, each guess with its reason)")
    yield from (f"{_GAP}{line}" for line in bare(facts.config))


def bare(config: str) -> list[str]:
    r"""Return the lines of a funnel.yml without its comments.

    Examples
    --------
    >>> bare('# drafted\nstages: [lead, won]  # in order\nid: "a  # b"\n')
    ['stages: [lead, won]', "id: 'a  # b'"]
    """
    import yaml

    text: str = yaml.safe_dump(
        yaml.safe_load(config),
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=96,
    )
    return text.splitlines()


def values_of(facts: TrialFacts) -> dict[str, Any]:
    """Return a first look as values that JSON can hold; what is not known is ``None``."""
    setting = facts.setting
    return {
        "draft": True,
        "as_of": setting.as_of.isoformat(),
        "stages": list(setting.terms.stages),
        "exits": list(setting.terms.exits),
        "reached": dict(facts.reached),
        "business": None
        if facts.business is None
        else {
            "chosen": dict(facts.business.chosen),
            "records": facts.business.records,
            "others": dict(facts.business.others),
        },
        "rows": [
            {"file": file, "what": what, "rows": rows} for file, what, rows in facts.accounting
        ],
        "audit": [
            {"severity": one.severity, "rule": one.rule, "what": one.what, "count": one.count}
            for one in facts.findings
        ],
        "months": _month_values(facts.cohorts),
        "back_test": _test_values(facts.tested),
        "leaks": facts.leaks.needs
        if isinstance(facts.leaks, Missing)
        else [{name: _known(value) for name, value in vars(one).items()} for one in facts.leaks],
        "open": facts.open,
        "deals": [
            {name: _known(value) for name, value in vars(one).items()} for one in facts.deals
        ],
        "config": facts.config,
        "notes": list(facts.notes),
    }


def _told(section: Section, width: int) -> Iterator[str]:
    """Yield a blank line, what a section is about, what was found and what it rests on."""
    yield ""
    yield section.eyebrow.upper()
    yield from _wrapped(plain(section.title), width)
    yield from _wrapped(plain(section.lead), width)
    for one in section.body:
        panel = re.search(r'class="needs"', str(one))
        if panel and isinstance(one, str):
            yield from _wrapped(plain(one).removeprefix("This panel needs more. "), width)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(" ".join(text.split(" ")), width, break_on_hyphens=False)


def _months(cohorts: Cohorts, setting: Setting) -> tuple[list[str], list[list[str]]]:
    heads = [
        "Month",
        capital(setting.terms.leads),
        f"{capital(setting.terms.done)} so far",
        "Share",
        "Seen",
        f"Expected by day {cohorts.horizon} ({setting.level})",
        "",
    ]
    return heads, [_month(row) for row in cohorts.rows[-_MONTHS:]]


def _month(row: CohortRow) -> list[str]:
    told = row.told and not row.small
    expected = display.EN_DASH
    if told:
        expected = display.estimate(*row.expected)
    mark = "immature" if row.immature else ""
    if row.small:
        mark = "too few for a rate"
    return [
        short_name(row.cohort),
        display.count(row.entered),
        display.count(row.converted),
        display.EN_DASH if row.small else display.percent(row.rate.value),
        display.percent(row.maturity, decimals=0),
        expected,
        mark,
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines: the first column to the left, figures to the right."""
    every = [list(heads), *(list(row) for row in rows)]
    widths = [max(len(row[k]) for row in every) for k in range(len(heads))]
    left = {0, *(k for k, head in enumerate(heads) if head in ("", "Stage"))}
    return [
        _GAP
        + _GAP.join(
            cell.ljust(size) if k in left else cell.rjust(size)
            for k, (cell, size) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in every
    ]


def _month_values(cohorts: Cohorts | Missing) -> Any:
    if isinstance(cohorts, Missing):
        return cohorts.needs
    return [
        {
            "month": period_label(row.cohort),
            "entered": row.entered,
            "converted": row.converted,
            "rate": _known(row.rate.value),
            "maturity": _known(row.maturity),
            "by_day": cohorts.horizon,
            "expected": _known(row.expected.value) if row.told else None,
            "low": _known(row.expected.low) if row.told else None,
            "high": _known(row.expected.high) if row.told else None,
            "immature": row.immature,
        }
        for row in cohorts.rows
    ]


def _test_values(tested: Tested | Missing) -> Any:
    if isinstance(tested, Missing):
        return tested.needs
    names = ("horizon", "off", "raw_off", "mature_off", "forecasts", "held", "leads")
    return {name: _known(getattr(tested, name)) for name in names}


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
