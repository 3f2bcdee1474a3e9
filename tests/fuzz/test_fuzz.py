"""Damaged exports: a few dozen each time; `benchmarks/fuzz_exports.py` runs thousands."""

import os
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz import cases

EXAMPLES = int(os.environ.get("FUNNELKIT_EXAMPLES", "16"))


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink] if EXAMPLES > 16 else [Phase.generate],
)
@given(st.randoms(use_true_random=False))
def test_exports_that_were_built(random):
    with tempfile.TemporaryDirectory() as folder:
        cases.run(random, Path(folder))


@pytest.mark.parametrize("turn", range(4))
def test_copies_of_real_exports(turn, tmp_path, shared_data):
    ended = set()
    for number in range(turn, EXAMPLES, 4):
        folder = tmp_path / str(number)
        folder.mkdir()
        kind, case = cases.COPIES[number % len(cases.COPIES)]
        ended.add(cases.run_one(kind, case, Random(f"suite {number}"), folder, shared_data).how)
    assert ended <= {"read", "refused"}


def test_what_is_whole_is_read_as_the_plain_reading_has_it(tmp_path, monkeypatch):
    """No damage at all: everything is read, and compared."""
    monkeypatch.setattr(cases.built, "damaged", lambda random, content: content)
    monkeypatch.setattr(cases.built, "spoil_cells", lambda *_: None)
    monkeypatch.setattr(cases.built, "written", _in_utf8)
    compared = 0
    for number in range(4):
        for kind, case in (("built text", cases._text), ("event log", cases._log)):
            folder = tmp_path / f"{kind} {number}"
            folder.mkdir()
            ended = cases.run_one(kind, case, Random(number * 7), folder, None)
            assert ended.how == "read" or "names none of the stages" in ended.words, ended
            compared += ended.compared
    assert compared >= 5  # the others were read with an option that the plain reading lacks


def _in_utf8(random, table):
    import csv
    import io

    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(table[0]), lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(table)
    return stream.getvalue().encode()
