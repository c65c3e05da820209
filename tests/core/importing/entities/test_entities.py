"""Files of entities as people really have them: see tests/cases/README.md. The README in each says what it holds."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.errors import DataError
from core.importing.entities import read_entities, spans_of
from core.importing.entities.given import Given

CASES = Path(__file__).parents[3] / "cases" / "texts.tar.xz"


@dataclass(frozen=True)
class Expected:
    """texts: different ones. types: how many entities each has. told: words of findings. out: how many are left out.
    refused: words of the reason."""

    texts: int = 0
    types: dict[str, int] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    out: int = 0
    refused: str = ""


def of(texts, boat, fish, gear, port, *told, out=0):
    return Expected(texts, {"BOAT": boat, "FISH": fish, "GEAR": gear, "PORT": port}, told, out)


EXPECTED = {
    # Of the last sentence, in which B-BOAT is followed by I-PORT, each is an entity: 18 of the others, and these two.
    "ner_bio_stray_inside_tags": of(9, 5, 5, 3, 7, "7 entities begin with I-", "1 I- tag follows an entity of another"),
    "ner_conll2003_iob1_docstart": of(11, 7, 7, 4, 8, "IOB1"),
    "ner_conll_crlf_blank_not_empty": of(9, 4, 6, 4, 7),
    "ner_conll_label_studio": of(8, 4, 5, 3, 6, out=1),
    "ner_conll_token_with_blank": of(6, 3, 4, 4, 4, "2 words have a blank within"),
    "ner_csv_lists_as_strings": of(8, 4, 5, 3, 6),
    "ner_csv_sentence_column": of(10, 6, 5, 3, 7, "Western European"),
    "ner_doccano_label_ids": of(9, 5, 6, 4, 6),
    "ner_doccano_three_formats": of(12, 9, 4, 8, 10, "not used: relations, Comments"),
    "ner_label_studio_json_min": of(8, 4, 5, 4, 6, "1 marked place has several types"),
    "ner_offsets_utf16": of(8, 4, 5, 4, 6, "15 entities count UTF-16 units"),
    # The text that is there twice is left for the import, which tells of every example that is.
    "ner_prodigy_answers": of(9, 6, 5, 6, 8, out=2),
    "ner_spacy2_tuples_py": of(9, 6, 4, 5, 7, "nothing was run"),
    "ner_spacy3_docbin_refused": Expected(refused="DocBin.*doc.to_json"),
    "ner_tag_numbers_with_names": of(9, 4, 6, 4, 7),
    "ner_tags_suffix_bioes": of(9, 4, 6, 4, 7, "stands behind the type", "BIOES"),
    "ner_tags_without_prefix": of(10, 5, 7, 4, 7, "no B- or I-"),
    "ner_webanno_tsv3": of(6, 2, 3, 2, 6),
    "ner_xml_aspects": Expected(8, {"negative": 1, "neutral": 1, "positive": 2}),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    with tarfile.open(CASES) as archive:
        archive.extractall(folder, filter="data")
    return folder


def beside(path: Path):
    return lambda name: (path.parent / name).read_bytes() if (path.parent / name).is_file() else None


def test_every_case_is_expected(cases):
    assert {path.name for path in cases.iterdir() if path.name.startswith("ner_")} == {*EXPECTED}


@pytest.mark.parametrize("name", EXPECTED)
def test_it_is_read_as_people_mean_it(cases, name):
    expected = EXPECTED[name]
    files = [path for path in sorted((cases / name).rglob("*")) if path.is_file() and path.name != "README"]
    if expected.refused:
        for path in files:
            with pytest.raises(DataError, match=expected.refused):
                read_entities(path.name, path.read_bytes(), beside(path))
        return
    read = [read_entities(path.name, path.read_bytes(), beside(path)) for path in files]
    tagged = [each for each in read if each is not None]
    spans = [(text, span) for each in tagged for text, span in zip(each.frame["text"], each.frame["spans"])]
    marked = [(text, *span) for text, said in spans for span in json.loads(said)]
    assert len({text for text, _ in spans}) == expected.texts
    assert Counter(label for *_, label in marked) == expected.types
    assert all(text[start:end].strip() == text[start:end] for text, start, end, _ in marked)
    told = [finding.title for each in tagged for finding in each.findings]
    assert all(any(words in title for title in told) for words in expected.told)
    assert len(told) == len(expected.told)
    assert sum(len(each.rejected) for each in tagged) == expected.out


def test_the_words_of_the_entities_are_right(cases):
    path = cases / "ner_offsets_utf16" / "data.jsonl"
    tagged = read_entities(path.name, path.read_bytes())
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for line, text, said in zip(lines, tagged.frame["text"], tagged.frame["spans"]):
        assert text == line["text"]
        assert [text[start:end] for start, end, _ in json.loads(said)] == [one["text"] for one in line["spans"]]


PLAIN = {
    "a.csv": "text,label\nI like it,good\nI do not,bad\nSo so,good\n",
    "b.jsonl": '{"text": "I like it", "label": "good"}\n{"text": "No", "label": "bad"}\n',
    "c.jsonl": '{"text": "Both", "labels": ["a", "b"]}\n{"text": "None", "labels": []}\n',
    "d.tsv": "I like it\tgood\nI do not\tbad\n\nWell\tgood\n",
    "e.txt": "I like it.\n\nI do not.\nThe end\n",
    "f.json": '[{"text": "a b", "label": "x", "start": 1}, {"text": "c", "label": "y"}]',
    "g.txt": "O\nB-BOAT\nI-BOAT\n",
    "h.csv": "word,tag\nsea,NOUN\ncalm,ADJ\nsail,VERB\n",
    "i.json": '{"images": [{"id": 1}], "annotations": [{"bbox": [0, 1, 2, 3], "category_id": 1}]}',
    "j.csv": "user,item,rating\n1,2,3\n2,3,4\n3,4,5\n",
    "k.py": "import os\nos.remove('x')\n",
    "l.xml": "<annotation><object><name>cat</name></object></annotation>",
    "m.jsonl": '{"question": "Who?", "answers": {"text": ["I"], "answer_start": [3]}, "context": "So I"}\n',
    "n.bin": "\0\1\2\3" * 50,
    "o.csv": "",
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_holds_no_entities_is_left_to_others(name):
    assert read_entities(name, PLAIN[name].encode()) is None


def test_a_large_table_of_texts_is_told_by_how_it_begins(monkeypatch):
    lines = b'{"text": "A text of some length, as they are", "label": "good"}\n' * 100_000

    def never(given):
        raise AssertionError("all of it is decoded")

    monkeypatch.setattr(Given, "text", property(never))
    assert read_entities("a.jsonl", lines) is None
    assert read_entities("a.csv", b"text,label\n" + b"A text of some length,good\n" * 100_000) is None
    assert read_entities("a.txt", b"A text of some length, without a label.\n" * 100_000) is None


def test_texts_stand_without_blanks_around_them():
    line = {"text": "  \n The Tern \n", "spans": [{"start": 8, "end": 12, "label": "BOAT"}]}
    tagged = read_entities("a.jsonl", json.dumps(line).encode())
    assert tagged.frame.to_dict("records") == [{"text": "The Tern", "spans": '[[4, 8, "BOAT"]]'}]


def test_halves_of_characters_become_one_that_can_be_kept():
    line = '{"text": "a\\ud83d The Tern", "spans": [[7, 11, "BOAT"]]}'
    tagged = read_entities("a.jsonl", line.encode())
    assert tagged.frame["text"][0] == "a\ufffd The Tern" and tagged.frame["spans"][0] == '[[7, 11, "BOAT"]]'


def test_a_guess_of_the_letters_is_told():
    rows = "Sentence #,Word,Tag\n1,Käfer,B-FISH\n,schläft,O\n2,Über,O\n,Öl,O\n"
    tagged = read_entities("a.csv", rows.encode("cp1252"))
    assert [finding.kind for finding in tagged.findings] == ["letters"] and tagged.frame["text"][0] == "Käfer schläft"


def test_what_a_file_says_of_splits_is_kept():
    lines = [
        {"tokens": ["The", "Tern"], "ner_tags": ["O", "B-BOAT"], "split": split} for split in ("train", "test", "")
    ]
    tagged = read_entities("a.jsonl", "\n".join(map(json.dumps, lines)).encode())
    assert tagged.frame["split"].tolist() == ["train", "test", ""]


def test_entities_are_kept_sorted():
    assert spans_of([(4, 5, "Ä"), (0, 2, "B")]) == '[[0, 2, "B"], [4, 5, "Ä"]]'
