"""Texts into a draft, typed, pasted or from files, and on to the import."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO

from core.data.dataset import Dataset
from core.errors import DataError
from core.importing.archives.entries import Entry, Source
from core.importing.drafts.adding import Added, New, keep
from core.importing.drafts.drafts import Draft, Item
from core.importing.drafts.images import last_of
from core.importing.intake import Rejected
from core.importing.layout import is_junk
from core.importing.tables.cells import is_table
from core.importing.tables.encodings import decode_text
from core.importing.tables.reading import NO_SECOND, Reading
from core.importing.texts.files import why_no_text
from core.limits import Limits
from core.modalities import TEXT
from core.tasks import CLASSIFICATION
from core.units import file_size
from core.words import shown_name

# The list of a draft is read and written as a whole, and its texts are in it.
MOST, MOST_BYTES = 20_000, 20_000_000
NAMED = 60  # characters of a text that was typed, which name it


def add_texts(draft: Draft, class_id: str, typed: str, whole: bool = False, limits: Limits | None = None) -> Added:
    """Keep each line as a text, or, if it is a `whole`, all of it as one. Empty lines are passed over.

    Raises:
        DataError: there is nothing in it, the class is gone, or the disk is full.
    """
    lines = [typed.strip()] if whole else [line.strip() for line in typed.splitlines()]
    given = [_new(" ".join(line.split())[:NAMED], line) for line in lines if line]
    if not given:
        raise DataError("There is no text yet. Type or paste one, or a line for each.")
    return keep(draft, class_id, given, _limits(limits))


def add_text_files(
    draft: Draft,
    class_id: str,
    files: Iterable[tuple[str, bytes]],
    by_lines: bool = False,
    limits: Limits | None = None,
) -> Added:
    """Keep what is text in files: each a text, or each of its lines one. Files of the system are passed over.

    Raises:
        DataError: the class is gone, or the disk is full.
    """
    limits = _limits(limits)
    found = [
        one for name, data in files if not is_junk(last_of(name)) for one in _in_file(name, data, by_lines, limits)
    ]
    return keep(draft, class_id, found, limits)


def _limits(limits: Limits | None) -> Limits:
    limits = limits or Limits.from_environment()
    return replace(limits, entries=min(limits.entries, MOST), total_bytes=min(limits.total_bytes, MOST_BYTES))


def _in_file(name: str, data: bytes, by_lines: bool, limits: Limits) -> Iterator[New | Rejected]:
    name = shown_name(last_of(name))
    if len(data) > min(limits.file_bytes, limits.total_bytes):
        yield Rejected(name, f"The file is larger than the {file_size(limits.total_bytes)} that a draft may have.")
    elif is_table(name):
        yield Rejected(name, "It is a table. Give it under Upload, where its columns are read.")
    elif why := why_no_text(name, data):
        yield Rejected(name, why)
    else:
        text = decode_text(data).text.replace("\0", "")
        lines = text.splitlines() if by_lines else [text]
        yield from (_new(name, line.strip()) for line in lines if line.strip())


def _new(name: str, text: str) -> New | Rejected:
    seen = TEXT.inspect({"text": text})
    if isinstance(seen, str):
        return Rejected(name, seen)
    return New(shown_name(name), "txt", seen["sha256"], text=seen["text"])


def items_of(dataset: Dataset, draft: Draft) -> Iterator[tuple[str, Item]]:
    """The dataset's texts with their classes.

    Raises:
        DataError: they belong together by two, or are more than a draft may hold.
    """
    fits = int(dataset.frame["characters"].sum()) <= MOST_BYTES
    stored = dataset.modality.stored(dataset.frame, dataset.path) if fits else []
    if not fits or any(second for _, second in stored):
        raise DataError(
            f"Only single texts of at most {file_size(MOST_BYTES)} together can be added to here. Add the texts where "
            "these came from, and import again."
        )
    rows = zip(dataset.frame["label"], dataset.frame["sha256"], stored)
    for number, (label, sha256, (text, _)) in enumerate(rows, start=draft.next):
        new = New(shown_name(" ".join(text[: 4 * NAMED].split())[:NAMED]), "txt", sha256, text=text)
        yield label, Item(file=f"{number:06}.txt", name=new.name, bytes=new.bytes, sha256=sha256, text=text)


def source_of(draft: Draft) -> Source:
    rows = ({"text": item.text, "class": one.label} for one in draft.classes for item in one.examples)
    data = "\n".join(map(json.dumps, rows)).encode()
    entry = Entry("draft.jsonl", len(data), partial(BytesIO, data))
    reading = Reading("class", kind=CLASSIFICATION.name, modality=TEXT.name, text="text", second=NO_SECOND)
    return Source([entry], 1, len(data), reading=reading)
