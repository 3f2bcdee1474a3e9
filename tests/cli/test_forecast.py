"""`funnelkit forecast`: what is to come, in words or for machines, and what it refuses."""

import datetime as dt
import json
from pathlib import Path

import pytest

FUNNEL = "stages: [lead, won]\nid: id\nvalue: amount\nas_of: 2026-06-30\ndata: leads.csv\n"


def rows() -> str:
    """Forty leads a month for 18 months; one in ten is won, for 1,000, within 20 to 48 days."""
    lines = ["id,lead,won,amount"]
    for month in range(18):
        for k in range(40):
            day = dt.date(2025 + month // 12, month % 12 + 1, 1 + k % 28)
            won = day + dt.timedelta(days=20 + (7 * k + 5 * month) % 29)
            done = k % 10 == month % 10 and won <= dt.date(2026, 6, 30)
            lines.append(f"{month}-{k},{day},{won if done else ''},{1000 if done else ''}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def project(command):
    Path("funnel.yml").write_text(FUNNEL, encoding="utf-8")
    Path("leads.csv").write_text(rows(), encoding="utf-8")
    return command


def test_months_parts_and_chance_belong_together(project) -> None:
    told = project("forecast", "--months", "3", "--goal", "1", "--remember", "said.jsonl", "--json")
    said = json.loads(told.out, parse_constant=pytest.fail)
    assert (told.code, told.err) == (0, "")
    assert [one["month"] for one in said["months"]] == ["2026-07", "2026-08", "2026-09"]
    wins = sum(one["wins"]["expected"] for one in said["months"])
    money = sum(one["money"]["expected"] for one in said["months"])
    assert 8 < wins < 16  # four of forty a month
    assert money == pytest.approx(1000 * wins, rel=0.02)
    *parts, total = said["parts"]
    assert total["part"] == "total"
    assert sum(one["expected"] for one in parts) == pytest.approx(total["expected"])
    assert said["chance_of_goal"] > 0.95
    assert Path("said.jsonl").read_text(encoding="utf-8").count("\n") == 1


def test_in_words_there_is_a_line_for_each_month(project) -> None:
    told = project("forecast", "--months", "2", "--month", "2026-05", "--goal", "9000000")
    assert told.code == 0
    lines = told.out.splitlines()
    assert lines[0].startswith("June 2026 to July 2026: about ")
    assert [line.split()[0] for line in lines[1:4]] == ["Month", "2026-06", "2026-07"]
    assert lines[-1] == "9,000,000 has a chance of less than 1\u202f%."


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--months", "0"), 2, "`--months` must be from 1 to 36; got 0"),
        (("--goal", "-5"), 2, "`--goal` must be a number above 0; got -5"),
        (("--month", "2026-13"), 2, "`month` must be a month such as 2026-10"),
        (("--month", "2026-12"), 1, "must have ended in the data, which go up to 2026-06-30"),
        (("--demo", "--config", "funnel.yml"), 2, "`--demo` looks at simulated data"),
        (("--gaol", "5"), 2, "Did you mean `--goal`?"),
        (("--confidence-level", "95"), 2, "0.95"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(project, words, code, said) -> None:
    told = project("forecast", *words)
    assert (told.code, told.out) == (code, "")
    assert said in told.err
    assert "Traceback" not in told.err


def test_without_a_funnel_yml_the_ways_out_are_told(command) -> None:
    told = command("forecast")
    assert told.code == 2
    assert "`funnelkit init EXPORT`" in told.err
    assert "--demo" in told.err
