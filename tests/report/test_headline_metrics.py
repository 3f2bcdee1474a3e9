"""Headline metrics: as funnel.yml names them, and as the page shows them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from funnelkit._core.errors import DefinitionError
from funnelkit._core.measure import Measure
from funnelkit.metrics import Headline, Scorecard
from funnelkit.metrics.headlines import Line
from funnelkit.report.config import load_config
from funnelkit.report.page.markup import plain
from funnelkit.report.page.sections import scorecard
from funnelkit.report.page.sheets import sheets_of
from funnelkit.report.page.views.scores import card_of
from tests.report.literal_facts import HOSTILE, facts

START = "stages: [lead, opportunity, won]\nid: id\n"


def config(tmp_path: Path, text: str) -> tuple[Headline, ...]:
    file = tmp_path / "funnel.yml"
    file.write_text(START + text, encoding="utf-8")
    return load_config(file).headlines


def test_targets_are_numbers_or_percentages(tmp_path: Path) -> None:
    found = config(
        tmp_path,
        """
headline:
  - metric: win_rate
    target: 25 %
    owner: Head of Sales
    by: 2026-12-31
  - {metric: won_value, target: 250000}
  - metric: new_leads
""",
    )
    assert found[0] == Headline(
        metric="win_rate", target=0.25, owner="Head of Sales", by=dt.date(2026, 12, 31)
    )
    assert [one.target for one in found[1:]] == [250_000, None]
    assert config(tmp_path, "") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- {metric: winrate}", "line 4: `headline[1].metric` is not known: 'winrate'. Did you"),
        ("- {target: 5}", "`headline[1].metric` is missing; known: new_leads"),
        ("- {metric: win_rate, target: 25}", "a share between 0 and 1; got 25. Did you mean 0.25?"),
        ("- {metric: win_rate, target: lots}", "a plain number such as 250000, or 25 %"),
        ("- {metric: win_rate, targte: 5 %}", "`headline[1].targte` is not known"),
        ("- {metric: win_rate}\n  - {metric: win_rate}", "'win_rate' stands there twice"),
        ("- {metric: win_rate, by: soon}", "a day such as 2026-10-31"),
    ],
)
def test_mistakes_have_their_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        config(tmp_path, f"headline:\n  {text}\n")
    assert words in str(caught.value)


def test_ranges_of_one_s_own(tmp_path: Path) -> None:
    file = tmp_path / "funnel.yml"
    text = "ranges:\n  lead -> opportunity: 2 to 4.5 %\n  opportunity -> won: .25\n"
    file.write_text(START + text, encoding="utf-8")
    found = load_config(file).ranges
    assert found == {
        "lead -> opportunity": (0.02, pytest.approx(0.045)),
        "opportunity -> won": (0.25, 0.25),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lead: 20 %", "`ranges.lead` is no step; write one as `lead -> mql`"),
        ("lead -> oportunity: 20 %", "names no stage: 'oportunity'. Did you mean `opportunity`"),
        ("lead -> won: lots", "a range such as 20 to 40 %, or 25 %; got 'lots'"),
        ("lead -> won: 40 to 20 %", "`low` must not exceed `high`"),
        ("lead -> won: 20", "a share lies between 0 and 1; got 20. Did you mean 0.2?"),
    ],
)
def test_mistakes_in_ranges_have_their_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "funnel.yml"
    file.write_text(f"{START}ranges:\n  {text}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="line 4") as caught:
        load_config(file)
    assert words in str(caught.value)


def line(
    metric: str, *, value: float, ends: tuple[float, float], target: float | None, verdict: str,
    unit: str = "share", owner: str | None = None, n: float = 500.0,
) -> Line:  # fmt: skip
    def one(number: float) -> np.ndarray:
        return np.array([[number]])

    measure = Measure(
        name=metric, definition="won / leads", unit=unit, numerator=one(float("nan")),
        denominator=one(n), numerator_name="won", denominator_name="leads", given=one(value),
        low=one(ends[0]), high=one(ends[1]), periods=("2018-05",),
    )  # type: ignore[arg-type]  # fmt: skip
    asked = Headline(metric=metric, target=target, owner=owner)
    return Line(headline=asked, kind="lagging", now=measure, before=0.1, verdict=verdict)  # type: ignore[arg-type]


def words(text: object) -> str:
    return plain(str(text)).replace("\u202f", " ").replace("\u2013", "-")


def test_the_page_says_what_is_reached_and_what_is_open() -> None:
    card = Scorecard(
        month="2018-05",
        whole=True,
        lines=(
            line("close_rate", value=0.1, ends=(0.06, 0.16), target=0.12, verdict="open",
                 owner=HOSTILE),
            line("won_deals", value=122, ends=(101, 146), target=200, verdict="not reached",
                 unit="count"),
            line("win_rate", value=0.3, ends=(0.1, 0.6), target=0.2, verdict="open", n=8),
        ),
        missing=("No won value: the funnel names no `value`.",),
    )  # fmt: skip
    section = scorecard.section(facts(card=card))
    assert section.title == "0 of 3 targets reached, 1 clearly missed, 2 cannot be told yet"
    text = words(section.html())
    assert "10.0 %" in text
    assert "6.0 to 16.0 %" in text
    assert "cannot be told yet" in text
    assert "too few to tell" in text
    assert "30.0 %" not in text  # of 8 leads
    assert "No won value" in text
    assert HOSTILE not in str(section.html())
    sheet = sheets_of(facts(card=card))["Headlines"].frame
    assert sheet["verdict"].tolist() == ["open", "not reached", "open"]


def test_without_targets_it_says_how_to_name_them() -> None:
    card = Scorecard(
        month="2018-05", whole=True,
        lines=(line("close_rate", value=0.1, ends=(0.06, 0.16), target=None, verdict="none"),),
    )  # fmt: skip
    section = scorecard.section(facts(card=card))
    assert "none of them with a target" in section.title
    assert "Verdict" not in words(section.html())
    assert "headline: [{metric: win_rate" in words(section.html())
    assert "Name the few that matter" in words(scorecard.section(facts()).html())


def test_a_rate_of_the_page_is_the_same_on_the_scorecard() -> None:
    import pandas as pd

    import funnelkit as fk
    from funnelkit.report.page.gather import gather
    from funnelkit.report.page.source import opened

    rows = [
        {"id": f"{month} {k}", "lead": f"{month}-03", "won": f"{month}-20" if k < wins else None}
        for month, wins in (("2026-01", 30), ("2026-02", 24), ("2026-03", 20))
        for k in range(100)
    ]
    leads = fk.from_frame(
        pd.DataFrame(rows), fk.Funnel(["lead", "won"], id="id"), as_of="2026-03-31"
    )
    found = gather(opened(leads=leads), month="2026-03")
    assert found.card is not None
    (rate,) = [one for one in found.card.lines if one.headline.metric == "close_rate"]
    newest = found.cohorts.rows[-1]  # type: ignore[union-attr]
    assert rate.now.value == newest.expected.value
    low, high = rate.now.confidence_interval()
    assert (low[0, 0], high[0, 0]) == tuple(newest.expected[1:])  # type: ignore[index]
    mine = [Headline(metric="close_rate", target=0.05)]
    judged = card_of(leads, found.setting, found.cohorts, mine).lines[0]
    assert judged.verdict == "reached"
    assert replace(judged, verdict="open").verdict == "open"


def test_a_share_of_too_young_leads_is_not_told() -> None:
    wide = line("win_rate", value=0.5, ends=(0.2, 0.9), target=0.4, verdict="open")
    none = line("close_rate", value=float("nan"), ends=(float("nan"),) * 2, target=0.4,
                verdict="open")  # fmt: skip
    card = Scorecard(month="2018-05", whole=True, lines=(wide, none))
    text = words(scorecard.section(facts(card=card)).html())
    assert "50.0 %" not in text
    assert "20.0 to 90.0" not in text
    assert text.count("cannot be told yet") >= 2
    assert "0 of 2 targets reached, 2 cannot be told yet" in text
