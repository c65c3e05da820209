"""Files of records: JSON, JSON lines, Python's literals, Parquet. How each begins is looked at before it is read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from core.importing.entities import literals
from core.importing.entities.conll import lines_of
from core.importing.entities.given import Given
from core.importing.entities.names import names_in
from core.importing.entities.records import LOOKED_AT, TAGS, Form, as_record, form_of
from core.importing.entities.told import Told
from core.importing.intake import Rejected

MOST_JSON = 50_000_000  # bytes: as objects they become many times as much
MOST_PYTHON = 50_000_000
_HINT = re.compile(
    r'"(start|begin|from|end|to|offset|entities|ents|spans|labels?|ner|tags|tokens|words|points)\w*"\s*:'
)
_DECODER = json.JSONDecoder()


@dataclass
class Records:
    """rows: (where it stands, the record). names: of tags that are numbers, if the file says so."""

    form: Form
    rows: Iterator[tuple[str, Mapping[str, Any]]]
    names: Mapping[int, str] = field(default_factory=dict)


def json_lines(given: Given, rejected: list[Rejected]) -> Records | None:
    """An object a line; a comma may end the line. None if it is something else, or holds no entities."""
    first = [one for line in islice(lines_of(given.sample), LOOKED_AT) if (one := _line(line)) is not None]
    told = sum(bool(line.strip(" \t\r,[]")) for line in islice(lines_of(given.sample), LOOKED_AT))
    if not first or len(first) < told / 2:
        return None
    form = form_of(record for one in first if (record := as_record(one)) is not None)
    return None if form is None else Records(form, _rows_of_lines(given.text, rejected))


def _line(line: str) -> Any:
    plain = line.strip(" \t\r,\ufeff")
    if not plain.startswith(("{", "[")) or len(plain) < 3:
        return None
    try:
        return json.loads(plain)
    except (ValueError, RecursionError):
        return None


def _rows_of_lines(text: str, rejected: list[Rejected]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(lines_of(text), start=1):
        if line.strip(" \t\r,[]"):
            record = as_record(_line(line))
            if record is None:
                rejected.append(Rejected(f"line {number:,}", "It is no object as JSON writes one."))
            else:
                yield f"line {number:,}", record


def whole_json(given: Given) -> Records | None:
    """A list of objects, or one such list in an object. None if it is something else, or holds no entities."""
    begins = given.sample.lstrip()
    if not begins.startswith(("[", "{")) or len(given.data) > MOST_JSON or not _HINT.search(begins):
        return None
    if begins.startswith("[") and not given.is_short and (few := _few(begins)) and form_of(few) is None:
        return None
    if begins.startswith("{") and not given.is_short and _few("," + begins):  # an object a line
        return None
    try:
        held = json.loads(given.text)
    except (ValueError, RecursionError):
        return None
    listed, known = _listed(held)
    records = [as_record(one) for one in listed]
    form = form_of(record for record in records if record is not None)
    if form is None:
        return None
    names = names_in(known, (form.held[-1], *TAGS)) if known else {}
    rows = ((f"text {number:,}", record or {}) for number, record in enumerate(records, start=1))
    return Records(form, rows, names)


def _few(begins: str) -> list[dict[str, Any]]:
    """The first of a list, without reading all of it; [] where even one is too long for that."""
    found, at = list[dict[str, Any]](), 1  # behind the bracket
    while len(found) < LOOKED_AT:
        while at < len(begins) and begins[at] in ", \t\r\n":
            at += 1
        try:
            one, at = _DECODER.raw_decode(begins, at)
        except (ValueError, RecursionError):
            return found
        if (record := as_record(one)) is not None:
            found.append(record)
    return found


def _listed(held: Any) -> tuple[list[Any], Any]:
    """The records in what a file holds, and what else it says of them."""
    if isinstance(held, list):
        return (_sentences_of_spacy(held), None) if _is_spacy(held) else (held, None)
    if not isinstance(held, dict):
        return [], None
    lists = [(key, value) for key, value in held.items() if isinstance(value, list) and value]
    if form_of([held]) is not None:
        return [held], None
    records = [(key, value) for key, value in lists if any(as_record(one) is not None for one in value[:50])]
    if records:
        key, value = max(records, key=lambda one: len(one[1]))
        return value, {name: other for name, other in held.items() if name != key}
    lengths = {len(value) for _, value in lists}
    if len(lists) > 1 and len(lengths) == 1 and len(lists) == len(held):  # a list a column
        return [dict(zip(held, row)) for row in zip(*held.values())], None
    if held and all(isinstance(value, dict) for value in held.values()):
        return list(held.values()), None
    return [], None


def _is_spacy(held: list[Any]) -> bool:
    return bool(held) and all(isinstance(one, dict) and isinstance(one.get("paragraphs"), list) for one in held)


def _sentences_of_spacy(held: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """spaCy 2's own JSON: documents of paragraphs of sentences of words, each with its tag."""
    paragraphs = [each for one in held for each in one["paragraphs"] if isinstance(each, dict)]
    sentences = [each for one in paragraphs for each in one.get("sentences") or () if isinstance(each, dict)]
    found = []
    for sentence in sentences:
        words = [one for one in sentence.get("tokens") or () if isinstance(one, dict)]
        found.append({"tokens": [one.get("orth") for one in words], "ner": [one.get("ner", "O") for one in words]})
    return found


def python(given: Given, told: Told) -> Records | None:
    """Lists of tuples as programs for spaCy 2 have them: `TRAIN_DATA = [("...", {"entities": [(0, 4, "BOAT")]}), ...]`.
    What else stands in the program is passed over."""
    if len(given.data) > MOST_PYTHON or not re.search(r"^(\w+\s*(:[^=\n]*)?=\s*)?[\[(]", given.sample, re.MULTILINE):
        return None
    if not re.search(r"""[\[(]\s*[\[(]?\s*['"]""", given.sample):
        return None
    lists = (value for value in literals.values_in(given.text) if isinstance(value, list))
    records = [record for value in lists for one in [value, *value] if (record := as_record(one)) is not None]
    form = form_of(records)
    if form is None:
        return None
    told.note("program")
    return Records(form, ((f"text {number:,}", record) for number, record in enumerate(records, start=1)))


def parquet(data: bytes) -> Records | None:
    """None if no column of it holds lists, or none of these holds entities."""
    import pyarrow as pa
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(data))
        schema = file.schema_arrow
        if not any(pa.types.is_nested(each.type) for each in schema) or len(schema) > 500:
            return None
        batches = file.iter_batches(batch_size=1_000)
        first = next(batches, None)
        form = None if first is None else form_of(_plain(first))
    except (OSError, pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    if form is None or first is None:
        return None
    rows = (record for batch in chain([first], batches) for record in _plain(batch))
    said = (schema.metadata or {}).get(b"huggingface", b"null")
    names = names_in(json.loads(said), (form.held[-1], *TAGS))
    return Records(form, ((f"row {number:,}", row) for number, row in enumerate(rows, start=1)), names)


def _plain(batch: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = batch.to_pylist()
    return rows
