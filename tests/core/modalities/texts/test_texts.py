"""The modality: a row of a table as an example, kept, and read for a network."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from core.errors import DataError
from core.importing.importing import import_path
from core.importing.tables.reading import Reading
from core.modalities import TEXT
from core.modalities.texts.kept import KeptTexts, shortened
from tests.toys.tokenizer import write_tokenizer


@pytest.fixture
def dataset(workspace, tmp_path):
    rows = [("Red is good", "good"), ("Blue is bad", "bad")] * 3
    lines = [f"{text} {number},{label}" for number, (text, label) in enumerate(rows)]
    (tmp_path / "texts.csv").write_text("\n".join(["text,label", *lines]))
    return import_path(workspace, tmp_path / "texts.csv", reading=Reading(modality="text"))


def test_a_text_is_taken_with_what_names_it():
    one, two = TEXT.inspect({"text": " Hello there "}), TEXT.inspect({"text": "Hello", "second": "there"})
    assert one["text"] == "Hello there"
    assert (one["characters"], one["words"], two["characters"], two["words"]) == (11, 2, 10, 2)
    assert one["sha256"] != two["sha256"] != TEXT.inspect({"text": "Hello there"})["sha256"] == one["sha256"]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"text": " \t"}, "no text"),
        ({"text": "a", "second": " "}, "empty"),
        ({"text": "a" * 10_000_001}, "10,000,000 are allowed"),
    ],
)
def test_what_is_no_text_is_told(cells, words):
    assert words in TEXT.inspect(cells)


def test_a_dataset_keeps_its_texts_in_one_file(dataset):
    assert "text" not in dataset.frame
    assert list(dataset.frame["characters"]) == [13, 13] * 3
    kept = KeptTexts(dataset.path("texts.arrow"))
    assert kept[dataset.frame["row"]][:2] == [("Red is good 0", ""), ("Blue is bad 1", "")]
    assert dataset.report.lengths.words == (4, 4, 4)


def test_texts_are_found_by_their_words(dataset):
    kept = KeptTexts(dataset.path("texts.arrow"))
    assert kept.containing("RED IS").tolist() == [True, False] * 3


def test_a_row_that_is_not_there_is_told(dataset):
    with pytest.raises(DataError, match="Import it again"):
        KeptTexts(dataset.path("texts.arrow"))[[99]]


def test_damaged_texts_are_told(dataset):
    dataset.path("texts.arrow").write_bytes(b"nothing")
    with pytest.raises(DataError, match="cannot be read"):
        KeptTexts(dataset.path("texts.arrow"))


def test_texts_become_tokens_padded_to_the_longest(workspace, dataset, tmp_path):
    settings = write_tokenizer(tmp_path / "tokenizer")
    examples = TEXT.examples(workspace, dataset.path, dataset.frame, settings, torch.device("cpu"))
    assert examples.to_read() == 6
    (inputs,) = examples.batches([[0, 1]], None)
    assert inputs["ids"].shape == inputs["mask"].shape == inputs["types"].shape
    assert inputs["mask"].sum(dim=1).tolist() == examples.lengths()[:2].tolist()
    assert examples.to_read() == 0
    assert examples.read_of(1).text == "Blue is bad 1"


def test_a_question_is_read_as_the_training_was(workspace, dataset, tmp_path):
    settings = write_tokenizer(tmp_path / "tokenizer")
    examples = TEXT.examples(workspace, dataset.path, dataset.frame, settings, torch.device("cpu"))
    (trained,) = examples.batches([[0]], None)
    asked = TEXT.collate([TEXT.read("Red is good 0", settings)], settings, torch.device("cpu"))
    assert all(torch.equal(trained[name], asked[name]) for name in trained)


def test_two_texts_are_told_apart(tmp_path):
    settings = write_tokenizer(tmp_path / "tokenizer")
    read = TEXT.read(("red is", "blue"), settings)
    assert read.sequence.tolist() == [-1, 0, 0, -1, 1, -1]
    assert TEXT.collate([read], settings, torch.device("cpu"))["types"].tolist() == [[0, 0, 0, 0, 1, 1]]
    assert [read.text[first:behind] for first, behind in read.offsets[1:3]] == ["red", "is"]


def test_what_is_too_long_is_cut_and_known(tmp_path):
    read = TEXT.read("red " * 40, write_tokenizer(tmp_path, longest=8))
    assert len(read.ids) == 8
    assert read.is_cut and read.tokens == 42  # and two special ones
    pair = TEXT.read(("red " * 40, "blue " * 30), write_tokenizer(tmp_path / "pair", longest=8))
    assert pair.is_cut and pair.tokens == 73


def test_half_a_pair_of_surrogates_does_no_harm(tmp_path):
    assert len(TEXT.read("red \ud83d is", write_tokenizer(tmp_path)).ids) > 3


def test_lines_for_lists_are_short():
    assert shortened([("a\nb", ""), ("x" * 300, "y")], 10) == ["a b", "xxxxxxxxx…"]
    assert shortened([("one", "two")]) == ["one | two"]


def test_duplicates_are_told_by_their_content():
    frame = pd.DataFrame({"text": ["One", "two", "one!"], "second": ""})
    assert TEXT.twins(frame, frame.to_numpy()).tolist() == [1, 0, 1]


def test_words_are_counted_as_the_line_to_beat(workspace, dataset, tmp_path):
    settings = write_tokenizer(tmp_path / "tokenizer")
    examples = TEXT.examples(workspace, dataset.path, dataset.frame, settings, torch.device("cpu"))
    mine, asked = examples.counted(np.arange(4), examples, np.array([4, 5]))
    assert len(mine) == 4 and len(asked) == 2 and mine.shape[1] == asked.shape[1]
    assert asked[0] @ mine[0] > asked[0] @ mine[1]  # red with red
    assert torch.allclose(mine.norm(dim=1), torch.ones(4))


def test_where_there_is_no_word_nothing_is_counted(workspace, tmp_path):
    (tmp_path / "marks.csv").write_text("text,label\n!!!,a\n???,b\n!?!,a\n?!?,b\n")
    dataset = import_path(workspace, tmp_path / "marks.csv", reading=Reading(modality="text"))
    settings = write_tokenizer(tmp_path / "tokenizer")
    examples = TEXT.examples(workspace, dataset.path, dataset.frame, settings, torch.device("cpu"))
    assert examples.counted(np.arange(2), examples, np.arange(2)) is None
