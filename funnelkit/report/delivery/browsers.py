"""Which browser prints pages: Chromium, Chrome or Edge, where each system keeps it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from funnelkit._core.errors import ReportError

VARIABLE = "FUNNELKIT_BROWSER"
"""Name of the environment variable that holds the path of a browser to take."""

_COMMANDS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "microsoft-edge-stable", "msedge",
)  # fmt: skip
_APPLICATIONS = ("Google Chrome", "Chromium", "Microsoft Edge")
_ON_WINDOWS = (
    ("Google", "Chrome", "Application", "chrome.exe"),
    ("Chromium", "Application", "chrome.exe"),
    ("Microsoft", "Edge", "Application", "msedge.exe"),
)
_ROOTS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")


def find_browser() -> Path:
    """Return a browser that prints pages: the one that is named, or the first that is found.

    Raises
    ------
    ReportError
        If there is none; with what to install, or how to name one.
    """
    named = os.environ.get(VARIABLE)
    if named:
        found = shutil.which(named)
        if found is None:
            raise ReportError(f"{VARIABLE} names {named!r}, which is no program on this machine.")
        return Path(found)
    for place in places(sys.platform, os.environ):
        found = shutil.which(place)
        if found is not None:
            return Path(found)
    raise ReportError(
        "a PDF is printed by Chromium, Chrome or Edge, and none was found on this machine: "
        f"install one, or set {VARIABLE} to its path. (The page itself is made to be printed: "
        "open it in any browser, and print it to a file.)"
    )


def places(platform: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Return where a browser may be, in the order in which it is looked for.

    Parameters
    ----------
    platform
        The system, as ``sys.platform`` has it.
    environment
        Its variables.

    Examples
    --------
    >>> list(places("linux", {}))[:2]
    ['chromium', 'chromium-browser']
    >>> list(places("darwin", {}))[0]
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
    """
    if platform == "darwin":
        homes = [one for one in ("/Applications", environment.get("HOME")) if one]
        for name in _APPLICATIONS:
            for home in homes:
                folder = home if home == "/Applications" else f"{home}/Applications"
                yield f"{folder}/{name}.app/Contents/MacOS/{name}"
    if platform == "win32":
        roots = [environment[name] for name in _ROOTS if environment.get(name)]
        yield from ("\\".join((root, *parts)) for parts in _ON_WINDOWS for root in roots)
    yield from _COMMANDS
    if platform == "linux":
        yield from ("/snap/bin/chromium", "/opt/google/chrome/chrome")
