"""`adjust_pvalues` beside statsmodels, and by hand."""

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.families import adjust_pvalues

# Benjamini and Hochberg (1995), section 3.2 (thrombolysis): 15 p-values.
THROMBOLYSIS = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459),
    *(0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000),
]
THEIRS = {
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "bonferroni": "bonferroni",
    "benjamini-hochberg": "fdr_bh",
    "benjamini-yekutieli": "fdr_by",
}


@pytest.mark.parametrize("method", THEIRS)
def test_as_statsmodels_on_many_p_values(method: str) -> None:
    rng = np.random.default_rng(1)
    for size in (1, 2, 7, 40):
        p = np.round(rng.random(size) ** 3, 2)  # with ties, zeros and ones
        expected = multipletests(p, method=THEIRS[method])[1]
        np.testing.assert_allclose(adjust_pvalues(p, method=method), expected, atol=1e-12)  # type: ignore[arg-type]


def test_the_published_decisions() -> None:
    """At .05 Benjamini and Hochberg's rule finds four, Bonferroni's three."""
    assert (adjust_pvalues(THROMBOLYSIS, method="benjamini-hochberg") < 0.05).sum() == 4
    assert (adjust_pvalues(THROMBOLYSIS, method="bonferroni") < 0.05).sum() == 3


def test_a_fixed_sequence_ends_with_the_first_that_fails() -> None:
    found = adjust_pvalues([0.01, 0.2, 0.001], method="gatekeeping")
    assert found.tolist() == [0.01, 0.2, 0.2]


def test_what_cannot_be_tested_is_never_significant_and_helps_nobody() -> None:
    nan = float("nan")
    found = adjust_pvalues([0.01, nan, 0.02])
    assert found[[0, 2]].tolist() == pytest.approx([0.03, 0.04])
    assert np.isnan(found[1])
    stopped = adjust_pvalues([0.01, nan, 0.001], method="gatekeeping")
    assert stopped[[0, 2]].tolist() == [0.01, 1.0]
    assert np.isnan(adjust_pvalues([nan])).all()


def test_nothing_to_adjust_is_nothing() -> None:
    assert adjust_pvalues([]).tolist() == []


@pytest.mark.parametrize(
    ("pvalues", "words"),
    [
        ([0.2, 1.2, -0.1], "2 of 3 are not, such as 1.2 and -0.1"),
        ([0.2, 5], "1 of 2 is not, such as 5"),
        ([[0.1]], "one row of numbers; got 2 dimensions"),
        (["<b>"], "must be numbers between 0 and 1"),
        (None, "one row of numbers; got 0 dimensions"),
    ],
)
def test_what_is_no_p_value_is_refused(pvalues: object, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        adjust_pvalues(pvalues)  # type: ignore[arg-type]


def test_an_unknown_method_gets_the_closest_name() -> None:
    with pytest.raises(ArgumentError, match="Did you mean `holm`"):
        adjust_pvalues([0.1], method="hohlm")  # type: ignore[arg-type]
