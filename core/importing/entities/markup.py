"""XML whose elements name places in a text: aspects of reviews (SemEval), de-identified records (i2b2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from core.errors import DataError
from core.importing.entities.given import Given
from core.importing.entities.places import Marked, MarkedText
from core.importing.entities.records import ENDS, OWN, STARTS, entity

TEXTS = ("text", "content", "body", "sentence")
_PLACES = re.compile(r"""<\w[^<>]*\s(from|start|begin|startoffset)\s*=\s*["']\d""", re.IGNORECASE)
_WITHIN = re.compile(r"<(ENAMEX|NUMEX|TIMEX)\b", re.IGNORECASE)
_UIMA = re.compile(r"<xmi:XMI|<CAS\b")


def read(given: Given) -> list[MarkedText] | None:
    """None if nothing in it names a place in a text.

    Raises:
        DataError: it is of a form that is known and not read, or defines entities of XML's own, or is damaged.
    """
    sample = given.sample.lstrip()
    if not sample.startswith("<"):
        return None
    if _UIMA.search(sample):
        raise DataError(
            "It is XML of UIMA (XMI), which Graft does not read. Export it as WebAnno TSV 3, or as CoNLL 2002."
        )
    if _WITHIN.search(sample):
        raise DataError(
            "It is a text with marks of XML in it (ENAMEX), which Graft does not read. Give CoNLL, or JSON lines like "
            '{"text": "...", "spans": [{"start": 0, "end": 4, "label": "..."}]}.'
        )
    if not _PLACES.search(sample):
        return None
    text = given.text
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise DataError(
            "Its XML has a DOCTYPE, which can be made to fill the memory and is not read. Take that line out."
        )
    try:
        root = ElementTree.fromstring(_undeclared(text))
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise DataError(f"It is XML with an error in it ({error}). Export it again.") from error
    found = [one for element in root.iter() if (one := _marked(element)) is not None]
    numbered = [MarkedText(f"text {number:,}", each.text, each.marked) for number, each in enumerate(found, start=1)]
    return numbered if any(each.marked for each in numbered) else None


def _undeclared(text: str) -> str:
    """Without the line that says how it is encoded, as it is decoded already."""
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff"), count=1)


def _marked(element: ElementTree.Element) -> MarkedText | None:
    """An element right below which there is a text, with all that names places in it."""
    text = next((child.text for child in element if _name(child) in TEXTS and child.text and child.text.strip()), None)
    if text is None:
        return None
    return MarkedText("", text, list(_entities(element)))


def _entities(element: ElementTree.Element) -> Iterator[Marked]:
    for one in element.iter():
        said = {key.lower().rsplit("}", 1)[-1]: value for key, value in one.attrib.items()}
        if not said.keys() & {*STARTS} or not said.keys() & {*ENDS}:
            continue
        own = next((said[key] for key in ("target", *OWN) if said.get(key)), None)
        kind = {key: said[key] for key in ("polarity", "type", "label", "category", "class") if said.get(key)}
        places = {key: value for key, value in said.items() if key in (*STARTS, *ENDS)}
        label = next(iter(kind.values()), one.tag.rsplit("}", 1)[-1])
        found = entity({**places, "label": label, "text": own})
        if found is not None and own != "NULL":  # of an opinion about nothing that is named
            yield found


def _name(element: ElementTree.Element) -> str:
    return element.tag.rsplit("}", 1)[-1].lower() if isinstance(element.tag, str) else ""
