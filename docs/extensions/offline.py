"""A built page asks no other host for anything: scripts, styles, fonts and pictures are its own.

Links that a reader may click are no requests, and stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ELSEWHERE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])\s*((?:https?:)?//[^'\")\s]+)", re.I)
# Of <link>, what is fetched unasked; rel="author" and the like are not.
FETCHED = {"icon", "manifest", "modulepreload", "preconnect", "prefetch", "preload", "stylesheet"}


class Requests(HTMLParser):
    """Addresses on other hosts that a browser would ask as it shows a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what the tag fetches."""
        said = {name: value or "" for name, value in attrs}
        self._in_style = tag == "style"
        asked = [said.get("src", ""), said.get("poster", ""), *said.get("srcset", "").split(",")]
        if tag == "link" and FETCHED & set(said.get("rel", "").lower().split()):
            asked.append(said.get("href", ""))
        if tag in {"object", "embed"}:
            asked.append(said.get("data", ""))
        self.found += [each.strip() for each in asked if ELSEWHERE.match(each)]
        self.found += IN_STYLE.findall(said.get("style", ""))

    def handle_data(self, data: str) -> None:
        """Keep what a style sheet in the page fetches."""
        if self._in_style:
            self.found += IN_STYLE.findall(data)


def requests(text: str) -> list[str]:
    """Return the addresses on other hosts that a page of HTML asks by itself."""
    parser = Requests()
    parser.feed(text)
    return parser.found


def of_site(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each page or style sheet that asks another host, with the address."""
    for path in sorted(folder.rglob("*.html")):
        for address in requests(path.read_text(encoding="utf-8")):
            yield path, address
    for path in sorted(folder.rglob("*.css")):
        for address in IN_STYLE.findall(path.read_text(encoding="utf-8")):
            yield path, address


def check(app: Sphinx, exception: Exception | None) -> None:
    """Warn of every request to another host; `make docs` takes a warning for a failure."""
    from sphinx.util import logging

    if exception is not None or app.builder.format != "html":
        return
    for path, address in of_site(Path(app.outdir)):
        name = path.relative_to(app.outdir).as_posix()
        logging.getLogger(__name__).warning("%s asks another host: %s", name, address)


def setup(app: Sphinx) -> dict[str, Any]:
    """Look at the site once it is built."""
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
