"""Deals with days of stages, by labels and by internal names; every expected value by hand."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError

SALES, RENEWALS = "Sales Pipeline", "Renewals Pipeline"
AS_OF = "2026-03-31"


def day(text):
    return None if text is None else pd.Timestamp(text)


def days(leads, stage, step=None):
    """Return id -> day of a step."""
    listed = leads.list(stage)
    column = step or stage
    return {
        one: None if pd.isna(when) else when.date().isoformat()
        for one, when in zip(listed[leads.funnel.id], listed[column], strict=True)
    }


@pytest.fixture(scope="module")
def labelled():
    """Two pipelines with the same stage names, headers as the interface exports them."""
    columns = [
        "Record ID",
        "Deal Name",
        "Deal Stage",
        "Pipeline",
        "Create Date",
        "Close Date",
        "Amount",
        "Amount in company currency",
        "Currency",
        "Deal Type",
        "Deal owner",
        "Associated Company IDs (Primary)",
        f'Date entered "Appointment Scheduled ({SALES})"',
        f'Date entered "Contract Sent ({SALES})"',
        f'Date entered "Closed Won ({SALES})"',
        f'Date entered "Closed Lost ({SALES})"',
        f'Date entered "Appointment Scheduled ({RENEWALS})"',
        f'Date entered "Contract Sent ({RENEWALS})"',
        f'Date entered "Closed Won ({RENEWALS})"',
        f'Date entered "Closed Lost ({RENEWALS})"',
        f'Date exited "Contract Sent ({SALES})"',
        "Date entered current stage",
    ]
    rows = [
        # won in sales; its close date was put in two days later
        ["1", "Ann's deal", "Closed Won", SALES, "2026-01-05 09:10", "2026-02-12 10:00", "90",
         "100", "USD", "newbusiness", "kim", "77", "2026-01-05 09:10", "2026-01-20 12:00",
         "2026-02-10 16:00", None, None, None, None, None, "2026-02-10 16:00", "2026-02-10 16:00"],
        # open, with a plan; it came from the renewals pipeline, whose day stays behind
        ["2", "Bob's deal", "Contract Sent", SALES, "2026-01-06 10:00", "2026-12-31 10:00", "180",
         "200", "EUR", "newbusiness", "kim", "77", "2026-01-06 10:00", "2026-01-30 10:00",
         None, None, "2026-01-02 08:00", None, None, None, None, "2026-01-30 10:00"],
        # lost in renewals, contract skipped
        ["3", "Cy's deal", "Closed Lost", RENEWALS, "2026-01-07 10:00", "2026-02-01 10:00", "",
         "", "USD", "existingbusiness", "lee", "78", None, None, None, None, "2026-01-08 10:00",
         None, None, "2026-02-01 10:00", None, "2026-02-01 10:00"],
        # won in renewals
        ["4", "Di's deal", "Closed Won", RENEWALS, "2026-01-08 10:00", "2026-03-01 10:00", "50",
         "50", "USD", "existingbusiness", "lee", "79", None, None, None, None, "2026-01-08 10:00",
         "2026-02-02 10:00", "2026-03-01 10:00", None, None, "2026-03-01 10:00"],
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns).assign(archived="false")
    gone = frame.tail(1).assign(**{"Record ID": "5", "archived": "true"})
    return pd.concat([frame, gone], ignore_index=True)


@pytest.fixture(scope="module")
def leads(labelled):
    return fk.read_hubspot(labelled, as_of="2027-06-30")


def test_labels(leads):
    funnel = leads.funnel
    assert funnel.stages == ("Created", "Appointment Scheduled", "Contract Sent", "Closed Won")
    assert funnel.exits == ("Closed Lost",)
    assert funnel.apart == ("Pipeline", "Deal Type")
    assert (funnel.value, funnel.owner) == ("Amount in company currency", "Deal owner")
    assert funnel.account == "Associated Company IDs (Primary)"
    assert days(leads, "Created") == {
        "1": "2026-01-05",
        "2": "2026-01-06",
        "3": "2026-01-07",
        "4": "2026-01-08",
    }
    # deal 2 keeps no day of the pipeline that it left
    assert days(leads, "Appointment Scheduled") == {
        "1": "2026-01-05",
        "2": "2026-01-06",
        "3": "2026-01-08",
        "4": "2026-01-08",
    }
    assert days(leads, "Contract Sent") == {
        "1": "2026-01-20",
        "2": "2026-01-30",
        "4": "2026-02-02",
    }
    assert days(leads, "Closed Won") == {"1": "2026-02-10", "4": "2026-03-01"}
    assert days(leads, "Closed Lost") == {"3": "2026-02-01"}
    assert "in the order that HubSpot comes with" in "\n".join(leads.notes)
    won = leads.list("Closed Won")
    assert won["Amount in company currency"].astype(float).tolist() == [100, 50]
    assert leads.accounting().set_index("reason")["rows"].to_dict() == {
        "kept as a record": 4,
        "deleted": 1,
    }


def test_a_plan_is_kept_and_is_no_event(leads):
    listed = leads.list("Contract Sent").set_index("Record ID")
    assert pd.isna(listed.loc["2", "Closed Won"])
    assert listed.loc["2", "Close Date"] == "2026-12-31 10:00"
    found = {finding.rule: finding for finding in leads.rows.findings}
    assert (found["close_date_planned"].count, found["close_date_planned"].examples) == (1, ("2",))
    assert (found["close_date_differs"].count, found["close_date_differs"].share) == (1, 1 / 3)


def test_closed_on_its_close_date(labelled):
    leads = fk.read_hubspot(labelled, closed_on="close_date", as_of=AS_OF)
    assert days(leads, "Closed Won") == {"1": "2026-02-12", "4": "2026-03-01"}
    assert days(leads, "Closed Lost") == {"3": "2026-02-01"}


def test_one_pipeline(labelled):
    leads = fk.read_hubspot(labelled, pipelines=SALES, as_of=AS_OF)
    assert [*leads.list("Created")["Record ID"]] == ["1", "2"]
    assert leads.funnel.apart == ()
    with pytest.raises(DataError, match=r"holds `Renewals Pipeline`, `Sales Pipeline`"):
        fk.read_hubspot(labelled, pipelines="Sale Pipeline", as_of=AS_OF)


def test_internal_names_say_the_same(labelled):
    renamed = {
        "Record ID": "hs_object_id",
        "Deal Name": "dealname",
        "Deal Stage": "dealstage",
        "Pipeline": "pipeline",
        "Create Date": "createdate",
        "Close Date": "closedate",
        "Amount": "amount",
        "Amount in company currency": "amount_in_home_currency",
        "Currency": "deal_currency_code",
        "Deal Type": "dealtype",
        "Deal owner": "hubspot_owner_id",
        f'Date entered "Appointment Scheduled ({SALES})"': (
            "hs_v2_date_entered_appointmentscheduled"
        ),
        f'Date entered "Contract Sent ({SALES})"': "hs_v2_date_entered_contractsent",
        f'Date entered "Closed Won ({SALES})"': "hs_v2_date_entered_closedwon",
        f'Date entered "Closed Lost ({SALES})"': "hs_v2_date_entered_closedlost",
    }
    sales = labelled[labelled["Pipeline"] == SALES].rename(columns=renamed)[[*renamed.values()]]
    stages = {"Closed Won": "closedwon", "Contract Sent": "contractsent"}
    sales["dealstage"] = sales["dealstage"].map(stages)
    sales["pipeline"] = "default"
    sales = sales.apply(lambda c: c.str.replace(r"^(.{10}) (.{5})$", r"\1T\2:00.000Z", regex=True))
    leads = fk.read_hubspot(sales, labels={"closedwon": "Won"}, as_of=AS_OF)
    assert leads.funnel.stages == ("Created", "appointmentscheduled", "contractsent", "Won")
    assert days(leads, "contractsent") == {"1": "2026-01-20", "2": "2026-01-30"}
    assert days(leads, "Won") == {"1": "2026-02-10"}


def test_times_in_milliseconds_and_ids_that_are_uuids():
    uuid, other = "97b2bcc6-fb34-4b56-8e6e-c349c88ef3d5", "1a0bd1cc-1111-4b56-8e6e-c349c88ef3d5"
    frame = pd.DataFrame(
        {
            "id": ["1", "2"],
            "properties.dealstage": [uuid, other],
            "properties.createdate": ["1767603600000", "2026-01-06T10:00:00Z"],
            "properties.hs_is_closed_won": ["true", "false"],
            "properties.hs_is_closed": ["true", "false"],
            "properties.hs_v2_date_entered_97b2bcc6_fb34_4b56_8e6e_c349c88ef3d5_1208951251": [
                "1769940000000",
                None,
            ],
        }
    )
    leads = fk.read_hubspot(frame, as_of=AS_OF)
    assert leads.funnel.stages == ("Created", uuid)
    assert days(leads, uuid) == {"1": "2026-02-01"}  # 1769940000 is 2026-02-01 10:00 UTC
    assert days(leads, "Created")["1"] == "2026-01-05"


def localised():
    """Stage names of the user's own, and columns of days that neither quote nor name a pipeline."""
    return pd.DataFrame(
        {
            "Deal ID": list("abcdef"),
            "Deal Stage": ["Angebot", "Gewonnen", "Verloren", "Gewonnen", "Angebot", "Gespräch"],
            "Create Date": ["2026-01-01"] * 6,
            "Close Date": ["2026-05-01", "2026-02-10", "2026-02-01", "2026-02-20", None, None],
            "Date entered Angebot (Gr. 2)": [None] * 6,
            "Date entered Angebot": [
                "2026-01-10",
                "2026-01-11",
                None,
                "2026-01-12",
                "2026-01-09",
                None,
            ],
            "Date entered Gespräch": [
                "2026-01-05",
                "2026-01-05",
                "2026-01-06",
                "2026-01-20",  # re-entered: this is the last entry
                "2026-01-05",
                "2026-01-05",
            ],
        }
    ).drop(columns="Date entered Angebot (Gr. 2)")


def test_localised_stages_in_the_order_of_their_days():
    frame = localised().assign(**{"Is Closed Won": [0, 1, 0, 1, 0, 0], "Is Deal Closed?": 0})
    frame["Is Deal Closed?"] = [0, 1, 1, 1, 0, 0]
    leads = fk.read_hubspot(frame, as_of=AS_OF)
    assert leads.funnel.steps == ("Created", "Gespräch", "Angebot", "Gewonnen", "Verloren")
    notes = "\n".join(leads.notes)
    assert "by the days of entry: `Gespräch` before `Angebot` in 3 of 4 records" in notes
    assert "`Gewonnen` is read as won, by `Is Closed Won`." in notes
    assert days(leads, "Verloren") == {"c": "2026-02-01"}
    [finding] = [f for f in leads.rows.findings if f.rule == "last_entries"]
    assert (finding.severity, finding.count, finding.examples) == ("warning", 1, ("d",))


def test_outcomes_by_probability():
    chance = ["0.6", "1", "0", "1", "0.6", "0.2"]
    frame = localised().assign(**{"Deal probability": chance})
    leads = fk.read_hubspot(frame, as_of=AS_OF)
    assert leads.funnel.steps == ("Created", "Gespräch", "Angebot", "Gewonnen", "Verloren")
    assert leads.list("Angebot")["Deal probability"].tolist() == ["0.6", "1", "1", "0.6"]


def test_a_win_that_is_not_known_is_refused():
    with pytest.raises(DataError, match=r"which stage is the win is not known.*`Angebot`"):
        fk.read_hubspot(localised(), as_of=AS_OF)


def test_names_do_not_outrank_flags():
    """A stage whose id is `closedwon` may have been given another meaning."""
    frame = pd.DataFrame(
        {
            "hs_object_id": ["1", "2", "3"],
            "dealstage": ["closedwon", "contractsent", "contractsent"],
            "createdate": ["2026-01-01", "2026-01-02", "2026-01-03"],
            "closedate": ["2026-02-01", "2026-02-02", "2026-02-03"],
            "hs_is_closed_won": ["false", "true", "true"],
            "hs_is_closed": ["true", "true", "true"],
        }
    )
    leads = fk.read_hubspot(frame, as_of=AS_OF)
    assert leads.funnel.steps == ("Created", "contractsent", "closedwon")
    assert leads.funnel.exits == ("closedwon",)
    assert "`closedwon` is read as lost, by `Is Closed Won`, whatever its name says." in leads.notes


def test_an_order_that_nothing_tells_is_not_invented():
    frame = localised().assign(**{"Date entered Gespräch": ["2026-01-10"] * 6})
    frame["Deal Stage"] = frame["Deal Stage"].replace(
        {"Gewonnen": "Closed Won", "Verloren": "Closed Lost"}
    )
    frame["Date entered Angebot"] = ["2026-01-10"] * 6
    leads = fk.read_hubspot(frame, as_of=AS_OF)
    assert leads.funnel.stages == ("Created", "Closed Won")
    assert "Deal Stage" in leads.funnel.keep
    assert "is not known (nothing says whether `Angebot` or `Gespräch` comes first)" in "\n".join(
        leads.notes
    )
    given = fk.Funnel(["Created", "Gespräch", "Angebot", "Closed Won"], exits=["Closed Lost"])
    leads = fk.read_hubspot(frame, given, as_of=AS_OF)
    assert leads.funnel.stages == given.stages
    assert len(leads.list("Angebot")) == 6


def test_stages_of_one_pipeline_only_are_no_step_of_all():
    frame = pd.DataFrame(
        {
            "Deal ID": ["1", "2"],
            "Deal Stage": ["Closed Won", "Closed Won"],
            "Pipeline": [SALES, RENEWALS],
            "Create Date": ["2026-01-01", "2026-01-02"],
            f'Date entered "Demo ({SALES})"': ["2026-01-03", None],
            f'Date entered "Contract Sent ({SALES})"': ["2026-01-04", None],
            f'Date entered "Contract Sent ({RENEWALS})"': [None, "2026-01-09"],
            f'Date entered "Closed Won ({SALES})"': ["2026-01-05", None],
            f'Date entered "Closed Won ({RENEWALS})"': [None, "2026-01-10"],
        }
    )
    leads = fk.read_hubspot(frame, as_of=AS_OF)
    assert leads.funnel.stages == ("Created", "Contract Sent", "Closed Won")
    assert "`Demo` is not in every pipeline" in "\n".join(leads.notes)
    alone = fk.read_hubspot(frame, pipelines=SALES, as_of=AS_OF)
    assert alone.funnel.stages == ("Created", "Demo", "Contract Sent", "Closed Won")


def test_merged_deals_count_once():
    frame = pd.DataFrame(
        {
            "Record ID": ["9", "7", "8", "5", "1"],
            "Deal Stage": [
                "Closed Won",
                "Contract Sent",
                "Closed Won",
                "Closed Lost",
                "Closed Won",
            ],
            "Create Date": ["2026-01-01"] * 5,
            "Close Date": ["2026-02-01"] * 5,
            "Amount": ["10", "20", "40", "80", "160"],
            "Merged Deal IDs": ["7;8", "5", None, None, None],
        }
    )
    leads = fk.read_hubspot(frame, as_of=AS_OF)
    assert days(leads, "Closed Won") == {"1": "2026-02-01", "9": "2026-02-01"}
    assert leads.list("Closed Won")["Amount"].astype(float).sum() == 170
    told = leads.accounting().set_index("reason")["rows"].to_dict()
    assert told == {"kept as a record": 2, "merged into another record": 3}
    assert "3 ids of merged deals were followed" in "\n".join(leads.notes)


def test_a_deal_of_several_contacts_counts_once():
    frame = pd.DataFrame(
        {
            "Record ID": ["1", "1", "2"],
            "Deal Stage": ["Closed Won", "Closed Won", "Closed Won"],
            "Create Date": ["2026-01-01"] * 3,
            "Close Date": ["2026-02-01"] * 3,
            "Amount": ["100", "100", "50"],
            "Associated Contact Email": ["a@x.example", "B@x.example", "b@X.example"],
        }
    )
    leads = fk.read_hubspot(frame, as_of=AS_OF)
    assert leads.list("Closed Won")["Amount"].astype(float).tolist() == [100, 50]
    told = leads.accounting().set_index("reason")["rows"].to_dict()
    assert told == {"kept as a record": 2, "id repeated": 1}
    assert "one row for each association" in "\n".join(leads.notes)
    [finding] = [f for f in leads.rows.findings if f.rule == "contacts_with_several_deals"]
    assert finding.what == "1 contact holds 2 deals."

    listed = frame.drop_duplicates("Record ID").drop(columns="Associated Contact Email")
    listed["Associated Contact IDs"] = ["11;12", "12"]
    leads = fk.read_hubspot(listed, as_of=AS_OF)
    [finding] = [f for f in leads.rows.findings if f.rule == "contacts_with_several_deals"]
    assert finding.what == "1 contact holds 2 deals."


def test_several_currencies_are_not_added(labelled):
    mixed = labelled.drop(columns="Amount in company currency")
    with pytest.raises(DataError, match=r"is in 2 currencies \(`EUR`, `USD`\)"):
        fk.read_hubspot(mixed, as_of=AS_OF)
    dollars = fk.read_hubspot(mixed, where={"Currency": "USD"}, as_of=AS_OF)
    assert dollars.list("Closed Won")["Amount"].astype(float).tolist() == [90, 50]


def test_labels_in_french_as_exported():
    frame = pd.DataFrame(
        {
            "ID de fiche d'informations": ["1", "2"],
            "Nom de la transaction": ["Alice", "Bruno"],
            "Phase de la transaction": ["Gagnée", "Devis"],
            "Date de création": ["2026-01-05 09:00", "2026-01-06 09:00"],
            "Date de fermeture": ["2026-02-05 09:00", "2026-07-06 09:00"],
            "Montant": ["12,5", "8"],
        }
    )
    leads = fk.read_hubspot(frame, labels={"Gagnée": "Closed Won"}, decimal=",", as_of=AS_OF)
    assert days(leads, "Closed Won") == {"1": "2026-02-05"}
    assert leads.list("Closed Won")["Montant"].astype(float).tolist() == [12.5]
    spanish = frame.rename(columns={"Phase de la transaction": "Etapa"})
    leads = fk.read_hubspot(
        spanish, labels={"Etapa": "Deal Stage", "Gagnée": "Closed Won"}, decimal=",", as_of=AS_OF
    )
    assert len(leads.list("Closed Won")) == 1


def test_the_users_funnel(labelled):
    funnel = fk.Funnel(
        ["deal", "contract", "won"],
        exits=["lost"],
        columns={
            "deal": "Create Date",
            "contract": f'Date entered "Contract Sent ({SALES})"',
            "won": "Closed Won",
            "lost": "Closed Lost",
        },
        segments=["Currency"],
    )
    leads = fk.read_hubspot(labelled, funnel, as_of=AS_OF)
    assert days(leads, "contract") == {"1": "2026-01-20", "2": "2026-01-30", "4": "2026-02-02"}
    assert days(leads, "won") == {"1": "2026-02-10", "4": "2026-03-01"}
    assert leads.funnel.segments == ("Currency", "Pipeline", "Deal Type")
    wrong = fk.Funnel(["Created", "Contrat Sent", "Closed Won"])
    with pytest.raises(DataError, match=r"no stage `Contrat Sent`.*Did you mean `Contract Sent`"):
        fk.read_hubspot(labelled, wrong, as_of=AS_OF)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grain": "deals"}, "`grain`"),
        ({"closed_on": "entry"}, "`closed_on`"),
        ({"labels": ["x"]}, "`labels` must map"),
        ({"pipelines": []}, "`pipelines` must name"),
        ({"funnel": "funnel.yml"}, "`funnel` must be a Funnel"),
    ],
)
def test_options_that_cannot_be_used(labelled, options, message):
    with pytest.raises(ArgumentError, match=message):
        fk.read_hubspot(labelled, as_of=AS_OF, **options)


def test_exports_that_are_none(labelled):
    with pytest.raises(DataError, match=r"neither deals nor contacts among `frame` \(not rec"):
        fk.read_hubspot(pd.DataFrame({"a": ["1"], "b": ["2"]}))
    with pytest.raises(DataError, match="no contacts"):
        fk.read_hubspot(labelled, grain="contact")
    with pytest.raises(DataError, match=r"column `Regin` \(where\) is missing"):
        fk.read_hubspot(labelled, where={"Regin": "north"})
    undated = labelled[["Record ID", "Deal Stage", "Pipeline"]]
    with pytest.raises(DataError, match="so nothing can be measured from"):
        fk.read_hubspot(undated)


def test_names_from_the_data_are_only_names(tmp_path):
    """Quotes, semicolons and comment marks in stages, pipelines and headers do nothing."""
    stage, pipeline = "a'; DROP TABLE x; --", 'p"); SELECT 1; /*'
    frame = pd.DataFrame(
        {
            "Deal ID": ["1", "2"],
            "Deal Stage": [stage, "Closed Won"],
            "Pipeline": [pipeline, pipeline],
            "Create Date": ["2026-01-01", "2026-01-02"],
            f'Date entered "{stage} ({pipeline})"': ["2026-01-03", "2026-01-04"],
        }
    )
    leads = fk.read_hubspot(frame, as_of=dt.date(2026, 3, 31))
    assert leads.funnel.stages == ("Created", stage, "Closed Won")
    assert days(leads, stage) == {"1": "2026-01-03", "2": "2026-01-04"}


def test_a_column_that_is_no_stage_is_refused():
    frame = pd.DataFrame(
        {
            "Deal ID": [str(k) for k in range(400)],
            "Deal Stage": [f"customer {k}" for k in range(400)],
            "Create Date": "2026-01-01",
        }
    )
    with pytest.raises(DataError, match="holds 400 different values, too many to be stages"):
        fk.read_hubspot(frame, as_of=AS_OF)


def test_what_the_user_calls_personal_is_not_shown(labelled):
    funnel = fk.Funnel(["Created", "Closed Won"], personal=["Deal owner", "Close Date"])
    leads = fk.read_hubspot(labelled, funnel, as_of=AS_OF)
    listed = leads.list("Created")
    assert leads.funnel.owner is None
    assert {"Deal owner", "Close Date"}.isdisjoint(listed.columns)
    assert {"Deal owner", "Close Date"} <= set(leads.funnel.personal)


def test_a_deal_stage_that_is_always_blank_leaves_the_days():
    export = pd.DataFrame(
        {
            "Record ID": ["1", "2"],
            "Deal Stage": [None, ""],
            "Create Date": ["2026-01-01 10:00", "2026-02-01 10:00"],
            "Close Date": ["2026-03-02 10:00", ""],
            'Date entered "Qualified to Buy"': ["2026-01-03 10:00", ""],
            'Date entered "Closed Won"': ["2026-03-01 10:00", ""],
        }
    )
    leads = fk.read_hubspot(export, as_of=AS_OF)
    assert days(leads, "Created", "Closed Won") == {"1": "2026-03-01", "2": None}
