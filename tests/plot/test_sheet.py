"""What every view shares: settings left alone, names drawn as they are, words for each picture."""

import io
import logging
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text

import funnelkit as fk
from funnelkit.plot.style import DARK, LIGHT, Palette
from tests.plot.conftest import NASTY, build

View = Callable[..., Axes]


def views(triangle: fk.Triangle) -> Iterator[tuple[View, object]]:
    """Every view with something to show."""
    fit = fk.lag.fit_competing(triangle)
    whole = fk.lag.fit_competing(triangle.collapse(segments=True))
    yield fk.plot.cohorts, fk.lag.adjust(triangle, fit)
    yield fk.plot.cohorts, fk.rates.cohort(triangle)
    yield fk.plot.lag, fit
    yield fk.plot.triangle, triangle
    yield partial(fk.plot.triangle, fit=fit), triangle
    yield partial(fk.plot.cohort_fit, fit=fit), triangle
    series = triangle if triangle.n_cohorts > 1 else triangle.collapse(segments=True)
    yield fk.plot.adjusted_series, fk.lag.adjust(series, fk.lag.fit_competing(series))
    yield fk.plot.lag, fk.lag.fit_cure(triangle, starts=1)
    yield partial(fk.plot.lag, against={"$x$ _a_": whole}), whole
    yield fk.plot.funnel, funnel(triangle)
    names = [str(segment[0]) if segment else "lead" for segment in triangle.segments]
    rows = [
        {"series": name, "period": period, "value": 10 * number + 3 * number * month}
        for number, name in enumerate(names, 1)
        for month, period in enumerate(pd.period_range("2026-01", periods=5, freq="M"))
    ]
    yield fk.plot.series, pd.DataFrame(rows)


def funnel(triangle: fk.Triangle) -> fk.rates.StageRates:
    """Stages that bear the names of the triangle's segments."""
    from funnelkit.counts.flows import Stays

    names = tuple(f"{segment[0]}" if segment else "lead" for segment in triangle.segments)
    stages = (triangle.start, *names, triangle.target)
    k = len(stages)
    entered = [[2 ** (k - at + 4) for at in range(k)]]
    moved = [[*entered[0][1:], 0]]
    left = [[*(number // 4 for number in moved[0][:-1]), 0]]
    still = [[a - b - c for a, b, c in zip(entered[0], moved[0], left[0], strict=True)]]
    return fk.rates.flow(
        Stays(
            stages=stages,
            exits=("lost_$x$",),
            by=(),
            segments=((),),
            as_of=triangle.as_of,
            entered=entered,
            filled=[[0] * k],
            moved_on=moved,
            left={"lost_$x$": left},
            still_there=still,
            days=[[[number] for number in moved[0]]],
        )
    )


def texts(ax: Axes) -> list[Text]:
    legend = ax.get_legend()
    inner = [text for panel in ax.child_axes for text in texts(panel)]
    labels = [
        *inner,
        *ax.get_xticklabels(),
        *ax.get_yticklabels(),
        *(legend.get_texts() if legend else []),
    ]
    named = [ax.title, ax.xaxis.label, ax._left_title]  # type: ignore[attr-defined]
    return [text for text in [*ax.texts, *labels, *named] if text.get_text().strip()]


@pytest.fixture(params=["three", "nasty"])
def triangle(request: pytest.FixtureRequest) -> fk.Triangle:
    found: fk.Triangle = request.getfixturevalue(request.param)
    return found


def test_settings_of_the_session_are_left_alone(triangle: fk.Triangle) -> None:
    plt.figure()
    before = dict(mpl.rcParams)
    for view, given in views(triangle):
        view(given)
    assert dict(mpl.rcParams) == before


def test_a_wrong_argument_leaves_no_empty_figure_behind() -> None:
    for view in (fk.plot.cohorts, fk.plot.lag, fk.plot.triangle, fk.plot.funnel, fk.plot.series):
        with pytest.raises(fk.FunnelError):
            view(None)  # type: ignore[operator]
    assert not plt.get_fignums()


def test_axes_that_are_given_are_drawn_on_and_returned(triangle: fk.Triangle) -> None:
    for view, given in views(triangle):
        figure, ax = plt.subplots()
        size = tuple(figure.get_size_inches())
        assert view(given, ax=ax) is ax
        assert tuple(figure.get_size_inches()) == size
        assert len(plt.get_fignums()) == 1
        plt.close(figure)


def test_what_is_no_axes_is_refused(three: fk.Triangle) -> None:
    for view, given in views(three):
        with pytest.raises(fk.FunnelError, match=r"^`ax` must be the axes to draw on; got str\.$"):
            view(given, ax="left")


def test_no_name_is_taken_for_a_formula(triangle: fk.Triangle) -> None:
    for view, given in views(triangle):
        for ax in (None, plt.subplots()[1]):
            drawn = view(given, ax=ax)
            assert not [text for text in texts(drawn) if text.get_parse_math()]
            assert not [text for text in texts(drawn) if text.get_usetex()]
        plt.close("all")


def test_names_stand_on_one_line_as_they_are(nasty: fk.Triangle) -> None:
    ax = fk.plot.cohorts(fk.lag.adjust(nasty, fk.lag.fit_kaplan_meier(nasty)))
    words = {text.get_text() for text in ax.texts}
    assert {"$x_1^2$ & a_b", "(blank)", "two lines", "\\frac{1}"} <= words
    assert "<script>alert(1)</script>" in words
    assert [word for word in words if word.startswith("long ") and "…" in word]
    assert "won_$b within 40 days" in ax.get_xlabel().replace("\n", " ")


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_every_view_can_be_written(nasty: fk.Triangle, kind: str) -> None:
    for view, given in views(nasty):
        out = io.BytesIO()
        view(given).figure.savefig(out, format=kind)
        assert b"<script" not in out.getvalue()


def test_fonts_are_found(three: fk.Triangle, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for view, given in views(three):
            view(given).figure.canvas.draw()
    assert not caplog.records


def test_nothing_sticks_out_of_an_own_figure(triangle: fk.Triangle) -> None:
    for view, given in views(triangle):
        ax = view(given)
        ax.figure.canvas.draw()
        inside = ax.figure.bbox.padded(1)
        for text in texts(ax):
            box = text.get_window_extent()
            assert inside.x0 <= box.x0 <= box.x1 <= inside.x1, (str(view), text.get_text())
            assert inside.y0 <= box.y0 <= box.y1 <= inside.y1, (str(view), text.get_text())


def test_no_words_cover_others(triangle: fk.Triangle) -> None:
    for view, given in views(triangle):
        ax = view(given)
        ax.figure.canvas.draw()
        boxes = [(text.get_text(), text.get_window_extent().padded(-1)) for text in texts(ax)]
        for k, (words, box) in enumerate(boxes):
            for others, other in boxes[k + 1 :]:
                assert not box.overlaps(other), (str(view), words, others)


def test_views_are_described_with_title_values_and_marks(three: fk.Triangle) -> None:
    for view, given in views(three):
        ax = view(given)
        said = fk.plot.describe(ax).splitlines()
        title = ax.get_title(loc="left").replace("\n", " ")
        assert said[0] == title
        assert len(said) > 2
    rates = fk.lag.adjust(three, fk.lag.fit_kaplan_meier(three))
    said = fk.plot.describe(fk.plot.cohorts(rates)).replace("\u202f", " ")
    for row in rates.to_frame().itertuples():
        assert f"{row.cohort}: {row.entered} leads, {100 * row.rate:.1f} % so far" in said
        assert f"{100 * row.adjusted:.1f} %" in said
    assert said.count("[immature]") == rates.immature.sum()


def test_other_axes_have_no_description() -> None:
    with pytest.raises(fk.FunnelError, match=r"^`ax` must be axes that a function of fk\.plot"):
        fk.plot.describe(plt.subplots()[1])


def test_a_view_drawn_anew_is_described_anew(three: fk.Triangle) -> None:
    ax = fk.plot.triangle(three)
    fk.plot.lag(fk.lag.fit_kaplan_meier(three), ax=ax)
    assert "nine in ten" in fk.plot.describe(ax)


def test_a_dark_figure_gets_the_dark_palette(three: fk.Triangle) -> None:
    with plt.style.context("dark_background"):
        own = fk.plot.triangle(three)
    assert own.get_facecolor() == own.figure.get_facecolor() == mpl.colors.to_rgba(DARK.page)
    _, ax = plt.subplots(facecolor="black")
    fk.plot.triangle(three, ax=ax)
    assert ax._left_title.get_color() == DARK.ink  # type: ignore[attr-defined]
    assert fk.plot.triangle(three).get_facecolor() == mpl.colors.to_rgba(LIGHT.page)


def luminance(colour: str) -> float:
    channels = mpl.colors.to_rgb(colour)
    red, green, blue = (
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_and_marks_stand_out(palette: Palette) -> None:
    for text in (palette.ink, palette.muted):
        assert contrast(text, palette.page) >= 4.5
        assert contrast(text, palette.hatch) >= 4.5
    for mark in (palette.accent, palette.context):
        assert contrast(mark, palette.page) >= 3
    for ground, text in zip(palette.heat, palette.on_heat, strict=True):
        assert contrast(ground, text) >= 4.5
    light = [luminance(step) for step in palette.heat]
    assert all((a > b) == (palette is LIGHT) for a, b in pairwise(light))


def test_the_nasty_names_are_all_there() -> None:
    assert len({*NASTY}) == 6
    assert build([[[(30, 5, {1: 3})]]]).n == 30
