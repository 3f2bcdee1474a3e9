"""The stage table: its counts, its denominators, and the figures that carry theirs."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funnelkit as fk
from funnelkit import rates
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.interval import share_interval
from funnelkit.counts.flows import Stays

STAGES = ("lead", "mql", "opportunity", "won")


def stays_of(journeys, *, stages=STAGES, exits=("lost",), split=False, segments=None):
    """Count journeys, one after the other: (entered at, furthest, left, days at each stage).

    A journey passes every stage between the two; ``filled`` ones are given as a set of stages.
    """
    names = segments or ([(stage,) for stage in stages] if split else [()])
    shape = (len(names), len(stages))
    entered, filled, moved, still = (np.zeros(shape, int) for _ in range(4))
    left = {name: np.zeros(shape, int) for name in exits}
    days = np.zeros((*shape, 40), int)
    for began, furthest, way_out, waits, fills in journeys:
        row = began if split else 0
        for stage in range(began, furthest + 1):
            entered[row, stage] += 1
            filled[row, stage] += stage in fills
            if stage < furthest:
                moved[row, stage] += 1
                if stage not in fills and stage in waits:
                    days[row, stage, waits[stage]] += 1
        if way_out:
            left[way_out][row, furthest] += 1
        else:
            still[row, furthest] += 1
    return Stays(
        stages=stages,
        exits=tuple(exits),
        by=("entered_at",) if split else (),
        segments=tuple(names),
        as_of=dt.date(2026, 1, 31),
        entered=entered,
        filled=filled,
        moved_on=moved,
        left=left,
        still_there=still,
        days=days,
    )


@st.composite
def some_journeys(draw, *, late=False):
    journeys = []
    for _ in range(draw(st.integers(1, 25))):
        began = draw(st.integers(0, 3)) if late else 0
        furthest = draw(st.integers(began, 3))
        way_out = draw(st.sampled_from([None, "lost"])) if furthest < 3 else None
        waits = {stage: draw(st.integers(0, 30)) for stage in range(began, furthest)}
        fills = {stage for stage in range(began + 1, furthest) if draw(st.booleans())}
        journeys.append((began, furthest, way_out, waits, fills))
    return journeys


class TestTable:
    @given(some_journeys())
    @settings(max_examples=100, deadline=None)
    def test_the_product_of_stage_rates_is_the_rate_from_end_to_end(self, journeys):
        """For ever-reached counts of one cohort, filled stages included."""
        stays = stays_of(journeys)
        table = rates.flow(stays)
        reached = [sum(each[1] >= stage for each in journeys) for stage in range(4)]
        for stage in range(4):
            expected = reached[stage] / len(journeys)
            assert table.cumulative_rate[0, stage] == pytest.approx(expected)
        if all(reached):
            product = np.prod(table.rate_with_filled[0, :-1])
            assert product == pytest.approx(reached[-1] / reached[0])
        split = rates.flow(stays_of(journeys, split=True))
        np.testing.assert_allclose(split.cumulative_rate[0], table.cumulative_rate[0])

    @given(some_journeys(late=True))
    @settings(max_examples=100, deadline=None)
    def test_laws(self, journeys):
        stays = stays_of(journeys)
        table = rates.flow(stays)
        frame = table.to_frame()
        accounted = frame["moved_on"] + frame["lost"] + frame["still_there"]
        assert (frame["entered"] == accounted).all()
        for name in ("rate", "leakage", "cumulative"):
            estimate = frame["rate" if name == "rate" else f"{name}_rate"]
            low, high = frame[f"{name}_low"], frame[f"{name}_high"]
            known = estimate.notna()
            assert (low.notna() == known).all()
            assert ((low <= estimate + 1e-12) & (estimate <= high + 1e-12))[known].all()
            assert (low[known] >= 0).all()
            assert (high[known] <= 1).all()
        assert frame["rate"].isna().iloc[-1]
        assert table.summary()
        for stage in range(3):
            waits = [
                w[stage] for b, f, _, w, filled in journeys
                if b <= stage < f and stage not in filled
            ]  # fmt: skip
            if waits:
                assert table.median_days[0, stage] == np.median(waits)
            else:
                assert np.isnan(table.median_days[0, stage])

    def test_filled_entries_are_left_out_of_the_rate(self):
        """10 entered opportunity; 4 of them only on paper, and these went on by construction."""
        journeys = [(0, 3, None, {}, {2})] * 4 + [(0, 3, None, {}, set())] * 3
        journeys += [(0, 2, "lost", {}, set())] * 3
        table = rates.flow(stays_of(journeys))
        assert table.rate[0, 2] == pytest.approx(3 / 6)
        assert table.rate_with_filled[0, 2] == pytest.approx(7 / 10)
        assert table.leakage_rate[0, 2] == pytest.approx(3 / 10)
        low, high = table.confidence_interval()
        assert (low[0, 2], high[0, 2]) == pytest.approx(tuple(share_interval(3, 6)))
        figure = table.win_rate
        assert (figure.numerator, figure.denominator) == (3, 6)

    def test_the_exact_method(self):
        table = rates.flow(stays_of([(0, 1, None, {}, set())] * 3), method="exact")
        assert table.confidence_interval().low[0, 0] == pytest.approx(
            share_interval(3, 3, method="exact").low
        )

    def test_accounts(self):
        """Two accounts, one of which moves on with all its leads."""
        stays = stays_of([(0, 1, None, {}, set())] * 5 + [(0, 0, None, {}, set())] * 5)
        sums = np.zeros((4, 1, 4), int)
        sums[:, 0, 0] = [10, 50 // 5 + 0, 5, 5]
        object.__setattr__(stays, "accounts", sums)
        alone = rates.flow(stays).confidence_interval()
        sums = sums.copy()
        sums[:, 0, 0] = [2, 50, 25, 25]
        object.__setattr__(stays, "accounts", sums)
        two = rates.flow(stays).confidence_interval()
        assert two.high[0, 0] - two.low[0, 0] > 1.5 * (alone.high[0, 0] - alone.low[0, 0])

    def test_columns(self):
        frame = rates.flow(stays_of([(0, 3, None, {0: 4}, set())])).to_frame()
        assert frame.columns.tolist() == [
            "stage", "entered", "filled", "moved_on", "lost", "still_there", "rate", "rate_low",
            "rate_high", "rate_with_filled", "leakage_rate", "leakage_low", "leakage_high",
            "cumulative_rate", "cumulative_low", "cumulative_high", "median_days",
        ]  # fmt: skip
        assert frame["stage"].tolist() == list(STAGES)
        assert frame.loc[0, ["cumulative_low", "cumulative_high"]].tolist() == [1.0, 1.0]

    def test_nobody(self):
        table = rates.flow(stays_of([(2, 3, None, {}, set())]))
        assert table.summary() == "Nobody entered lead; there is no rate."
        assert np.isnan(table.to_frame().loc[0, ["rate", "rate_low"]].astype(float)).all()

    def test_the_sentence(self):
        journeys = [(0, 3, None, {}, set())] * 2 + [(0, 1, "lost", {}, set())] * 3
        journeys += [(0, 0, None, {}, set())] * 5
        assert rates.flow(stays_of(journeys)).summary() == (
            "Of 10 leads that entered lead, 2 (20.0\u202f%, 5.7 to 51.0\u202f%) reached won by "
            "2026-01-31. Step by step: lead to mql 50.0\u202f%, mql to opportunity 40.0\u202f% and "
            "opportunity to won 100.0\u202f%."
        )


class TestFigures:
    def maven(self, stages, filled=0):
        """Counts of ../shared/data/README.md: won 4,238, lost 2,473, open 1,589 and 500."""
        first = [8800] if len(stages) == 2 else [8800, 8300]
        still = [2089] if len(stages) == 2 else [500, 1589]
        k = len(stages)
        moved = [*first[1:], 4238, 0]
        lost = [0] * (k - 2) + [2473, 0]
        return Stays(
            stages=stages, exits=("lost",), by=(), segments=((),), as_of=dt.date(2017, 12, 31),
            entered=[[*first, 4238]], filled=np.zeros((1, k)), moved_on=[moved],
            left={"lost": [lost]}, still_there=[[*still, 4238]], days=np.zeros((1, k, 1)),
        )  # fmt: skip

    @pytest.mark.parametrize("stages", [("opportunity", "won"), ("prospecting", "engaging", "won")])
    def test_maven(self, stages):
        table = rates.flow(self.maven(stages))
        win, decided = table.win_rate, table.opportunity_to_win
        assert (win.numerator, win.denominator) == (4238, 8800)
        assert round(win.rate, 6) == 0.481591
        assert win.label == f"won / entered {stages[0]}"
        assert (decided.numerator, decided.denominator) == (4238, 6711)
        assert round(decided.rate, 6) == 0.631501
        assert decided.label == "won / (won + lost)"
        assert win.summary() == (
            f"Win rate (won / entered {stages[0]}): 4,238 of 8,800, 48.2\u202f% (47.1 to "
            "49.2\u202f%). 2,089 of these are still open, so it may rise."
        )
        assert decided.summary() == (
            "Opportunity-to-win (won / (won + lost)): 4,238 of 6,711, 63.2\u202f% (62.0 to "
            "64.3\u202f%)."
        )
        frame = win.to_frame()
        assert frame.columns.tolist() == [
            "figure", "label", "entered", "converted", "rate", "rate_low", "rate_high",
        ]  # fmt: skip
        assert "4238" in repr(win)
        assert "<table" in decided._repr_html_()

    def test_the_close_rate_has_the_first_stage_below(self):
        journeys = [(0, 3, None, {}, set())] * 2 + [(0, 1, "lost", {}, set())] * 6
        figure = rates.flow(stays_of(journeys)).won_of("lead")
        assert (figure.name, figure.label) == ("close rate", "won / entered lead")
        assert (figure.numerator, figure.denominator) == (2, 8)

    @given(some_journeys(late=True))
    @settings(max_examples=100, deadline=None)
    def test_who_entered_later_is_in_no_earlier_denominator(self, journeys):
        table = rates.StageRates(stays=stays_of(journeys), origins=stays_of(journeys, split=True))
        leads = [each for each in journeys if each[0] == 0]
        close = table.won_of("lead")
        assert close.denominator == len(leads)
        assert close.numerator == sum(each[1] == 3 for each in leads)
        passed = [each for each in journeys if each[0] <= 1 <= each[1]]
        mql = table.won_of("mql")
        assert (mql.denominator, mql.numerator) == (len(passed), sum(f == 3 for _, f, *_ in passed))
        if leads:
            reached = [sum(each[1] >= stage for each in leads) for stage in range(4)]
            np.testing.assert_allclose(table.cumulative_rate[0], np.array(reached) / len(leads))

    def test_counts_that_cannot_tell_are_refused(self):
        journeys = [(0, 3, None, {}, set()), (2, 3, None, {}, set())]
        table = rates.flow(stays_of(journeys))
        with pytest.raises(EvidenceError, match="some records reached won without passing `lead`"):
            table.won_of("lead")
        assert table.win_rate.denominator == 2
        strict = rates.StageRates(stays=stays_of(journeys[:1]), strict=True)
        with pytest.raises(EvidenceError):
            strict.won_of("mql")
        assert strict.won_of("lead").denominator == 1

    def test_nothing_to_divide_by(self):
        figure = rates.flow(stays_of([(0, 1, None, {}, set())])).opportunity_to_win
        assert np.isnan(figure.rate)
        assert figure.summary().endswith("nothing to divide by.")
        assert np.isnan(figure.to_frame().loc[0, "rate_low"])
        assert figure.confidence_interval() == (0.0, 1.0)

    def test_arguments(self):
        table = rates.flow(stays_of([(0, 1, None, {}, set())]))
        for wrong in ("won", "led"):
            with pytest.raises(ArgumentError, match="unknown stage"):
                table.won_of(wrong)
        with pytest.raises(ArgumentError, match="method"):
            rates.flow(stays_of([]), method="wald")


class TestLeads:
    @pytest.fixture
    def leads(self):
        """Three leads (one won without a dated opportunity), and a deal that never was a lead."""
        export = pd.DataFrame(
            {
                "id": ["a", "b", "c", "d"],
                "lead": ["2026-01-01", "2026-01-02", "2026-01-03", None],
                "mql": ["2026-01-05", "2026-01-12", None, None],
                "opportunity": [None, "2026-01-20", None, "2026-01-08"],
                "won": ["2026-01-25", None, None, "2026-01-30"],
                "lost": [None, "2026-01-28", None, None],
                "source": ["ads", "ads", "web", "web"],
            }
        )
        funnel = fk.Funnel(STAGES, exits=["lost"], id="id", segments=["source"])
        return fk.from_frame(export, funnel, as_of="2026-01-31")

    def test_a_deal_that_never_was_a_lead(self, leads):
        table = rates.flow(leads)
        frame = table.to_frame().set_index("stage")
        assert frame["entered"].tolist() == [3, 2, 3, 2]
        assert frame["filled"].tolist() == [0, 0, 1, 0]
        assert frame["moved_on"].tolist() == [2, 2, 2, 0]
        assert frame["lost"].tolist() == [0, 0, 1, 0]
        np.testing.assert_allclose(frame["cumulative_rate"], [1, 2 / 3, 2 / 3, 1 / 3])
        assert frame["median_days"].tolist()[:3] == [7.0, 8.0, 22.0]
        close = table.won_of("lead")
        assert (close.numerator, close.denominator) == (1, 3)
        win = table.win_rate
        assert (win.numerator, win.denominator) == (1, 2)

    def test_segments(self, leads):
        table = rates.flow(leads, by="source")
        frame = table.won_of("lead").to_frame()
        assert frame["source"].tolist() == ["ads", "web"]
        assert frame[["converted", "entered"]].to_numpy().tolist() == [[1, 2], [0, 1]]
        by_entry = rates.flow(leads, by="entered_at").won_of("lead").to_frame()
        found = by_entry.set_index("entered_at")["entered"].to_dict()
        assert found == {"lead": 3, "opportunity": 0}

    def test_periods_come_from_the_leads(self, leads):
        result = rates.period(leads, "lead", "won", every="quarter", by="source")
        assert result.to_frame()["converted"].tolist() == [1, 1]


def test_businesses_that_are_kept_apart_are_never_one_rate():
    deals = pd.DataFrame(
        {
            "id": [f"{k:02d}" for k in range(30)],
            "deal": "2026-01-05",
            "won": ["2026-01-09"] * 10 + [None] * 20,
            "pipeline": ["New"] * 5 + ["Renewal"] * 5 + ["New"] * 15 + ["Renewal"] * 5,
            "source": ["a", "b"] * 15,
        }
    )
    funnel = fk.Funnel(["deal", "won"], segments=["pipeline", "source"], apart=["pipeline"])
    leads = fk.from_frame(deals, funnel, as_of="2026-02-28")
    for by in (None, "source"):
        table = rates.flow(leads, by=by)
        said = table.summary().replace("\u202f", " ")
        # New: 5 of 20; Renewal: 5 of 10; nowhere the 10 of 30 of both
        assert said.startswith("New: of 20 leads that entered deal, 5 (25.0 %, ")
        assert "Renewal: of 10 leads that entered deal, 5 (50.0 %, " in said
        assert "33.3" not in said
        assert "30 leads" not in said
        won = table.win_rate.summary().replace("\u202f", " ")
        assert won.startswith("New: win rate (won / entered deal): 5 of 20, 25.0 %")
        assert "Renewal: win rate (won / entered deal): 5 of 10, 50.0 %" in won
        assert "33.3" not in won
    assert "10 (33.3" in rates.flow(leads.pooled()).summary()
    assert rates.flow(leads.only(pipeline="New")).summary().startswith("Of 20 leads")


def test_stages_that_only_the_status_tells_of_are_left_out():
    deals = pd.DataFrame(
        {
            "id": [f"d{i}" for i in range(40)],
            "created": "2026-01-05",
            "stage": ["Proposal"] * 8 + ["Demo"] * 12 + ["Won"] * 5 + ["Lost"] * 15,
            "closed": [None] * 20 + ["2026-02-01"] * 20,
        }
    )
    funnel = fk.Funnel(
        ["opportunity", "Demo", "Proposal", "Won"],
        exits=["Lost"],
        id="id",
        columns={"opportunity": "created"},
        status="stage",
        status_date="closed",
    )
    table = fk.rates.flow(fk.from_frame(deals, funnel, as_of="2026-03-31"))
    assert table.stays.stages == ("opportunity", "Won")
    assert table.stays.undated == ("Demo", "Proposal")
    found = table.to_frame().iloc[0]
    assert found[["entered", "filled", "moved_on", "Lost", "still_there"]].tolist() == [
        40, 0, 5, 15, 20,
    ]  # fmt: skip
    assert found["rate"] == 5 / 40
    assert "`Demo` and `Proposal`" in table.summary()
    assert (table.win_rate.numerator, table.win_rate.denominator) == (5, 40)
