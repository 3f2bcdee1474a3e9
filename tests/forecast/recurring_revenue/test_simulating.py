"""Accounts month by month where all chances are known: exact, or expected by a formula."""

import numpy as np
import pytest

from funnelkit.forecast.recurring_revenue.exposure import Sizes
from funnelkit.forecast.recurring_revenue.simulating import Accounts, Rules, simulated
from funnelkit.forecast.recurring_revenue.sizes import Resampled
from funnelkit.metrics.recurring.revenue import MOVES


class Fixed:
    """The same chances in each draw; ``churn`` may depend on age, ``by_class`` on size."""

    def __init__(self, churn=0.0, up=0.0, down=0.0, back=0.0, by_class=None, start=1):
        self.rates = (churn, up, down)
        self.back, self.by_class, self.start = back, by_class, start

    def paying(self, draws, month, began, segment):
        age = self.start + month - began
        classes = 1 if self.by_class is None else len(self.by_class)
        found = np.zeros((3, draws.stop - draws.start, len(began), classes))
        for k, rate in enumerate(self.rates):
            found[k] = (rate(age) if callable(rate) else np.full(len(began), rate))[:, None]
        if self.by_class is not None:
            found[0] = self.by_class
        return found

    def away(self, draws, month, ended, segment):
        return np.full((draws.stop - draws.start, len(ended)), self.back)


def nobody(draws, month, rng):
    none = np.zeros(0, np.int64)
    return none, none, none


def always(ratio):
    return lambda draw, before, rng: before * ratio


def run(
    amounts, chances, *, horizon=3, n_draws=4, arrivals=nobody, edges=(), segment=None, **ratio
):
    number = len(amounts)
    zero = np.zeros(number, np.int64)
    accounts = Accounts(
        draw=zero,
        segment=zero if segment is None else np.asarray(segment),
        since=zero,
        amount=np.asarray(amounts, np.int64),
        base=np.asarray(amounts, np.int64),
        named=zero,
    )
    rules = Rules(
        chances=chances,
        sizes={
            name: always(ratio.get(name, 1.0))
            for name in ("expansion", "contraction", "reactivation")
        },
        arrivals=arrivals,
        edges=np.asarray(edges, float),
        n_segments=1 if segment is None else max(segment) + 1,
        n_named=0,
    )
    path = simulated(
        accounts,
        accounts.take(np.zeros(number, bool)),
        rules,
        start=1,
        horizon=horizon,
        n_draws=n_draws,
        rng=np.random.default_rng(2),
    )
    opening = np.bincount(accounts.segment, accounts.amount, rules.n_segments)
    before = np.concatenate(
        [np.broadcast_to(opening[None, :, None], (n_draws, rules.n_segments, 1)), path.revenue],
        axis=2,
    )
    moved = sum(
        (-1 if name in {"churn", "contraction"} else 1) * path.moves[name] for name in MOVES
    )
    assert (np.diff(before, axis=2) == moved).all()
    return path


def test_without_hazards_revenue_stays():
    path = run([100, 250], Fixed())
    assert (path.revenue == 350).all()
    assert (path.kept == 350).all()
    assert (path.paying == 2).all()


def test_survival_is_that_of_the_formula():
    # Each of 400 accounts stays with (1 - .05) a month: binomial about 400 x .95^t.
    path = run([1] * 400, Fixed(churn=0.05), horizon=12, n_draws=400)
    stay = 0.95 ** np.arange(1, 13)
    error = np.sqrt(400 * stay * (1 - stay) / 400)
    assert (np.abs(path.revenue[:, 0].mean(axis=0) - 400 * stay) < 4 * error).all()
    assert path.revenue[:, 0].std(axis=0) == pytest.approx(error * 20, rel=0.2)


def test_an_age_at_which_all_leave():
    path = run([10, 20], Fixed(churn=lambda age: (age == 3).astype(float)), horizon=5)
    assert path.revenue[0, 0].tolist() == [30, 30, 0, 0, 0]
    assert path.moves["churn"][0, 0].tolist() == [0, 0, 30, 0, 0]


def test_expansion_and_contraction_that_are_certain():
    up = run([100], Fixed(up=1.0), expansion=1.5)
    assert up.revenue[0, 0].tolist() == [150, 225, 338]  # 337.5, to the even number
    assert up.kept_gross[0, 0].tolist() == [100, 100, 100]
    down = run([100], Fixed(down=1.0), contraction=0.5)
    assert down.revenue[0, 0].tolist() == [50, 25, 12]
    assert down.kept_gross[0, 0].tolist() == [50, 25, 12]


def test_who_does_not_leave_may_expand_and_who_does_not_expand_may_contract():
    # Half leave; of the others half expand; of the rest all contract: 1/2, 1/4, 1/4.
    path = run(
        [4] * 4000, Fixed(0.5, 0.5, 1.0), horizon=1, n_draws=10, expansion=2, contraction=0.5
    )
    accounts = {"churn": 4, "expansion": 4, "contraction": 2}
    shares = {name: path.moves[name].sum() / each / 40_000 for name, each in accounts.items()}
    assert shares["churn"] == pytest.approx(0.5, abs=0.01)
    assert shares["expansion"] == pytest.approx(0.25, abs=0.01)
    assert shares["contraction"] == pytest.approx(0.25, abs=0.01)


def test_who_left_returns_a_month_later_at_the_earliest():
    path = run([10], Fixed(churn=1.0, back=1.0), horizon=4, reactivation=0.8)
    assert path.revenue[0, 0].tolist() == [0, 8, 0, 6]
    assert path.moves["reactivation"][0, 0].tolist() == [0, 8, 0, 6]
    assert path.kept[0, 0].tolist() == [0, 8, 0, 6]
    assert path.moves["new"].sum() == 0


def test_chances_go_by_what_an_account_pays_now():
    chances = Fixed(down=1.0, by_class=np.array([1.0, 0.0]))
    path = run([60, 40], chances, edges=[50], contraction=0.5)
    assert path.moves["churn"][0, 0].tolist() == [40, 30, 0]
    assert path.revenue[0, 0].tolist() == [30, 0, 0]


def test_new_accounts_move_from_the_next_month_on():
    def one_each(draws, month, rng):
        number = np.arange(draws.stop - draws.start)
        return number, 0 * number, 0 * number + 7

    path = run([], Fixed(churn=1.0), arrivals=one_each)
    assert path.revenue[0, 0].tolist() == [7, 7, 7]
    assert path.moves["churn"][0, 0].tolist() == [0, 7, 7]
    assert path.kept.sum() == 0


def test_segments_are_kept_apart():
    path = run([10, 20, 30], Fixed(churn=lambda age: (age == 1) * 1.0), segment=[0, 1, 1])
    assert path.moves["churn"][0, :, 0].tolist() == [10, 50]


def test_sizes_are_drawn_by_what_was_paid():
    # 900 of 1,000 paid went to its double, 100 to ten times: sizes weigh 9 to 1 on average.
    sizes = Sizes(before=np.array([900.0, 100.0]), after=np.array([1800.0, 1000.0]))
    rng = np.random.default_rng(3)
    drawn = Resampled(sizes, unseen=np.ones(1), n_draws=4000, rng=rng)
    found = drawn.after(np.repeat(np.arange(4000), 5), np.full(20_000, 1), rng).reshape(4000, 5)
    assert set(np.unique(found)) == {2.0, 10.0}
    # Weights u and 1 - u with u uniform, times 900 and 100 (Bayesian bootstrap of two).
    u = (np.arange(10_000) + 0.5) / 10_000
    assert (found == 2).mean() == pytest.approx((9 * u / (9 * u + 1 - u)).mean(), abs=0.01)
    # The weights of a draw hold for all its months: its sizes go together.
    assert np.corrcoef(found[:, 0], found[:, 1])[0, 1] > 0.1


def test_sizes_never_seen_are_as_likely_as_each_other():
    none = Sizes(before=np.zeros(0), after=np.zeros(0))
    rng = np.random.default_rng(3)
    drawn = Resampled(none, unseen=np.array([0.25, 0.75]), n_draws=10, rng=rng)
    found = drawn.after(np.zeros(4000, np.int64), np.full(4000, 1), rng)
    assert found.mean() == pytest.approx(0.5, abs=0.02)


def test_a_trial_that_became_a_contract_makes_no_fortunes():
    # From 1 to 5,000: an account of 100 gains as much money, 4,999, and not 5,000 times its own;
    # one of 6,000 goes to its double at most.
    trial = Sizes(before=np.array([1.0]), after=np.array([5000.0]))
    drawn = Resampled(trial, unseen=np.ones(1), n_draws=1, rng=np.random.default_rng(1))
    found = drawn.after(np.zeros(3, np.int64), np.array([1, 100, 6000]), np.random.default_rng(1))
    assert found.tolist() == [5000, 5099, 12_000]
