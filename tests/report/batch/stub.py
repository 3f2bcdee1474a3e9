"""What stands in for kernels, and for the processes that start them."""

import json
from pathlib import Path

from funnelkit.report.batch import worker
from funnelkit.report.kernel import CellError


class Stub:
    """Stands in for kernels and for the processes that start them."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self.fails: set[str] = set()
        self.text = "tables"
        self.past: dict[str, str] = {}

    def execute(self, source, output, parameters, **_) -> None:
        label = f"{parameters['month']} {' '.join(parameters['only'] or [])}".strip()
        self.written.append(label)
        content = json.loads(source.read_text(encoding="utf-8"))
        facts = {"headline": f"Report <b>{label}</b>", "as_of": f"{parameters['month']}-28"}
        facts["past"] = dict(self.past)
        facts["cards"] = [
            {"measure": "wins", "name": "Wins", "value": "12", "interval": "8 to 17",
             "immature": parameters["month"] == "2026-03"}
        ]  # fmt: skip
        data = {"text/plain": "x", "application/vnd.funnelkit.facts+json": facts}
        shown = {"output_type": "execute_result", "data": data, "metadata": {}}
        cell = {"cell_type": "code", "id": "x", "metadata": {}, "outputs": [shown], "source": ""}
        content["cells"].append(cell)
        output.write_text(json.dumps(content), encoding="utf-8")
        if label in self.fails:
            raise CellError(3, "DataError", "no <i>won</i> date")
        Path(parameters["tables"]).write_text(self.text, encoding="utf-8")


class Local:
    """A worker within this process."""

    process, alive = 0, True

    def __init__(self, environment) -> None:
        pass

    def ask(self, line: str) -> dict:
        return worker.answer_to(line)

    def leave(self) -> None:
        pass

    def end(self) -> None:
        pass
