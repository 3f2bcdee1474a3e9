"""Tables and sentences of a regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from funnelkit._core import display
from funnelkit.lag.regression.formula import INTERCEPT
from funnelkit.lag.regression.solution import Coefficient, RegressionSolution

if TYPE_CHECKING:
    import pandas as pd


def coefficient_rows(
    found: RegressionSolution, level: float, *, inflation: float = 1.0
) -> pd.DataFrame:
    """Return one row per coefficient.

    Parameters
    ----------
    found
        The fit.
    level
        Two-sided confidence level; one-sided for a coefficient without a finite estimate.
    inflation
        Design effect, by which deviances are divided.
    """
    import pandas as pd

    rows = []
    for part, coefficients in zip(("rate", "scale"), found.coefficients, strict=True):
        for each in coefficients:
            low, high = interval(found, each, level, inflation=inflation)
            tested = each.name != INTERCEPT
            loss = found.deviance(each.along, 0.0) / inflation if tested else 0.0
            rows.append(
                {
                    "part": part,
                    "term": each.name,
                    "coefficient": each.estimate,
                    "se": each.error * np.sqrt(inflation),
                    "ratio": np.exp(each.estimate),
                    "low": np.exp(low),
                    "high": np.exp(high),
                    "pvalue": term_test(loss, 1) if tested else np.nan,
                }
            )
    family = found.likelihood.family
    n_b, n_g, n_s = found.problem.sizes
    errors = np.sqrt(np.maximum(np.diag(found.spread)[len(found.spread) - n_s :], 0.0))
    for k, name in enumerate(family.names[1:]):
        estimate = float(found.top.theta[n_b + n_g + k])
        along = np.eye(len(found.top.theta))[n_b + n_g + k]
        shape = Coefficient(name, name, estimate, float(errors[k]), along)
        low, high = interval(found, shape, level, inflation=inflation)
        logged = name.startswith("log ")
        ends = np.exp([estimate, low, high]) if logged else np.array([estimate, low, high])
        rows.append(
            {
                "part": "shape",
                "term": name.removeprefix("log "),
                "coefficient": estimate,
                "se": float(errors[k]) * np.sqrt(inflation),
                "ratio": ends[0],
                "low": ends[1],
                "high": ends[2],
                "pvalue": np.nan,
            }
        )
    return pd.DataFrame(rows)


def interval(
    found: RegressionSolution, each: Coefficient, level: float, *, inflation: float = 1.0
) -> tuple[float, float]:
    """Return the profile-likelihood interval of a coefficient, on its log scale.

    Notes
    -----
    The cut-off is the quantile of χ² with one degree of freedom, and -2 log(1 - level) for the
    one end of a coefficient without a finite estimate: see :func:`cutoffs`.
    """
    if np.isnan(each.estimate):
        return -np.inf, np.inf
    alpha = 1 - level
    edge = bool(np.isinf(each.estimate))
    cut = inflation * (-2 * float(np.log(alpha)) if edge else float(stats.chi2.isf(alpha, 1)))
    low, high = (found.end(each.along, each.estimate, cut, upper=end) for end in (False, True))
    return low, high


def term_rows(found: RegressionSolution, *, inflation: float = 1.0) -> pd.DataFrame:
    """Return one row per term that no other term contains: what the fit loses without it."""
    import pandas as pd

    rows = []
    for part, columns in (("rate", found.of_rates), ("scale", found.of_scales)):
        names = list(dict.fromkeys(columns.terms))
        parts = {name: set(name.split(":")) for name in names}
        for name in names:
            inner = any(parts[name] < parts[other] for other in names if other != name)
            if name == INTERCEPT or inner:
                continue
            loss = max(2 * (found.top.value - found.without(part, name)), 0.0) / inflation
            df = sum(term == name for term in columns.terms)
            row = {"part": part, "term": name, "df": df, "statistic": loss}
            rows.append(row | {"pvalue": term_test(loss, df)})
    return pd.DataFrame(rows, columns=["part", "term", "df", "statistic", "pvalue"])


def term_test(loss: float, df: int) -> float:
    """Return the p-value of a likelihood ratio, by χ².

    Examples
    --------
    >>> round(term_test(3.841, 1), 3)
    0.05
    """
    return float(stats.chi2.sf(loss, df))


def said_of_terms(terms: pd.DataFrame) -> str:
    """Return which terms matter, in a sentence; "" where there are none."""
    words = []
    for part, what in (("rate", "the share that converts"), ("scale", "how long it takes")):
        mine = terms[terms["part"] == part]
        clear = [_with_p(name, p) for name, p in _pairs(mine[mine["pvalue"] < 0.05])]
        other = [_with_p(name, p) for name, p in _pairs(mine[mine["pvalue"] >= 0.05])]
        if clear:
            words.append(f"{what[:1].upper()}{what[1:]} differs by {display.listed(clear)}.")
        if other:
            words.append(f"No clear difference in {what} by {display.listed(other, last='or')}.")
    return " ".join(words)


def _pairs(rows: pd.DataFrame) -> list[tuple[str, float]]:
    return list(zip(rows["term"].astype(str), rows["pvalue"].astype(float), strict=True))


def _with_p(name: str, p: float) -> str:
    return f"{name} ({display.pvalue(p)})"
