"""What the documentation writes by itself: the glossary, parameters, commands; and no request."""

import importlib.util
import inspect
import types
from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.report.parameters import REPORTS, told
from tests.docs.pages import DOCS, PAGES, ROOT, text
from tools import glossary


def extension(name: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / "extensions" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- the glossary ---------------------------------------------------------------------


def test_the_glossary_is_what_the_package_says() -> None:
    assert text(glossary.PAGE) == glossary.text(), "run tools/glossary.py"


def test_every_metric_is_in_the_glossary() -> None:
    named = {name for section in glossary.SECTIONS.values() for name in section}
    functions = {
        name for name in fk.metrics.__all__ if inspect.isfunction(getattr(fk.metrics, name))
    }
    assert functions == named | set(glossary.BESIDE)


# --- parameters, commands and reference ---------------------------------------------------


def test_the_page_of_parameters_has_each_of_every_report() -> None:
    page = extension("interfaces").parameters()
    for name, model in REPORTS.items():
        part = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        for one in told(model):
            assert f"| `{one.name}` |" in part
            assert one.words in part


def test_the_page_of_commands_has_the_help_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "88")
    page = extension("interfaces").commands()
    for typed in ("init", "audit", "report", "plan", *(f"report {name}" for name in REPORTS)):
        assert f"## funnelkit {typed}\n" in page
        assert f"usage: funnelkit {typed} " in page


def test_the_guide_has_every_report_with_its_notebook() -> None:
    guide = text(DOCS / "guides" / "reports.md")
    for name, model in REPORTS.items():
        [row] = [line for line in guide.splitlines() if line.startswith(f"| `{name}` |")]
        assert f"`notebooks/{model.notebook}.ipynb`" in row
        assert f"`fk.report.{name}`" in row


def test_every_command_is_told_of_in_words() -> None:
    told_of = "\n".join(text(page) for page in PAGES)
    interfaces = extension("interfaces")
    commands = interfaces.names(interfaces.said())
    assert len(commands) >= 9
    assert [name for name in commands if f"funnelkit {name}" not in told_of] == []


def test_every_room_has_its_reference() -> None:
    rooms = {name for name in fk.__all__ if isinstance(getattr(fk, name), types.ModuleType)}
    documented = {path.stem for path in DOCS.glob("reference/*.md")}
    assert rooms <= documented
    for room in rooms:
        page = text(DOCS / "reference" / f"{room}.md")
        assert f".. automodule:: funnelkit.{room}\n   :members:" in page


# --- no request to other hosts ------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://cdn.example/a.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/a.css">',
        '<link rel="preconnect" href="https://fonts.example">',
        '<img src="http://a.example/b.png">',
        '<img srcset="a.png 1x, https://a.example/b.png 2x">',
        "<style>@import 'https://a.example/b.css';</style>",
        '<p style="background: url(https://a.example/b.png)">',
    ],
)
def test_a_request_to_another_host_is_found(page: str) -> None:
    assert len(extension("offline").requests(page)) == 1


@pytest.mark.parametrize(
    "page",
    [
        '<a href="https://a.example/">a link is no request</a>',
        '<script src="_static/a.js"></script>',
        '<link rel="author" href="https://a.example">',
        '<img src="data:image/png;base64,AAAA">',
        "<code>url(https://a.example)</code>",
    ],
)
def test_what_is_no_request_passes(page: str) -> None:
    assert extension("offline").requests(page) == []


def test_a_whole_site_is_looked_through(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.html").write_text("<script src='https://a.example'>", encoding="utf-8")
    (tmp_path / "b.css").write_text("a {src: url('//f.example/x.woff2')}", encoding="utf-8")
    found = list(extension("offline").of_site(tmp_path))
    assert [path.name for path, _ in found] == ["a.html", "b.css"]


def test_what_is_built_is_not_kept() -> None:
    ignored = text(ROOT / ".gitignore")
    for path in ("/docs/notebooks/", "/docs/reference/commands.md", "/build/"):
        assert path in ignored
