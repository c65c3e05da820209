import pytest

from core.errors import DataError
from core.importing.entities.places import Marked
from core.importing.entities.tagged import Sentence, texts_of
from core.importing.entities.told import Told


def test_words_become_texts_with_places():
    (text,), splits, rejected = texts_of([Sentence("a", ["At", "Oyne", "."], ["O", "B-PORT", "O"])], Told())
    assert (text.text, text.marked, splits, rejected) == ("At Oyne.", [Marked(3, 7, "PORT")], [""], [])


def test_a_sentence_that_was_never_cut_is_left_out():
    sentences = [Sentence("a", ["x" * 60], ["B-A"]), Sentence("b", ["Tern"], ["B-A"]), Sentence("c", ["x" * 60], ["O"])]
    texts, _, rejected = texts_of(sentences, Told())
    assert [text.place for text in texts] == ["b", "c"] and "a single word of 60" in rejected[0].reason


def test_tags_of_no_form_are_refused():
    with pytest.raises(DataError, match="no form that Graft knows"):
        texts_of([Sentence("a", ["x", "y"], ["1.5", "2.5"])], Told())
