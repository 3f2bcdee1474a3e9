"""A log of days on which much came at once, with one exit: one maximum tells how records ended.

The golden data have two exits, each of which keeps a maximum of its own. That the numbers are right
is told in tests/counts/test_against_reference.py; here they are the same on each engine.
"""

from __future__ import annotations

import datetime as dt
import functools
import random

import pyarrow as pa

import funnelkit as fk

STEPS = ("lead", "mql", "won", "lost")
FUNNEL = fk.Funnel(STEPS[:3], exits=STEPS[3:], id="id")
DAYS = [dt.date(2024, 2, 27) + dt.timedelta(number) for number in range(6)]
OF_LOG = {"id": "id", "stage": "stage", "time": "day", "as_of": DAYS[4]}


@functools.cache
def log() -> pa.Table:
    draw = random.Random(4)
    events = [
        (f"r{number:03d}", step, draw.choice(DAYS))
        for number in range(150)
        for step in STEPS
        for _ in range(draw.choice([0, 1, 1, 2, 3]))
    ]
    draw.shuffle(events)
    names, stages, days = zip(*events, strict=True)
    return pa.table({"id": names, "stage": stages, "day": pa.array(days, pa.date32())})


def counted(source: object) -> list[bytes]:
    leads = fk.from_events(source, FUNNEL, **OF_LOG)
    triangles = fk.triangle(leads, "lead", "won", cohort="day", as_of=[DAYS[2], DAYS[4]])
    return [one.to_frame().to_csv(index=False).encode() for one in triangles]


@functools.cache
def of_frame() -> list[bytes]:
    return counted(log().to_pandas())


def test_every_outcome_is_there():
    for text in of_frame():
        assert b"won" in text
        assert b"lost" in text


def test_one_exit(connection, put):
    assert counted(put(connection, log())) == of_frame()
