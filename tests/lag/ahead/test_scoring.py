"""Open records one by one: the same leads, chances and sums as the counts give."""

import datetime as dt

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.lag import fit_competing, fit_cure, in_flight
from funnelkit.lag.ahead.scoring import score_open


@pytest.fixture(scope="module")
def leads():
    return fk.make_leads(1500, rng=4)


class TestScoreOpen:
    def test_sums_are_those_of_the_counts(self, leads):
        counts = fk.triangle(leads, "sql", "won", by="source")
        fit = fit_competing(counts, horizon=200)
        rows = score_open(leads, fit, horizon=[30, 90])
        assert list(rows.columns) == [
            *("lead_id", "cohort", "source", "age"),
            *("p_within_30_days", "p_within_90_days", "p_by_day_200"),
        ]
        flight = in_flight(counts, fit, horizon=[30, 90], pace=False, n_draws=10)
        assert len(rows) == flight.n
        assert rows["p_by_day_200"].isna().sum() == flight.beyond.sum() > 0
        for column, asked in (
            ("p_within_30_days", flight),
            ("p_within_90_days", flight.within(90)),
            ("p_by_day_200", flight.ever),
        ):
            sums = rows.groupby("source")[column].sum()
            expected = {name: x for (name,), x in zip(counts.segments, asked.expected, strict=True)}
            assert sums.to_dict() == pytest.approx(expected)

    def test_which_records(self, leads):
        """Those that the list of records shows at the start, without the target and any exit."""
        counts = fk.triangle(leads, "sql", "won")
        rows = score_open(leads, fit_competing(counts))
        listed = leads.list("sql", start="sql")
        still = listed[listed[["won", "lost", "disqualified"]].isna().all(axis=1)]
        assert rows["lead_id"].tolist() == still["lead_id"].tolist()
        ages = (pd.Timestamp(leads.as_of) - pd.to_datetime(still["sql"])).dt.days
        assert rows["age"].tolist() == ages.tolist()

    def test_what_the_fit_does_not_know_is_blank(self):
        export = pd.DataFrame(
            {
                "id": list("abcdef"),
                "source": ["x", "x", None, "x", "x", "y"],
                "mail": ["private"] * 6,
                "lead": [
                    f"2026-0{day}" for day in ("1-05", "2-01", "2-01", "2-03", "2-04", "2-05")
                ],
                "won": [None, "2026-02-04", "2026-02-05", None, None, None],
            }
        )
        funnel = fk.Funnel(["lead", "won"], id="id", segments=["source"], personal=["mail"])
        leads = fk.from_frame(export, funnel, as_of="2026-02-28")
        counts = fk.triangle(leads, "lead", "won", by="source").select(first="2026-02", segment="x")
        rows = score_open(leads, fit_cure(counts, family="exponential"), horizon=10)
        assert rows["id"].tolist() == ["a", "d", "e", "f"]
        assert rows["p_ever"].isna().tolist() == [True, False, False, True]
        assert "mail" not in rows
        assert leads.as_of == dt.date(2026, 2, 28)

    def test_refused(self, leads):
        fit = fit_competing(fk.triangle(leads, "sql", "won"))
        with pytest.raises(fk.FunnelError, match="`horizon` must be a whole number"):
            score_open(leads, fit, horizon=0)
        export = pd.DataFrame({"id": ["a"], "lead": ["2026-01-05"], "won": [None]})
        other = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-02-28")
        with pytest.raises(fk.FunnelError, match="unknown stage `sql`"):
            score_open(other, fit)
