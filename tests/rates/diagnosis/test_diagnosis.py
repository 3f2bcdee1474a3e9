"""`diagnose`: bottlenecks by value, 1.1 to the power of n, and planted changes in whole funnels."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit import rates
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.counts.flows import Stays
from funnelkit.rates.diagnosis.gaps import shrunken
from funnelkit.rates.diagnosis.steps import Lift

STAGES = ("lead", "mql", "sql", "opportunity", "won")


def stays(entered, *, stages=STAGES, left=None):
    """A finished funnel: what did not move on was lost."""
    n = len(stages)
    moved = [*entered[1:], 0]
    gone = [a - b for a, b in zip(entered, moved, strict=True)]
    lost = left or [*gone[:-1], 0]
    return Stays(
        stages=stages,
        exits=("lost",),
        by=(),
        segments=((),),
        as_of=dt.date(2026, 6, 30),
        entered=[list(entered)],
        filled=[[0] * n],
        moved_on=[moved],
        left={"lost": [lost]},
        still_there=[[a - b for a, b in zip(gone, lost, strict=True)]],
        days=np.zeros((1, n, 1), int),
    )


class TestLift:
    @pytest.mark.parametrize(
        ("n", "said"), [(1, "1.1"), (2, "1.21"), (4, "1.4641"), (5, "1.61051")]
    )
    def test_exactly(self, n, said):
        lift = Lift(steps=tuple((f"s{k}", f"s{k + 1}", 0.3) for k in range(n)))
        assert str(lift.exact) == said
        assert lift.factor == float(said)
        assert lift.said == f"1.1 to the power of {n} = {said}"

    def test_capped(self):
        found = rates.diagnose(stays([1000, 950, 95], stages=("lead", "mql", "won")))
        assert found.lift.capped == ("lead",)
        # 1 / .95 x 1.1
        assert found.lift.factor == pytest.approx(1.1 / 0.95, abs=1e-4)
        assert "cannot exceed 1" in found.summary()
        frame = found.to_frame()
        assert frame["capped"].tolist() == [True, False]
        # 1,000 x .05 x .1 and 950 x .01
        assert frame["lift_won"].round(6).tolist() == [5.0, 9.5]

    def test_a_tenth_more_brings_the_same_at_each_step(self):
        frame = rates.diagnose(stays([8000, 2400, 960, 480, 96])).to_frame()
        assert frame["lift_won"].round(6).tolist() == [9.6] * 4
        # a point more: 8,000 x .01 x .04 deals at the first, 480 x .01 at the last
        assert frame["point_won"].round(6).tolist() == [3.2, 2.4, 1.92, 4.8]


class TestBottleneck:
    def test_by_value_and_not_by_the_lowest_rate(self):
        """Rates 25, 40, 25, 20 %: SQL to opportunity is under its range, the lowest rate is not."""
        found = rates.diagnose(stays([8000, 2000, 800, 200, 40]), value=500)
        assert found.bottleneck.start == "sql"
        # 800 x (.40 - .25) x .2
        assert found.bottleneck.won == pytest.approx(24)
        assert found.lowest.start == "opportunity"
        text = found.summary()
        assert "bottleneck by value is sql to opportunity" in text
        assert "12,000 at the mean amount" in text
        assert "The lowest rate, opportunity to won with 20.0" in text
        frame = found.to_frame()
        assert frame["bottleneck"].tolist() == [False, False, True, False]
        # 600 left at 800 x .25 x .2 = .05 deals each
        assert frame.loc[2, "leak_won"] == pytest.approx(30)
        assert frame.loc[2, "leak_value"] == pytest.approx(15_000)

    def test_none_where_nothing_is_clear(self):
        found = rates.diagnose(stays([80, 24, 10, 3, 1]))
        assert found.bottleneck is None
        assert "no bottleneck by value" in found.summary()

    def test_against_rates_that_are_named(self):
        found = rates.diagnose(stays([8000, 2000, 800, 200, 40]), reference={"lead": 0.3})
        assert found.bottleneck.won == pytest.approx(8000 * 0.05 * 0.4 * 0.25 * 0.2)
        assert found.to_frame()["caveat"].tolist()[1:] == ["no reference is named"] * 3
        with pytest.raises(ArgumentError, match=r"(?s)2 problems.*Did you mean `lead`.*got 30"):
            rates.diagnose(stays([8, 2, 1, 1, 1]), reference={"leed": 0.2, "mql": 30})

    def test_immature_is_not_judged(self):
        open_ones = stays([8000, 1000, 400, 200, 40], left=[0] * 5)
        found = rates.diagnose(open_ones)
        assert found.bottleneck is None
        assert "immature, and not judged" in found.summary()

    def test_nothing_to_go_by(self):
        found = rates.diagnose(stays([100, 50, 20], stages=("A", "B", "C")))
        assert found.reference == ""
        assert "name a `reference`" in found.summary()
        with pytest.raises(EvidenceError, match="nothing can be compared"):
            rates.diagnose(stays([100, 50, 20], stages=("A", "B", "C")), reference="range")

    def test_two_segments(self):
        """60 of 200 against 100 of 200; the difference is Newcombe's, by hand from Wilson's."""
        from funnelkit._core.interval import share_difference_interval, share_interval
        from funnelkit.rates.diagnosis.gaps import of_segments
        from funnelkit.rates.ranges.measured import of_counts

        steps = rates.diagnose(stays([400, 160, 80], stages=("lead", "mql", "won"))).steps
        counts = tuple(np.array(pair) for pair in ([200, 200], [60, 100], [0, 0]))
        found = of_counts(("lead", "mql"), (("a",), ("b",)), counts, confidence_level=0.95)
        gap, other = of_segments(steps, {("lead", "mql"): found})
        low, _ = share_difference_interval((60, 200), (100, 200))
        assert share_interval(60, 200)[1] < 0.5
        assert gap.against == "the best segment, b"
        # 200 others, of whom half of those who become MQLs win
        assert gap.low == pytest.approx(200 * 0.5 * low)
        assert gap.low < gap.won < gap.high
        assert other.caveat == "there is no rate by segment"

    def test_chance_in_the_best_of_many(self):
        """Thirty alike segments: the best is drawn to the mean. By hand for two that differ."""
        rng = np.random.default_rng(4)
        alike = rng.binomial(200, 0.3, 30) / 200
        assert alike.max() > 0.36
        assert shrunken(alike, np.full(30, 200.0)).max() < 0.33
        # mean .3, v = .00021; Q = 2 x .01 / .00021 = 95.2, tau² = (Q - 1) / (1 / v) = .0198
        found = shrunken(np.array([0.2, 0.4]), np.array([1000.0, 1000.0]))
        kept = 0.01979 / (0.01979 + 0.00021)
        assert found == pytest.approx([0.3 - 0.1 * kept, 0.3 + 0.1 * kept], abs=1e-4)


FUNNEL = fk.Funnel(["lead", "mql", "won"], exits=["lost"], id="id", segments=["source", "unit"])


def cohort(day, groups, *, lag=10):
    """Groups of (source, leads, MQLs, won): each move after so many days."""
    rows = []
    for source, n, mql, won in groups:
        rows += [
            {
                "lead": pd.Timestamp(day) + pd.Timedelta(days=k % 20),
                "mql": pd.Timestamp(day) + pd.Timedelta(days=k % 20 + lag) if k < mql else None,
                "won": pd.Timestamp(day) + pd.Timedelta(days=k % 20 + 2 * lag) if k < won else None,
                "source": source,
            }
            for k in range(n)
        ]
    return rows


def leads_of(*cohorts, as_of="2026-12-31", unit=None, funnel=FUNNEL):
    frame = pd.DataFrame([row for each in cohorts for row in each])
    frame["id"] = [f"r{k}" for k in range(len(frame))]
    frame["lost"] = None
    frame["unit"] = unit or ["one"] * len(frame)
    return fk.from_frame(frame, funnel, as_of=as_of)


@pytest.fixture(scope="module")
def looser():
    """A quarter of 1,000 leads, 20 % MQLs, half of them won; then 40 % MQLs, a quarter of them."""
    return leads_of(
        cohort("2026-01-10", [("web", 600, 120, 60), ("fair", 400, 80, 40)]),
        cohort("2026-04-10", [("web", 600, 240, 60), ("fair", 400, 160, 40)]),
    )


class TestLeads:
    def test_looser_qualification(self, looser):
        found = rates.diagnose(looser, by="source")
        assert [move.before for move in found.moves] == ["2026 Q1"] * 2
        changes = found.changes().set_index("step")
        assert changes.loc["lead to mql", ["converted_before", "converted_after"]].tolist() == [
            200, 400,
        ]  # fmt: skip
        [concern] = found.concerns
        assert concern.kind == "looser qualification"
        assert concern.sentence in found.summary()
        effects = changes[["volume_effect", "rate_effect"]].sum(axis=1)
        assert effects.to_list() == pytest.approx(
            (changes["converted_after"] - changes["converted_before"]).to_list()
        )

    def test_against_the_earlier_period(self, looser):
        found = rates.diagnose(looser, reference="before")
        # 400 MQLs x (.50 - .25)
        assert found.bottleneck.start == "mql"
        assert found.bottleneck.won == pytest.approx(100)
        assert "its rate in 2026 Q1" in found.summary()

    def test_immaturity_is_no_fall(self):
        """The young quarter stands at a tenth of the old one's rate, since it is 15 days old."""
        leads = leads_of(
            cohort("2026-01-10", [("web", 1000, 400, 200)], lag=40),
            cohort("2026-04-10", [("web", 1000, 400, 200)], lag=40),
            as_of="2026-05-12",
        )
        found = rates.diagnose(leads, before="2026 Q1", after="2026 Q2")
        assert not any(move.fell for move in found.moves)
        assert not found.concerns
        assert "no step can be judged at equal ages" in found.summary()
        assert "No periods are compared" in rates.diagnose(leads).summary()

    def test_the_best_segment(self):
        leads = leads_of(cohort("2026-01-10", [("web", 600, 120, 60), ("fair", 400, 240, 120)]))
        found = rates.diagnose(leads, by="source", reference="segments")
        gap = found.gaps[0]
        # 600 x (.60 - .20) x .5, less what is drawn to the mean
        assert gap.against == "the best segment, fair"
        assert gap.won == pytest.approx(120, rel=0.02)
        assert gap.clear
        assert not found.gaps[1].clear

    def test_segments_of_chance_are_no_bottleneck(self):
        rng = np.random.default_rng(8)
        groups = [(f"s{k}", 150, int(rng.binomial(150, 0.4)), 0) for k in range(8)]
        found = rates.diagnose(
            leads_of(cohort("2026-01-10", groups)), by="source", reference="segments"
        )
        assert found.bottleneck is None

    def test_businesses_are_not_pooled(self):
        funnel = FUNNEL.replace(apart=["unit"])
        leads = leads_of(
            cohort("2026-01-10", [("web", 60, 20, 5)]), unit=["New"] * 40 + ["Renewal"] * 20,
            funnel=funnel,
        )  # fmt: skip
        for given in (leads, rates.flow(leads)):
            with pytest.raises(
                ArgumentError, match=r"kept apart \(New 40, Renewal 20\).*only\(unit"
            ):
                rates.diagnose(given)
        assert rates.diagnose(leads.only(unit="New")).steps[0].entered == 40
        assert rates.diagnose(leads.pooled("unit")).steps[0].entered == 60

    def test_one_business_that_is_kept_apart(self):
        """The win need not be called won, and money is that of the one business."""
        frame = pd.DataFrame(
            {
                "id": [f"d{k}" for k in range(300)],
                "lead": "2026-01-05",
                "signed": ["2026-01-20"] * 15 + [None] * 285,
                "amount": [200.0] * 15 + [None] * 285,
                "unit": "New",
            }
        )
        funnel = fk.Funnel(["lead", "signed"], id="id", value="amount", segments=["unit"],
                           apart=["unit"])  # fmt: skip
        leads = fk.from_frame(frame, funnel, as_of="2026-12-31")
        found = rates.diagnose(leads, reference={"lead": 0.1})
        assert found.steps[0].mean_value == 200
        # 300 x (.10 - .05)
        assert found.bottleneck.won == pytest.approx(15)


class TestRefusals:
    def test_wrong_arguments(self, looser):
        for wrong, words in (
            ({"before": "2026 Q1"}, "go together"),
            ({"before": "2026 Q1", "after": ["2026 Q1", "2026 Q9"]}, "unknown period `2026 Q9`"),
            ({"before": "2026 Q1", "after": ["2026 Q1", "2026 Q2"]}, "share 2026 Q1"),
            ({"every": "quater"}, "Did you mean `quarter`"),
            ({"within": 0}, "`within`"),
            ({"by": "sauce"}, "Did you mean `source`"),
            ({"reference": "best"}, "`reference` must be one of"),
            ({"reference": "segments"}, "needs `by`"),
            ({"value": -5}, "`value`"),
            ({"confidence_level": 95}, "0.95"),
        ):
            with pytest.raises(ArgumentError, match=words):
                rates.diagnose(looser, **wrong)
        with pytest.raises(ArgumentError, match="`leads` must be leads"):
            rates.diagnose(pd.DataFrame())
        with pytest.raises(ArgumentError, match="holds neither ages nor days"):
            rates.diagnose(stays([100, 50, 20, 10, 5]), by="source")
        with pytest.raises(ArgumentError, match="of one segment is needed; this one has 2"):
            rates.diagnose(rates.flow(looser, by="source"))

    def test_unknown_steps(self):
        found = rates.diagnose(stays([100, 50, 20, 10, 5]))
        assert found.step("mql").entered == 50
        assert found.changes().empty
        with pytest.raises(ArgumentError, match="Did you mean `lead`"):
            found.step("leed")

    def test_none_one_and_few(self):
        text = rates.diagnose(stays([0, 0, 0, 0, 0])).summary()
        assert text == "Nobody has entered the funnel; there is nothing to diagnose."
        for few in ([1, 0, 0, 0, 0], [19, 19, 1, 0, 0]):
            found = rates.diagnose(stays(few))
            assert found.bottleneck is None
            assert len(found.to_frame()) == 4

    def test_hostile_names(self):
        names = ("<b>lead</b>\n", "=cmd()", "won")
        found = rates.diagnose(stays([100, 50, 20], stages=names), reference={"=cmd()": 0.9})
        assert "\n" not in found.summary()
        assert "<b>" not in found._repr_html_()
