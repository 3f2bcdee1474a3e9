"""The readers: one and the same leads from any kind of source, and what they are told."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.data.simulate import simulate_frame, simulated_funnel

KINDS = ("frame", "csv", "parquet", "log frame", "log csv", "log parquet", "semicolons")


@pytest.fixture(scope="module")
def made():
    """An export with skipped stages, deals that never were leads, reopened and reversed ones."""
    funnel = fk.Funnel(
        simulated_funnel().stages,
        exits=simulated_funnel().exits,
        id="lead_id",
        columns=dict(simulated_funnel().columns),
        value="amount",
        owner="owner",
        account="account_id",
        segments=["source", "region"],
        personal=["contact_name"],
    )
    return simulate_frame(600, rng=7, months=6, funnel=funnel, reversed_wins=0.05, reopened=0.05)


@pytest.fixture(scope="module")
def sources(made, tmp_path_factory):
    """Leads of the same export, by kind of source."""
    folder = tmp_path_factory.mktemp("sources")
    wide, log = made.funnel, made.event_funnel()
    events = made.to_events()
    as_log = {"id": "lead_id", "stage": "stage", "time": "time", "as_of": made.as_of}
    made.to_csv(folder)
    made.to_parquet(folder)
    made.frame.to_csv(folder / "semicolons.csv", sep=";", index=False, encoding="utf-16")
    events.to_csv(folder / "log.csv", index=False)
    events.to_parquet(folder / "log.parquet", index=False)
    return {
        "frame": fk.from_frame(made.frame, wide, as_of=made.as_of),
        "csv": fk.read_csv(folder / "leads.csv", wide, as_of=made.as_of),
        "parquet": fk.read_parquet(folder / "leads.parquet", wide, as_of=made.as_of),
        "log frame": fk.from_events(events, log, **as_log),
        "log csv": fk.from_events(folder / "log.csv", log, **as_log),
        "log parquet": fk.from_events(str(folder / "log.parquet"), log, **as_log),
        "semicolons": fk.read_csv(folder / "semicolons.csv", wide, as_of=made.as_of),
    }


OWN = ("copies", "source", "account_no")  # differ by how rows came


@pytest.mark.parametrize("kind", KINDS[1:])
def test_the_same_leads_from_any_source(sources, made, kind):
    one, other = sources["frame"], sources[kind]
    assert len(one) == len(other) == made.frame["lead_id"].nunique()
    for step in made.funnel.steps:
        pd.testing.assert_frame_equal(one.list(step), other.list(step), check_dtype=False)
    columns = [name for name in one.derived.columns if name not in OWN]
    pd.testing.assert_frame_equal(
        one.derived.select(*columns).order_by("id").execute(),
        other.derived.select(*columns).order_by("id").execute(),
        check_dtype=False,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_accounted_for(sources, kind):
    leads = sources[kind]
    assert leads.accounting()["rows"].sum() == sum(leads.rows.read)


@pytest.mark.parametrize("kind", KINDS)
def test_a_personal_column_is_nowhere(sources, made, kind):
    assert made.frame["contact_name"].str.startswith("private-").all()
    leads = sources[kind]
    audit = fk.audit(leads)
    shown = [
        leads.list("lead").to_csv(),
        leads.accounting().to_csv(),
        audit.to_frame().to_csv(),
        repr(audit),
        repr(leads.notes),
    ]
    assert not any("private-" in text for text in shown)


FRAME = pd.DataFrame({"id": ["a", "b"], "lead": ["2026-01-05", "2026-02-05"], "won": None})
FUNNEL = fk.Funnel(["lead", "won"], id="id")


@pytest.mark.parametrize(
    "as_of",
    ["2026-01-31", dt.date(2026, 1, 31), dt.datetime(2026, 1, 31, 23), pd.Timestamp("2026-01-31")],
)
def test_as_of_of_any_kind(as_of):
    leads = fk.from_frame(FRAME, FUNNEL, as_of=as_of)
    assert leads.as_of == dt.date(2026, 1, 31)
    assert type(leads.as_of) is dt.date
    assert len(leads) == 1


def test_paths_of_any_kind(tmp_path):
    FRAME.to_csv(tmp_path / "leads.csv", index=False)
    deals = pd.DataFrame({"id": ["a"], "won": ["2026-03-01"]})
    FRAME[["id", "lead"]].to_csv(tmp_path / "mqls.csv", index=False)
    deals.to_csv(tmp_path / "deals.csv", index=False)
    for source in (str(tmp_path / "leads.csv"), tmp_path / "leads.csv", [tmp_path / "leads.csv"]):
        assert len(fk.read_csv(source, FUNNEL, as_of="2026-12-31")) == 2
    for join in (str(tmp_path / "deals.csv"), [tmp_path / "deals.csv"], tmp_path / "dea*.csv"):
        leads = fk.read_csv(tmp_path / "mqls.csv", FUNNEL, join=join, as_of="2026-12-31")
        assert leads.list("won")["id"].tolist() == ["a"]


def test_recorded_from():
    leads = fk.from_frame(FRAME, FUNNEL, as_of="2026-12-31", recorded_from="2026-02-01")
    assert leads.recorded_from == dt.date(2026, 2, 1)
    assert leads.at("2026-06-30").recorded_from == dt.date(2026, 2, 1)
    assert leads.list("lead")["id"].tolist() == ["a", "b"]  # all records are there
    assert leads.list("lead", start="lead")["id"].tolist() == ["b"]  # those in rates
    with pytest.raises(ArgumentError) as refused:
        fk.from_frame(FRAME, FUNNEL, as_of="2026-12-31", before_recording="dropped")
    assert str(refused.value) == (
        '`before_recording` must be one of "left_out", "delayed_entry"; got \'dropped\'.'
    )


def test_a_reader_does_not_change_its_input():
    frame = FRAME.assign(won=pd.NaT)
    before = frame.copy(deep=True)
    leads = fk.from_frame(frame, FUNNEL, as_of="2026-12-31")
    pd.testing.assert_frame_equal(frame, before)
    frame.loc[:, "lead"] = "2020-01-01"  # nor does a later change reach the leads
    assert leads.list("lead")["lead"].min() == pd.Timestamp("2026-01-05")
