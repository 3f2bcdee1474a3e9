"""The command line: what it says, where, and with which exit code."""

import json
import os
import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest

import funnelkit
from funnelkit._core.errors import ArgumentError, DataError, ReportError
from funnelkit.cli import main
from funnelkit.report import runner
from funnelkit.report.runner import ReportRun
from funnelkit.report.workbook import WorkbookWarning


@dataclass
class Said:
    """What a command line did."""

    code: int
    out: str
    err: str


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that runs a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Said:
        code = main(words)
        told = capsys.readouterr()
        return Said(code, told.out, told.err)

    return run


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """The reports that were asked for; none is made."""
    asked: list[tuple[str, dict]] = []

    def run(name: str, **given: object) -> ReportRun:
        asked.append((name, given))
        folder = Path("reports/2018-05")
        return ReportRun(
            folder=folder,
            html=folder / "monthly_report.html",
            workbook=folder / "tables.xlsx",
            notebook=folder / "monthly_report.ipynb",
            manifest=folder / "manifest.json",
            warnings=("as_of is 2018-05-30",),
        )

    monkeypatch.setattr(runner, "run", run)
    return asked


def test_version(say) -> None:
    assert say("--version").out == f"funnelkit {funnelkit.__version__}\n"


def test_help_names_the_commands_and_the_exit_codes(say) -> None:
    told = say("--help")
    assert told.code == 0
    for word in ("report", "audit", "demo", "exit codes: 0 done, 1 failed"):
        assert word in told.out


def test_help_of_a_report_has_every_parameter(say) -> None:
    from funnelkit.report.parameters import MonthlyParameters, told

    shown = " ".join(say("report", "monthly", "--help").out.split())
    for one in told(MonthlyParameters):
        if one.on_command_line:
            assert "--" + one.name.replace("_", "-") in shown
            assert one.words in shown


def test_nothing_said_is_answered_with_help_and_2(say) -> None:
    told = say()
    assert (told.code, told.out.startswith("usage: funnelkit")) == (2, True)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (
            ["reprot"],
            "forecast, experiment, archive, demo, doctor, completion. Did you mean `report`?",
        ),
        (["report", "montly"], "there is no `montly`; known: "),
        (["report", "montly"], ". Did you mean `monthly`?"),
        (["report", "monthly", "--mnth", "3"], "unknown argument --mnth. Did you mean `--month`?"),
        (["report", "monthly", "--mon", "3"], "unknown argument --mon. Did you mean `--month`?"),
        (["audit", "--confg=x"], "unknown argument --confg=x. Did you mean `--config`?"),
        (["report"], "required: REPORT"),
        (["report", "monthly", "--month"], "--month: expected one argument"),
        (["report", "monthly", "--confidence-level", "x"], "invalid float value: 'x'"),
    ],
)
def test_what_is_not_understood_gets_the_closest_match_and_2(say, words, hint) -> None:
    told = say(*words)
    assert (told.code, told.out) == (2, "")
    assert hint in told.err
    assert "--help" in told.err


def test_the_name_of_the_notebook_asks_for_the_same_report(say, runs) -> None:
    assert say("report", "monthly_report", "--month", "2018-05", "--demo").code == 0
    assert runs == [("monthly_report", {"month": "2018-05", "demo": True})]


def test_a_report_gets_what_was_said_and_nothing_else(say, runs) -> None:
    words = (
        "report monthly --month 2018-05 --data A.csv --join B.csv C.csv --config funnel.yml "
        "--out there --confidence-level 0.8 --horizon 90"
    )
    told = say(*words.split())
    assert (told.code, told.err) == (0, "")
    assert runs == [
        (
            "monthly",
            {
                "month": "2018-05", "data": ["A.csv"], "join": ["B.csv", "C.csv"],
                "config": "funnel.yml", "out": "there", "confidence_level": 0.8, "horizon": 90,
            },
        )
    ]  # fmt: skip


def test_away_from_a_terminal_it_says_the_path_alone(say, runs) -> None:
    assert say("demo").out == str(Path("reports/2018-05/monthly_report.html")) + "\n"
    assert runs == [("monthly", {"demo": True})]


def test_on_a_terminal_it_says_a_sentence(say, runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    path = Path("reports/2018-05/monthly_report.html")
    beside = "tables.xlsx, monthly_report.ipynb, manifest.json"
    told = say("demo", "--out", "x")
    assert told.out == f"The report is {path}. Beside it: {beside}.\n"
    assert told.err == "note: as_of is 2018-05-30\n"
    assert runs == [("monthly", {"demo": True, "out": "x"})]


def test_json_for_machines(say, runs) -> None:
    assert json.loads(say("report", "monthly", "--demo", "--json").out) == {
        "folder": "reports/2018-05",
        "html": "reports/2018-05/monthly_report.html",
        "workbook": "reports/2018-05/tables.xlsx",
        "notebook": "reports/2018-05/monthly_report.ipynb",
        "manifest": "reports/2018-05/manifest.json",
        "warnings": ["as_of is 2018-05-30"],
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [(ArgumentError("a"), 2), (DataError(["a", "b"]), 1), (ReportError("cell 3: x"), 1)],
)
def test_errors_are_said_without_a_traceback(say, monkeypatch, error, code) -> None:
    def fails(name: str, **given: object) -> None:
        raise error

    monkeypatch.setattr(runner, "run", fails)
    told = say("demo")
    assert (told.code, told.out, told.err) == (code, "", f"funnelkit: {error}\n")
    told = say("demo", "--json")
    problems = list(getattr(error, "problems", [str(error)]))
    assert (told.code, told.err) == (code, "")
    assert json.loads(told.out) == {"error": type(error).__name__, "problems": problems}


def test_a_warning_is_one_line(say, runs, monkeypatch: pytest.MonkeyPatch) -> None:
    ready = runner.run

    def warns(name: str, **given: object) -> ReportRun:
        warnings.warn("tables.xlsx is open", WorkbookWarning, stacklevel=1)
        return ready(name, **given)

    monkeypatch.setattr(runner, "run", warns)
    assert say("demo").err == "warning: tables.xlsx is open\n"


def test_an_interruption_is_130(say, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str, **given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run", interrupted)
    told = say("demo")
    assert told.code == 130
    assert told.err == "funnelkit: interrupted; nothing was left half-written.\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal that asks to end")
def test_a_request_to_end_cleans_up(say, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(name: str, **given: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(runner, "run", ended)
    assert say("demo").code == 130
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_report_without_data_says_the_two_ways_out(say) -> None:
    told = say("report", "monthly", "--month", "2018-05")
    assert told.code == 2
    assert "funnelkit: `config` is missing, and there is no funnel.yml here" in told.err
    assert "funnelkit demo" in told.err


def test_an_audit_without_a_config_says_so(say) -> None:
    told = say("audit")
    assert (told.code, told.out) == (2, "")
    assert told.err.startswith("funnelkit: there is no funnel.yml here, which says what the")
    assert "`funnelkit init FILE` writes one to check" in told.err


def test_every_mistake_in_funnel_yml_is_said_at_once(say) -> None:
    Path("funnel.yml").write_text("stages: [lead]\nas_off: 2018-05-31\n", encoding="utf-8")
    told = say("audit", "--json")
    assert told.code == 2
    assert json.loads(told.out)["problems"] == [
        "funnel.yml, line 1: `stages` needs at least two names in order; got ['lead'].",
        "funnel.yml, line 2: `as_off` is not known. Did you mean `as_of`?",
    ]
    told = say("audit")
    assert told.err.startswith("funnelkit: 2 problems:\n  1. funnel.yml, line 1:")


@pytest.mark.parametrize("module", ["funnelkit", "funnelkit.cli"])
def test_both_modules_run(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "--version"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stdout == f"funnelkit {funnelkit.__version__}\n"


def test_linear_algebra_takes_one_thread(monkeypatch) -> None:
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    code = (
        "import os, sys; from funnelkit.cli import main; main(['doctor', '--json']);"
        "print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['MKL_NUM_THREADS'], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.splitlines()[-1] == "1 1"
