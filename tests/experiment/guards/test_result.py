"""`Guard` and `Guards`: levels, order, sentences and frames."""

import pytest

from funnelkit._core.errors import ArgumentError
from funnelkit.experiment.guards.result import Guard, Guards, told, worst


def guard(name: str, level: str = "ok", **more: object) -> Guard:
    return Guard(name=name, level=level, sentence=f"{name} is so.", **more)  # type: ignore[arg-type]


def test_the_worst_comes_first_and_gives_the_level() -> None:
    found = Guards(
        guards=(
            guard("split"),
            guard("maturity", checked=False),
            guard("outliers", "note", remedy="Look."),
            guard("reversal", "warning", remedy="Stop."),
        )
    )
    assert [one.name for one in found] == ["reversal", "outliers", "maturity", "split"]
    assert found.level == "warning"
    assert [one.name for one in found.warnings] == ["reversal"]
    assert [one.name for one in found.notes] == ["outliers"]
    assert found.summary() == (
        "Warning: reversal is so. Stop. Note: outliers is so. Look. "
        "Checked, nothing found: split. Not checked: maturity."
    )
    frame = found.to_frame()
    assert frame["level"].tolist() == ["warning", "note", "ok", "ok"]
    assert list(frame) == ["guard", "level", "checked", "pvalue", "sentence", "remedy"]


def test_a_guard_is_found_by_name_the_worst_of_several() -> None:
    found = Guards(guards=(guard("split"), guard("split", "note")))
    assert found["split"].level == "note"
    assert len(found) == 2
    with pytest.raises(ArgumentError, match="Did you mean `split`"):
        _ = found["splits"]


def test_no_guards_say_so() -> None:
    none = Guards(guards=())
    assert (none.level, none.summary(), len(none.to_frame())) == ("ok", "Nothing was checked.", 0)
    assert "Nothing was checked." in repr(none)


def test_figures_cannot_be_changed_from_outside() -> None:
    row = {"n": 3}
    one = guard("split", figures=(row,))
    row["n"] = 4
    frame = one.to_frame()
    frame.loc[0, "n"] = 5
    assert one.to_frame()["n"].tolist() == [3]
    with pytest.raises(TypeError):
        one.figures[0]["n"] = 6  # type: ignore[index]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ArgumentError, match="`level`"):
        guard("split", "bad")


def test_levels_and_names() -> None:
    assert worst(["ok", "warning", "note"]) == "warning"
    assert worst([]) == "ok"
    assert told(None) == "(blank)"
    assert told("a\r\nb") == "a b"
