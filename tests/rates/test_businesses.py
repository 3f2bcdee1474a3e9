"""Businesses that are kept apart: no sentence pools them, and each one's is its own."""

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError

DEALS = pd.DataFrame(
    {
        "id": [f"d{i}" for i in range(60)],
        "deal": "2026-01-05",
        "won": ["2026-02-01" if i < 10 or 40 <= i < 50 else None for i in range(60)],
        "pipeline": ["New"] * 40 + ["Renewal"] * 20,
    }
)
FUNNEL = fk.Funnel(["deal", "won"], id="id", segments=["pipeline"], apart=["pipeline"])


@pytest.fixture(scope="module")
def leads():
    return fk.from_frame(DEALS, FUNNEL, as_of="2026-03-31")


def summaries(leads):
    counts = fk.triangle(leads, "deal", "won")
    return [
        fk.rates.cohort(counts).summary(),
        fk.rates.cohort(counts, within=30).summary(),
        fk.rates.flow(leads).summary(),
        fk.rates.flow(leads).win_rate.summary(),
        fk.rates.period(leads, "deal", "won").summary(),
    ]


def test_each_summary_tells_them_apart(leads):
    own = [summaries(leads.only(pipeline=name)) for name in ("New", "Renewal")]
    for told, new, renewal in zip(summaries(leads), *own, strict=True):
        assert told.startswith("New: ")
        assert " Renewal: " in told
        figures = [text.split(" (")[1].split(")")[0] for text in (new, renewal)]
        assert all(each in told for each in figures)


def test_pooled_where_asked_for(leads):
    assert all("Renewal" not in told for told in summaries(leads.pooled("pipeline")))


def test_a_report_is_of_one_business(leads):
    with pytest.raises(ArgumentError, match=r"apart \(New 40, Renewal 20\).*pipeline: New"):
        fk.report.monthly(leads=leads, month="2026-02")
    page = fk.report.monthly(leads=leads.only(pipeline="New"), month="2026-02")
    assert "10 wins against none" in repr(page)
