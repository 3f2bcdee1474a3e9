"""An executed notebook: made fit to be kept, and read for what it hands over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from funnelkit.report.manifest import FACTS

_WARNING = re.compile(r"^(?:.*: )?(\w*Warning): (.*)$", re.MULTILINE)


def facts_in(cells: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the facts that the cells of an executed notebook hand over."""
    found: dict[str, Any] = {}
    for cell in cells:
        for output in cell.get("outputs", ()):
            found |= output.get("data", {}).get(FACTS, {})
    return found


def cells_of(path: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook."""
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def tidy(path: Path, folder: Path) -> None:
    """Take out of an executed notebook what belongs to this machine and this moment."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metadata"].pop("papermill", None)
    for cell in content["cells"]:
        for key in ("papermill", "execution"):
            cell["metadata"].pop(key, None)
        if "injected-parameters" in cell["metadata"].get("tags", ()):
            cell["id"] = "injected-parameters"
        for output in _spoken(cell):
            output["text"] = _WARNING.sub(r"\1: \2", "".join(output["text"])).splitlines(True)
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    inside = json.dumps(folder.resolve().as_posix() + "/", ensure_ascii=False)[1:-1]
    path.write_text(text.replace(inside, ""), encoding="utf-8", newline="\n")


def _spoken(cell: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a cell said on stderr."""
    for output in cell.get("outputs", ()):
        if output["output_type"] == "stream" and output["name"] == "stderr":
            yield output


def warnings_in(cells: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """Return the warnings that the cells of an executed notebook gave."""
    told = ["".join(output["text"]) for cell in cells for output in _spoken(cell)]
    found = [match[2] for text in told for match in _WARNING.finditer(text)]
    return tuple(dict.fromkeys(found))
