"""`Funnel`: what it says of stages and columns, and the contradictions that it refuses."""

import pytest

import funnelkit as fk
from funnelkit._core.errors import ArgumentError, DefinitionError


def test_columns_and_names():
    funnel = fk.Funnel(
        ["lead", "mql", "won"],
        exits=["lost"],
        columns={"lead": "created_at", "mql": ["MQL", "Marketing qualified"]},
    )
    assert funnel.steps == ("lead", "mql", "won", "lost")
    assert funnel.won == "won"
    assert [funnel.column_of(step) for step in funnel.steps] == ["created_at", "MQL", "won", "lost"]
    assert funnel.log_names_of("mql") == ("MQL", "Marketing qualified")
    assert funnel.log_names_of("lost") == ("lost",)


def test_a_status_leaves_stages_without_a_column():
    funnel = fk.Funnel(
        ["new", "offer", "won"],
        exits=["lost"],
        columns={"new": "created"},
        status="stage",
        status_date="closed",
        status_values={"won": "Closed Won", "offer": ["Offer", "Negotiation"]},
    )
    assert [funnel.column_of(step) for step in funnel.steps] == ["created", None, None, None]
    assert funnel.statuses_of("offer") == ("Offer", "Negotiation")
    assert funnel.statuses_of("lost") == ("lost",)


def test_it_is_frozen_and_compares():
    one, other = fk.Funnel(["lead", "won"]), fk.Funnel(("lead", "won"))
    assert one == other
    assert hash(one) == hash(other)
    with pytest.raises(AttributeError):
        one.id = "x"
    with pytest.raises(TypeError):
        one.columns["lead"] = "x"


def test_every_contradiction_at_once():
    with pytest.raises(DefinitionError) as refused:
        fk.Funnel(
            ["lead", "lost"],
            exits=["lost"],
            columns={"leed": "x", "lead": None},
            status_date="closed",
            segments=["source", "entered_at"],
            owner="entered_at",
            personal=["source"],
            timezone="Europe/Berlim",
        )
    assert refused.value.problems == (
        "`stages` and `exits` must be unique; repeated: ['lost'].",
        (
            "`columns`: unknown stage or exit `leed`; known: `lead`, `lost`, `lost`. Did you mean "
            "`lead`?"
        ),
        "`segments`: `entered_at` is built in; drop it from the list and use it as is.",
        "`owner`: `entered_at` is built in; give the column another name.",
        "`status_date` and `status_values` need `status`, the stage's column.",
        "`columns`: `lead` has no column; only a funnel with `status` may leave it out.",
        "`personal` columns cannot be `segments`, `keep` or `owner` as well: ['source'].",
        (
            "`timezone` must be an IANA name such as Europe/Berlin; got 'Europe/Berlim'. Did you "
            "mean `Europe/Berlin`?"
        ),
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"skipped": "filled"},
            '`skipped` must be one of "fill", "strict"; got \'filled\'. Did you mean `fill`?',
        ),
        (
            {"out_of_order": "keep"},
            '`out_of_order` must be one of "clip", "drop", "error"; got \'keep\'.',
        ),
        (
            {"reopened": "lost"},
            '`reopened` must be one of "last", "first"; got \'lost\'. Did you mean `last`?',
        ),
    ],
)
def test_policies_that_do_not_exist(options, message):
    with pytest.raises(ArgumentError) as refused:
        fk.Funnel(["lead", "won"], **options)
    assert str(refused.value) == message


def test_a_stage_that_does_not_exist():
    funnel = fk.Funnel(["lead", "won"], exits=["lost"])
    with pytest.raises(ArgumentError) as refused:
        funnel.stage("target", "wom")
    assert str(refused.value) == (
        "`target`: unknown stage `wom`; known: `lead`, `won`. Did you mean `won`?"
    )
    assert funnel.step("stage", "lost") == "lost"
