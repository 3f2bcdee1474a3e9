"""Folders that appear whole or not at all, whoever kills, locks or races."""

import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from funnelkit.report.replacing import beside, clean, files_in, replace_file

OWN = {"page.html", "tables.xlsx", "tables (2).xlsx", "manifest.json"}


def is_ours(name: str) -> bool:
    return name in OWN


def publish(target: Path, text: str, names: tuple[str, ...] = ("page.html", "tables.xlsx")) -> dict:
    with beside(target, is_ours) as partial:
        for name in names:
            (partial.folder / name).write_text(text, encoding="utf-8")
        return partial.publish()


def content(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "reports" / "2018-05"
    with beside(target, is_ours) as partial:
        (partial.folder / "page.html").write_text("x", encoding="utf-8")
        assert not target.exists()
        assert partial.folder.parent == target.parent
        assert partial.folder.name.startswith(".2018-05.")
        assert partial.folder.name.endswith(".partial")
        partial.publish()
    assert content(target) == {"page.html": "x"}
    assert [one.name for one in target.parent.iterdir()] == ["2018-05"]


def test_an_earlier_folder_is_replaced_and_foreign_files_stay(tmp_path: Path) -> None:
    target = tmp_path / "2018-05"
    publish(target, "first", (*OWN,))
    (target / "my notes.txt").write_text("mine", encoding="utf-8")
    (target / "slides").mkdir()
    publish(target, "second")
    (target / "slides").rmdir()
    assert content(target) == {
        "page.html": "second",
        "tables.xlsx": "second",
        "my notes.txt": "mine",
    }
    assert [one.name for one in tmp_path.iterdir()] == ["2018-05"]


def test_files_in_folders_are_replaced_and_foreign_ones_beside_them_stay(tmp_path: Path) -> None:
    def ours(name: str) -> bool:
        return name in {"page.html", "data/a.csv", "data/b.csv"}

    def write(*names: str) -> dict[str, str]:
        with beside(tmp_path / "2018-05", ours) as partial:
            (partial.folder / "data").mkdir()
            for name in names:
                (partial.folder / name).write_text("x", encoding="utf-8")
            return partial.publish()

    write("page.html", "data/a.csv", "data/b.csv")
    target = tmp_path / "2018-05"
    (target / "data" / "mine.csv").write_text("mine", encoding="utf-8")
    (target / "more" / "deep").mkdir(parents=True)
    (target / "more" / "deep" / "mine.txt").write_text("mine", encoding="utf-8")
    assert write("page.html", "data/a.csv") == {
        "data/a.csv": "data/a.csv",
        "page.html": "page.html",
    }
    assert files_in(target) == ["data/a.csv", "data/mine.csv", "more/deep/mine.txt", "page.html"]
    assert [one.name for one in tmp_path.iterdir()] == ["2018-05"]


def test_a_failed_run_leaves_the_earlier_folder(tmp_path: Path) -> None:
    target = tmp_path / "2018-05"
    publish(target, "first")

    def stop() -> None:
        with beside(target, is_ours) as partial:
            (partial.folder / "page.html").write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert content(target) == {"page.html": "first", "tables.xlsx": "first"}
    assert [one.name for one in tmp_path.iterdir()] == ["2018-05"]


KILLED = """
import os, signal, sys
from pathlib import Path
from funnelkit.report.replacing import beside
with beside(Path(sys.argv[1]), lambda name: name == "page.html") as partial:
    (partial.folder / "page.html").write_text("half", encoding="utf-8")
    if sys.argv[2] == "replacing":
        partial.target.rename(partial.old)
    print("here", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def killed(tmp_path: Path):
    """A function that starts a run, and kills it at a point, or leaves it running."""
    running = []

    def start(target: Path, where: str, *, kill: bool = True) -> None:
        code = [sys.executable, "-c", KILLED, str(target), where]
        process = subprocess.Popen(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"here\n" or os.name == "nt"
        running.append(process)
        if kill:
            process.kill()
            process.wait()

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path, killed) -> None:
    target = tmp_path / "2018-05"
    killed(target, "writing")
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 2
    publish(tmp_path / "2018-06", "x")
    assert [one.name for one in tmp_path.iterdir()] == ["2018-06"]


def test_a_run_killed_between_the_renames_loses_nothing(tmp_path: Path, killed) -> None:
    target = tmp_path / "2018-05"
    publish(target, "first", ("page.html", "manifest.json"))
    (target / "notes.txt").write_text("mine", encoding="utf-8")
    killed(target, "replacing")
    assert not target.exists()
    clean(tmp_path, is_ours)
    assert content(target) == {"page.html": "first", "manifest.json": "first", "notes.txt": "mine"}
    assert [one.name for one in tmp_path.iterdir()] == ["2018-05"]


def test_what_another_run_is_writing_stays(tmp_path: Path, killed) -> None:
    killed(tmp_path / "2018-05", "writing", kill=False)
    publish(tmp_path / "2018-05", "x")
    left = sorted(one.name.split(".")[-1] for one in tmp_path.iterdir())
    assert left == ["2018-05", "lock", "partial"]
    killed(tmp_path / "2018-05", "writing")


def race(target: Path, text: str) -> None:
    for _ in range(20):
        publish(target, text, tuple(sorted(OWN)))


def test_two_runs_at_once_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "2018-05"
    threads = [threading.Thread(target=race, args=(target, text)) for text in "abc"]
    context = multiprocessing.get_context("spawn")
    threads.append(context.Process(target=race, args=(target, "d")))
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert set(content(target)) == OWN
    assert len(set(content(target).values())) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["2018-05"]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch):
    """Files that are open are neither replaced nor moved, nor is the folder around them."""
    opened: set[Path] = set()
    replace, rename = os.replace, Path.rename

    def fail(path: Path) -> None:
        if any(one == path or path in one.parents for one in opened):
            raise PermissionError(13, "in use by another process", str(path))

    def guarded_replace(source, target):
        fail(Path(target))
        replace(source, target)

    def guarded_rename(self, target):
        fail(self)
        return rename(self, target)

    monkeypatch.setattr(os, "replace", guarded_replace)
    monkeypatch.setattr(Path, "rename", guarded_rename)
    return opened


def test_an_open_file_yields_a_second_one(tmp_path: Path, windows: set[Path]) -> None:
    target = tmp_path / "2018-05"
    publish(target, "first")
    windows.add(target / "tables.xlsx")
    names = publish(target, "second", ("page.html", "tables.xlsx"))
    assert names == {"page.html": "page.html", "tables.xlsx": "tables (2).xlsx"}
    assert content(target) == {
        "page.html": "second",
        "tables.xlsx": "first",
        "tables (2).xlsx": "second",
    }
    windows.clear()
    publish(target, "third")
    assert content(target) == {"page.html": "third", "tables.xlsx": "third"}
    assert [one.name for one in tmp_path.iterdir()] == ["2018-05"]


def test_a_foreign_file_that_is_open_holds_nothing_up(tmp_path: Path, windows: set[Path]) -> None:
    target = tmp_path / "2018-05"
    publish(target, "first")
    (target / "notes.docx").write_text("mine", encoding="utf-8")
    windows.add(target / "notes.docx")
    assert publish(target, "second") == {"page.html": "page.html", "tables.xlsx": "tables.xlsx"}
    assert content(target)["page.html"] == "second"
    assert content(target)["notes.docx"] == "mine"


def test_where_nothing_can_be_replaced_there_are_second_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "2018-05"
    publish(target, "first")

    def never(source: object, target: object) -> None:
        raise PermissionError(13, "in use by another process", str(target))

    monkeypatch.setattr(os, "replace", never)
    assert publish(target, "second") == {
        "page.html": "page (2).html",
        "tables.xlsx": "tables (2).xlsx",
    }
    assert replace_file(tmp_path / "new.txt", b"x").name == "new (2).txt"


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = replace_file(tmp_path / "a.txt", b"one")
    assert replace_file(path, b"two") == path
    assert path.read_bytes() == b"two"
    assert [one.name for one in tmp_path.iterdir()] == ["a.txt"]
