"""Olist, read as two files: every number from ../shared/data/README.md, section "olist"."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import AssumptionWarning, DataError
from tests.olist_figures import MONTHS, ORIGINS

LEADS = "olist_marketing_qualified_leads_dataset.csv"
DEALS = "olist_closed_deals_dataset.csv"
SPREADSHEET = "excel_ddmmyyyy_crlf__"


def funnel(**options):
    return fk.Funnel(
        ["mql", "won"],
        id="mql_id",
        columns={"mql": "first_contact_date", "won": "won_date"},
        segments=["origin"],
        value="declared_monthly_revenue",
        **options,
    )


def read(folder, prefix="", **options):
    return fk.read_csv(
        folder / f"{prefix}{LEADS}",
        funnel(),
        join=[folder / f"{prefix}{DEALS}"],
        **{"as_of": "2018-11-14", **options},
    )


@pytest.fixture(scope="module")
def folder(shared_data):
    return shared_data / "olist"


@pytest.fixture(scope="module")
def leads(folder):
    return read(folder)


def months_of(leads):
    """Return month -> entered, won, and won within 30, 60 and 90 days."""
    entered = leads.count("mql")
    won = leads.list("won")
    month = won["mql"].dt.strftime("%Y-%m")
    age = (won["won"] - won["mql"]).dt.days
    found = {str(period): [int(n)] for period, n in entered.items() if n}
    for wins in (age < 10_000, age <= 30, age <= 60, age <= 90):
        counts = month[wins].value_counts()
        for period, numbers in found.items():
            numbers.append(int(counts.get(period, 0)))
    return {period: tuple(numbers) for period, numbers in found.items()}


def test_records_and_rows(leads):
    assert (len(leads), len(leads.list("won"))) == (8000, 842)
    assert leads.accounting().to_dict("list") == {
        "file": [LEADS, DEALS],
        "reason": ["kept as a record", "joined to a record of an earlier file"],
        "rows": [8000, 842],
    }
    assert leads.summary() == (
        "8,000 records from 8,842 rows read, 0 set aside; complete up to 14 November 2018."
    )


def test_months(leads):
    assert months_of(leads) == MONTHS


def test_origins(leads):
    entered, won = leads.count("mql", by="origin"), leads.count("won", by="origin")
    for origin, numbers in ORIGINS.items():
        name = origin or "(blank)"
        assert (
            entered.loc[entered["series"] == name, "value"].sum(),
            won.loc[won["series"] == name, "value"].sum(),
        ) == numbers
        assert len(leads.list("won", origin=origin)) == numbers[1]


def test_days_from_contact_to_win(leads):
    won = leads.list("won")
    days = (won["won"] - won["mql"]).dt.days
    # One deal was won 2 days before its first contact; it is clipped to day 0 here.
    assert days.mean() == pytest.approx(48.44 + 2 / 842, abs=0.005)
    assert days.quantile([0.25, 0.5, 0.75]).tolist() == [5, 14, 54.75]
    assert days.quantile(0.9) == pytest.approx(161.9)
    assert (days.max(), (days == 0).sum()) == (427, 33 + 1)


def test_out_of_order_dropped(folder):
    dropped = fk.read_csv(
        folder / LEADS, funnel(out_of_order="drop"), join=[folder / DEALS], as_of="2018-11-14"
    )
    assert (len(dropped), len(dropped.list("won"))) == (7999, 841)
    told = dropped.accounting()
    assert told["rows"].sum() == 8842
    assert told.loc[told["reason"] == "stages out of order", "rows"].tolist() == [1]


def test_won_so_far_on_an_earlier_day(leads):
    then = leads.at("2018-05-31")
    won = then.list("won")
    so_far = won["mql"].dt.strftime("%Y-%m").value_counts()
    assert [so_far[f"2018-0{month}"] for month in range(1, 6)] == [137, 131, 140, 154, 70]
    assert won["won"].max() <= pd.Timestamp("2018-05-31")


def test_default_as_of_is_the_day_before_the_latest_time(folder):
    with pytest.warns(AssumptionWarning) as said:
        leads = fk.read_csv(folder / LEADS, funnel(), join=[folder / DEALS])
    assert leads.as_of == dt.date(2018, 11, 13)
    [warning] = [one for one in said if one.category is AssumptionWarning]
    assert str(warning.message) == (
        "`as_of` was taken as 2018-11-13, the day before the latest time (2018-11-14), which may "
        "be half a day."
    )
    assert warning.filename == __file__  # the reader's caller, not the package


def test_the_audit_finds_the_traps_by_itself(leads):
    audit = fk.audit(leads.at("2018-05-31"))
    assert audit.errors == ()
    found = {finding.rule: finding for finding in audit.findings}
    assert set(found) == {
        "stages_out_of_order",
        "recorded_only_from",
        "amounts_unknown",
        "blank_beside_placeholder",
        "ids_without_deal",
        "no_exits",
        "first_cohort_small",
        "dates_after_as_of",
        "look_ahead",
    }
    assert found["look_ahead"].count == 842 - 665 == found["dates_after_as_of"].count
    assert found["stages_out_of_order"].count == 1
    assert "`won` 2 days before `mql`" in found["stages_out_of_order"].what
    assert found["recorded_only_from"].examples == ("2017-12-05",)
    assert 'recorded_from="2017-12-05"' in found["recorded_only_from"].remedy
    assert found["blank_beside_placeholder"].count == 60
    assert '"unknown" (1,099)' in found["blank_beside_placeholder"].what
    assert found["first_cohort_small"].count == 4
    assert found["ids_without_deal"].count == 8000 - 842
    assert found["amounts_unknown"].what.startswith("`declared_monthly_revenue` is 0 in all 665")
    assert "as known on 2018-05-31" in found["amounts_unknown"].what


def test_the_audit_of_all_of_it(leads):
    found = {finding.rule: finding for finding in fk.audit(leads).findings}
    assert found["recorded_only_from"].examples == ("2017-12-05",)
    assert "up to 50,000,000" in found["amounts_extreme"].what
    assert found["amounts_unknown"].severity == "note"
    assert found["entries_end"].examples == ("2018-05-31",)


def test_the_audit_once_told(folder):
    leads = read(folder, recorded_from="2017-12-05")
    found = {finding.rule: finding for finding in fk.audit(leads).findings}
    before = leads.list("mql").query("mql < '2017-12-05'")
    assert "recorded_only_from" not in found
    assert found["recorded_from"].count == len(before)
    assert found["recorded_from"].remedy == "As asked, and mark December 2017 as partial."


def test_columns_of_the_deals_give_the_outcome_away(folder):
    # The deals file holds nothing but deals, so whatever stands in it alone says "won".
    columns = ["business_segment", "lead_type", "lead_behaviour_profile"]
    leads = fk.read_csv(
        folder / LEADS,
        funnel().replace(segments=["origin", *columns]),
        join=[folder / DEALS],
        as_of="2018-11-14",
    )
    findings = fk.audit(leads).findings
    leaks = {one.what.split("`")[1]: one.count for one in findings if one.rule == "outcome_leak"}
    deals = pd.read_csv(folder / DEALS)
    assert leaks == {name: deals[name].notna().sum() for name in columns}
    [joined] = [one for one in findings if one.rule == "joined_names"]
    assert joined.count == deals["lead_behaviour_profile"].str.contains(",", na=False).sum()
    assert '"cat, wolf"' in joined.examples


def test_the_spreadsheet_variant_is_refused_with_the_line_to_paste(folder):
    with pytest.raises(DataError) as refused:
        read(folder, SPREADSHEET)
    contact, won, both = refused.value.problems
    assert contact.startswith(
        f"`first_contact_date` in `{SPREADSHEET}{LEADS}`: 8,000 of 8,000 dates are not ISO "
        "(year-month-day), such as "
    )
    assert contact.endswith(
        "One order reads every value: %d-%m-%Y. To use it, write "
        'date_format={"first_contact_date": "%d-%m-%Y"} or dayfirst=True.'
    )
    assert won.endswith(
        "One order reads every value: %d-%m-%Y %H:%M. To use it, write "
        'date_format={"won_date": "%d-%m-%Y %H:%M"} or dayfirst=True.'
    )
    assert both == (
        'All of them at once: date_format={"first_contact_date": "%d-%m-%Y", "won_date": '
        '"%d-%m-%Y %H:%M"}.'
    )


@pytest.mark.parametrize(
    "told",
    [
        {"dayfirst": True},
        {"date_format": {"first_contact_date": "%d-%m-%Y", "won_date": "%d-%m-%Y %H:%M"}},
    ],
)
def test_the_spreadsheet_variant_is_the_same_once_told(folder, leads, told):
    read_again = read(folder, SPREADSHEET, **told)
    as_told = next(one for one in fk.audit(read_again).findings if one.rule == "dates_as_told")
    assert "`mql` 2,862 and `won` " in as_told.what
    other = read_again.list("mql")
    other["origin"] = other["origin"].str.replace("_", " ")
    pd.testing.assert_frame_equal(other, leads.list("mql"))
