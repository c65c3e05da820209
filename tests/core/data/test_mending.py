"""Damaged texts are mended in a new version; the one before keeps them."""

from __future__ import annotations

import json

import pytest

from core.data.changes import repair
from core.data.dataset import load_dataset
from core.data.mending import mendable
from core.errors import DataError
from core.importing.importing import import_path
from core.tasks.tokens import spans_in

GARBLED = "Grüße aus Köln".encode().decode("cp1252")
ROWS = [
    *((f"an ordinary {word} sentence", "ab"[n % 2]) for n, word in enumerate(("dry", "wet", "hot", "cold", "mild"))),
    (f"{GARBLED} one", "a"),
    (f"{GARBLED} two", "b"),
    ("Grüße aus Köln two", "b"),
    ("what was lost � is lost", "a"),
]


@pytest.fixture
def dataset(workspace, tmp_path):
    lines = ["text,label", *(f"{text},{label}" for text, label in ROWS)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    return import_path(workspace, tmp_path / "t.csv")


def finding(dataset):
    return next(one for one in dataset.report.findings if one.kind == "mojibake")


def said(dataset):
    return [text for text, _ in dataset.modality.stored(dataset.frame, dataset.path)]


def test_what_can_be_mended_is_shown_first(dataset):
    found = mendable(dataset, finding(dataset).files)
    assert found.after == [("Grüße aus Köln one", ""), ("Grüße aus Köln two", "")]
    assert (found.before[0][0], found.unplaced, found.left) == (f"{GARBLED} one", [], 0)
    assert mendable(dataset, finding(dataset).files, 1).left == 2


def test_a_click_mends_them_and_the_version_before_stays(workspace, dataset):
    before = said(dataset)
    made = repair(workspace, dataset, finding(dataset), "mend")
    assert made.changed == "2 texts mended; 1 copy there already left out"
    assert said(made)[5:7] == ["Grüße aus Köln one", "Grüße aus Köln two"] and len(made.frame) == len(ROWS) - 1
    row = made.frame.iloc[5]
    assert (row["characters"], row["words"]) == (18, 4) and "mojibake" not in row["noticed"]
    assert len(finding(made).files) == 1  # what was lost
    assert said(load_dataset(workspace, dataset.id, 1)) == before
    with pytest.raises(DataError, match="None of these"):
        repair(workspace, made, finding(made), "mend")


def test_what_becomes_the_same_as_another_is_its_copy(workspace, tmp_path):
    rows = [*ROWS[:5], ("Grüße aus Köln", "a"), (GARBLED, "b")]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *(f"{text},{label}" for text, label in rows)]))
    dataset = import_path(workspace, tmp_path / "t.csv")
    made = repair(workspace, dataset, finding(dataset), "mend")
    torn = next(one for one in made.report.findings if one.kind == "contradiction")
    assert sorted(torn.files) == sorted(made.frame["name"][5:])


def test_entities_stay_where_they_are_or_their_text_does(workspace, tmp_path):
    lines = [(f"Bob {n} lives in Rome", [[0, 3, "PERSON"]]) for n in range(4)]
    lines += [(f"{GARBLED} am Rhein", [[GARBLED.index("K"), len(GARBLED), "PLACE"]])]
    lines += [("Ã¶Ã¶Ã¶ ist", [[0, 3, "PLACE"]])]
    text = "\n".join(json.dumps({"text": text, "entities": spans}) for text, spans in lines)
    (tmp_path / "e.jsonl").write_text(text)
    dataset = import_path(workspace, tmp_path / "e.jsonl")
    found = mendable(dataset, finding(dataset).files)
    made = repair(workspace, dataset, finding(dataset), "mend")
    row = made.frame.iloc[4]
    ((start, end, kind),) = spans_in(row["spans"])
    assert (said(made)[4][start:end], kind) == ("Köln", "PLACE")
    assert found.unplaced == [made.frame["name"][5]]
    assert made.changed == "1 text mended; 1 left as they are, for their entities"
