"""`import funnelkit` against `import pandas`: at most a tenth more than pandas alone.

Each import is timed in fresh interpreters, in turn, and the medians are compared.
"""

import statistics
import subprocess
import sys
import time

RUNS = 15


def seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    codes = {
        "nothing": "",
        "pandas": "import pandas",
        "funnelkit": "import funnelkit",
        "funnelkit + pandas": "import funnelkit, pandas",
    }
    for code in codes.values():
        seconds(code)
    times = {name: [] for name in codes}
    for _ in range(RUNS):
        for name, code in codes.items():
            times[name].append(seconds(code))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:<20}{median:8.3f} s  {median / medians['pandas']:6.2f} x pandas")


if __name__ == "__main__":
    main()
