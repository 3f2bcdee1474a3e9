"""From leads with a variant to the answer, and the same lead by lead."""

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.experiment.lagged import compare_lagged


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Control from January on; the treatment from May on, with no effect; some are lost."""
    rng = np.random.default_rng(21)
    begins = np.where(np.arange(900) % 3 == 0, 120, 0)
    day = rng.integers(begins, 180)
    created = pd.Timestamp("2026-01-01") + pd.to_timedelta(day, unit="D")
    lag = rng.exponential(25, 900).astype(int)
    fate = rng.choice(["won", "lost", "open"], 900, p=[0.25, 0.35, 0.4])
    seen = (day + lag) <= 180
    frame = pd.DataFrame({"id": np.arange(900), "created": created})
    for outcome in ("won", "lost"):
        when = created + pd.to_timedelta(lag, unit="D")
        frame[outcome] = when.where((fate == outcome) & seen)
    frame["variant"] = np.where(begins > 0, "new", "control")
    frame["account"] = np.arange(900) // 2
    return frame


def leads(table: pd.DataFrame, **more: str) -> fk.Leads:
    funnel = fk.Funnel(["created", "won"], exits=["lost"], id="id", segments=["variant"], **more)
    return fk.from_frame(table, funnel, as_of="2026-06-30")


@pytest.mark.parametrize("cohort", ["day", "month"])
def test_a_triangle_of_leads_by_variant_is_what_it_takes(table: pd.DataFrame, cohort: str) -> None:
    counts = fk.triangle(leads(table), "created", "won", by="variant", cohort=cohort)
    found = compare_lagged(counts)
    assert (found.matured.control.n, found.matured.treatment.n) == (600, 300)
    # Cohorts do not matter to the curves; only Gray's test asks how old those are that left.
    plain = fk.lag.fit_competing(counts).rate_at([found.horizon])[:, 0, 0]
    assert found.matured.control.mean == pytest.approx(plain[0])
    assert found.matured.treatment.mean == pytest.approx(plain[1])
    assert found.incidence is not None
    assert found.incidence.pvalue > 0.01
    assert found.maturity[1] < found.maturity[0] - 0.05
    assert "not equally mature" in found.summary()


def test_how_old_those_are_that_left_is_hardly_lost_by_months(table: pd.DataFrame) -> None:
    """Days are exact; the likelihood ratios and Gray's test by months come close to them."""
    by_day, by_month = (
        compare_lagged(
            fk.triangle(leads(table), "created", "won", by="variant", cohort=cohort),
            family="weibull",
        )
        for cohort in ("day", "month")
    )
    assert by_day.matured.pvalue == pytest.approx(by_month.matured.pvalue)
    assert by_day.incidence is not None
    assert by_month.incidence is not None
    assert by_day.incidence.statistic == pytest.approx(by_month.incidence.statistic, abs=0.1)
    assert np.log(by_day.eventual.effect) == pytest.approx(
        np.log(by_month.eventual.effect), abs=0.1
    )


def test_accounts_make_it_less_sure(table: pd.DataFrame) -> None:
    """Leads of an account that act alike: half of them tell nothing new."""
    twice = pd.concat([table, table.assign(id=table["id"] + 900)], ignore_index=True)
    twice["account"] = twice["id"] % 900
    together = fk.triangle(leads(twice, account="account"), "created", "won", by="variant")
    alone = fk.triangle(leads(twice), "created", "won", by="variant")
    once = fk.triangle(leads(table), "created", "won", by="variant")
    widths = []
    for counts in (once, together, alone):
        low, high = compare_lagged(
            counts, within=30, family="weibull"
        ).matured.confidence_interval()
        widths.append(float(high) - float(low))
    assert widths[1] == pytest.approx(widths[0], rel=0.02)
    assert widths[2] == pytest.approx(widths[0] / np.sqrt(2), rel=0.02)
