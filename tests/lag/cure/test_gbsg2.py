"""GBSG2, the German breast cancer study, as lifelines bundles it, against Stata's published fit."""

import numpy as np
import pytest
from lifelines import MixtureCureFitter, WeibullFitter
from lifelines.datasets import load_gbsg2

from funnelkit import lag


@pytest.fixture(scope="module")
def women():
    frame = load_gbsg2()
    assert (len(frame), int(frame["cens"].sum())) == (686, 299)
    return frame["time"].to_numpy(float), frame["cens"].to_numpy()


def test_stata(women):
    """The mixture Weibull with logit link: ln lambda, ln gamma and the logit of the share that
    never has the event, with H(t) = lambda t^gamma, t in days."""
    fit = lag.fit_cure_times(*women)
    found = fit.solution
    mu, log_shape = found.theta[0]
    shape = np.exp(log_shape)
    lean = np.array([-shape, -shape * mu])
    error = np.sqrt(lean @ found.covariance[1:, 1:] @ lean)
    rows = fit.parameters()
    cured = 1 - fit.ultimate
    close = {"rel": 1e-4}
    assert -rows["estimate"][0] == pytest.approx(-0.4731367, **close)
    assert rows["standard_error"][0] == pytest.approx(0.1641441, **close)
    assert -shape * mu == pytest.approx(-11.10519, **close)
    assert error == pytest.approx(0.5901206, **close)
    assert log_shape == pytest.approx(0.448163, **close)
    assert rows["standard_error"][2] == pytest.approx(0.0576425, **close)
    assert cured == pytest.approx(0.3838745, **close)
    assert cured * (1 - cured) * rows["standard_error"][0] == pytest.approx(0.0388224, **close)
    assert fit.log_likelihood == pytest.approx(-2628.2351, abs=1e-4)


def test_lifelines(women):
    theirs = MixtureCureFitter(base_fitter=WeibullFitter()).fit(*women)
    fit = lag.fit_cure_times(*women)
    expected = [1 - theirs.cured_fraction_, theirs.lambda_, theirs.rho_]
    np.testing.assert_allclose(fit.parameters()["value"], expected, rtol=1e-4)
    assert fit.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-5)
