"""`funnelkit try`: nothing configured, in words, as a page, or for machines."""

import json
import sys
from pathlib import Path

import pytest

from funnelkit.report.trying import first_look

ROWS = "lead_id,created_at,won_at,region\n" + "".join(
    f"L{k},2026-0{1 + k // 28}-{1 + k % 28:02d},"
    f"{f'2026-05-{1 + k % 28:02d}' if k % 3 == 0 else ''},{'ab'[k % 2]}\n"
    for k in range(84)
)


@pytest.fixture
def attempt(command):
    Path("leads.csv").write_text(ROWS, encoding="utf-8")
    return command


def test_in_words_with_what_to_do_next(attempt) -> None:
    told = attempt("try", "leads.csv")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith("DRAFT: the stages were guessed")
    for part in ("84 rows read, every one accounted for", "DEALS TO TALK ABOUT", "id: lead_id"):
        assert part in told.out
    assert told.out.endswith(
        "NEXT\n  funnelkit init leads.csv\n  then check the stages in funnel.yml, and\n"
        "  funnelkit report monthly --month 2026-04\n"
    )
    assert sorted(path.name for path in Path().iterdir()) == ["leads.csv"]


class Found:
    """What a first look found, for tests of how it is said."""

    month = "2026-05"

    def lines(self, width: int) -> list[str]:
        return ["DRAFT", f"{width} wide"]

    def write(self, path: str) -> Path:
        return Path(path) / "first_look.html"


@pytest.fixture
def found(attempt, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(first_look, "trial", lambda *exports, **given: Found())
    return attempt


def test_away_from_a_terminal_the_path_of_the_page_alone_is_said(found) -> None:
    told = found("try", "leads.csv", "--out", "here")
    assert (told.code, told.out) == (0, f"{Path('here/first_look.html')}\n")


def test_on_a_terminal_words_and_page(found, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    told = found("try", "leads.csv", "--out", "here")
    assert told.out.startswith("DRAFT\n")
    assert told.out.endswith(f"The same as a page: {Path('here/first_look.html')}\n")


def test_json_holds_everything_and_nothing_else(attempt) -> None:
    told = attempt("try", "leads.csv", "--where", "region=a", "--json")
    said = json.loads(told.out, parse_constant=pytest.fail)
    assert said["reached"] == {"lead": 42, "won": 14}
    assert sum(one["rows"] for one in said["rows"]) == 84
    assert "where:\n  region: [a]" in said["config"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("lead.csv",), 1, "lead.csv"),
        (("leads.csv", "--where", "region"), 2, "`where` must be COLUMN=VALUE"),
        (("leads.csv", "--where", "regin=a"), 2, "Did you mean `region`?"),
        (("leads.csv", "--where", "region=c"), 2, "region"),
        (("leads.csv", "--ot", "x"), 2, "Did you mean `--out`?"),
        ((), 2, "EXPORT"),
    ],
)
def test_what_cannot_be_is_told(attempt, words, code, said) -> None:
    told = attempt("try", *words)
    assert (told.code, told.out) == (code, ""), told.err
    assert said in told.err
    assert "Traceback" not in told.err
