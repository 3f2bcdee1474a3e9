"""Rates on real exports, against figures computed with pandas beside the data."""

import numpy as np
import pytest

import funnelkit as fk
from tests.olist_figures import MONTHS, ORIGINS, read_olist


@pytest.fixture(scope="module")
def olist(shared_data):
    return read_olist(shared_data)


class TestOlist:
    def test_first_contact_months(self, olist):
        counts = fk.triangle(olist, "mql", "won")
        result = fk.rates.cohort(counts)
        frame = result.to_frame().set_index("cohort")
        assert frame[["entered", "converted"]].apply(tuple, axis=1).to_dict() == {
            month: each[:2] for month, each in MONTHS.items()
        }
        whole = result.overall
        assert (whole.entered[0, 0], whole.converted[0, 0]) == (8000, 842)
        assert result.summary().startswith("842 of 8,000 leads (10.5\u202f%, 9.9 to 11.2\u202f%)")
        for k, within in enumerate((30, 60, 90), 2):
            windowed = fk.rates.cohort(counts, within=within)
            expected = [each[k] for each in MONTHS.values()]
            assert windowed.converted[0].tolist() == expected
            assert windowed.mature.all()

    def test_origins(self, olist):
        result = fk.rates.cohort(fk.triangle(olist, "mql", "won", by="origin")).overall
        frame = result.to_frame()
        found = {
            None if origin is None or origin != origin else origin: (entered, converted)
            for origin, entered, converted in frame[["origin", "entered", "converted"]].itertuples(
                index=False
            )
        }
        assert found == ORIGINS

    def test_the_stage_table(self, olist):
        table = fk.rates.flow(olist)
        assert table.stays.entered.tolist() == [[8000, 842]]
        assert table.rate[0, 0] == 842 / 8000
        assert (
            table.won_of("mql").summary().startswith("Win rate (won / entered mql): 842 of 8,000")
        )
        assert table.to_frame().loc[0, "still_there"] == 8000 - 842

    def test_a_window_leaves_young_cohorts_blank(self, olist):
        counts = fk.triangle(olist.at("2018-05-31"), "mql", "won")
        frame = fk.rates.cohort(counts, within=30).to_frame().set_index("cohort")
        assert frame.index[~frame["mature"]].tolist() == ["2018-05"]
        assert np.isnan(frame.loc["2018-05", "rate"])
        assert frame.loc["2018-05", "entered"] == 1303

    def test_may_against_april(self, olist):
        """207 deals in April and 122 in May, against 1,352 and 1,303 leads."""
        frame = fk.rates.period(olist.at("2018-05-31"), "mql", "won").to_frame()
        frame = frame.set_index("period")
        assert frame.loc["2018-04", ["entered", "converted"]].tolist() == [1352, 207]
        assert frame.loc["2018-05", ["entered", "converted"]].tolist() == [1303, 122]

    def test_two_months_at_equal_ages(self, olist):
        """Of 1,028 and 1,174 MQLs, 119 and 137 were won within 60 days: README beside the data."""
        found = fk.rates.diagnose(
            olist, before="2018-02", after="2018-03", every="month", within=60, by="origin"
        )
        [move] = found.moves
        assert (move.entered, move.converted) == ((1028, 1174), (119, 137))
        assert not found.concerns

    def test_the_young_month_is_not_judged(self, olist):
        """May's rate so far, 70 of 1,303 against 154 of 1,352, is the age of the leads."""
        may = olist.at("2018-05-31")
        found = fk.rates.diagnose(may, before="2018-04", after="2018-05", every="month")
        assert not found.moves[0].fell
        assert "no step can be judged at equal ages" in found.summary()


@pytest.fixture(scope="module")
def maven(shared_data):
    funnel = fk.Funnel(
        ["opportunity", "won"],
        exits=["lost"],
        id="opportunity_id",
        columns={"opportunity": "engage_date"},
        status="deal_stage",
        status_date="close_date",
        status_values={"opportunity": ["Prospecting", "Engaging"]},
        segments=["sales_agent"],
        account="account",
    )
    source = shared_data / "maven_crm" / "sales_pipeline.csv"
    return fk.read_csv(source, funnel, as_of="2017-12-31")


class TestMaven:
    def test_each_label_carries_its_denominator(self, maven):
        table = fk.rates.flow(maven)
        figures = [
            (each.label, each.numerator, each.denominator)
            for each in (table.win_rate, table.opportunity_to_win)
        ]
        assert figures == [
            ("won / entered opportunity", 4238, 8800),
            ("won / (won + lost)", 4238, 6711),
        ]

    def test_agents(self, maven):
        frame = fk.rates.flow(maven, by="sales_agent").opportunity_to_win.to_frame()
        frame = frame.set_index("sales_agent")
        published = {
            "Hayden Neloms": (107, 152), "Maureen Marcano": (149, 213),
            "Darcel Schlecht": (349, 553), "Lajuana Vencill": (127, 231),
        }  # fmt: skip
        for agent, (won, closed) in published.items():
            assert frame.loc[agent, ["converted", "entered"]].tolist() == [won, closed]

    def test_against_what_is_published(self, maven):
        """4,238 of 8,800 won so far, of a range of 10 to 30 %: far above, young or not."""
        found = fk.rates.benchmark(fk.rates.flow(maven))
        assert found.entered[0, 0] == 8800
        assert found.verdict[0, 0] == "above"
        assert not found.rank_below.any()

    def test_quarters(self, maven):
        frame = fk.rates.period(maven, "opportunity", "won", every="quarter").to_frame()
        assert frame["converted"].tolist() == [0, 531, 1254, 1257, 1196]
