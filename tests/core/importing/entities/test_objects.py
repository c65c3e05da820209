from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from core.importing.entities import read_entities

SPANS = [{"start": 4, "end": 8, "label": "BOAT"}]
RECORD = {"text": "The Tern sank", "spans": SPANS}
TAGGED = {"tokens": ["The", "Tern"], "ner_tags": ["O", "B-BOAT"]}


def only(data, name="a.json"):
    tagged = read_entities(name, data if isinstance(data, bytes) else json.dumps(data).encode())
    (text,), (spans,) = tagged.frame["text"], tagged.frame["spans"]
    return text, json.loads(spans), tagged


@pytest.mark.parametrize(
    "held",
    [
        [RECORD],
        RECORD,
        {"examples": [RECORD]},
        {"0": RECORD},
        {"classes": ["BOAT"], "annotations": [["The Tern sank", {"entities": [[4, 8, "BOAT"]]}], None]},
        [["The Tern sank", {"entities": [[4, 8, "BOAT"]]}]],
        {"rows": [{"row_idx": 0, "row": {"tokens": ["The", "Tern", "sank"], "tags": ["O", "B-BOAT", "O"]}}]},
        {"tokens": [["The", "Tern", "sank"]], "tags": [["O", "B-BOAT", "O"]]},
        [{"id": 0, "paragraphs": [{"sentences": [{"tokens": [
            {"orth": "The", "ner": "O"}, {"orth": "Tern", "ner": "U-BOAT"}, {"orth": "sank", "ner": "O"}]}]}]}],
    ],
)  # fmt: skip
def test_records_lie_at_many_depths(held):
    assert only(held)[:2] == ("The Tern sank", [[4, 8, "BOAT"]])


def test_lines_may_end_with_commas_and_some_may_be_damaged():
    lines = f'[\n{json.dumps(RECORD)},\n{{"text": "half\n]'
    text, spans, tagged = only(lines.encode(), "a.jsonl")
    assert text == "The Tern sank" and [one.name for one in tagged.rejected] == ["line 3"]


def test_a_text_without_entities_is_one_all_the_same():
    other = {"text": "Calm sea"}
    tagged = read_entities("a.json", json.dumps([RECORD, other]).encode())
    assert tagged.frame["spans"].tolist() == ['[[4, 8, "BOAT"]]', "[]"]


def test_python_is_read_and_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = "TRAIN_DATA = [('The Tern', {'entities': [(4, 8, 'BOAT')]})]\nopen('ran', 'w')\n"
    text, spans, tagged = only(source.encode(), "data.py")
    assert spans == [[4, 8, "BOAT"]] and not [*tmp_path.iterdir()] and "nothing was run" in tagged.findings[0].title


def test_parquet_has_the_names_of_its_numbers():
    features = {"info": {"features": {"ner_tags": {"feature": {"names": ["O", "B-BOAT"], "_type": "ClassLabel"}}}}}
    table = pa.table({"tokens": [["The", "Tern"]], "ner_tags": [[0, 1]]})
    table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    out = io.BytesIO()
    pyarrow.parquet.write_table(table, out)
    assert only(out.getvalue(), "train.parquet")[:2] == ("The Tern", [[4, 8, "BOAT"]])


def test_a_plain_parquet_is_none():
    out = io.BytesIO()
    pyarrow.parquet.write_table(pa.table({"text": ["a"], "label": ["b"]}), out)
    assert read_entities("a.parquet", out.getvalue()) is None and read_entities("a.parquet", b"PAR1damaged") is None
