from __future__ import annotations

import pytest

from core.importing.entities.places import Marked
from core.importing.entities.records import Form, as_record, entity, form_of, has_several, items_in

BOAT = Marked(4, 8, "BOAT")


@pytest.mark.parametrize(
    "item",
    [
        [4, 8, "BOAT"],
        ["BOAT", 4, 8],
        {"start": 4, "end": 8, "label": "BOAT"},
        {"begin": 4.0, "stop": "8", "type": "BOAT"},
        {"start_offset": 4, "end_offset": 8, "label": ["BOAT"]},
        {"startOffset": 4, "endOffset": 8, "entity_type": "BOAT"},
        {"from": 4, "to": 8, "tag": "BOAT"},
        {"offset": 4, "length": 4, "category": "BOAT"},
        {"offsets": [[4, 8]], "type": "BOAT"},
        {"span": [4, 8], "label": {"name": "BOAT"}},
        {"value": {"start": 4, "end": 8, "labels": ["BOAT"]}, "type": "labels"},
        {"location": {"start": 4, "end": 8}, "class": "BOAT"},
    ],
)
def test_an_entity_is_written_in_many_ways(item):
    assert entity(item) == BOAT


@pytest.mark.parametrize(
    "item",
    [
        {"start": 4, "end": 8},
        {"start": 0.4, "end": 8.1, "label": "speech"},
        {"start": 4, "end": 8, "labels": ["A", "B"]},
        {"x": 1, "y": 2, "rectanglelabels": ["cat"]},
        [4, 8],
        ["a", "b", "c"],
        "BOAT",
        {"from_id": 1, "to_id": 2, "type": "sails"},
        {"start": True, "end": 8, "label": "A"},
    ],
)
def test_other_things_are_none(item):
    assert entity(item) is None
    assert has_several(item) == (isinstance(item, dict) and item.get("labels") == ["A", "B"])


@pytest.mark.parametrize(
    "held",
    [
        {"BOAT": {"Tern": [[4, 7]]}},
        [{"label": ["BOAT"], "points": [{"start": 4, "end": 7, "text": "Tern"}]}],
        [{"result": [], "was_cancelled": True}, {"result": [{"start": 4, "end": 7, "label": "BOAT", "text": "Tern"}]}],
    ],
)
def test_entities_lie_in_lists_and_objects(held):
    assert [entity(item) for item in items_in(held)] == [Marked(4, 7, "BOAT", "Tern")]


@pytest.mark.parametrize(
    ("record", "form"),
    [
        ({"comment": "The Tern", "id": "a", "label": [[4, 8, "BOAT"]]}, Form(("comment",), ("label",))),
        ({"data": {"body": "The Tern"}, "annotations": [{"result": [{"value": {"start": 4, "end": 8, "label": "A"}}]}]},
         Form(("data", "body"), ("annotations",))),
        ({"t": "The Tern", "tokens": [{"start": 0, "end": 3, "tag": "D"}], "ents": [[4, 8, "A"]]},
         Form(("t",), ("ents",))),
        ({"tokens": ["a", "b"], "pos_tags": [1, 2], "ner_tags": [0, 1]}, Form(("tokens",), ("ner_tags",), True)),
        ({"words": ["a", "b"], "my_tags": ["O", "A"]}, Form(("words",), ("my_tags",), True)),
        ({"text": "a", "label": "good"}, None),
        ({"text": "a", "labels": ["x", "y"]}, None),
        ({"tokens": ["a", "b"], "label": "good"}, None),
    ],
)  # fmt: skip
def test_the_keys_are_found(record, form):
    assert form_of([record]) == form


def test_pairs_are_records():
    assert as_record(["a b", {"entities": [[0, 1, "A"]]}]) == {"text": "a b", "entities": [[0, 1, "A"]]}
    assert as_record([["a"], ["O"]]) == {"tokens": ["a"], "tags": ["O"]} and as_record("a") is None
