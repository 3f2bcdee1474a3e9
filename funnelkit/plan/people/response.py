"""`Response`: first answers that must come in time."""

from __future__ import annotations

from dataclasses import dataclass

from funnelkit._core.errors import ArgumentError
from funnelkit.plan.people.checking import above, amount, below_one, is_number, sentence


@dataclass(frozen=True, kw_only=True)
class Response:
    """First answers that must come in time, as :func:`funnelkit.plan.agents_needed` counts them.

    Parameters
    ----------
    within_minutes
        Within so many minutes …
    share
        … so large a share is to be answered.
    handling_minutes
        Mean time that one takes.
    stage
        Whose entries are to be answered; ``None``: the first stage, that is new leads.
    peak
        Arrivals of an hour that must be mastered, over those of an average open hour.

    Raises
    ------
    ArgumentError
        With everything that cannot be, at once.

    Notes
    -----
    Open hours are the role's ``hours_per_day`` on selling days: what comes at night is no part of
    it.
    """

    within_minutes: float
    handling_minutes: float
    share: float = 0.8
    stage: str | None = None
    peak: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what cannot be, all at once."""
        wrong = [
            *amount("within_minutes", self.within_minutes),
            *above("handling_minutes", self.handling_minutes),
            *below_one("share", self.share),
        ]
        if not is_number(self.peak) or not self.peak >= 1:
            wrong.append(f"`peak` must be at least 1, an average hour; got {self.peak!r:.60}")
        if wrong:
            raise ArgumentError(sentence(f"Response: {'; '.join(wrong)}"))
