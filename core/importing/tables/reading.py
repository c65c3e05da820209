"""How what was given is to be read, where files and tables leave it open: what a person says, or what is guessed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from core.modalities import IMAGE, ModalityName
from core.tasks import Kind

Pages = Literal["first", "all"]
NEW_SPLIT, FOLDERS = "new", "folders"
NO_SECOND = "-"


@dataclass(frozen=True)
class Reading:
    """What is left empty is guessed.

    Attributes:
        column: The heading of the column that says the answer.
        level: Which folder gives the class, as in `layout.Folders`: from 1; 0: the files' names do.
        kind: What the answer is.
        split: `NEW_SPLIT`: whatever split came along is passed over; `FOLDERS`: as the folders say; or a column's
            heading.
        encoding: Of names and tables that are no UTF-8, one of `encodings.ENCODINGS`.
        pages: Of files with several pages, the first or all of them.
        modality: What an example is, "" for what it looks like.
        text: The heading of the column that holds the texts; second: of the one whose texts belong to them, or
            `NO_SECOND`.
    """

    column: str = ""
    level: int | None = None
    kind: Kind | None = None
    split: str = ""
    encoding: str = ""
    pages: Pages = "first"
    modality: ModalityName | Literal[""] = ""
    text: str = ""
    second: str = ""


@dataclass(frozen=True)
class Option:
    """One way to read it: what is told of it, how many examples each answer has, and some of each: the names of
    images, or texts."""

    reading: Reading
    title: str
    counts: dict[str, int]
    examples: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Question:
    """Several ways to read it, of which the first was guessed. splits: ways to read the split, and what they are
    called. modality: what the examples are."""

    why: str
    options: tuple[Option, ...]
    splits: dict[str, str]
    modality: str = IMAGE.name


def answered(reading: Reading, split: str = "") -> Reading:
    return replace(reading, split=split) if split else reading
