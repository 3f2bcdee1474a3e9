"""What a file is by its first bytes, and the parts of a workbook, unpacked within limits."""

from __future__ import annotations

import contextlib
import lzma
import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO
from urllib.parse import unquote
from xml.parsers import expat

from funnelkit._core.errors import DataError

_LARGEST = 2 << 30
_LARGEST_PART = 256 << 20
_CHUNK = 1 << 16
_FAILURES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,  # a way of packing that Python does not know
    OSError,
    RuntimeError,  # a part with a password
    UnicodeError,
    OverflowError,
    ValueError,
)
_OTHER_KINDS = (
    (b"PAR1", "a Parquet file; use `read_parquet`"),
    (b"\x1f\x8b", "compressed; unpack it first"),
    (b"%PDF", "a PDF document; export the table as an Excel workbook or CSV"),
    (b"{", "JSON; export the table as an Excel workbook or CSV"),
)
_FOREIGN = (
    ("xl/workbook.bin", "a binary workbook (.xlsb); open it in Excel and save it as .xlsx"),
    ("content.xml", "an OpenDocument file; save it as .xlsx"),
    ("index/document.iwa", "an Apple Numbers document; export it as Excel"),
    ("word/document.xml", "a Word document; export the table as an Excel workbook or CSV"),
    ("ppt/presentation.xml", "a presentation; export the table as an Excel workbook or CSV"),
)
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class NoWorkbookError(DataError):
    """A file that is no workbook, or a damaged one."""


def damaged(file: Path, why: str) -> NoWorkbookError:
    """Return the error of a workbook that cannot be read."""
    return NoWorkbookError(
        f"`{file.name}` cannot be read as a workbook: {why}. Open it in Excel, save it again as "
        ".xlsx, or export the table once more."
    )


def is_page(file: Path) -> bool:
    """Return whether a file is an HTML page, whatever its ending, once it is no other thing.

    Raises
    ------
    NoWorkbookError
        If it is neither a zip archive nor HTML; the message says what it is.
    """
    with _reading(file), file.open("rb") as stream:
        start = stream.read(4096)
        if start.startswith(b"\xd0\xcf\x11\xe0"):
            locked = _ENCRYPTED in start + stream.read(_LARGEST_PART)
            raise NoWorkbookError(
                f"`{file.name}` is protected by a password; save it without one."
                if locked
                else f"`{file.name}` is an old Excel workbook (.xls); open it in Excel and save it "
                "as .xlsx."
            )
    if start.startswith(b"PK\x03\x04"):
        return False
    text = _decoded(start).lstrip().lower()
    if not text.strip():
        raise NoWorkbookError(f"`{file.name}` is empty.")
    for mark, kind in _OTHER_KINDS:
        if start.lstrip().startswith(mark):
            raise NoWorkbookError(f"`{file.name}` is no workbook: it is {kind}.")
    if "urn:schemas-microsoft-com:office:spreadsheet" in text and text.startswith("<?xml"):
        raise NoWorkbookError(
            f"`{file.name}` is an XML spreadsheet of 2003; open it in Excel and save it as .xlsx."
        )
    if text.startswith("<"):
        return True
    if "\x00" in text or "\ufffd" in text[:200]:
        raise NoWorkbookError(
            f"`{file.name}` is no workbook: it begins like no known kind of file."
        )
    raise NoWorkbookError(
        f"`{file.name}` is no workbook but plain text under an Excel name; use `read_csv`, which "
        "goes by what is in a file."
    )


def _decoded(start: bytes) -> str:
    codec = "utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return start.decode(codec, errors="replace").removeprefix("\ufeff")


class Container:
    """The parts of a workbook.

    Parameters
    ----------
    file
        The workbook.
    archive
        It, opened as a zip archive.
    """

    def __init__(self, file: Path, archive: zipfile.ZipFile) -> None:
        self.file = file
        self._unpack = archive.open
        self._parts: Mapping[str, zipfile.ZipInfo] = {
            info.filename.replace("\\", "/").lower(): info for info in archive.infolist()
        }

    @classmethod
    @contextlib.contextmanager
    def opened(cls, file: Path) -> Iterator[Container]:
        """Yield the parts of a workbook.

        Raises
        ------
        NoWorkbookError
            If it is damaged, no workbook, or would unpack to more than two gigabytes.
        """
        with _reading(file):
            archive = zipfile.ZipFile(file)
        with archive:
            container = cls(file, archive)
            unpacked = sum(info.file_size for info in archive.infolist())
            if unpacked > _LARGEST:
                raise NoWorkbookError(
                    f"`{file.name}` would unpack to {unpacked >> 20:,} MB; no workbook of more "
                    f"than {_LARGEST >> 20:,} MB is read. Export the table as CSV."
                )
            for part, kind in _FOREIGN:
                if part in container:
                    raise NoWorkbookError(f"`{file.name}` is no workbook: it is {kind}.")
            yield container

    def __contains__(self, part: str) -> bool:
        return part.lower() in self._parts

    @contextlib.contextmanager
    def stream(self, part: str, *, whole: bool = True) -> Iterator[IO[bytes]]:
        """Yield a part, unpacked as it is read; ``whole``: it will be held in memory."""
        info = self._parts.get(part.lower())
        if info is None:
            raise damaged(self.file, f"its part {part!r} is missing")
        if whole and info.file_size > _LARGEST_PART:
            raise NoWorkbookError(
                f"`{self.file.name}` holds {info.file_size >> 20:,} MB of texts or styles; export "
                "the table as CSV."
            )
        with _reading(self.file), self._unpack(info) as unpacked:
            yield unpacked

    def related(self, part: str) -> list[tuple[str, str, str]]:
        """Return (id, kind, part) of what a part refers to; ``""`` stands for the workbook file."""
        folder, name = posixpath.split(part)
        described = posixpath.join(folder, "_rels", f"{name}.rels")
        if described not in self:
            return []
        found: list[tuple[str, str, str]] = []

        def start(tag: str, attributes: dict[str, str]) -> None:
            if local(tag) == "Relationship" and attributes.get("TargetMode") != "External":
                target = unquote(attributes.get("Target", "")).replace("\\", "/")
                path = target[1:] if target.startswith("/") else posixpath.join(folder, target)
                kind = attributes.get("Type", "").rpartition("/")[2]
                found.append((attributes.get("Id", ""), kind, posixpath.normpath(path)))

        with self.stream(described) as stream:
            parse(self.file, stream, parser(start=start))
        return found


@contextlib.contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise NoWorkbookError(f"no file `{file.name}` in the folder `{file.parent}`.") from None
    except PermissionError:
        raise NoWorkbookError(
            f"`{file.name}` may not be read; is it open in another program?"
        ) from None
    except _FAILURES as error:
        if "password" in str(error):
            raise NoWorkbookError(
                f"`{file.name}` is protected by a password; save it without one."
            ) from None
        raise damaged(file, "it is cut off or damaged") from None


def local(tag: str) -> str:
    """Return a tag without its prefix."""
    return tag.rpartition(":")[2]


def parser(*, start: object = None, end: object = None, text: object = None) -> expat.XMLParserType:
    """Return a parser with these handlers; documents that declare entities are refused."""
    made = expat.ParserCreate()
    made.buffer_text = True
    made.StartElementHandler = start  # type: ignore[assignment]
    made.EndElementHandler = end  # type: ignore[assignment]
    made.CharacterDataHandler = text  # type: ignore[assignment]
    made.StartDoctypeDeclHandler = _refuse_doctype
    return made


def parse(file: Path, stream: IO[bytes], reader: expat.XMLParserType) -> None:
    """Feed a part to a parser.

    Raises
    ------
    NoWorkbookError
        If it is not well-formed, in an unknown encoding, or declares entities.
    """
    try:
        while chunk := stream.read(_CHUNK):
            reader.Parse(chunk, False)
        reader.Parse(b"", True)
    except expat.ExpatError as error:
        why = "it is cut off or damaged" if error.code != _DOCTYPE else "it declares entities"
        raise damaged(file, why) from None
    except DataError:
        raise
    except (LookupError, ValueError):
        raise damaged(file, "it is in an unknown encoding") from None


_DOCTYPE = -1


def _refuse_doctype(*_: object) -> None:
    error = expat.ExpatError("a document type")
    error.code = _DOCTYPE
    raise error
