"""`Triangles`: the triangles of several transitions and segmentations of the same leads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.result import Result
from funnelkit.counts.triangle import Triangle

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Triangles(Result, Mapping[tuple[Any, ...], Triangle]):
    """Triangles by transition, and by segmentation where several were asked for.

    Parameters
    ----------
    found
        ``(start, target)``, or ``(start, target, by)``, -> the triangle, in the order asked for.
    missing
        The same -> why there is none: nobody entered the start.
    """

    found: Mapping[tuple[Any, ...], Triangle]
    missing: Mapping[tuple[Any, ...], str] = field(default_factory=dict)

    def __getitem__(self, key: tuple[Any, ...]) -> Triangle:
        """Return one triangle.

        Raises
        ------
        EvidenceError
            If nobody entered its start.
        ArgumentError
            If it was not asked for.
        """
        if key in self.found:
            return self.found[key]
        if key in self.missing:
            raise EvidenceError(self.missing[key])
        known = ", ".join(repr(one) for one in self.found)
        raise ArgumentError(f"no triangle {key!r} was asked for; there are {known}.")

    def __contains__(self, key: object) -> bool:
        """Return whether there is such a triangle."""
        return key in self.found

    def get(self, key: Any, default: Any = None) -> Any:
        """Return one triangle, or the default where there is none."""
        return self.found.get(key, default)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Go through the keys of the triangles that there are."""
        return iter(self.found)

    def __len__(self) -> int:
        """Return the number of triangles that there are."""
        return len(self.found)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per triangle.

        Returns
        -------
        DataFrame
            ``start``, ``target``, ``by`` (names of the segments, as one text), ``segments`` and
            ``cohorts`` (how many), ``entered``, ``converted`` (leads that reached the target) and
            ``open`` (leads still open).
        """
        import pandas as pd

        rows = [
            {
                "start": one.start,
                "target": one.target,
                "by": ", ".join(one.by),
                "segments": one.n_segments,
                "cohorts": one.n_cohorts,
                "entered": one.n,
                "converted": int(one.converted.sum()),
                "open": int(one.open.sum()),
            }
            for one in self.found.values()
        ]
        columns = ["start", "target", "by", "segments", "cohorts", "entered", "converted", "open"]
        return pd.DataFrame(rows, columns=columns)

    def summary(self) -> str:
        """Return what there is in a sentence or two."""
        pairs = dict.fromkeys((one.start, one.target) for one in self.found.values())
        shown = display.listed([f"{start} to {target}" for start, target in pairs])
        told = f"{display.plural(len(self.found), 'triangle')} of {shown}."
        if self.missing:
            told += f" {display.plural(len(self.missing), 'triangle')} without any record."
        return told
