"""A page printed to PDF by a browser that nobody sees, and that reaches no network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from funnelkit._core.errors import ReportError
from funnelkit.report.delivery.browsers import find_browser

_SECONDS = 180
_FLAGS = (
    "--headless=new", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
    "--disable-sync", "--disable-extensions", "--disable-background-networking",
    "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
)  # fmt: skip
_DATES = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}")


def print_pdf(page: str, *, paper: str = "A4", beside: Path | None = None) -> bytes:
    """Return a page as PDF.

    Parameters
    ----------
    page
        The HTML of a report.
    paper
        ``"A4"`` or ``"Letter"``.
    beside
        Folder in which the browser may write for a moment; none: the system's own. (One that is
        packed as a snap can write only under the user's home.)

    Raises
    ------
    ReportError
        If there is no browser, or it does not print the page.
    """
    browser = find_browser()
    folder = Path(tempfile.mkdtemp(prefix="fk-pdf-", dir=beside))
    try:
        source, target = folder / "page.html", folder / "page.pdf"
        source.write_text(_on(page, paper), encoding="utf-8", newline="\n")
        said = _run(browser, source, target, folder / "profile")
        content = target.read_bytes() if target.is_file() else b""
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not content.startswith(b"%PDF"):
        last = next((line for line in reversed(said.splitlines()) if line.strip()), "nothing")
        raise ReportError(f"{browser.name} did not print the page; it said: {last.strip()[:300]}")
    return _DATES.sub(rb"\g<1>20000101000000", content)


def _on(page: str, paper: str) -> str:
    """Return the page with the size of its paper, after what its own style says of it."""
    style = f"<style>@page {{ size: {paper}; }}</style>"
    before, end, after = page.partition("</head>")
    return f"{before}{style}{end}{after}"


def _run(browser: Path, source: Path, target: Path, profile: Path) -> str:
    """Run the browser, and return what it said."""
    # Its own sandbox does not start for root, as in containers; the page runs no script.
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    command = [
        str(browser), *_FLAGS, *(("--no-sandbox",) if as_root else ()),
        f"--user-data-dir={profile}", f"--print-to-pdf={target}", source.resolve().as_uri(),
    ]  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603  a browser found on this machine
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ReportError(
            f"{browser.name} did not print the page within {_SECONDS} seconds."
        ) from None
    except OSError as error:
        raise ReportError(f"{browser} cannot be started: {error.strerror or error}.") from None
    return done.stdout.decode("utf-8", "replace")
