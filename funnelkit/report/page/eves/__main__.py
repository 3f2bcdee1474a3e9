"""The process beside a page: what was foretold on the eves of the last months, as JSON.

On stdin stands what :class:`funnelkit.report.page.eves.asking.Elsewhere` asks; the answer on stdout
is ``{"2026-10": [value, low, high], "2026-09": null, …}``.
"""

from __future__ import annotations

import json
import os
import sys

from funnelkit.report.page.eves.asking import EVES
from funnelkit.report.page.eves.foretelling import foretold
from funnelkit.report.page.gather import known_at, month_of, of_one_business
from funnelkit.report.page.source import opened


def main() -> None:
    """Answer what stdin asks."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    asked = json.loads(sys.stdin.read())
    leads = of_one_business(opened(**asked["source"]).leads)
    last = month_of(leads, asked["month"])
    known = known_at(leads, last)
    level = asked["confidence_level"]
    months = [last - back for back in reversed(range(EVES))]
    told = {str(month): foretold(known, month, confidence_level=level) for month in months}
    with answers:
        json.dump(told, answers)


if __name__ == "__main__":
    main()
