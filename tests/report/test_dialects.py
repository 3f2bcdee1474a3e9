"""`dialect` in the `data` key of funnel.yml."""

from pathlib import Path

import pytest

from funnelkit._core.errors import DefinitionError
from funnelkit.report.config import load_config

HEAD = "stages: [lead, won]\nid: n\n"


def loaded(folder: Path, data: str):
    path = folder / "funnel.yml"
    path.write_text(f"{HEAD}data: {{files: deals.csv, {data}}}\n", encoding="utf-8")
    return load_config(path, check_files=False)


def test_what_the_reader_is_told(tmp_path):
    found = loaded(tmp_path, "dialect: hubspot, grain: deal, pipelines: [A, B], labels: {1: X}")
    assert dict(found.data.dialect.told) == {
        "grain": "deal",
        "pipelines": ["A", "B"],
        "labels": {"1": "X"},
    }
    assert loaded(tmp_path, "encoding: utf-8").data.dialect is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("dialect: hubsopt", "Did you mean `hubspot`?"),
        ("dialect: hubspot, grain: lead", r"`data\.grain` must be one of deal, contact"),
        ("pipelines: [A]", r"`data\.pipelines` needs `dialect`"),
        ("dialect: hubspot, join: other.csv", r"`data\.join` and .* exclude each other"),
        ("dialect: salesforce, rates: {EUR: much}", "must map a currency to its rate"),
        ("dialect: salesforce, grain: deal", "grain"),
    ],
)
def test_mistakes_are_said_with_their_place(tmp_path, data, words):
    with pytest.raises(DefinitionError, match=words):
        loaded(tmp_path, data)
