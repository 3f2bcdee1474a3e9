"""`playbook.yml`: what to check about what a report finds; a default, and the user's own lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from funnelkit._core.errors import DefinitionError, did_you_mean
from funnelkit.data.document import Section, read

DEFAULT = Path(__file__).with_name("playbook.yml")
_COMMON = ("month", "lead", "leads", "win", "wins")
FINDINGS: Mapping[str, tuple[str, ...]] = {
    "audit_errors": ("errors", "first"),
    "totals_differ": ("totals", "differ"),
    "wins_fell": (),
    "wins_rose": (),
    "rates_fell": ("before",),
    "alert": ("figure",),
    "young_cohort": ("cohort", "ready"),
    "segment_apart": ("groups",),
    "bottleneck": ("step", "gain"),
    "target_missed": ("metric", "owner"),
    "plan_short": ("needed", "late", "goal"),
    "plan_hires": ("requisitions", "first", "role"),
    "experiment_decided": ("experiment", "verdict"),
    "restated": ("figures",),
    "audit_warnings": ("warnings", "first"),
}
"""Each finding that a check can follow from, and what its text may hold in braces."""
_MOST = 9
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, kw_only=True)
class Playbook:
    """Checks by finding, in the order in which a report says them.

    Parameters
    ----------
    checks
        Finding -> the check as it was written, with names in braces.
    most
        How many are said at most.
    path
        The user's file; ``None``: the default.
    """

    checks: Mapping[str, str]
    most: int
    path: Path | None = None

    def said(self, found: Mapping[str, Mapping[str, str]]) -> list[str]:
        """Return the checks that follow from what was found, filled in.

        Parameters
        ----------
        found
            Finding -> what stands in its braces.

        Examples
        --------
        >>> book = Playbook(checks={"wins_fell": "Ask about {wins}.", "alert": "Look."}, most=3)
        >>> book.said({"wins_fell": {"wins": "deals"}})
        ['Ask about deals.']
        """
        texts = [
            _BRACES.sub(lambda name, given=found[key]: given[name[1]], text)  # type: ignore[misc]
            for key, text in self.checks.items()
            if key in found
        ]
        return texts[: self.most]


@cache
def default_playbook() -> Playbook:
    """Return the playbook that comes with the package."""
    return read(DEFAULT.read_text(encoding="utf-8"), lambda root: _playbook(root, None))


def own_playbook(path: Path) -> Playbook:
    r"""Return the user's playbook: its lines first, then those of the default it does not name.

    Parameters
    ----------
    path
        The file; its keys are ``most`` and ``checks``.

    Raises
    ------
    DefinitionError
        With every mistake at once, each with its line: unknown findings (with the closest
        match), and names in braces that the finding does not have.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "playbook.yml"
    >>> _ = path.write_text("checks:\n  wins_fell: Call the region heads.\n")
    >>> next(iter(own_playbook(path).checks.items()))
    ('wins_fell', 'Call the region heads.')
    """
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise DefinitionError(
            f"{path.name} is not UTF-8 (byte {error.start + 1}); save it as UTF-8."
        ) from None
    except OSError as error:
        raise DefinitionError(f"{path.name} cannot be read: {error.strerror}.") from None
    try:
        book = read(
            text,
            lambda root: _playbook(root, default_playbook()),
            needs="a playbook needs `checks:` with lines such as `wins_fell: Ask …`",
        )
    except DefinitionError as error:
        raise DefinitionError([f"{path.name}, {words}" for words in error.problems]) from None
    return replace(book, path=path)


def playbook(root: Section, path: Path | None) -> Playbook | None:
    """Return the playbook that funnel.yml names, and note every mistake in it.

    Parameters
    ----------
    root
        The root of funnel.yml.
    path
        The file that its key ``playbook`` names; ``None``: the default is taken.
    """
    if path is None:
        return None
    try:
        return own_playbook(path)
    except DefinitionError as error:
        for words in error.problems:
            root.note("playbook", f"cannot be used: {words}")
        return None


def _playbook(root: Section, default: Playbook | None) -> Playbook | None:
    most = root.whole("most", 1, _MOST, f"a number of checks from 1 to {_MOST}")
    section = root.section("checks")
    own: dict[str, str | None] = {}
    if section is not None:
        for key in section.keys():  # noqa: SIM118  a section is no mapping
            if key not in FINDINGS:
                known = f" Known: {', '.join(FINDINGS)}."
                section.note(key, f"is no finding.{did_you_mean(key, FINDINGS) or known}")
                continue
            own[key] = section.text(key)
            _check_braces(section, key, own[key] or "")
    root.close()
    rest = {} if default is None else default.checks
    checks = {**own, **{key: text for key, text in rest.items() if key not in own}}
    return Playbook(
        checks={key: text for key, text in checks.items() if text},
        most=most or (default.most if default is not None else _MOST),
    )


def _check_braces(section: Section, key: str, text: str) -> None:
    """Note names in braces that a finding does not have, and braces that do not pair."""
    allowed = (*_COMMON, *FINDINGS[key])
    if "{" in _BRACES.sub("", text) or "}" in _BRACES.sub("", text):
        section.note(key, "has a brace without its partner; write {month}.")
    for name in _BRACES.findall(text):
        if name not in allowed:
            known = f" Known here: {', '.join(allowed)}."
            hint = did_you_mean(name, allowed) or known
            section.note(key, f"has no value for {{{name}}}.{hint}")
