"""Whether what was given are texts: no image is among it, and a table has a column of texts, or its files are texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import DataError
from core.importing.archives.containers import MAGIC, open_container
from core.importing.archives.entries import Entry, Source
from core.importing.entities import read_entities
from core.importing.layout import is_junk
from core.importing.tables.matching import ENDINGS
from core.importing.tables.reading import Reading
from core.importing.texts import spreadsheets
from core.importing.texts.files import may_be_document, why_no_text
from core.importing.texts.roles import columns_of, find_roles, names_images
from core.importing.texts.tables import JSON, is_listed, read_table
from core.limits import Limits

HEAD = 300_000  # bytes of a table that are looked at
MOST_TABLES = 20
NAMING = 50  # rows that may name files beside
ENOUGH = 200  # files that are texts, and no image among them so far
NOT_IMAGES = frozenset(("dcm", "dicom", "nii", "npy", "raw", "svg", "mhd"))
OTHER_NAMES = (".txt", ".text", ".md", ".conll", ".conllu", ".conll03", ".iob", ".bio", ".iob2", ".ann", ".spacy")


Beside = Callable[[str], bool]


def are_texts(source: Source, limits: Limits, reading: Reading, beside: Beside = lambda _: False) -> bool:
    """source: is read as far as it takes. beside: whether a cell names a file that lies beside a lone table."""
    files: list[str] = []
    tables = 0
    said: bool | None = None
    for entry in source.entries:
        ending = entry.name.rsplit(".", 1)[-1].lower()
        if is_junk(entry.name) or entry.refused:
            continue
        if ending in ENDINGS or ending in NOT_IMAGES or entry.name.endswith("ubyte") or ending == "npz":
            return False
        if is_listed(entry.name):
            tables += 1
            if said is None and tables <= MOST_TABLES:
                said = _of_table(entry, limits, reading, beside)
                if said is False:
                    return False
        elif len(files) < ENOUGH and _is_text(entry):
            files.append(entry.name)
        elif len(files) < ENOUGH and _begins(entry).startswith(MAGIC):
            return False
    return bool(said) or bool(files)


def _begins(entry: Entry, many: int = 4_000) -> bytes:
    try:
        with entry.open() as file:
            return file.read(many)
    except Exception:  # of what cannot be opened, the import tells
        return b""


def _is_text(entry: Entry) -> bool:
    lower = entry.name.lower()
    if lower.endswith(".spacy"):
        return True
    return may_be_document(entry.name) and not why_no_text(entry.name, _begins(entry))


def _of_table(entry: Entry, limits: Limits, reading: Reading, beside: Beside) -> bool | None:
    """Whether it is one of texts; None if it is neither that nor one of images."""
    name = entry.name[:-3] if entry.name.lower().endswith(".gz") else entry.name
    if name.lower().endswith(spreadsheets.ENDING) and not spreadsheets.can_be_read():
        return None
    if name != entry.name:
        return None if not _packed(entry, name, limits, reading) else True
    try:
        whole = name.lower().endswith((".parquet", spreadsheets.ENDING))
        data = entry.read(limits) if whole else _begins(entry, HEAD)
        said = _is_of_texts(name, data, limits, reading, beside)
        return _holds_entities(entry, limits) if said is None else said
    except DataError:
        return _holds_entities(entry, limits)


def _packed(entry: Entry, name: str, limits: Limits, reading: Reading) -> bool:
    from core.importing.archives.arrays import unzipped

    try:
        data = unzipped(entry.read(limits), limits.file_bytes)
        return bool(_is_of_texts(name, data, limits, reading, lambda _: False))
    except DataError:
        return False


def _is_of_texts(name: str, data: bytes, limits: Limits, reading: Reading, beside: Beside) -> bool | None:
    if open_container(name, data, limits) is not None:
        return False
    if len(data) == HEAD and not name.lower().endswith(JSON):
        data = data[: data.rfind(b"\n") + 1] or data
    frame = read_table(name, data, reading.encoding).frame
    some = frame.head(NAMING)
    if names_images(columns_of(frame)) or any(beside(cell) for column in some for cell in some[column]):
        return False
    return True if find_roles(name, frame, reading).text else None


def _holds_entities(entry: Entry, limits: Limits) -> bool | None:
    try:
        begins = _begins(entry, HEAD)
        if len(begins) == HEAD and _begin_as_entities(entry.name, begins[: begins.rfind(b"\n") + 1]):
            return True
        if read_entities(entry.name, entry.read(limits), lambda _: None) is not None:
            return True
    except DataError:
        return True  # and the import says why it is refused
    return None


def _begin_as_entities(name: str, begins: bytes) -> bool:
    """Whether the first lines of a large file tell already."""
    try:
        return read_entities(name, begins, lambda _: None) is not None
    except DataError:
        return False


def is_one_file(path: Path) -> bool:
    """Whether a file that is no archive may be one of texts."""
    return path.name.lower().endswith((*OTHER_NAMES, *JSON, ".csv", ".tsv", ".tab", ".xlsx", ".xml", ".py", ".gz"))
