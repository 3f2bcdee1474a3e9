"""The same leads, as frame, CSV, Parquet and event log, give the same counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from funnelkit.counts.build import flows, stays, triangle
from funnelkit.data.reading import from_events, from_frame, read_csv, read_parquet
from funnelkit.data.simulate import simulate_frame

ODD = {"direct": 0.1, "skipped": 0.1, "reopened": 0.1, "reversed_wins": 0.1, "months": 6}


@pytest.fixture(scope="module")
def made():
    return simulate_frame(1500, rng=11, times="clock", **ODD)


@pytest.fixture(scope="module")
def every_source(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    log, event_funnel = made.to_events(), made.event_funnel()
    log.to_parquet(folder / "log.parquet", index=False)
    known = {"id": "lead_id", "stage": "stage", "time": "time", "as_of": made.as_of}
    dates = simulate_frame(1500, rng=11, times="date", **ODD).frame
    return {
        "dates": from_frame(dates, made.funnel, as_of=made.as_of),
        "frame": from_frame(made.frame, made.funnel, as_of=made.as_of),
        "csv": read_csv(made.to_csv(folder)["leads"], made.funnel, as_of=made.as_of),
        "parquet": read_parquet(made.to_parquet(folder)["leads"], made.funnel, as_of=made.as_of),
        "events": from_events(log, event_funnel, **known),
        "event file": from_events(folder / "log.parquet", event_funnel, **known),
    }


def arrays(result: Any) -> dict[str, Any]:
    """Return every array, label and day of a result by its name."""
    found: dict[str, Any] = {}
    for name in result.__dataclass_fields__:
        value = getattr(result, name)
        if hasattr(value, "items"):
            found |= {f"{name} {key}": array for key, array in value.items()}
        elif hasattr(value, "__dataclass_fields__"):
            found |= {f"{name} {key}": array for key, array in arrays(value).items()}
        else:
            found[name] = value
    return found


def assert_same(one: Any, other: Any) -> None:
    first, second = arrays(one), arrays(other)
    assert first.keys() == second.keys()
    for name, value in first.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(second[name], value, err_msg=name, strict=True)
        else:
            assert np.all(second[name] == value), name


def test_identical_counts(every_source):
    def questions(leads):
        return (
            triangle(leads, "lead", "won", by=["source", "entered_at"]),
            stays(leads),
            flows(leads, by="region"),
        )

    expected = questions(every_source["dates"])
    assert expected[0].n > 1300
    for name, leads in every_source.items():
        assert len(leads) == 1500, name
        for found, wanted in zip(questions(leads), expected, strict=True):
            assert_same(found, wanted)


def test_leads_and_deals_in_two_files_are_the_leads_of_one(made, every_source, tmp_path):
    paths = made.to_csv(tmp_path, deals_from="opportunity")
    joined = read_csv(paths["leads"], made.funnel, join=[paths["deals"]], as_of=made.as_of)
    frame = every_source["frame"]
    assert len(joined) == 1500
    assert_same(triangle(joined, "lead", "won"), triangle(frame, "lead", "won"))
    # Deals that never were leads stand in the second file only, with their segments.
    by = ["source", "entered_at"]
    assert_same(
        triangle(joined, "opportunity", "won", by=by), triangle(frame, "opportunity", "won", by=by)
    )
