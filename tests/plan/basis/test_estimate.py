"""Single numbers: quantiles as scipy has them, counts by Jeffreys, doubt shared by steps."""

import numpy as np
import pytest
from scipy import stats

from funnelkit._core.errors import ArgumentError
from funnelkit.plan import Estimate
from funnelkit.plan.basis.estimate import shared_doubt, strata

PLACES = np.array([0.001, 0.1, 0.5, 0.9, 0.999])


@pytest.mark.parametrize(("value", "sd"), [(0.01, 0.002), (0.5, 0.2), (0.97, 0.01)])
def test_shares_are_beta(value, sd):
    worth = value * (1 - value) / sd**2 - 1
    law = stats.beta(value * worth, (1 - value) * worth)
    assert (law.mean(), law.std()) == (pytest.approx(value), pytest.approx(sd))
    found = Estimate(value=value, sd=sd).quantiles(PLACES, kind="share")
    assert found == pytest.approx(law.ppf(PLACES))


@pytest.mark.parametrize(("value", "sd"), [(20_000, 900), (3.0, 4.0)])
def test_amounts_are_gamma(value, sd):
    law = stats.gamma((value / sd) ** 2, scale=sd**2 / value)
    assert (law.mean(), law.std()) == (pytest.approx(value), pytest.approx(sd))
    found = Estimate(value=value, sd=sd).quantiles(PLACES, kind="amount")
    assert found == pytest.approx(law.ppf(PLACES))
    low, high = Estimate(value=value, sd=sd).interval(0.8, kind="amount")
    assert (low, high) == (pytest.approx(law.ppf(0.1)), pytest.approx(law.ppf(0.9)))


def test_counts_are_jeffreys():
    law = stats.beta(30.5, 2970.5)
    one = Estimate.counted(30, 3000)
    assert (one.value, one.sd, one.n) == (pytest.approx(law.mean()), pytest.approx(law.std()), 3000)
    assert one.quantiles(PLACES, kind="share") == pytest.approx(law.ppf(PLACES))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_what_is_certain_has_no_doubt(value):
    assert Estimate(value=value, sd=0.1).quantiles(PLACES, kind="share").tolist() == [value] * 5


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"value": float("nan")}, "`value` must be a number"),
        ({"value": True}, "`value` must be a number"),
        ({"value": 1.0, "sd": -1.0}, "`sd` must be at least 0"),
    ],
)
def test_what_is_no_estimate(wrong, says):
    with pytest.raises(ArgumentError, match=says):
        Estimate(**wrong)


def test_a_share_cannot_be_in_any_doubt():
    with pytest.raises(ArgumentError, match=r"cannot have `sd` 0.5: it must be below 0.4"):
        Estimate(value=0.2, sd=0.5).quantiles(PLACES, kind="share")


@pytest.mark.parametrize("rates", [[0.02], [0.25, 0.4, 0.5, 0.2], [1.0, 0.3, 0.9]])
@pytest.mark.parametrize("doubt", [0.05, 0.12, 0.4])
def test_doubt_of_a_product_is_as_asked(rates, doubt):
    sds = shared_doubt(rates, doubt)
    # of independent factors: 1 + cv^2 = prod(1 + cv_k^2)
    whole = np.prod([1 + (sd / rate) ** 2 for rate, sd in zip(rates, sds, strict=True)]) - 1
    assert np.sqrt(whole) == pytest.approx(doubt)
    logits = [sd / (r * (1 - r)) for r, sd in zip(rates, sds, strict=True) if 0 < r < 1]
    assert logits == pytest.approx([logits[0]] * len(logits))


def test_more_doubt_than_shares_can_have():
    with pytest.raises(ArgumentError, match="more than shares of"):
        shared_doubt([0.9], 0.5)
    with pytest.raises(ArgumentError, match="more than shares of"):
        shared_doubt([1.0], 0.1)


def test_strata_are_each_part_once_and_apart_by_key():
    one, other = strata(500, "a"), strata(500, "b")
    assert sorted(one) == pytest.approx((np.arange(500) + 0.5) / 500)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.15
    assert (strata(500, "a") == one).all()
