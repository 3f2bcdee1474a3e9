"""`check_confounding`: what changes with the arm is named, what chance spread is not."""

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.experiment.guards.confounding import check_confounding


def leads(rng, n=400):
    return pd.DataFrame(
        {
            "arm": rng.choice(["control", "B"], n),
            "owner": rng.choice([f"rep {k}" for k in range(25)], n),
            "page": rng.choice(["x", "y"], n),
            "price": rng.lognormal(3, 1, n),
            "id": np.arange(n).astype(str),
        }
    )


def test_silent_where_chance_split_the_arms() -> None:
    rng = np.random.default_rng(6)
    noted = sum(check_confounding(leads(rng)).level != "ok" for _ in range(60))
    assert noted <= 3  # 1 % of 60, and three standard deviations


def test_an_owner_for_each_arm_is_a_warning() -> None:
    rng = np.random.default_rng(7)
    table = leads(rng)
    own = np.where(table["arm"] == "B", "Ben", "Ann")
    table["owner"] = np.where(rng.random(len(table)) < 0.95, own, "Cy")
    found = check_confounding(table)
    assert found.level == "warning"
    assert found.sentence.startswith("owner changes with the arm: ")
    assert "Ben makes" in found.sentence
    assert "page" not in found.sentence
    frame = found.to_frame().groupby("column")["cramers_v"].first()
    assert frame["owner"] > 0.9
    assert frame["id"] == 0.0


def test_a_column_that_leans_to_an_arm_is_a_note() -> None:
    rng = np.random.default_rng(8)
    table = leads(rng)
    share = np.where(table["arm"] == "B", 0.65, 0.35)
    table["page"] = np.where(rng.random(len(table)) < share, "x", "y")
    assert check_confounding(table, by="page").level == "note"


def test_numbers_of_many_values_are_grouped() -> None:
    rng = np.random.default_rng(9)
    table = leads(rng)
    table["price"] = table["price"] * np.where(table["arm"] == "B", 3.0, 1.0)
    table.loc[0, "price"] = np.nan
    found = check_confounding(table, by="price")
    assert found.level in ("note", "warning")
    values = found.to_frame()["value"].tolist()
    assert len(values) <= 11
    assert "(blank)" in values


def test_counts_give_the_same_as_rows() -> None:
    table = leads(np.random.default_rng(10))[["arm", "page"]]
    sums = table.groupby(["arm", "page"]).size().reset_index(name="n")
    assert check_confounding(sums).pvalue == pytest.approx(check_confounding(table).pvalue)


def test_small_tables_are_exact() -> None:
    # 3 of 3 against 0 of 3: Fisher's exact test, two-sided: 2 / 20
    table = pd.DataFrame({"arm": list("aaabbb"), "page": list("xxxyyy")})
    found = check_confounding(table)
    assert found.pvalue == pytest.approx(0.1)
    assert found.level == "ok"


def test_worth_holds_back_where_accounts_were_assigned() -> None:
    table = pd.DataFrame(
        {"arm": ["a", "a", "b", "b"], "page": ["x", "y"] * 2, "n": [60, 40, 35, 65]}
    )
    assert check_confounding(table).level == "note"
    assert check_confounding(table, worth=0.1).level == "ok"


def test_several_that_change_are_counted() -> None:
    table = pd.DataFrame({"arm": ["a", "b"], "n": [90, 90]})
    table = table.assign(**{f"factor {k}": ["x", "y"] for k in range(6)})
    found = check_confounding(table)
    assert found.sentence.endswith("So do factor 3, factor 4 and factor 5.")


def test_what_cannot_be_looked_at() -> None:
    table = pd.DataFrame({"arm": ["a", "b"], "n": [0, 0], "page": ["x", "y"]})
    assert not check_confounding(table).checked
    assert not check_confounding(table.drop(columns="page")).checked
    with pytest.raises(ArgumentError, match="two or more arms; got 1"):
        check_confounding(pd.DataFrame({"arm": ["a", "a"], "page": ["x", "y"]}))
    with pytest.raises(DataError, match="blank in 1 row"):
        check_confounding(pd.DataFrame({"arm": ["a", None], "page": ["x", "y"]}))
    with pytest.raises(ArgumentError, match="Did you mean `page`"):
        check_confounding(table, by="pagee")


def test_hostile_names_stay_on_one_line() -> None:
    table = pd.DataFrame({"arm": ["a\n<b>", "b"], "n": [90, 90], "x\ny": ["=1+1", "<i>" * 50]})
    found = check_confounding(table)
    assert found.level == "warning"
    assert "\n" not in found.sentence
    assert "<i>" not in found._repr_html_()
