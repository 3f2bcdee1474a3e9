"""Thousands of damaged exports: each must end in a correct result or one clear error.

    python benchmarks/fuzz_exports.py --cases 5000 --seed 1
    python benchmarks/fuzz_exports.py --seed 1 --only 1234     # one case again, with its traceback

Prints how many were read and how many refused, by kind and by what the refusal said, how many
were compared with a slow plain reading, and every crash with the number of its case. Exits 1 if
there is one. Mutated copies of real exports need ../shared/data beside the checkout.
"""

from __future__ import annotations

import argparse
import faulthandler
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.fuzz import cases  # noqa: E402

SHARED = ROOT.parent / "shared" / "data"


class Run:
    """The tally of a run."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.ended: Counter[tuple[str, str]] = Counter()
        self.words: Counter[str] = Counter()
        self.compared = 0
        self.crashes: list[tuple[int, str]] = []
        self.shared = SHARED if SHARED.is_dir() else None

    def case(self, number: int, *, aloud: bool) -> None:
        """Run one case."""
        with tempfile.TemporaryDirectory() as folder:
            try:
                one = cases.run(Random(f"{self.seed}:{number}"), Path(folder), self.shared)
            except Exception as error:  # noqa: BLE001  that is what is sought
                self.crashes.append((number, type(error).__name__))
                print(f"case {number}: {type(error).__name__}: {str(error)[:600]}", flush=True)
                if aloud:
                    traceback.print_exc()
                return
        self.ended[one.kind, one.how] += 1
        self.compared += one.compared
        if one.how == "refused":
            self.words[shape_of(one.words)] += 1
        if aloud:
            print(one)

    def tell(self, most: int = 60) -> None:
        """Print what became of all cases."""
        total: Counter[str] = Counter()
        for (_, how), n in self.ended.items():
            total[how] += n
        print(", ".join(f"{how} {n}" for how, n in sorted(total.items())), end=", ")
        print(f"crashed or wrong {len(self.crashes)}")
        print(f"compared with the plain reading: {self.compared}")
        for (kind, how), n in sorted(self.ended.items()):
            print(f"  {kind:20} {how:8} {n:5}")
        print("refused with:")
        for text, n in self.words.most_common(most):
            print(f"  {n:5}  {text}")
        for number, kind in self.crashes:
            print(f"crash: --seed {self.seed} --only {number}: {kind}")


def main() -> int:
    told = arguments()
    faulthandler.enable()
    run = Run(told.seed)
    if run.shared is None:
        print(f"{SHARED} is not there: only built exports are tried.")
    numbers = [told.only] if told.only is not None else range(told.start, told.start + told.cases)
    started = time.perf_counter()
    for number in numbers:
        run.case(number, aloud=told.only is not None)
        if number % 250 == 249:
            print(f"… {number + 1}, {time.perf_counter() - started:.0f} s", flush=True)
    print(f"\n{len(numbers)} cases, seed {told.seed}, {time.perf_counter() - started:.0f} s")
    run.tell()
    return int(bool(run.crashes))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", type=int, help="number of the one case to run")
    return parser.parse_args()


def shape_of(words: str) -> str:
    """Return an error's first problem without what belongs to one file."""
    lines = words.splitlines()
    first = lines[1].strip() if len(lines) > 1 and lines[0].endswith("problems:") else lines[0]
    first = re.sub(r"^\d+\. ", "", first)
    first = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"", "…", first)
    return re.sub(r"\d[\d,.:-]*", "#", first)[:110]


if __name__ == "__main__":
    sys.exit(main())
