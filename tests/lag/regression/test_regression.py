"""Covariates: against fits without, slow likelihoods, logistic regression, and lifelines."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import ExponentialFitter, MixtureCureFitter
from scipy import optimize, special, stats

from funnelkit import lag
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit.lag.regression.formula import Variable, design, levels_of
from tests.reference import cure_regression as slow
from tests.reference.leads import Lead, triangle


def leads_of(n, *, rng=0, late=False, undated=True, rates=(0.3, 0.6), scales=(4.0, 9.0), days=40):
    """Leads of two sources, with Weibull times cut to days, followed 0 to `days` days."""
    rng = np.random.default_rng(rng)
    found = []
    for _ in range(n):
        source = int(rng.integers(0, len(rates)))
        followed, cohort = int(rng.integers(0, days)), int(rng.integers(0, 4))
        age = int(rng.random() + scales[source] * rng.weibull(0.9))
        came = rng.random() < rates[source] and age <= followed
        began = int(rng.integers(0, 3)) if late else 0
        if began > (age if came else followed):
            continue
        found.append(
            Lead(
                followed=followed,
                outcome="won" if came else None,
                age=age if came else None,
                cohort=cohort,
                segment=f"s{source}",
                late=began,
                undated=bool(undated and came and rng.random() < 0.2),
            )
        )
    return found


def counted(leads):
    return triangle(leads, exits=(), by=True)


def ratios(fit, part="rate"):
    frame = fit.to_frame()
    return frame[frame["part"] == part].set_index("term")


class TestWithoutCovariates:
    """A rate of its own for each source is `fit_cure` with rates by segment."""

    def test_one_conversion_tells_no_pace(self):
        leads = [
            Lead(followed=40, outcome="won" if k == 0 else None, age=3 if k == 0 else None)
            for k in range(200)
        ]
        counts = triangle(leads, exits=())
        for fit in (lag.fit_cure(counts), lag.fit_cure_regression(counts)):
            assert fit.verdict == "bound only"

    @pytest.mark.parametrize("family", ["exponential", "weibull", "log-normal"])
    def test_rates_by_segment(self, family):
        counts = counted(leads_of(900, rates=(0.2, 0.4, 0.6), scales=(5.0, 5.0, 5.0)))
        plain = lag.fit_cure(counts, family=family)
        fit = lag.fit_cure_regression(counts, rate="source", family=family)
        assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
        np.testing.assert_allclose(fit.ultimate, plain.ultimate, atol=1e-6)
        assert fit.aic == pytest.approx(plain.aic, abs=1e-5)
        ages = [0, 3, 30, np.inf]
        np.testing.assert_allclose(fit.rate_at(ages), plain.rate_at(ages), atol=1e-6)
        for mine, theirs in [
            (fit.confidence_interval(), plain.confidence_interval()),
            (fit.confidence_interval([2, 20]), plain.confidence_interval([2, 20])),
        ]:
            np.testing.assert_allclose(mine.low, theirs.low, atol=1e-5)
            np.testing.assert_allclose(mine.high, theirs.high, atol=1e-5)
        np.testing.assert_array_equal(fit.verdicts, plain.verdicts)

    def test_rates_by_segment_and_cohort(self):
        counts = counted(leads_of(900))
        plain = lag.fit_cure(counts, rates=("segments", "cohorts"))
        fit = lag.fit_cure_regression(counts, rate="source * C(cohort)")
        assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
        np.testing.assert_allclose(fit.ultimate, plain.ultimate, atol=1e-6)
        frame = fit.group_rates()
        assert list(frame.columns) == list(plain.to_frame().columns)
        np.testing.assert_allclose(frame["ultimate"], plain.to_frame()["ultimate"], atol=1e-6)

    def test_a_pace_for_each_segment(self):
        counts = counted(leads_of(600))
        plain = lag.fit_cure(counts, family="exponential", latency="segments")
        fit = lag.fit_cure_regression(counts, rate="source", scale="source", family="exponential")
        assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
        np.testing.assert_allclose(fit.ultimate, plain.ultimate, atol=1e-6)
        np.testing.assert_allclose(fit.median_days(), plain.median_days(), rtol=1e-6)

    def test_nothing(self):
        counts = counted(leads_of(300))
        plain = lag.fit_cure(counts, rates=())
        fit = lag.fit_cure_regression(counts)
        assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
        np.testing.assert_allclose(fit.ultimate, plain.ultimate, atol=1e-6)
        assert len(fit.terms()) == 0


class TestTheSlowLikelihood:
    @pytest.mark.parametrize("late", [False, True])
    def test_the_top(self, late):
        leads = leads_of(200, rng=3, late=late, undated=not late)
        fit = lag.fit_cure_regression(
            counted(leads), rate="source + cohort", scale="source", family="weibull"
        )
        point, value = slow.top(
            leads, [-0.5, 0.5, 0, 1.5, 0.5, 0], family="weibull",
            rate=lambda lead: (1, lead.segment == "s1", lead.cohort),
            scale=lambda lead: (1, lead.segment == "s1"),
        )  # fmt: skip
        frame = fit.to_frame()
        assert frame["term"].tolist() == [
            "intercept", "source[s1]", "cohort", "intercept", "source[s1]", "shape",
        ]  # fmt: skip
        assert fit.converged
        assert fit.log_likelihood == pytest.approx(value, abs=1e-5)
        np.testing.assert_allclose(frame["coefficient"], point, atol=2e-3)

    def test_errors_and_intervals(self):
        """Standard errors from second differences; an end of an interval is on the contour."""
        leads = leads_of(300, rng=5, rates=(0.2, 0.4), scales=(3.0, 5.0))
        fit = lag.fit_cure_regression(counted(leads), rate="source", scale="source")
        frame = fit.to_frame()
        columns = {
            "rate": lambda lead: (1, lead.segment == "s1"),
            "scale": lambda lead: (1, lead.segment == "s1"),
        }

        def value(point):
            return slow.log_likelihood(leads, point, family="weibull", **columns)

        at, step = frame["coefficient"].to_numpy(), 1e-3
        steps = np.eye(len(at)) * step
        bent = np.array(
            [
                [
                    value(at + i + j) - value(at + i - j) - value(at - i + j) + value(at - i - j)
                    for j in steps
                ]
                for i in steps
            ]
        )
        cover = np.linalg.inv(-bent / (4 * step**2))
        np.testing.assert_allclose(frame["se"], np.sqrt(np.diag(cover)), rtol=2e-3)
        end = np.log(frame["high"][1])
        assert np.isfinite(end)
        others = [0, 2, 3, 4]

        def given(rest):
            point = np.insert(rest, 1, end)
            return -value(point)

        best = optimize.minimize(given, at[others], method="BFGS", options={"gtol": 1e-3})
        assert 2 * (value(at) + best.fun) == pytest.approx(stats.chi2.isf(0.05, 1), abs=5e-3)


class TestOtherPackages:
    def test_all_followed_to_the_end_is_logistic_regression(self):
        """statsmodels: Logit of whether a lead converted, when nobody is still to convert."""
        rng = np.random.default_rng(2)
        leads = []
        for _ in range(400):
            cohort, source = int(rng.integers(0, 4)), int(rng.integers(0, 3))
            came = rng.random() < special.expit(-1 + 0.8 * source - 0.3 * cohort)
            age = int(rng.random() + rng.exponential(2.0))
            leads.append(
                Lead(600, "won" if came else None, age if came else None, cohort, f"s{source}")
            )
        fit = lag.fit_cure_regression(counted(leads), rate="source + cohort", family="exponential")
        X = np.array([(1, d.segment == "s1", d.segment == "s2", d.cohort) for d in leads], float)
        y = np.array([d.outcome is not None for d in leads], float)
        theirs = sm.Logit(y, X).fit(disp=0)
        rows = ratios(fit)
        assert rows.index.tolist() == ["intercept", "source[s1]", "source[s2]", "cohort"]
        np.testing.assert_allclose(rows["coefficient"], theirs.params, rtol=1e-5)
        np.testing.assert_allclose(rows["se"], theirs.bse, rtol=1e-4)
        for j, name in enumerate(rows.index[1:], 1):
            less = sm.Logit(y, np.delete(X, j, axis=1)).fit(disp=0)
            expected = stats.chi2.sf(2 * (theirs.llf - less.llf), 1)
            assert rows.loc[name, "pvalue"] == pytest.approx(expected, rel=1e-4)
        terms = fit.terms().set_index("term")
        less = sm.Logit(y, X[:, [0, 3]]).fit(disp=0)
        assert terms.loc["source", "df"] == 2
        assert terms.loc["source", "statistic"] == pytest.approx(
            2 * (theirs.llf - less.llf), rel=1e-4
        )

    def test_lifelines_apart(self):
        """A rate and an exponential pace for each kind: two fits of lifelines."""
        rng = np.random.default_rng(4)
        kind = rng.choice(["a", "b"], 800)
        rate, scale = np.where(kind == "b", [[0.6], [15.0]], [[0.3], [5.0]])
        times = np.where(rng.random(800) < rate, rng.exponential(scale), np.inf)
        end = rng.uniform(1, 80, 800)
        event, times = times <= end, np.minimum(times, end)
        fit = lag.fit_cure_times_regression(
            times, event, {"kind": kind}, rate="kind", scale="kind", family="exponential"
        )
        a, b = (
            MixtureCureFitter(base_fitter=ExponentialFitter()).fit(times[mine], event[mine])
            for mine in (kind == "a", kind == "b")
        )
        odds = [(1 - each.cured_fraction_) / each.cured_fraction_ for each in (a, b)]
        both = a.log_likelihood_ + b.log_likelihood_
        assert fit.log_likelihood == pytest.approx(both, abs=1e-5)
        close = {"rel": 1e-4}
        assert ratios(fit).loc["kind[b]", "ratio"] == pytest.approx(odds[1] / odds[0], **close)
        paces = ratios(fit, "scale").loc["kind[b]", "ratio"]
        assert paces == pytest.approx(b.lambda_ / a.lambda_, **close)
        errors = [each.summary["se(coef)"]["cured_fraction_"] for each in (a, b)]
        parts = [
            e / (each.cured_fraction_ * (1 - each.cured_fraction_))
            for e, each in zip(errors, (a, b), strict=True)
        ]
        assert ratios(fit).loc["kind[b]", "se"] == pytest.approx(np.hypot(*parts), rel=1e-3)


class TestExactTimes:
    @staticmethod
    def units(n=400, *, late=False):
        rng = np.random.default_rng(8)
        size, kind = rng.normal(50, 10, n), rng.choice(["a", "b"], n)
        p = special.expit(-6 + 0.12 * size)
        scale = np.exp(2 + 0.7 * (kind == "b"))
        entry = rng.uniform(0, 3, n) if late else np.zeros(n)
        end = entry + rng.uniform(0.1, 60, n)
        time = np.where(rng.random(n) < p, scale * rng.weibull(1.3, n), np.inf)
        kept = time > entry
        frame = pd.DataFrame({"size": size, "kind": kind})[kept].reset_index(drop=True)
        return np.minimum(time, end)[kept], (time <= end)[kept], entry[kept], frame

    @pytest.mark.parametrize("late", [False, True])
    def test_the_top(self, late):
        times, event, entry, frame = self.units(late=late)
        fit = lag.fit_cure_times_regression(
            times, event, frame, rate="size", scale="kind", entry=entry
        )

        def minus(point):
            b0, b1, g0, g1, log_shape = point
            pace = stats.weibull_min(
                np.exp(log_shape), scale=np.exp(g0 + g1 * (frame["kind"] == "b").to_numpy())
            )
            rate = special.expit(b0 + b1 * (frame["size"].to_numpy() - 50))
            return -slow.times_log_likelihood(
                times, event, entry, rate=rate, density=pace.pdf, share=pace.cdf
            )

        found = optimize.minimize(minus, [0, 0, 2, 0, 0], method="BFGS", options={"gtol": 1e-4})
        frame = fit.to_frame()
        expected = found.x - [50 * found.x[1], 0, 0, 0, 0]
        assert fit.log_likelihood == pytest.approx(-found.fun, abs=1e-6)
        np.testing.assert_allclose(frame["coefficient"], expected, rtol=1e-3)

    def test_units_of_a_covariate_do_not_matter(self):
        times, event, _, frame = self.units()
        big = frame.assign(size=1e6 + frame["size"] * 1e3)
        fits = [
            lag.fit_cure_times_regression(times, event, each, rate="size + kind", scale="size")
            for each in (frame, big)
        ]
        assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood, abs=1e-6)
        np.testing.assert_allclose(fits[0].ultimate, fits[1].ultimate, atol=1e-6)
        coefficients = [ratios(fit)["coefficient"]["size"] for fit in fits]
        assert coefficients[0] == pytest.approx(1e3 * coefficients[1], rel=1e-5)

    def test_counts_are_so_many_rows(self):
        times, event, _, frame = self.units(60)
        number = np.arange(len(times)) % 3
        one = lag.fit_cure_times_regression(times, event, frame, rate="kind", counts=number)
        where = np.repeat(np.arange(len(times)), number)
        other = lag.fit_cure_times_regression(
            times[where], event[where], frame.iloc[where], rate="kind"
        )
        assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-8)
        assert one.to_frame()["low"].tolist() == pytest.approx(other.to_frame()["low"].tolist())

    def test_rates_of_rows(self):
        times, event, _, frame = self.units(80)
        fit = lag.fit_cure_times_regression(times, event, frame, rate="kind", scale="kind")
        low, high = fit.confidence_interval()
        assert ((low < fit.ultimate) & (fit.ultimate < high)).all()
        assert len(np.unique(fit.ultimate)) == 2
        by = fit.rate_at([0, 1, 1e9])
        assert by.shape == (len(times), 3)
        np.testing.assert_allclose(by[:, [0, 2]].T, [0 * fit.ultimate, fit.ultimate])
        assert f"Of {len(times)} units" in fit.summary()

    @pytest.mark.parametrize(
        ("covariates", "message"),
        [
            ({"a": [1.0, np.nan, 2.0]}, "`a` must be finite numbers; 1 are not"),
            ({"a": [1.0, 2.0]}, "must hold 3 rows"),
            ({1: [1.0, 2.0, 3.0]}, "names of columns must be words"),
            ("a", "must be a table"),
            ({"b": [1.0, 2.0, 3.0]}, "unknown column `a`; known: `b`"),
        ],
    )
    def test_what_cannot_be_used(self, covariates, message):
        with pytest.raises(ArgumentError, match=message):
            lag.fit_cure_times_regression([1, 2, 3], [1, 1, 0], covariates, rate="a")


class TestSeparation:
    def leads(self):
        return leads_of(500, rng=1, rates=(0.3, 0.0, 0.5), scales=(4.0, 4.0, 4.0))

    def test_a_level_without_conversions_has_an_upper_end(self):
        counts = counted(self.leads())
        plain = lag.fit_cure(counts)
        fit = lag.fit_cure_regression(counts, rate="source")
        assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
        assert fit.converged
        row = ratios(fit).loc["source[s1]"]
        assert row["ratio"] == row["low"] == 0
        assert 0 < row["high"] < 0.3
        assert row["pvalue"] < 1e-6
        np.testing.assert_allclose(
            fit.confidence_interval().high, plain.confidence_interval().high, atol=1e-5
        )
        assert (fit.verdicts[1] == "bound only").all()
        drawn = fit.sample(200, rng=1, ages=[np.inf])
        assert ((drawn >= 0) & (drawn <= 1)).all()
        assert drawn[:, 1].max() > 0
        assert np.isfinite(fit.confidence_interval([0, 5, 30]).high).all()

    def test_beside_another_column(self):
        fit = lag.fit_cure_regression(counted(self.leads()), rate="source + cohort")
        rows = ratios(fit)
        assert fit.converged
        assert (fit.ultimate[1] == 0).all()
        assert 0 < rows.loc["source[s1]", "high"] < 0.3
        assert 0 < rows.loc["cohort", "low"] < rows.loc["cohort", "high"] < np.inf
        low, high = fit.confidence_interval()
        assert (low[1] == 0).all()
        assert (high[1] < 0.5).all()

    def test_the_reference_has_conversions(self):
        leads = leads_of(400, rng=1, rates=(0.0, 0.4, 0.5), scales=(4.0, 4.0, 4.0))
        rows = ratios(lag.fit_cure_regression(counted(leads), rate="source"))
        assert rows.index.tolist() == ["intercept", "source[s0]", "source[s2]"]
        assert rows.loc["source[s0]", "ratio"] == 0
        assert np.isfinite(rows[["low", "high"]]).all().all()

    def test_a_group_without_leads(self):
        leads = [d for d in leads_of(400) if (d.segment, d.cohort) != ("s1", 2)]
        counts = counted(leads)
        apart = lag.fit_cure_regression(counts, rate="source * C(cohort)")
        low, high = apart.confidence_interval()
        assert (low[1, 2], high[1, 2]) == (0, 1)
        assert apart.verdicts[1, 2] == "bound only"
        assert apart.left_out == ("source[s1]:cohort[2026-03]",)
        added = lag.fit_cure_regression(counts, rate="source + C(cohort)")
        low, high = added.confidence_interval()
        assert 0 < low[1, 2] < added.ultimate[1, 2] < high[1, 2] < 1

    def test_everybody_against_nobody(self):
        fit = lag.fit_cure_times_regression(
            [1, 2, 3, 50, 50, 50], [1, 1, 1, 0, 0, 0], {"a": list("xxxyyy")}, rate="a"
        )
        rows = ratios(fit)
        assert rows.loc["a[y]", "ratio"] == rows.loc["a[y]", "low"] == 0
        assert 0 < rows.loc["a[y]", "high"] < 1
        assert fit.ultimate.tolist() == [1, 1, 1, 0, 0, 0]

    def test_a_pace_needs_conversions(self):
        with pytest.raises(EvidenceError, match=r"that of source\[s1\]"):
            lag.fit_cure_regression(counted(self.leads()), scale="source")

    def test_columns_that_say_the_same(self):
        leads = leads_of(300)
        frame = pd.DataFrame({"a": [d.segment for d in leads], "b": [d.segment for d in leads]})
        times = [d.time + 0.5 for d in leads]
        event = [d.outcome is not None for d in leads]
        fit = lag.fit_cure_times_regression(times, event, frame, rate="a + b")
        assert fit.left_out == ("b[s1]",)
        other = lag.fit_cure_times_regression(times, event, frame, rate="a")
        assert fit.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-8)


VARIABLES = {
    "source": levels_of(["web", None, "ads", "web"], np.array([1.0, 1, 1, 1])),
    "lead size": Variable(np.array([1.0, 2.0, 3.0, 4.0]), None),
    "cohort": Variable(np.array([0.0, 1.0, 0.0, 1.0]), None),
    "[T.l1]:v0": levels_of(["]", ":", "]", ":"], np.array([1.0, 1, 1, 1])),
}
LABELS = {"cohort": levels_of(["Jan", "Feb", "Jan", "Feb"], np.array([1.0, 1, 1, 1]))}


class TestFormulas:
    def built(self, formula):
        return design("rate", formula, VARIABLES, LABELS, 4)

    @pytest.mark.parametrize(
        ("formula", "names"),
        [
            ("1", []),
            ("source", ["source[(blank)]", "source[ads]"]),
            (" cohort+1 ", ["cohort"]),
            ("C(cohort)", ["cohort[Feb]"]),
            ("`lead size`", ["lead size"]),
            ("`lead size`:cohort", ["lead size:cohort"]),
            ("cohort * C(cohort)", ["cohort[Feb]", "cohort", "cohort:cohort[Feb]"]),
            ("`[T.l1]:v0`", ["[T.l1]:v0[:]"]),
        ],
    )
    def test_names(self, formula, names):
        assert sorted(self.built(formula).names) == sorted(["intercept", *names])

    def test_columns(self):
        built = self.built("source + cohort")
        columns = dict(zip(built.names, built.matrix.T.tolist(), strict=True))
        assert columns == {
            "intercept": [1, 1, 1, 1],
            "source[(blank)]": [0, 1, 0, 0],
            "source[ads]": [0, 0, 1, 0],
            "cohort": [0, 1, 0, 1],
        }
        assert built.terms[0] == "intercept"
        assert set(built.terms) == {"intercept", "source", "cohort"}

    def test_star_is_all_of_it(self):
        star, spelled = self.built("source*cohort"), self.built("source + cohort + source:cohort")
        assert star.names == spelled.names
        np.testing.assert_array_equal(star.matrix, spelled.matrix)

    @pytest.mark.parametrize(
        "formula",
        [
            "source - 1", "0 + source", "source +", "+", "", "source source", "source**2", "2",
            "C(source", "C()", "C(C(source))", "C(source, Sum)", "I(cohort)", "np.log(cohort)",
            "(source)", "source:", "source:1", "`source", "~ source", "Q('source')",
            "__import__('os')", "source; cohort", "source\\ncohort", "cohort[0]", "{source}",
            "*".join(["source"] * 7),
        ],
    )  # fmt: skip
    def test_what_cannot_be_read(self, formula):
        with pytest.raises(ArgumentError, match=r"`rate`( must be names|: unknown column)"):
            self.built(formula)

    @pytest.mark.parametrize("formula", [None, 1, ["source"]])
    def test_no_text(self, formula):
        with pytest.raises(ArgumentError, match="`rate` must be a formula"):
            self.built(formula)

    @pytest.mark.parametrize(
        ("formula", "meant"),
        [("sorce", "source"), ("Cohort", "cohort"), ("`lead sise`", "lead size")],
    )
    def test_the_closest_name(self, formula, meant):
        with pytest.raises(ArgumentError, match=f"unknown column .* Did you mean `{meant}`"):
            self.built(formula)

    def test_names_of_patsy_and_python_are_not_known(self):
        for name in ("center", "bs", "np", "v0", "__builtins__", "True", "Intercept"):
            with pytest.raises(ArgumentError, match="unknown column"):
                self.built(name)


class TestTheResult:
    def test_it_is_a_lag_fit(self):
        counts = counted(leads_of(400))
        fit = lag.fit_cure_regression(counts, rate="source + cohort", scale="source")
        assert isinstance(fit, lag.LagFit)
        assert fit.ultimate.shape == counts.entered.shape
        drawn = fit.sample(20, rng=3, ages=[1, 9, np.inf])
        assert drawn.shape == (20, *counts.entered.shape, 3)
        assert (np.diff(drawn, axis=-1) >= 0).all()
        np.testing.assert_array_equal(drawn, fit.sample(20, rng=3, ages=[1, 9, np.inf]))
        rows = lag.adjust(counts, fit).to_frame()
        assert (rows["adjusted"] >= rows["converted"] / rows["entered"]).all()
        assert fit.parameters().equals(fit.to_frame())

    def test_draws_spread_as_the_interval(self):
        counts = counted(leads_of(2000, rng=6))
        fit = lag.fit_cure_regression(counts, rate="source + cohort")
        drawn = fit.sample(2000, rng=1, ages=[np.inf])[..., 0]
        low, high = fit.confidence_interval()
        np.testing.assert_allclose(np.quantile(drawn, 0.025, axis=0), low, rtol=0.06)
        np.testing.assert_allclose(np.quantile(drawn, 0.975, axis=0), high, rtol=0.06)

    def test_the_sentence(self):
        fit = lag.fit_cure_regression(counted(leads_of(900, rng=2)), rate="source + cohort")
        said = fit.summary()
        assert f"{fit.n} leads" in said
        assert "The share that converts differs by source (p < 0.001)." in said
        assert "No clear difference in the share that converts by cohort (p = " in said

    def test_accounts_widen(self):
        """Each lead five times over, as one account, is worth no more than the one lead."""
        once = leads_of(120, undated=False)
        same = [lead._replace(account=str(k)) for k, lead in enumerate(once) for _ in range(5)]
        options = {"rate": "source", "family": "exponential"}
        fit = lag.fit_cure_regression(counted(same), **options)
        alone = lag.fit_cure_regression(counted(once), **options)
        mine, theirs = ratios(fit).loc["source[s1]"], ratios(alone).loc["source[s1]"]
        assert mine["ratio"] == pytest.approx(theirs["ratio"], rel=1e-5)
        assert mine["se"] == pytest.approx(theirs["se"], rel=0.05)
        assert mine["high"] == pytest.approx(theirs["high"], rel=0.15)
        assert mine["pvalue"] == pytest.approx(theirs["pvalue"], rel=0.5)

    def test_a_segment_called_cohort(self):
        counts = counted(leads_of(100))
        named = type(counts)(**{**vars(counts), "by": ("cohort",)})
        with pytest.raises(ArgumentError, match="segment column `cohort`"):
            lag.fit_cure_regression(named, rate="cohort")
