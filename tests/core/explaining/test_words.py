"""Words that speak for an answer are proven on texts whose answer one word says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from core.errors import RunError
from core.explaining.explaining import explain, methods_for
from core.explaining.words import MOST_PARTS, grouped, words_of
from core.modalities.texts.tokenized import Read
from tests.core.explaining.planted_words import fit, planted, reader

METHODS = ["occlusion", "integrated"]
TOLD = [one for one in map(planted, range(5000, 5016)) if one[2]]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    made = reader(tmp_path_factory.mktemp("tokenizer"))
    assert fit(made) > 0.97
    return made


def strongest(words):
    best = max(words.parts, key=lambda part: part.weight)
    return words.text[best.start : best.end]


@pytest.mark.parametrize("method", METHODS)
def test_the_planted_word_speaks_most_for_its_class(model, method):
    found = []
    for text, label, sign in TOLD:
        words = explain(model, text, label, method)
        assert words.target == label and words.text == text and len(words.parts) == len(text.split())
        assert max(abs(part.weight) for part in words.parts) == pytest.approx(1)
        found.append(strongest(words) == sign)
    assert np.mean(found) >= 0.9


@pytest.mark.parametrize("method", METHODS)
def test_it_speaks_against_the_class_that_has_no_such_word(model, method):
    """Of the classes with words of their own nobody can say: all are as unlikely without any of these words."""
    found = []
    for text, _, sign in TOLD:
        words = explain(model, text, "nothing", method)
        worst = min(words.parts, key=lambda part: part.weight)
        found.append(worst.weight < 0 and words.text[worst.start : worst.end] == sign)
    assert np.mean(found) >= 0.9


@pytest.mark.parametrize("method", METHODS)
def test_words_weigh_otherwise_when_the_weights_are_random(model, method, tmp_path):
    other, alike = reader(tmp_path, seed=9), []
    for text, label, _ in TOLD:
        one, random = (explain(each, text, label, method).parts for each in (model, other))
        alike.append(spearmanr([part.weight for part in one], [part.weight for part in random])[0])
    assert np.mean(np.abs(alike)) < 0.5


@pytest.mark.parametrize("kind", ["gpt2", "distilbert", "deberta", "albert", "modernbert", "llama"])
@pytest.mark.parametrize("method", METHODS)
def test_every_family_is_explained(kind, method, tmp_path):
    words = explain(reader(tmp_path, kind), "w10 w50 w60 w70", method=method)
    assert [(part.start, part.end) for part in words.parts] == [(0, 3), (4, 7), (8, 11), (12, 15)]
    weights = np.array([part.weight for part in words.parts])
    assert np.isfinite(weights).all() and np.abs(weights).max() == pytest.approx(1)


def test_two_texts_stand_on_lines_of_their_own(model):
    words = explain(model, ("w50 w60", "w10 w70"))
    assert words.text == "w50 w60\nw10 w70"
    assert [words.text[part.start : part.end] for part in words.parts] == ["w50", "w60", "w10", "w70"]


def test_a_long_text_is_explained_as_far_as_it_was_read_in_bounded_time(model):
    text, told = " ".join(["w50"] * 3000), []
    words = explain(model, text, listen=lambda done, total: told.append(total))
    assert words.parts[-1].end < len(text) and "was not read" in words.note
    assert set(told) == {len(words.parts)}


def test_many_words_are_left_out_several_at_a_time():
    text = " ".join(f"w{number}" for number in range(500))
    places = np.array([(match, match + 3) for match in range(0, 1500, 3)])
    read = Read(" " * 1500, "", np.arange(500), places, np.zeros(500, np.int8))
    words = words_of(Read(text[:1500], "", read.ids, places, read.sequence))
    parts = grouped(words)
    assert len(parts.places) <= MOST_PARTS and parts.places[0, 0] == words.places[0, 0]
    assert parts.places[-1, 1] == words.places[-1, 1]
    assert (np.diff(parts.of_token[parts.of_token >= 0]) >= 0).all()
    assert (parts.places[1:, 0] >= parts.places[:-1, 1]).all()
    assert grouped(parts) is parts


def test_pieces_of_a_word_are_one_word_and_special_tokens_are_none():
    text = "Unhappiness, again"
    offsets = np.array([(0, 0), (0, 2), (2, 7), (7, 11), (11, 12), (12, 18), (0, 0)])  # a blank before the last
    words = words_of(Read(text, "", np.arange(7), offsets, np.array([-1, 0, 0, 0, 0, 0, -1], np.int8)))
    assert [text[start:end] for start, end in words.places] == ["Unhappiness", ",", "again"]
    assert words.of_token.tolist() == [-1, 0, 0, 0, 1, 2, -1]


TOKENS = {"kind": "tokens", "types": ["BOAT"]}


@pytest.mark.parametrize("method", METHODS)
def test_an_entity_is_explained_at_its_place(tmp_path, method):
    model = reader(tmp_path, task=TOKENS)
    with torch.no_grad():
        model.model[1].bias.copy_(torch.tensor([-5.0, 5.0, -5.0]))  # every word begins a boat
    words = explain(model, "w10 w50 w60", "4-7 BOAT", method)
    assert words.target == "4-7 BOAT" and len(words.aims) == 3 and 0 < words.probability <= 1
    assert words.aims[0].title.endswith(" (BOAT)")


def test_a_text_without_an_answer_is_refused_in_words(tmp_path):
    model = reader(tmp_path, task=TOKENS)
    with torch.no_grad():
        model.model[1].bias.copy_(torch.tensor([50.0, -50.0, -50.0]))
    with pytest.raises(RunError, match="says nothing of this text"):
        explain(model, "w10 w50")


def test_a_number_and_labels_are_explained(tmp_path):
    number = {"kind": "number", "target": "age", "mean": 3.0, "deviation": 2.0, "smallest": 0.0, "largest": 9.0}
    for task in (number, {"kind": "labels", "classes": ["a", "b"]}):
        for method in methods_for(reader(tmp_path, task=task)):
            words = explain(reader(tmp_path, task=task), "w10 w50 w60", method=method.name)
            assert max(abs(part.weight) for part in words.parts) == pytest.approx(1)
