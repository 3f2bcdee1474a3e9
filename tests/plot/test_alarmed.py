"""The alarmed series as panels: what they show, at any size, with hostile names."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.monitor import Alert, Alerts
from funnelkit.monitor.board.alerting import Path
from funnelkit.monitor.board.panels import Metric

MONTHS = pd.period_range("2025-01", periods=12, freq="M")


def alert(kind="rate", name="<b>web</b>\n", **given):
    values = np.where(np.arange(12) < 9, 0.3, 0.2)
    values = {"volume": values * 1000, "speed": values * 0 - 0.4}.get(kind, values)
    usual = {"volume": 300.0, "speed": 0.0}.get(kind, 0.3)
    level = np.nan if kind == "speed" else usual * 2 / 3
    values = np.append(np.nan, values[1:])
    path = Path(months=MONTHS, values=values, errors=abs(values) * 0.1, usual=usual, since=9)
    settled = {
        "metric": Metric(kind, "lead", "mql"), "by": ("source",), "segment": (name,),
        "direction": "fell", "change": -0.33, "low": -0.4, "high": -0.2,
        "usual": usual, "level": level, "since": MONTHS[9], "since_low": MONTHS[8],
        "since_high": MONTHS[9], "n": 900, "chance": 0.002, "worth": 12.0, "path": path,
    }  # fmt: skip
    return Alert(**(settled | given))


def board(*found):
    return Alerts(alerts=found, data=(), watched=40, missed=(), as_of=dt.date(2025, 12, 31), n=5000)


def test_one_panel_each_and_a_title():
    shown = board(alert(), alert("volume"), alert("speed"), alert("closed"))
    ax = fk.plot.alerts(shown)
    assert len(ax.child_axes) == 4
    assert ax.get_title(loc="left").replace("\n", " ") == (
        "lead to mql in source <b>web</b> fell by 33\u202f% since October 2025"
    )
    assert "lead to mql takes" not in fk.plot.describe(ax)
    assert "takes 49\u202f% longer than usual" in fk.plot.describe(ax)
    inner = ax.child_axes[0]
    assert inner.get_ylim() == (0, 0.4)
    assert [text.get_text() for text in inner.get_xticklabels()] == ["2025-01", "2025-12"]


def test_at_most_nine_and_the_rest_is_said():
    ax = fk.plot.alerts(board(*[alert(name=f"s{k}") for k in range(12)]))
    assert len(ax.child_axes) == 9
    assert "3 more alerts in the table" in ax.get_xlabel().replace("\n", " ")


def test_none():
    ax = fk.plot.alerts(board())
    assert ax.get_title(loc="left") == "No alert: nothing left its usual level"


def test_given_axes():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(layout="constrained")
    assert fk.plot.alerts(board(alert()), ax=ax) is ax
    figure.canvas.draw()
    plt.close(figure)


def test_only_alerts():
    with pytest.raises(ArgumentError, match=r"what fk\.monitor\.alerts returns"):
        fk.plot.alerts([1])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Conversion of lead to mql in source <b>web</b> fell by 33\u202f% (20.0 to 40.0"),
        ({"kind": "volume"}, "Entries to mql in source <b>web</b> fell by 33\u202f%"),
        ({"kind": "closed"}, "Opportunity-to-win (won of what closed) in source"),
        ({"direction": "rose", "change": 2.1, "low": 1.5, "high": 3.0}, "rose to 3.1 times (2.5"),
        ({"by": (), "segment": ()}, "Conversion of lead to mql fell by 33"),
        ({"check": "x is blank."}, "Check the data first: x is blank. Conversion"),
        ({"cause": "new form (1 May 2025)"}, "Likely cause: new form (1 May 2025)."),
        ({"also": tuple("abcde")}, "It explains a, b, c and 2 more figures as well."),
        ({"chance": 0.0001}, "fewer than 1 in 1,000 reports"),
        ({"chance": 0.02}, "1 in 50 reports"),
        ({"worth": -3.0}, "About 3 wins gained so far."),
        ({}, "Months of entry from October 2025 (from September 2025 to October 2025) on."),
    ],
)
def test_sentences(given, words):
    assert words in alert(**given).sentence()
