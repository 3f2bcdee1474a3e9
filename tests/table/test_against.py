"""Ranges, rates against them and a diagnosis, as tables."""

import numpy as np
import pandas as pd

import funnelkit as fk
from funnelkit.rates.diagnosis.concerns import concerns_of
from tests.rates.diagnosis.test_diagnosis import stays
from tests.rates.diagnosis.test_moves import move


def plain(row):
    return [cell.replace("\u202f", " ").replace("\u2013", "-") for cell in row]


def test_rates_against_ranges():
    counts = pd.DataFrame(
        {
            "start": ["sql", "opportunity", "sql"],
            "target": ["opportunity", "won", "won"],
            "entered": [1000, 300, 1000],
            "converted": [300, 60, 60],
        }
    )
    shown = fk.table.benchmark(fk.rates.benchmark(counts, value=5_000))
    # 1,000 x (.40 - .30) x .2 deals of 5,000
    assert plain(shown.rows[0])[3:5] == ["40.0 to 80.0 %", "below"]
    assert plain(shown.rows[0])[5].startswith("20 (")
    assert plain(shown.rows[0])[6] == "100,000"
    assert plain(shown.rows[2])[4:] == ["below", "-", "-"]  # holds the others
    assert any("stage ranges A, mid-market" in note for note in shown.notes)


def test_who_says_what():
    shown = fk.table.benchmark(fk.rates.published_ranges("sales cycle"))
    cells = {tuple(plain(row)[1:3]) for row in shown.rows}
    assert {("SaaS", "2.5 months"), ("deals over $50k", "3 months or more")} <= cells
    assert ("software", "90 days") in cells
    shares = fk.table.benchmark(fk.rates.published_ranges("close rate"))
    assert plain(shares.rows[0])[1:4] == ["all", "15.0 to 30.0 %", "not stated"]


def test_a_diagnosis():
    shown = fk.table.diagnosis(fk.rates.diagnose(stays([8000, 2000, 800, 200, 40]), value=500))
    row = plain(shown.rows[2])
    # a tenth more: 40 x .1; 600 left at .05 deals; 800 x .15 x .2 = 24 deals of 500
    assert row[3:7] == ["4.0", "600", "30", "40.0 %"]
    assert row[7].startswith("24 (")
    assert row[8:] == ["12,000", "the bottleneck"]


def test_two_periods():
    from dataclasses import replace

    found = fk.rates.diagnose(stays([8000, 2000, 800, 200, 40]))
    assert "stage table holds no ages" in fk.table.periods(found).notes[0]
    one = move([(1000, 100)], [(400, 80)])
    told = replace(found, moves=(one,), not_compared="", concerns=concerns_of([one], {}, ()))
    row = plain(fk.table.periods(told).rows[0])
    assert row[2:6] == ["1,000", "400", "10.0 %", "20.0 %"]
    assert row[6].startswith("+10.0 (")
    assert row[7:10] == ["100 to 80", "\u221290.0", "+70.0"]
    assert any("no win" in note for note in fk.table.diagnosis(told).notes)
    few = move([(10, 1)], [(400, 80)])
    assert "%" not in "".join(plain(fk.table.periods(replace(told, moves=(few,))).rows[0])[4:6])
    assert np.isfinite(one.volume)
