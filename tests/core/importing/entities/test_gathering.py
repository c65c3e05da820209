from __future__ import annotations

import json

import pytest

from core.errors import DataError
from core.importing.entities import read_entities

MARK = {"start": 4, "end": 8, "label": "BOAT"}


def read(*records, beside=lambda name: None):
    return read_entities("a.jsonl", "\n".join(map(json.dumps, records)).encode(), beside)


def test_numbers_without_names_are_refused_with_what_to_do():
    with pytest.raises(DataError, match=r"numbers for types \(0, 1, 2\).*labels.txt"):
        read({"tokens": ["The", "Tern", "x"], "ner_tags": [0, 1, 2]})
    with pytest.raises(DataError, match=r"\(7\)"):
        read({"text": "The Tern", "annotations": [{**MARK, "label": 7}]})
    named = read({"tokens": ["The", "Tern"], "ner_tags": [0, 1]}, beside=lambda name: b"O\nB-BOAT\n")
    assert named.frame["spans"][0] == '[[4, 8, "BOAT"]]'


def test_what_is_left_out_is_told_by_line():
    good = {"text": "The Tern", "spans": [MARK]}
    tagged = read(good, {"text": " "}, {**good, "answer": "reject"}, {"tokens": []})
    assert [one.name for one in tagged.rejected] == ["line 2", "line 3", "line 4"] and len(tagged.frame) == 1
    tagged = read({"tokens": ["The", "Tern"], "ner_tags": ["O", "B-A"]}, {"tokens": ["The"], "ner_tags": ["O", "O"]})
    assert "1 words and 2 tags" in tagged.rejected[0].reason


def test_marks_that_are_not_whole_are_counted():
    marks = [MARK, [9, 10, "A"], {"start": 1, "end": 2}, {**MARK, "labels": ["A", "B"], "label": None}]
    tagged = read({"text": "The Tern I", "spans": marks})
    assert [finding.title for finding in tagged.findings] == [
        "1 marked place has no type, or no whole numbers as its place (line 1).",
        "1 marked place has several types (line 1).",
    ]


def test_type_and_words_may_stand_either_way_round():
    for item in ([4, 8, "BOAT", "Tern"], [4, 8, "Tern", "BOAT"]):
        assert read({"text": "The Tern", "spans": [item]}).frame["spans"][0] == '[[4, 8, "BOAT"]]'


def test_words_that_come_with_their_text_keep_it():
    record = {"text": "The  Tern!", "tokens": ["The", "Tern", "!"], "ner_tags": ["O", "B-BOAT", "O"]}
    assert read(record).frame.to_dict("records") == [{"text": "The  Tern!", "spans": '[[5, 9, "BOAT"]]'}]


def test_of_several_people_the_first_counts():
    record = {"data": {"text": "The Tern"}, "annotations": [{"result": [{"value": MARK}]}, {"result": []}]}
    tagged = read(record)
    assert tagged.frame["spans"][0] == '[[4, 8, "BOAT"]]' and "several times" in tagged.findings[0].title
