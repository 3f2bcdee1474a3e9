"""Channels without history: the doubt that is stated, and own counts that speak up."""

import math

import numpy as np
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import Estimate, MonthLag, like, stated


@pytest.fixture(scope="module")
def plan_on():
    rates = {"paid search": [Estimate(value=0.02, sd=0.002)], "fair": [0.1]}
    return stated(rates, value={"mean": 20_000, "cv": 0.8, "sd": 900}, lag=[0.5, 0.5], cost=120,
                  lag_doubt=0.1, correlation=0.001)  # fmt: skip


def test_doubt_is_that_of_the_template_and_of_the_statement(plan_on):
    new = like(plan_on, "paid search", name="podcast", give_or_take=0.5)
    cv = math.hypot(0.1, 0.5)
    assert new.win_rate == pytest.approx(0.02)
    assert new.rates[0].sd == pytest.approx(0.02 * cv)
    # a beta with that mean and doubt is worth so many leads
    worth = 0.98 / (0.02 * cv**2) - 1
    assert new.rates[0].source == f"like paid search, give or take 50 %, worth {worth:.0f} leads"
    law = stats.beta(0.02 * worth, 0.98 * worth)
    places = np.array([0.1, 0.5, 0.9])
    drawn = new.rates[0].quantiles(places, kind="share")
    assert drawn == pytest.approx(law.ppf(places))


def test_worth_caps_what_the_prior_counts(plan_on):
    new = like(plan_on, "paid search", name="podcast", give_or_take=0.1, worth=200)
    law = stats.beta(200 * 0.02, 200 * 0.98)
    assert new.rates[0].sd == pytest.approx(law.std())
    assert "worth 200 leads" in new.rates[0].source


@pytest.mark.parametrize(("won", "entered"), [(3, 100), (0, 400), (40, 4000)])
def test_own_counts_update_the_beta(plan_on, won, entered):
    new = like(plan_on, "paid search", name="podcast", give_or_take=0, worth=200,
               counts=(won, entered))  # fmt: skip
    # 200 is less than what the template's own doubt of a tenth is worth
    law = stats.beta(4 + won, 196 + entered - won)
    assert new.win_rate == pytest.approx(law.mean())
    assert new.rates[0].sd / new.rates[0].value == pytest.approx(law.std() / law.mean())
    assert new.rates[0].n == entered
    assert f"; own {won:,} of {entered:,}" in new.rates[0].source


def test_steps_share_the_doubt_or_have_counts_of_their_own():
    template = stated([0.25, 0.4]).channels[0]
    whole = like(template, name="x", give_or_take=0.3)
    cv = [one.sd / one.value for one in whole.rates]
    assert math.sqrt((1 + cv[0] ** 2) * (1 + cv[1] ** 2) - 1) == pytest.approx(0.3)
    own = like(template, name="x", give_or_take=0.3, counts=[(30, 100), (3, 30)])
    for prior, after, (x, n) in zip(whole.rates, own.rates, [(30, 100), (3, 30)], strict=True):
        worth = prior.value * (1 - prior.value) / prior.sd**2 - 1
        law = stats.beta(prior.value * worth + x, (1 - prior.value) * worth + n - x)
        assert (after.value, after.sd) == (pytest.approx(law.mean()), pytest.approx(law.std()))


def test_what_else_it_has_is_the_templates_unless_said(plan_on):
    new = like(plan_on, "paid search", name="podcast")
    assert new.size.value == 20_000
    assert (new.size_cv, new.lag_sd, new.correlation) == (0.8, 0.1, 0.001)
    assert new.cost.source == "like paid search: stated"
    other = like(plan_on, "paid search", name="podcast", value=5_000, lag=[1.0], cost=(10, 1))
    assert (other.size.value, other.size_cv, other.cost.sd) == (5_000, 0.0, 1.0)
    assert isinstance(other.lag, MonthLag)
    assert other.lag.mean_months == other.lag_sd == 0


def test_it_joins_the_others(plan_on):
    more = plan_on.with_channels(like(plan_on, "fair", name="podcast"))
    assert more.names == ("paid search", "fair", "podcast")
    assert more.mix.tolist() == [0.5, 0.5, 0.0]
    source = more.inputs()["podcast: lead to won"].source
    assert source.startswith("like fair, give or take 50 %, worth ")
    with pytest.raises(ArgumentError, match="two channels bear one name"):
        more.with_channels(like(plan_on, "fair", name="podcast"))


def test_every_problem_at_once(plan_on):
    with pytest.raises(ArgumentError) as found:
        like(plan_on, "fair", name=" ", give_or_take=-1, worth=-3, counts=[(1, 2), (3, 4)],
             value=-1, cost="x")  # fmt: skip
    text = str(found.value)
    assert text.startswith("6 problems")
    for name in ("name", "give_or_take", "worth", "counts", "value", "cost"):
        assert f"`{name}`" in text


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"channel": "paid serch"}, "Did you mean `paid search`"),
        ({}, "`channel` must say which one it is like: `paid search`, `fair`"),
        ({"channel": "fair", "counts": (5, 3)}, r"`counts` must be \(converted, entered\)"),
        ({"channel": "paid search", "give_or_take": 8}, "it must be below 7"),
    ],
)
def test_what_cannot_be(plan_on, given, says):
    with pytest.raises(ArgumentError, match=says):
        like(plan_on, **given, name="x")


def test_a_template_that_never_wins():
    with pytest.raises(ArgumentError, match="share won between 0 and 1; got 0"):
        like(stated(0.0), name="x")
    with pytest.raises(ArgumentError, match="`template` must be assumptions or a channel; got int"):
        like(3, name="x")
