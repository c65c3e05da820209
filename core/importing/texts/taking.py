"""Texts taken in: the tables and documents of a source, kept as they came until it is known how they are to be read."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from core.errors import DataError
from core.finding import Finding
from core.importing.archives.arrays import unzipped
from core.importing.archives.entries import Source
from core.importing.entities import read_entities
from core.importing.intake import Rejected
from core.importing.layout import is_junk, read_folders
from core.importing.tables.encodings import Decoded
from core.importing.tables.headings import key_of
from core.importing.tables.reading import FOLDERS, Reading
from core.importing.tables.shaping import labels_together
from core.importing.tables.table_report import letters as letters_of
from core.importing.texts import spreadsheets
from core.importing.texts.files import (
    File,
    decoded,
    hold_lines,
    lines_in,
    may_be_document,
    stem_of,
    why_no_text,
)
from core.importing.texts.roles import find_roles
from core.importing.texts.tables import Table, is_listed, read_table
from core.limits import Limits
from core.modalities import Modality
from core.modalities.texts import TEXT
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.units import file_size
from core.words import clean_label

SAYS_NOTHING = "It says nothing of the texts."
TEXT_BYTES = 10**9  # of one file, and of all
ANSWERED = {"accept", "reject", "ignore", ""}
MOST_PARSED = 20  # files without a table's ending that may be tables all the same


@dataclass
class Taken:
    """tables: with their columns as they came. documents: (name, text, label, split) of texts that are files, or lines
    of them; label "" where nothing tells. refused: rows that their table says are none. tagged: what files of entities
    gave, by their names."""

    modality: Modality = TEXT
    tables: list[Table] = field(default_factory=list)
    documents: pd.DataFrame | None = None
    tagged: list[tuple[str, Any]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    refused: list[Rejected] = field(default_factory=list)
    letters: list[tuple[str, Decoded]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    ignored: int = 0
    files: int = 0


def take_texts(
    source: Source,
    modality: Modality,
    limits: Limits,
    reading: Reading,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Taken:
    """
    Raises:
        WorkStopped: `cancelled()` became true.
        DataError: there is more than is read.
    """
    result = Taken(modality)
    files = _files(source, limits, result, progress, cancelled)
    result.files = len(files) + len(result.rejected) + result.ignored
    files = _without_entities(files, result)
    documents: list[File] = []
    for number, file in enumerate(files, start=1):
        if cancelled is not None and cancelled():
            raise WorkStopped("The import was stopped; nothing of it was kept.")
        if is_listed(file.name) and not result.tagged:
            _take_table(file, reading, result)
        elif result.tagged:
            result.rejected.append(Rejected(file.name, SAYS_NOTHING))
        elif why := why_no_text(file.name, file.data):
            result.rejected.append(Rejected(file.name, why))
        elif may_be_document(file.name):
            documents.append(file)
        else:
            result.rejected.append(Rejected(file.name, SAYS_NOTHING))
        if progress is not None:
            progress(Progress(f"Reading {modality.noun}s", number, len(files)))
    _take_documents(documents, reading, result)
    return result


def _files(
    source: Source, limits: Limits, result: Taken, progress: OnProgress | None, cancelled: Cancelled | None
) -> list[File]:
    wide = replace(limits, file_bytes=max(limits.file_bytes, TEXT_BYTES)) if limits == Limits() else limits
    found: list[File] = []
    total = 0
    for number, entry in enumerate(source.entries, start=1):
        if cancelled is not None and cancelled():
            raise WorkStopped("The import was stopped; nothing of it was kept.")
        if is_junk(entry.name):
            result.ignored += 1
            continue
        try:
            total += entry.size if not entry.refused else 0
            if total > max(TEXT_BYTES, wide.file_bytes):
                raise DataError(f"Together the texts have more than the {file_size(TEXT_BYTES)} that are read.")
            data = entry.read(wide)
            packed = entry.name.lower().endswith(".gz") and is_listed(entry.name[:-3])
            name = entry.name[:-3] if packed else entry.name
            found.append(File(name, unzipped(data, wide.file_bytes) if packed else data))
        except DataError as error:
            result.rejected.append(Rejected(entry.name, str(error)))
        if progress is not None and number % 100 == 0:
            progress(Progress("Opening", number, source.total))
    return found


# Entities ------------------------------------------------------------------------------------------------------------


def _without_entities(files: list[File], result: Taken) -> list[File]:
    """The files that are none of entities; those are read."""
    by_name = {file.name: file.data for file in files}
    left: list[File] = []
    refused: list[Rejected] = []
    for file in files:
        folder = posixpath.dirname(file.name)

        def beside(other: str, folder: str = folder) -> bytes | None:
            return by_name.get(posixpath.join(folder, other), by_name.get(other))

        try:
            found = read_entities(file.name, file.data, beside)
        except DataError as error:
            if _is_an_ordinary_table(file):
                left.append(file)
            else:
                refused.append(Rejected(file.name, str(error)))
            continue
        if found is None:
            left.append(file)
        else:
            result.tagged.append((file.name, found))
    result.rejected += refused
    return left


def _is_an_ordinary_table(file: File) -> bool:
    try:
        roles = find_roles(file.name, read_table(file.name, file.data).frame, Reading())
    except DataError:
        return False
    return is_listed(file.name) and bool(roles.text and (roles.label or roles.one_hot))


# Tables --------------------------------------------------------------------------------------------------------------


def _take_table(file: File, reading: Reading, result: Taken) -> None:
    if file.name.lower().endswith(spreadsheets.ENDING) and not spreadsheets.can_be_read():
        result.rejected.append(Rejected(file.name, f"{spreadsheets.MISSING}."))
        return
    try:
        table = read_table(file.name, file.data, reading.encoding)
        table = replace(table, frame=labels_together(_accepted(table, result)))
        if not find_roles(file.name, table.frame, reading).text:
            raise DataError(f"No column of it holds a {result.modality.noun}.")
    except DataError as error:
        result.rejected.append(Rejected(file.name, str(error)))
        return
    result.tables.append(table)
    if table.text is not None and table.text.guessed:
        result.letters.append((file.name, table.text))


def _accepted(table: Table, result: Taken) -> pd.DataFrame:
    """The rows that were accepted, where a tool for labeling says of each whether it was."""
    frame = table.frame
    column = next((name for name in frame if key_of(str(name)) == "answer"), None)
    if column is None or not set(frame[column].unique()) <= ANSWERED or "accept" not in set(frame[column]):
        return frame
    out = (frame[column] != "accept").to_numpy()
    stem = table.name.rsplit(".", 1)[0]
    result.refused += [Rejected(f"{stem} {number}", "It was not accepted.") for number in np.flatnonzero(out) + 1]
    return frame.loc[~out].drop(columns=column).reset_index(drop=True)


# Documents -----------------------------------------------------------------------------------------------------------


def _take_documents(files: list[File], reading: Reading, result: Taken) -> None:
    """Files without a table's ending: where there are tables, they say nothing; else each is a table, or holds a text
    a line, or is one."""
    if result.tables or result.tagged:
        result.rejected += [Rejected(file.name, SAYS_NOTHING) for file in files]
        return
    if not files:
        return
    if len(files) <= MOST_PARSED:
        kept = [file for file in files if not _is_a_table(file, reading, result)]
        if len(kept) < len(files):
            result.rejected += [Rejected(file.name, SAYS_NOTHING) for file in kept]
            return
    texts, letters = decoded(files, reading.encoding)
    if letters is not None:
        result.findings.append(letters_of(f"The text {files[0].name[-80:]!r}", letters.encoding, letters.examples))
    lines = hold_lines(files)
    result.documents = (_of_lines if lines else _of_files)(files, texts, reading)
    if lines:
        result.files += len(result.documents) - len(files)


def _is_a_table(file: File, reading: Reading, result: Taken) -> bool:
    """Whether it is one with an answer in it: then it is taken."""
    try:
        table = read_table(f"{file.name}.csv" if "." not in file.name else file.name, file.data, reading.encoding)
        roles = find_roles(file.name, table.frame, reading)
    except DataError:
        return False
    answered = roles.label or roles.one_hot or (reading.text and len(table.frame) > 1)
    if len(table.frame.columns) < 2 or len(table.frame) < 3 or not roles.text or not answered:
        return False
    result.tables.append(replace(table, name=file.name))
    if table.text is not None and table.text.guessed:
        result.letters.append((file.name, table.text))
    return True


def _of_files(files: list[File], texts: list[str], reading: Reading) -> pd.DataFrame:
    names = [file.name for file in files]
    folders = read_folders(names, reading.level, splits=reading.split in ("", FOLDERS))
    return pd.DataFrame(
        {
            "name": names,
            "text": texts,
            "label": [label or "" for label, _ in folders.of],
            "split": [split or "" for _, split in folders.of],
        },
        dtype="str",
    )


def _of_lines(files: list[File], texts: list[str], reading: Reading) -> pd.DataFrame:
    """A text a line; where lines do not begin with their class, the names of several files tell it."""
    from core.importing.layout import split_in

    rows = []
    told = [lines_in(text) for text in texts]
    by_file = len(files) > 1 and not any(cells for _, cells in told)
    folders = read_folders([file.name for file in files], reading.level) if by_file else None
    alike = len({stem_of(file.name) for file in files}) < len(files)
    for number, (file, (lines, cells)) in enumerate(zip(files, told)):
        stem = stem_of(file.name)
        split = split_in(stem) or split_in(posixpath.dirname(file.name).rsplit("/", 1)[-1]) or ""
        label = ""
        if folders is not None:
            last = file.name.rsplit(".", 1)[-1] if alike else stem  # as in `reviews.pos` and `reviews.neg`
            label = folders.of[number][0] or ("" if split_in(last) else clean_label(_bare(last)))
            split = folders.of[number][1] or split
        digits = len(str(len(lines)))
        stem = file.name.rsplit("/", 1)[-1] if alike else stem
        rows += [
            (f"{stem} {at:0{digits}}", line, cells[at - 1] if cells else label, split)
            for at, line in enumerate(lines, start=1)
        ]
    return pd.DataFrame(rows, columns=["name", "text", "label", "split"], dtype="str")


def _bare(stem: str) -> str:
    """`train_pos` is `pos`."""
    from core.importing.layout import split_in

    parts = [part for part in stem.replace("-", "_").replace(".", "_").split("_") if part]
    kept = [part for part in parts if not split_in(part)]
    return "_".join(kept or parts)
