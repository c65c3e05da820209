from __future__ import annotations

import json

import pytest

from core.errors import DataError
from core.importing.entities import read_entities


def read(text):
    tagged = read_entities("a.xml", text.encode())
    return None if tagged is None else list(zip(tagged.frame["text"], map(json.loads, tagged.frame["spans"])))


@pytest.mark.parametrize(
    "text",
    [
        '<s><s><text>R&amp;B at Oyne</text><aspectTerm term="Oyne" polarity="good" from="7" to="11"/></s></s>',
        '<r><s><text>R&amp;B at Oyne</text><all><Opinion target="Oyne" category="A" polarity="good" from="7" to="11"/>'
        '<Opinion target="NULL" polarity="bad" from="0" to="0"/></all></s></r>',
        '<deId><TEXT><![CDATA[R&B at Oyne]]></TEXT><TAGS><good id="P0" start="7" end="11" text="Oyne"/></TAGS></deId>',
    ],
)  # fmt: skip
def test_elements_name_places_in_the_text_beside_them(text):
    assert read(text) == [("R&B at Oyne", [[7, 11, "good"]])]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]><x><t start="1" end="2"/></x>', "DOCTYPE"),
        ('<x><t start="1" end="2"/>', "an error in it"),
        ("<xmi:XMI></xmi:XMI>", "UIMA"),
        ('<d><s><ENAMEX TYPE="A">x</ENAMEX></s></d>', "JSON lines like"),
    ],
)
def test_others_are_refused_with_what_to_do(text, why):
    with pytest.raises(DataError, match=why):
        read(text)


def test_places_without_a_text_are_none():
    assert read('<video><cut start="1" end="2"/></video>') is None
