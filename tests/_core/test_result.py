"""What every result shares: read-only arrays, and the ways it shows itself."""

from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pandas as pd
import pytest

from funnelkit._core.result import Result, frozen, frozen_mapping


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Answer(Result):
    """A result as the package writes them."""

    name: str

    def to_frame(self) -> pd.DataFrame:
        return pd.DataFrame({"source": [self.name], "rate": [0.123456]})

    def summary(self) -> str:
        return f"{self.name}: 12.3 % of 81 leads."


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Bare(Result):
    """A result that forgot its own parts."""


def test_repr_is_the_summary_over_the_frame() -> None:
    lines = repr(Answer(name="webinar")).splitlines()
    assert lines[:2] == ["<Answer>", "webinar: 12.3 % of 81 leads."]
    assert lines[2].split() == ["source", "rate"]
    assert lines[3].split() == ["webinar", "0.1235"]


def test_html_is_escaped() -> None:
    page = Answer(name="<script>alert(1)</script>")._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 2


def test_a_result_cannot_be_changed_and_is_compared_by_identity() -> None:
    answer = Answer(name="webinar")
    with pytest.raises(FrozenInstanceError):
        answer.name = "email"  # type: ignore[misc]
    assert answer != Answer(name="webinar")
    assert len({answer, answer}) == 1


def test_a_result_without_its_parts_says_which() -> None:
    with pytest.raises(AttributeError, match="Bare has no summary"):
        Bare().summary()
    with pytest.raises(AttributeError, match="Bare has no frame"):
        Bare().to_frame()


def test_frozen_copies_and_locks() -> None:
    source = np.array([[1.0, 2.0]])
    kept = frozen(source, np.int64)
    source[0, 0] = 9
    assert kept.tolist() == [[1, 2]]
    assert kept.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        kept[0, 0] = 3


def test_frozen_copies_even_what_needs_no_cast() -> None:
    source = np.array([1, 2])
    assert not np.shares_memory(source, frozen(source, np.int64))
    assert source.flags.writeable


def test_a_frozen_mapping_and_its_arrays_are_read_only() -> None:
    source = {"won": [1, 2]}
    kept = frozen_mapping(source, np.int64)
    source["lost"] = [3]
    assert list(kept) == ["won"]
    with pytest.raises(TypeError):
        kept["won"] = np.zeros(2)  # type: ignore[index]
    with pytest.raises(ValueError, match="read-only"):
        kept["won"][0] = 5
