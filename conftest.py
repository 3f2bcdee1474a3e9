"""What tests and doctests share: no window for a plot, and a folder of their own for files."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("MPLBACKEND", "agg")  # before anything imports matplotlib, kernels too


@pytest.fixture(autouse=True)
def _examples_write_elsewhere(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Run every doctest, the README's included, in an empty folder."""
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(tmp_path)
