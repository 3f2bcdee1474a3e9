"""A plan record as a YAML document: rows of numbers by month, every text quoted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from funnelkit.plan.actuals.record import DIGITS, VERSION, Assumed, PlanRecord
from funnelkit.plan.goals.targets import Targets

_HEAD = (
    "# A plan as it was made, kept to be compared with what comes. Do not edit it: what was",
    "# planned was planned. Rows of numbers are by month.",
)


def document_of(record: PlanRecord) -> str:
    """Return the text of the file."""
    parts = [
        *_HEAD,
        *_plain(record),
        *_targets(record.targets),
        *_channels(record),
        *_streams(record),
        *_options(record),
        *_ledger(record.ledger),
        *_listed("target_notes", record.targets.notes),
        *_listed("notes", record.notes),
    ]
    return "\n".join(parts) + "\n"


def _plain(record: PlanRecord) -> Iterable[str]:
    yield f"plan_version: {VERSION}"
    yield f"as_of: {record.as_of.isoformat()}"
    yield f"label: {_quoted(record.label)}"
    yield f"unit: {record.unit}"
    yield f"currency: {_quoted(record.currency or '')}"
    yield f"probability: {_number(record.probability)}"
    yield f"hit: {_number(record.hit)}"
    yield f"stages: {_texts(record.stages)}"
    yield f"by: {_texts(record.by)}"
    yield f"months: {_texts(record.labels)}"


def _targets(targets: Targets) -> Iterable[str]:
    yield "targets:"
    yield f"  amount: {_row(targets.amount)}"
    yield f"  unit: {targets.unit}"
    yield f"  what: {_quoted(targets.what)}"
    yield f"  source: {_quoted(targets.source)}"
    yield f"  fiscal_year_start: {targets.fiscal_year_start}"
    for key, parts in (("segments", targets.segments), ("other", targets.other)):
        yield f"  {key}:{'' if parts else ' []'}"
        for name, amount in parts.items():
            yield f"    - name: {_quoted(name)}"
            yield f"      amount: {_row(amount)}"


def _channels(record: PlanRecord) -> Iterable[str]:
    yield "channels:"
    deals = record.deals.sum(axis=1)
    for c, name in enumerate(record.channels):
        yield f"  - name: {_quoted(name)}"
        yield f"    leads: {_row(record.leads[c])}"
        yield f"    rate: {_row(record.rates[c])}  # share ever won, of the leads of each month"
        yield f"    deal_size: {_number(record.sizes[c])}"
        yield f"    deals: {_row(deals[c])}  # won in each month"
        yield "    won_in:  # by month of entry: share of those ever won that is won in each month"
        for month, shares in zip(record.labels, record.within[c], strict=True):
            yield f"      {month}: {_row(shares)}"


def _streams(record: PlanRecord) -> Iterable[str]:
    for key, stream in (("in_flight", record.in_flight), ("without_a_lead", record.direct)):
        yield f"{key}:"
        yield f"  deals: {_row(stream[0])}"
        yield f"  value: {_row(stream[1])}"
    yield f"shortfall: {_row(record.shortfall)}"


def _options(record: PlanRecord) -> Iterable[str]:
    options: Mapping[str, Any] = record.options
    yield f"options:{'' if options else ' []'}"
    for name, leads in options.items():
        yield f"  - name: {_quoted(name)}"
        yield "    leads:"
        for channel, row in zip(record.channels, leads, strict=True):
            yield f"      {_quoted(channel)}: {_row(row)}"


def _ledger(ledger: Sequence[Assumed]) -> Iterable[str]:
    yield f"assumptions:{'' if ledger else ' []'}"
    for one in ledger:
        yield f"  - input: {_quoted(one.key)}"
        yield f"    value: {_number(one.value)}"
        yield f"    low: {_number(one.low)}"
        yield f"    high: {_number(one.high)}"
        yield f"    source: {_quoted(one.source)}"
        if one.n is not None:
            yield f"    n: {_number(one.n)}"
        if one.date is not None:
            yield f"    date: {one.date.isoformat()}"


def _listed(key: str, texts: Sequence[str]) -> Iterable[str]:
    yield f"{key}:{'' if texts else ' []'}"
    for one in texts:
        yield f"  - {_quoted(one)}"


def _number(value: float) -> str:
    return f"{float(value):.{DIGITS}g}"


def _row(values: Any) -> str:
    return f"[{', '.join(_number(value) for value in values)}]"


def _texts(values: Iterable[str]) -> str:
    return f"[{', '.join(_quoted(value) for value in values)}]"


def _quoted(text: str) -> str:
    r"""Return a text in double quotes, so that nothing in it is more than a text.

    Examples
    --------
    >>> print(_quoted("no: [x]"), _quoted("a\u2028b"))
    "no: [x]" "a\u2028b"
    """
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(one if _prints(one) else f"\\u{ord(one):04x}" for one in quoted)


def _prints(one: str) -> bool:
    point = ord(one)
    plain = 0x20 <= point < 0x7F or 0xA0 <= point < 0xD800 or 0xE000 <= point <= 0xFFFD
    return (plain and point not in (0x2028, 0x2029, 0xFEFF)) or 0x10000 <= point <= 0x10FFFF
