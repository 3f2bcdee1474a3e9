"""Time to win: the lag curve with its band and the leads still followed."""

from __future__ import annotations

from funnelkit._core import display
from funnelkit.report.page import wording
from funnelkit.report.page.changes import share_change
from funnelkit.report.page.charts.curve import age_ticks, curve_chart
from funnelkit.report.page.charts.svg import figure
from funnelkit.report.page.charts.writing import Labels
from funnelkit.report.page.facts import YOUNG, Alike, Curve, Facts, Line, Missing, Setting
from funnelkit.report.page.markup import Html
from funnelkit.report.page.section import DataTable, Section, needs
from funnelkit.report.page.terms import capital

_NAMED = (30, 90)


def section(facts: Facts) -> Section:
    """Return the section of the lag curve."""
    curve, setting = facts.curve, facts.setting
    eyebrow = f"Time to {setting.terms.win}"
    if isinstance(curve, Missing):
        return Section(
            key="timing",
            eyebrow=eyebrow,
            title=f"How long a {setting.terms.win} takes is not known yet",
            body=(needs(curve.needs),),
        )
    return Section(
        key="timing",
        eyebrow=eyebrow,
        title=title_of(curve, setting),
        lead=_lead(curve, setting),
        body=(_figure(curve, setting),),
        tables=(_table(curve, setting),),
    )


def title_of(curve: Curve, setting: Setting) -> str:
    """Return by which age half of what is seen has come, and when nine tenths have."""
    horizon = curve.ages[-1]
    last = curve.rate[-1]
    if curve.half_day is None or not last:
        return f"No {setting.terms.win} has come yet by day {horizon}"
    late = next(age for age, rate in zip(curve.ages, curve.rate, strict=True) if rate >= 0.9 * last)
    if not late:
        return f"Nearly all {setting.terms.wins} by day {horizon} come on the day of entry"
    half = f"within {wording.days(curve.half_day)}" if curve.half_day else "on the day of entry"
    return (
        f"Half of the {setting.terms.wins} by day {horizon} come {half}, nine tenths by day {late}"
    )


def _lead(curve: Curve, setting: Setting) -> str:
    horizon = curve.ages[-1]
    sentences = []
    age = next((each for each in reversed(_NAMED) if each < horizon), None)
    if age is not None and curve.rate[-1]:
        reached = wording.rate_in_words(curve.at(age))
        share = wording.whole_percent(curve.share_by(age))
        sentences.append(
            f"By day {age} all months together have reached {reached}, {share} of what they reach "
            f"by day {horizon}."
        )
    sentences += [words for line in curve.others if (words := _beside(line, curve, setting))]
    if curve.alike is not None:
        sentences.append(_together(curve.alike, setting))
    sentences.append(_beyond(curve, setting))
    return " ".join(sentences)


def _together(alike: Alike, setting: Setting) -> str:
    """Return whether one curve holds for all months."""
    level, pace = (value < 1 - setting.confidence_level for value in (alike.level, alike.pace))
    if not level and not pace:
        tested = f"log-rank {display.pvalue(alike.level)}"
        return f"No sign that the months differ ({tested}): one curve holds."
    how = {
        (True, True): f"in how many convert ({display.pvalue(alike.level)}) and how fast",
        (True, False): "in how many convert",
        (False, True): "in how fast they convert",
    }[level, pace]
    tested = display.pvalue(alike.pace if pace else alike.level)
    return (
        f"The months differ by more than chance {how} ({tested}): one curve for all is an average, "
        "and a young month may not keep to it."
    )


def _beyond(curve: Curve, setting: Setting) -> str:
    """Return what is known of the time after the last age."""
    ever, horizon = curve.ever, curve.ages[-1]
    if ever is None:
        return f"Nothing is claimed beyond day {horizon}."
    if ever.verdict == "bound only":
        most = display.percent(ever.estimate.high)
        limit = "no limit can be given" if ever.estimate.high >= 1 else f"at most {most}"
        return f"How many are {setting.terms.done} in the end is too early to say: {limit}."
    said = f"{wording.rate_in_words(ever.estimate)} are {setting.terms.done} in the end"
    by = f"by the {ever.family} curve, which fits best"
    if ever.verdict == "measured":
        return f"About {said}, {by}."
    return f"Beyond day {horizon} there is only a curve to go by: {said}, extrapolated {by}."


def _beside(line: Line, curve: Curve, setting: Setting) -> str | None:
    """Return how a month's own line lies to all months together at the age that it vouches for."""
    age, estimate = line.mark
    change = share_change(curve.at(age), estimate)
    if change is None or curve.share_by(age) < YOUNG:
        return None
    young = ", still immature," if age > line.sure_to else ""
    return (
        f"{setting.named(line.cohort)}{young} stands at {wording.rate_in_words(estimate)} by day "
        f"{age}, {wording.change_of_share(change, 'all months together')}."
    )


def _figure(curve: Curve, setting: Setting) -> Html:
    terms, horizon = setting.terms, curve.ages[-1]
    named = {
        age: f"{display.percent(curve.at(age).value)} by day {age}"
        for age in _NAMED
        if age <= 0.9 * horizon and curve.share_by(age) >= YOUNG and _roomy(age, curve)
    }
    end = display.percent(curve.rate[-1])
    labels = Labels(
        named=named,
        half=f"half by day {curve.half_day}",
        followed=f"{capital(terms.leads)} followed that long",
        lines=tuple(
            f"{setting.named(line.cohort)}{' (immature)' if line.young else ''}"
            for line in curve.others
        ),
        end=end,
    )
    points = sorted({*age_ticks(horizon, most=6), *named})
    label = (
        f"Lag curve: share {terms.done} by days since entry, all months together. "
        + ", ".join(f"day {age} {wording.rate(curve.at(age))}" for age in points if age)
        + "."
    )
    dashes = []
    if curve.sparse_from is not None:
        dashes.append(f"fewer than one {terms.lead} in ten followed that long")
    if any(line.sure_to < line.ages[-1] for line in curve.others):
        dashes.append("a cohort of which not all are that old")
    dashed = f" Dashed: {display.listed(dashes, last='or')}." if dashes else ""
    caption = (
        f"Share of {terms.leads} {terms.done} (%) by days since entry. "
        f"Shaded: {setting.level} band.{dashed}"
    )
    return figure(curve_chart(curve, labels, label=label), caption=caption)


def _roomy(age: int, curve: Curve) -> bool:
    """Whether the label of an age does not stand on that of the age by which half has come."""
    return curve.half_day is None or abs(age - curve.half_day) > 0.04 * curve.ages[-1]


def _table(curve: Curve, setting: Setting) -> DataTable:
    horizon = curve.ages[-1]
    ages = (0, 1, 3, 7, 14, 21, 30, 45, 60, 90, 120, 150, 180, 270, 360, 540, 720)
    kept = [age for age in ages if age < horizon] + [horizon]
    rows = [
        [
            f"Day {age}",
            display.percent(curve.at(age).value),
            display.percent_range(curve.at(age).low, curve.at(age).high, words=True),
            display.count(curve.followed[curve.ages.index(age)]),
        ]
        for age in kept
    ]
    columns = (
        "Age",
        f"Share {setting.terms.done}",
        f"{setting.level} band",
        "Followed that long",
    )
    return DataTable("lag curve", "All months together", columns, rows)
