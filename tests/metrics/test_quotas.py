"""Quota attainment: won over quota, who is at quota, and everybody who is in neither table."""

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit._core.interval import share_interval
from funnelkit.data.ledgers import read_quotas
from funnelkit.metrics import quota_attainment

WON = pd.DataFrame(
    {
        "rep": ["Ann", "Ann", "Bo", "Di", None, "Bo"],
        "won": ["2026-01-05", "2026-02-01", "2026-03-31", "2026-02-01", "2026-02-01", "2026-07-01"],
        "amount": [60, 40, 99.99, 500, 10, 1000],
    }
)
QUOTAS = pd.DataFrame(
    {
        "rep": ["Ann", "Bo", "Cy", "Ed", "Ann"],
        "period": ["2026 Q1", "2026 Q1", "2026 Q1", "2026 Q1", "2026 Q2"],
        "amount": [100, 100, 100, 0, 50],
    }
)


def test_attainment_and_the_share_at_quota():
    found = quota_attainment(WON, QUOTAS, among=["Flo"])
    attained = found["quota attainment"]
    first = {one[0]: v for one, v in zip(attained.segments, attained.values[:, 0], strict=True)}
    assert first["Ann"] == 1
    assert first["Bo"] == pytest.approx(0.9999)
    assert first["Cy"] == 0
    assert all(np.isnan(first[name]) for name in ("Di", "Ed", "Flo"))
    assert attained.only(rep="Ann", period="2026 Q2").value == 0
    at = found["reps at quota"]
    assert at.numerator.tolist() == [[1, 0]]
    assert at.denominator.tolist() == [[3, 1]]  # a quota of 0 is none
    low, high = share_interval(1, 3)
    assert at.confidence_interval().low[0, 0] == pytest.approx(float(low))
    assert at.confidence_interval().high[0, 0] == pytest.approx(float(high))
    assert found["quota attainment of all"].values[0, 0] == pytest.approx(199.99 / 300)


def test_everybody_is_told():
    text = quota_attainment(WON, QUOTAS, among=["Flo"]).summary()
    assert "Without a quota: Di and Flo." in text
    assert "With a quota of 0, which cannot be attained: Ed." in text
    assert "With a quota and nothing won: Cy and Ed." in text
    assert "1 deal without a representative" in text
    assert "1 deal won outside the periods" in text


def test_leads_and_a_ledger():
    export = WON.assign(id=[f"d{i}" for i in range(6)], deal="2026-01-02")
    funnel = fk.Funnel(["deal", "won"], owner="rep", value="amount")
    leads = fk.from_frame(export, funnel, as_of="2026-05-15")
    found = quota_attainment(leads, read_quotas(QUOTAS, currency="EUR"))
    assert found["quota attainment"].only(rep="Ann", period="2026 Q1").value == 1
    assert found["quota attainment"].currency == "EUR"
    at = found["reps at quota"]
    assert at.denominator.tolist() == [[3, 0]]  # the second quarter is not over
    assert "2026 Q2 is not over" in found.summary()
    hidden = quota_attainment(leads, QUOTAS, pseudonyms=True)
    assert "Ann" not in repr(hidden)
    fiscal = read_quotas(QUOTAS.assign(period="FY2026 Q4")[:3], fiscal_year_start=2, currency="EUR")
    # FY2026 Q4 runs from November 2025 to January 2026.
    found = quota_attainment(leads, fiscal)["quota attainment"]
    assert found.only(rep="Ann").value == pytest.approx(0.6)


def test_credits_lower_what_was_won():
    credit = pd.concat(
        [WON, pd.DataFrame({"rep": ["Ann"], "won": ["2026-03-01"], "amount": [-30]})]
    )
    found = quota_attainment(credit, QUOTAS)["quota attainment"]
    assert found.only(rep="Ann", period="2026 Q1").value == pytest.approx(0.7)


def test_currencies():
    mixed = WON.assign(currency=["EUR", "USD"] * 3)
    with pytest.raises(DataError, match="several currencies"):
        quota_attainment(mixed, QUOTAS)
    found = quota_attainment(mixed, QUOTAS, currency="EUR", exchange={"USD": 0.5})
    assert found["quota attainment"].only(rep="Ann", period="2026 Q1").value == 0.8
    dollars = QUOTAS.assign(currency="USD")
    with pytest.raises(DataError, match="deals stand in EUR and quotas in USD"):
        quota_attainment(mixed, dollars, currency="EUR", exchange={"USD": 0.5})


def test_refusals():
    with pytest.raises(DataError, match="1 row with a day in `won` that is not ISO"):
        quota_attainment(WON.assign(won=["05/01/2026", *WON["won"][1:]]), QUOTAS)
    with pytest.raises(DataError, match="below 0"):
        quota_attainment(WON, QUOTAS.assign(amount=-5))
    with pytest.raises(ArgumentError, match="lacks `amount`"):
        quota_attainment(WON.drop(columns="amount"), QUOTAS)
    with pytest.raises(ArgumentError, match="`quotas` must be"):
        quota_attainment(WON, "quotas.csv")
    export = WON.assign(id=[f"d{i}" for i in range(6)], deal="2026-01-02", kind="New")
    funnel = fk.Funnel(
        ["deal", "won"], owner="rep", value="amount", segments=["kind"], apart=["kind"]
    )
    leads = fk.from_frame(export, funnel, as_of="2026-05-15")
    with pytest.raises(ArgumentError, match=r"quotas belong to no one business.*leads\.only"):
        quota_attainment(leads, QUOTAS)
    plain = fk.from_frame(export, funnel.replace(value=None, apart=()), as_of="2026-05-15")
    with pytest.raises(ArgumentError, match="names no `value`"):
        quota_attainment(plain, QUOTAS)
