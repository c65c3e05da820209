from __future__ import annotations

import pytest

from core.importing.entities.tags import Reader, joined, scheme_of, within
from core.importing.entities.told import Told


def read(*sentences):
    told = Told()
    reader = Reader.of([each.split() for each in sentences], told)
    return [reader.entities(each.split()) for each in sentences], [*told.counts]


@pytest.mark.parametrize(
    ("tags", "entities", "told"),
    [
        ("O B-A I-A O", [(1, 3, "A")], []),
        ("B-A B-A I-A", [(0, 1, "A"), (1, 3, "A")], []),
        ("O I-A I-A O", [(1, 3, "A")], ["IOB1"]),
        ("I-A B-A O I-B", [(0, 1, "A"), (1, 2, "A"), (3, 4, "B")], ["IOB1"]),
        ("S-A S-A B-B I-B E-B O", [(0, 1, "A"), (1, 2, "A"), (2, 5, "B")], ["BIOES"]),
        ("U-A B-B L-B O", [(0, 1, "A"), (1, 3, "B")], ["BIOES"]),
        ("W-A B-B M-B E-B O", [(0, 1, "A"), (1, 4, "B")], ["BIOES"]),
        ("A-S B-B B-E O", [(0, 1, "A"), (1, 3, "B")], ["BIOES", "behind"]),
        ("O per per loc O", [(1, 3, "per"), (3, 4, "loc")], ["bare"]),
        ("o b-per i-per o", [(1, 3, "per")], []),
        ("B_A I_A O", [(0, 2, "A")], []),
        ("B I O B", [(0, 2, "entity"), (3, 4, "entity")], []),
        ("O O O", [], []),
        ("B-job-title I-job-title O", [(0, 2, "job-title")], []),
    ],
)
def test_every_usual_form_is_read(tags, entities, told):
    assert read(tags) == ([entities], told)


def test_breaks_are_told():
    found, told = read("B-A I-A O", "O I-A O", "B-A I-B O")
    assert found == [[(0, 2, "A")], [(1, 2, "A")], [(0, 1, "A"), (1, 2, "B")]] and told == ["stray", "torn"]


@pytest.mark.parametrize("counts", [{"NOUN": 3, "VERB": 4}, {"O": 1, "12": 5, "13": 4}, {"good": 5, "bad": 4}])
def test_what_is_no_tag_is_none(counts):
    assert scheme_of(counts) is None


def test_words_become_a_text_as_people_write_it():
    text, places = joined(["They", "(", "all", ")", "said", ":", "yes", ",", "Oyne", "!"])
    assert text == "They (all) said: yes, Oyne!"
    assert [text[start:end] for start, end in places] == ["They", "(", "all", ")", "said", ":", "yes", ",", "Oyne", "!"]
    assert joined(["上", "海", "市", "."])[0] == "上海市." and joined(["서울", "역"])[0] == "서울 역"
    assert joined([]) == ("", []) and joined(["", "a", "", "b"])[0] == "a b"


def test_words_are_found_in_the_text_they_were_cut_from():
    assert within("It's  here.", ["It", "'s", "here", "."]) == [(0, 2), (2, 4), (6, 10), (10, 11)]
    assert within("It is here", ["It", "here"]) is None
