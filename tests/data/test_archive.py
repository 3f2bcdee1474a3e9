"""The archive: what is kept, that it reads as the export did, and that it is whole or not there."""

import datetime as dt
import hashlib
import json
import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import funnelkit as fk
from funnelkit import FunnelError
from funnelkit._core.errors import AssumptionWarning
from funnelkit.data import snapshots

OLIST_AS_OF = "2018-11-14"

CANARY = "canary@example.org"
FUNNEL = fk.Funnel(
    ["lead", "deal", "won"],
    exits=["lost"],
    value="amount",
    owner="rep",
    segments=["source"],
    personal=["email"],
)
LEADS = (
    "id;lead;deal;rep;source;email\n"
    f'1;01/02/2026;15/02/2026;ann;"web; paid";a.{CANARY}\n'
    f"2;03/02/2026;;=cmd|' /C calc'!A0;<b>fair</b>;b.{CANARY}\n"
    "id;lead;deal;rep;source;email\n"
    "3;05/02/2026;20/02/2026;bob;;\n"
    ";06/02/2026;;bob;web;\n"
    "4;06/02/2026;;bob;web;x;y;z\n"
)
DEALS = "id;won;lost;amount\n1;01/03/2026;;1.234,50\n3;;02/03/2026; 7 \n"
OPTIONS = {"dayfirst": True, "decimal": ",", "thousands": "."}


@pytest.fixture
def exports(tmp_path: Path) -> dict[str, object]:
    (tmp_path / "leads.csv").write_text(LEADS, encoding="utf-8")
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    return {"source": tmp_path / "leads.csv", "join": [tmp_path / "deals.csv"], **OPTIONS}


def kept(folder: Path, exports, day="2026-03-31", **more):
    options = {key: value for key, value in exports.items() if key != "source"} | more
    return fk.archive(exports["source"], FUNNEL, folder=folder / "archive", as_of=day, **options)


def parquet(path: Path) -> pd.DataFrame:
    return duckdb.sql(f"SELECT * FROM '{path.as_posix()}'").df()


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_snapshot_reads_as_the_export_did(tmp_path: Path, exports) -> None:
    archive = kept(tmp_path, exports)
    source = exports.pop("source")
    ours = fk.read_csv(source, FUNNEL, as_of="2026-03-31", **exports)
    theirs = fk.read_archive(tmp_path / "archive", FUNNEL)
    for step in FUNNEL.steps:
        pd.testing.assert_frame_equal(theirs.list(step), ours.list(step))
    pd.testing.assert_frame_equal(theirs.accounting(), ours.accounting())
    assert theirs.as_of == dt.date(2026, 3, 31)
    assert archive.days == (dt.date(2026, 3, 31),)
    assert archive.changed


def test_texts_are_kept_as_they_came_and_personal_ones_never(tmp_path: Path, exports) -> None:
    kept(tmp_path, exports)
    folder = tmp_path / "archive" / "2026-03-31"
    leads, deals = parquet(folder / "leads.parquet"), parquet(folder / "deals.parquet")
    assert set(leads.columns) == {"id", "lead", "deal", "rep", "source"}
    assert deals["amount"].tolist() == ["1.234,50", " 7 "]
    assert leads["rep"].tolist()[:2] == ["ann", "=cmd|' /C calc'!A0"]
    assert leads["lead"].tolist()[0] == "01/02/2026"
    assert CANARY.encode() not in b"".join(bytes_of(folder).values())


def test_the_manifest_names_what_was_kept(tmp_path: Path, exports) -> None:
    kept(tmp_path, exports)
    said = json.loads((tmp_path / "archive" / "2026-03-31" / "manifest.json").read_text("utf-8"))
    assert (said["as_of"], said["version"]) == ("2026-03-31", fk.__version__)
    assert [one["name"] for one in said["origins"]] == ["leads.csv", "deals.csv"]
    assert said["origins"][1]["sha256"] == (  # printf … | sha256sum
        hashlib.sha256(DEALS.encode()).hexdigest()
    )
    assert [(one["name"], one["rows"]) for one in said["tables"]] == [
        ("leads.csv", 6),
        ("deals.csv", 2),
    ]
    assert str(tmp_path) not in json.dumps(said)


def test_the_same_export_twice_changes_nothing(tmp_path: Path, exports) -> None:
    kept(tmp_path, exports)
    before = bytes_of(tmp_path / "archive")
    assert not kept(tmp_path, exports).changed
    assert bytes_of(tmp_path / "archive") == before
    assert [one.name for one in (tmp_path / "archive").iterdir()] == ["2026-03-31"]


def test_another_export_of_the_day_is_refused_unless_told(tmp_path: Path, exports) -> None:
    kept(tmp_path, exports)
    before = bytes_of(tmp_path / "archive")
    (tmp_path / "deals.csv").write_text(DEALS.replace("1.234", "9.234"), encoding="utf-8")
    with pytest.raises(FunnelError, match=r"`deals.csv` has other content\. Give another `as_of`"):
        kept(tmp_path, exports)
    assert bytes_of(tmp_path / "archive") == before
    archive = kept(tmp_path, exports, overwrite=True)
    assert archive.changed
    assert archive.at("2026-03-31").list("won")["amount"].tolist() == [9234.5]
    assert [one.name for one in (tmp_path / "archive").iterdir()] == ["2026-03-31"]


def test_other_columns_or_options_are_another_snapshot(tmp_path: Path, exports) -> None:
    kept(tmp_path, exports)
    with pytest.raises(FunnelError, match="read with other options"):
        kept(tmp_path, exports, where={"source": "web"})
    fewer = FUNNEL.replace(owner=None)
    options = {key: value for key, value in exports.items() if key != "source"}
    with pytest.raises(FunnelError, match="the funnel needs other columns"):
        fk.archive(exports["source"], fewer, folder=tmp_path / "archive", as_of="2026-03-31",
                   **options)  # fmt: skip


def test_the_past_has_the_amounts_owners_and_segments_of_its_day(tmp_path: Path) -> None:
    columns = ["id", "lead", "deal", "won", "lost", "amount", "rep", "source"]
    for day, row in {
        "2026-03-31": ("1", "2026-02-01", None, None, None, "100", "ann", "web"),
        "2026-04-30": ("1", "2026-02-01", "2026-04-02", None, None, "250", "bob", "fair"),
    }.items():
        frame = pd.DataFrame([row], columns=columns)
        archive = fk.archive(frame, FUNNEL, folder=tmp_path / "archive", as_of=day)
    for asked, day, values in (
        ("2026-03-31", dt.date(2026, 3, 31), (100, "ann", "web")),
        ("2026-04-29", dt.date(2026, 3, 31), (100, "ann", "web")),
        ("2026-12-31", dt.date(2026, 4, 30), (250, "bob", "fair")),
    ):
        leads = archive.at(asked)
        row = leads.list("lead").iloc[0]
        assert (leads.as_of, (row["amount"], row["rep"], row["source"])) == (day, values)
    moved = fk.movement(archive.at("2026-03-31"), archive.at("2026-04-30"), by="rep").bridge()
    assert moved[["rep", "line", "value"]].to_numpy().tolist() == [
        ["ann", "start", 100],
        ["ann", "moved_out", -100],
        ["ann", "end", 0],
        ["bob", "start", 0],
        ["bob", "moved_in", 100],
        ["bob", "raised", 150],
        ["bob", "end", 250],
    ]
    with pytest.raises(FunnelError, match=r"no snapshot up to 2026-03-30; the first one is of"):
        archive.at("2026-03-30")
    assert archive.to_frame()["as_of"].tolist() == [dt.date(2026, 3, 31), dt.date(2026, 4, 30)]
    assert archive.summary() == (
        "2 snapshots, the first of 31 March 2026; the last one, of 30 April 2026, holds 1 row in "
        "1 table."
    )


def test_frames_parquet_and_logs_are_kept_too(tmp_path: Path) -> None:
    log = pd.DataFrame(
        [("1", "lead", "2026-02-01"), ("1", "won", "2026-03-01"), ("2", "lead", "2026-02-05")],
        columns=["case", "activity", "at"],
    )
    funnel = fk.Funnel(["lead", "won"])
    log.to_parquet(tmp_path / "log.parquet", index=False)
    told = {"id": "case", "stage": "activity", "time": "at"}
    for name, source in (("frame", log), ("file", tmp_path / "log.parquet")):
        archive = fk.archive(source, funnel, folder=tmp_path / name, as_of="2026-03-31", **told)
        assert archive.snapshots[0].reader == "from_events"
        assert archive.at("2026-03-31").list("won")["id"].tolist() == ["1"]
    assert not fk.archive(
        log, funnel, folder=tmp_path / "frame", as_of="2026-03-31", **told
    ).changed
    other = log.assign(at=log["at"].str.replace("02-05", "02-06"))
    with pytest.raises(FunnelError, match="`frame` has other content"):
        fk.archive(other, funnel, folder=tmp_path / "frame", as_of="2026-03-31", **told)


def test_as_of_is_found_and_said_aloud(tmp_path: Path, exports) -> None:
    with pytest.warns(AssumptionWarning, match="2026-03-02"):
        archive = kept(tmp_path, exports, day=None)
    assert archive.days == (dt.date(2026, 3, 2),)


def test_needed_personal_columns_are_refused(tmp_path: Path, exports) -> None:
    with pytest.raises(FunnelError, match=r"personal columns are never archived.*email"):
        kept(tmp_path, exports, where={"email": "x"})
    assert not list((tmp_path / "archive").iterdir())


def test_what_cannot_be_read_leaves_nothing_behind(tmp_path: Path, exports) -> None:
    with pytest.raises(FunnelError, match="not ISO"):
        kept(tmp_path, {"source": exports["source"], "join": exports["join"]})
    assert not list((tmp_path / "archive").iterdir())


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"dateformat": "%d"}, r"unknown option of read_csv `dateformat`.*Did you mean"),
        ({"reader": "read_cvs"}, r"unknown reader `read_cvs`.*Did you mean `read_csv`"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, exports, more, message) -> None:
    with pytest.raises(FunnelError, match=message):
        kept(tmp_path, exports, **more)


def test_a_damaged_archive_is_told(tmp_path: Path, exports) -> None:
    with pytest.raises(FunnelError, match="there is no archive `archive`"):
        fk.open_archive(tmp_path / "archive", FUNNEL)
    kept(tmp_path, exports)
    manifest = tmp_path / "archive" / "2026-03-31" / "manifest.json"
    sound = manifest.read_text("utf-8")
    for text in ("{", "[]", "{}", sound.replace('"as_of": "2026', '"as_of": "x')):
        manifest.write_text(text, "utf-8")
        with pytest.raises(FunnelError, match="is missing or damaged"):
            fk.open_archive(tmp_path / "archive", FUNNEL)
    manifest.write_text(sound.replace("deals.parquet", "../../deals.csv"), "utf-8")
    with pytest.raises(FunnelError, match="is not whole"):
        fk.open_archive(tmp_path / "archive", FUNNEL)
    manifest.write_text(sound, "utf-8")
    with pytest.raises(FunnelError, match=r"snapshot of 2026-03-31: column `region`"):
        fk.read_archive(tmp_path / "archive", FUNNEL.replace(segments=["region"]))


def test_a_fingerprint_is_of_all_that_a_snapshot_holds(tmp_path: Path, exports) -> None:
    kept(tmp_path, exports)
    archive = fk.open_archive(tmp_path / "archive", FUNNEL)
    first = archive.fingerprint("2026-03-31")
    assert archive.fingerprint("2026-04-30") == first
    for file in sorted((tmp_path / "archive" / "2026-03-31").iterdir()):
        sound = file.read_bytes()
        file.write_bytes(sound + b"\n")
        assert archive.fingerprint("2026-03-31") != first
        file.write_bytes(sound)
    assert archive.fingerprint("2026-03-31") == first
    with pytest.raises(FunnelError, match="no snapshot up to 2026-03-30"):
        archive.fingerprint("2026-03-30")


def test_a_replacement_that_was_killed_is_undone(tmp_path: Path, exports) -> None:
    kept(tmp_path, exports)
    target = tmp_path / "archive" / "2026-03-31"
    target.rename(target.with_name(".old-2026-03-31-0123abcd"))
    assert len(fk.read_archive(tmp_path / "archive", FUNNEL)) == 3


def test_a_replacement_that_fails_keeps_what_was_there(
    tmp_path: Path, exports, monkeypatch
) -> None:
    kept(tmp_path, exports)
    before = bytes_of(tmp_path / "archive")
    (tmp_path / "deals.csv").write_text(DEALS.replace("1.234", "9.234"), encoding="utf-8")
    rename = Path.rename

    def broken(self: Path, target: Path) -> Path:
        if self.name.startswith(".partial"):
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(FunnelError, match="cannot be written: Permission denied"):
        kept(tmp_path, exports, overwrite=True)
    assert bytes_of(tmp_path / "archive") == before


def test_hostile_file_names_stay_in_the_folder(tmp_path: Path) -> None:
    name = tmp_path / "-le ads;'\"$(x).. .csv"
    name.write_text("id,lead,won\n1,2026-01-05,\n", encoding="utf-8")
    fk.archive(name, fk.Funnel(["lead", "won"]), folder=tmp_path / "a", as_of="2026-01-31")
    names = [one.name for one in (tmp_path / "a" / "2026-01-31").iterdir()]
    assert sorted(names)[0] == "le-ads-x.parquet"
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", one) for one in names)


def test_olist_reads_the_same(tmp_path: Path, shared_data: Path) -> None:
    olist = (shared_data / "olist" / "olist_").as_posix()
    funnel = fk.Funnel(
        ["mql", "won"],
        id="mql_id",
        columns={"mql": "first_contact_date", "won": "won_date"},
        segments=["origin"],
    )
    files = (f"{olist}marketing_qualified_leads_dataset.csv", f"{olist}closed_deals_dataset.csv")
    archive = fk.archive(
        files[0], funnel, join=[files[1]], folder=tmp_path / "a", as_of=OLIST_AS_OF
    )
    triangle = fk.triangle(archive.at(OLIST_AS_OF), "mql", "won")
    assert int(triangle.entered.sum()) == 8000
    assert sum(int(triangle.events[name].sum() + triangle.undated[name].sum())
               for name in ("won",)) == 842  # fmt: skip


def test_nothing_is_written_but_the_snapshot(tmp_path: Path, exports) -> None:
    kept(tmp_path, exports)
    found = {path.name for path in (tmp_path / "archive").rglob("*")}
    assert found == {"2026-03-31", "leads.parquet", "deals.parquet", snapshots.MANIFEST}


@pytest.mark.filterwarnings("ignore::funnelkit._core.errors.AssumptionWarning")
def test_a_crm_export_is_kept_by_its_own_reader(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "hubspot"
    ours = fk.read_hubspot(folder)
    archive = fk.archive(folder, folder=tmp_path / "a", reader="read_hubspot")
    assert not fk.archive(folder, folder=tmp_path / "a", reader="read_hubspot").changed
    theirs = archive.at(ours.as_of)
    assert len(theirs) == 500  # deals, of the README of the data
    for step in ours.funnel.steps:
        pd.testing.assert_frame_equal(theirs.list(step), ours.list(step))
    kept_columns = ", ".join(archive.to_frame()["columns"])
    assert ours.funnel.personal
    assert not [name for name in ours.funnel.personal if name in kept_columns]


def test_a_workbook_is_kept_with_its_days_as_texts(tmp_path: Path) -> None:
    book = pd.DataFrame(
        {
            "id": ["a", "b"],
            "lead": pd.to_datetime(["2026-01-05", "2026-01-09"]),
            "won": [46050, None],
        }
    )
    book.to_excel(tmp_path / "leads.xlsx", index=False)
    funnel = fk.Funnel(["lead", "won"])
    told = {"date_format": {"won": "excel"}}
    ours = fk.read_excel(tmp_path / "leads.xlsx", funnel, as_of="2026-02-28", **told)
    archive = fk.archive(
        tmp_path / "leads.xlsx", funnel, folder=tmp_path / "a", as_of="2026-02-28", **told
    )
    assert parquet(tmp_path / "a" / "2026-02-28" / "leads.parquet")["lead"].tolist() == [
        "2026-01-05",
        "2026-01-09",
    ]
    theirs = archive.at("2026-02-28")
    pd.testing.assert_frame_equal(theirs.list("won"), ours.list("won"))
    assert theirs.list("won")["id"].tolist() == ["a"]


@pytest.mark.filterwarnings("ignore::funnelkit._core.errors.AssumptionWarning")
def test_salesforce_is_kept_table_by_table(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "salesforce"
    ours = fk.read_salesforce(folder)
    archive = fk.archive(folder, folder=tmp_path / "a", reader="read_salesforce")
    assert dict(archive.to_frame()[["table", "rows"]].to_numpy()) == {
        "Lead.csv": 60,
        "Opportunity.csv": 50,
    }
    theirs = fk.read_archive(tmp_path / "a")
    assert theirs.funnel.stages == ours.funnel.stages
    for step in ours.funnel.steps:
        pd.testing.assert_frame_equal(theirs.list(step), ours.list(step))


def test_a_log_in_a_workbook_is_kept_too(tmp_path: Path) -> None:
    log = pd.DataFrame(
        {"case": ["1", "1"], "activity": ["lead", "won"], "at": pd.to_datetime(["2026-02-01"] * 2)}
    )
    log.to_excel(tmp_path / "log.xlsx", index=False)
    told = {"id": "case", "stage": "activity", "time": "at"}
    archive = fk.archive(
        tmp_path / "log.xlsx", fk.Funnel(["lead", "won"]), folder=tmp_path / "a", **told,
        as_of="2026-03-31",
    )  # fmt: skip
    assert archive.at("2026-03-31").list("won")["id"].tolist() == ["1"]
