"""Frames of the embedded engine's answers, against those that Ibis makes of the same answers."""

import ibis
import pandas as pd
import pytest

from funnelkit.data.embedded import connect

ROWS = """
CREATE TABLE read AS SELECT * FROM (VALUES
    (DATE '2026-01-05', TIMESTAMP '2026-01-05 10:30:00', 7::BIGINT, 1.5::DOUBLE, true, 'a',
     12.3400::DECIMAL(38, 4), 3::TINYINT, '2026-01-05 10:30:00+00'::TIMESTAMPTZ),
    (DATE '1583-10-15', TIMESTAMP '2026-02-28 00:00:00', 2::BIGINT, 0.1::DOUBLE, false, '',
     -0.0001::DECIMAL(38, 4), 0::TINYINT, '2026-02-28 00:00:00+00'::TIMESTAMPTZ),
    (DATE '9999-12-31', TIMESTAMP '1999-12-31 23:59:59', 2::BIGINT, -1e300, false, 'ünï',
     99999999999999.9999::DECIMAL(38, 4), 0::TINYINT, '2026-02-28 00:00:00+00'::TIMESTAMPTZ)
) AS rows(day, moment, n, share, yes, name, amount, small, instant)
"""
NAMES = ["day", "moment", "n", "share", "yes", "name", "amount", "small", "instant"]


@pytest.mark.parametrize("chosen", ["all", "none", "blanks", "only blanks"])
def test_frames_are_those_of_ibis(chosen):
    ours, plain = connect(), ibis.duckdb.connect()
    plain.raw_sql("SET TimeZone = 'UTC'")
    frames = []
    for engine in (ours, plain):
        engine.raw_sql(ROWS)
        table = engine.table("read")
        if chosen == "none":
            table = table.filter(table.n > 100)
        elif chosen != "all":
            seen = table.n > (100 if chosen == "only blanks" else 2)
            blank = {
                name: ibis.ifelse(seen, table[name], ibis.null(table[name].type()))
                for name in NAMES
            }
            table = table.mutate(**blank)
        if chosen != "none":  # what comes out as another type than Ibis expects
            counted = table.group_by(month=table.day.truncate("M"), name=table.name)
            frames.append(counted.aggregate(total=table.n.sum(), money=table.amount.sum()))
        frames.append(table)
    half = len(frames) // 2
    for one, other in zip(frames[:half], frames[half:], strict=True):
        found, expected = (each.order_by(each.columns).execute() for each in (one, other))
        if "total" in expected and chosen == "blanks":
            expected["total"] = expected.total.astype(float)
        pd.testing.assert_frame_equal(found, expected)
        for name in found:
            assert list(map(type, found[name])) == list(map(type, expected[name])), name
            assert list(map(str, found[name])) == list(map(str, expected[name])), name
