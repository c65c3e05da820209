"""Files of texts with entities in them, in the forms that tools for marking them write.

told.py       what is said of what did not come as it should
places.py     where entities lie in a text, mended
tags.py       a tag for each word: the usual forms, and which entities they mean
conll.py      a word a line            rows.py      tables
objects.py    JSON, JSON lines, Python, Parquet: records.py knows their keys, gathering.py what becomes of them
webanno.py    WebAnno TSV 3            markup.py    XML
names.py      what numbers are called
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from core.errors import DataError
from core.finding import Finding
from core.importing.entities import conll, markup, objects, rows, webanno
from core.importing.entities.gathering import gathered
from core.importing.entities.given import Given
from core.importing.entities.names import Beside
from core.importing.entities.objects import Records
from core.importing.entities.places import MarkedText, Span, settled
from core.importing.entities.tagged import Sentence, texts_of
from core.importing.entities.told import Told
from core.importing.intake import Rejected
from core.importing.layout import split_in

DOC_BIN = (
    "It is a DocBin, spaCy 3's own binary form, which Graft does not read. Write it as JSON lines first, in Python: "
    'for doc in DocBin().from_disk("train.spacy").get_docs(nlp.vocab): print(json.dumps(doc.to_json())).'
)


@dataclass(frozen=True)
class Tagged:
    """frame: a row a text: text, without blanks around it; spans, as `spans_of` writes them; split, where the file says
    which. findings: what did not come as it should. rejected: what was left out, and why."""

    frame: pd.DataFrame
    findings: tuple[Finding, ...]
    rejected: tuple[Rejected, ...]


def read_entities(name: str, data: bytes, beside: Beside = lambda name: None) -> Tagged | None:
    """
    name: the file's. beside: gives a file that lies in the same folder, or None.

    Returns: None if it is no file of texts with entities.

    Raises:
        DataError: it is one, but cannot be read; in words that say what to do.
    """
    if name.lower().endswith(".spacy"):
        raise DataError(DOC_BIN)
    told, rejected = Told(), list[Rejected]()
    given = Given(name, data)
    found = _found(given, beside, told, rejected)
    if found is None:
        return None
    texts, splits = found
    placed = settled(texts, told)
    frame = pd.DataFrame(
        {"text": [_storable(text) for text, _ in placed], "spans": [spans_of(spans) for _, spans in placed]}, dtype=str
    )
    parts = [split_in(split) for split in splits]
    if any(parts):
        frame["split"] = [part or "" for part in parts]
    empty = frame["text"] == ""
    rejected += [Rejected(each.place, "There is no text in it.") for each, none in zip(texts, empty) if none]
    findings = (*given.letters(), *told.findings())
    return Tagged(frame[~empty].reset_index(drop=True), findings, tuple(rejected))


def spans_of(spans: Sequence[Span]) -> str:
    """As a dataset keeps them: `[[0, 4, "BOAT"]]`, sorted, in characters."""
    return json.dumps([list(span) for span in sorted(spans)], ensure_ascii=False)


def _storable(text: str) -> str:
    """A half of a pair of surrogates is no character that can be kept; it stays one character long."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if _has_halves(text) else text


def _has_halves(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


Texts = tuple[list[MarkedText], list[str]]  # and the split of each, "" where nothing says


def _found(given: Given, beside: Beside, told: Told, rejected: list[Rejected]) -> Texts | None:
    """By each reader in turn, until one knows the file."""
    if given.data.startswith(b"PAR1"):
        return _of_records(objects.parquet(given.data), told, beside, rejected)
    if not given.sample.strip() or _is_binary(given.sample):
        return None
    if (marked := webanno.read(given, told)) is not None or (marked := markup.read(given)) is not None:
        return marked, [""] * len(marked)
    for records in (objects.json_lines, _whole_json, rows.lists):
        if (found := records(given, rejected)) is not None:
            return _of_records(found, told, beside, rejected)
    if (found := objects.python(given, told)) is not None:
        return _of_records(found, told, beside, rejected)
    sentences = rows.words(given, rejected) or conll.read(given, told, rejected)
    return _of_sentences(sentences, told, rejected) if sentences else None


def _whole_json(given: Given, rejected: list[Rejected]) -> Records | None:
    return objects.whole_json(given)


def _is_binary(sample: str) -> bool:
    """Whether much of it is neither letters nor blanks."""
    few = sample[:4_000]
    return sum(not (each.isprintable() or each.isspace()) for each in few) > len(few) / 20


def _of_records(records: Records | None, told: Told, beside: Beside, rejected: list[Rejected]) -> Texts | None:
    if records is None:
        return None
    found = gathered(records.rows, records.form, told, beside, records.names)
    rejected += found.rejected
    return _of_sentences(found.sentences, told, rejected) if found.form.is_tagged else (found.texts, found.splits)


def _of_sentences(sentences: Sequence[Sentence], told: Told, rejected: list[Rejected]) -> Texts:
    texts, splits, refused = texts_of(sentences, told)
    rejected += refused
    return texts, splits
