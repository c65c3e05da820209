"""Tables of texts as people and programs write them: each is read with its texts and classes, or refused in words."""

from __future__ import annotations

import json
from collections import Counter

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from core.errors import DataError
from core.importing.tables.reading import Reading
from core.importing.texts.files import File
from core.importing.texts.interpreting import interpret
from core.importing.texts.roles import find_roles
from core.importing.texts.tables import read_table
from core.importing.texts.taking import Taken, _take_documents, _take_table

THINGS = "rye loaf,clay pot,tin kettle,oak shelf,paper kite,plum cake,brass bell,wool blanket".split(",")  # noqa: SIM905
GOOD = [(f"I would buy the {thing} again; it was packed with care.", "good") for thing in THINGS]
BAD = [(f"Sadly the {thing} came with a crack, and they shrugged.", "bad") for thing in THINGS]
ROWS = [row for pair in zip(GOOD, BAD) for row in pair]
HALVES = {"good": 8, "bad": 8}


def csv(rows=ROWS, head="text,label", sep=","):
    def cell(held):
        text = str(held)
        return '"' + text.replace('"', '""') + '"' if sep in text or '"' in text or "\n" in text else text

    return "\n".join([*([head] if head else []), *(sep.join(map(cell, row)) for row in rows)]) + "\n"


def lines(of=lambda text, label: {"text": text, "label": label}):
    return "\n".join(json.dumps(of(*row)) for row in ROWS)


def answered(name, data, reading=None):
    """How many texts have each answer, as it would be imported; the number of texts; how they are read."""
    taken, reading = Taken(), reading or Reading()
    file = File(name, data if isinstance(data, bytes) else data.encode())
    (_take_documents([file], reading, taken) if name.endswith(".txt") else _take_table(file, reading, taken))
    found = interpret(taken, reading)
    values = [found.answers.values[cell] for cell in found.rows["cell"] if cell in found.answers.values]
    return Counter(each for value in values for each in str(value).split("\n")), found


FORMS = {
    "no headings.csv": csv(head=""),
    "label first.tsv": csv([(label, text) for text, label in ROWS], "", "\t"),
    "sms.txt": "\n".join(f"{label}\t{text}" for text, label in ROWS),
    "not quoted.txt": "\n".join(f"{text};{label}" for text, label in ROWS),
    "fasttext.txt": "\n".join(f"__label__{label} {text}" for text, label in ROWS),
    "commas.csv": "text,label\n" + "\n".join(f"Well, so, {text},{label}" for text, label in ROWS),
    "commas behind.csv": "label,text\n" + "\n".join(f"{label},Well, so, {text}" for text, label in ROWS),
    "never closes.csv": csv().replace("Sadly", '"Sadly', 1).replace('""Sadly', '"Sadly', 1),
    "lines inside.csv": csv([(f"One line\n{text}\n\nand more", label) for text, label in ROWS]),
    "a title above.csv": "Export of reviews\n\n" + csv(),
    "ends as Macs of old.csv": csv().replace("\n", "\r"),
    "two bars.csv": "text||label\n" + "\n".join(f"{text}||{label}" for text, label in ROWS),
    "of a service.csv": csv([(label, text, "", "", "") for text, label in ROWS], "v1,v2,,,"),
    "utf16.csv": csv(head="text\tlabel", sep="\t").encode("utf-16"),
    "utf16 without mark.csv": csv().encode("utf-16-le"),
    "mark twice.csv": b"\xef\xbb\xbf\xef\xbb\xbf" + csv().encode(),
    "nested.jsonl": lines(lambda text, label: {"id": "a7", "review": {"text": text}, "meta": {"label": label}}),
    "a list of one.jsonl": lines(lambda text, label: {"data": text, "label": [label]}),
    "of cats.jsonl": lines(
        lambda text, label: {"text": text, "cats": {"good": label == "good", "bad": label == "bad"}}
    ),
    "over lines.json": "\n".join(json.dumps({"text": text, "label": label}, indent=2) for text, label in ROWS),
    "columns.json": json.dumps({"text": [text for text, _ in ROWS], "label": [label for _, label in ROWS]}),
    "by class.json": json.dumps({"good": [text for text, _ in GOOD], "bad": [text for text, _ in BAD]}),
    "rows.json": json.dumps(ROWS),
    "split.json": json.dumps({"columns": ["text", "label"], "data": ROWS}),
    "intents.json": json.dumps(
        {
            "intents": [
                {"tag": of[0][1], "patterns": [text for text, _ in of], "responses": ["yes"]} for of in (GOOD, BAD)
            ]
        }
    ),
    "as Python.jsonl": "\n".join(str({"text": text, "label": label}) for text, label in ROWS),
}


@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_read(name):
    found, read = answered(name, FORMS[name])
    assert found == HALVES and len(read.rows) == 16
    assert all("Sadly the" in text or "I would buy" in text for text in read.rows["text"])


def numbered(of):
    return [(text, of(number)) for number, (text, _) in enumerate(ROWS)]


def turns(*answers):
    return numbered(lambda number: answers[number % len(answers)])


NAMES = [(name, "mf"[number % 2]) for number, name in enumerate(("Anna", "Bob", "Eva", "Finn", "Gina", "Hans"))]
TWEETS = [(4 * (label == "good"), 1467810369 + len(text), "2009-04-06", "NO", text) for text, label in ROWS]


@pytest.mark.parametrize(
    ("rows", "head", "text", "label", "kind"),
    [
        (turns(1, 2, 3, 4, 5), "review,stars", "review", "stars", "classes"),
        (numbered(lambda number: number / 4 + 1), "review,stars", "review", "stars", "number"),
        (numbered(lambda number: f"{number * 3 + 1} EUR"), "text,price", "text", "price", "number"),
        (numbered(lambda number: f"{number * 317 + 1000:,}"), "text,price", "text", "price", "number"),
        (numbered(lambda number: number * 7 % 101), "text,score", "text", "score", "number"),
        (TWEETS, "target,ids,date,flag,text", "text", "target", "classes"),
        (turns("a;b", "a", "b;c", "c"), "text,tags", "text", "tags", "labels"),
        (turns("#a #b", "#a", "#b"), "text,tags", "text", "tags", "labels"),
        (turns("FAVOR", "AGAINST", "NONE"), "Tweet,Stance", "Tweet", "Stance", "classes"),
        (NAMES, "text,label", "text", "label", "classes"),
        (ROWS, "отзыв,тональность", "отзыв", "тональность", "classes"),
        (ROWS, "评论,情感", "评论", "情感", "classes"),
        ([(text[:22], text * 2, label) for text, label in ROWS], "title,body,label", "body", "label", "classes"),
    ],
)
def test_columns_are_known_by_headings_and_by_what_is_in_them(rows, head, text, label, kind):
    _, read = answered("t.csv", csv(rows, head))
    assert (read.roles.text, read.roles.label, read.answers.kind) == (text, label, kind)


PAIRED = ("premise,hypothesis,gold_label", "sentence1,sentence2,score", "text_a,text_b,label", "Frage,Antwort,passend")


@pytest.mark.parametrize("head", [*PAIRED, "question,passage,answer"])
def test_two_columns_that_belong_together_are_a_pair(head):
    rows = [(text, ROWS[number - 1][0], ("yes", "no")[number % 2]) for number, (text, _) in enumerate(ROWS)]
    roles = find_roles("t.csv", read_table("t.csv", csv(rows, head).encode()).frame, Reading())
    assert [roles.text, roles.second, roles.label] == head.split(",")


@pytest.mark.parametrize(
    ("encoding", "texts", "labels"),
    [
        ("cp1251", ("Отличный товар, всем советую", "Очень плохо, сломался сразу"), ("хорошо", "плохо")),
        ("koi8_r", ("Отличный товар, всем советую", "Очень плохо, сломался сразу"), ("хорошо", "плохо")),
        ("cp932", ("とても良い商品でした。また買います。", "すぐに壊れました。二度と買いません。"), ("良い", "悪い")),
        ("big5", ("這家麵館的湯很鮮，下次還會再來。", "東西送來就壞了，客服也不理人。"), ("好評", "差評")),
        ("cp949", ("정말 좋은 상품입니다 또 사고 싶어요", "배송이 너무 늦고 상품이 망가졌어요"), ("긍정", "부정")),
        ("mac_roman", ("Don’t miss the café – it’s déjà vu", "C’est très cher, vraiment déçu"), ("good", "bad")),
        ("cp1252", ("Das Café war schön – jederzeit wieder", "Nie wieder, „schrecklich“ teuer"), ("gut", "übel")),
    ],
)  # fmt: skip
def test_encodings_that_nobody_states(encoding, texts, labels):
    rows = [(f"{texts[number % 2]} {number}", labels[number % 2]) for number in range(16)]
    found, read = answered("t.csv", csv(rows).encode(encoding))
    assert found == dict.fromkeys(labels, 8) and read.rows["text"][0] == rows[0][0]


def test_parquet_keeps_lists_names_and_no_column_of_its_own(tmp_path):
    texts = [text for text, _ in ROWS]
    features = {"labels": {"feature": {"names": ["wood", "metal"], "_type": "ClassLabel"}, "_type": "Sequence"}}
    table = pa.table({"text": texts, "labels": [[0], [0, 1], [], [1]] * 4, "__index_level_0__": range(16)})
    said = json.dumps({"info": {"features": features}}).encode()
    parquet.write_table(table.replace_schema_metadata({b"huggingface": said}), tmp_path / "t.parquet")
    found, read = answered("t.parquet", (tmp_path / "t.parquet").read_bytes())
    assert found == {"wood": 8, "metal": 8, "": 4} and list(read.rows["text"]) == texts


def test_what_a_tool_says_was_not_accepted_is_left_out():
    said = iter(["accept"] * 9 + ["reject", "accept"] * 4)
    data = lines(lambda text, label: {"text": text, "label": label, "answer": next(said)})
    taken = Taken()
    _take_table(File("t.jsonl", data.encode()), Reading(), taken)
    assert len(taken.tables[0].frame) == 12 and [one.name for one in taken.refused][0] == "t 10"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t.csv", "a," * 1_000_000 + "\n", "more than the 500 columns"),
        ("t.csv", "a,b\n" * 2, "No column of it holds a text"),
        ("t.jsonl", "[" * 100_000, "is JSON, but no list of objects"),
        ("t.json", '{"a":' * 100_000, "is JSON, but no list of objects"),
        ("t.jsonl", json.dumps({f"c{number}": 1 for number in range(1000)}), "has 1,000 columns; at most 500"),
        ("t.parquet", "PAR1 and nothing else", "damaged or in a form"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(name, data, said):
    taken = Taken()
    _take_table(File(name, data.encode()), Reading(), taken)
    assert not taken.tables and said in taken.rejected[0].reason


def test_tens_of_thousands_of_classes_are_refused():
    rows = pd.DataFrame({"text": [f"The number {number} was fine" for number in range(30_000)]})
    rows["key"] = [f"k{number}" for number in range(30_000)]
    with pytest.raises(DataError, match="30,000 different answers for 30,000 texts"):
        answered("t.csv", rows.to_csv(index=False), Reading(column="key"))


def test_odd_cells_stay_whole():
    rows = [
        ("=HYPERLINK(1)+cmd|' /C calc'!A0 is what it says", "good"),
        ("ab\u202ecd zero\u200bwidth مرحبا بالعالم", "bad"),
    ]
    data = csv([*rows, ("x " * 3_000_000, "bad"), *ROWS]).replace("\n", "\r\n")
    _, read = answered("t.csv", data)
    assert read.rows["text"][0] == rows[0][0] and read.rows["text"][1] == rows[1][0]
    assert len(read.rows["text"][2]) == 5_999_999


def test_a_quote_in_every_line_that_never_closes_costs_no_more_than_its_lines():
    data = "text,label\n" + "\n".join(
        f'"The number {number} never closes,{"ab"[number % 2]}' for number in range(3_000)
    )
    found, read = answered("t.csv", data)
    assert sum(found.values()) == len(read.rows) == 3_000


def test_huge_numbers_stay_as_they_are_written():
    data = "\n".join(
        json.dumps({"text": text, "label": label, "n": "#"}).replace('"#"', "9" * 5_000) for text, label in ROWS
    )
    frame = read_table("t.jsonl", data.encode()).frame
    assert frame["n"][0] == "9" * 5_000
