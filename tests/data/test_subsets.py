"""Segments kept apart, chosen or pooled; columns carried along; every row still accounted for."""

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DefinitionError

DEALS = pd.DataFrame(
    {
        "id": ["a", "b", "c", "d"],
        "deal": ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"],
        "won": [None, "2026-01-09", None, "2026-01-09"],
        "pipeline": ["New", "Renewal", None, "New"],
        "probability": ["10", "100", None, "100"],
    }
)


@pytest.fixture
def deals():
    funnel = fk.Funnel(
        ["deal", "won"], segments=["pipeline"], apart=["pipeline"], keep=["probability"]
    )
    return fk.from_frame(DEALS, funnel, as_of="2026-02-28")


def test_what_is_kept_apart_is_never_pooled_unasked(deals):
    assert fk.triangle(deals, "deal", "won").by == ("pipeline",)
    assert fk.triangle(deals, "deal", "won", by="entered_at").by == ("pipeline", "entered_at")
    assert fk.triangle(deals, "deal", "won", by="pipeline").by == ("pipeline",)
    assert fk.triangle(deals.pooled(), "deal", "won").by == ()
    assert deals.pooled("pipeline").funnel.apart == ()


def test_only(deals):
    new = deals.only(pipeline="New")
    assert [*new.list("deal")["id"]] == ["a", "d"]
    assert fk.triangle(new, "deal", "won").by == ()
    both = deals.only(pipeline=["Renewal", None])
    assert [*both.list("deal")["id"]] == ["b", "c"]
    assert fk.triangle(both, "deal", "won").by == ("pipeline",)
    told = both.only(pipeline=None).accounting()
    assert dict(zip(told["reason"], told["rows"], strict=True)) == {
        "kept as a record": 1,
        "left out by `only`": 3,
    }


def test_kept_columns_are_listed_as_they_stand(deals):
    assert [*deals.list("won")["probability"]] == ["100", "100"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda leads: leads.only(pipeline="Nwe"), "holds `New` and `Renewal`. Did you mean `New`"),
        (lambda leads: leads.only(pipelin="New"), "Did you mean `pipeline`"),
        (lambda leads: leads.only(), "must name one"),
        (lambda leads: leads.only(entered_at=None), "no record is blank"),
        (lambda leads: leads.pooled("source"), "segment kept apart"),
    ],
)
def test_refusals(deals, call, message):
    with pytest.raises(ArgumentError, match=message):
        call(deals)


def test_definitions_that_contradict_themselves():
    with pytest.raises(DefinitionError, match=r"`apart`: .*pipelin"):
        fk.Funnel(["deal", "won"], segments=["pipeline"], apart=["pipelin"])
    with pytest.raises(DefinitionError, match="`keep` columns have another part"):
        fk.Funnel(["deal", "won"], segments=["pipeline"], keep=["pipeline"])
    with pytest.raises(DefinitionError, match="`keep`"):
        fk.Funnel(["deal", "won"], keep=["name"], personal=["name"])
