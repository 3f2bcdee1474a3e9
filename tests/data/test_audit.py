"""The audit, rule by rule, against small exports counted by hand and dirt that is known."""

import datetime as dt
import math

import ibis
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.data.finding import SEVERITIES
from funnelkit.data.rules.recording import SURE
from funnelkit.data.simulate import simulate_frame

FUNNEL = fk.Funnel(["lead", "mql", "won"], exits=["lost"], id="id", value="amount")


def read(rows, funnel=FUNNEL, as_of="2026-12-31", **options):
    """Return leads from rows, each a mapping; missing columns are blank."""
    frame = pd.DataFrame(rows)
    for column in ("id", "lead", "mql", "won", "lost", "amount", *funnel.segments):
        if column not in frame:
            frame[column] = [f"r{k}" for k in range(len(frame))] if column == "id" else None
    return fk.from_frame(frame, funnel, as_of=as_of, **options)


def audited(rows, funnel=FUNNEL, as_of="2026-12-31", **options):
    """Return rule -> finding."""
    findings = fk.audit(read(rows, funnel, as_of, **options)).findings
    rules = [finding.rule for finding in findings]
    assert len(rules) == len(set(rules)), rules
    return {finding.rule: finding for finding in findings}


def day(number):
    return (dt.date(2026, 1, 1) + dt.timedelta(days=number)).isoformat()


# --- the result ------------------------------------------------------------------------


def test_worst_first_and_every_view():
    rows = [{"lead": "2026-01-05", "won": "2026-01-04", "amount": -5}, {"lead": "2026-01-06"}]
    audit = fk.audit(read(rows))
    order = [SEVERITIES.index(finding.severity) for finding in audit.findings]
    assert order == sorted(order)
    assert audit.records == audit.rows == 2
    assert audit.errors == ()
    assert [finding.rule for finding in audit.warnings] == [
        "stages_out_of_order",
        "no_exits",
        "amounts_negative",
    ]
    frame = audit.to_frame()
    assert frame.columns.tolist() == [
        "rule",
        "severity",
        "count",
        "share",
        "examples",
        "what",
        "remedy",
    ]
    assert frame["examples"].tolist()[0] == "r0"
    assert audit.summary() == (
        "3 warnings and 1 note in 2 records from 2 rows read, as of 2026-12-31. First: 1 record "
        "has a stage dated before the one it follows: `won` 1 day before `lead`."
    )
    first, *more = repr(audit).splitlines()[2:7]
    assert first == f"\u25b2 warning: {audit.findings[0].what}"
    assert more == [
        "    -> Such a time was taken to the day of the stage before it, and counts as not observed",  # noqa: E501
        '       (`out_of_order="clip"`).',
        "    stages_out_of_order: 1 (50.0\u202f%), for example r0",
        "\u25b2 warning: No record has left through `lost`: never cannot be told from not yet.",
    ]  # fmt: skip
    page = audit._repr_html_()
    assert page.count("<tr>") == 1 + len(audit.findings)
    assert "\u25b2 warning</span>" in page
    assert "<code>won</code> 1 day before <code>lead</code>" in page


def test_only_leads_are_audited():
    with pytest.raises(ArgumentError) as refused:
        fk.audit([1, 2])
    assert str(refused.value) == "`leads` must be Leads; got list."


def test_names_are_escaped_in_html():
    funnel = fk.Funnel(["lead", "won"], id="id", segments=["source"])
    rows = [{"lead": "2026-01-05", "source": name} for name in ("<b>x</b>", "<b> x </b>", None)]
    page = fk.audit(read(rows, funnel))._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_nothing_found():
    rows = [{"lead": "2026-12-05", "lost": "2026-12-20"}, {"lead": "2026-12-06", "won": day(350)}]
    rows += [{"lead": "2026-12-09"}]
    funnel = fk.Funnel(["lead", "won"], exits=["lost"], id="id")
    audit = fk.audit(read(rows, funnel))
    assert audit.findings == ()
    assert audit.summary() == ("Nothing was found in 3 records from 3 rows read, as of 2026-12-31.")


def test_no_personal_value_is_an_example():
    funnel = fk.Funnel(["lead", "won"], id="mail", columns={}, personal=["mail", "name"])
    rows = [
        {"mail": "canary@example.org", "name": "Canary", "lead": "2026-02-05", "won": day(1)},
        {"mail": "canary@example.org", "name": "Canary", "lead": "2026-02-06"},
    ]
    audit = fk.audit(fk.from_frame(pd.DataFrame(rows), funnel, as_of="2026-12-31"))
    assert {"ids_repeated", "stages_out_of_order"} <= {one.rule for one in audit.findings}
    assert "anary" not in repr(audit) + audit.to_frame().to_csv()


# --- stages ----------------------------------------------------------------------------


def test_pairs_out_of_order():
    found = audited(
        [
            {"lead": day(9), "mql": day(5), "won": day(7)},
            {"lead": day(9), "mql": day(12), "won": day(4)},
            {"lead": day(9), "mql": day(12), "won": day(14)},
        ]
    )["stages_out_of_order"]
    assert (found.count, found.examples) == (2, ("r0", "r1"))
    assert found.what == (
        "2 records have a stage dated before the one it follows: `mql` 4 days before `lead` (1), "
        "`won` 2 to 5 days before `lead` (2) and `won` 8 days before `mql` (1)."
    )


def test_most_records_in_the_other_order():
    rows = [{"lead": day(9), "mql": day(5)}] * 6 + [{"lead": day(9), "mql": day(12)}] * 5
    found = audited(rows)
    assert found["stage_order"].count == 6
    assert found["stage_order"].share == pytest.approx(6 / 11)
    few = [{"lead": day(9), "mql": day(5)}] * 5 + [{"lead": day(9), "mql": day(12)}] * 5
    assert "stage_order" not in audited(few)


def test_skipped_and_late_entries():
    found = audited(
        [
            {"lead": day(1), "won": day(3)},
            {"mql": day(1), "won": day(3)},
            {"mql": day(1)},
            {"won": day(1)},
            {"lead": day(1)},
        ]
    )
    skipped, late = found["stages_skipped"], found["first_stage_missing"]
    assert (skipped.severity, skipped.count, skipped.share) == ("note", 1, 0.2)
    assert skipped.what.endswith("before one that they reached: `mql` 1.")
    assert (late.severity, late.count, late.share) == ("warning", 3, 0.6)
    assert late.what == "3 records were never at `lead`; they first appear at `mql` 2 and `won` 1."
    assert late.examples == ("r1", "r2", "r3")


def test_the_current_stage_only():
    funnel = fk.Funnel(
        ["new", "offer", "won"],
        exits=["lost"],
        columns={"new": "created"},
        status="status",
        status_date="closed",
    )
    frame = pd.DataFrame(
        [("a", "new", "2026-01-01", None), ("b", "offer", None, "2026-09-01")],
        columns=["id", "status", "created", "closed"],
    )
    audit = fk.audit(fk.from_frame(frame, funnel, as_of="2026-05-31"))
    found = {finding.rule: finding for finding in audit.findings}
    current = found["current_stage_only"]
    assert (current.severity, current.count) == ("warning", 2)
    assert current.what == "`status` is the current stage only: `offer` has no day of entry."
    assert "the days from" not in current.remedy  # nothing has closed
    assert found["entries_undated"].examples == ("b",)
    assert found["close_date_planned"].what == (
        "`closed` of 1 record that is not closed is a plan (the last one 2026-09-01), and is not "
        "used."
    )


# --- outcomes --------------------------------------------------------------------------


def test_reopened_reversed_and_early_exits():
    found = audited(
        [
            {"lead": day(1), "lost": day(3), "won": day(9)},
            {"lead": day(1), "won": day(3), "lost": day(9)},
            {"lead": day(5), "lost": day(3)},
            {"lead": day(1)},
        ]
    )
    assert found["exits_reopened"].examples == ("r0",)
    assert found["exits_reopened"].what == "1 record was at a later stage again after an exit."
    assert found["wins_reversed"].examples == ("r1",)
    assert found["wins_reversed"].share == 0.5
    assert found["exit_before_entry"].examples == ("r2",)
    assert "open again" in found["exit_before_entry"].remedy


def test_no_exits():
    rows = [{"lead": day(1), "won": day(2)}, {"lead": day(1)}]
    assert audited(rows)["no_exits"].severity == "warning"
    assert audited(rows)["no_exits"].what == (
        "No record has left through `lost`: never cannot be told from not yet."
    )
    none = fk.Funnel(["lead", "mql", "won"], id="id")
    assert audited(rows, none)["no_exits"].severity == "note"
    assert "no_exits" not in audited([*rows, {"lead": day(1), "lost": day(3)}])


def test_closed_only_and_no_conversion():
    closed = audited([{"lead": day(1), "won": day(2)}, {"lead": day(1), "lost": day(2)}])
    assert closed["closed_only"].severity == "error"
    won = audited([{"lead": day(1), "won": day(2)}])["closed_only"]
    assert won.what == "Every one of 1 record is `won`; none is open."
    assert "no_conversion" in audited([{"lead": day(1)}, {"lead": day(1), "lost": day(2)}])
    assert {"closed_only", "all_lost", "no_conversion"}.isdisjoint(
        audited([{"lead": day(1)}, {"lead": day(1), "won": day(2)}])
    )


def test_open_records_beyond_any_closed_one():
    rows = [{"lead": day(k), "lost": day(k + 10)} for k in range(20)]
    rows += [{"lead": day(80)}, {"lead": day(89)}, {"lead": day(91)}]
    found = audited(rows, as_of=day(100))["open_beyond_closed"]
    assert (found.count, found.share) == (2, pytest.approx(2 / 3))
    assert found.what == (
        "2 open records are older than any was when it closed (10 days); the middle one of all "
        "open records is 11 days old."
    )
    assert found.examples == ("r20", "r21")
    assert "open_beyond_closed" not in audited(rows[1:], as_of=day(100))


# --- days ------------------------------------------------------------------------------


def test_dates_after_as_of():
    found = audited(
        [{"lead": day(1), "won": day(30), "lost": day(40)}, {"lead": day(9)}], as_of=day(8)
    )
    assert found["dates_after_as_of"].count == 3
    assert found["dates_after_as_of"].share == 0.75
    assert found["dates_after_as_of"].what == (
        "3 dates lie after 2026-01-09: `lead` 1, `won` 1 and `lost` 1."
    )


@pytest.mark.parametrize(("odd", "where"), [("1970-01-01", "before"), ("2081-04-02", "beyond")])
def test_days_far_off(odd, where):
    rows = [{"lead": day(k)} for k in range(100)] + [{"lead": odd}]
    found = audited(rows)["dates_far_off"]
    assert (found.severity, found.count, found.examples) == ("warning", 1, (odd,))
    assert found.what == f"1 date lies far {where} the rest."
    assert "dates_far_off" not in audited(rows[:-1])


def test_a_bulk_load():
    rows = [{"lead": day(50)}] * 15 + [{"lead": day(k)} for k in range(14)]
    found = audited(rows)["bulk_load"]
    assert found.what == (
        "15 of 29 records entered on one day, 2026-02-20: it looks like the day of an import."
    )
    assert "bulk_load" not in audited(rows[1:])


def recorded(early, later, hits, begin=100):
    """Return rows: so many early leads, later ones of which some convert after 10 days."""
    rows = [{"lead": day(begin - 30)}] * early
    rows += [
        {"lead": day(begin), "won": day(begin + (10 if hit else 200))}
        for hit in [True] * hits + [False] * (later - hits)
    ]
    return [{"lead": day(begin - 10), "won": day(begin)}, *rows]


def test_conversions_recorded_only_from_a_day_on():
    found = audited(recorded(50, 40, 4), as_of=day(300))["recorded_only_from"]
    assert found.severity == "warning"
    assert found.count == 51  # entered before that day
    assert found.examples == (day(100),)
    assert found.what.startswith(
        "`won` is recorded only from 2026-04-11 on, although 50 records have entered at least 30 "
        "days before, of which about 5 should have reached it by then."
    )
    assert found.remedy.startswith('Read with recorded_from="2026-04-11": ')
    assert "mark April 2026 as partial" in found.remedy


def test_silence_that_chance_may_give_is_not_reported():
    assert "recorded_only_from" not in audited(recorded(49, 40, 4), as_of=day(300))
    # The first leads of a young company, none of which had 30 days before the first win.
    rows = [{"lead": day(k), "won": day(k + 20) if k % 3 == 0 else None} for k in range(200)]
    assert "recorded_only_from" not in audited(rows, as_of=day(300))


def test_the_threshold_is_fewer_than_one_in_a_hundred():
    # The exact chance of no conversion among n is (1 - q)**n, largest for small q.
    for q in (0.001, 0.01, 0.1, 0.5):
        assert (1 - q) ** math.ceil(SURE / q) < 0.01


def test_a_slow_funnel_needs_a_longer_window():
    rows = [{"lead": day(k)} for k in range(0, 200, 2)]
    rows += [
        {"lead": day(200 + k), "won": day(200 + k + 80) if k % 4 == 0 else None} for k in range(100)
    ]
    rows += [{"lead": day(190), "won": day(200)}]
    found = audited(rows, as_of=day(400))["recorded_only_from"]
    assert "at least 90 days before" in found.what
    assert found.examples == (day(200),)


def test_a_stage_introduced_later_is_told_apart_from_the_close():
    rows = [
        {
            "lead": day(k),
            "mql": day(k + 3) if k + 3 >= 150 and k % 2 == 0 else None,
            "won": day(k + 9) if k % 3 == 0 else None,
        }
        for k in range(250)
    ]
    found = audited(rows, as_of=day(330))["recorded_only_from"]
    assert found.what.startswith("`mql` is recorded only from ")
    assert found.remedy.startswith("Was `mql` introduced then?")


def test_recorded_from_is_said():
    rows = recorded(50, 40, 4)
    found = audited(rows, as_of=day(300), recorded_from="2026-04-11")
    assert "recorded_only_from" not in found
    assert found["recorded_from"].what == (
        "51 records were left out of rates, having entered before 2026-04-11 (`recorded_from`)."
    )
    assert found["recorded_from"].remedy == "As asked, and mark April 2026 as partial."
    late = audited(
        rows, as_of=day(300), recorded_from="2026-04-11", before_recording="delayed_entry"
    )["recorded_from"]
    assert late.what == (
        "51 records that entered before 2026-04-11 (`recorded_from`) count as observed from that "
        "day."
    )


def test_small_and_partial_periods():
    rows = [{"lead": "2026-01-20"}] * 3
    rows += [{"lead": f"2026-{month:02}-15"} for month in (2, 3) for _ in range(40)]
    found = audited(rows, as_of="2026-03-20")
    assert found["first_cohort_small"].count == 3
    assert found["first_cohort_small"].what == "The first cohort, January 2026, has 3 records."
    assert found["period_partial"].what == "March 2026 is not whole: the data end on 2026-03-20."
    assert "first_cohort_small" not in audited(rows * 7, as_of="2026-03-31")
    begun = audited([{"lead": "2026-01-20"}] * 9 + rows, as_of="2026-03-31")["period_partial"]
    assert begun.what == "January 2026 is not whole: entries begin on 2026-01-20."


def test_entries_that_end_early():
    rows = [{"lead": day(k), "won": day(k + 150)} for k in range(0, 90, 3)]
    found = audited(rows, as_of=day(240))["entries_end"]
    assert found.examples == (day(87),)
    assert found.what == ("No record entered after 2026-03-29, while the data go on to 2026-08-29.")


# --- categories ------------------------------------------------------------------------

SOURCES = fk.Funnel(["lead", "won"], id="id", segments=["source", "region"])


def sources(*names):
    rows = [{"lead": "2026-01-05", "source": name, "region": "n"} for name in names]
    return audited(rows, SOURCES, as_of="2026-01-31")


@pytest.mark.parametrize(
    "word", ["unknown", "Unknown ", "N/A", "none", "NULL", "(not set)", "not_specified", "Select"]
)
def test_blank_beside_a_word_for_it(word):
    found = sources(None, "", word, word, "web")["blank_beside_placeholder"]
    shown = word.strip()
    assert (found.severity, found.count, found.share) == ("warning", 2, 0.4)
    assert found.examples == ("(blank)", shown)
    assert found.what == f'2 records have no `source`, beside the literal "{shown}" (2).'


def test_blank_beside_other():
    found = sources(None, "Other", "web")["blank_beside_placeholder"]
    assert found.examples == ("(blank)", "Other")
    assert "blank_beside_placeholder" not in sources("Other", "web")


def test_blanks_alone():
    assert sources(None, *["web"] * 9)["blank_segment"].severity == "note"
    assert sources(None, None, *["web"] * 3)["blank_segment"].severity == "warning"
    assert "blank_segment" not in sources("web")


def test_several_words_for_unknown():
    assert sources("unknown", "n/a", "web")["several_placeholders"].count == 2


def test_near_equal_names():
    found = sources("GTXPro", "GTX Pro", "GTX Pro", "gtx_pro", "Café", "cafe", "C++", "C", "web")
    near = found["near_equal_names"]
    assert near.examples == ("Café / cafe", "GTX Pro / GTXPro / gtx_pro")
    assert near.count == 3  # the two rarer of three, and one of two
    assert near.what == (
        "`source` has 2 names written in several ways; 3 records have a rarer one."
    )
    assert "near_equal_names" not in sources("web", "Web 2", "partner")


# --- money -----------------------------------------------------------------------------


def money(*amounts, **options):
    rows = [{"lead": day(1), "won": day(2), "amount": amount} for amount in amounts]
    return audited([*rows, {"lead": day(1), "amount": 7}], **options)


def test_amounts_unknown():
    assert money(0, 0)["amounts_unknown"].what == (
        "`amount` is 0 in all 2 won records that have it, as known on 2026-12-31."
    )
    assert money(0, 0)["amounts_unknown"].severity == "warning"
    assert money(None, None)["amounts_unknown"].what == (
        "No won record has `amount`, as known on 2026-12-31."
    )
    some = money(0, 0, 5)["amounts_unknown"]
    assert (some.severity, some.count, some.share) == ("note", 2, pytest.approx(2 / 3))
    assert "amounts_unknown" not in money(1, 5)


def test_amounts_as_known_on_that_day():
    rows = [
        {"lead": day(1), "won": day(2), "amount": 0},
        {"lead": day(1), "won": day(60), "amount": 50_000_000},
    ]
    leads = read(rows)
    then = {finding.rule: finding for finding in fk.audit(leads.at(day(30))).findings}
    assert then["amounts_unknown"].what == (
        "`amount` is 0 in all 1 won record that have it, as known on 2026-01-31."
    )


def test_extreme_amounts():
    assert "amounts_extreme" in money(10, 20, 30, 40, 50, 3501)  # the median is 35
    assert "amounts_extreme" not in money(10, 20, 30, 40, 50, 3499)
    found = money(*[10] * 5, 1001)["amounts_extreme"]
    assert (found.count, found.examples) == (1, ("r5",))
    assert found.what == (
        "1 amount in `amount` is more than 100 times the median of 10, up to 1,001: "
        "95.2\u202f% of all money won."
    )


def test_negative_amounts():
    found = money(5, -5, -6)["amounts_negative"]
    assert (found.count, found.examples) == (2, ("r1", "r2"))


# --- several files ---------------------------------------------------------------------


def test_ids_without_a_partner():
    leads = pd.DataFrame({"id": list("abcd"), "lead": [day(k) for k in range(4)]})
    deals = pd.DataFrame({"id": list("cdxy"), "won": [day(k + 20) for k in range(4)]})
    funnel = fk.Funnel(["lead", "won"], id="id")
    audit = fk.audit(fk.from_frame(leads, funnel, join=[deals], as_of="2026-12-31"))
    found = {finding.rule: finding for finding in audit.findings}
    deal, lead = found["ids_without_lead"], found["ids_without_deal"]
    assert (deal.severity, deal.count, deal.share) == ("warning", 2, 0.5)
    assert deal.examples == ("x", "y")
    assert deal.what == "2 ids of `join[0]` do not stand in `frame`: deals that never were leads."
    assert (lead.severity, lead.count, lead.share) == ("note", 2, 0.5)
    assert "first_stage_missing" not in found  # said once


def test_no_id_of_one_file_stands_in_the_other():
    leads = pd.DataFrame({"id": ["a", "b"], "lead": [day(1), day(2)]})
    deals = pd.DataFrame({"id": ["A", "B"], "won": [day(8), day(9)]})
    funnel = fk.Funnel(["lead", "won"], id="id")
    audit = fk.audit(fk.from_frame(leads, funnel, join=[deals], as_of="2026-12-31"))
    found = {finding.rule: finding for finding in audit.findings}
    assert found["ids_without_deal"].severity == "warning"
    assert "compare how the ids are written" in found["ids_without_deal"].remedy


# --- dirt that is known ----------------------------------------------------------------


def test_a_clean_export_has_no_warning_but_for_deals_that_never_were_leads():
    made = simulate_frame(2000, rng=4, direct=0.0, reopened=0.0, skipped=0.0)
    audit = fk.audit(fk.from_frame(made.frame, made.funnel, as_of=made.as_of))
    assert [finding.rule for finding in audit.errors + audit.warnings] == []


def test_every_kind_of_dirt_is_found_and_counted():
    made = simulate_frame(2000, rng=4, direct=0.0, reopened=0.0, skipped=0.0, dirt=0.05)
    rows = made.truth.dirt.groupby("kind").size()
    audit = fk.audit(fk.from_frame(made.frame, made.funnel, as_of=made.as_of))
    found = {finding.rule: finding for finding in audit.findings}
    assert {
        "blank_segment": found["blank_beside_placeholder"].count,
        "near_name": found["near_equal_names"].count,
        "out_of_order": found["stages_out_of_order"].count,
        "future_date": found["dates_after_as_of"].count,
        "missing_id": found["ids_missing"].count,
        "repeated_row": found["rows_repeated"].count,
        "repeated_id": found["ids_repeated"].count,
    } == rows.drop(["unknown_segment", "white_space", "zero_amount"]).to_dict()
    assert f'"unknown" ({rows["unknown_segment"]})' in found["blank_beside_placeholder"].what


def test_only_counts_travel_and_the_scans_are_few(monkeypatch):
    made = simulate_frame(3000, rng=6, months=4, dirt=0.05)
    leads = fk.from_frame(made.frame, made.funnel, as_of=made.as_of)
    lengths = []
    execute = ibis.expr.types.Expr.execute

    def counted(expression, *args, **options):
        result = execute(expression, *args, **options)
        lengths.append(len(result) if hasattr(result, "__len__") else 1)
        return result

    monkeypatch.setattr(ibis.expr.types.Expr, "execute", counted)
    audit = fk.audit(leads)
    assert len(audit.findings) > 8
    assert len(lengths) < 40
    days_and_steps = 4 * 31 * len(made.funnel.steps)
    assert max(lengths) < days_and_steps < 3000
