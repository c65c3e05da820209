from __future__ import annotations

import json

import pytest

from core.importing.entities import read_entities


def read(text, name="a.csv"):
    tagged = read_entities(name, text.encode())
    return None if tagged is None else list(zip(tagged.frame["text"], map(json.loads, tagged.frame["spans"])))


TERN = [("The Tern sank", [[4, 8, "BOAT"]]), ("At Oyne", [[3, 7, "PORT"]]), ("Calm sea", [])]


@pytest.mark.parametrize(
    "rows",
    [
        "sentence_id,word,tag\n1,The,O\n1,Tern,B-BOAT\n1,sank,O\n2,At,O\n2,Oyne,B-PORT\n3,Calm,O\n3,sea,O\n",
        "Sentence #;Word;P;Tag\na;The;X;O\n;Tern;X;B-BOAT\n;sank;X;O\nb;At;X;O\n;Oyne;X;B-PORT\nc;Calm;X;O\n;sea;X;O\n",
        "text\tner\tdoc\nThe\tO\t1\nTern\tB-BOAT\t1\nsank\tO\t1\nAt\tO\t2\nOyne\tB-PORT\t2\nCalm\tO\t3\nsea\tO\t3\n",
        "sentence,word_labels\nThe Tern sank,O B-BOAT O\nAt Oyne,\"O,B-PORT\"\nCalm sea,O O\n",
        'text,entities\nThe Tern sank,"[(4, 8, \'BOAT\')]"\nAt Oyne,"[[3, 7, ""PORT""]]"\nCalm sea,[]\n',
        'id,text,label\n1,The Tern sank,"[{""start"": 4, ""end"": 8, ""text"": ""Tern"", ""labels"": [""BOAT""]}]"\n'
        '2,At Oyne,"[{""start"": 3, ""end"": 7, ""text"": ""Oyne"", ""labels"": [""PORT""]}]"\n3,Calm sea,\n',
        "tokens,ner_tags\n\"['The', 'Tern', 'sank']\",\"['O', 'B-BOAT', 'O']\"\n"
        "['At' 'Oyne'],['O' 'B-PORT']\n\"[\"\"Calm\"\", \"\"sea\"\"]\",\"['O', 'O']\"\n",
    ],
)  # fmt: skip
def test_tables_hold_entities_in_many_ways(rows):
    assert read(rows) == TERN


def test_every_token_is_one():
    rows = 'Sentence #,Word,Tag\n1,null,O\n,NA,B-X\n,"""",O\n,Tern,B-X\n2,None,O\n,nan,O\n'
    assert [text for text, _ in read(rows)] == ['null NA " Tern', "None nan"]


def test_rows_that_do_not_fit_are_told():
    rows = "sid,word,tag\n1,The,O\n1,Tern,B-BOAT\n1,sank\n2,At,O\n2,Oyne,B-PORT\n"
    tagged = read_entities("a.csv", rows.encode())
    assert tagged.rejected[0].name == "row 4" and tagged.frame["text"].tolist() == ["The Tern", "At Oyne"]


def test_words_without_sentences_are_no_texts():
    assert read("word,pos\nThe,DET\nTern,NOUN\nsank,VERB\nlow,ADV\n") is None
