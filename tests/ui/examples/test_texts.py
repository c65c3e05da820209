"""How texts are drawn: letter by letter, and cut where marks begin."""

from __future__ import annotations

import json

import pytest

from core.data.changes import mark
from core.errors import DataError
from core.importing.importing import import_path
from core.importing.tables.reading import Reading
from ui.examples import SHOWN, shown_of
from ui.examples.texts import _line, _marked, parts_of, texts_of

EVIL = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("places", "most", "parts"),
    [
        ([], 99, [("Anna saw Rome", "")]),
        ([(0, 4, "PER"), (9, 13, "LOC")], 99, [("Anna", "PER"), (" saw ", ""), ("Rome", "LOC")]),
        ([(0, 4, "PER"), (2, 6, "ORG")], 99, [("Anna", "PER"), (" saw Rome", "")]),
        ([(9, 13, "LOC")], 12, [("Anna saw ", ""), ("Ro…", "LOC")]),
        ([(9, 13, "LOC")], 8, [("Anna sa…", "")]),
        ([(5, 5, "X"), (40, 50, "X")], 99, [("Anna saw Rome", "")]),
    ],
)
def test_a_text_is_cut_where_marks_begin_and_end(places, most, parts):
    assert parts_of("Anna saw Rome", places, most) == parts


def test_nothing_of_a_text_is_markup():
    assert "<img" not in _marked([(EVIL, ""), (EVIL, EVIL)], "red") + _line(EVIL, EVIL)


@pytest.fixture
def dataset(workspace, tmp_path):
    rows = [f"text {number} {EVIL},second {number},{'ab'[number % 2]}" for number in range(8)]
    (tmp_path / "pairs.csv").write_text("\n".join(["text,second,label", *rows]))
    reading = Reading(modality="text", text="text", second="second", column="label")
    return import_path(workspace, tmp_path / "pairs.csv", reading=reading)


def test_cells_have_both_texts_of_a_pair(dataset):
    first, *_ = shown_of(dataset).cells(dataset, dataset.frame.iloc[:2])
    assert first["parts"] == [(f"text 0 {EVIL}", "")] and first["second"] == "second 0"
    assert first["foot"].endswith("characters") and first["title"].startswith("text 0")


def test_only_the_rows_asked_for_are_read(dataset):
    assert [second for _, second in texts_of(dataset, dataset.frame.iloc[[5, 2]])] == ["second 5", "second 2"]


def test_every_modality_says_how_it_is_drawn():
    for shown in SHOWN.values():
        assert shown.searched and set(shown.orders) == {"smallest", "largest"}


def test_entities_are_marked_and_cannot_be_given_by_name_alone(workspace, tmp_path):
    lines = [
        json.dumps({"text": f"Anna saw Rome {number}", "label": [[0, 4, "PER"], [9, 13, "LOC"]]}) for number in range(8)
    ] + [json.dumps({"text": f"Nobody saw it {number}", "label": []}) for number in range(4)]
    (tmp_path / "places.jsonl").write_text("\n".join(lines))
    made = import_path(workspace, tmp_path / "places.jsonl", reading=Reading(modality="text"))
    first, *_ = shown_of(made).cells(made, made.frame.iloc[:1])
    assert first["parts"] == [("Anna", "PER"), (" saw ", ""), ("Rome", "LOC"), (" 0", "")]
    with pytest.raises(DataError, match="lies at a place"):
        mark(workspace, made, made.frame["name"].tolist(), "ORG")
