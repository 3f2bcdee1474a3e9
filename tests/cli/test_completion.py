"""`funnelkit completion`: the scripts, run by a real shell where there is one."""

import shlex
import shutil
import subprocess

import pytest

from funnelkit.report.parameters import REPORTS

BASH = shutil.which("bash")
_ASK = '_funnelkit; printf "%s\\n" "${COMPREPLY[@]}"'


@pytest.fixture
def completed(command):
    """A function that returns what bash offers after some words; the last is being typed."""
    if BASH is None:
        pytest.skip("there is no bash")
    script = command("completion", "bash").out

    def offered(*words: str) -> list[str]:
        line = " ".join(shlex.quote(word) for word in ("funnelkit", *words))
        typed = f"COMP_WORDS=({line}); COMP_CWORD={len(words)}"
        done = subprocess.run(
            [BASH, "--norc", "-c", "\n".join([script, typed, _ASK])],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert not done.stderr
        return done.stdout.split()

    return offered


def test_commands_and_reports_are_completed(completed) -> None:
    assert completed("re") == ["report"]
    assert completed("d") == ["demo", "doctor"]
    assert completed("report", "mon") == ["monthly"]
    offered = completed("report", "")
    assert set(REPORTS) <= set(offered)


def test_options_are_those_of_the_command(completed) -> None:
    assert completed("try", "--p") == ["--pooled"]
    assert completed("report", "monthly", "--confid") == ["--confidence-level"]
    assert completed("audit", "--pooled") == []
    assert completed("completion", "") == ["bash", "zsh", "fish", "--help", "--json"]


def test_after_an_option_that_takes_a_value_files_are_left_to_the_shell(completed) -> None:
    assert completed("audit", "--config", "") == []
    assert completed("report", "monthly", "--demo", "--mo") == ["--month", "--months"]


def test_an_export_called_like_a_command_changes_nothing(completed) -> None:
    assert "--pooled" in completed("try", "monthly", "--")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_can_read_theirs(command, shell: str, tmp_path) -> None:
    script = command("completion", shell).out
    assert "funnelkit" in script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    file = tmp_path / "script"
    file.write_text(script, encoding="utf-8")
    subprocess.run([program, "-n", str(file)], check=True)


def test_fish_knows_every_command_with_its_meaning(command) -> None:
    lines = [shlex.split(line) for line in command("completion", "fish").out.splitlines()]
    assert all(words[:3] == ["complete", "-c", "funnelkit"] for words in lines)
    top = {
        words[words.index("-a") + 1]: words[words.index("-d") + 1]
        for words in lines
        if "-a" in words and "__fish_use_subcommand" in words
    }
    assert top["try"] == "a first look at exports, without any configuration"
    assert {"init", "audit", "report", "plan", "forecast", "experiment", "doctor"} <= set(top)


def test_an_unknown_shell_is_2(command) -> None:
    told = command("completion", "bsh")
    assert told.code == 2
    assert "Did you mean `bash`?" in told.err
