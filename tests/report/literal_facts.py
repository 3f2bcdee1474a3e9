"""A page's facts as literals: the Olist figures of ../shared/data/README.md and DESIGN.md.

Counts by cohort as known on 2018-05-31; nothing here comes from the package's own output.
"""

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd

from funnelkit._core.dates import Calendar
from funnelkit.monitor import Change
from funnelkit.report.page.changes import Estimate, share
from funnelkit.report.page.facts import (
    Cell,
    CohortRow,
    Cohorts,
    Curve,
    Earlier,
    Facts,
    Flow,
    Foretold,
    Heat,
    HeatRow,
    Line,
    Missing,
    Months,
    Moved,
    Quality,
    Segment,
    Segments,
    Setting,
    Stage,
    Tally,
    Tested,
    Window,
    WindowRow,
)
from funnelkit.report.page.terms import Terms

MONTHS = pd.period_range("2018-01", "2018-05", freq="M")
ENTERED = (1141, 1028, 1174, 1352, 1303)
WON_IN_MONTH = (73, 113, 147, 207, 122)
WON_SO_FAR = (137, 131, 140, 154, 70)
MATURITY = (0.998, 0.969, 0.909, 0.825, 0.535)
KM = {7: 0.04727, 14: 0.07150, 30: 0.09407, 60: 0.11056, 90: 0.11899, 120: 0.12492, 150: 0.12601}
WITHIN_30 = (96, 101, 115, 148)
ORIGINS = {
    "organic search": (1735, 222),
    "paid search": (1182, 155),
    "social": (1051, 55),
    "unknown": (813, 165),
    "email": (347, 13),
    None: (48, 13),
    "other publicities": (12, 1),
}
HOSTILE = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"


def estimate(part: float, whole: float) -> Estimate:
    return share(part, whole, confidence_level=0.95)


def setting(**changes: object) -> Setting:
    given = {
        "month": MONTHS[-1],
        "as_of": dt.date(2018, 5, 31),
        "terms": Terms("lead", "won", ("lead", "won")),
        "calendar": Calendar(),
        "title": "Olist seller funnel",
        "files": ("leads.csv", "deals.csv"),
    }
    return Setting(**(given | changes))


def cohorts() -> Cohorts:
    rows = tuple(
        CohortRow(
            cohort=month,
            entered=n,
            converted=x,
            rate=estimate(x, n),
            maturity=m,
            expected=estimate(x, n * m),
        )
        for month, n, x, m in zip(MONTHS, ENTERED, WON_SO_FAR, MATURITY, strict=True)
    )
    return Cohorts(
        rows=rows,
        horizon=150,
        pooled=Estimate(0.12601, 0.117, 0.136),
        ready=dt.date(2018, 7, 23),
        earlier=Earlier(
            day=dt.date(2018, 4, 30),
            cohort=MONTHS[3],
            horizon=90,
            then=Estimate(0.187, 0.160, 0.218),
            now=Estimate(0.138, 0.119, 0.160),
        ),
        average_age=16.2,
    )


def window() -> Window:
    rows = [
        WindowRow(cohort=month, entered=n, estimate=estimate(x, n), complete=True)
        for month, n, x in zip(MONTHS, ENTERED, WITHIN_30, strict=False)
    ]
    young = WindowRow(cohort=MONTHS[-1], entered=1303, estimate=estimate(85, 1303), complete=False)
    return Window(days=30, rows=(*rows, young))


def heat() -> Heat:
    shares = ((0.032, 0.060, 0.084), (0.041, 0.070, 0.098), (0.051, 0.074, 0.098),
              (0.062, 0.088, 0.109), (0.047, 0.059, 0.065))  # fmt: skip
    rows = []
    for k, (month, n, values) in enumerate(zip(MONTHS, ENTERED, shares, strict=True)):
        young = k == len(MONTHS) - 1
        cells = tuple(
            Cell(
                reached=n // 2 if young else n,
                estimate=estimate(value * n, n),
                state="immature" if young else "mature",
            )
            for value in values
        )
        rows.append(HeatRow(cohort=month, entered=n, cells=(*cells, Cell(reached=5))))
    return Heat(ages=(7, 14, 30, 60), rows=tuple(rows))


def curve() -> Curve:
    known = {0: 0.0068, **KM}
    ages = tuple(range(151))
    rate = tuple(max(share for age, share in known.items() if age <= each) for each in ages)
    line = tuple(min(each, 0.065) for each in rate[:31])
    return Curve(
        ages=ages,
        rate=rate,
        low=tuple(0.92 * each for each in rate),
        high=tuple(1.08 * each for each in rate),
        followed=tuple(5998 - 39 * age for age in ages),
        half_day=14,
        sparse_from=139,
        others=(
            Line(
                cohort=MONTHS[-1],
                ages=ages[:31],
                rates=line,
                sure_to=0,
                mark=(30, Estimate(0.065, 0.051, 0.082)),
            ),
        ),
    )


def flow() -> Flow:
    stages = (
        Stage(name="lead", entered=8800, moved_on=8300, still_there=500,
              rate=estimate(8300, 8800), left={"lost": 0}),
        Stage(name="engaged", entered=8300, moved_on=4238, still_there=1589,
              rate=estimate(4238, 8300), left={"lost": 2473}, median_days=57.0),
        Stage(name="won", entered=4238, moved_on=0, still_there=4238),
    )  # fmt: skip
    return Flow(
        stages=stages,
        exits=("lost",),
        reached=4238,
        whole=estimate(4238, 8800),
        decided=("won / (won + lost)", 6711, estimate(4238, 6711)),
    )


def segments(names: dict | None = None) -> Segments:
    rows = tuple(
        Segment(value=name, entered=n, converted=x, expected=estimate(x, n))
        for name, (n, x) in (names or ORIGINS).items()
    )
    return Segments(column="origin", rows=rows, pooled=Estimate(0.126, 0.117, 0.136), horizon=150)


def finding(**given: object) -> SimpleNamespace:
    usual = {
        "rule": "negative_lag",
        "severity": "warning",
        "count": 1,
        "share": 0.0001,
        "examples": ("2018-03-08",),
        "what": "1 deal was won before its first contact.",
        "remedy": "Correct its dates in the source.",
    }
    return SimpleNamespace(**(usual | given))


def facts(**views: object) -> Facts:
    tallies = {
        month: Tally(entered=n, won=x)
        for month, n, x in zip(MONTHS, ENTERED, WON_IN_MONTH, strict=True)
    }
    now = replace(tallies[MONTHS[-1]], own=70)
    tallies[MONTHS[-1]] = now
    given = {
        "setting": setting(),
        "months": Months(
            tallies=tallies,
            before=Tally(entered=1352, won=207, own=129),
            before_name="April",
            no_money="There is no money figure: no win has an amount.",
            blank_amounts=True,
        ),
        "cohorts": cohorts(),
        "window": window(),
        "heat": heat(),
        "curve": curve(),
        "tested": tested(),
        "flow": flow(),
        "segments": segments(),
        "moved": moved(),
        "alerts": Missing("It needs some months of history."),
        "diagnosis": Missing("It needs stages between entry and win."),
        "quality": Quality(
            findings=(finding(),),
            accounting=(("leads.csv", "kept as a record", 7999), ("leads.csv", "out of order", 1)),
            aside=1,
            left_out=2002,
            rates_from=MONTHS[0],
            in_rates=5998,
        ),
    }
    return Facts(**(given | views))


def moved(**changed: object) -> Moved:
    """Invented counts of two groups that add up to April and May, with invented maturities."""
    given: dict[str, object] = {
        "before": "2018-04",
        "after": "2018-05",
        "by": ("origin",),
        "segments": (("organic search",), (HOSTILE,)),
        "entered": [[1000, 352], [803, 500]],
        "converted": [[124, 30], [45, 25]],
        "mature": [[825.0, 290.4], [429.6, 267.5]],
        "has_maturity": True,
    }
    change = Change(**(given | changed))
    return Moved(column="origin", before=MONTHS[3], now=MONTHS[4], change=change, horizon=150)


def tested() -> Tested:
    """Invented forecasts of two dates: the first held, the second did not."""
    rows = (
        Foretold(
            day=dt.date(2018, 2, 28),
            cohort=MONTHS[1],
            entered=1028,
            so_far=0.06,
            expected=Estimate(0.10, 0.08, 0.12),
            came=0.098,
        ),
        Foretold(
            day=dt.date(2018, 3, 31),
            cohort=MONTHS[2],
            entered=1174,
            so_far=0.05,
            expected=Estimate(0.13, 0.11, 0.15),
            came=0.098,
        ),
    )
    return Tested(
        rows=rows,
        horizon=30,
        off=1.7,
        raw_off=4.3,
        mature_off=1.9,
        forecasts=2,
        held=1,
        leads=2202,
        leaks=("Segments are as exported.",),
    )


def empty(needs: str = "It needs leads.") -> dict[str, Missing]:
    names = ("cohorts", "window", "heat", "curve", "tested", "flow", "segments", "moved")
    names += ("alerts", "diagnosis")
    return {name: Missing(needs) for name in names}
