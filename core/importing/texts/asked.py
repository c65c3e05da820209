"""What somebody asks about texts with: typed, a file of lines, or a column of a table. Light to import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from core.errors import DataError
from core.importing.tables.cells import is_table, read_table
from core.importing.tables.encodings import decode_text
from core.limits import Limits
from core.modalities import TEXT

Text = tuple[str, str]  # and the one that belongs to it, "" where there is none
LINES = (".txt", ".text", ".md")


def lines_of(text: str) -> list[Text]:
    """A text on each line that is not empty."""
    return _bounded([(line.strip(), "") for line in text.splitlines() if line.strip()])


def columns_of(name: str, data: bytes) -> pd.DataFrame | None:
    """The cells of a table; None of a file of lines.

    Raises:
        DataError: it is neither, or cannot be read.
    """
    if name.lower().endswith(LINES):
        return None
    if not is_table(name):
        raise DataError(f"{name[-80:]!r} is no file of texts. Give a .txt with a text on each line, or a table.")
    return read_table(name, data)


def guessed(frame: pd.DataFrame) -> tuple[str, ...]:
    """Which columns hold the texts: those that are called so, else the one with the longest cells."""
    named = TEXT.held_by([str(each) for each in frame.columns])
    if "text" in named or not len(frame.columns):
        return named
    return (max(frame.columns, key=lambda each: frame[each].astype(str).str.len().mean()),)


def cells_of(frame: pd.DataFrame, columns: Sequence[str]) -> list[Text]:
    """The texts of one column, or of two that belong together. Empty ones are left out."""
    first, *second = (frame[column].astype(str).str.strip() for column in columns)
    both = zip(first, second[0] if second else [""] * len(frame))
    return _bounded([(text, other) for text, other in both if text])


def texts_in(name: str, data: bytes) -> list[Text]:
    """All of a file, its column guessed.

    Raises:
        DataError: there is none in it, or it cannot be read.
    """
    frame = columns_of(name, data)
    found = lines_of(decode_text(data).text) if frame is None else cells_of(frame, guessed(frame))
    if not found:
        raise DataError(f"There is no text in {name[-80:]!r}.")
    return found


def asked(given: Sequence[str]) -> list[tuple[str, Text]]:
    """What a shell names: files of lines, tables, and all else as a text itself. Each with what it is called.

    Raises:
        DataError: a file holds no text, or cannot be read.
    """
    found: list[Text] = []
    for each in given:
        if len(each) < 1024 and Path(each).is_file():
            found += texts_in(each, _bytes(Path(each)))
        elif each.lower().endswith(LINES) or is_table(each):
            raise DataError(f"There is no file {each[-200:]!r}.")
        else:
            found.append((each, ""))
    return [(called(text), text) for text in found]


def called(text: Text) -> str:
    """What an answer about it is called: the text itself."""
    return " | ".join(part for part in text if part)


def _bytes(path: Path) -> bytes:
    most = Limits.from_environment().file_bytes
    try:
        if path.stat().st_size > most:
            raise DataError(f"{path.name[-80:]!r} is larger than the {most:,} bytes that a file may have.")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name[-80:]!r} cannot be read ({error.strerror}).") from error


def _bounded(texts: list[Text]) -> list[Text]:
    most = Limits.from_environment().entries
    if len(texts) > most:
        raise DataError(f"These are {len(texts):,} texts, and {most:,} are read at once. Cut the file into parts.")
    return texts
