"""`find_contaminated`: which accounts stand in two arms, and the two ways to set that right."""

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.clusters.contamination import find_contaminated


def leads() -> pd.DataFrame:
    rows = [
        ("acme", "A", "2026-01-05"),
        ("acme", "B", "2026-01-03"),
        ("acme", "A", "2026-01-09"),
        ("bolt", "A", "2026-01-02"),
        ("core", "B", "2026-01-02"),
        ("core", "B", "2026-01-04"),
        ("dune", "A", "2026-01-06"),
        ("dune", "B", "2026-01-06"),
        (None, "A", "2026-01-07"),
        (None, "B", "2026-01-07"),
        ("echo", None, "2026-01-07"),
    ]
    frame = pd.DataFrame(rows, columns=["account", "variant", "at"], index=range(100, 111))
    return frame.assign(at=pd.to_datetime(frame["at"]))


def test_which_accounts_and_what_they_carry() -> None:
    found = find_contaminated(leads())
    assert found.names == ("acme", "dune")
    assert (found.all_units, found.all_leads, found.leads_carried) == (6, 10, 5)
    assert found.counts.tolist() == [[2, 1], [1, 1]]
    said = found.summary().replace("\u202f", " ")
    assert said.startswith(
        "2 of 6 accounts (33.3 %) stand in more than one arm, with 5 of 10 leads (50.0 %): "
        "acme (A 2, B 1), dune (A 1, B 1). Analyse them by their first assignment"
    )
    assert said.endswith("1 row without a variant is in none.")
    assert found.to_frame().values.tolist() == [
        ["acme", "A", 2],
        ["acme", "B", 1],
        ["dune", "A", 1],
        ["dune", "B", 1],
    ]


def test_they_are_left_out() -> None:
    frame = leads()
    kept = find_contaminated(frame).leave_out(frame)
    assert kept["account"].tolist()[:3] == ["bolt", "core", "core"]
    assert len(kept) == 6
    assert len(frame) == 11


def test_they_are_taken_by_their_first_assignment() -> None:
    frame = leads()
    found = find_contaminated(frame, assigned_at="at")
    assert found.first == ("B", None)
    kept = found.by_first(frame)
    assert kept.loc[kept["account"] == "acme", "variant"].tolist() == ["B", "B", "B"]
    assert "dune" not in kept["account"].tolist()
    assert "Of 1 the first arm cannot be told" in found.summary()
    assert find_contaminated(kept).contaminated == 0
    assert frame["variant"].tolist() == leads()["variant"].tolist()
    assert found.to_frame()["first"].tolist() == [False, True, False, False]
    with pytest.raises(ArgumentError, match="assigned_at"):
        find_contaminated(frame).by_first(frame)


def test_leads_that_were_assigned_for_themselves_are_told_apart() -> None:
    rng = np.random.default_rng(1)
    account = np.repeat(np.arange(200), 3)
    by_lead = pd.DataFrame({"account": account, "variant": rng.integers(0, 2, 600)})
    found = find_contaminated(by_lead)
    assert found.expected_by_lead == pytest.approx(150, abs=0.5)  # 200 (1 - 2 / 2³)
    assert found.by_lead
    assert "leads are assigned and not accounts (150). If they were" in found.summary()
    whole = pd.DataFrame({"account": account, "variant": account % 2})
    assert find_contaminated(whole).summary() == (
        "None of 200 accounts stands in more than one arm."
    )
    whole.loc[[0, 9], "variant"] = 1
    some = find_contaminated(whole)
    assert (some.contaminated, some.by_lead) == (1, False)
    assert "Analyse them by their first assignment (give `assigned_at`)" in some.summary()


def test_rows_may_be_counts_of_any_unit_and_variants_of_any_type() -> None:
    frame = pd.DataFrame(
        {"rep": [1, 1, 2, 2], "arm": [True, False, True, False], "n": [30, 2, 5, 0]}
    )
    found = find_contaminated(frame, unit="rep", variant="arm", entered="n", groups="reps")
    assert (found.names, found.leads_carried, found.all_leads) == ((1,), 32, 37)
    assert "1 of 2 reps" in found.summary()
    with pytest.raises(DataError, match=r"`n` must hold numbers from 0 on; 1 row does not"):
        find_contaminated(frame.assign(n=[1, 2, -1, 3]), unit="rep", variant="arm", entered="n")


def test_an_order_that_is_none_is_refused() -> None:
    frame = leads()
    frame["at"] = [*frame["at"].astype(object)[:-1], "later"]
    frame["account"] = "acme"
    frame["variant"] = "A"
    with pytest.raises(DataError, match="no order among each other"):
        find_contaminated(frame, assigned_at="at")


def test_few_rows_hostile_names_and_unknown_columns() -> None:
    empty = leads().iloc[:0]
    assert find_contaminated(empty).summary() == "None of 0 accounts stands in more than one arm."
    assert find_contaminated(empty).leave_out(empty).empty
    hostile = "<script>alert(1)</script>\n" + "x" * 100
    frame = pd.DataFrame({"account": [hostile] * 2 + ["b"] * 4, "variant": ["=1", "B", *"BBBB"]})
    found = find_contaminated(frame)
    assert "\n" not in found.summary()
    assert len(found.summary()) < 400
    assert "<script>" not in found._repr_html_()
    with pytest.raises(ArgumentError, match="Did you mean `variant`"):
        find_contaminated(frame, variant="varient")
    with pytest.raises(ArgumentError, match="must be a pandas DataFrame"):
        find_contaminated([("a", "A")])  # type: ignore[arg-type]


def test_many_are_named_by_five_examples() -> None:
    account = np.repeat(np.arange(40), 2)
    frame = pd.DataFrame({"account": account, "variant": np.tile([0, 1], 40)})
    whole = pd.DataFrame({"account": np.repeat(np.arange(100, 900), 2), "variant": 0})
    said = find_contaminated(pd.concat([frame, whole])).summary()
    assert "and 35 more" in said
