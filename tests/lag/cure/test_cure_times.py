"""Exact times: published fits, and what cannot be used."""

import numpy as np
import pytest

from funnelkit import lag
from funnelkit._core.errors import ArgumentError, EvidenceError

# Hours to failure of 4,156 integrated circuits, and how many failed then; the others were still
# running after 1,370 hours. Meeker (1987), Technometrics 29, 51-65, table 1.
FAILED = [
    0.10, 0.15, 0.60, 0.80, 1.20, 2.50, 3.00, 4.00, 6.00, 10.0, 12.5, 20.0, 43.0, 48.0, 54.0, 74.0,
    84.0, 94.0, 168.0, 263.0, 593.0,
]  # fmt: skip
UNITS = [2, 1, 1, 2, 1, 1, 1, 2, 1, 2, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]


def circuits(**options):
    event = [True] * len(FAILED) + [False]
    return lag.fit_cure_times([*FAILED, 1370.0], event, counts=[*UNITS, 4128], **options)


class TestMeeker:
    def test_the_fit(self):
        """surpyval 0.25: Weibull limited-failure population of load_meeker_lfp()."""
        fit = circuits()
        assert fit.n == 4156
        assert fit.events == 28
        assert fit.ultimate == pytest.approx(0.00674445, rel=1e-5)
        values = fit.parameters().set_index("parameter")["value"]
        assert values["log scale"] == pytest.approx(28.3672, rel=1e-5)
        assert values["log shape"] == pytest.approx(0.495976, rel=1e-5)
        assert fit.log_likelihood == pytest.approx(-293.03289, abs=1e-5)
        assert fit.converged

    def test_the_interval(self):
        low, high = circuits().confidence_interval(method="likelihood")
        assert round(low, 5) == 0.00455
        assert round(high, 5) == 0.00955

    def test_the_calibrated_one_is_near(self):
        low, high = circuits().confidence_interval()
        assert low == pytest.approx(0.00455, abs=1e-4)
        assert high == pytest.approx(0.00955, abs=1e-4)

    def test_the_sentence(self):
        assert "Of 4,156 units" in circuits().summary()


class TestOtherPackages:
    """2,000 units, a share of .3 with a Weibull time (shape .8, scale 60), followed 1 to 365 days.

    lifelines 0.30.3: MixtureCureFitter(base_fitter=WeibullFitter()).fit(times, event).
    surpyval 0.25: Weibull.fit(x=times, c=~event, lfp=True) and so on: lfp_p, params, -neg_ll()."""

    @staticmethod
    def units():
        i = np.arange(1, 2001)
        share, follow = (i * 0.6180339887) % 1, 1 + 364 * ((i * 0.5698402910) % 1)
        times = 60 * (-np.log1p(-share)) ** 1.25
        event = ((i * 0.7548776662) % 1 < 0.3) & (times < follow)
        return np.where(event, times, follow), event

    def test_lifelines(self):
        fit = lag.fit_cure_times(*self.units())
        values = fit.parameters()["value"]
        np.testing.assert_allclose(values, [0.30173391547, 62.84390722, 0.80573429], rtol=1e-5)
        assert fit.log_likelihood == pytest.approx(-3410.3679518, abs=1e-6)

    @pytest.mark.parametrize(
        ("family", "rate", "parameters", "value"),
        [
            ("weibull", 0.3017337249, [62.84365453, 0.80573439], -3410.3679518),
            ("log-normal", 0.4077726733, [np.exp(4.35961347), 1 / 2.13771737], -3416.8491180),
            ("gamma", 0.2978525496, [1 / 0.0114123, 0.75180879], -3411.1411892),
            ("log-logistic", 0.3581065862, [54.38601536, 0.91619266], -3411.7580534),
            ("exponential", 0.2914342105, [1 / 0.01696534], -3424.6265224),
        ],
    )
    def test_surpyval(self, family, rate, parameters, value):
        fit = lag.fit_cure_times(*self.units(), family=family)
        assert fit.ultimate == pytest.approx(rate, rel=1e-5)
        np.testing.assert_allclose(np.exp(fit.solution.theta[0]), parameters, rtol=2e-5)
        assert fit.log_likelihood == pytest.approx(value, abs=1e-6)


def test_delayed_entry_is_conditional():
    """Units with an exponential time and no cure: (events) / (time under observation)."""
    rng = np.random.default_rng(4)
    entry = rng.uniform(0, 5, 3000)
    times = entry + rng.exponential(10, 3000)
    fit = lag.fit_cure_times(times, np.ones(3000), entry=entry, family="exponential")
    scale = fit.solution.theta[0, 0]
    assert fit.ultimate == pytest.approx(1.0)
    assert np.exp(scale) == pytest.approx((times - entry).mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"times": [0, 1]}, "`times` must be above 0"),
        ({"times": [1, np.nan]}, "`times` must be finite"),
        ({"event": [1]}, "`event` must hold 2 values"),
        ({"event": [1, 2]}, "`event` must be true or false"),
        ({"counts": [1, -1]}, "`counts` must be at least 0"),
        ({"entry": [0, 5]}, "`entry` must be"),
        ({"family": "cauchy"}, "`family`"),
    ],
)
def test_arguments(options, message):
    full = {"times": [1, 2], "event": [1, 0]} | options
    with pytest.raises(ArgumentError, match=message):
        lag.fit_cure_times(full.pop("times"), full.pop("event"), **full)


def test_no_event():
    with pytest.raises(EvidenceError, match="none of 2 units"):
        lag.fit_cure_times([1, 2], [0, 0])
