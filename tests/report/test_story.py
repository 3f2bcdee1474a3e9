"""Headline, why and what to do: findings with their limit, no cause and no action invented."""

import datetime as dt
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit._core.dates import Calendar
from funnelkit.report.page import story
from funnelkit.report.page.changes import Estimate
from funnelkit.report.page.facts import Alike, Ever, Facts, Missing, Months, Tally
from funnelkit.report.page.markup import plain
from funnelkit.report.page.reasons import what_to_do
from funnelkit.report.page.sections import (
    adjusted,
    cohorts,
    headline,
    quality,
    segments,
    tested,
    timing,
)
from funnelkit.report.page.terms import Terms
from tests.report import literal_facts as literal


def told(facts: Facts) -> dict[str, str]:
    return {
        name: " ".join(plain(words) for words in sentences)
        for name, sentences in story.opening(facts).story
    }


def with_counts(won: int, before_won: int, entered: int, before_entered: int) -> Facts:
    month = literal.MONTHS[-1]
    return literal.facts(
        months=Months(
            tallies={month - 1: Tally(entered=before_entered, won=before_won),
                     month: Tally(entered=entered, won=won)},
            before=Tally(entered=before_entered, won=before_won),
            before_name="April",
            no_money="none",
        )
    )  # fmt: skip


def test_the_headline_is_the_months_finding() -> None:
    assert story.headline(literal.facts()) == (
        "Wins fell by 41\u202f% in May; no clear change in new leads"
    )


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((100, 100, 500, 510), "No clear change in May, neither in wins nor in new leads"),
        ((100, 100, 900, 500), "New leads rose by 80\u202f% in May; no clear change in wins"),
        ((200, 100, 900, 500), "Wins rose by 100\u202f% in May, and new leads rose by 80\u202f%"),
        ((50, 100, 900, 500), "Wins fell by 50\u202f% in May, while new leads rose by 80\u202f%"),
        ((50, 100, 250, 500), "Wins and new leads fell by 50\u202f% in May"),
        ((30, 0, 500, 0), "Wins and new leads rose from none in May"),
        ((2, 18, 500, 510), "Wins fell from 18 to 2 in May; no clear change in new leads"),
        ((0, 0, 0, 0), "No new leads and no wins in May"),
    ],
)
def test_headlines_of_all_kinds(counts: tuple[int, int, int, int], words: str) -> None:
    assert story.headline(with_counts(*counts)) == words


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 900), st.integers(0, 900))
def test_a_direction_is_named_only_where_the_interval_allows_it(
    won: int, before: int, entered: int, earlier: int
) -> None:
    facts = with_counts(won, before, entered, earlier)
    wins, leads = story.moved(facts)
    assert wins is not None
    assert leads is not None
    said = story.headline(facts)
    if won or entered:
        assert ("rose" in said or "fell" in said) == (wins.clear or leads.clear)
    else:
        assert said == "No new leads and no wins in May"
    reasons = told(facts)["Why"]
    if not wins.clear:
        assert "no cause" in reasons or "no change to explain" in reasons
    else:
        assert reasons.endswith("where the change sits, not its cause.")


def test_the_story_of_may_2018() -> None:
    words = told(literal.facts())
    assert (
        "122 wins against 207 in April, a fall of 41\u202f% (26 to 53\u202f%)"
        in (words["What happened"])
    )
    assert (
        "5.4\u202f% are won so far, and at the usual pace about 10.0\u202f%"
        in words["What happened"]
    )
    assert "70 came from its own leads (129 in April)" in words["Why"]
    assert "volume alone does not account for it" in words["Why"]
    assert words["What to do"].startswith("Ask what held wins up in May before changing")
    young, apart = story.opening(literal.facts()).further
    assert "from 23 July 2018 on" in young
    assert apart == "Look into what sets social and unknown apart."


def test_notes_of_the_audit_are_no_action() -> None:
    calm = replace(literal.facts().quality, findings=(literal.finding(severity="note"),))
    assert "audit" not in told(literal.facts(quality=calm))["What to do"]
    many = (literal.finding(severity="error", what="40 rows have no id: a, b."), literal.finding())
    loud = replace(literal.facts().quality, findings=many[::-1])
    assert told(literal.facts(quality=loud))["What to do"].startswith(
        "Settle 1 error of the audit before quoting any figure, first this: 40 rows have no id."
    )


def test_without_an_earlier_month_nothing_is_compared() -> None:
    months = replace(literal.facts().months, before=None)
    facts = literal.facts(months=months)
    assert story.headline(facts) == "1,303 new leads and 122 wins in May"
    assert told(facts)["Why"] == "One month cannot show a change, so there is none to explain yet."
    assert (
        "nothing yet to compare"
        in headline.section(literal.facts(months=months, **literal.empty())).title
    )


def test_a_month_in_progress_says_so() -> None:
    facts = literal.facts(setting=literal.setting(as_of=dt.date(2018, 5, 20)))
    assert "in May so far" in story.headline(facts)
    assert "The data end on 20 May 2018" in told(facts)["What happened"]
    assert dict(story.opening(facts).meta)["Period"] == "1 to 20 May 2018"


def test_at_most_five_sentences_stand_on_top_and_further_checks_behind_a_fold() -> None:
    noted = replace(
        literal.setting(as_of=dt.date(2018, 5, 20)), changes=((dt.date(2018, 5, 2), "x"),)
    )
    loud = replace(literal.facts().quality, findings=(literal.finding(severity="error"),) * 2)
    for facts in (
        literal.facts(),
        literal.facts(setting=noted),
        literal.facts(setting=noted, quality=loud),
        with_counts(50, 100, 500, 500),
        with_counts(0, 0, 0, 0),
    ):
        top = story.opening(facts)
        sentences = [words for _, said in top.story for words in said]
        assert 3 <= len(sentences) <= 5
        assert not [words for words in sentences if re.search(r"[.!?] [A-Z\d]", plain(words))]
        every = what_to_do(facts, story.moved(facts)[0])
        assert [*top.story[-1][1], *top.further] == every
        page = str(top.html())
        assert ('<details class="further">' in page) == bool(top.further)
        assert all(plain(words) in plain(page) for words in top.further)


def test_a_fiscal_year_names_its_quarter() -> None:
    calendar = Calendar(fiscal_year_start=2, week_start="sunday")
    meta = dict(story.opening(literal.facts(setting=literal.setting(calendar=calendar))).meta)
    assert meta["Fiscal quarter"] == "FY2019 Q2"
    assert "Fiscal quarter" not in dict(story.opening(literal.facts()).meta)


def test_a_young_cohort_is_not_judged() -> None:
    view = literal.cohorts()
    rows = (*view.rows[:-1], replace(view.rows[-1], maturity=0.1))
    facts = literal.facts(cohorts=replace(view, rows=rows))
    assert (
        "May\u2019s leads are too young to judge; of April\u2019s" in told(facts)["What happened"]
    )
    assert adjusted.section(facts).title == (
        "May is too young to tell; expect about 13.8\u202f% from April"
    )


def test_an_interval_that_covers_more_than_half_of_all_shares_tells_nothing() -> None:
    view = literal.cohorts()
    last = view.rows[-1]
    assert last.told
    assert not replace(last, expected=Estimate(0.81, 0.02, 1.0)).told
    assert replace(last, expected=Estimate(0.81, 0.55, 1.0)).told


def test_titles_are_findings_with_their_limit() -> None:
    facts = literal.facts()
    assert adjusted.section(facts).title == (
        "May stands at 5.4\u202f%, but is young: expect about 10.0\u202f%"
    )
    assert cohorts.section(facts).title == "Wins within 30 days rose from January to April"
    assert segments.section(facts).title == (
        "Unknown and (blank) lie above the 12.6\u202f% of all; social and email below"
    )
    assert timing.section(facts).title.startswith("Half of the wins by day 150 come within 14 days")
    assert headline.section(facts).title == (
        "Wins and the expected rate down; no clear change in new leads or the 30-day rate"
    )
    assert quality.section(facts).title == (
        "1 row set aside, 2,002 early leads left out of rates and no usable amounts"
    )


def test_a_segment_that_its_interval_does_not_clear_is_not_named() -> None:
    even = {"web": (500, 63), "event": (400, 50), "referral": (30, 6)}
    title = segments.section(literal.facts(segments=literal.segments(even))).title
    assert title == "No origin lies clearly apart from the 12.6\u202f% of all"


def test_the_check_on_ourselves_says_when_it_failed() -> None:
    words = plain(adjusted.section(literal.facts()).html())
    assert "was expected to reach 18.7\u202f% (16.0 to 21.8\u202f%) by day 90" in words
    assert "outside the first figure" in words
    earlier = replace(literal.cohorts().earlier, now=literal.cohorts().earlier.then)
    held = literal.facts(cohorts=replace(literal.cohorts(), earlier=earlier))
    assert "interval held" in plain(adjusted.section(held).html())


def test_the_back_test_says_how_far_off_and_how_many_intervals_held() -> None:
    facts = literal.facts()
    made = tested.section(facts)
    assert made.title == ("Expected rates would have been off by 1.7 points, rates so far by 4.3")
    assert "1 of 2 held what came" in made.lead
    assert "off by 1.9 points" in made.lead
    words = plain(made.html())
    assert "Segments are as exported." in words
    assert "9.8\u202f% (outside)" in words
    worse = replace(literal.tested(), off=5.0)
    made = tested.section(literal.facts(tested=worse))
    assert made.title == (
        "Rates so far would have been off by 4.3 points, expected ones by 5.0 points"
    )
    assert "read expected rates with care" in made.lead


@pytest.mark.parametrize(
    ("verdict", "high", "words"),
    [
        ("measured", 0.15, "About 13.0\u202f% (12.0 to 15.0\u202f%) are won in the end, by the"),
        ("extrapolated", 0.15, "Beyond day 150 there is only a curve to go by: 13.0\u202f%"),
        ("bound only", 0.4, "too early to say: at most 40.0\u202f%."),
        ("bound only", 1.0, "too early to say: no limit can be given."),
    ],
)
def test_what_comes_in_the_end_is_told_as_far_as_the_data_carry_it(verdict, high, words) -> None:
    ever = Ever(
        family="log-normal",
        estimate=Estimate(0.13, 0.12, high),
        verdict=verdict,
    )
    lead = timing.section(literal.facts(curve=replace(literal.curve(), ever=ever))).lead
    assert words in lead
    assert "Nothing is claimed" not in lead


@pytest.mark.parametrize(
    ("level", "pace", "words"),
    [
        (0.17, 0.4, "No sign that the months differ (log-rank p = 0.170): one curve holds."),
        (0.17, 1e-5, "differ by more than chance in how fast they convert (p < 0.001): one curve"),
        (0.012, 0.4, "by more than chance in how many convert (p = 0.012): one curve"),
        (0.012, 1e-5, "in how many convert (p = 0.012) and how fast (p < 0.001): one curve"),
    ],
)
def test_months_that_differ_are_told_beside_the_pooled_curve(level, pace, words) -> None:
    curve = replace(literal.curve(), alike=Alike(level=level, pace=pace))
    assert words in timing.section(literal.facts(curve=curve)).lead


def test_other_stages_bring_their_own_words() -> None:
    terms = Terms("mql", "customer", ("mql", "customer"))
    facts = literal.facts(setting=literal.setting(terms=terms))
    assert story.headline(facts) == (
        "Customers fell by 41\u202f% in May; no clear change in new MQLs"
    )
    assert "5.4\u202f% are converted so far" in told(facts)["What happened"]


def test_a_missing_view_is_told_and_not_drawn() -> None:
    facts = literal.facts(**literal.empty("It needs at least 20 leads."))
    for section in (adjusted, cohorts, timing, tested, segments):
        html = section.section(facts).html()
        assert "This panel needs more." in html
        assert "It needs at least 20 leads." in html
        assert "<svg" not in html
    notes = headline.section(facts).html()
    assert notes.count("It needs at least 20 leads.") == 1
    assert isinstance(facts.window, Missing)
