"""One list of dependencies (pyproject.toml), and two copies that cannot drift from it."""

import importlib.metadata
import re
import tomllib

import ibis
import pandas as pd
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.project.source import ROOT, libraries, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME = [Requirement(text) for text in PROJECT["dependencies"]]
DEVELOPMENT = [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]
ALL = [*RUNTIME, *DEVELOPMENT]
ENGINES = [
    Requirement(text)
    for extra in ("polars", "postgres", "spark")
    for text in PROJECT["optional-dependencies"][extra]
]
DOCS = [
    Requirement(text)
    for extra in ("browser", "docs")
    for text in PROJECT["optional-dependencies"][extra]
]
PIN = re.compile(r"[a-z0-9][a-z0-9-]*==[0-9][0-9a-z.]*")

# What is called otherwise on conda-forge, or there is split into a smaller package.
CONDA = {
    "duckdb": "python-duckdb",
    "ibis-framework": "ibis-duckdb",
    "jupyter-client": "jupyter_client",
    "jupyter-core": "jupyter_core",
    "matplotlib": "matplotlib-base",  # without a window system
    "nbconvert": "nbconvert-core",  # without pandoc
    "playwright": "playwright-python",
    "tzdata": "python-tzdata",  # tzdata is the system's own there
}


def pins() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {name: Version(version) for name, version in pairs}


def lower_bound(requirement: Requirement) -> Version:
    [bound] = [each.version for each in requirement.specifier if each.operator == ">="]
    return Version(bound)


# --- pyproject.toml -------------------------------------------------------------------


@pytest.mark.parametrize("requirement", [*ALL, *ENGINES, *DOCS], ids=str)
def test_every_dependency_states_its_lowest_version(requirement: Requirement) -> None:
    assert lower_bound(requirement) > Version("0")
    assert not requirement.url


def test_no_dependency_is_listed_twice() -> None:
    names = [canonicalize_name(requirement.name) for requirement in ALL]
    assert len(names) == len(set(names))


def test_the_package_imports_only_what_it_declares() -> None:
    declared = {canonicalize_name(requirement.name) for requirement in RUNTIME}
    given = importlib.metadata.packages_distributions()
    for name, path in modules().items():
        for library in libraries(path):
            assert declared & {canonicalize_name(by) for by in given[library]}, f"{name}: {library}"


def test_the_engine_can_replace_and_drop_a_table() -> None:
    """Why sqlglot is capped: from 30.18 on, Ibis 12 writes DROP without a name (ibis 12101)."""
    engine = ibis.duckdb.connect()
    frame = pd.DataFrame({"stage": ["lead", "won"]})
    engine.create_table("stages", frame)
    engine.create_table("stages", frame.head(1), overwrite=True)
    assert engine.table("stages").count().execute() == 1
    engine.drop_table("stages")
    with pytest.raises(ibis.common.exceptions.TableNotFound):
        engine.table("stages")


# --- constraints.txt ------------------------------------------------------------------


def test_constraints_are_plain_pins() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    plain = [line for line in lines if not line.startswith("#")]
    assert [line for line in plain if not PIN.fullmatch(line)] == []
    names = [line.split("==")[0] for line in plain]
    assert len(names) == len(set(names))
    assert names == sorted(names)


def test_the_extra_of_all_engines_names_each_of_them() -> None:
    [every] = [Requirement(text) for text in PROJECT["optional-dependencies"]["engines"]]
    assert (every.name, every.extras) == ("funnelkit", {"polars", "postgres", "spark"})


@pytest.mark.parametrize("requirement", [*ALL, *ENGINES, *DOCS], ids=str)
def test_every_dependency_is_pinned_within_its_bounds(requirement: Requirement) -> None:
    assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)])


def test_the_pins_are_closed() -> None:
    """Whatever the pinned packages need, on this system and Python, is pinned too."""
    here = {canonicalize_name(each.name) for each in importlib.metadata.distributions()}
    engines_too = {canonicalize_name(each.name) for each in ENGINES} <= here
    pinned, seen, queue = pins(), set(), [*ALL, *(ENGINES if engines_too else [])]
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        key = (name, *sorted(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        assert name in pinned
        if Version(importlib.metadata.version(name)) != pinned[name]:
            continue  # the lowest versions are on trial, and may need other packages
        for text in importlib.metadata.requires(name) or ():
            needed = Requirement(text)
            extras = requirement.extras or {""}
            if not needed.marker or any(needed.marker.evaluate({"extra": e}) for e in extras):
                queue.append(needed)


# --- environment.yml ------------------------------------------------------------------


def environment() -> dict[str, str]:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [entry for entry in entries["dependencies"] if isinstance(entry, str)]
    split = [entry.partition(" ") for entry in plain]
    return {name: bounds for name, _, bounds in split}


def test_conda_has_the_same_packages() -> None:
    expected = {CONDA.get(name, name) for name in (canonicalize_name(r.name) for r in ALL)}
    assert set(environment()) == expected | {"python", "pip"}


@pytest.mark.parametrize("requirement", ALL, ids=str)
def test_conda_has_the_same_bounds(requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    assert SpecifierSet(environment()[CONDA.get(name, name)]) == requirement.specifier


def test_conda_has_a_supported_python() -> None:
    bounds = SpecifierSet(environment()["python"])
    said = [
        text.rsplit(" ", 1)[1] for text in PROJECT["classifiers"] if re.search(r"3\.\d+$", text)
    ]
    assert bounds.contains("3.11")
    assert not bounds.contains("3.10")
    assert all(bounds.contains(version) for version in said)
    assert PROJECT["requires-python"] == ">=3.11"


def test_conda_installs_the_checkout_itself() -> None:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    assert {"pip": ["--editable ."]} in entries
