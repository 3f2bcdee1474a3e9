"""Take outputs and execution counts out of notebooks, as they are kept in git.

The pre-commit hook runs it on what is about to be committed::

    python tools/strip_notebooks.py notebooks/00_quickstart.ipynb

It writes only what changes, says which notebooks these are, and ends with 1 where there are any, so
that the commit stops and they can be added again. `--check` writes nothing. It needs Python alone.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

KEPT_OF_NOTEBOOK = ("kernelspec", "language_info")
KEPT_OF_CELL = ("tags",)


def stripped(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook without outputs, counts, and what a front end notes for itself."""
    metadata = _only(notebook["metadata"], KEPT_OF_NOTEBOOK)
    if "language_info" in metadata:  # the version is that of whoever ran it last
        metadata["language_info"] = {"name": metadata["language_info"]["name"]}
    return {**notebook, "metadata": metadata, "cells": [_cell(cell) for cell in notebook["cells"]]}


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {**cell, "metadata": _only(cell["metadata"], KEPT_OF_CELL)}
    if cell["cell_type"] == "code":
        kept |= {"outputs": [], "execution_count": None}
    return kept


def _only(metadata: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key in names}


def text_of(notebook: dict[str, Any]) -> str:
    """The notebook as JupyterLab writes it."""
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Strip the notebooks that are named; 1 where one had to be, or has to be."""
    parser = argparse.ArgumentParser(description="Take the outputs out of notebooks.")
    parser.add_argument("--check", action="store_true", help="say which ones, and write nothing")
    parser.add_argument("notebooks", nargs="*", type=Path)
    told = parser.parse_args(arguments)
    changed = []
    for path in told.notebooks:
        before = path.read_text(encoding="utf-8")
        after = text_of(stripped(json.loads(before)))
        if after != before:
            changed.append(path)
            if not told.check:
                path.write_text(after, encoding="utf-8", newline="\n")
    for path in changed:
        print(f"{path}: {'has outputs' if told.check else 'outputs taken out; add it again'}")
    return int(bool(changed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
