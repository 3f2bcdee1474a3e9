"""What may be asked of a delivery: which files, where, on what template and paper."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from funnelkit._core.errors import ArgumentError, did_you_mean
from funnelkit.report.kinds import PATH, Kind
from funnelkit.report.parameters import Asked

PAPERS = ("A4", "Letter")
ENDINGS = {"email": ".eml", "pptx": ".pptx", "pdf": ".pdf"}


def paper(name: str, value: object) -> str:
    """Return a size of paper, whatever its capitals.

    Raises
    ------
    ArgumentError
        If it is neither A4 nor Letter.

    Examples
    --------
    >>> paper("paper", "letter")
    'Letter'
    """
    for one in PAPERS:
        if isinstance(value, str) and value.strip().lower() == one.lower():
            return one
    hint = did_you_mean(str(value), PAPERS)
    raise ArgumentError(f"`{name}` must be A4 or Letter; got {value!r}.{hint}")


@dataclass(frozen=True, kw_only=True)
class DeliveryParameters(Asked):
    """What may be asked of a delivery.

    Raises
    ------
    ArgumentError
        If a file has an ending that is not its kind's, or `template` stands without `pptx`.

    Examples
    --------
    >>> DeliveryParameters(email="june.eml").files
    {'email': 'june.eml'}
    """

    report: ClassVar[str] = "delivery"

    email: Annotated[str | None, PATH, "mail to write (.eml), with the PDF; or a folder"] = None
    pptx: Annotated[str | None, PATH, "slides to write (.pptx); or a folder"] = None
    template: Annotated[str | None, PATH, "your own .pptx or .potx for the slides"] = None
    pdf: Annotated[str | None, PATH, "PDF to print (needs a browser); or a folder"] = None
    paper: Annotated[str, Kind(paper, "A4|Letter"), "paper of the PDF: A4 or Letter"] = "A4"

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, given in self.files.items():
            ending = ENDINGS[name]
            if not is_folder(given) and Path(given).suffix.lower() != ending:
                raise ArgumentError(
                    f"`{name}` must be a file that ends in {ending}, or a folder; got {given!r}."
                )
        if self.template is not None and self.pptx is None:
            raise ArgumentError("`template` is for slides: say with `pptx` where they go.")

    @property
    def files(self) -> dict[str, str]:
        """The files asked for, by kind."""
        return {name: given for name in ENDINGS if (given := getattr(self, name)) is not None}


def is_folder(path: str) -> bool:
    """Whether a path is meant as a folder: one that is there, or that ends as one."""
    return path.endswith(("/", "\\")) or Path(path).is_dir()
