"""Defects planted one by one, each found with its true count, and not where it is not."""

import datetime as dt

import ibis
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError
from funnelkit.data.finding import Finding
from funnelkit.data.findings_shown import as_html, as_text
from funnelkit.data.rules.names import name_key as key
from tests.data.test_audit import FUNNEL, audited, day, read

PLAIN = fk.Funnel(["lead", "won"], exits=["lost"], id="id")
SOURCES = PLAIN.replace(segments=["source"])


def lives(number, every=3, days=10, **more):
    """Return leads on one day after the other, some of which are won, others lost."""
    return [
        {
            "lead": day(k),
            "won": day(k + days) if k % every == 0 else None,
            "lost": day(k + days + 5) if k % every == 1 else None,
            **{name: value(k) for name, value in more.items()},
        }
        for k in range(number)
    ]


# --- stages ------------------------------------------------------------------------------


def test_a_stage_that_hardly_anybody_has():
    rows = [{"lead": day(k), "won": day(k + 5)} for k in range(40)] + [{"lead": day(41)}]
    rows[0]["mql"] = day(2)
    found = audited(rows)["stage_hardly_filled"]
    assert (found.severity, found.count, found.share) == ("warning", 39, 39 / 40)
    assert found.what == "`mql` has a date in 1 of 40 records that went on beyond it."
    strict = audited(rows, FUNNEL.replace(skipped="strict"))["stage_hardly_filled"]
    assert strict.count == 39
    for k in range(4):
        rows[k]["mql"] = day(k)
    assert "stage_hardly_filled" not in audited(rows)


def test_a_stage_without_any_date():
    rows = [{"lead": day(k), "won": day(k + 5)} for k in range(20)]
    found = audited([*rows, {"lead": day(1)}, {"won": day(3)}])["stage_hardly_filled"]
    assert found.what == "`mql` has no date in any of 20 records that went on beyond it."


def test_stages_that_bear_one_date():
    rows = lives(60, every=2)
    for k in range(0, 60, 2):
        rows[k]["mql"] = rows[k]["lead"]
    found = audited(rows)["stages_same_day"]
    assert (found.severity, found.count, found.share) == ("note", 30, 1.0)
    for k in range(0, 60, 2):
        rows[k]["mql"] = day(k + 1)
    assert "stages_same_day" not in audited(rows)


def test_stages_entered_again():
    log = pd.DataFrame(
        [("a", "lead", day(1)), ("a", "won", day(4)), ("a", "won", day(9)), ("b", "lead", day(2))],
        columns=["id", "stage", "at"],
    )
    leads = fk.from_events(log, PLAIN, id="id", stage="stage", time="at", as_of=day(30))
    found = {one.rule: one for one in fk.audit(leads).findings}["stages_reentered"]
    assert (found.count, found.share) == (1, 0.5)
    assert found.what == "1 record entered a stage more than once: `won` 1."


def test_the_order_of_an_import_is_no_other_order_of_stages():
    rows = [{"lead": day(50), "mql": day(k)} for k in range(12)]
    remedy = audited(rows)["stage_order"].remedy
    assert remedy.startswith(f"Most records bear {day(50)} as the day of `lead`")
    rows = [{"lead": day(k + 3), "mql": day(k)} for k in range(12)]
    assert audited(rows)["stage_order"].remedy.startswith("Change the order of `stages`")


# --- outcomes ----------------------------------------------------------------------------


def test_records_closed_at_one_stroke():
    rows = lives(300)
    for row in rows[2:150:3]:
        row["lost"] = day(330)
    found = audited(rows)["mass_closing"]
    assert (found.count, found.share) == (50, 50 / 150)
    assert found.examples == (day(330),)
    assert "mass_closing" not in audited(lives(300))


def test_an_exit_that_nobody_takes():
    funnel = PLAIN.replace(exits=["lost", "spam"])
    found = audited([{**row, "spam": None} for row in lives(20)], funnel)["exit_unused"]
    assert (found.count, found.examples) == (1, ("spam",))
    # An exit before the entry is one all the same.
    early = PLAIN.replace(status="state", columns={"lead": "lead", "won": "won", "lost": "lost"})
    rows = [{**row, "lost": None, "state": "lead"} for row in lives(9)]
    rows[4] |= {"lost": day(2), "state": "lost"}
    found = audited(rows, early)
    assert "exit_before_entry" in found
    assert "exit_unused" not in found


# --- days --------------------------------------------------------------------------------


def test_whole_years():
    rows = lives(60)
    for k in (2, 5, 8, 11):
        rows[k]["won"] = str(dt.date.fromisoformat(rows[k]["lead"]).replace(year=2025))
    found = audited(rows)["durations_whole_years"]
    assert (found.count, found.examples) == (4, ("r11", "r2", "r5", "r8"))
    assert "chance would give about 0" in found.what
    for k in (2, 5, 8, 11):
        rows[k]["won"] = day(k - 380)
    assert "durations_whole_years" not in audited(rows)


def test_long_durations_bear_the_same_date_by_chance():
    rows = [{"lead": day(k % 300 - 1500), "won": day(k % 300 - 1500 + k)} for k in range(1000)]
    found = audited(rows, PLAIN, as_of=day(300))
    exact = sum(
        dt.date.fromisoformat(row["lead"]).replace(year=year).isoformat() == row["won"]
        for row in rows
        for year in (2022, 2023, 2024, 2025)
        if row["won"] != row["lead"]
    )
    assert exact >= 2
    assert "durations_whole_years" not in found


def test_an_as_of_long_after_the_last_event():
    found = audited(lives(60), as_of=day(110))["data_end_early"]
    assert (found.count, found.examples) == (110 - 73, (day(73),))
    assert found.remedy.endswith(f'give as_of="{day(73)}".')
    assert "entries_end" not in audited(lives(60), as_of=day(110))  # said once
    assert "data_end_early" not in audited(lives(60), as_of=day(80))


def test_outcomes_after_as_of():
    rows = lives(90, source=lambda k: "web")
    found = audited(rows, SOURCES, as_of=day(60))
    # won on days 10, 13 … 97, lost on 16, 19 … 103
    assert found["look_ahead"].count == 13 + 15
    assert "`source` stands as exported" in found["look_ahead"].remedy
    assert "look_ahead" not in audited(rows, SOURCES, as_of=day(200))
    assert "look_ahead" not in audited(rows, PLAIN, as_of=day(60))  # nothing that could tell


def test_an_as_of_before_most_of_the_data():
    found = audited(lives(90), as_of=day(20))["dates_after_as_of"]
    assert found.severity == "warning"
    assert found.remedy.endswith("is `as_of` right?")


def test_a_bulk_load_of_less_than_half():
    rows = lives(100) + [{"lead": day(40)} for _ in range(30)]
    found = audited(rows)["bulk_load"]
    assert (found.count, found.share, found.examples) == (31, 31 / 130, (day(40),))


def test_a_step_that_is_no_longer_recorded():
    rows = lives(200, every=2)
    for row in rows:
        if row["lost"] and row["lost"] > day(100):
            row["lost"] = None
    found = audited(rows, as_of=day(220))["recorded_only_until"]
    lost = [row["lost"] for row in rows if row["lost"]]
    assert found.examples == (max(lost),)
    silent = sum(max(lost) < row["lead"] <= day(220 - 30) for row in rows)
    assert found.count == silent
    assert "recorded_only_until" not in audited(lives(200, every=2), as_of=day(220))


# --- names -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Google", "google "),
        ("GTXPro", "GTX Pro"),
        ("Trade-fair", "trade_fair"),
        ("R&D", "R and D"),
        ("11-50", "11 \u2013 50"),
        ("Café", "cafe"),
    ],
)
def test_names_that_are_one(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C", "C++"),
        ("C", "C#"),
        ("A", "A-"),
        ("1-10", "110"),
        ("1.5", "15"),
        ("<50", ">50"),
        ("か", "が"),
    ],
)
def test_names_that_are_not_one(one, other):
    assert key(one) != key(other)


def named(*values, funnel=SOURCES, **options):
    rows = [{**row, "source": value} for row, value in zip(lives(len(values)), values, strict=True)]
    return audited(rows, funnel, as_of=day(200), **options)


@pytest.mark.parametrize("word", ["NIL", "--None--", "Select...", "-", "?", "keine Angabe", "TBD"])
def test_words_for_nothing(word):
    found = named(None, word, word, "web")["blank_beside_placeholder"]
    assert (found.count, found.examples) == (1, ("(blank)", word))


def test_a_flag_that_never_says_no():
    found = named("1", None, None)["flag_or_blank"]
    assert (found.count, found.share) == (2, pytest.approx(2 / 3))
    assert "flag_or_blank" not in named("1", "0", None)


def test_joined_names():
    found = named("cat", "wolf", "cat, wolf", "web / shop")["joined_names"]
    assert (found.count, found.examples) == (1, ('"cat, wolf"',))


def leaking(value, number=120):
    """Return what is found where a segment has one value for some records, and else "web"."""
    rows = lives(number, source=lambda k: value(k) or "web")
    return audited(rows, SOURCES, as_of=day(number + 60))


def test_a_name_that_gives_the_outcome_away():
    found = leaking(lambda k: "Signed" if k % 3 == 0 else None)["outcome_leak"]
    assert (found.count, found.share, found.examples) == (40, 40 / 120, ('"Signed"',))
    assert found.what.startswith(
        'Every record that has "Signed" as `source` is `won` (40 of 40; of all records it is '
    )
    lost = leaking(lambda k: "Too dear" if k % 3 == 1 else None)["outcome_leak"]
    assert 'has "Too dear" as `source` has left (40 of 40;' in lost.what


def test_a_reason_that_only_the_lost_have():
    rows = lives(120, source=lambda k: f"reason {k % 2}" if k % 3 == 1 else None)
    found = audited(rows, SOURCES, as_of=day(200))
    assert found["outcome_leak"].what.startswith("Every record that has any `source` has left (40")
    assert "blank_segment" not in found  # explained


def test_names_that_give_nothing_away():
    assert "outcome_leak" not in leaking(lambda k: "fair" if k % 5 == 0 else None)
    # A few wins in a row are chance; an old campaign that brought nothing is no leak.
    assert "outcome_leak" not in leaking(lambda k: "lucky" if k in (96, 99, 102, 105) else None)
    rows = lives(240, every=2, source=lambda k: "old" if k < 60 and k % 2 else "web")
    assert "outcome_leak" not in audited(rows, SOURCES, as_of=day(300))


def test_businesses_that_are_put_together():
    rows = lives(30, Pipeline=lambda k: "New" if k % 3 else "Renewals")
    funnel = PLAIN.replace(segments=["Pipeline"])
    found = audited(rows, funnel)["businesses_pooled"]
    assert (found.count, found.examples) == (10, ("New", "Renewals"))
    assert "businesses_pooled" not in audited(rows, funnel.replace(apart=["Pipeline"]))
    kinds = lives(30, source=lambda k: "New Business" if k % 3 else "Renewal")
    assert "businesses_pooled" in audited(kinds, SOURCES)


def test_columns_that_are_better_read():
    rows = lives(
        20, amount=lambda k: k, Pipeline=lambda k: "x", IsDeleted=lambda k: 0, CurrencyIsoCode=str
    )
    found = audited(rows, PLAIN.replace(value="amount"))
    assert found["businesses_unread"].what.startswith("`frame` has `Pipeline`, which the funnel")
    assert "`IsDeleted`" in found["deleted_unread"].what
    assert "added up in `amount`" in found["currency_unread"].what
    assert "currency_unread" not in audited(rows, PLAIN)


def test_names_against_a_list():
    rows = lives(4, source=lambda k: ["web", "Web ", "fair", None][k])
    leads = read(rows, SOURCES)
    audit = fk.audit(leads, known={"source": ["Web", "fair", "phone"]})
    found = {one.rule: one for one in audit.findings}
    assert found["names_unlisted"].count == 1
    assert found["names_unlisted"].examples == ("web (for Web?)",)
    assert found["names_unused"].examples == ("phone",)
    with pytest.raises(ArgumentError, match="`known`"):
        fk.audit(leads, known={"sorce": []})
    with pytest.raises(ArgumentError, match="must map `source` to a list of names; got 'web'"):
        fk.audit(leads, known={"source": "web"})


# --- money and accounts -------------------------------------------------------------------


def test_money_that_is_not_counted():
    rows = [
        {"id": "a", "lead": day(1), "won": day(5), "amount": 100},
        {"id": "b", "lead": day(1), "won": day(5), "lost": day(9), "amount": 30},
        {"id": "c", "lead": day(1), "won": day(90), "amount": 7},
        {"id": "d", "lead": day(1), "won": day(5), "amount": 500},
        {"id": "d", "lead": day(1), "won": day(5), "amount": 500},
    ]
    found = audited(rows, FUNNEL, as_of=day(60))["money_not_counted"]
    assert found.what == (
        "The won rows of the source hold 1,137 in `amount`; the money won counts 600. The "
        f"difference is 7 won after {day(60)}, 30 won and later left and 500 in further rows of "
        "one id, or won on a day that does not count."
    )
    assert found.share == pytest.approx(537 / 1137)
    assert "money_not_counted" not in audited(rows[:1])


def test_accounts():
    rows = lives(7, account=lambda k: ["x", "x", "y", "z", "z", "z", None][k])
    found = audited(rows, PLAIN.replace(account="account"))
    assert found["accounts_shared"].what == "2 of 3 accounts hold 5 of 6 records."
    assert found["accounts_blank"].count == 1


# --- files -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_ids_across_files_of_one_kind(tmp_path, kind):
    rows = pd.DataFrame([{"id": f"r{k}", **row} for k, row in enumerate(lives(30))])
    first, second = rows.iloc[:20], rows.iloc[15:].copy()
    for number, part in enumerate((first, second)):
        path = tmp_path / f"{number}.{kind}"
        part.to_csv(path, index=False) if kind == "csv" else part.to_parquet(path)
    reader = fk.read_csv if kind == "csv" else fk.read_parquet
    leads = reader(str(tmp_path / f"*.{kind}"), PLAIN, as_of=day(60))
    found = {one.rule: one for one in fk.audit(leads).findings}
    across = found["ids_across_files"]
    assert (len(leads), across.severity, across.count) == (30, "note", 5)
    assert across.examples == ("r15", "r16", "r17", "r18", "r19")
    assert not {"rows_repeated", "ids_repeated"} & set(found)
    second.loc[16, "lead"] = day(12)
    second.to_csv(path, index=False) if kind == "csv" else second.to_parquet(path)
    leads = reader(str(tmp_path / f"*.{kind}"), PLAIN, as_of=day(60))
    across = {one.rule: one for one in fk.audit(leads).findings}["ids_across_files"]
    assert (across.severity, across.count) == ("warning", 5)
    assert "1 of them with rows that differ" in across.what


# --- what is shown -------------------------------------------------------------------------

CANARY = "canary@example.org"


def test_mail_addresses_are_named_and_never_shown():
    funnel = fk.Funnel(
        ["lead", "won"], exits=["lost"], id="id", owner="rep", segments=["contact"], account="mail"
    )
    rows = lives(
        40,
        id=lambda k: f"{k % 30}.{CANARY}",
        rep=lambda k: CANARY if k % 2 else CANARY.upper(),
        contact=lambda k: f"{CANARY}" if k % 3 == 0 else f"{CANARY.title()} ",
        mail=lambda k: f"{k % 9}{CANARY}",
    )
    rows[3]["won"] = day(1)
    audit = fk.audit(read(rows, funnel))
    found = [(one.rule, one.count) for one in audit.findings if one.rule == "mail_addresses"]
    assert found == [("mail_addresses", 30), ("mail_addresses", 30)]
    assert {"near_equal_names", "ids_repeated", "stages_out_of_order"} <= {
        one.rule for one in audit.findings
    }
    shown = repr(audit) + audit._repr_html_() + audit.to_frame().to_csv()
    assert "canary" not in shown.lower()


def test_hostile_text_stays_text():
    finding = Finding(
        rule="x",
        severity="error",
        count=1,
        examples=('<img src=x onerror="alert(1)">', "=1+1", "a\u202eb\nc"),
        what="`<script>` & `b`",
        remedy="<b>",
    )
    page = as_html("1 < 2", [finding])
    assert "<script>" not in page
    assert "<img" not in page
    assert "<code>&lt;script&gt;</code> &amp; <code>b</code>" in page
    assert "\u202e" not in page + as_text(finding)
    assert page.count("<td") == 6
    assert "\u2716 error" in page


def test_statements_are_few(monkeypatch):
    leads = fk.make_leads(600, rng=3, dirt=0.05)
    statements = []
    execute = ibis.expr.types.Expr.execute

    def counted(expression, *args, **options):
        statements.append(expression)
        return execute(expression, *args, **options)

    monkeypatch.setattr(ibis.expr.types.Expr, "execute", counted)
    assert len(fk.audit(leads).findings) > 10
    assert len(statements) <= 7
