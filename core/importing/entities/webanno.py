"""WebAnno TSV 3, as WebAnno and INCEpTION write it: https://inception-project.github.io/releases/33.6/docs/user-guide.html

#FORMAT=WebAnno TSV 3.2
#T_SP=webanno.custom.Kind|value          a layer of spans and its features, a column each
#Text=The Tern sank.
1-2   4-8   Tern   BOAT[1]               sentence-word, UTF-16 units from the beginning of the document, word, features
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.errors import DataError
from core.importing.entities.conll import lines_of
from core.importing.entities.given import Given
from core.importing.entities.places import COUNTINGS, Marked, MarkedText, named
from core.importing.entities.told import Told

OTHER = re.compile(r"#\s?(webanno\.custom\.|de\.tudarmstadt\.ukp\.)|#FORMAT=WebAnno TSV (?!3)")
_NUMBERED = re.compile(r"(.*?)\[(\d+)\]", re.DOTALL)
_WORD = re.compile(r"\d+-\d+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
FEATURES = ("value", "label", "kind", "type", "class", "tag", "category")


@dataclass
class _Sentence:
    place: str
    text: str
    begins: int = -1  # in the document
    marked: dict[tuple[str, str], tuple[int, int, str]] = field(default_factory=dict)


def read(given: Given, told: Told) -> list[MarkedText] | None:
    """None if it is something else.

    Raises:
        DataError: it is an earlier form, or has no spans.
    """
    if OTHER.match(given.sample.lstrip()):
        raise DataError(
            "It is a TSV of an early WebAnno, which Graft does not read. Export it as WebAnno TSV 3, or as CoNLL 2002."
        )
    if not given.sample.startswith("#FORMAT=WebAnno TSV 3"):
        return None
    text = given.text
    column = _column(text, told)
    found: list[_Sentence] = []
    for number, line in enumerate(lines_of(text), start=1):
        line = line.rstrip("\r")
        if line.startswith("#Text="):
            said = _unescaped(line.removeprefix("#Text="))
            if found and found[-1].begins < 0:  # a sentence of several lines
                found[-1].text += "\n" + said
            else:
                found.append(_Sentence(f"line {number:,}", said))
        elif found and _WORD.match(line):
            _take(found[-1], line.split("\t"), column)
    return [_marked(each) for each in found]


def _column(text: str, told: Told) -> int:
    """Which of the columns has the types: of the first layer of spans that has such a feature."""
    at, places = 3, list[tuple[int, str, str]]()
    for line in lines_of(text[:100_000]):
        if line.startswith("#T_"):
            kind, _, said = line.rstrip("\r").partition("=")
            layer, *features = said.split("|")
            features = features or [""]
            for feature in features:
                if kind == "#T_SP":
                    places.append((at, layer, feature))
                at += 1
        elif line.startswith("#Text="):
            break
    if not places:
        raise DataError(
            "It is a TSV of WebAnno without a layer of spans, so it holds no entities. Export it with its layer."
        )
    named_so = [each for each in places if "NamedEntity" in each[1]] or places
    chosen = next((each for each in named_so if each[2].lower() in FEATURES), named_so[0])
    if len({layer for _, layer, _ in places}) > 1:
        for layer in sorted({layer for _, layer, _ in places if layer != chosen[1]}):
            told.not_used(layer.rsplit(".", 1)[-1])
    return chosen[0]


def _take(sentence: _Sentence, fields: Sequence[str], column: int) -> None:
    first, _, behind = fields[1].partition("-") if len(fields) > 1 else ("", "", "")
    if not first.isdecimal() or not behind.isdecimal():
        return
    start, end = int(first), int(behind)
    if sentence.begins < 0:
        sentence.begins = start
    said = fields[column] if len(fields) > column else "_"
    for one in said.split("|") if said not in ("_", "") else ():
        numbered = _NUMBERED.fullmatch(one)
        label, number = (numbered[1], numbered[2]) if numbered else (one, f"at {start}")
        known = sentence.marked.get((label, number), (start, end, label))
        sentence.marked[label, number] = (known[0], end, label)


def _marked(sentence: _Sentence) -> MarkedText:
    marked = []
    for start, end, label in sentence.marked.values():
        first, behind = COUNTINGS["UTF-16"](sentence.text, start - sentence.begins, end - sentence.begins)
        name = named("entity" if label == "*" else _unescaped(label))
        if name:
            marked.append(Marked(first, behind, name))
    return MarkedText(f"sentence of {sentence.place}", sentence.text, marked)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), text)
