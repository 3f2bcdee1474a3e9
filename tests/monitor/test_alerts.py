"""`alerts`: planted drops are found where they are, and nothing else is; what the data explain."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.data.simulate import simulate_frame
from funnelkit.monitor import Alerts, alerts

SOURCE = "Organic search"
FUNNEL = fk.Funnel(["lead", "mql", "won"], exits=["lost"], segments=["source", "region"])


def planted(made, *, drop, month, stage="mql", keep=1.0, rng=9, source=SOURCE):
    """Leads of one source that entered from a month on lose a share of a stage, and all later."""
    frame = made.frame.copy()
    entered = pd.to_datetime(frame["lead"])
    late = entered >= month
    if source is not None:
        late &= frame["source"] == source
    hit = late & (np.random.default_rng(rng).random(len(frame)) < drop)
    stages = made.funnel.stages
    for name in stages[stages.index(stage) :]:
        frame.loc[hit, made.funnel.column_of(name)] = None
    if keep < 1:  # a share of all leads from then on is gone
        gone = (entered >= month) & (np.random.default_rng(rng).random(len(frame)) > keep)
        frame = frame[~gone]
    return fk.from_frame(frame, made.funnel, as_of=made.as_of)


@pytest.fixture(scope="module")
def made():
    return simulate_frame(12_000, rng=3, months=20, funnel=FUNNEL)


@pytest.fixture(scope="module")
def calm(made):
    return alerts(planted(made, drop=0, month="2026-05-01"), by="source")


@pytest.fixture(scope="module")
def dropped(made):
    return alerts(planted(made, drop=0.5, month="2026-06-01"), by=["source", "region"])


class TestFound:
    def test_nothing_where_nothing_changed(self, calm):
        assert len(calm) == 0
        assert calm.watched > 30
        text = calm.summary()
        assert text.startswith("No alert from ")
        assert "would have been found within 2 months" in text
        assert calm.to_frame().empty

    def test_one_drop_is_one_alert_where_it_is_narrowest(self, dropped):
        assert [one.direction for one in dropped.alerts] == ["fell"]
        [one] = dropped.alerts
        assert (one.metric.name, one.where) == ("lead to mql", f"source {SOURCE}")
        assert str(one.since) == "2026-06"
        assert one.since_low <= one.since <= one.since_high
        assert one.low < -0.5 < one.high
        assert one.low < one.change < one.high < 0
        assert one.chance < 0.05
        assert one.worth > 0
        assert "lead to mql (all leads)" in one.also
        text = one.sentence()
        assert "source Organic search fell by" in text
        assert "from June 2026 on" in text

    def test_a_drop_of_all_is_told_of_all(self, made):
        leads = planted(made, drop=0.4, month="2026-06-01", source=None)
        found = alerts(leads, by="source").alerts
        assert [(one.metric.name, one.where) for one in found if one.direction == "fell"] == [
            ("lead to mql", "all leads")
        ]

    def test_fewer_leads_are_one_alert_of_entries(self, made):
        found = alerts(planted(made, drop=0, month="2026-06-01", keep=0.4), by="source")
        assert found.alerts[0].metric.name == "entries to lead"
        assert found.alerts[0].where == "all leads"
        assert [one for one in found.alerts if one.metric.kind == "rate"] == []

    def test_raw_rates_alarm_each_month_and_adjusted_ones_do_not(self, made):
        leads = planted(made, drop=0, month="2026-05-01")
        raw, told = [], []
        for day in ("2026-07-31", "2026-08-31"):
            then = leads.at(day)
            triangle = fk.triangle(then, "lead", "won")
            entered, won = triangle.entered[0], triangle.converted[0]
            usual = won[:-3].sum() / entered[:-3].sum()
            bound = usual - 3 * np.sqrt(usual * (1 - usual) / entered[-3:])
            raw.append(bool((won[-3:] / entered[-3:] < bound).any()))
            told.append(len(alerts(then, by=[])))
        assert raw == [True, True]
        assert told == [0, 0]


class TestAsked:
    def test_a_dated_change_is_the_likely_cause(self, made):
        leads = planted(made, drop=0.6, month="2026-06-01")
        found = alerts(leads, by="source", changes={"2026-06-01": "new <b>MQL</b> definition"})
        [one] = [one for one in found.alerts if one.direction == "fell"]
        assert one.cause == "new <b>MQL</b> definition (1 June 2026)"
        assert "Likely cause: new <b>MQL</b> definition" in one.sentence()
        assert "&lt;b&gt;" in found._repr_html_()
        assert "<b>MQL" not in found._repr_html_()
        assert any(sign.kind == "dated change" for sign in found.data)

    def test_a_threshold_set_by_hand(self, made):
        leads = planted(made, drop=0, month="2026-06-01")
        limits = {"lead to mql": (0.6, "benchmark"), "mql to won": 0.01}
        found = alerts(leads, by=[], thresholds=limits)
        [one] = found.alerts
        assert one.direction == "below"
        assert "below the threshold of 60.0\u202f% (benchmark)" in one.sentence()

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"by": "sorce"}, "Did you mean `source`"),
            ({"false_alarms": 5}, "`false_alarms` must be between 0 and 1"),
            ({"false_alarms": True}, "`false_alarms` must be between 0 and 1"),
            ({"recent": 0}, "`recent` must be a whole number"),
            ({"changes": "2026-01-01"}, "`changes` must map days to words"),
            ({"changes": ["2026-01-01"]}, "`changes` must map days to words"),
            ({"changes": {"1 May": "x"}}, "`changes` must be a calendar day"),
            ({"thresholds": {"lead to mpl": 0.3}}, "Did you mean `lead to mql`"),
            ({"thresholds": {"lead to mql": 30}}, "Did you mean 0.3"),
            ({"archived": "x"}, "`archived` must be Leads"),
        ],
    )
    def test_mistakes_are_named(self, two, given, words):
        with pytest.raises(ArgumentError, match=words):
            alerts(two, **given)

    def test_only_leads(self):
        with pytest.raises(ArgumentError, match="`leads` must be Leads or a FunnelModel; got str"):
            alerts("leads.csv")


def small(**columns):
    table = {"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-09"], "mql": None, "won": None}
    funnel = fk.Funnel(["lead", "mql", "won"], segments=["source"])
    return fk.from_frame(
        pd.DataFrame(table | {"source": "web"} | columns), funnel, as_of="2026-02-28"
    )


@pytest.fixture(scope="module")
def two():
    return small()


class TestLittle:
    def test_two_leads(self, two):
        found = alerts(two)
        assert (len(found), found.watched) == (0, 0)
        assert found.summary().startswith("Nothing can be watched yet")
        assert any("too short a history" in one or "fewer than" in one for one in found.missed)

    def test_one_day(self):
        found = alerts(small(lead="2026-02-28"))
        assert found.watched == 0

    def test_nobody_at_the_first_stage(self):
        found = alerts(small(lead=None, mql="2026-02-03"))
        assert found.watched == 0
        assert any("no record entered `lead`" in one for one in found.missed)

    def test_nobody_on_a_day(self):
        table = pd.DataFrame({"id": ["a"], "lead": [None], "won": [None], "status": ["lead"]})
        funnel = fk.Funnel(["lead", "won"], status="status", columns={"lead": "lead"})
        with pytest.raises(EvidenceError, match="no dated entries"):
            alerts(fk.from_frame(table, funnel, as_of="2026-02-28"))

    def test_years_without_a_conversion(self):
        days = pd.date_range("2024-01-01", "2026-06-30", freq="D").astype(str)
        frame = pd.DataFrame({"id": range(len(days)), "lead": days, "won": None})
        funnel = fk.Funnel(["lead", "won"])
        found = alerts(fk.from_frame(frame, funnel, as_of="2026-06-30"))
        assert len(found) == 0
        assert any(one.startswith("lead to won, fewer than 5 a month") for one in found.missed)

    def test_hundreds_of_values_and_hostile_names(self):
        rng = np.random.default_rng(2)
        days = pd.date_range("2024-01-01", "2025-12-31", freq="D")
        lead = rng.choice(days, 9000)
        names = np.array(["<script>alert(1)</script>", "=1+1", "'; DROP TABLE x; --", "a\nb"])
        source = np.where(rng.random(9000) < 0.5, names[rng.integers(0, 4, 9000)], "")
        many = [f"campaign {k}" for k in rng.integers(0, 450, 9000)]
        wait = rng.integers(0, 20, 9000)
        won = pd.Series(lead + pd.to_timedelta(wait, "D")).where(rng.random(9000) < 0.3)
        late = (pd.Series(lead) >= "2025-11-01") & (source == names[0])
        frame = pd.DataFrame(
            {
                "id": range(9000), "lead": lead, "won": won.mask(won > days[-1]).mask(late),
                "source": source, "campaign": many,
            }
        )  # fmt: skip
        funnel = fk.Funnel(["lead", "won"], segments=["source", "campaign"])
        found = alerts(fk.from_frame(frame, funnel, as_of="2025-12-31"))
        assert any("campaign` has 450 values, too many" in one for one in found.missed)
        assert found.alerts[0].where == "source <script>alert(1)</script>"
        assert "<script>" not in found._repr_html_()
        assert "<script>" not in fk.table.alerts(found).to_html()
        assert "a b" in " ".join(where for _, where in found.smallest)


class TestBusinesses:
    def test_kept_apart(self):
        made = simulate_frame(4000, rng=4, months=16, funnel=FUNNEL)
        funnel = made.funnel.replace(apart=["region"])
        found = alerts(fk.from_frame(made.frame, funnel, as_of=made.as_of), by="source")
        wheres = {where for _, where in found.smallest}
        assert "all leads" not in wheres
        assert {"region EMEA", "region EMEA, source Event"} <= wheres


@pytest.fixture(scope="module")
def maven(shared_data):
    funnel = fk.Funnel(
        ["opportunity", "won"], exits=["lost"], id="opportunity_id",
        columns={"opportunity": "engage_date"}, status="deal_stage", status_date="close_date",
        status_values={"opportunity": ["Prospecting", "Engaging"]}, segments=["sales_agent"],
    )  # fmt: skip
    source = shared_data / "maven_crm" / "sales_pipeline.csv"
    return fk.read_csv(source, funnel, as_of="2017-12-31")


class TestMaven:
    """By ../shared/data/README.md: quarter-end months .82/.83/.79/.78, others .49 to .57."""

    @pytest.mark.parametrize("day", ["2017-10-31", "2017-12-31"])
    def test_no_decline_by_season_or_by_the_cut_off_quarter(self, maven, day):
        found = alerts(maven.at(day), by=[])
        kinds = [one.metric.kind for one in found.alerts if one.direction != "rose"]
        assert [kind for kind in kinds if kind != "volume"] == []
        volumes = [one for one in found.alerts if one.metric.kind == "volume"]
        assert {one.metric.target for one in volumes} <= {"opportunity"}  # 754, then 283 and 121
        [began] = [sign for sign in found.data if sign.kind == "recording began"]
        assert began.since == dt.date(2017, 3, 1)
        words = found.seasons["opportunity-to-win"]
        assert words.startswith("months of the year: not told apart, history below 14 months")
        assert words.endswith("months of the quarter: 20\u202f%")


class TestOlist:
    def test_the_recording_start_is_no_rise(self, shared_data):
        folder = shared_data / "olist"
        funnel = fk.Funnel(
            ["mql", "won"], id="mql_id", segments=["origin"],
            columns={"mql": "first_contact_date", "won": "won_date"},
        )  # fmt: skip
        leads = fk.read_csv(
            folder / "olist_marketing_qualified_leads_dataset.csv", funnel, as_of="2018-11-14",
            join=[folder / "olist_closed_deals_dataset.csv"],
        )  # fmt: skip
        found = alerts(leads.at("2018-04-30"))
        [began] = [sign for sign in found.data if sign.kind == "recording began"]
        assert began.since == dt.date(2017, 12, 5)
        assert [one for one in found.alerts if one.metric.target == "won"] == []
        assert all(one.check for one in found.alerts)  # 200 entered in December, 1,141 in January
        ended = alerts(leads)
        [silent] = [sign for sign in ended.data if sign.kind == "silent days"]
        assert silent.since == dt.date(2018, 6, 1)
        assert ended.alerts[0].sentence().startswith("Check the data first: No entry to `mql`")


class TestShown:
    def test_frame(self, dropped):
        frame = dropped.to_frame()
        assert frame["metric"].tolist() == ["lead to mql"]
        assert frame["since"].tolist() == ["2026-06"]
        assert frame["change_low"][0] < frame["change"][0] < frame["change_high"][0]

    def test_table(self, dropped):
        table = fk.table.alerts(dropped)
        assert table.rows[0][:2] == ("lead to mql", f"source {SOURCE}")
        assert table.rows[0][5] == "June 2026"
        with pytest.raises(ArgumentError, match=r"what fk\.monitor\.alerts returns"):
            fk.table.alerts("x")

    def test_of(self, dropped):
        assert len(dropped.of("lead to mql")) == 1
        assert dropped.of("mql to won") == ()
        with pytest.raises(ArgumentError, match="Did you mean `mql to won`"):
            dropped.of("mql to wo")
        assert isinstance(dropped, Alerts)


def test_a_model_stands_for_the_leads_it_was_fitted_to():
    leads = fk.make_leads(3000, rng=1)
    model = fk.fit_funnel(leads, by="source")
    shown, same = alerts(model), alerts(leads, by="source")
    assert shown.watched == same.watched
    assert shown.summary() == same.summary()
    assert alerts(model, by="region").watched == alerts(leads, by="region").watched
    with pytest.raises(ArgumentError, match="keeps no leads"):
        alerts(dataclasses.replace(model, leads=None))
