from __future__ import annotations

import json

import pytest

from core.importing.entities.names import names_beside, names_in

BOTH = {0: "O", 1: "B-BOAT"}


@pytest.mark.parametrize(
    "held",
    [
        ["O", "B-BOAT"],
        {"0": "O", "1": "B-BOAT"},
        {"O": 0, "B-BOAT": 1},
        [{"id": 0, "text": "O"}, {"id": 1, "text": "B-BOAT"}],
        {"id2label": {"0": "O", "1": "B-BOAT"}, "hidden": 3},
        {"features": {"ner_tags": {"feature": {"names": ["O", "B-BOAT"], "_type": "ClassLabel"}}}},
        {"info": {"features": {"ner_tags": [{"feature": 0}], "ner": {"names": {"0": "O", "1": "B-BOAT"}}}}},
        {"default": {"features": {"ner_tags": {"feature": {"names": ["O", "B-BOAT"]}}, "pos": {"names": ["X"]}}}},
    ],
)
def test_names_are_found_wherever_they_stand(held):
    assert names_in(held, ("ner_tags", "ner")) == BOTH


def test_what_names_nothing_names_nothing():
    assert names_in({"a": "b"}, ("tags",)) == {} and names_in([1, 2], ()) == {} and names_in(None, ()) == {}


CARD = """---
features:
- name: ner_tags
  sequence:
    class_label:
      names:
        '0': O
        '1': B-BOAT
---
1: no
"""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("labels.txt", "O\nB-BOAT\n"),
        ("id2label.json", json.dumps({"0": "O", "1": "B-BOAT"})),
        ("README.md", CARD),
    ],
)
def test_files_beside_are_asked(name, said):
    assert names_beside(lambda asked: said.encode() if asked == name else None, ("ner_tags",)) == BOTH


def test_a_damaged_file_beside_says_nothing():
    assert names_beside(lambda name: b"{" if name.endswith(".json") else None, ("tags",)) == {}
