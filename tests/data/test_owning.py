"""The owner at entry, where the source has a history of owners; and owners as a way to count."""

from __future__ import annotations

from dataclasses import replace

import ibis
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError

FUNNEL = fk.Funnel(["lead", "deal", "won"], id="id", owner="rep", segments=["region"])
EXPORT = pd.DataFrame(
    [
        ("a", "2026-01-05", "2026-02-01", "2026-03-01", "zoe", "north"),
        ("b", "2026-01-09", "2026-02-09", None, "zoe", "south"),
        ("c", "2026-01-20", None, None, None, "south"),
        ("d", "2026-01-21", "2026-02-11", None, "max", "north"),
    ],
    columns=["id", "lead", "deal", "won", "rep", "region"],
)


def leads_with(*rows: tuple[str, str, str | None, str | None, str | None]) -> fk.Leads:
    """Leads with changes of the owner: id, day, time, old, new."""
    leads = fk.from_frame(EXPORT, FUNNEL, as_of="2026-06-30")
    frame = pd.DataFrame(rows, columns=["id", "day", "at", "old", "new"]).assign(field="owner")
    frame["day"] = pd.to_datetime(frame["day"]).dt.date
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    name = leads.engine.create_table(ibis.util.gen_name("changes"), frame, temp=True)
    changes = name.mutate(at=name["at"].cast("timestamp('UTC')"), day=name["day"].cast("date"))
    return fk.Leads(
        leads.engine,
        replace(leads.rows, changes=changes),
        leads.funnel,
        as_of=leads.as_of,
        recorded_from=None,
    )


def owners(leads: fk.Leads) -> dict[str, str | None]:
    table = leads.list("lead").set_index("id")["rep"]
    return {name: None if pd.isna(rep) else rep for name, rep in table.items()}


def test_the_first_change_after_entry_tells_who_it_was() -> None:
    leads = leads_with(
        ("a", "2026-01-03", None, "nobody", "amy"),  # before entry
        ("a", "2026-02-10", "2026-02-10T15:00:00Z", "bob", "zoe"),
        ("a", "2026-02-10", "2026-02-10T08:00:00Z", "amy", "bob"),
        ("b", "2026-03-01", None, None, "zoe"),
        ("d", "2026-01-21", None, "eve", "max"),  # on the day of entry: max has it at its end
    )
    then = leads.owned_at("lead")
    assert owners(then) == {"a": "amy", "b": None, "c": None, "d": "max"}
    assert "2 records have another owner now" in then.notes[-1]
    assert owners(leads) == {"a": "zoe", "b": "zoe", "c": None, "d": "max"}
    assert owners(then.at("2026-03-31")) == owners(then)
    assert len(then) == 4


def test_another_stage_has_another_owner() -> None:
    leads = leads_with(
        ("a", "2026-01-20", None, "amy", "bob"), ("a", "2026-02-20", None, "bob", "zoe")
    )
    assert owners(leads.owned_at("lead"))["a"] == "amy"
    assert owners(leads.owned_at("deal"))["a"] == "bob"
    assert owners(leads.owned_at("won"))["a"] == "zoe"


def test_without_a_history_it_is_said() -> None:
    leads = fk.from_frame(EXPORT, FUNNEL, as_of="2026-06-30")
    assert "no history of owners" in leads.owned_at("deal").notes[-1]
    none = leads_with(("a", "2026-01-01", None, "amy", "zoe"))
    assert "No record changed its owner" in none.owned_at("lead").notes[-1]
    with pytest.raises(ArgumentError, match="names no `owner`"):
        fk.from_frame(EXPORT, FUNNEL.replace(owner=None), as_of="2026-06-30").owned_at("deal")
    with pytest.raises(ArgumentError, match="Did you mean `deal`"):
        leads.owned_at("deel")


def test_records_are_counted_by_owner() -> None:
    leads = fk.from_frame(EXPORT, FUNNEL, as_of="2026-06-30")
    triangle = fk.triangle(leads, "lead", "won", cohort="year", by="rep")
    found = dict(zip(triangle.segments, triangle.entered.sum(axis=1).tolist(), strict=True))
    assert found == {("max",): 1, ("zoe",): 2, (None,): 1}
    assert set(leads.only(rep="zoe").list("lead")["id"]) == {"a", "b"}
    with pytest.raises(ArgumentError, match="`rep`"):
        fk.triangle(leads, "lead", "won", by="rap")
