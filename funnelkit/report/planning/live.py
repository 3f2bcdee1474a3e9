"""`plan.xlsx`: the tables of a plan, and sheets that compute it anew when an input is changed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.report.planning.facts import PlanFacts
from funnelkit.report.planning.tables import tables_of
from funnelkit.report.workbook import Drawn, Sheet, Writer, write_tables

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

    from funnelkit.plan import Plan

FloatArray = NDArray[np.float64]
INPUTS, LEADS, LAG, MONTHS, CHAIN = "Inputs", "Leads", "Lag", "Live months", "Live chain"
_MOST_CHANNELS = 150
"""With more, formulas would be longer than a spreadsheet takes."""
_TOP = 4
"""First row of numbers on every sheet, counted from 0."""


def write_live(path: Path, facts: PlanFacts) -> Path:
    """Return the path of the workbook of a plan, whose live sheets hold formulas."""
    tables = dict(tables_of(facts))
    first = {"On one page": tables.pop("On one page")}
    live = Live(plan=facts.plan)
    drawn: dict[str, Sheet | Drawn] = {}
    if live.channels <= _MOST_CHANNELS:
        drawn = {
            INPUTS: Drawn("Inputs: change the blue cells", live.channels, live.inputs),
            LEADS: Drawn("Leads by month and channel: change them", live.months, live.leads),
            MONTHS: Drawn("Deals and bookings by month, computed", live.months, live.by_month),
            CHAIN: Drawn("The chain on mean rates, computed", live.channels, live.chain),
            LAG: Drawn("When those who are won are won", live.channels * live.months, live.lag),
        }
    return write_tables(
        path,
        {**first, **drawn, **tables},
        definitions=facts.board.definitions,
        title=f"Plan, {facts.outlook.span}",
    )


def cell(row: int, column: int) -> str:
    """Return the fixed address of a cell, both counted from 0.

    Examples
    --------
    >>> cell(4, 0), cell(0, 27)
    ('$A$5', '$AB$1')
    """
    letters, rest = "", column + 1
    while rest:
        rest, place = divmod(rest - 1, 26)
        letters = chr(65 + place) + letters
    return f"${letters}${row + 1}"


def span(first: tuple[int, int], last: tuple[int, int]) -> str:
    """Return the address of a block of cells."""
    return f"{cell(*first)}:{cell(*last)}"


@dataclass(frozen=True, eq=False, kw_only=True)
class Live:
    """Sheets of one plan that compute it from inputs.

    Parameters
    ----------
    plan
        Its inputs, leads and targets.
    """

    plan: Plan

    @property
    def channels(self) -> int:
        """How many there are."""
        return len(self.plan.channels)

    @property
    def months(self) -> int:
        """How many there are."""
        return len(self.plan.periods)

    @property
    def money(self) -> bool:
        """Whether targets are money."""
        return self.plan.unit == "value"

    @property
    def _steps(self) -> int:
        return len(self.plan.assumptions.stages) - 1

    @property
    def _labels(self) -> list[str]:
        return [str(month) for month in self.plan.periods]

    @property
    def _names(self) -> list[str]:
        return [display.one_line(name) for name in self.plan.channels]

    # columns of the sheet of inputs, after the channel: rates, ratio, share won, size, cost, mix
    @property
    def _ratio(self) -> int:
        return 1 + self._steps

    def _input(self, channel: int, what: str) -> str:
        """Return the address of an input of a channel."""
        column = self._ratio + ("ratio", "won", "size", "cost", "mix").index(what)
        return f"{INPUTS}!{cell(_TOP + channel, column)}"

    def inputs(self, writer: Writer, sheet: Worksheet) -> None:
        """Write rates, deal sizes, costs and shares of the channels."""
        given = self.plan.assumptions
        writer.heading(
            sheet,
            "Inputs: change the blue cells",
            "Rates of each step; their product, times the correction for how they go together, is "
            "the share that is ever won.",
        )
        stages = [display.one_line(stage) for stage in given.stages]
        rates = [f"{a} to {b}" for a, b in pairwise(stages)]
        heads = ["Channel", *rates, "Correction", "Share won", "Deal size", "Cost per lead", "Mix"]
        writer.heads(sheet, _TOP - 1, heads)
        for c, channel in enumerate(given.channels):
            row = _TOP + c
            writer.label(sheet, row, 0, self._names[c])
            for k, rate in enumerate(channel.rates):
                writer.input(sheet, (row, 1 + k), rate.value, "share")
            writer.input(sheet, (row, self._ratio), channel.ratio, "number")
            product = "*".join(cell(row, 1 + k) for k in range(self._steps))
            formula = f"=MIN(1,{product}*{cell(row, self._ratio)})"
            writer.formula(sheet, (row, self._ratio + 1), formula, channel.win_rate, "share")
            writer.input(sheet, (row, self._ratio + 2), float(given.sizes[c]), "value")
            writer.input(sheet, (row, self._ratio + 3), float(given.costs[c]), "value")
            writer.input(sheet, (row, self._ratio + 4), float(self._mix[c]), "share")
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, len(heads) - 1, 15)
        sheet.freeze_panes(_TOP, 1)

    @property
    def _mix(self) -> FloatArray:
        sums = self.plan.leads.sum(axis=1)
        if not sums.sum():
            return self.plan.assumptions.shares
        return np.asarray(sums / sums.sum())

    def leads(self, writer: Writer, sheet: Worksheet) -> None:
        """Write the leads of each month and channel, and their sums."""
        writer.heading(
            sheet,
            "Leads by month and channel: change the blue cells",
            "The plan that was asked; what they bring stands on the sheet of live months.",
        )
        writer.heads(sheet, _TOP - 1, ["Month", *self._names, "All channels"])
        last, leads = self.channels, self.plan.leads
        for m, label in enumerate(self._labels):
            row = _TOP + m
            writer.label(sheet, row, 0, label)
            for c in range(self.channels):
                writer.input(sheet, (row, 1 + c), float(leads[c, m]), "whole")
            formula = f"=SUM({span((row, 1), (row, last))})"
            writer.formula(sheet, (row, last + 1), formula, float(leads[:, m].sum()), "whole")
        row = _TOP + self.months
        writer.label(sheet, row, 0, "All months")
        for column in range(1, last + 2):
            total = leads.sum() if column == last + 1 else leads[column - 1].sum()
            formula = f"=SUM({span((_TOP, column), (row - 1, column))})"
            writer.formula(sheet, (row, column), formula, float(total), "whole")
        sheet.set_column(0, 0, 12)
        sheet.set_column(1, last + 1, 16)
        sheet.freeze_panes(_TOP, 1)

    def _block(self, channel: int) -> int:
        """Return the first row of numbers of a channel's block on the sheet of lags."""
        return _TOP + channel * (self.months + 3)

    def lag(self, writer: Writer, sheet: Worksheet) -> None:
        """Write, for each channel, the share won in each month of those who enter in each month."""
        writer.heading(
            sheet,
            "When those who are won are won",
            "Rows: month of entry. Columns: month of the win. What is missing to 100 % is won "
            "later.",
        )
        within = self.plan.assumptions.within.mean(axis=0)
        for c, name in enumerate(self._names):
            first = self._block(c)
            writer.heads(sheet, first - 1, [name, *self._labels])
            for m, label in enumerate(self._labels):
                writer.label(sheet, first + m, 0, label)
                for h in range(m, self.months):
                    writer.input(sheet, (first + m, 1 + h), float(within[c, m, h]), "share")
        sheet.set_column(0, 0, 24)
        sheet.freeze_panes(0, 1)

    def _expected(self) -> FloatArray:
        """Return expected deals by channel and month of the win, shape ``(C, H)``."""
        return np.asarray(np.einsum("cm,cmh->ch", self.plan.leads, self.plan.assumptions.yields))

    def by_month(self, writer: Writer, sheet: Worksheet) -> None:
        """Write deals by channel and month, bookings, targets and spend, all computed."""
        writer.heading(
            sheet,
            "Deals and bookings by month, computed from inputs, leads and lag",
            "Expected values: how sure they are stands on the page, and takes a run of funnelkit.",
        )
        tail = ["New deals", "New bookings", "In flight", "Without a lead", "Expected", "Target"]
        heads = ["Month", *[f"Deals of {name}" for name in self._names], *tail, "Gap", "Spend"]
        writer.heads(sheet, _TOP - 1, heads)
        deals = self._expected()
        for h, label in enumerate(self._labels):
            writer.label(sheet, _TOP + h, 0, label)
            for c in range(self.channels):
                writer.formula(
                    sheet, (_TOP + h, 1 + c), self._deals(c, h), float(deals[c, h]), "number"
                )
            self._month(writer, sheet, h, deals[:, h])
        self._sums(writer, sheet, len(heads), deals)
        sheet.set_column(0, 0, 12)
        sheet.set_column(1, len(heads) - 1, 16)
        sheet.freeze_panes(_TOP, 1)

    def _deals(self, channel: int, month: int) -> str:
        """Return the formula of the deals of a channel in a month."""
        end = _TOP + self.months - 1
        leads = f"{LEADS}!{span((_TOP, 1 + channel), (end, 1 + channel))}"
        first = self._block(channel)
        lag = f"{LAG}!{span((first, 1 + month), (first + self.months - 1, 1 + month))}"
        return f"={self._input(channel, 'won')}*SUMPRODUCT({leads},{lag})"

    def _month(self, writer: Writer, sheet: Worksheet, h: int, deals: FloatArray) -> None:
        plan, row, first = self.plan, _TOP + h, 1 + self.channels
        kind = "value" if self.money else "number"
        own = span((row, 1), (row, self.channels))
        writer.formula(sheet, (row, first), f"=SUM({own})", float(deals.sum()), "number")
        parts = "+".join(
            f"{cell(row, 1 + c)}*{self._input(c, 'size')}" for c in range(self.channels)
        )
        worth = parts if self.money else cell(row, first)
        writer.formula(sheet, (row, first + 1), f"={worth}", float(plan.new[h]), kind)
        writer.input(sheet, (row, first + 2), float(plan.in_flight[h]), kind)
        writer.input(sheet, (row, first + 3), float(plan.direct[h]), kind)
        three = span((row, first + 1), (row, first + 3))
        writer.formula(sheet, (row, first + 4), f"=SUM({three})", float(plan.expected[h]), kind)
        writer.input(sheet, (row, first + 5), float(plan.targets.amount[h]), kind)
        gap = f"={cell(row, first + 4)}-{cell(row, first + 5)}"
        writer.formula(sheet, (row, first + 6), gap, float(plan.gap[h]), kind)
        spend = "+".join(
            f"{LEADS}!{cell(row, 1 + c)}*{self._input(c, 'cost')}" for c in range(self.channels)
        )
        paid = float(np.nansum(plan.leads[:, h] * plan.assumptions.costs))
        writer.formula(sheet, (row, first + 7), f"={spend}", paid, "value")

    def _sums(self, writer: Writer, sheet: Worksheet, columns: int, deals: FloatArray) -> None:
        plan, row = self.plan, _TOP + self.months
        writer.label(sheet, row, 0, "All months")
        paid = float(np.nansum(plan.leads * plan.assumptions.costs[:, None]))
        totals = [*deals.sum(axis=1), deals.sum(), plan.new.sum(), plan.in_flight.sum()]
        totals += [plan.direct.sum(), plan.expected.sum(), plan.targets.amount.sum()]
        totals += [plan.gap.sum(), paid]
        for column in range(1, columns):
            formula = f"=SUM({span((_TOP, column), (row - 1, column))})"
            kind = "number" if column <= self.channels + 1 or not self.money else "value"
            kind = "value" if column == columns - 1 else kind
            writer.formula(sheet, (row, column), formula, float(totals[column - 1]), kind)

    def chain(self, writer: Writer, sheet: Worksheet) -> None:
        """Write the calculator: goal, less what is there, over what a lead brings on average."""
        given, row = self.plan.assumptions, _TOP
        writer.heading(
            sheet,
            "The chain on mean rates, without lags: what a calculator says",
            "Such a plan fails about as often as not; the page says what a surer one takes.",
        )
        kind = "value" if self.money else "number"
        first, sums = 1 + self.channels, _TOP + self.months
        goal, there = (
            float(self.plan.targets.amount.sum()),
            float(self.plan.in_flight.sum() + self.plan.direct.sum()),
        )
        sized = given.sizes if self.money else np.ones(self.channels)
        won = np.array([one.win_rate for one in given.channels])
        each = float((self._mix * won * sized).sum())
        total = max(goal - there, 0.0) / each if each > 0 else 0.0
        months = f"'{MONTHS}'!"
        worth = "+".join(
            f"{self._input(c, 'mix')}*{self._input(c, 'won')}"
            + (f"*{self._input(c, 'size')}" if self.money else "")
            for c in range(self.channels)
        )
        needed = (
            f"=IF({cell(row + 2, 1)}>0,MAX(0,{cell(row, 1)}-{cell(row + 1, 1)})"
            f"/{cell(row + 2, 1)},0)"
        )
        lines = [
            ("Goal", f"={months}{cell(sums, first + 5)}", goal, kind),
            (
                "In flight and without a lead",
                f"={months}{cell(sums, first + 2)}+{months}{cell(sums, first + 3)}",
                there,
                kind,
            ),
            ("A lead brings on average", f"={worth}", each, kind),
            (
                "Leads needed",
                needed,
                total,
                "number",
            ),
        ]
        for k, (words, formula, value, of) in enumerate(lines):
            writer.label(sheet, row + k, 0, words)
            writer.formula(sheet, (row + k, 1), formula, value, of)
        self._by_channel(writer, sheet, cell(row + 3, 1), total, row + 6)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, self._steps + 3, 16)

    def _by_channel(
        self, writer: Writer, sheet: Worksheet, whole: str, total: float, top: int
    ) -> None:
        """Write the entries of each channel to each stage, its money and its cost."""
        given = self.plan.assumptions
        stages = [display.one_line(stage) for stage in given.stages]
        writer.heads(sheet, top - 1, ["Channel", *stages, "Bookings", "Cost of leads"])
        for c, channel in enumerate(given.channels):
            row, leads = top + c, total * float(self._mix[c])
            writer.label(sheet, row, 0, self._names[c])
            formula = f"={whole}*{self._input(c, 'mix')}"
            writer.formula(sheet, (row, 1), formula, leads, "number")
            for k in range(1, self._steps):
                rate = f"{INPUTS}!{cell(_TOP + c, k)}"
                part = float(np.prod([one.value for one in channel.rates[:k]]))
                formula = f"={cell(row, k)}*{rate}"
                writer.formula(sheet, (row, 1 + k), formula, leads * part, "number")
            last = 1 + self._steps
            won = leads * channel.win_rate
            formula = f"={cell(row, 1)}*{self._input(c, 'won')}"
            writer.formula(sheet, (row, last), formula, won, "number")
            formula = f"={cell(row, last)}*{self._input(c, 'size')}"
            writer.formula(sheet, (row, last + 1), formula, won * float(given.sizes[c]), "value")
            cost = float(given.costs[c])
            formula = f"={cell(row, 1)}*{self._input(c, 'cost')}"
            paid = leads * cost if np.isfinite(cost) else 0.0
            writer.formula(sheet, (row, last + 2), formula, paid, "value")
