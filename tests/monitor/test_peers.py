"""Peers at the same mix of leads: shrinkage, ranks, and what must not look like skill."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.monitor.peers.intercepts import Cells, fit_intercepts, log_likelihood

# Lesnoff et al. (2004), Preventive Veterinary Medicine 64, 27-40, as the data set `cbpp` of R's
# lme4: herd, new cases, animals, period.
HERDS = """
    1 2 14 1  1 3 12 2  1 4 9 3  1 0 5 4  2 3 22 1  2 1 18 2  2 1 21 3  3 8 22 1  3 2 16 2
    3 0 16 3  3 2 20 4  4 2 10 1  4 0 10 2  4 2 9 3  4 0 6 4  5 5 18 1  5 0 25 2  5 0 24 3
    5 1 4 4  6 3 17 1  6 0 17 2  6 0 18 3  6 1 20 4  7 8 16 1  7 1 10 2  7 3 9 3  7 0 5 4
    8 12 34 1  9 2 9 1  9 0 6 2  9 0 8 3  9 0 6 4  10 1 22 1  10 1 22 2  10 0 18 3  10 2 22 4
    11 0 25 1  11 5 27 2  11 3 22 3  11 1 22 4  12 2 10 1  12 1 8 2  12 0 6 3  12 0 5 4
    13 1 21 1  13 2 24 2  13 0 19 3  13 0 23 4  14 11 19 1  14 0 2 2  14 0 3 3  14 0 2 4
    15 1 19 1  15 1 15 2  15 1 15 3  15 0 15 4
"""


@pytest.fixture(scope="module")
def herds() -> Cells:
    rows = np.array(HERDS.split(), dtype=int).reshape(-1, 4)
    later = [rows[:, 3] == period for period in (2, 3, 4)]
    return Cells(
        design=np.column_stack([np.ones(len(rows)), *later]).astype(float),
        entered=rows[:, 2].astype(float),
        converted=rows[:, 1].astype(float),
        group=rows[:, 0] - 1,
        effect_prior=math.inf,
    )


def test_laplace_gives_the_published_fit_of_lme4(herds: Cells) -> None:
    # glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), binomial, cbpp), the example
    # of ?cbpp: -1.3983, -0.9919, -1.1282, -1.5797, herd variance 0.4123; its optimiser stops early,
    # hence three digits.
    def worse(given: np.ndarray) -> float:
        return -log_likelihood(herds, given[:4], math.exp(given[4]), nodes=1)[0]

    start = [-1.4, -1.0, -1.0, -1.5, -0.5]
    best = optimize.minimize(worse, start, method="Nelder-Mead", options={"maxiter": 2000}).x
    assert best[:4] == pytest.approx([-1.3983, -0.9919, -1.1282, -1.5797], abs=1e-3)
    assert math.exp(2 * best[4]) == pytest.approx(0.4123, abs=1e-3)


def test_the_likelihood_is_the_integral(herds: Cells) -> None:
    effects, spread = np.array([-1.2, -0.8, -1.0, -1.4]), 0.6
    total = 0.0
    for herd in range(herds.n_groups):
        own = herds.group == herd
        linear, x, n = herds.design[own] @ effects, herds.converted[own], herds.entered[own]

        def chance(u: float, linear=linear, x=x, n=n) -> float:  # type: ignore[no-untyped-def]
            whole = linear + u
            logs = (x * whole - n * np.logaddexp(0, whole)).sum()
            return math.exp(logs - u * u / (2 * spread**2)) / spread / math.sqrt(2 * math.pi)

        total += math.log(integrate.quad(chance, -6, 6, epsabs=0, points=[-1, 0, 1])[0])
    value, slope = log_likelihood(herds, effects, spread)
    assert value == pytest.approx(total, abs=1e-7)
    step = 1e-5 * np.eye(4)
    found = [
        (
            log_likelihood(herds, effects + d, spread)[0]
            - log_likelihood(herds, effects - d, spread)[0]
        )
        / 2e-5
        for d in step
    ]
    assert slope == pytest.approx(found, abs=1e-4)


def test_draws_hold_what_the_integral_says(herds: Cells) -> None:
    """Posterior means of the intercepts at one spread, beside numerical integration."""
    fit = fit_intercepts(herds)
    k = int(np.argmax(fit.weights))
    effects, spread = fit.effects[k], float(np.geomspace(0.02, 3.0, 24)[k - 1])
    rng = np.random.default_rng(3)
    drawn = fit._intercepts(np.tile(effects, (4000, 1)), spread, rng)
    for herd in (7, 13, 14):
        own = herds.group == herd
        linear, x, n = herds.design[own] @ effects, herds.converted[own], herds.entered[own]
        grid = np.linspace(-5, 5, 4001)
        whole = linear[:, None] + grid
        logs = (x[:, None] * whole - n[:, None] * np.logaddexp(0, whole)).sum(0)
        logs -= grid**2 / (2 * spread**2)
        weight = np.exp(logs - logs.max())
        mean = (grid * weight).sum() / weight.sum()
        sd = math.sqrt(((grid - mean) ** 2 * weight).sum() / weight.sum())
        # 4,000 draws: a mean is known to sd / 63.
        assert drawn[:, herd].mean() == pytest.approx(mean, abs=4 * sd / 63)
        assert drawn[:, herd].std() == pytest.approx(sd, rel=0.06)


def table(*rows: tuple[object, ...], mix: bool = True) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["rep", *(["kind"] if mix else []), "entered", "converted"])


def test_easy_leads_are_no_skill() -> None:
    # Everybody wins 40 % of the easy and 10 % of the hard ones; only Ann is given the easy ones.
    easy, hard = ("easy", 200, 80), ("hard", 200, 20)
    rows = [("ann", "easy", 380, 152), ("ann", "hard", 20, 2)]
    rows += [(name, *kind) for name in ("bob", "cat", "dan") for kind in (easy, hard)]
    peers = fk.monitor.compare_peers(table(*rows), "rep", mix="kind")
    frame = peers.to_frame().set_index("rep")
    assert frame.loc["ann", "rate"] == pytest.approx(154 / 400)
    assert frame.loc["ann", "rate_low"] > frame.loc["bob", "rate_high"]
    assert frame.loc["ann", "expected_rate"] == pytest.approx(154 / 400, abs=0.01)
    assert frame["adjusted_rate"].max() - frame["adjusted_rate"].min() < 0.02
    assert frame.loc["ann", ["rank_low", "rank_high"]].tolist() == [1, 4]
    assert peers.apart() == ([], [])
    assert "none can be told from the rest" in peers.summary()


def test_the_best_of_thirty_is_not_the_luckiest() -> None:
    rng = np.random.default_rng(11)
    rows = [(f"rep {k:02}", 40, int(rng.binomial(40, 0.25))) for k in range(30)]
    peers = fk.monitor.compare_peers(table(*rows, mix=False), "rep")
    best = int(np.argmax(peers.rate))
    assert peers.rate[best] > 0.35  # luck alone
    assert peers.adjusted[best] < 0.30
    low, high = peers.rank_interval()
    assert (low <= 12).all()
    assert (high >= 19).all()
    assert peers.apart() == ([], [])


def test_who_is_better_by_far_is_told() -> None:
    rows = [(f"rep {k}", 300, 60) for k in range(9)] + [("top", 300, 120), ("low", 300, 20)]
    peers = fk.monitor.compare_peers(table(*rows, mix=False), "rep")
    assert peers.apart() == (["top"], ["low"])
    assert "clearly above the rest: top; clearly below: low" in peers.summary()
    ranks = dict(zip(peers.names, np.transpose(peers.rank_interval()).tolist(), strict=True))
    assert ranks["top"] == [1, 1]
    assert ranks["low"] == [11, 11]


def test_a_peer_with_hardly_a_record_is_drawn_to_the_rest() -> None:
    rows = [(f"rep {k}", 200, 40 + k) for k in range(8)] + [("new", 2, 2), ("blank", 3, 0)]
    peers = fk.monitor.compare_peers(table(*rows, mix=False), "rep")
    frame = peers.to_frame().set_index("rep")
    assert frame.loc["new", "rate"] == 1
    assert frame.loc["new", "adjusted_rate"] < 0.3
    assert frame.index[-1] == "new"  # sorted by volume, never by rate
    assert (frame["adjusted_low"] > 0).all()
    assert (frame["adjusted_high"] < 1).all()


def test_intervals_hold_and_the_same_seed_gives_the_same() -> None:
    rng = np.random.default_rng(5)
    held = whole = 0
    for run in range(12):
        skill = rng.normal(0, 0.4, size=20)
        n = rng.integers(20, 200, size=20)
        p = 1 / (1 + np.exp(1.4 - skill))
        rows = [(f"r{k}", int(n[k]), int(rng.binomial(n[k], p[k]))) for k in range(20)]
        peers = fk.monitor.compare_peers(table(*rows, mix=False), "rep", rng=run)
        low, high = peers.confidence_interval()
        truth = np.array([p[int(str(name)[1:])] for name in peers.names])
        held += int(((low <= truth) & (truth <= high)).sum())
        whole += 20
    # 240 intervals at 95 %: fewer than 217 or more than 238 has a chance below one in a thousand.
    assert 217 <= held <= 238
    again = fk.monitor.compare_peers(table(*rows, mix=False), "rep", rng=run)
    pd.testing.assert_frame_equal(again.to_frame(), peers.to_frame())


def test_from_leads_by_owner_at_the_same_age() -> None:
    leads = fk.make_leads(n=4000, rng=2)
    owner = leads.funnel.owner
    assert owner is not None
    peers = fk.monitor.compare_peers(leads, owner, mix=["source"], within=60)
    listed = leads.list("lead")
    lead, won = (pd.to_datetime(listed[name]) for name in ("lead", "won"))
    old = lead <= pd.Timestamp(leads.as_of) - pd.Timedelta(days=60)
    came = (won - lead).dt.days <= 60
    slow = pd.DataFrame({"n": old, "x": old & came}).groupby(listed[owner]).sum()
    frame = peers.to_frame().set_index(owner)
    assert frame["entered"].to_dict() == slow["n"].to_dict()
    assert frame["converted"].to_dict() == slow["x"].to_dict()
    assert f"{(~old).sum():,} younger are left out" in peers.summary()
    assert "no history of owners" in peers.summary()


def test_the_window_is_found_where_none_is_given() -> None:
    leads = fk.make_leads(n=4000, rng=2)
    peers = fk.monitor.compare_peers(leads, "source")
    listed = leads.list("lead")
    lead, won = (pd.to_datetime(listed[name]) for name in ("lead", "won"))
    days = int(peers.what.split("within ")[1].split(" ")[0])
    # Of leads followed twice as long, about nine in ten conversions came within the window.
    old = lead <= pd.Timestamp(leads.as_of) - pd.Timedelta(days=2 * days)
    ages = (won - lead).dt.days[old].dropna()
    assert 0.82 < (ages <= days).mean() < 0.97


def test_businesses_are_not_pooled_and_options_are_checked() -> None:
    leads = fk.make_leads(n=800, rng=2)
    with pytest.raises(ArgumentError, match="`by`"):
        fk.monitor.compare_peers(leads, "sauce")
    with pytest.raises(ArgumentError, match="itself"):
        fk.monitor.compare_peers(leads, "source", mix=["source"])
    with pytest.raises(ArgumentError, match="`within`"):
        fk.monitor.compare_peers(leads, "source", within=0)
    with pytest.raises(ArgumentError, match="`start` is for leads"):
        fk.monitor.compare_peers(table(("a", 1, 1), mix=False), "rep", start="lead")
    with pytest.raises(ArgumentError, match="leads or a table"):
        fk.monitor.compare_peers([1, 2], "rep")  # type: ignore[arg-type]
    funnel = fk.Funnel(["lead", "won"], id="id", segments=["line", "source"], apart=["line"])
    export = pd.DataFrame(
        {
            "id": [f"{k}" for k in range(40)],
            "lead": "2026-01-05",
            "won": ["2026-01-20", None] * 20,
            "line": ["new"] * 20 + ["renewal"] * 20,
            "source": ["web", "web", "ads", "ads"] * 10,
        }
    )
    both = fk.from_frame(export, funnel, as_of="2026-06-30")
    with pytest.raises(ArgumentError, match="line keeps businesses apart"):
        fk.monitor.compare_peers(both, "source")
    assert fk.monitor.compare_peers(both, "source", mix="line").entered.tolist() == [20, 20]
    assert fk.monitor.compare_peers(both.pooled(), "source").entered.tolist() == [20, 20]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(EvidenceError, match="it takes two"):
        fk.monitor.compare_peers(table(("a", 10, 1), ("b", 0, 0), mix=False), "rep")
    with pytest.raises(EvidenceError, match="none of 20 records converted"):
        fk.monitor.compare_peers(table(("a", 10, 0), ("b", 10, 0), mix=False), "rep")
    with pytest.raises(EvidenceError, match="all of 20"):
        fk.monitor.compare_peers(table(("a", 10, 10), ("b", 10, 10), mix=False), "rep")
    bad = table(("a", 10, 11), ("b", -1, 0), ("c", "many", 1), mix=False)
    with pytest.raises(DataError, match=r"(?s)no number.*negative.*more converted than entered"):
        fk.monitor.compare_peers(bad, "rep")


def test_kinds_that_nobody_won_and_blanks_stay_finite() -> None:
    rows = [("<b>ann</b>", "x", 50, 20), (None, "x", 50, 10), ("cat", "never", 30, 0)]
    rows += [("cat", None, 10, 5), ("<b>ann</b>", "x", 10, 5)]
    peers = fk.monitor.compare_peers(table(*rows), "rep", mix="kind")
    assert np.isfinite(peers.to_frame().drop(columns="rep").to_numpy(float)).all()
    assert peers.entered.tolist() == [60, 50, 40]
    assert "<b>" not in peers._repr_html_()
