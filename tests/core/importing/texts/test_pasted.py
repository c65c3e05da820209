"""Texts that are pasted: lines with their class, cells of a spreadsheet, and what makes no dataset."""

from __future__ import annotations

import pytest

from core.errors import DataError
from core.importing.importing import import_path
from core.importing.texts.pasted import MOST, READING, looked_at, with_class, write

SAID = {
    "A lovely film from start to end": "good",
    "I left after half an hour": "bad",
    "What a cast they have": "good",
    "Never again for me": "bad",
}
LINES = "\n".join(f"{label}\t{text}" for text, label in SAID.items())
CELLS = "\n".join(["Review\tStars\tSentiment", *(f"{text}\t{len(label)}\t{label}" for text, label in SAID.items())])


@pytest.mark.parametrize("pasted", [LINES, LINES.replace("\n", "\r\n") + "\n\n"])
def test_a_line_has_its_class_before_it(pasted, workspace, tmp_path):
    way = looked_at(pasted)
    assert way.counts == {"good": 2, "bad": 2} and way.examples["bad"][0] == "I left after half an hour"
    made = import_path(workspace, write(tmp_path / "upload", pasted), reading=READING)
    assert made.modality.name == "text" and made.classes == ("bad", "good") and len(made.frame) == 4


def test_cells_of_a_spreadsheet_are_read_as_a_table():
    way = looked_at(CELLS)
    assert way.counts == {"good": 2, "bad": 2} and "Review" in way.title and "Sentiment" in way.title


def test_lines_without_a_class_are_given_one():
    assert with_class("one more\n\nbad\tworse\n  two more ", " good ") == "good\tone more\n\nbad\tworse\ngood\ttwo more"
    with pytest.raises(DataError, match="Type the class"):
        with_class("one", " ")


@pytest.mark.parametrize(
    ("pasted", "words"), [("  \n", "Nothing was pasted"), ("one\ntwo", "tells the classes"), ("a\t" * MOST, "are read")]
)
def test_what_makes_no_dataset_is_told(pasted, words):
    with pytest.raises(DataError, match=words):
        looked_at(pasted)
