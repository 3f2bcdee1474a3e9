"""`benchmark`: verdicts, gaps and ranks against hand counts, and what it refuses to say."""

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit import rates
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit._core.interval import share_interval
from funnelkit.rates.ranges.matching import matched


def counts(*rows, **more):
    names = ["start", "target", "entered", "converted"]
    return pd.DataFrame([list(row) for row in rows], columns=names).assign(**more)


CHAIN = counts(
    ("lead", "mql", 10_000, 1_500),  # published 20 to 40 %
    ("mql", "sql", 1_500, 600),  # 13 to 60 %
    ("sql", "opportunity", 600, 150),  # 40 to 80 %
    ("opportunity", "won", 150, 30),  # 10 to 30 %
)


class TestGaps:
    def test_by_hand(self):
        found = rates.benchmark(CHAIN, value=1_000)
        frame = found.to_frame().set_index("step")
        assert frame["verdict"].tolist() == ["below", "within", "below", "within"]
        # 10,000 x (.20 - .15) x .4 x .25 x .2 and 600 x (.40 - .25) x .2
        expected = {"lead to mql": 10.0, "sql to opportunity": 18.0}
        for step, deals in expected.items():
            assert frame.loc[step, "won_gap"] == pytest.approx(deals)
            assert frame.loc[step, "gap_value"] == pytest.approx(1_000 * deals)
            assert frame.loc[step, "won_gap_low"] < deals < frame.loc[step, "won_gap_high"]
        # 1 - .15 / .20 and 1 - .25 / .40; both ways of ranking
        assert frame["shortfall"].round(6).tolist() == [0.25, 0, 0.375, 0]
        assert frame["rank_below"].tolist() == [2, 0, 1, 0]
        assert frame["rank_worth"].tolist() == [2, 0, 1, 0]

    def test_without_a_win_no_deals_are_counted(self):
        """The last stage of a table need not be the win: MQLs are no deals."""
        found = rates.benchmark(counts(("lead", "mql", 10_000, 1_500)), value=1_000)
        assert found.verdict[0, 0] == "below"
        assert np.isnan(found.won_gap[0, 0])
        assert "won deals" not in found.summary()
        table = counts(("lead", "mql", 10_000, 1_500), ("mql", "signed", 1_500, 300))
        assert np.isnan(rates.benchmark(table).won_gap[0, 0])
        named = rates.benchmark(table, stages={"signed": "won"})
        # 10,000 x .05 x .2
        assert named.won_gap[0, 0] == pytest.approx(100)

    def test_the_two_ranks_may_differ(self):
        table = counts(("lead", "mql", 10_000, 1_500), ("mql", "won", 1_500, 300),
                       ("sql", "opportunity", 100, 10), ("opportunity", "won", 10, 2))  # fmt: skip
        # 10,000 x .05 x .2 = 100 deals, 25 % below; 100 x .3 x .2 = 6 deals, 75 % below
        found = rates.benchmark(table).to_frame().set_index("step")
        assert found["rank_below"].to_dict()["sql to opportunity"] == 1
        assert found["rank_worth"].to_dict()["lead to mql"] == 1

    def test_an_interval_that_reaches_the_range_is_not_clearly_below(self):
        low, high = share_interval(18, 50)
        assert low < 0.4 < high
        found = rates.benchmark(counts(("sql", "opportunity", 50, 18)))
        assert found.verdict[0, 0] == "not clearly below"
        assert found.rank_below[0, 0] == 0
        assert "not clearly below: the interval reaches the range" in found.summary()

    def test_intervals_of_the_gap_cover(self):
        """500 enter, of whom 30 % move on, and 25 % of these win; published: 40 % and more."""
        rng, runs, inside = np.random.default_rng(3), 120, 0
        truth = 500 * (0.4 - 0.3) * 0.25
        for _ in range(runs):
            moved = rng.binomial(500, 0.3)
            won = rng.binomial(moved, 0.25)
            table = counts(("sql", "opportunity", 500, moved), ("opportunity", "won", moved, won))
            low, high = rates.benchmark(table).won_interval()
            inside += low[0, 0] <= truth <= high[0, 0]
        assert 0.9 <= inside / runs <= 0.995

    def test_what_holds_others_has_no_rank(self):
        table = counts(("lead", "opportunity", 1000, 100), ("opportunity", "won", 100, 2),
                       ("lead", "won", 1000, 2))  # fmt: skip
        found = rates.benchmark(table).to_frame().set_index("step")
        assert found.loc["lead to won", ["verdict", "rank_below"]].tolist() == ["below", 0]
        assert found.loc["opportunity to won", "rank_below"] == 1


class TestRanges:
    def test_sources_disagree(self):
        found = rates.benchmark(CHAIN)
        frame = found.to_frame().set_index("step")
        assert frame.loc["mql to sql", ["range_low", "range_high"]].tolist() == [0.13, 0.6]
        assert frame.loc["mql to sql", "sources"].count("stage ranges") == 2
        market = rates.benchmark(CHAIN, segment="Enterprise").to_frame().set_index("step")
        assert market.loc["opportunity to won", ["range_low", "range_high"]].tolist() == [0.1, 0.2]

    def test_own_ranges_stand_in_place(self):
        frame = rates.benchmark(CHAIN, {"lead -> mql": (0.1, 0.12)}).to_frame()
        assert frame.loc[0, ["range_low", "range_high", "verdict"]].tolist() == [0.1, 0.12, "above"]
        assert frame.loc[0, "sources"].endswith("(own range)")
        assert frame.loc[1, "range_low"] == 0.13

    def test_an_own_range_for_a_stage_that_the_trade_does_not_know(self):
        table = counts(("Leads", "Qualified", 100, 50), ("Qualified", "won", 50, 5))
        found = rates.benchmark(table, {"Leads -> Qualified": 0.6, "mql -> sql": (0.1, 0.2)})
        assert found.to_frame()["step"].tolist() == ["Leads to Qualified"]
        assert "`Qualified` is not one of visitor, lead" in found.summary()
        assert "Your range from mql to sql has no rate here" in found.summary()
        with pytest.raises(ArgumentError, match="Did you mean `Qualified`"):
            rates.benchmark(table, {"Leads -> Qualifed": 0.6})


class TestMatching:
    @pytest.mark.parametrize(
        ("name", "trade"),
        [("Leads", "lead"), ("MQL", "mql"), ("sales-qualified lead", "sql"),
         ("Deal", "opportunity"), ("Opportunities", "opportunity"), ("Closed Won", "won"),
         ("customers", "won"), ("Website visitors", "visitor"), ("Qualified", ""), ("Demo", ""),
         ("", ""), ("lead 2", ""), ("<b>lead</b>", "")],
    )  # fmt: skip
    def test_by_name(self, name, trade):
        assert matched([name, "zzz"]).trade[0] == trade

    def test_two_that_read_alike_are_not_guessed(self):
        found = matched(["deal", "opportunity", "won"])
        assert found.trade == ("", "", "won")
        assert found.reasons["deal"] == "reads as opportunity, and so does `opportunity`"
        told = matched(["deal", "opportunity", "won"], {"deal": "opportunity"})
        assert told.trade == ("opportunity", "", "won")

    def test_as_the_user_says(self):
        assert matched(["lead", "won"], {"lead": None}).trade == ("", "won")
        with pytest.raises(ArgumentError, match=r"(?s)2 problems.*`leed`.*`sal`"):
            matched(["lead", "won"], {"leed": "lead", "won": "sal"})
        with pytest.raises(ArgumentError, match="names sql twice"):
            matched(["a", "b"], {"a": "sql", "b": "sql"})
        with pytest.raises(ArgumentError, match="must be a mapping"):
            matched(["a", "b"], ["a"])


FUNNEL = fk.Funnel(["lead", "mql", "won"], exits=["lost"], id="id", value="amount")


def make(n, *, young=0, mql=10, won=2, amount=100.0, pipeline=None):
    """Of every 100 old leads `mql` become MQLs after 20 days, and `won` of them win 20 days on."""
    rows = []
    for k in range(n + young):
        old = k < n
        entered = pd.Timestamp("2026-01-05" if old else "2026-12-20")
        is_mql, is_won = old and k % 100 < mql, old and k % 100 < won
        rows.append(
            {
                "id": f"{pipeline}{k}",
                "lead": entered,
                "mql": entered + pd.Timedelta(days=20) if is_mql else None,
                "won": entered + pd.Timedelta(days=40) if is_won else None,
                "lost": None,
                "amount": amount if is_won else None,
                "pipeline": pipeline,
            }
        )
    return pd.DataFrame(rows)


class TestMaturity:
    def test_young_records_do_not_pull_a_rate_below(self):
        """25 of 100 old leads, none of as many young ones: 25 % by age, 12.5 % as it stands."""
        leads = fk.from_frame(make(600, young=600, mql=25, won=5), FUNNEL, as_of="2026-12-31")
        found = rates.benchmark(leads).to_frame().set_index("step")
        assert found.loc["lead to mql", "rate"] == pytest.approx(0.25, abs=0.01)
        assert found.loc["lead to mql", "maturity"] == pytest.approx(0.5, abs=0.01)
        assert found.loc["lead to mql", "verdict"] == "immature"
        assert np.isnan(found.loc["lead to mql", "won_gap"])

    def test_a_mature_rate_is_below(self):
        leads = fk.from_frame(make(1000), FUNNEL, as_of="2026-12-31")
        found = rates.benchmark(leads)
        frame = found.to_frame().set_index("step")
        assert frame.loc["lead to mql", ["entered", "converted", "verdict"]].tolist() == [
            1000, 100, "below",
        ]  # fmt: skip
        # 1,000 x (.20 - .10) x 20 / 100 deals at 100 each
        assert frame.loc["lead to mql", "won_gap"] == pytest.approx(20)
        assert frame.loc["lead to mql", "gap_value"] == pytest.approx(2_000)
        assert "about 20 (" in found.summary()

    def test_a_curve_that_still_rises_is_not_settled(self):
        """Conversions come evenly up to the last day followed: nobody knows where it ends."""
        frame = make(1000, mql=0, won=0)
        frame.loc[:99, "mql"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(
            np.arange(100) * 3, unit="D"
        )
        leads = fk.from_frame(frame, FUNNEL, as_of="2026-11-01")
        assert rates.benchmark(leads).verdict[0, 0] == "immature"

    def test_a_stage_table_is_below_where_nothing_could_lift_it(self):
        frame = make(1000)
        leads = fk.from_frame(frame, FUNNEL, as_of="2026-12-31")
        assert rates.benchmark(rates.flow(leads)).verdict[0, 0] == "immature"
        frame.loc[frame["mql"].isna(), "lost"] = pd.Timestamp("2026-02-20")
        closed = fk.from_frame(frame, FUNNEL, as_of="2026-12-31")
        assert rates.benchmark(rates.flow(closed)).verdict[0, 0] == "below"
        assert rates.benchmark(rates.flow(closed).stays).verdict[0, 0] == "below"

    def test_cohort_rates_do_not_tell_who_is_open(self):
        triangle = fk.triangle(fk.from_frame(make(1000), FUNNEL, as_of="2026-12-31"), "lead", "mql")
        assert rates.benchmark(rates.cohort(triangle, within=30)).verdict[0, 0] == "immature"
        assert rates.benchmark(triangle).verdict[0, 0] == "below"

    def test_open_records_of_a_table(self):
        table = counts(("lead", "mql", 1000, 100), open=[500])
        assert rates.benchmark(table).verdict[0, 0] == "immature"
        assert rates.benchmark(table.assign(open=20)).verdict[0, 0] == "below"


class TestSegments:
    def test_businesses_are_told_apart(self):
        frame = pd.concat([make(400, pipeline="New"), make(400, mql=30, pipeline="Renewal")])
        frame.loc[frame["pipeline"].eq("Renewal") & frame["amount"].notna(), "amount"] = 900.0
        funnel = FUNNEL.replace(segments=["pipeline"], apart=["pipeline"])
        found = rates.benchmark(fk.from_frame(frame, funnel, as_of="2026-12-31"))
        assert found.segments == (("New",), ("Renewal",))
        assert found.mean_value.tolist() == [100, 900]
        text = found.summary()
        assert text.startswith("New: ")
        assert " Renewal: " in text
        assert "800 records" not in text
        frame = found.to_frame().set_index(["pipeline", "step"])
        assert frame.loc[("New", "lead to mql"), "verdict"] == "below"
        assert frame.loc[("Renewal", "lead to mql"), "verdict"] == "within"

    def test_a_table_by_segment(self):
        table = counts(("lead", "mql", 900, 90), ("lead", "mql", 800, 200), source=["a", None])
        found = rates.benchmark(table, by="source")
        assert found.verdict[:, 0].tolist() == ["below", "within"]
        assert "lead to mql of a" in found.summary()


class TestRefusals:
    def test_nothing_matches(self):
        with pytest.raises(EvidenceError, match=r"`A` is not one of.*Say which stage is which"):
            rates.benchmark(counts(("A", "B", 10, 5)))

    def test_wrong_arguments(self):
        for wrong, words in (
            ({"value": -1}, "`value`"),
            ({"value": True}, "`value`"),
            ({"confidence_level": 95}, "Did you mean 0.95"),
            ({"segment": "enterprize"}, "Did you mean `enterprise`"),
            ({"stages": {"leed": "lead"}}, "Did you mean `lead`"),
            ({"by": "source"}, "unknown column `source`"),
        ):
            with pytest.raises(ArgumentError, match=words):
                rates.benchmark(CHAIN, **wrong)
        with pytest.raises(ArgumentError, match="`rates` must be leads"):
            rates.benchmark([1, 2])
        with pytest.raises(ArgumentError, match="holds no row"):
            rates.benchmark(CHAIN.iloc[:0])

    def test_counts_that_cannot_be(self):
        with pytest.raises(DataError, match="must not exceed `entered`; 1 row"):
            rates.benchmark(counts(("lead", "mql", 10, 20)))
        with pytest.raises(DataError, match="whole numbers"):
            rates.benchmark(counts(("lead", "mql", 10, -1)))
        for entered in ("ten", np.inf, np.nan, 1.5):
            with pytest.raises(DataError, match="whole numbers"):
                rates.benchmark(counts(("lead", "mql", entered, 1)))
        with pytest.raises(DataError, match="`target` is blank in 1 row"):
            rates.benchmark(counts(("lead", None, 10, 1)))

    def test_none_one_and_few(self):
        assert rates.benchmark(counts(("lead", "mql", 0, 0))).verdict[0, 0] == "no rate"
        assert rates.benchmark(counts(("lead", "mql", 1, 0))).verdict[0, 0] == "too few"
        assert "fewer than 20" in rates.benchmark(counts(("lead", "mql", 19, 0))).summary()
        text = rates.benchmark(counts(("lead", "mql", 0, 0))).summary()
        assert text == "No record has entered a stage that has a published range."

    def test_hostile_names(self):
        table = counts(("<b>x</b>\n", "won", 100, 5), ("lead", "won", 50, 10))
        found = rates.benchmark(table, stages={"<b>x</b>\n": "opportunity"})
        assert "\n" not in found.summary()
        assert "<b>" not in found._repr_html_()


def test_leads_whose_stages_mean_nothing_say_how_to_name_them():
    rows = pd.DataFrame({"id": ["a"], "Created": ["2026-01-05"], "Paid": ["2026-02-01"]})
    leads = fk.from_frame(rows, fk.Funnel(["Created", "Paid"], id="id"), as_of="2026-03-31")
    with pytest.raises(EvidenceError, match=r"`Created` .* Say which stage is which with `stages`"):
        fk.rates.benchmark(leads)
