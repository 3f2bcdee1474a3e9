"""Scores against what they closed: the area by hand and by other means, bands, calibration."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.metrics import score_bands
from funnelkit.metrics.reasons.roc import area


def simulated(n, seed, slope):
    rng = np.random.default_rng(seed)
    score = rng.integers(0, 101, n)
    won = rng.random(n) < 1 / (1 + np.exp(-(slope * (score - 50) - 1)))
    days = np.where(won, rng.integers(0, 60, n), 0).astype("timedelta64[D]")
    entered = np.datetime64("2026-01-05") + rng.integers(0, 30, n).astype("timedelta64[D]")
    closed = pd.Series(entered + days).where(won)
    return pd.DataFrame({"score": score, "entered": entered, "won": closed})


def slow_area(scores, hit):
    """Over every pair, and DeLong's structural components by two loops."""
    won, others = scores[hit], scores[~hit]
    better = [[(a > b) + (a == b) / 2 for b in others] for a in won]
    v10 = np.mean(better, axis=1)
    v01 = np.mean(better, axis=0)
    variance = v10.var(ddof=1) / len(won) + v01.var(ddof=1) / len(others)
    return np.mean(better), variance


@pytest.mark.parametrize("seed", range(4))
def test_area_and_variance_against_every_pair(seed):
    rng = np.random.default_rng(seed)
    hit = rng.random(60) < 0.3
    scores = np.round(rng.normal(0, 2, 60) + hit)  # with ties
    found, variance, smaller = area(scores, hit)
    expected = slow_area(scores, hit)
    assert (found, variance) == pytest.approx(expected)
    statistic = stats.mannwhitneyu(scores[hit], scores[~hit]).statistic
    assert found == pytest.approx(statistic / (hit.sum() * (~hit).sum()))
    assert smaller == min(hit.sum(), (~hit).sum())


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(5)
    truth = stats.norm.cdf(1 / np.sqrt(2))  # one standard deviation apart
    held = 0
    hit = np.arange(120) < 30
    for _ in range(400):
        scores = np.concatenate([rng.normal(1, 1, 30), rng.normal(0, 1, 90)])
        found, variance, _ = area(scores, hit)
        reach = 1.96 * np.sqrt(variance) / (found * (1 - found))
        odds = np.log(found / (1 - found))
        low, high = (1 / (1 + np.exp(-(odds + sign * reach))) for sign in (-1, 1))
        held += low <= truth <= high
    assert 0.92 <= held / 400 <= 0.98


def test_a_score_that_predicts_and_one_that_does_not():
    good = score_bands(simulated(3000, 1, 0.04), within=60, as_of="2026-06-30")
    low, _ = good.confidence_interval()
    assert low[0] > 0.6
    assert good.rising()[0]
    assert "`score` predicts" in good.summary()
    assert "updated after entry" in good.summary()
    none = score_bands(simulated(3000, 2, 0.0), within=60, as_of="2026-06-30")
    low, high = none.confidence_interval()
    assert low[0] < 0.5 < high[0]
    assert "nothing shows that `score` predicts" in none.summary()
    back = score_bands(simulated(3000, 3, -0.04), within=60, as_of="2026-06-30")
    assert "points the wrong way" in back.summary()
    assert back.falls()


def test_bands_have_equal_follow_up():
    frame = pd.DataFrame(
        {
            "score": [1, 1, 2, 2, None, 2, 1],
            "entered": ["2026-01-05"] * 5 + ["2026-03-20", None],
            "won": ["2026-02-20", None, "2026-01-20", "2026-01-21", None, "2026-03-21", None],
        }
    )
    found = score_bands(frame, within=30, as_of="2026-03-31")
    assert found.bands == ("1", "2", "(blank)")
    # The first was won after 46 days, too late for 30; the sixth is too young.
    assert found.entered.tolist() == [[2, 2, 1]]
    assert found.won.tolist() == [[0, 2, 0]]
    assert found.left_out == 1
    assert found.unscored == 1
    assert found.area[0] == 1
    low, high = found.confidence_interval()
    assert (low[0], high[0]) == (pytest.approx(0.025**0.5), 1)
    assert "1 lead with no day of entry" in found.summary()


def test_edges_and_named_bands():
    frame = simulated(500, 4, 0.03)
    found = score_bands(frame, within=60, edges=[40, 70], as_of="2026-06-30")
    assert found.bands == ("below 40", "40 to below 70", "70 and above")
    grade = pd.cut(frame["score"], [-1, 39, 69, 100], labels=["C", "B", "A"]).astype(str)
    named = score_bands(
        frame.assign(score=grade), within=60, order=["C", "B", "A"], as_of="2026-06-30"
    )
    assert named.entered.tolist() == found.entered.tolist()
    assert named.won.tolist() == found.won.tolist()
    with pytest.raises(ArgumentError, match=r"holds names \(A, B and C\).*give `order`"):
        score_bands(frame.assign(score=grade), as_of="2026-12-31")
    with pytest.raises(ArgumentError, match="unknown band `C`"):
        score_bands(frame.assign(score=grade), order=["B", "A"], as_of="2026-12-31")


def test_probabilities_are_calibrated():
    rng = np.random.default_rng(8)
    chance = rng.choice([0.1, 0.3, 0.6], 3000)
    won = rng.random(3000) < chance
    frame = pd.DataFrame(
        {"score": chance, "entered": "2026-01-05", "won": np.where(won, "2026-01-20", None)}
    )
    found = score_bands(frame, within=30, probability=True, as_of="2026-06-30")
    assert found.brier[0] == pytest.approx(((chance - won) ** 2).mean())
    assert "which fits" in found.summary()
    high = score_bands(
        frame.assign(score=chance**0.5), within=30, probability=True, as_of="2026-06-30"
    )
    assert "too many" in high.summary()
    with pytest.raises(DataError, match=r"outside 0 to 1.*Divide percentages by 100"):
        score_bands(
            frame.assign(score=chance * 100), within=30, probability=True, as_of="2026-06-30"
        )


def test_leads_and_businesses():
    frame = simulated(400, 6, 0.05)
    frame["id"] = [f"l{i}" for i in range(400)]
    frame["kind"] = ["New", "Renewal"] * 200
    text = frame.assign(
        lead=frame["entered"].dt.strftime("%Y-%m-%d"), won=frame["won"].dt.strftime("%Y-%m-%d")
    ).drop(columns="entered")
    funnel = fk.Funnel(["lead", "won"], keep=["score"], segments=["kind"])
    leads = fk.from_frame(text, funnel, as_of="2026-06-30")
    plain = score_bands(frame, within=60, as_of="2026-06-30")
    found = score_bands(leads, within=60)
    assert found.won.tolist() == plain.won.tolist()
    assert found.area[0] == pytest.approx(plain.area[0])
    apart = fk.from_frame(text, funnel.replace(apart=("kind",)), as_of="2026-06-30")
    split = score_bands(apart, within=60)
    assert split.segments == (("New",), ("Renewal",))
    assert split.won.sum() == plain.won.sum()
    assert "New: " in split.summary()
    with pytest.raises(ArgumentError, match=r'Did you mean `score`.*keep=\["score"\]'):
        score_bands(leads, "scor")
    with pytest.raises(ArgumentError, match="`target` must come after `start`"):
        score_bands(leads, start="won", target="lead")


def test_a_history_of_scores_is_looked_at(monkeypatch):
    frame = simulated(50, 6, 0.05).assign(id=[f"l{i}" for i in range(50)])
    text = frame.assign(lead=frame["entered"].dt.strftime("%Y-%m-%d"), won=None)
    funnel = fk.Funnel(["lead", "won"], keep=["score"])
    leads = fk.from_frame(text.drop(columns="entered"), funnel, as_of="2026-06-30")
    import ibis

    changes = ibis.memtable(
        {
            "id": ["l1", "l1", "l2"],
            "field": ["Score", "Score", "amount"],
            "day": pd.to_datetime(["2026-05-01", "2026-05-02", "2026-05-02"]),
        }
    )
    changes = changes.mutate(day=changes.day.date())
    monkeypatch.setattr(type(leads), "changes", property(lambda self: changes))
    assert "1 lead had the score changed after entering lead" in score_bands(leads).summary()


def test_nobody_or_everybody_was_won():
    frame = simulated(30, 7, 0.0)
    nobody = score_bands(frame.assign(won=None), within=60, as_of="2026-06-30")
    assert np.isnan(nobody.area[0])
    assert "nothing tells whether it predicts" in nobody.summary()
    one = score_bands(frame.assign(score=7), within=60, as_of="2026-06-30")
    assert "There is one band only" in one.summary()
    assert one.area[0] == 0.5
    with pytest.raises(EvidenceError, match="no lead has been followed for 90 days"):
        score_bands(frame, as_of="2026-02-28")
    with pytest.raises(EvidenceError, match="not one lead has a `score`"):
        score_bands(frame.assign(score=None), within=30, as_of="2026-06-30")
    with pytest.raises(ArgumentError, match="lacks `won`"):
        score_bands(frame.drop(columns="won"))
    with pytest.raises(ArgumentError, match="`edges` must be numbers in rising order"):
        score_bands(frame, edges=[3, 1], within=30, as_of="2026-06-30")
