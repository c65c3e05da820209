"""Texts that somebody pastes: a table from a spreadsheet, or a line each with its class before it."""

from __future__ import annotations

import io
from pathlib import Path

from core.errors import DataError
from core.importing.archives.entries import Entry, Source
from core.importing.tables.reading import Option, Reading
from core.importing.texts.interpreting import interpret, option_of
from core.importing.texts.taking import take_texts
from core.limits import Limits
from core.modalities import TEXT
from core.words import clean_label
from core.workspace import atomic_open

MOST = 2_000_000  # characters
NAME = "pasted.tsv"
READING = Reading(modality=TEXT.name)


def with_class(pasted: str, label: str) -> str:
    """The same lines, those that have no tab of this class.

    Raises:
        DataError: there is no class.
    """
    if not label.strip():
        raise DataError("Type the class of these lines first.")
    before = f"{clean_label(label)}\t"
    lines = pasted.splitlines()
    return "\n".join(line if "\t" in line or not line.strip() else before + line.strip() for line in lines)


def looked_at(pasted: str, reading: Reading = READING) -> Option:
    """How it would be imported.

    Raises:
        DataError: it would not be, in words.
    """
    data = _checked(pasted).encode("utf-8", "replace")
    entry = Entry(NAME, len(data), lambda: io.BytesIO(data))
    taken = take_texts(Source([entry], 1, len(data)), TEXT, Limits(), reading)
    if not taken.tables and taken.rejected:
        raise DataError(taken.rejected[0].reason)
    return option_of(interpret(taken, reading))


def write(folder: Path, pasted: str) -> Path:
    """As a file to import. Raises DataError if there is nothing in it, or too much."""
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_open(folder / NAME, "wb") as file:
        file.write(_checked(pasted).encode("utf-8", "replace"))
    return folder / NAME


def _checked(pasted: str) -> str:
    if not pasted.strip():
        raise DataError("Nothing was pasted. Paste a line for each text, with its class before it and a tab between.")
    if len(pasted) > MOST:
        raise DataError(f"{len(pasted):,} characters were pasted, and {MOST:,} are read. Upload them as a file.")
    if "\t" not in pasted:
        raise DataError(
            "Nothing tells the classes of these lines. Put the class before each, with a tab between, or type the "
            "class of these lines and press the button beside it."
        )
    return pasted
