"""`Metric`: one thing that an experiment is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError

Kind = Literal["rate", "value", "deal size"]
KINDS: tuple[Kind, ...] = ("rate", "value", "deal size")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One thing that an experiment is judged by.

    Parameters
    ----------
    kind
        ``"rate"``: the share of the entered that reach ``stage``. ``"value"``: the money won per
        record that entered, those that won nothing with 0. ``"deal size"``: the money per won
        record, which describes and is no randomised comparison, since the variant has a hand in
        who wins.
    stage
        Target of a rate; of money always the last stage.
    within
        Days after entry within which it counts; default: the horizon of the experiment.
    start
        Stage of entry; default: that of the experiment.
    name
        What it is called; default: made of the others.
    higher_is_better
        Whether more is good; a guardrail is broken by what is bad.
    method
        How it is compared where records stand by themselves: of :func:`compare_rates` for a rate,
        of :func:`compare_means` for money (``"winsorised"``, ``"bootstrap"``); where they go
        together by account or rep, of :func:`compare_clustered`. Default: theirs.
    winsorise_at
        Quantile of all values, those of 0 among them, at which ``method="winsorised"`` cuts.
    margin
        Of a guardrail: how much worse is still acceptable, in the unit of the metric (0.01 is one
        point of a rate). With it the guardrail holds only once the interval excludes a loss as
        large as that; without it, it holds as long as no loss is shown.

    Examples
    --------
    >>> Metric(stage="mql", within=30).called("lead", 90)
    'lead to mql within 30 days'
    >>> Metric(kind="value").called("lead", 90)
    'won value per lead within 90 days'
    """

    kind: Kind = "rate"
    stage: str | None = None
    within: int | None = None
    start: str | None = None
    name: str | None = None
    higher_is_better: bool = True
    margin: float | None = None
    method: str | None = None
    winsorise_at: float = 0.999

    def __post_init__(self) -> None:
        """Check the words and numbers."""
        checks.one_of("kind", self.kind, KINDS)
        if self.kind == "rate" and self.stage is None:
            raise ArgumentError('`stage` must name the target of a rate, such as stage="won".')
        if self.within is not None:
            checks.positive_whole("within", self.within)
        if self.margin is not None and not self.margin > 0:
            raise ArgumentError(f"`margin` must be above 0; got {self.margin!r}.")
        if self.kind == "rate" and self.margin is not None and self.margin >= 1:
            raise ArgumentError(
                f"`margin` of a rate is a share, such as 0.01 for one point; got {self.margin!r}."
            )

    def called(self, start: str, within: int) -> str:
        """Return what it is called, with the start and days of the experiment as defaults."""
        if self.name is not None:
            return self.name
        begin, days = self.start or start, self.within or within
        if self.kind == "rate":
            return f"{begin} to {self.stage} within {days} days"
        per = begin if self.kind == "value" else "win"
        return f"won value per {per} within {days} days"


def metric_of(given: str | Metric) -> Metric:
    """Return a metric from itself, the name of a stage, ``"value"`` or ``"deal size"``.

    Raises
    ------
    ArgumentError
        If it is none of these.
    """
    if isinstance(given, Metric):
        return given
    if not isinstance(given, str) or not given:
        raise ArgumentError(
            f'a metric must be a stage, "value", "deal size" or a Metric; got {given!r}.'
        )
    if given in ("value", "deal size"):
        return Metric(kind="value" if given == "value" else "deal size")
    return Metric(stage=given)
