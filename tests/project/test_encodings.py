"""Windows counts: no text is read or written in whatever encoding the machine prefers."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.source import ROOT, own_python_files

TEXT = {"fdopen", "open", "read_text", "write_text"}
TEMPORARY = {"NamedTemporaryFile", "SpooledTemporaryFile", "TemporaryFile"}  # binary unless told


def mode(call: ast.Call) -> str:
    """The mode of an `open`, wherever it stands among the arguments; '' where none is given."""
    given = [*call.args, *(word.value for word in call.keywords if word.arg == "mode")]
    texts = [part.value for part in given if isinstance(part, ast.Constant)]
    modes = [
        text for text in texts if isinstance(text, str) and text and set(text) <= set("abrtwx+U")
    ]
    return modes[-1] if modes else ""


def is_text_pipe(word: ast.keyword) -> bool:
    """Whether `word` is the `text=True` of a subprocess."""
    return word.arg in {"text", "universal_newlines"} and ast.unparse(word.value) == "True"


def silent(source: str) -> Iterator[int]:
    """Lines that open text without naming its encoding."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        words = {word.arg for word in node.keywords}
        opens = name in TEXT and "b" not in mode(node)
        opens |= name in TEMPORARY and bool(mode(node)) and "b" not in mode(node)
        opens |= any(is_text_pipe(word) for word in node.keywords)
        if opens and "encoding" not in words:
            yield node.lineno


@pytest.mark.parametrize(
    "path", own_python_files(), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_every_text_file_is_opened_with_its_encoding(path: Path) -> None:
    assert list(silent(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "open('a')",
        "open('a', 'w')",
        "open('a', mode='r')",
        "path.open()",
        "path.read_text()",
        "path.write_text('a')",
        "tempfile.NamedTemporaryFile('w')",
        "subprocess.run(['a'], text=True)",
    ],
)
def test_a_silent_encoding_is_seen(code: str) -> None:
    assert list(silent(code)) == [1]


@pytest.mark.parametrize(
    "code",
    [
        "open('a', encoding='utf-8')",
        "open('a', 'rb')",
        "path.open(mode='wb')",
        "path.read_bytes()",
        "tempfile.NamedTemporaryFile()",
        "subprocess.run(['a'], encoding='utf-8')",
        "table.select(text=column)",
    ],
)
def test_a_stated_encoding_passes(code: str) -> None:
    assert list(silent(code)) == []
