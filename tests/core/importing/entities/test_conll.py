from __future__ import annotations

import json

import pytest

from core.importing.entities import read_entities
from core.importing.entities.conll import lines_of

WANTED = [("Old Tern", "BOAT"), ("Oyne", "PORT")]


def marked(tagged):
    rows = zip(tagged.frame["text"], tagged.frame["spans"])
    return [(text[start:end], label) for text, said in rows for start, end, label in json.loads(said)]


@pytest.mark.parametrize(
    "line",
    [
        "{word}\t{tag}",
        "{word} {tag}",
        "{word}    {tag}  ",
        "{word};{tag}",
        "{word}|{tag}",
        "{word},{tag}",
        "{word} NN I-NP {tag}",
        "{number}\t{word}\t{tag}",
        "{tag}\t{word}",
        "{word}\t{tag}\r",
    ],
)
def test_columns_come_in_many_ways(line):
    words, tags = ["The", "Old", "Tern", "left", "Oyne", "."], ["O", "B-BOAT", "I-BOAT", "O", "B-PORT", "O"]
    one = "\n".join(line.format(number=at, word=word, tag=tag) for at, (word, tag) in enumerate(zip(words, tags), 1))
    for ending in ("", "\n", "\n\n"):
        tagged = read_entities("a.txt", f"{one}\n\n{one}{ending}".encode())
        assert tagged.frame["text"].tolist() == ["The Old Tern left Oyne."] * 2
        assert marked(tagged) == WANTED * 2 and not tagged.findings


def test_a_column_of_what_lies_within_entities_is_not_the_answer():
    text = "1\tOld\tB-BOAT\tO\n2\tTern\tI-BOAT\tO\n\n1\tat\tO\tO\n2\tOyne\tB-PORT\tB-PORT\n"
    tagged = read_entities("a.tsv", text.encode())
    assert marked(tagged) == WANTED and "further column" in tagged.findings[0].title


def test_comments_and_headings_are_no_words():
    text = "token tag\n# id 12 of=3\nOld B-BOAT\nTern I-BOAT\n# O\n\n# id 13\nat O\nOyne B-PORT\n"
    assert marked(read_entities("a.conll", text.encode())) == WANTED


def test_a_sentence_with_a_line_without_tag_is_left_out_by_number():
    text = "Old B-BOAT\nTern\n\n" + "at O\nOyne B-PORT\nnow O\n\n" * 3
    tagged = read_entities("a.conll", text.encode())
    assert len(tagged.frame) == 3 and "line 2 has fewer than 2" in tagged.rejected[0].reason
    assert tagged.findings[0].title == "1 line has fewer columns than the others (line 2)."


def test_only_plain_ends_of_lines_end_one():
    assert list(lines_of("a\u2028b\nc\x85d\n")) == ["a\u2028b", "c\x85d", ""]
    tagged = read_entities("a.conll", "The O\nT\u2028ern B-BOAT\n\nat O\nOyne B-PORT\n".encode())
    assert marked(tagged) == [("T\u2028ern", "BOAT"), ("Oyne", "PORT")]
