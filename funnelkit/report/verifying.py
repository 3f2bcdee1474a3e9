"""`verify`: a report made again from its manifest, and what is different this time."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, FunnelError
from funnelkit.report import manifest
from funnelkit.report.config import FILE_NAME
from funnelkit.report.parameters import model_of
from funnelkit.report.runner import MANIFEST, inputs_of, notebook_of, prepared, run

_COMPARED = (".html", ".xlsx", ".csv")
_SECOND = re.compile(r" \(\d+\)(?=\.\w+$)")


@dataclass(frozen=True, kw_only=True)
class Verification:
    """A report made again, and what is different.

    Parameters
    ----------
    manifest
        What it was made from.
    files
        How many files were compared.
    inputs
        What has changed of the files it was made from.
    versions
        What has changed of the versions it was made by.
    kept
        Files beside the manifest that are no longer as they were written.
    outputs
        Files that come out different; or why none came out.
    """

    manifest: Path
    files: int
    inputs: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether inputs and outputs are the same; other versions may have made them."""
        return not (self.inputs or self.kept or self.outputs)

    @property
    def differences(self) -> tuple[str, ...]:
        """Everything that is different, other versions too."""
        return (*self.inputs, *self.versions, *self.kept, *self.outputs)

    def summary(self) -> str:
        """Return whether the report is the same, in a sentence."""
        if self.same:
            by = ", by other versions" if self.versions else ""
            files = display.plural(self.files, "file")
            return f"{self.manifest}: the same again: {files}, byte for byte{by}."
        n = display.plural(len(self.differences), "difference")
        return f"{self.manifest}: not the same: {n}."

    def __repr__(self) -> str:
        """Return the summary, and each difference on its line."""
        return "\n".join([self.summary(), *(f"  {one}" for one in self.differences)])

    def _repr_html_(self) -> str:
        from funnelkit.report.page.markup import el

        found = [el("li", one) for one in self.differences]
        return str(el("div", el("p", self.summary()), el("ul", found) if found else None))


def verify(
    path: str | os.PathLike[str],
    *,
    config: str | os.PathLike[str] | None = None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    progress: bool | None = None,
) -> Verification:
    """Return what is different when a report is made again from its manifest.

    Parameters
    ----------
    path
        The manifest, or the folder it is in.
    config
        The funnel.yml; ``None``: the one in the working folder, or else the nearest one above the
        manifest. A manifest names no folders of the machine that wrote it.
    data, join
        Exports to read; ``None``: those that the manifest names, in the folder of funnel.yml or in
        the working folder.
    progress
        Whether to draw a progress bar; ``None``: on a terminal.

    Returns
    -------
    Verification
        ``same``, and each difference in words.

    Raises
    ------
    ArgumentError
        If there is no such manifest, or its funnel.yml or exports are not found.

    Notes
    -----
    Page, workbook and CSV files are compared byte for byte with those that the manifest names. The
    executed notebook and a PDF hold times, and are not. The report is made in a temporary folder;
    nothing beside the manifest is touched.

    Examples
    --------
    >>> verify("reports/2026-10/manifest.json")
    Traceback (most recent call last):
    ...
    funnelkit._core.errors.ArgumentError: `verify`: there is no manifest \
reports/2026-10/manifest.json.
    """
    file = Path(path) / MANIFEST if Path(path).is_dir() else Path(path)
    then = _content(file)
    given = _given(then, file, config=config, data=data, join=join)
    named = {str(one["name"]): one for one in then["outputs"] if _is_compared(str(one["name"]))}
    kept = tuple(_kept(file.parent, named))
    try:
        settings, setup = prepared(model_of(str(then["report"])), given)
        inputs = inputs_of(settings, setup)
        notebook = notebook_of(settings.report)
        now = manifest.made_from(settings, setup, inputs=inputs, notebook=notebook)
    except FunnelError as error:
        words = f"it cannot be made again: {error}"
        return Verification(manifest=file, files=len(named), kept=kept, outputs=(words,))
    with tempfile.TemporaryDirectory(prefix="fk-verify-") as folder:
        past: list[str] = []
        try:
            made = run(settings.report, progress=progress, **{**given, "out": folder})
        except FunnelError as error:
            first = str(error).splitlines()[0]
            outputs = [f"it cannot be made again: {first}"]
        else:
            outputs = _different(file.parent, named, made.folder)
            past = _past(then, _content(made.folder / MANIFEST))
    return Verification(
        manifest=file,
        files=len(named),
        inputs=(*_inputs(then, now), *past),
        versions=tuple(_versions(then, now)),
        kept=kept,
        outputs=tuple(outputs),
    )


def _content(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ArgumentError(f"`verify`: there is no manifest {file}.") from None
    except (OSError, ValueError) as error:
        raise ArgumentError(f"`verify`: {file} cannot be read as a manifest: {error}.") from None
    needed = ("report", "parameters", "inputs", "versions", "outputs", "notebook")
    if not isinstance(content, dict) or any(key not in content for key in needed):
        raise ArgumentError(f"`verify`: {file} is no manifest of a report.")
    return content


def _given(
    then: Mapping[str, Any], file: Path, *, config: Any, data: Any, join: Any
) -> dict[str, Any]:
    """Return the parameters of the report, with the paths that the manifest does not tell."""
    given = {name: value for name, value in then["parameters"].items() if value is not None}
    if "config" not in given:
        return given
    home = Path(config) if config is not None else _nearest(str(given["config"]), file)
    given["config"] = str(home)
    folder = home if home.is_dir() else home.parent
    for name, named in (("data", data), ("join", join)):
        if named is not None:
            given[name] = named
        elif name in given:
            given[name] = [str(_found(name, str(one), folder)) for one in given[name]]
    return given


def _nearest(name: str, file: Path) -> Path:
    """Return the funnel.yml: of the working folder, or the nearest one above the manifest."""
    folders = [Path(), *file.resolve().parents]
    for folder in folders:
        for one in dict.fromkeys((name, FILE_NAME)):
            if (folder / one).is_file():
                return folder / one
    raise ArgumentError(f"`verify`: {name} is neither here nor above the manifest; name `config`.")


def _found(parameter: str, name: str, folder: Path) -> Path:
    for home in (folder, Path()):
        if (home / name).exists() or list(home.glob(name)):
            return home / name
    raise ArgumentError(
        f"`verify`: {name}, which the report was made from, is not beside {FILE_NAME}; name it as "
        f"`{parameter}`."
    )


def _is_compared(name: str) -> bool:
    return name.endswith(_COMPARED)


def _kept(folder: Path, named: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the files beside the manifest that are gone or were changed after the run."""
    found = []
    for name, one in named.items():
        if not (folder / name).is_file():
            found.append(f"{name} is no longer beside the manifest")
        elif manifest.sha256(folder / name) != one["sha256"]:
            found.append(f"{name} beside the manifest was changed after it was written")
    return found


def _inputs(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what has changed of the inputs, of the notebook and of a warehouse's tables."""
    before = {str(one["name"]): one for one in (*then["inputs"], then["notebook"])}
    after = {str(one["name"]): one for one in (*now["inputs"], now["notebook"])}
    found = []
    for name, one in before.items():
        if name not in after:
            found.append(f"input {name} is no longer read")
        elif one["sha256"] != after[name]["sha256"]:
            sizes = f"{one['bytes']:,} bytes then, {after[name]['bytes']:,} now"
            found.append(f"input {name} has changed: {sizes}")
    found += [f"input {name} is new" for name in after if name not in before]
    if then.get("warehouse") != now.get("warehouse"):
        found.append("the tables of the warehouse are others")
    return found


def _past(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return what has changed of archived exports and earlier reports that the page read."""
    before, after = (dict(one.get("facts", {}).get("past", {})) for one in (then, now))
    found = [
        f"{name}, which was read beside the inputs, "
        + ("has changed" if name in after else "is no longer read")
        for name, digest in before.items()
        if after.get(name) != digest
    ]
    fresh = [name for name in after if name not in before]
    return found + [f"{name} is read beside the inputs now" for name in fresh]


def _versions(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    before, after = then["versions"], now["versions"]
    return [
        f"{name} was {before.get(name, 'absent')} and is {after.get(name, 'absent')}"
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]


def _different(folder: Path, named: Mapping[str, Mapping[str, Any]], made: Path) -> list[str]:
    """Return the files that come out different, and how far where that can be told."""
    from funnelkit.report.replacing import files_in

    fresh = {name for name in files_in(made) if _is_compared(name)}
    plain = {_SECOND.sub("", name): name for name in named}
    found = [f"{name} is new" for name in sorted(fresh - set(plain))]
    for name, written in plain.items():
        if name not in fresh:
            found.append(f"{name} is no longer written")
        elif manifest.sha256(made / name) != named[written]["sha256"]:
            found.append(f"{name} differs{_how_far(folder / written, made / name)}")
    return found


def _how_far(old: Path, new: Path) -> str:
    """Return how many lines of a page or a CSV file differ; blank for other files."""
    if old.suffix == ".xlsx" or not old.is_file():
        return ""
    before, after = (one.read_text(encoding="utf-8").splitlines() for one in (old, new))
    longest = max(len(before), len(after))
    lines = [
        number
        for number in range(longest)
        if before[number : number + 1] != after[number : number + 1]
    ]
    if not lines:
        return ""
    return f": {display.count(len(lines))} of {longest:,} lines, from line {lines[0] + 1:,} on"
