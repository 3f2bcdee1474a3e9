"""The examples under examples/: read without their schedulers everywhere, and with them in CI.

Where Airflow or Dagster is installed its own classes build the DAG and the job; elsewhere those
tests skip and say so, or fail with FUNNELKIT_REQUIRE_SCHEDULERS in the environment.
"""

from __future__ import annotations

import ast
import datetime as dt
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import yaml

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COMMAND = re.compile(r"\.venv/bin/funnelkit ([^\n]+)")


def commands(text: str) -> list[list[str]]:
    """Return the arguments of each call of funnelkit in a shell command."""
    return [shlex.split(found) for found in COMMAND.findall(text)]


def cron() -> list[tuple[str, str]]:
    """Return the five fields of each line of the crontab, and its command as cron runs it."""
    lines = (EXAMPLES / "crontab").read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if line and not line.startswith("#")]
    found = []
    for line in (line for line in told if not re.match(r"[A-Z]+=", line)):
        fields, command = line.split(None, 5)[:5], line.split(None, 5)[5]
        assert not re.search(r"(?<!\\)%", command)  # cron ends the command at a bare percent sign
        found.append((" ".join(fields), command.replace("\\%", "%")))
    return found


def parsed(words: list[str]):
    cli = pytest.importorskip("funnelkit.cli")
    return cli.parse(words)


def test_cron_runs_a_command_that_there_is():
    when, command = cron()[0]
    assert when == "30 6 2 * *"
    [words] = commands(command.replace("\"$(date -d 'last month' +%Y-%m)\"", "2026-10"))
    told = parsed(words)
    assert (told.command, told.report, told.config, told.month) == (
        "report",
        "monthly",
        "funnel.yml",
        "2026-10",
    )


def test_cron_mails_the_weekly_report():
    when, command = cron()[1]
    assert when == "0 7 * * 1"
    told = parsed(commands(command.partition(" > ")[0])[0])
    assert (told.command, told.report, told.email) == ("report", "weekly", "weekly.eml")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_cron_lines_are_ones_that_bash_understands():
    for _, command in cron():
        subprocess.run(["bash", "-n", "-c", command], check=True)


def workflow() -> dict:
    """Return the GitHub Actions workflow; YAML reads its key `on` as True."""
    text = (EXAMPLES / "github_actions.yml").read_text(encoding="utf-8")
    read = yaml.safe_load(text)
    return {("on" if key is True else key): value for key, value in read.items()}


def steps() -> list[dict]:
    return workflow()["jobs"]["report"]["steps"]


def test_github_runs_it_each_month_and_by_hand():
    told = workflow()["on"]
    assert told["schedule"] == [{"cron": "30 6 2 * *"}]
    assert list(told["workflow_dispatch"]["inputs"]) == ["month"]
    assert workflow()["permissions"] == {"contents": "read"}


def test_github_runs_commands_that_there_are():
    lines = [line for step in steps() for line in step.get("run", "").splitlines()]
    called = [shlex.split(line)[1:] for line in lines if line.startswith("funnelkit ")]
    audit, report = (parsed(words) for words in called)
    assert (audit.command, audit.config) == ("audit", "funnel.yml")
    assert (report.command, report.report) == ("report", "monthly")
    assert (report.email, report.pptx) == ("report.eml", "report.pptx")


def test_github_never_makes_a_command_of_what_is_typed_in():
    for step in steps():
        assert "${{" not in step.get("run", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
def test_github_steps_are_ones_that_bash_understands():
    for step in (one for one in steps() if "run" in one):
        subprocess.run(["bash", "-n", "-c", step["run"]], check=True)


def test_windows_task_is_a_task_that_runs_the_script():
    name = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    task = ElementTree.parse(EXAMPLES / "windows_task.xml").getroot()
    assert task.tag == f"{name}Task"
    months = task.find(f".//{name}ScheduleByMonth")
    assert [day.text for day in months.iter(f"{name}Day")] == ["2"]
    assert len(months.find(f"{name}Months")) == 12
    assert task.findtext(f".//{name}StartBoundary").endswith("T06:30:00")
    words = task.findtext(f".//{name}Exec/{name}Arguments").split()
    assert (EXAMPLES / words[words.index("-File") + 1]).is_file()


def test_windows_script_runs_commands_that_there_are():
    text = (EXAMPLES / "windows_task.ps1").read_text(encoding="utf-8")
    called = re.findall(r"^& \$funnelkit (.+?) \*>", text, re.MULTILINE)
    audit, report = (parsed(line.replace("$month", "2026-10").split()) for line in called)
    assert (audit.command, audit.config) == ("audit", "funnel.yml")
    assert (report.report, report.month, report.email) == ("monthly", "2026-10", "report.eml")


def calls_in(name: str) -> set[str]:
    """Return what a file calls of the modules it imports, as written."""
    tree = ast.parse((EXAMPLES / name).read_text(encoding="utf-8"))
    found = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return found | {ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Attribute)}


def test_names_that_airflow_documents():
    source = (EXAMPLES / "airflow_dag.py").read_text(encoding="utf-8")
    assert "from airflow.sdk import DAG\n" in source  # as of Airflow 3
    assert "from airflow.providers.standard.operators.bash import BashOperator\n" in source
    assert {"DAG", "BashOperator", "pendulum.datetime", "pendulum.duration"} <= calls_in(
        "airflow_dag.py"
    )


def test_names_that_dagster_documents():
    used = {name for name in calls_in("dagster_job.py") if re.fullmatch(r"dg\.\w+", name)}
    assert used == {
        "dg.AssetExecutionContext",
        "dg.Definitions",
        "dg.Failure",
        "dg.MaterializeResult",
        "dg.MetadataValue",
        "dg.MonthlyPartitionsDefinition",
        "dg.asset",
        "dg.build_schedule_from_partitioned_job",
        "dg.define_asset_job",
    }


# --- with the schedulers themselves -----------------------------------------------------------


def load(name: str, needs: str, monkeypatch, tmp_path):
    """Return an example as a module, with its scheduler's own folders out of the way."""
    if importlib.util.find_spec(needs) is None:
        if os.environ.get("FUNNELKIT_REQUIRE_SCHEDULERS"):
            pytest.fail(f"{needs} is not installed")
        pytest.skip(f"{needs} is not installed: the example was read, not run")
    for variable in ("AIRFLOW_HOME", "DAGSTER_HOME", "FUNNEL"):
        monkeypatch.setenv(variable, str(tmp_path))
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module


scheduler = pytest.mark.filterwarnings("ignore")  # their own


@scheduler
def test_airflow_builds_the_dag(monkeypatch, tmp_path):
    dag = load("airflow_dag", "airflow", monkeypatch, tmp_path).dag
    assert dag.task_ids == ["fetch", "audit", "report"]
    assert dag.task_dict["report"].upstream_task_ids == {"audit"}
    assert dag.task_dict["audit"].upstream_task_ids == {"fetch"}
    assert dag.timetable.expression == "30 6 2 * *"

    from airflow.sdk.execution_time import macros

    run = SimpleNamespace(run_after=dt.datetime(2026, 3, 2, 5, 30, tzinfo=dt.UTC))
    template = dag.get_template_env().from_string(dag.task_dict["report"].bash_command)
    assert template.render(dag_run=run, macros=macros) == (
        ".venv/bin/funnelkit report monthly --config funnel.yml --month 2026-02"
    )


@scheduler
def test_dagster_runs_the_job(monkeypatch, tmp_path):
    module = load("dagster_job", "dagster", monkeypatch, tmp_path)
    import dagster

    told = tmp_path / "told"
    program = tmp_path / ".venv" / "bin" / "funnelkit"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\necho "$@" >> {told}\n', encoding="utf-8")
    program.chmod(0o755)
    job = module.defs.resolve_job_def("funnelkit_monthly")
    with dagster.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(partition_key="2026-02-01", instance=instance)
        assert done.success
        program.write_text("#!/bin/sh\necho broken >&2\nexit 1\n", encoding="utf-8")
        failed = job.execute_in_process(
            partition_key="2026-02-01", instance=instance, raise_on_error=False
        )
        assert not failed.success
    assert told.read_text(encoding="utf-8").splitlines() == [
        "audit --config funnel.yml",
        "report monthly --config funnel.yml --month 2026-02 --json",
    ]
    if importlib.util.find_spec("funnelkit") is not None:
        for line in told.read_text(encoding="utf-8").splitlines():
            assert parsed(line.split()).config == "funnel.yml"
    [schedule] = module.defs.get_repository_def().schedule_defs
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 6 2 * *", "Europe/Berlin")
