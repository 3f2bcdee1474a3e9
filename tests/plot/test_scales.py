"""Axes of counts hold all that is drawn on them."""

from itertools import pairwise

import pytest

from funnelkit.plot.scales import count_ticks


@pytest.mark.parametrize("largest", [*range(1, 60), 112, 125, 999, 1303, 12_400])
def test_whole_numbers_up_to_the_largest(largest: int) -> None:
    ticks, words = count_ticks(largest)
    assert ticks[0] == 0
    assert ticks[-1] >= largest
    assert all(tick == int(tick) for tick in ticks)
    assert len({b - a for a, b in pairwise(ticks)}) == 1
    assert len(words) == len(ticks) <= 7
