"""A delivery from what was asked for to the files; and what a machine may lack."""

import re
import shutil
from pathlib import Path

import pytest

from funnelkit._core.errors import ArgumentError, AssumptionWarning, ReportError
from funnelkit.cli import main
from funnelkit.report import deliver, run
from funnelkit.report.delivery import browsers
from funnelkit.report.delivery.browsers import find_browser, places
from funnelkit.report.delivery.printing import print_pdf
from tests.report.delivery import made


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "2018-05" / "monthly_report.html"
    path.parent.mkdir()
    path.write_text(made.page(), encoding="utf-8")
    return path


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(browsers.VARIABLE, raising=False)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)


@pytest.mark.usefixtures("no_browser")
def test_mail_and_slides_need_no_browser(page: Path, tmp_path: Path) -> None:
    with pytest.warns(AssumptionWarning, match="No PDF is attached to the mail"):
        found = deliver(page, email=tmp_path / "june.eml", pptx=f"{tmp_path}/decks/")
    assert found == (tmp_path / "june.eml", tmp_path / "decks" / "monthly_report-2018-05.pptx")
    assert found[0].read_bytes().startswith(b"Subject: Wins fell by 12 % in May\r\n")
    assert found[1].read_bytes().startswith(b"PK")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["2018-05", "decks", "june.eml"]


@pytest.mark.usefixtures("no_browser")
def test_without_a_browser_a_pdf_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="Chromium, Chrome or Edge, and none was found"):
        run("monthly", demo=True, out=tmp_path, pdf=tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []


def test_a_named_browser_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(browsers.VARIABLE, "no-such-browser")
    with pytest.raises(ReportError, match="FUNNELKIT_BROWSER names 'no-such-browser'"):
        find_browser()


def test_where_each_system_keeps_its_browsers() -> None:
    windows = {"PROGRAMFILES": "C:\\Program Files", "PROGRAMFILES(X86)": "C:\\Program Files (x86)"}
    found = list(places("win32", windows))
    assert "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe" in found
    assert "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe" in found
    mac = list(places("darwin", {}))
    assert "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge" in mac
    assert {"chromium", "google-chrome", "microsoft-edge"} <= set(places("linux", {}))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"email": "june.html"}, "`email` must be a file that ends in .eml, or a folder"),
        ({"pdf": "funnel.yml"}, "`pdf` must be a file that ends in .pdf"),
        ({"template": "own.potx"}, "`template` is for slides"),
        ({"pdf": "a.pdf", "paper": "A3"}, "`paper` must be A4 or Letter; got 'A3'"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict, said: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(said)):
        deliver("absent.html", **given)


def test_the_command_line_says_it_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--email", "june.html"]) == 2
    assert capsys.readouterr().err.startswith("funnelkit: `email` must be a file that ends in")
    assert main(["demo", "--emial", "june.eml"]) == 2
    assert "Did you mean `--email`?" in capsys.readouterr().err


@pytest.mark.browser
@pytest.mark.parametrize(("paper", "box"), [("A4", "594.96 841.92"), ("Letter", "612 792")])
def test_a_page_is_printed_on_its_paper(chromium: Path, paper: str, box: str) -> None:
    content = print_pdf(made.page(), paper=paper)
    [found] = set(re.findall(rb"/MediaBox \[0 0 ([\d. ]+)\]", content))
    assert [round(float(one)) for one in found.split()] == [
        round(float(one)) for one in box.split()
    ]
