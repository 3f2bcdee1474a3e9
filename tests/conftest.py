"""Fixtures for what a machine may lack: in CI a lack fails, elsewhere it skips and says so."""

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_BROWSER = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background jobs: tests of
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C start processes that hear it


def _lacking(reason: str, *, required: bool) -> None:
    if required:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real exports, which lies beside the checkout and never in it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        _lacking(
            "the real exports (../shared/data) are not on this machine",
            required=bool(os.environ.get("FUNNELKIT_REQUIRE_DATA")),
        )
    return folder


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The executable of an installed Chromium or Chrome."""
    found = next((where for name in BROWSERS if (where := shutil.which(name))), None)
    if found is None and sys.platform == "darwin" and MAC_BROWSER.is_file():
        found = str(MAC_BROWSER)
    if found is None:
        _lacking(
            "no Chromium or Chrome on this machine",
            required=os.environ.get("CI", "").lower() in {"1", "true"},
        )
    return Path(str(found))
