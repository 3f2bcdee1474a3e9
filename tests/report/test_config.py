"""funnel.yml: what it can say, and that every mistake in it is listed at once, with its place."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit import Funnel, FunnelError
from funnelkit._core.dates import Calendar
from funnelkit.report.config import Config, load_config
from funnelkit.report.dated_changes import DatedChange

FULL = """\
title: Olist marketplace
stages: [mql, sql, won]
exits: [lost]
id: mql_id
columns:
  mql: first_contact_date
  won: won_date
value: amount
owner: sdr_id
account: seller_id
segments: [origin, region]
apart: [origin]
keep: [probability]
personal: [email, notes]
timezone: America/Sao_Paulo
skipped: strict
out_of_order: drop
reopened: first
calendar:
  fiscal_year_start: 2
  week_start: Sunday
  holidays: [2018-12-25, "2019-01-01"]
data:
  files: leads*.csv
  join: [deals.csv]
  delimiter: ";"
  encoding: cp1252
  date_format: "%d-%m-%Y"
  decimal: ","
  thousands: .
where:
  pipeline: Sales
  region: [north, south]
exclude:
  origin: ""
changes:
  - {date: 2018-03-01, what: A new definition of MQL}
  - date: 2017-12-05
    what: "Wins are recorded"
as_of: 2018-11-14
recorded_from: 2017-12-05
before_recording: delayed_entry
"""
SMALL = "stages: [lead, won]\nid: lead_id\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("leads1.csv", "leads2.csv", "deals.csv"):
        (tmp_path / name).write_text("lead_id\n1\n", encoding="utf-8")
    return tmp_path


def loaded(folder: Path, text: str) -> Config:
    (folder / "funnel.yml").write_text(text, encoding="utf-8")
    return load_config(folder / "funnel.yml")


def problems(folder: Path, text: str | bytes) -> list[str]:
    path = folder / "funnel.yml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(FunnelError) as caught:
        load_config(path)
    return [words.removeprefix("funnel.yml, ") for words in caught.value.problems]


def test_it_can_say_everything_a_funnel_can(folder: Path) -> None:
    config = loaded(folder, FULL)
    assert config.funnel == Funnel(
        ["mql", "sql", "won"],
        exits=["lost"],
        id="mql_id",
        columns={"mql": "first_contact_date", "won": "won_date"},
        value="amount",
        owner="sdr_id",
        account="seller_id",
        segments=["origin", "region"],
        apart=["origin"],
        keep=["probability"],
        personal=["email", "notes"],
        timezone="America/Sao_Paulo",
        skipped="strict",
        out_of_order="drop",
        reopened="first",
        calendar=Calendar(
            fiscal_year_start=2,
            week_start="sunday",
            holidays=(dt.date(2018, 12, 25), dt.date(2019, 1, 1)),
        ),
    )
    assert config.data.files == (folder / "leads1.csv", folder / "leads2.csv")
    assert config.data.join == (folder / "deals.csv",)
    assert config.data.options == {
        "delimiter": ";",
        "encoding": "cp1252",
        "date_format": "%d-%m-%Y",
        "decimal": ",",
        "thousands": ".",
    }
    assert config.where == {"pipeline": ("Sales",), "region": ("north", "south")}
    assert config.exclude == {"origin": ("",)}
    assert config.changes == (
        DatedChange(date=dt.date(2017, 12, 5), what="Wins are recorded"),
        DatedChange(date=dt.date(2018, 3, 1), what="A new definition of MQL"),
    )
    assert (config.as_of, config.recorded_from) == (dt.date(2018, 11, 14), dt.date(2017, 12, 5))
    assert (config.before_recording, config.title) == ("delayed_entry", "Olist marketplace")


def test_every_argument_of_the_funnel_is_a_key() -> None:
    import inspect

    from funnelkit.report import config

    known = {"stages", "columns", "status_values", "calendar"}
    known |= {*config._TEXTS, *config._TEXT, *config._CHOICES}
    assert known == set(inspect.signature(Funnel).parameters)


def test_status_and_event_log(folder: Path) -> None:
    status = loaded(
        folder,
        "stages: [lead, won]\nexits: [lost]\nid: n\nstatus: stage\nstatus_date: closed\n"
        "status_date_means: change\nstatus_values: {won: [Closed Won, Won], lost: no}\n"
        "columns: {lead: created, won: }\n",
    )
    assert status.funnel.status_values == {"won": ("Closed Won", "Won"), "lost": ("no",)}
    assert status.funnel.columns == {"lead": "created", "won": None}
    log = loaded(
        folder,
        SMALL + "columns: {won: [Won, Closed won]}\n"
        "data:\n  files: deals.csv\n  events: {id: case, stage: activity, time: at}\n",
    )
    assert log.data.events is not None
    assert (log.data.events.id, log.data.events.stage, log.data.events.time) == (
        "case",
        "activity",
        "at",
    )
    assert log.funnel.log_names_of("won") == ("Won", "Closed won")


def test_yaml_turns_nothing_into_something_else(folder: Path) -> None:
    """In YAML 1.1 these would be False, True, 1, 1.5, 90 (1:30, sexagesimal), 8 and a date."""
    text = "stages: [no, on, 1, 1.50, 1:30, 010, 2026-10-31, null_, yes]\nid: y\nsegments: [off]\n"
    config = loaded(folder, text)
    assert config.funnel.stages == (
        "no", "on", "1", "1.50", "1:30", "010", "2026-10-31", "null_", "yes",
    )  # fmt: skip
    assert (config.funnel.id, config.funnel.segments) == ("y", ("off",))


def test_dates_need_no_quotes_and_may_have_them(folder: Path) -> None:
    assert loaded(folder, SMALL + "as_of: 2026-10-31\n").as_of == dt.date(2026, 10, 31)
    assert loaded(folder, SMALL + 'as_of: "2026-10-31"\n').as_of == dt.date(2026, 10, 31)


def test_short_forms(folder: Path) -> None:
    config = loaded(folder, "stages: [lead, won]\nexits: lost\nsegments: source\ndata: deals.csv\n")
    assert (config.funnel.exits, config.funnel.segments) == (("lost",), ("source",))
    assert config.data.files == (folder / "deals.csv",)
    both = loaded(folder, SMALL + "data: [leads1.csv, deals.csv]\n")
    assert both.data.files == (folder / "leads1.csv", folder / "deals.csv")


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_it_may_come_from_windows(folder: Path, mark: str, end: str) -> None:
    text = mark + "stages: [lead, won]\nid: Schlüssel\n".replace("\n", end)
    (folder / "funnel.yml").write_bytes(text.encode())
    assert load_config(folder).funnel.id == "Schlüssel"


def test_every_mistake_is_listed_at_once_with_its_place(folder: Path) -> None:
    text = """\
stages: [lead, won, {a: b}]
exits: [lost]
id: [a, b]
stages: [x]
columns: {led: created_at}
fiscal_year_start: 2
calendar:
  fiscal_year_start: 13
  week_strat: sunday
  holidays: [2026-02-30, tomorrow]
data:
  files: [deal.csv, nowhere/a.csv]
  decimal: ","
  thousands: ","
  date_format: dd.mm.yyyy
  encoding: latin-99
  dayfirst: maybe
  delimiter: ";;"
as_of: 2026-13-45
recorded_form: 2017-12-05
timezone: Europe/Berln
where: {pipeline: }
changes:
  - date: 2026-02-30
    what: New
  - new thing
  - dat: 2026-01-01
    what: x
skipped: filled
segments: {a: b}
"""
    day = "must be a day such as 2026-10-31; got"
    assert problems(folder, text) == [
        "line 1: `stages` must hold texts only; got a mapping.",
        "line 3: `id` must be a text; got a list.",
        "line 4: `stages` stands twice; first in line 1.",
        (
            "line 5: `columns`: unknown stage or exit `led`; known: `lead`, `won`, `lost`. "
            "Did you mean `lead`?"
        ),
        "line 6: `fiscal_year_start` is not known. Did you mean `calendar.fiscal_year_start`?",
        "line 8: `calendar.fiscal_year_start` must be a month from 1 to 12; got '13'.",
        "line 9: `calendar.week_strat` is not known. Did you mean `week_start`?",
        f"line 10: `calendar.holidays` {day} '2026-02-30' (day is out of range for month).",
        f"line 10: `calendar.holidays` {day} 'tomorrow'.",
        (
            "line 12: `data.files` names no file: 'deal.csv' does not exist. "
            "Did you mean `deals.csv`?"
        ),
        "line 12: `data.files` names no file: 'nowhere/a.csv' does not exist (nor its folder).",
        "line 14: `data.thousands` and `decimal` are the same: ','.",
        (
            "line 15: `data.date_format` must be a pattern such as %d-%m-%Y; got 'dd.mm.yyyy'. "
            "Did you mean %d.%m.%Y?"
        ),
        "line 16: `data.encoding` must be a codec such as utf-8 or cp1252; got 'latin-99'.",
        "line 17: `data.dayfirst` must be true or false; got 'maybe'.",
        "line 18: `data.delimiter` must be one character; got ';;'.",
        f"line 19: `as_of` {day} '2026-13-45' (month must be in 1..12).",
        "line 20: `recorded_form` is not known. Did you mean `recorded_from`?",
        (
            "line 21: `timezone` must be an IANA name such as Europe/Berlin; got 'Europe/Berln'. "
            "Did you mean `Europe/Berlin`?"
        ),
        'line 22: `where` needs a value for `pipeline` ("" for blank).',
        f"line 24: `changes[1].date` {day} '2026-02-30' (day is out of range for month).",
        "line 26: `changes[2]` must be a mapping (`name: value`); got 'new thing'.",
        "line 27: `changes[3].date` is missing; a change is `date: 2026-03-01` and `what: …`.",
        "line 27: `changes[3].dat` is not known. Did you mean `date`?",
        "line 29: `skipped` must be one of fill, strict; got 'filled'. Did you mean `fill`?",
        "line 30: `segments` must be a text or a list of texts; got a mapping.",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty; a funnel needs at least `stages` and `id`."),
        ("# only a comment\n", "the file is empty; a funnel needs at least `stages` and `id`."),
        ("- a\n- b\n", "must hold `name: value` lines; got a list."),
        ("id: n\n", "line 1: `stages` is missing: the stages in order, such as [lead, mql, won]."),
        ("stages: [lead, won\nid: n\n", "line 2, column 3: expected ',' or ']', but got ':'."),
        (
            "stages: [lead, won]\n\tid: n\n",
            (
                "line 2, column 1: found character '\\t' that cannot start any token. "
                "Indent with spaces, not with tabs."
            ),
        ),
        (
            "stages: [lead, won]\ntitle: Sales: north\n",
            "line 2, column 13: mapping values are not allowed here. Quote texts that hold `: `.",
        ),
        (
            "stages: [lead, won]\ntitle: @home\n",
            "line 2, column 8: found character '@' that cannot start any token.",
        ),
        ("a: 1\n---\nb: 2\n", "line 2, column 1: but found another document."),
        (
            "stages: &s [lead, won]\nexits: *s\n",
            "line 1: anchors (&) and aliases (*) are not read; quote texts that begin with & or *.",
        ),
        (
            "stages: !!python/object/apply:os.system [echo]\n",
            "line 1: tags such as tag:yaml.org,2002:python/object/apply:os.system are not read.",
        ),
        ("stages: [lead, \x07won]\n", "line 1: the character 7 is not allowed in YAML."),
        ("a: " + "[" * 5000 + "]" * 5000, "line 1: the file is nested too deeply."),
        (SMALL + "calendar: 2\n", None),
        (SMALL + "changes: {date: 2026-01-01}\n", None),
        (SMALL + "changes: new things\n", None),
    ],
)
def test_what_is_no_yaml_or_no_funnel(folder: Path, text: str, words: str | None) -> None:
    found = problems(folder, text)
    assert len(found) == 1
    if words is None:
        assert "must be a " in found[0]
    else:
        assert found == [words]


def test_a_day_that_is_almost_a_date_is_no_date(folder: Path) -> None:
    for given in ("2026-1-1", "20261031", "2026-10-31 12:00", "31.10.2026", "2026-W44-6"):
        assert "`as_of` must be a day" in problems(folder, SMALL + f"as_of: {given}\n")[0]


def test_latin_1_bytes_are_said_to_be_no_utf_8(folder: Path) -> None:
    found = problems(folder, SMALL.encode() + b"title: M\xfcller\n")
    assert found == ["funnel.yml is not UTF-8 (byte 41); save it as UTF-8."]


def test_events_and_join_exclude_each_other(folder: Path) -> None:
    text = SMALL + "data: {files: deals.csv, join: leads1.csv, events: {id: a, stag: b}}\n"
    assert problems(folder, text) == [
        "line 3: `data.events.stage` is missing: a column of the log.",
        "line 3: `data.events.time` is missing: a column of the log.",
        "line 3: `data.events.stag` is not known. Did you mean `stage`?",
        "line 3: `data.join` and `events` exclude each other: a log is one kind of rows.",
    ]


def test_recording_cannot_begin_after_the_data_end(folder: Path) -> None:
    text = SMALL + "as_of: 2026-01-31\nrecorded_from: 2026-02-01\n"
    assert problems(folder, text) == [
        "line 4: `recorded_from` must not be after `as_of`, 2026-01-31; got 2026-02-01."
    ]


def test_the_funnel_contradicting_itself_is_said_with_its_line(folder: Path) -> None:
    text = "stages: [lead]\nid: n\nsegments: [email]\npersonal: [email]\n"
    assert problems(folder, text) == [
        "line 1: `stages` needs at least two names in order; got ['lead'].",
        "line 4: `personal` columns cannot be `segments`, `keep` or `owner` as well: ['email'].",
    ]


def test_a_file_that_is_not_there_gets_the_closest_match(folder: Path) -> None:
    (folder / "funnel.yml").write_text(SMALL, encoding="utf-8")
    with pytest.raises(FunnelError, match=r"no file 'funel.yml'. Did you mean `funnel.yml`\?"):
        load_config(folder / "funel.yml")
    with pytest.raises(FunnelError, match="there is no file"):
        load_config(folder / "nowhere" / "funnel.yml")


def test_a_folder_stands_for_the_file_in_it(folder: Path) -> None:
    (folder / "funnel.yml").write_text(SMALL, encoding="utf-8")
    assert load_config(folder).path == folder / "funnel.yml"


def test_paths_are_relative_to_the_file(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    config = loaded(folder, SMALL + "data: deals.csv\n")
    assert config.inputs() == ((folder / "deals.csv",), ())


def test_a_name_with_brackets_is_no_pattern(folder: Path) -> None:
    (folder / "leads[1].csv").write_text("lead_id\n", encoding="utf-8")
    assert loaded(folder, SMALL + 'data: "leads[1].csv"\n').data.files == (folder / "leads[1].csv",)


def test_a_folder_with_brackets_is_no_pattern_and_a_file_counts_once(tmp_path: Path) -> None:
    folder = tmp_path / "exports [2026]"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("lead_id\n", encoding="utf-8")
    files = loaded(folder, SMALL + 'data: ["*.csv", a.csv]\n').data.files
    assert files == (folder / "a.csv", folder / "b.csv")


def test_a_folder_is_no_export(folder: Path) -> None:
    (folder / "exports").mkdir()
    assert problems(folder, SMALL + "data: exports\n") == [
        "line 3: `data` names a folder, 'exports'; name its files, such as exports/*.csv."
    ]


def test_files_given_in_place_are_checked_too(folder: Path) -> None:
    config = loaded(folder, SMALL)
    with pytest.raises(FunnelError, match="`data` is missing"):
        config.inputs()
    with pytest.raises(FunnelError, match=r"`data` names no file: .*leads9.csv.* does not exist"):
        config.read(data=folder / "leads9.csv")
    assert config.inputs(data=[str(folder / "leads*.csv")])[0] == (
        folder / "leads1.csv",
        folder / "leads2.csv",
    )


def test_data_files_need_not_exist_where_others_are_given(folder: Path) -> None:
    path = folder / "funnel.yml"
    path.write_text(SMALL + "data: gone.csv\n", encoding="utf-8")
    assert load_config(path, check_files=False).data.files == ()


# --- reading ----------------------------------------------------------------------------

OLIST = """\
title: Olist marketplace
stages: [mql, won]
id: mql_id
columns: {mql: first_contact_date, won: won_date}
segments: [origin]
value: declared_monthly_revenue
as_of: 2018-11-14
data:
  files: MQLS
  join: DEALS
"""


def olist(shared_data: Path, prefix: str = "") -> str:
    folder = (shared_data / "olist").as_posix()
    leads = f"{folder}/{prefix}olist_marketing_qualified_leads_dataset.csv"
    return OLIST.replace("MQLS", leads).replace(
        "DEALS", f"{folder}/{prefix}olist_closed_deals_dataset.csv"
    )


def test_olist_as_its_readme_says(folder: Path, shared_data: Path) -> None:
    """8,000 entered, 842 won: README of the shared data."""
    leads = loaded(folder, olist(shared_data)).read()
    assert (leads.count("mql").sum(), leads.count("won").sum()) == (8000, 842)
    assert leads.as_of == dt.date(2018, 11, 14)


def test_what_the_reader_is_told_comes_from_the_file(folder: Path, shared_data: Path) -> None:
    """Of organic search 2,296 entered and 271 won; a spreadsheet saved it day first."""
    text = olist(shared_data, "excel_ddmmyyyy_crlf__") + (
        "  dayfirst: yes\nwhere: {origin: [organic_search, social]}\nexclude: {origin: social}\n"
    )
    with pytest.raises(FunnelError, match="dayfirst"):
        loaded(folder, text.replace("  dayfirst: yes\n", "")).read()
    counts = fk.triangle(loaded(folder, text).read(), "mql", "won")
    assert (counts.entered.sum(), counts.converted.sum()) == (2296, 271)


def test_given_files_and_as_of_replace_those_of_the_file(folder: Path, shared_data: Path) -> None:
    config = loaded(folder, olist(shared_data))
    assert config.read(as_of="2018-05-31").as_of == dt.date(2018, 5, 31)
    few = "mql_id,first_contact_date,origin\nx,2018-01-01,web\n"
    (folder / "few.csv").write_text(few, encoding="utf-8")
    assert config.read(data=folder / "few.csv").count("mql").sum() == 1


def test_event_logs_and_parquet(folder: Path) -> None:
    log = "case,what,at\n1,New,2026-01-05\n1,Won,2026-02-01\n2,New,2026-01-09\n"
    (folder / "log.csv").write_text(log, encoding="utf-8")
    text = SMALL + "columns: {lead: New, won: Won}\nas_of: 2026-02-28\n"
    events = "data: {files: log.csv, events: {id: case, stage: what, time: at}}\n"
    from_log = loaded(folder, text + events).read()
    wide = pd.DataFrame(
        {"lead_id": ["1", "2"], "New": ["05.01.2026", "09.01.2026"], "Won": ["01.02.2026", None]}
    )
    wide.to_parquet(folder / "leads.parquet")
    parquet = 'data: {files: leads.parquet, date_format: "%d.%m.%Y"}\n'
    from_parquet = loaded(folder, text + parquet).read()
    for leads in (from_log, from_parquet):
        assert (leads.count("lead").sum(), leads.count("won").sum()) == (2, 1)
