"""Every notebook in a real JupyterLab, as it is or on a funnel of one's own; nothing may leave.

The suite runs the numbered ones and the monthly report; this runs all of them and prints a line for
each::

    python -m tests.notebooks.every [--own] [NAME ...]
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import BROWSERS
from tests.notebooks import own_funnel
from tests.notebooks.lab import Lab, opened, serving
from tests.notebooks.test_notebooks import SWITCH

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def prepared(folder: Path, *, own: bool) -> None:
    """Copy the notebooks; with `own`, the numbered ones name a funnel.yml in their first line."""
    shutil.copytree(NOTEBOOKS, folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb*"))
    if own:
        config = own_funnel.written(folder).as_posix()
        for path in (folder / "notebooks").glob("0*.ipynb"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(SWITCH, f"config = '{config}'"), encoding="utf-8")


def told(lab: Lab, name: str) -> bool:
    """Run one and print how it went; whether it ran to the end."""
    began = time.monotonic()
    cells = lab.run_all(name)
    lab.close()
    outputs = [one for cell in cells for one in cell["outputs"]]
    wrong = [f"{one['ename']}: {one['evalue']}" for one in outputs if one["output_type"] == "error"]
    seconds = time.monotonic() - began
    print(f"{name:<28}{seconds:6.1f} s  {'; '.join(wrong) or 'no error'}", flush=True)
    return not wrong


def main(arguments: list[str]) -> int:
    """Run those that are named, or all; 1 where one fails, or something was asked elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--own", action="store_true", help="numbered ones on an own funnel.yml")
    parser.add_argument("names", nargs="*", metavar="NAME", help="file names; none: all")
    given = parser.parse_args(arguments)
    pattern = "0*.ipynb" if given.own else "*.ipynb"
    names = given.names or sorted(path.name for path in NOTEBOOKS.glob(pattern))
    chromium = next(where for name in BROWSERS if (where := shutil.which(name)))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        prepared(folder, own=given.own)
        with serving(folder) as server, opened(folder, Path(chromium), server) as lab:
            ran = [told(lab, name) for name in names]
            elsewhere = lab.elsewhere()
            print(f"{len(lab.asked)} requests of the browser; off this machine: {len(elsewhere)}")
    return int(not all(ran) or bool(elsewhere))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
