"""Small notebooks in place of a report's, for what has to hold whatever the report says."""

import json
from pathlib import Path

from funnelkit.report.parameters import MonthlyParameters, cell


def notebook(path: Path, *sources: str) -> Path:
    """Write a notebook with the monthly report's parameters, and one cell for each source."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": {"tags": ["parameters"]} if number == 0 else {},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate([cell(MonthlyParameters), *sources])
    ]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def texts(path: Path) -> str:
    """Return what the cells of an executed notebook printed."""
    outputs = [
        output
        for one in json.loads(path.read_text(encoding="utf-8"))["cells"]
        for output in one.get("outputs", ())
    ]
    return "".join("".join(one.get("text", ())) for one in outputs)
