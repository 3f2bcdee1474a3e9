"""`cluster_errors` on published figures, beside statsmodels and whole matrices."""

from importlib import resources

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.clusters.compared import compare_clustered
from funnelkit.experiment.clusters.regression import cluster_errors
from tests.reference.clusters import cr2, r_normal


def test_petersens_panel() -> None:
    """Petersen (2009), his test data, bundled with statsmodels: 500 firms in 10 years.

    OLS .0285833, White (HC1) .0283952, by firm .0505957.
    """
    path = resources.files("statsmodels") / "stats" / "tests" / "test_data.txt"
    with path.open(encoding="utf-8") as lines:
        panel = pd.read_csv(lines, sep=r"\s+", header=None, names=["firm", "year", "x", "y"])
    found = cluster_errors(panel, "y", "x", account="firm")
    assert found.ols_se[1] == pytest.approx(0.0285833, abs=5e-8)
    assert found.hc1_se[1] == pytest.approx(0.0283952, abs=5e-8)
    assert found.cr1_se[1] == pytest.approx(0.0505957, abs=5e-8)
    assert (found.leads, found.accounts) == (5000, 500)
    theirs = sm.OLS(panel["y"], sm.add_constant(panel["x"])).fit(
        cov_type="cluster", cov_kwds={"groups": panel["firm"]}
    )
    np.testing.assert_allclose(found.cr1_se, theirs.bse, rtol=1e-10)
    np.testing.assert_allclose(found.coefficients, theirs.params, rtol=1e-10)
    assert "500 accounts: standard errors by account are 1.77 times" in found.summary()


def vignette() -> pd.DataFrame:
    """The data of the vignette of R package dfadjust (17 December 2024): set.seed(7)."""
    draws = r_normal(7, 2000)
    codes = np.r_[np.repeat(np.arange(10), 50), np.full(500, 10)]
    frame = pd.DataFrame({"y": draws[:1000], "x3": draws[1000:], "account": codes})
    frame["x2"] = np.arange(1000) < 150
    for code in range(1, 11):
        frame[f"cl{code}"] = codes == code
    return frame


def test_what_dfadjust_prints() -> None:
    """Its tables with `IK = FALSE`; its "HC1 se" with clusters is CR1, its "HC2 se" CR2."""
    found = cluster_errors(vignette(), "y", "x2")
    table = found.to_frame().round({"coefficient": 4, "cr1_se": 4, "cr2_se": 4, "pvalue": 4})
    assert table[["coefficient", "cr1_se", "cr2_se", "pvalue"]].values.tolist() == [
        [-0.0236, 0.0135, 0.0169, 0.2766],
        [0.1778, 0.0530, 0.0621, 0.0731],
    ]
    assert found.degrees_of_freedom.round(2).tolist() == [2.42, 2.70]


def test_what_dfadjust_prints_with_a_term_for_each_account() -> None:
    """y ~ x3 + cl: .0261, .0463, .0595, 3.23 degrees of freedom, p .688."""
    frame = vignette()
    found = cluster_errors(frame, "y", ["x3", *(f"cl{code}" for code in range(1, 11))])
    row = found.to_frame().iloc[1]
    shown = [f"{row[name]:.4f}" for name in ("coefficient", "cr1_se", "cr2_se")]
    assert shown == ["0.0261", "0.0463", "0.0595"]
    assert f"{row['degrees_of_freedom']:.2f} {row['pvalue']:.3f}" == "3.23 0.688"


def test_beside_whole_matrices() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 9, 60)
    frame = pd.DataFrame({"y": rng.normal(size=60) + codes % 3, "account": codes})
    frame["a"], frame["b"] = rng.normal(size=60), codes % 2
    found = cluster_errors(frame, "y", ["a", "b"])
    X = np.column_stack([np.ones(60), frame["a"], frame["b"]])
    for k in range(3):
        variance, df = cr2(X, frame["y"].to_numpy(), codes, np.eye(3)[k])
        assert found.cr2_se[k] ** 2 == pytest.approx(variance, rel=1e-9)
        assert found.degrees_of_freedom[k] == pytest.approx(df, rel=1e-9)


def test_the_regression_on_the_arm_is_the_comparison() -> None:
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 14, 120)
    frame = pd.DataFrame({"won": rng.integers(0, 2, 120), "account": codes, "B": codes % 2})
    found = cluster_errors(frame, "won", "B")
    arms = [frame[frame["B"] == k].assign(entered=1) for k in (0, 1)]
    both = compare_clustered(*arms, numerator="won", method="cr2")
    assert found.pvalues[1] == pytest.approx(both.pvalue)
    low, high = found.confidence_interval(0.9)
    assert (low[1], high[1]) == pytest.approx(both.confidence_interval(0.9))


def test_what_does_not_fit_is_refused() -> None:
    frame = pd.DataFrame(
        {"y": [1.0, 2, 4, 3], "x": [1, 2, 4, 5], "w": ["a", "b", "c", "d"], "account": [1, 1, 2, 2]}
    )
    with pytest.raises(ArgumentError, match="Did you mean `account`"):
        cluster_errors(frame, "y", "x", account="acount")
    with pytest.raises(ArgumentError, match="must be a pandas DataFrame"):
        cluster_errors([1, 2], "y", "x")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="`twice` can be told from the columns before"):
        cluster_errors(frame.assign(twice=2 * frame["x"]), "y", ["x", "twice"])
    with pytest.raises(ArgumentError, match="at least two accounts; got 1"):
        cluster_errors(frame.assign(account=1), "y", "x")
    with pytest.raises(ArgumentError, match="more rows than terms"):
        cluster_errors(frame.iloc[1:3], "y", "x")
    with pytest.raises(DataError) as caught:
        cluster_errors(frame.assign(y=[1.0, None, 2, 3]), "y", ["x", "w"])
    assert "`y` must hold numbers; 1 row does not (rows 1)" in str(caught.value)
    assert "`w` must hold numbers; 4 rows do not (rows 0, 1, 2, 3)" in str(caught.value)
    alone = cluster_errors(frame.assign(account=[None, None, "a", "a"]), "y", "x")
    assert alone.accounts == 3
