"""A YAML document as a plan record: every key, number and row checked, nothing guessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import FunnelError
from funnelkit.data.document import Section
from funnelkit.plan.actuals.record import VERSION, Assumed, PlanRecord
from funnelkit.plan.goals.targets import Targets

_SLACK = 1e-6


def record_in(root: Section) -> PlanRecord | None:
    """Return the record of a document, or note what is wrong."""
    import pandas as pd

    version = root.text("plan_version")
    if version != str(VERSION):
        was = "is missing" if version is None else f"is {version[:20]!r}"
        root.note("plan_version", f"{was}; this funnelkit reads plans of version {VERSION}.")
        return None
    reader = _Reader(root)
    labels = root.texts("months")
    try:
        months = pd.PeriodIndex(list(labels), freq="M")
    except (ValueError, TypeError):
        root.note("months", "must be months such as 2027-01.")
        return None
    reader.ahead = len(months)
    parts: dict[str, Any] = {
        "as_of": root.day("as_of"),
        "unit": root.choice("unit", ("value", "count")),
        "probability": reader.number(root, "probability"),
        "hit": reader.number(root, "hit"),
        "shortfall": reader.row(root, "shortfall"),
        "in_flight": reader.stream("in_flight"),
        "direct": reader.stream("without_a_lead"),
    }
    texts = {name: root.text(name) or "" for name in ("label", "currency")}
    lists = {name: root.texts(name) for name in ("stages", "by", "notes")}
    channels = [reader.channel(one, labels) for one in root.sections("channels")]
    names = tuple(one["name"] for one in channels)
    options = {
        name: leads for one in root.sections("options") for name, leads in reader.option(one, names)
    }
    ledger = tuple(reader.assumed(one) for one in root.sections("assumptions"))
    targets = reader.targets(months, texts["currency"] or None, root.texts("target_notes"))
    root.close()
    if root.problems.found or any(one is None for one in (*parts.values(), targets)):
        return None
    if not channels:
        root.note("channels", "must hold at least one.")
        return None
    built = _built(
        root,
        **parts,
        periods=months,
        targets=targets,
        channels=names,
        leads=[one["leads"] for one in channels],
        rates=[one["rate"] for one in channels],
        within=[one["within"] for one in channels],
        sizes=[one["deal_size"] for one in channels],
        options=options,
        ledger=ledger,
        stages=lists["stages"],
        by=lists["by"],
        notes=lists["notes"],
        label=texts["label"],
        currency=texts["currency"] or None,
    )
    if built is not None:
        _compare(root, built, [one["deals"] for one in channels])
    return built


def _built(root: Section, **fields: Any) -> PlanRecord | None:
    try:
        return PlanRecord(**fields)
    except FunnelError as reason:
        root.problems.add(0, str(reason))
        return None


def _compare(root: Section, record: PlanRecord, deals: Sequence[Sequence[float]]) -> None:
    """Note where deals are not what leads, rates and shares come to."""
    found = record.deals.sum(axis=1)
    for c, name in enumerate(record.channels):
        stated = np.asarray(deals[c], float)
        if not np.allclose(found[c], stated, rtol=_SLACK, atol=_SLACK):
            root.problems.add(
                0,
                f"channel {display.one_line(name)!r:.60}: `deals` are not what its leads, rates "
                "and `won_in` come to; the file was edited. Restore it.",
            )


class _Reader:
    """Numbers of a document, each checked, and what is wrong with them noted."""

    def __init__(self, root: Section) -> None:
        self.root, self.ahead = root, 0

    def number(self, section: Section, key: str) -> float | None:
        """Return a number."""
        given = section.text(key)
        if given is None:
            section.note(key, "is missing.")
            return None
        found = _read_number(given)
        if found is None:
            section.note(key, f"must be a number; got {given[:30]!r}.")
        return found

    def row(self, section: Section, key: str) -> list[float] | None:
        """Return a number for each month."""
        found = [_read_number(text) for text in section.texts(key)]
        good = [one for one in found if one is not None]
        if len(good) < len(found) or len(found) != self.ahead:
            section.note(key, f"must be {display.plural(self.ahead, 'number')}, one a month.")
            return None
        return good

    def stream(self, key: str) -> list[list[float]] | None:
        """Return deals and money by month."""
        section = self.root.section(key)
        if section is None:
            self.root.note(key, "is missing.")
            return None
        rows = [self.row(section, name) for name in ("deals", "value")]
        section.close()
        good = [one for one in rows if one is not None]
        return good if len(good) == len(rows) else None

    def channel(self, section: Section, labels: Sequence[str]) -> dict[str, Any]:
        """Return the numbers of a channel."""
        found: dict[str, Any] = {"name": section.text("name") or ""}
        if not found["name"]:
            section.note("name", "is missing.")
        for key in ("leads", "rate", "deals"):
            found[key] = self.row(section, key)
        found["deal_size"] = self.number(section, "deal_size")
        won_in = section.section("won_in")
        if won_in is None:
            section.note("won_in", "is missing.")
        else:
            found["within"] = [self.row(won_in, month) for month in labels]
            won_in.close()
        section.close()
        return found

    def option(
        self, section: Section, names: Sequence[str]
    ) -> Iterable[tuple[str, list[list[float] | None]]]:
        """Yield another plan: its name, and its leads."""
        name, leads = section.text("name"), section.section("leads")
        if name is None or leads is None:
            section.note("name", "and `leads` are needed.")
            return
        rows = [self.row(leads, channel) for channel in names]
        leads.close()
        section.close()
        yield name, rows

    def assumed(self, section: Section) -> Assumed:
        """Return one line of the ledger."""
        numbers = {name: self.number(section, name) or 0.0 for name in ("value", "low", "high")}
        n = self.number(section, "n") if "n" in section else None
        found = Assumed(
            key=section.text("input") or "",
            source=section.text("source") or "",
            n=n,
            date=section.day("date"),
            **numbers,
        )
        section.close()
        return found

    def targets(self, months: Any, currency: str | None, notes: tuple[str, ...]) -> Targets | None:
        """Return the targets."""
        section = self.root.section("targets")
        if section is None:
            self.root.note("targets", "are missing.")
            return None
        amount = self.row(section, "amount")
        start = section.whole("fiscal_year_start", 1, 12, "a month from 1 to 12")
        unit = section.choice("unit", ("value", "count"))
        parts: dict[str, dict[str, Any]] = {"segments": {}, "other": {}}
        for key, found in parts.items():
            for one in section.sections(key):
                found[one.text("name") or ""] = self.row(one, "amount")
                one.close()
        texts = {name: section.text(name) or "" for name in ("what", "source")}
        section.close()
        if self.root.problems.found or amount is None or start is None or unit is None:
            return None
        try:
            return Targets(
                periods=months,
                amount=np.array(amount),
                unit="count" if unit == "count" else "value",
                currency=currency,
                fiscal_year_start=start,
                notes=notes,
                segments=parts["segments"],
                other=parts["other"],
                what=texts["what"],
                source=texts["source"],
            )
        except FunnelError as reason:
            section.note("amount", f"cannot be read: {reason}")
            return None


def _read_number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and "_" not in text else None
