"""The error tree and the words that every error uses."""

import pytest

from funnelkit._core import errors
from funnelkit._core.errors import (
    ArgumentError,
    AssumptionWarning,
    DataError,
    DefinitionError,
    EvidenceError,
    FunnelError,
    FunnelWarning,
    ReportError,
    did_you_mean,
    numbered,
    unknown,
)


@pytest.mark.parametrize(
    "kind", [ArgumentError, DataError, DefinitionError, EvidenceError, ReportError]
)
def test_one_except_clause_catches_every_error(kind: type[FunnelError]) -> None:
    with pytest.raises(FunnelError):
        raise kind("no id")
    assert issubclass(FunnelError, ValueError)


def test_every_error_and_warning_of_the_module_is_in_its_tree() -> None:
    kinds = [value for value in vars(errors).values() if isinstance(value, type)]
    own = [kind for kind in kinds if kind.__module__ == errors.__name__]
    assert len(own) >= 9
    assert all(issubclass(kind, (FunnelError, FunnelWarning)) for kind in own)


def test_warnings_can_be_silenced_as_one() -> None:
    assert issubclass(AssumptionWarning, FunnelWarning)
    assert issubclass(FunnelWarning, UserWarning)


@pytest.mark.parametrize("kind", [DataError, DefinitionError])
def test_errors_with_several_problems_list_them_all(
    kind: type[DataError] | type[DefinitionError],
) -> None:
    error = kind(["no id", "no date"])
    assert error.problems == ("no id", "no date")
    assert str(error) == "2 problems:\n  1. no id\n  2. no date"


@pytest.mark.parametrize("problems", ["no id", ["no id"]])
def test_a_single_problem_is_not_numbered(problems: str | list[str]) -> None:
    error = DataError(problems)
    assert error.problems == ("no id",)
    assert str(error) == "no id"


def test_numbers_go_on_past_nine() -> None:
    lines = numbered([f"p{k}" for k in range(12)]).splitlines()
    assert lines[0] == "12 problems:"
    assert lines[-1] == "  12. p11"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("sorce", " Did you mean `source`?"),
        ("SOURCE", " Did you mean `source`?"),
        ("regoin", " Did you mean `Region`?"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_the_closest_name_is_offered_whatever_its_case(name: str, hint: str) -> None:
    assert did_you_mean(name, ["source", "Region"]) == hint


def test_nothing_is_offered_where_nothing_is_known() -> None:
    assert not did_you_mean("source", [])
    assert unknown("segment", "source", []) == "unknown segment `source`; known: none."


def test_an_unknown_name_comes_with_what_is_known() -> None:
    assert unknown("stage", "mpl", ["lead", "mql"]) == (
        "unknown stage `mpl`; known: `lead`, `mql`. Did you mean `mql`?"
    )


def test_a_long_list_of_names_is_cut_but_still_searched() -> None:
    names = [f"column {k}" for k in range(30)] + ["amount"]
    message = unknown("column", "amout", iter(names))
    assert "`column 19` and 11 more. Did you mean `amount`?" in message
    assert "`column 20`" not in message
