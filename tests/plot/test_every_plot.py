"""Every plot there is: returns its axes, takes others, and has the one style of the house."""

import inspect
from collections.abc import Iterator

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

import funnelkit as fk
from funnelkit.plot import style
from funnelkit.plot.style import LIGHT
from tests.documented import Documented

PLOTS = [name for name in fk.plot.__all__ if name != "describe"]
COLOURS = {
    colour
    for value in vars(LIGHT).values()
    for colour in (value if isinstance(value, tuple) else (value,))
}


def written(ax: Axes) -> Iterator[Text]:
    """Every text of the axes, and of the panels in them, that says something."""
    for panel in ax.child_axes:
        yield from written(panel)
    for text in ax.findobj(Text):
        if isinstance(text, Text) and text.get_text().strip() and text.get_visible():
            yield text


def coloured(ax: Axes) -> Iterator[str]:
    """Every colour that is drawn with, as it is without its transparency."""
    for panel in ax.child_axes:
        yield from coloured(panel)
    for line in ax.lines:
        drawn = line.get_linestyle() != "None"
        yield to_hex(line.get_color() if drawn else line.get_markeredgecolor())
    for patch in ax.patches:
        if patch.get_facecolor()[3] and patch.get_visible():  # type: ignore[index]
            yield to_hex(patch.get_facecolor())
    for text in written(ax):
        yield to_hex(text.get_color())


@pytest.mark.parametrize("name", PLOTS)
def test_it_takes_axes_by_name_and_says_that_it_returns_them(name: str) -> None:
    told = inspect.signature(getattr(fk.plot, name))
    ax = told.parameters["ax"]
    assert (ax.kind, ax.default) == (inspect.Parameter.KEYWORD_ONLY, None)
    assert (ax.annotation, told.return_annotation) == ("Axes | None", "Axes")


@pytest.mark.parametrize("name", PLOTS)
def test_it_draws_in_the_style_of_the_house_on_own_axes_and_on_given_ones(name: str) -> None:
    documented = Documented(getattr(fk.plot, name), f"fk.plot.{name}")
    own = documented.call()
    assert isinstance(own, Axes)
    assert len(plt.get_fignums()) == 1
    assert own.get_title(loc="left").strip()
    assert (own.get_title(), own.get_title(loc="right")) == ("", "")
    assert own._left_title.get_fontweight() == "bold"  # type: ignore[attr-defined]
    assert {text.get_fontfamily()[0] for text in written(own)} == {style.fonts()[0]}
    assert set(coloured(own)) <= COLOURS
    words = fk.plot.describe(own)
    assert words.splitlines()[0] == own.get_title(loc="left").replace("\n", " ")

    given = Figure(figsize=(9, 5)).add_subplot()
    assert documented.call(ax=given) is given
    assert len(plt.get_fignums()) == 1
    assert fk.plot.describe(given).splitlines()[0] == words.splitlines()[0]
