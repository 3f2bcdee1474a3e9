"""Rates against ranges, and a diagnosis, as rows: what is drawn is what was found."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from tests.plot.conftest import NASTY
from tests.rates.diagnosis.test_diagnosis import stays


def table(*rows, **more):
    names = ["start", "target", "entered", "converted", "open"]
    return pd.DataFrame([list(row) for row in rows], columns=names).assign(**more)


CHAIN = table(
    ("lead", "mql", 10_000, 1_500, 0),
    ("mql", "sql", 1_500, 600, 0),
    ("sql", "opportunity", 600, 150, 0),
    ("opportunity", "won", 150, 30, 100),
    ("lead", "won", 10_000, 30, 0),
)


def at(ax, name):
    """Where the marks of one kind stand on the axis."""
    return [x for line in ax.lines if line.get_label() == name for x in line.get_xdata()]


class TestBenchmark:
    def test_bars_are_ranges_and_dots_are_rates(self):
        ax = fk.plot.benchmark(fk.rates.benchmark(CHAIN))
        bars = [
            (round(patch.get_x(), 6), round(patch.get_x() + patch.get_width(), 6))
            for patch in ax.patches
            if patch.get_label() == "_range"
        ]
        assert bars == [(0.2, 0.4), (0.13, 0.6), (0.4, 0.8), (0.1, 0.3), (0.1, 0.3)]
        assert at(ax, "estimate") == [0.15, 0.4, 0.25, 0.003]
        assert at(ax, "immature or small") == [0.2]
        title = ax.get_title(loc="left")
        # 10,000 x .05 x .4 x .25 x .2 = 10 deals, and 600 x .15 x .2 = 18
        assert title == (
            "2 of 4 are below their range, sql to opportunity the dearest; 1 is too young to tell"
        )
        words = fk.plot.describe(ax)
        assert "stage ranges B" in words
        assert "18 (" in words

    def test_one_figure_is_a_thin_bar(self):
        ax = fk.plot.benchmark(fk.rates.benchmark(CHAIN, {"lead -> mql": 0.3}))
        first = next(patch for patch in ax.patches if patch.get_label() == "_range")
        assert first.get_x() < 0.3 < first.get_x() + first.get_width()
        assert first.get_width() < 0.02

    @pytest.mark.parametrize("entered", [0, 1, 19])
    def test_no_rate_of_few(self, entered):
        found = fk.rates.benchmark(table(("lead", "mql", entered, 0, 0)))
        ax = fk.plot.benchmark(found)
        assert at(ax, "estimate") == at(ax, "immature or small") == []
        assert "%" not in fk.table.benchmark(found).rows[0][2]

    def test_businesses_are_not_put_together_in_the_title(self):
        found = fk.rates.benchmark(
            pd.concat([CHAIN.assign(unit="New"), CHAIN.assign(unit="Renewal")]), by="unit"
        )
        from dataclasses import replace

        title = fk.plot.benchmark(replace(found, apart=("unit",))).get_title(loc="left")
        assert title == "Rates against their ranges, each business for itself"

    def test_hostile_names_and_many_rows(self):
        rows = [CHAIN.assign(unit=name) for name in (*NASTY, *(f"u{k}" for k in range(30)))]
        found = fk.rates.benchmark(pd.concat(rows), by="unit")
        ax = fk.plot.benchmark(found)
        ax.figure.canvas.draw()
        assert "further rows not shown" in ax.get_xlabel().replace("\n", " ")
        html = fk.table.benchmark(found).to_html()
        assert "<script>" not in html

    def test_on_given_axes_of_any_size(self):
        for size in ((3.5, 6), (9, 4)):
            figure, ax = plt.subplots(figsize=size, layout="constrained")
            assert fk.plot.benchmark(fk.rates.benchmark(CHAIN), ax=ax) is ax
            figure.canvas.draw()

    def test_wrong_arguments(self):
        for view in (fk.plot.benchmark, fk.table.benchmark):
            with pytest.raises(ArgumentError, match=r"`compared`.*fk\.rates\.benchmark"):
                view(CHAIN)
        with pytest.raises(ArgumentError, match="`ax`"):
            fk.plot.benchmark(fk.rates.benchmark(CHAIN), ax=3)


class TestDiagnosis:
    def test_dots_are_won_deals(self):
        found = fk.rates.diagnose(stays([8000, 2000, 800, 200, 40]))
        ax = fk.plot.diagnosis(found)
        # 800 x (.40 - .25) x .2; the others are within their ranges
        assert at(ax, "estimate") == pytest.approx([24])
        assert at(ax, "immature or small") == [0, 0, 0]
        assert ax.get_title(loc="left") == (
            "The bottleneck by value is sql to opportunity: about 24 won deals less"
        )
        assert "1.1 to the power of 4 = 1.4641" in ax.get_xlabel().replace("\n", " ")

    @pytest.mark.parametrize("entered", [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [30, 20, 10, 5, 1]])
    def test_few_and_none(self, entered):
        found = fk.rates.diagnose(stays(entered))
        fk.plot.diagnosis(found).figure.canvas.draw()
        shown = fk.table.diagnosis(found)
        assert len(shown.rows) == 4
        few = [row for row, step in zip(shown.rows, found.steps, strict=True) if step.entered < 20]
        assert all("%" not in row[2] for row in few)

    def test_hostile_names(self):
        names = ("$x_1^2$ <b>", "=cmd()\n", "won")
        found = fk.rates.diagnose(stays([100, 50, 20], stages=names), reference={names[0]: 0.9})
        ax = fk.plot.diagnosis(found)
        ax.figure.canvas.draw()
        assert "<b>" not in fk.table.diagnosis(found).to_html()
        assert all("\n" not in line for line in fk.table.diagnosis(found).rows[0])

    def test_wrong_arguments(self):
        for view in (fk.plot.diagnosis, fk.table.diagnosis, fk.table.periods):
            with pytest.raises(ArgumentError, match=r"`diagnosis`.*fk\.rates\.diagnose"):
                view([])
