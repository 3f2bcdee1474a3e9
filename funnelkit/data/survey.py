"""What the audit counts: a handful of statements on the engine, each run once and when asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

import ibis

from funnelkit._core.dates import earlier
from funnelkit.data import engines
from funnelkit.data.dating import days_by_step
from funnelkit.data.journeys import NO_STAGE
from funnelkit.data.measures import Measures
from funnelkit.data.records import Leads
from funnelkit.data.repeats import Repeated, Repeats
from funnelkit.data.silences import End, Start, silences
from funnelkit.data.tallies import Group, Tallies, date, decimal, is_blank, row_of, sums, whole

if TYPE_CHECKING:
    import ibis.expr.types as ir

EXTREME = 100
_EXAMPLES = 5
_SHOWN = frozenset(
    {"out_of_order", "reopened", "early_exit", "reversed", "closed_undated", "no_day"}
    | {"late_entry", "negative", f"aside: {NO_STAGE}"}
)


class Amounts(NamedTuple):
    """Amounts of the records that are won."""

    records: int
    known: int
    zero: int
    median: Decimal | None
    total: Decimal


class Money(NamedTuple):
    """Money of the won rows of the source, what of it is counted, and where the rest went."""

    rows: int
    source: Decimal
    counted: Decimal
    later: Decimal
    reversed: Decimal
    aside: Decimal

    @property
    def rest(self) -> Decimal:
        """What is left to explain."""
        return self.source - self.counted - self.later - self.reversed - self.aside


class Survey:
    """Counts over leads, each taken from the engine when first asked for.

    Parameters
    ----------
    leads
        The data.
    known
        Segment -> the names it may have.
    """

    def __init__(self, leads: Leads, known: Mapping[str, Sequence[str]] | None = None) -> None:
        self.leads = leads
        self.known = known or {}
        self.funnel = leads.funnel
        self.rows = leads.rows
        self.as_of = leads.as_of
        self.stages = range(len(leads.funnel.stages))
        self.exits = range(len(leads.funnel.stages), len(leads.funnel.steps))

    # --- rows: one statement ------------------------------------------------------------

    @cached_property
    def days(self) -> list[tuple[dt.date, int, int]]:
        """(day, step, events) over all rows, those after `as_of` too."""
        return days_by_step(self.rows, self.funnel)

    @cached_property
    def start(self) -> int:
        """The first stage of which any day is known."""
        seen = {step for day, step, _ in self.days if day <= self.as_of}
        return min(seen & set(self.stages), default=0)

    # --- records: a first scan ----------------------------------------------------------

    @cached_property
    def measures(self) -> Measures:
        """The expressions behind the counts."""
        return Measures(self.leads, self.start)

    @cached_property
    def _first(self) -> dict[str, Any]:
        """Everything that one scan of the records can say."""
        records = self.leads.derived
        return row_of(records, sums(records, self.measures.tests) | self.measures.firsts())

    @cached_property
    def totals(self) -> Mapping[str, int]:
        """Counts of records, by the names of :meth:`Measures.tests`."""
        return {name: whole(self._first[name]) for name in self.measures.tests}

    @property
    def reasons(self) -> dict[str, int]:
        """Reason -> records set aside after reading."""
        found = {
            name.removeprefix("aside: "): n
            for name, n in self.totals.items()
            if name.startswith("aside: ")
        }
        return {reason: n for reason, n in found.items() if n}

    @property
    def begun(self) -> list[int]:
        """Later stages and exits that are recorded at all."""
        return [k for k in self.measures.later if not is_blank(self._first[f"begin_{k}"])]

    @property
    def amounts(self) -> Amounts:
        """Amounts of the records that are won, as known on `as_of`."""
        found, median = self._first, self._first["won_median"]
        return Amounts(
            records=self.totals["won"],
            known=whole(found["won_known"]),
            zero=whole(found["won_zero"]),
            median=None if is_blank(median) else Decimal(str(median)),
            total=decimal(found["won_total"]),
        )

    @property
    def known_amounts(self) -> int:
        """Records with an amount, won or not."""
        return whole(self._first["won_known"]) + whole(self._first["else_known"])

    @property
    def may_show_ids(self) -> bool:
        """Whether ids are no personal data: not said to be, and no mail addresses."""
        return self.funnel.id not in self.funnel.personal and not whole(self._first["any_mail"])

    # --- records by what they share: one statement ----------------------------------------

    @cached_property
    def tallies(self) -> Tallies:
        """Records by day of entry, by names, by account."""
        return Tallies(self.measures)

    @cached_property
    def entries(self) -> dict[dt.date, int]:
        """Day -> records in rates that entered the first dated stage on it, in order."""
        return self.tallies.entries

    @cached_property
    def groups(self) -> dict[str, dict[str | None, Group]]:
        """Segment -> name -> records, the most frequent names first."""
        return self.tallies.segments

    @property
    def segments(self) -> dict[str, dict[str | None, int]]:
        """Segment -> name -> number of records, the most frequent names first."""
        return {
            segment: {name: group.records for name, group in groups.items()}
            for segment, groups in self.groups.items()
        }

    # --- records: a second scan, for what the first one calls for ---------------------------

    @cached_property
    def _second(self) -> dict[str, Any]:
        measures, records = self.measures, self.leads.derived
        wanted = sums(
            records,
            {
                one.name: measures.within(one.step, one.window, one.first, one.last)
                for one in self._silences
            },
        )
        wanted |= measures.swap_days(self._swapped)
        wanted |= sums(records, {"older": self._older})
        if self.totals["long"]:
            wanted |= sums(records, {"whole_years": measures.whole_years})
        age = ibis.literal(self.as_of).delta(measures.entered, unit="day")
        wanted["open_median"] = engines.median(age, self._open)
        if (large := self._large) is not None:
            wanted |= sums(records, {"large": large})
            wanted["large_most"] = records["value"].max(where=large)
            wanted["large_total"] = records["value"].sum(where=large)
        return row_of(records, wanted)

    @cached_property
    def _silences(self) -> list[Start]:
        ends = {
            k: (date(self._first[f"begin_{k}"]), date(self._first[f"end_{k}"])) for k in self.begun
        }
        return list(silences(ends, self.entries, self.as_of))

    @property
    def _open(self) -> Any:
        return self.measures.counted & ~self.measures.won & ~self.measures.left

    @property
    def _older(self) -> Any:
        """Whether an open record is older than any was when it closed."""
        since = earlier(self.as_of, whole(self._first["longest"]))
        return self._open & (self.measures.entered < ibis.literal(since))

    @property
    def _large(self) -> Any:
        """Whether a won record is above a hundred medians; ``None`` without a median."""
        median = self._first.get("won_median")
        if is_blank(median):
            return None
        limit = Decimal(str(median)) * EXTREME
        above = ibis.literal(f"{limit:f}").cast("decimal(38, 4)")  # a number would be made a float
        return self.measures.kept & self.measures.won & (self.leads.derived["value"] > above)

    @property
    def _swapped(self) -> list[tuple[int, int]]:
        pairs = [(j, k) for k in self.stages for j in range(k)]
        return [(j, k) for j, k in pairs if self.totals[f"swapped_{j}_{k}"]]

    @property
    def swaps(self) -> dict[tuple[int, int], tuple[int, int]]:
        """(earlier stage, later stage) -> fewest and most days by which they are swapped."""
        found = self._second
        return {
            (j, k): (whole(found[f"low_{j}_{k}"]), whole(found[f"high_{j}_{k}"]))
            for j, k in self._swapped
        }

    def recorded(self, end: End) -> list[Start]:
        """Return how the recording of later steps began or ended, where some were silent."""
        return [
            one._replace(hits=whole(self._second[one.name]))
            for one in self._silences
            if one.end == end
        ]

    @property
    def longest(self) -> tuple[int, int, int, int]:
        """Closed records, most days any took, open ones older than that, median age of the open."""
        first, second = self._first, self._second
        return (
            whole(first["closed"]),
            whole(first["longest"]),
            whole(second["older"]),
            whole(second["open_median"]),
        )

    @property
    def whole_years(self) -> int:
        """Records with a later step on the entry's day and month, in another year."""
        return whole(self._second["whole_years"]) if self.totals["long"] else 0

    @property
    def large_amounts(self) -> tuple[int, Decimal, Decimal]:
        """Won records above a hundred medians: number, largest amount, total."""
        found = self._second
        if not whole(found.get("large")):
            return 0, Decimal(0), Decimal(0)
        return whole(found["large"]), decimal(found["large_most"]), decimal(found["large_total"])

    # --- rows of ids that stand in several, where there are such ----------------------------

    @cached_property
    def _repeated(self) -> Repeated:
        return Repeated(self.leads)

    @cached_property
    def repeats(self) -> dict[int, Repeats]:
        """File -> ids that stand in several of its rows."""
        return self._repeated.by_file if self.totals["several_rows"] else {}

    @cached_property
    def partners(self) -> dict[tuple[bool, ...], int]:
        """For each file, whether an id stands in it -> ids."""
        files = range(len(self.rows.names))
        found = {
            tuple(file == i for file in files): self.totals[f"lone_{i}"]
            for i in files
            if self.totals[f"lone_{i}"]
        }
        for inside, n in (self._repeated.partners if self.totals["several_rows"] else {}).items():
            found[inside] = found.get(inside, 0) + n
        return found

    # --- money: one statement, where rows say both whether they are won and for how much ------

    @cached_property
    def money(self) -> Money | None:
        """Where the money of won rows went; ``None`` where a row does not say both."""
        table, last = self.rows.table, self.stages[-1]
        if self.funnel.value is None or self.rows.form == "log" or len(self.rows.names) > 1:
            return None
        day, value = table[f"day_{last}"], table["value"]
        won = day.notnull()
        if "status" in table.columns:
            won |= (table.status == last).fill_null(False)
        later = (day > ibis.literal(self.as_of)).fill_null(False)
        found = row_of(
            table,
            sums(table, {"rows": won & (value != 0)})
            | {"source": value.sum(where=won), "later": value.sum(where=won & later)},
        )
        return Money(
            rows=whole(found["rows"]),
            source=decimal(found["source"]),
            counted=decimal(self._first["won_total"]),
            later=decimal(found["later"]),
            reversed=decimal(self._first["reversed_total"]),
            aside=decimal(self._first["aside_total"]),
        )

    # --- examples of everything: one statement ----------------------------------------------

    def examples(self, name: str) -> tuple[str, ...]:
        """Return up to five ids of the records behind a total, or of repeated ids."""
        return self._examples.get(name, ()) if self.may_show_ids else ()

    @cached_property
    def _examples(self) -> dict[str, tuple[str, ...]]:
        parts = [
            table.limit(_EXAMPLES).select("id").mutate(rule=ibis.literal(name))
            for name, table in self._shown().items()
        ]
        if not parts:
            return {}
        ids: dict[str, list[str]] = {}
        every = reduce(lambda one, other: one.union(other), parts).execute()
        for row in every.itertuples(index=False):
            ids.setdefault(str(row.rule), []).append(str(row.id))
        return {name: tuple(sorted(found)) for name, found in ids.items()}

    def _shown(self) -> dict[str, ir.Table]:
        """Return the records to show examples of, by the name of their count, in order."""
        records = self.leads.derived
        lone = [f"lone_{i}" for i in range(1, len(self.rows.names))]
        tests = {
            name: test
            for name, test in self.measures.tests.items()
            if self.totals[name] and (name in _SHOWN or name in lone or name.startswith("swapped_"))
        }
        if self.totals["left"] and self.longest[2]:
            tests["older"] = self._older
        if self.whole_years:
            tests["whole_years"] = self.measures.whole_years
        found = {
            name: records.filter(test.fill_null(False)).order_by("id")
            for name, test in tests.items()
        }
        if self.large_amounts[0]:
            found["large"] = records.filter(self._large).order_by(ibis.desc("value"), "id")
        if self.totals["several_rows"]:
            repeated = self._repeated.examples()
            found |= {name: table.order_by("id") for name, table in repeated.items()}
        return found
