"""The model against the truth of simulated leads, and against plain counting."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.data.simulate import simulate_frame


@pytest.fixture(scope="module")
def leads():
    return fk.make_leads(6_000, rng=4, months=18)


@pytest.fixture(scope="module")
def model(leads):
    return fk.fit_funnel(leads)


@pytest.fixture(scope="module")
def split(leads):
    return fk.fit_funnel(leads, by="source")


def small(rows, *, as_of, stages=("lead", "sql", "won"), **more):
    frame = pd.DataFrame(rows, columns=["id", *stages, *more.pop("also", ())])
    return fk.from_frame(frame, fk.Funnel(list(stages), id="id", **more), as_of=as_of)


def test_open_records_and_entries_are_those_of_the_leads(leads, model, split):
    counted = leads.count("lead")
    assert model.arrivals.of("lead")[0].tolist() == counted.tolist()
    assert model.arrivals.won.sum() == leads.count("won").sum()
    assert split.arrivals.of("lead").sum(axis=0).tolist() == counted.tolist()
    assert split.open.sum(axis=0).tolist() == model.open[0].tolist()
    direct = model.arrivals.of("opportunity").sum()
    assert direct == (leads.journeys.entered_at == 3).sum().execute()


def test_its_lags_are_of_every_pair_of_stages(leads, model, split):
    for fitted, by in ((model, None), (split, "source")):
        wanted = fk.lag.fit_stages(leads, by=by)
        assert set(fitted.curves.triangles) <= set(wanted.triangles)
        assert fitted.lags is fitted.lags
        pd.testing.assert_frame_equal(fitted.lags.to_frame(), wanted.to_frame())


def test_a_drift_is_seen_at_its_step_while_leads_are_young():
    drifting = fk.make_leads(20_000, rng=2, months=24, drift=-0.05, seasonality=0.0)
    model = fk.fit_funnel(drifting)
    rates = model.step("lead").levels.ultimate[0]
    logits = np.log(rates / (1 - rates))
    # 23 months at -0.05 on the logit
    assert logits[-1] - logits[0] == pytest.approx(-1.15, abs=0.3)
    now = model.sample(400, rng=0).moving_on("lead")[:, 0]
    recent = 1 / (1 + np.exp(-logits[-6:].mean()))
    assert np.quantile(now, 0.005) < recent < np.quantile(now, 0.995)


def test_chances_are_those_of_walking_through_the_stages(model):
    """A slow second version: open records walk on day by day by the same curves."""
    rng = np.random.default_rng(0)
    age, days, n = 5, 60, 40_000
    step, following = model.step("sql"), model.step("opportunity")
    rate = step.levels.ultimate[0, -1]
    passed, gone = step.passed, step.gone
    usual = step.timing.ultimate[0, 0]
    left = 1 - rate * passed[age] - gone[age] * (1 - rate) / (1 - usual)
    moves = rng.random(n) < rate * (1 - passed[age]) / left
    later = np.diff(passed, prepend=0.0)[age + 1 :]
    wait = 1 + rng.choice(len(later), n, p=later / later.sum())
    won = rng.random(n) < following.levels.ultimate[0, -1] * model.ratio("opportunity")
    cycle = np.diff(following.passed, prepend=0.0)
    cycle = rng.choice(len(cycle), n, p=cycle / cycle.sum())
    slow = (moves & won & (wait + cycle <= days)).mean()
    ever = (moves & won).mean()
    found = model.chances("sql", [age], [days, np.inf])[0, 0]
    assert found[0] == pytest.approx(slow, abs=4 * np.sqrt(slow / n) + 0.01)
    assert found[1] == pytest.approx(ever, abs=4 * np.sqrt(ever / n) + 0.005)


def test_what_becomes_of_open_records_is_near_what_came():
    """Wins within 90 days among the records that were open, counted in the export by pandas."""
    made = simulate_frame(12_000, rng=2, months=24)
    frame = made.frame
    world = fk.from_frame(frame, made.funnel, as_of=made.as_of)
    model = fk.fit_funnel(world.at("2026-09-30"))
    told = sum(
        model.chances(stage, ages, [90])[0, :, 0] @ model.standing[0, k, ages]
        for k, stage in enumerate(model.stages[:-1])
        for ages in [np.flatnonzero(model.standing[0, k, :-1])]
    )
    dates = frame[[made.funnel.columns[name] for name in made.funnel.stages]].apply(pd.to_datetime)
    won = dates.iloc[:, -1]
    entered = dates.min(axis=1)
    came = ((won > "2026-09-30") & (won <= "2026-12-29") & (entered <= "2026-09-30")).sum()
    assert told == pytest.approx(came, abs=3 * np.sqrt(came) + 0.1 * came)


def test_chances_grow_with_days_and_end_in_ever(model):
    days = [0, 1, 7, 30, 90, 365, np.inf]
    for stage in model.stages[:-1]:
        found = model.chances(stage, np.arange(0, 300, 7), days)
        assert found.shape == (1, 43, 7)
        assert (found[..., 0] == 0).all()
        assert (np.diff(found, axis=-1) >= -1e-12).all()
        assert ((found >= 0) & (found <= 1)).all()
        drawn = model.sample_chances(50, stage, [3], days, rng=1)
        assert drawn.shape == (50, 1, 1, 7)
        assert (model.sample_chances(50, stage, [3], days, rng=1) == drawn).all()


def test_a_segment_that_a_step_has_not_seen_takes_the_mean_of_the_others():
    rows = [
        (f"a{i}", "2026-01-01", "2026-01-03", "2026-01-09" if i % 2 else None, "web")
        for i in range(40)
    ]
    rows += [(f"b{i}", "2026-01-20", None, None, "new") for i in range(5)]
    leads = small(rows, as_of="2026-02-20", segments=["source"], also=("source",))
    model = fk.fit_funnel(leads, by="source")
    known, new = (model.segments.index((name,)) for name in ("web", "new"))
    ever = model.chances("sql", [0], [np.inf])[:, 0, 0]
    assert ever[new] == pytest.approx(ever[known])


def test_records_that_enter_later_have_a_rate_of_their_own():
    rng = np.random.default_rng(1)
    rows = []
    for i in range(600):
        rows.append(
            (f"l{i}", "2026-01-05", "2026-01-09", "2026-02-01" if rng.random() < 0.2 else None)
        )
        rows.append((f"d{i}", None, "2026-01-12", "2026-02-01" if rng.random() < 0.6 else None))
    model = fk.fit_funnel(small(rows, as_of="2026-06-30"))
    assert model.arrivals.points == ("lead", "sql")
    draws = model.sample(200, rng=0)
    assert draws.won_of_entrants("sql", 1).mean() == pytest.approx(0.6, abs=0.06)
    assert draws.won_of_entrants("lead", 1).mean() == pytest.approx(0.2, abs=0.06)


def test_a_step_that_nobody_made_is_named():
    rows = [("a", "2026-01-01", "2026-01-05", None), ("b", "2026-01-01", None, None)]
    with pytest.raises(fk.FunnelError, match="`sql` to `won`: none of 1 records"):
        fk.fit_funnel(small(rows, as_of="2026-03-01"))


def test_a_stage_that_only_the_status_tells_of_is_left_out_and_said():
    """Half of the 40 deals are won after 20 days; "talks" and "offer" have no day of their own."""
    days = pd.date_range("2026-01-01", periods=40, freq="D")
    status = ["won" if i % 2 else ("deal", "talks", "offer", "lost")[i // 2 % 4] for i in range(40)]
    closed = [
        day + pd.Timedelta(days=20) if name in ("won", "lost") else None
        for day, name in zip(days, status, strict=True)
    ]
    frame = pd.DataFrame({"id": range(40), "deal": days, "status": status, "closed": closed})
    funnel = fk.Funnel(
        ["deal", "talks", "offer", "won"],
        exits=["lost"],
        id="id",
        columns={"deal": "deal"},
        status="status",
        status_date="closed",
    )
    leads = fk.from_frame(frame, funnel, as_of="2026-03-31")
    found = fk.fit_funnel(leads)
    assert (found.stages, found.left_out) == (("deal", "won"), ("talks", "offer"))
    assert found.open.tolist() == [[15]]
    assert found.step("deal").levels.converted.sum() == 20
    assert "Nothing but the current status tells of talks and offer" in found.summary()
    ahead = fk.forecast.bookings(leads, found, horizon=2, n_draws=50)
    assert found.notes[0] in ahead.summary()
    assert fk.forecast.pipeline(leads, found, 2, n_draws=50).by_stage()["open"].tolist() == [15]
    # on an earlier day not even the status is known
    earlier = leads.at("2026-02-15")
    before = fk.fit_funnel(earlier)
    assert before.stages == ("deal", "won")
    assert fk.forecast.pipeline(earlier, before, 2, n_draws=50).n == before.open.sum()


def test_wrong_arguments_are_refused(leads, model):
    with pytest.raises(fk.FunnelError, match="source"):
        fk.fit_funnel(leads, by="sorce")
    for stage in ("won", "opportunty"):
        with pytest.raises(fk.FunnelError, match="stage"):
            model.chances(stage, [1], [30])
    with pytest.raises(fk.FunnelError, match="`ages`"):
        model.chances("lead", [-1], [30])
    with pytest.raises(fk.FunnelError, match="`days`"):
        model.chances("lead", [1], [-30])
    with pytest.raises(fk.FunnelError, match="`n`"):
        model.sample(0, rng=1)


def test_it_tells_what_it_is(model, split):
    assert model.as_of == dt.date(2026, 6, 30)
    assert "are won in the end" in model.summary()
    frame = split.to_frame()
    assert frame["start"].unique().tolist() == list(split.stages[:-1])
    assert (frame["rate_low"] <= frame["rate"]).all()
    assert (frame["rate"] <= frame["rate_high"]).all()
    assert frame["open"].sum() == split.open.sum()
    assert model.arrivals.to_frame()["entered"].sum() == model.n
