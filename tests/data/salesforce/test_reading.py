"""Salesforce exports written here with the CRM's own column names; expected values by hand."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, AssumptionWarning, DataError

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def long(short):
    """Return the id of 18 characters, by the rule as it is published."""
    tail = ""
    for start in (0, 5, 10):
        capitals = [letter.isupper() for letter in short[start : start + 5]]
        tail += LETTERS[sum(2**place for place, capital in enumerate(capitals) if capital)]
    return short + tail


def lead_id(name):
    return f"00Q5e00000{name:>05}".replace(" ", "0")


def deal_id(name):
    return f"0065e00000{name:>05}".replace(" ", "0")


def zoned(text):
    """Return a time as the API tells it."""
    return f"{text[:10]}T{text[11:]}:00.000+0000"


def day(text):
    return dt.date.fromisoformat(text)


LEADS = [
    # name, CreatedDate, Status, IsConverted, ConvertedDate, opportunity, IsDeleted, master, source
    (
        "a",
        "2026-01-05 09:00",
        "Closed - Converted",
        1,
        "2026-01-20",
        "p",
        "",
        "",
        "Web",
    ),
    (
        "A",
        "2026-01-06 09:00",
        "Closed - Converted",
        1,
        "2026-01-25",
        "p",
        "",
        "",
        "Web",
    ),
    ("c", "2026-01-10 09:00", "Open - Not Contacted", 0, "", "", "", "", "Web"),
    ("d", "2026-01-11 09:00", "Closed - Not Converted", 0, "", "", "", "", "Call"),
    ("e", "2026-01-08 09:00", "Working - Contacted", 0, "", "", 1, "c", "Web"),
    ("f", "2026-01-07 09:00", "Working - Contacted", 0, "", "", 1, "e", "Web"),
    ("g", "2026-01-12 09:00", "Open - Not Contacted", 0, "", "", 1, "", "Web"),
    (
        "h",
        "2026-02-10 02:00",
        "Closed - Converted",
        1,
        "2026-02-09",
        "",
        "",
        "",
        "Call",
    ),
    ("i", "2026-02-11 09:00", "Working - Contacted", 0, "", "", "", "", "Call"),
    (
        "j",
        "2026-02-12 09:00",
        "Closed - Converted",
        1,
        "2026-02-15",
        "x",
        "",
        "",
        "Web",
    ),
    ("k", "2026-02-13 09:00", "Open - Not Contacted", 0, "", "", 1, "zz", "Web"),
]
NEW = "New Business"
DEALS = [
    # name, CreatedDate, StageName, won, closed, Amount, CloseDate, Type, IsDeleted, currency
    ("p", "2026-01-20 10:00", "Closed Won", 1, 1, "1000.50", "2026-03-10", NEW, "", "USD"),
    ("q", "2026-01-15 10:00", "Closed Lost", "", 1, "500", "2026-04-01", NEW, "", "USD"),
    ("r", "2026-02-01 10:00", "Prospecting", "", "", "700", "2026-09-30", NEW, "", "USD"),
    ("s", "2026-02-02 10:00", "Prospecting", "", "", "900", "2026-08-30", NEW, 1, "USD"),
    ("t", "2026-02-03 10:00", "Closed Won", 1, 1, "250", "2026-02-28", NEW, "", "USD"),
]  # fmt: skip
SAVES = [
    # deal, CreatedDate, StageName, Amount, CloseDate, ForecastCategory, Probability
    ("p", "2026-01-20 10:00", "Prospecting", "900", "2026-02-28", "Pipeline", "10"),
    ("p", "2026-02-01 08:00", "Qualification", "900", "2026-03-31", "Pipeline", "20"),
    ("p", "2026-02-01 09:00", "Qualification", "1000.50", "2026-03-31", "Pipeline", "20"),
    ("p", "2026-03-12 08:00", "Closed Won", "1000.50", "2026-03-10", "Closed", "100"),
    ("q", "2026-01-15 10:00", "Prospecting", "500", "2026-03-01", "Pipeline", "10"),
    ("q", "2026-02-01 10:00", "Closed Lost", "500", "2026-02-01", "Omitted", "0"),
    ("q", "2026-02-20 10:00", "Qualification", "500", "2026-03-15", "Pipeline", "20"),
    ("q", "2026-04-02 10:00", "Closed Lost", "500", "2026-04-01", "Omitted", "0"),
    ("r", "2026-02-01 10:00", "Prospecting", "700", "2026-06-30", "Pipeline", "10"),
    ("r", "2026-03-01 10:00", "Prospecting", "700", "2026-07-31", "Pipeline", "10"),
    ("r", "2026-04-01 10:00", "Prospecting", "700", "2026-06-30", "Pipeline", "10"),
    ("r", "2026-05-01 10:00", "Prospecting", "700", "2026-09-30", "Pipeline", "10"),
    ("s", "2026-02-02 10:00", "Prospecting", "900", "2026-08-30", "Pipeline", "10"),
    ("nobody", "2026-02-02 10:00", "Prospecting", "900", "2026-08-30", "Pipeline", "10"),
]  # fmt: skip
EDITS = [
    # lead, CreatedDate, Field, OldValue, NewValue
    ("a", "2026-01-07 09:00", "Status", "Open - Not Contacted", "Working - Contacted"),
    ("a", "2026-01-20 10:00", "leadConverted", "", ""),
    ("f", "2026-01-09 09:00", "Status", "Open - Not Contacted", "Working - Contacted"),
    ("d", "2026-01-15 09:00", "Status", "Open - Not Contacted", "Closed - Not Converted"),
    ("g", "2026-01-13 09:00", "Status", "Open - Not Contacted", "Working - Contacted"),
    ("c", "2026-01-20 09:00", "Owner", "Ann Lee", "Bob Ray"),
    ("c", "2026-01-20 09:00", "Owner", "0055e000001aaaA", "0055e000001bbbB"),
]  # fmt: skip


def lead_frame(*, rows=LEADS):
    columns = ["Id", "CreatedDate", "Status", "IsConverted", "ConvertedDate"]
    columns += ["ConvertedOpportunityId", "IsDeleted", "MasterRecordId", "LeadSource"]
    made = [
        (
            lead_id(n),
            zoned(c),
            s,
            str(v),
            d,
            deal_id(o) if o else "",
            x,
            lead_id(m) if m else "",
            src,
        )
        for n, c, s, v, d, o, x, m, src in rows
    ]
    return pd.DataFrame(made, columns=columns, dtype="str").replace("", None)


def deal_frame(*, rows=DEALS):
    columns = ["Id", "CreatedDate", "StageName", "IsWon", "IsClosed", "Amount", "CloseDate"]
    columns += ["Type", "IsDeleted", "CurrencyIsoCode"]
    made = [(long(deal_id(row[0])), zoned(row[1]), *row[2:]) for row in rows]
    return pd.DataFrame(made, columns=columns, dtype="str").replace("", None)


def save_frame():
    columns = ["OpportunityId", "CreatedDate", "StageName", "Amount", "CloseDate"]
    columns += ["ForecastCategory", "Probability"]
    made = [(long(deal_id(row[0])), zoned(row[1]), *row[2:]) for row in SAVES]
    frame = pd.DataFrame(made, columns=columns, dtype="str")
    frame.insert(0, "Id", [f"0085e0000000{n:03}" for n in range(len(frame))])
    return frame


def edit_frame():
    columns = ["LeadId", "CreatedDate", "Field", "OldValue", "NewValue"]
    made = [(long(lead_id(row[0])), zoned(row[1]), *row[2:]) for row in EDITS]
    return pd.DataFrame(made, columns=columns, dtype="str").replace("", None)


def world(**changed):
    frames = {
        "Lead": lead_frame(),
        "Opportunity": deal_frame(),
        "OpportunityHistory": save_frame(),
        "LeadHistory": edit_frame(),
    }
    return {name: frame for name, frame in (frames | changed).items() if frame is not None}


def plain(**changed):
    return world(**({"OpportunityHistory": None, "LeadHistory": None} | changed))


@pytest.fixture(scope="module")
def leads():
    return fk.read_salesforce(world(), as_of="2026-06-30")


def days(leads, step, column=None):
    """Return record -> day of a step."""
    listed = leads.list(step)
    return {row[leads.funnel.id]: row[column or step] for _, row in listed.iterrows()}


def of(leads, step):
    """Return record -> day of a step, as dates, blank ones as None."""
    return {
        name: None if pd.isna(value) else pd.Timestamp(value).date()
        for name, value in days(leads, step).items()
    }


def rows_by_reason(leads):
    told = leads.accounting()
    return {(file, reason): n for file, reason, n in told.itertuples(index=False)}


def test_the_funnel_is_derived(leads):
    assert leads.funnel.stages == (
        "lead",
        "Working - Contacted",
        "converted",
        "opportunity",
        "Prospecting",
        "Qualification",
        "won",
    )
    assert leads.funnel.exits == ("lost", "disqualified")
    assert leads.funnel.value == "Amount"
    assert "LeadSource" in leads.funnel.segments


def test_every_row_is_accounted_for(leads):
    assert rows_by_reason(leads) == {
        ("Lead", "kept as a record"): 6,  # a, c, d, h, i, j
        ("Lead", "converted into the opportunity of an earlier lead"): 1,  # A
        ("Lead", "merged into another record"): 2,  # e, f
        ("Lead", "deleted in the CRM"): 1,  # g
        ("Lead", "merged into a record that is not in the export"): 1,  # k
        ("Opportunity", "kept as a record"): 3,  # q, r, t
        ("Opportunity", "joined to a record of an earlier file"): 1,  # p
        ("Opportunity", "deleted in the CRM"): 1,  # s
        ("OpportunityHistory", "event of a record"): 12,
        ("OpportunityHistory", "event of a record that was set aside"): 1,
        ("OpportunityHistory", "event of a record that is not in the export"): 1,
        ("LeadHistory", "event of a record"): 6,
        ("LeadHistory", "event of a record that was set aside"): 1,
    }
    told = leads.accounting().groupby("file")["rows"].sum().to_dict()
    assert told == {"Lead": 11, "Opportunity": 5, "OpportunityHistory": 14, "LeadHistory": 7}


def test_leads_and_their_opportunity_are_one_record(leads):
    a = long(lead_id("a"))
    assert of(leads, "lead")[a] == day("2026-01-05")
    assert of(leads, "Working - Contacted")[a] == day("2026-01-07")
    assert of(leads, "opportunity")[a] == day("2026-01-20")
    assert of(leads, "Prospecting")[a] == day("2026-01-20")
    assert of(leads, "Qualification")[a] == day("2026-02-01")
    # The close date, though it was saved two days later.
    assert of(leads, "won")[a] == day("2026-03-10")
    entered = days(leads, "won", "entered_at")
    assert entered == {a: "lead", long(deal_id("t")): "opportunity"}
    assert float(leads.list("won")["Amount"].sum()) == 1250.50


def test_ids_of_15_characters_tell_upper_from_lower_case(leads):
    assert lead_id("a").lower() == lead_id("A").lower()
    assert long(lead_id("a")) in of(leads, "lead")
    assert long(lead_id("A")) not in of(leads, "lead")


def test_merged_leads_count_once_with_their_history(leads):
    c = long(lead_id("c"))
    assert of(leads, "lead")[c] == day("2026-01-07")  # f, the first of the three
    assert of(leads, "Working - Contacted")[c] == day("2026-01-09")  # by the history of f


def test_a_conversion_is_not_before_the_creation(leads):
    h = long(lead_id("h"))
    assert of(leads, "converted")[h] == day("2026-02-10")
    found = {one.rule: one for one in fk.audit(leads).findings}
    assert found["converted_the_day_before"].count == 1
    assert found["converted_the_day_before"].examples == (h,)
    # In the zone of the user nothing needs mending: 2 o'clock in London is 9 p.m. in New York.
    there = fk.read_salesforce(lead_frame(), as_of="2026-06-30", timezone="America/New_York")
    assert of(there, "converted")[h] == of(there, "lead")[h] == day("2026-02-09")
    assert "converted_the_day_before" not in {one.rule for one in fk.audit(there).findings}


def test_an_opportunity_outside_the_export_is_still_one(leads):
    j = long(lead_id("j"))
    assert of(leads, "opportunity")[j] == day("2026-02-15")
    found = {one.rule: one.count for one in fk.audit(leads).findings}
    assert found["opportunity_missing"] == 1
    assert found["deals_of_several_leads"] == 1
    assert found["merged_into_unknown"] == 1
    assert found["history_of_unknown"] == 1


def test_a_reopened_opportunity_left_once(leads):
    q = long(deal_id("q"))
    assert of(leads, "lost") == {q: day("2026-04-01")}
    assert of(leads, "Qualification")[q] == day("2026-02-20")
    before = leads.at("2026-02-10")  # lost as was known then
    assert q in of(before, "lost")
    assert q not in of(leads.at("2026-03-01"), "lost")


def test_disqualified_leads_left_on_the_day_of_their_status(leads):
    assert of(leads, "disqualified") == {long(lead_id("d")): day("2026-01-15")}


def test_an_open_close_date_is_a_plan_and_its_pushes_are_counted(leads):
    listed = leads.list("opportunity").set_index("Id")
    assert listed.loc[long(deal_id("r")), "CloseDate"] == "2026-09-30"
    assert pd.isna(listed.loc[long(deal_id("r")), "won"])
    pushes = listed["pushes"].dropna().astype(int).to_dict()
    assert pushes == {
        long(lead_id("a")): 1,  # to 31 March; back to 10 March is none
        long(deal_id("q")): 2,  # 1 March was kept, 1 February; to 15 March, to 1 April
        long(deal_id("r")): 2,  # to 31 July, and to 30 September
        long(deal_id("t")): 0,
    }


def test_changes_are_kept(leads):
    changes = leads.changes.execute()
    a = changes[changes["id"] == long(lead_id("a"))]
    money = a[a["field"] == "amount"]
    assert money[["old", "new"]].values.tolist() == [["900", "1000.5"]]
    assert [str(value)[:10] for value in money["day"]] == ["2026-02-01"]
    assert pd.Timestamp(money["at"].iloc[0]).tz_localize(None) == pd.Timestamp("2026-02-01 09:00")
    plans = a[a["field"] == "close_date"].sort_values("at")
    assert plans[["old", "new"]].values.tolist() == [
        ["2026-02-28", "2026-03-31"],
        ["2026-03-31", "2026-03-10"],
    ]
    stages = a[a["field"] == "stage"].sort_values("at")
    assert stages["new"].tolist() == ["Qualification", "Closed Won"]
    owners = changes[changes["field"] == "owner"]  # ids where both ids and names are told
    assert owners[["old", "new"]].values.tolist() == [["0055e000001aaaA", "0055e000001bbbB"]]
    assert set(changes["field"]) >= {"forecast_category", "probability", "status"}
    assert len(leads.at("2026-01-31").changes.execute()) < len(changes)


def test_without_histories_only_the_current_stage_is_known_and_that_is_said():
    now = fk.read_salesforce(plain(), as_of="2026-06-30")
    assert any("Of each lead only the current `Status` is known" in note for note in now.notes)
    assert any("only the current `StageName` is known" in note for note in now.notes)
    assert of(now, "Working - Contacted") | {} == {
        long(lead_id("i")): None,
        # passed by those who went on: by the day of the next stage at the latest
        long(lead_id("a")): day("2026-01-20"),
        long(lead_id("h")): day("2026-02-10"),
        long(lead_id("j")): day("2026-02-15"),
    }
    assert of(now, "disqualified") == {long(lead_id("d")): None}
    assert now.changes is None
    assert "pushes" not in now.funnel.keep
    assert len(now) == 9


def test_opportunities_alone_and_leads_alone():
    deals = fk.read_salesforce({"Opportunity": deal_frame()}, as_of="2026-06-30")
    assert deals.funnel.stages == ("opportunity", "Prospecting", "won")
    assert (len(deals), len(deals.list("won"))) == (4, 2)
    people = fk.read_salesforce(lead_frame(), as_of="2026-06-30")
    assert people.funnel.stages == ("lead", "Working - Contacted", "converted")
    assert people.funnel.exits == ("disqualified",)
    assert len(people.list("converted")) == 3  # a, h, j; A brought the opportunity of a


def test_types_are_businesses_of_their_own():
    mixed = [(*row[:7], "Renewal" if row[0] == "t" else row[7], *row[8:]) for row in DEALS]
    leads = fk.read_salesforce(plain(Opportunity=deal_frame(rows=mixed)), as_of="2026-06-30")
    assert leads.funnel.apart == ("Type",)
    assert leads.count("opportunity", by="Type").groupby("series")["value"].sum().to_dict() == {
        "(from a lead)": 2,
        "New Business": 2,
        "Renewal": 1,
    }
    alone = fk.read_salesforce(deal_frame(rows=mixed), as_of="2026-06-30")
    tri = fk.triangle(alone, "opportunity", "won")
    assert sorted(map(str, tri.segments)) == sorted(
        map(str, [("New Business",), ("Renewal",)])
    ) or (len(tri.segments) == 2)


def test_several_currencies_are_refused_without_rates():
    mixed = [(*row[:9], "EUR" if row[0] in "pt" else row[9]) for row in DEALS]
    frames = world(Opportunity=deal_frame(rows=mixed), LeadHistory=None)
    with pytest.raises(DataError, match=r"several currencies \(EUR 2 and USD 2\)"):
        fk.read_salesforce(frames, as_of="2026-06-30")
    with pytest.raises(DataError, match="`rates` lacks USD"):
        fk.read_salesforce(frames, as_of="2026-06-30", rates={"EUR": 1.1}, currency="GBP")
    leads = fk.read_salesforce(frames, as_of="2026-06-30", rates={"EUR": 1.1}, currency="USD")
    amounts = leads.list("won").set_index("Id")["Amount"].astype(float).to_dict()
    assert amounts == {long(lead_id("a")): 1100.55, long(deal_id("t")): 275.0}
    changes = leads.changes.execute()
    money = changes[changes["field"] == "amount"]
    assert money[["old", "new"]].values.tolist() == [["990", "1100.55"]]
    assert any("converted to USD at one rate" in note for note in leads.notes)


@pytest.mark.parametrize(
    ("rates", "currency", "message"),
    [
        ({"EUR": 1.1}, None, "go together"),
        (None, "USD", "go together"),
        ({"EUR": 0}, "USD", "positive"),
        ({"EUR": "dear"}, "USD", "positive"),
        ({"USD": 2}, "USD", "worth 1 USD"),
    ],
)
def test_rates_are_checked(rates, currency, message):
    with pytest.raises(ArgumentError, match=message):
        fk.read_salesforce(deal_frame(), rates=rates, currency=currency)


def test_a_funnel_may_be_given():
    funnel = fk.Funnel(
        ["lead", "deal", "qualified", "won"],
        exits=["lost"],
        columns={"deal": ("opportunity",), "qualified": ("Qualification", "Needs Analysis")},
        segments=["LeadSource"],
    )
    leads = fk.read_salesforce(world(), funnel, as_of="2026-06-30")
    assert leads.funnel.stages == funnel.stages
    assert leads.funnel.value == "Amount"
    assert of(leads, "qualified")[long(lead_id("a"))] == day("2026-02-01")
    assert of(leads, "lost") == {long(deal_id("q")): day("2026-04-01")}
    assert any("`Needs Analysis` is no value" in note for note in leads.notes)
    assert any("left out of it: `Working - Contacted`" in note for note in leads.notes)


def test_a_stage_that_is_misspelt_is_refused():
    funnel = fk.Funnel(["opportunity", "Qualificatoin", "won"])
    with pytest.raises(DataError, match="Did you mean `Qualification`"):
        fk.read_salesforce(plain(OpportunityHistory=save_frame()), funnel)


def test_filters_take_a_lead_and_its_opportunity_together():
    some = fk.read_salesforce(plain(), as_of="2026-06-30", where={"LeadSource": "Call"})
    assert set(of(some, "lead")) == {long(lead_id(name)) for name in "dhi"}
    deals = fk.read_salesforce(plain(), as_of="2026-06-30", exclude={"Amount": "1000.5000"})
    assert long(lead_id("a")) not in of(deals, "lead")
    with pytest.raises(DataError, match="no row has `Web site` in `LeadSource`"):
        fk.read_salesforce(plain(), where={"LeadSource": "Web site"})
    with pytest.raises(DataError, match=r"column `LeadSorce` .* Did you mean `LeadSource`"):
        fk.read_salesforce(plain(), where={"LeadSorce": "Web"})


def test_report_labels_and_18_digit_ids():
    people = lead_frame().rename(
        columns={
            "Id": "18-digit ID",
            "CreatedDate": "Created Date",
            "Status": "Lead Status",
            "LeadSource": "Lead Source",
            "IsConverted": "Converted",
            "ConvertedDate": "Converted Date",
            "ConvertedOpportunityId": "Opportunity ID",
        }
    )
    people = people.drop(columns=["IsDeleted", "MasterRecordId"])
    people["18-digit ID"] = [long(value) for value in people["18-digit ID"]]
    deals = deal_frame().rename(
        columns={
            "Id": "Opportunity ID",
            "CreatedDate": "Created Date",
            "StageName": "Stage",
            "CloseDate": "Close Date",
            "IsWon": "Won",
            "IsClosed": "Closed",
            "CurrencyIsoCode": "Amount Currency",
        }
    )
    for frame in (people, deals):  # as a person in London sees it
        frame["Created Date"] = [
            f"{int(text[8:10])}/{int(text[5:7])}/{text[:4]} {text[11:16]}"
            for text in frame["Created Date"]
        ]
    with pytest.raises(DataError, match="not ISO"):
        fk.read_salesforce({"a": people, "b": deals}, as_of="2026-06-30")
    leads = fk.read_salesforce({"a": people, "b": deals}, as_of="2026-06-30", dayfirst=True)
    assert of(leads, "won")[long(lead_id("a"))] == day("2026-03-10")
    assert of(leads, "lead")[long(lead_id("a"))] == day("2026-01-05")


def test_the_weekly_export_is_latin_1_in_gmt(tmp_path):
    deals = deal_frame()
    deals["CreatedDate"] = [text[:19].replace("T", " ") for text in deals["CreatedDate"]]
    deals["CloseDate"] = deals["CloseDate"] + " 00:00:00"
    deals["LeadSource"] = "Küche"
    deals.to_csv(tmp_path / "Opportunity.csv", index=False, encoding="iso-8859-1")
    leads = fk.read_salesforce(tmp_path, as_of="2026-06-30", timezone="Asia/Tokyo")
    assert any(
        "`Opportunity.csv` is not UTF-8; it was read as ISO-8859-1" in n for n in leads.notes
    )
    assert any("carry no zone; an export by API names means GMT" in note for note in leads.notes)
    assert set(leads.list("opportunity")["LeadSource"]) == {"Küche"}
    assert of(leads, "won")[long(deal_id("p"))] == day("2026-03-10")
    night = deals.assign(CreatedDate="2026-01-05 23:30:00")
    night.to_csv(tmp_path / "Opportunity.csv", index=False, encoding="iso-8859-1")
    later = fk.read_salesforce(tmp_path, as_of="2026-06-30", timezone="Asia/Tokyo")
    assert set(of(later, "opportunity").values()) == {day("2026-01-06")}


def test_field_history_tells_stages_where_there_are_no_saves():
    edits = pd.DataFrame(
        [
            (deal_id("p"), "2026-01-20 10:00", "created", None, None),
            (deal_id("p"), "2026-02-01 08:00", "StageName", "Prospecting", "Qualification"),
            (deal_id("p"), "2026-03-12 08:00", "StageName", "Qualification", "Closed Won"),
            (deal_id("r"), "2026-03-01 10:00", "CloseDate", "2026-06-30", "2026-09-30"),
            (deal_id("q"), "2026-01-14 10:00", "StageName", "Qualification", "Prospecting"),
        ],
        columns=["OpportunityId", "CreatedDate", "Field", "OldValue", "NewValue"],
    )  # fmt: skip
    edits["CreatedDate"] = edits["CreatedDate"].map(zoned)
    leads = fk.read_salesforce(plain(OpportunityFieldHistory=edits), as_of="2026-06-30")
    assert of(leads, "Prospecting")[long(lead_id("a"))] == day("2026-01-20")
    assert of(leads, "Qualification")[long(lead_id("a"))] == day("2026-02-01")
    # No change of stage since its creation, and the history is older: it was created there.
    assert of(leads, "Prospecting")[long(deal_id("r"))] == day("2026-02-01")
    pushes = leads.list("opportunity").set_index("Id")["pushes"].dropna().astype(int)
    assert pushes[long(deal_id("r"))] == 1


def test_an_older_state_of_a_record_gives_way():
    early = deal_frame().assign(StageName="Prospecting", IsWon=None, IsClosed=None)
    early = early.assign(SystemModstamp="2026-02-01T00:00:00.000+0000")
    late = deal_frame().assign(SystemModstamp="2026-05-01T00:00:00.000+0000")
    both = fk.read_salesforce({"one": early, "two": late}, as_of="2026-06-30")
    once = fk.read_salesforce({"two": late}, as_of="2026-06-30")
    pd.testing.assert_frame_equal(both.list("opportunity"), once.list("opportunity"))
    assert both.accounting()["rows"].sum() == 10


def test_ids_that_lost_their_case_are_restored():
    deals = deal_frame()
    deals["Id"] = deals["Id"].str.upper()
    leads = fk.read_salesforce(plain(Opportunity=deals), as_of="2026-06-30")
    assert of(leads, "won")[long(lead_id("a"))] == day("2026-03-10")
    assert any("had lost upper and lower case" in note for note in leads.notes)


def test_merges_in_a_circle_are_set_aside():
    rows = [
        ("a", "2026-01-05 09:00", "New", 0, "", "", 1, "b", "Web"),
        ("b", "2026-01-05 09:00", "New", 0, "", "", 1, "c", "Web"),
        ("c", "2026-01-05 09:00", "New", 0, "", "", 1, "a", "Web"),
        ("d", "2026-01-05 09:00", "New", 0, "", "", "", "", "Web"),
    ]
    leads = fk.read_salesforce(lead_frame(rows=rows), as_of="2026-06-30")
    assert rows_by_reason(leads) == {
        ("frame", "kept as a record"): 1,
        ("frame", "merged in a circle"): 3,
    }


def test_an_order_that_cannot_be_known_is_not_invented():
    odd = {"Prospecting": "Alpha", "Qualification": "Beta"}
    rows = [(*row[:2], odd.get(row[2], row[2]), *row[3:]) for row in DEALS]
    rows += [("u", "2026-02-04 10:00", "Beta", "", "", "5", "2026-09-01", "", "", "USD")]
    leads = fk.read_salesforce(deal_frame(rows=rows), as_of="2026-06-30")
    assert leads.funnel.stages == ("opportunity", "won")
    assert "StageName" in leads.funnel.segments
    assert any("(`Alpha`, `Beta`) cannot be known" in note for note in leads.notes)
    chances = deal_frame(rows=rows).assign(Probability=["100", "0", "60", "60", "100", "20"])
    told = fk.read_salesforce(chances, as_of="2026-06-30")
    assert told.funnel.stages == ("opportunity", "Beta", "Alpha", "won")
    assert any("in the order of `Probability`: `Beta`, `Alpha`" in note for note in told.notes)


def test_without_a_day_of_creation_records_are_there_and_undated():
    deals = fk.read_salesforce(deal_frame()[["Id", "StageName", "CloseDate"]], as_of="2026-06-30")
    assert (len(deals), len(deals.list("opportunity")), len(deals.list("won"))) == (5, 5, 2)
    assert any("has no `CreatedDate`" in note for note in deals.notes)


def test_names_from_the_data_are_no_code():
    evil = "Won\"; DROP TABLE x; --'"
    deals = deal_frame().replace({"StageName": {"Prospecting": evil}})
    deals['a"; DROP TABLE y;--'] = "v'"
    leads = fk.read_salesforce(deals, as_of="2026-06-30", where={'a"; DROP TABLE y;--': "v'"})
    assert leads.funnel.stages == ("opportunity", evil, "won")
    assert len(leads) == 4


def test_as_of_is_read_off_what_happened():
    with pytest.warns(AssumptionWarning, match="`as_of` was taken as 2026-04-01"):
        leads = fk.read_salesforce(deal_frame())
    assert leads.as_of == day("2026-04-01")


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ({"x": pd.DataFrame({"a": ["1"], "b": ["2"]})}, "no Salesforce table in `x`"),
        ({"x": pd.DataFrame({"WhoId": [], "WhatId": [], "ActivityDate": []})}, "recognised `Task`"),
    ],
)
def test_what_is_no_export_of_leads_is_refused(frames, message):
    with pytest.raises(DataError, match=message):
        fk.read_salesforce(frames)


def test_flags_that_are_neither_yes_nor_no_are_refused():
    with pytest.raises(DataError, match="`IsWon` in `frame` holds 5 values that are neither"):
        fk.read_salesforce(deal_frame().assign(IsWon="perhaps"))
