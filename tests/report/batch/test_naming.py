"""Folder names of segment values: hostile and colliding values neither escape nor merge."""

import hashlib
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.report.batch.naming import folder_names, safe_name

HOSTILE = [
    "../../../etc/passwd", "..", ".", "/etc/passwd", "C:\\Windows", "\\\\server\\share", "a/b",
    "a\\b", "a:b", "nul", "CON.txt", "x\x00y", "line\nbreak", "=cmd|' /C calc'!A0", "~root",
    "$(reboot)", "`id`", "%TEMP%", "<script>", "\u202eexe.txt", "name.", "name ", " name", "",
    "-rf", "*", "?", "a" * 5000, "\u00e4" * 5000, "\ud800",
]  # fmt: skip


def digits(text: str) -> str:
    return hashlib.sha256(f"={text}".encode()).hexdigest()[:8]


def test_a_plain_value_is_its_own_name() -> None:
    assert folder_names("region", ["EMEA", "Asia Pacific", "Süd", "Q1.2"]) == {
        "EMEA": "region=EMEA",
        "Asia Pacific": "region=Asia Pacific",
        "Süd": "region=Süd",
        "Q1.2": "region=Q1.2",
    }


def test_hostile_values_stay_within_their_folder_and_apart() -> None:
    names = folder_names("region", [*HOSTILE, None])
    assert len({name.casefold() for name in names.values()}) == len(HOSTILE) + 1
    for name in names.values():
        for kind in (PurePosixPath, PureWindowsPath):
            assert kind(name).parts == (name,)
        assert name.startswith("region=")
        assert not set(name) & set('/\\:*?"<>|$`%~\0\n\r\t')
        assert name == name.strip(" .")
        assert len(name.encode()) <= 200


@pytest.mark.parametrize(
    "values",
    [
        ["Web", "web", "WEB"],
        ["a/b", "a\\b", "a:b", "a-b"],
        ["x" * 300 + "1", "x" * 300 + "2"],
        ["\u00e9", "e\u0301"],  # the same letter, composed and not
        ["stra\u00dfe", "STRASSE"],
        ["../etc", f"etc-{digits('../etc')}"],  # a value that bears the name of another
        [None, "(blank)"],
    ],
)
def test_values_that_look_alike_do_not_share_a_folder(values: list[str | None]) -> None:
    names = folder_names("source", values)
    assert len({name.casefold() for name in names.values()}) == len(values)


@given(st.lists(st.text(max_size=12), unique=True, max_size=8))
def test_any_values_keep_apart(values: list[str]) -> None:
    names = folder_names("source", values)
    assert len({name.casefold() for name in names.values()}) == len(values)


def test_a_hostile_column_is_tamed_too() -> None:
    [name] = folder_names("../x", ["a"]).values()
    assert PurePosixPath(name).parts == (name,)
    assert name.startswith("x-")
    assert name.endswith("=a")


def test_a_safe_name_keeps_what_can_be_read() -> None:
    assert safe_name("Nord & Süd") == "Nord-Süd"
