"""What is said of entities that did not come as they should: each kind of thing once, counted, with where it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from core.finding import Finding
from core.words import clip, number_of

SHOWN = 3  # places that are named

# title, with {} for how many; why it matters and what was done. In the order in which they are told.
WORDS = {
    "IOB1": (
        "The tags are IOB1: I- begins an entity, and B- only where two of a type touch.",
        "They were read so.",
    ),
    "bare": (
        "The tags have no B- or I-: neighbouring words of one type were read as one entity.",
        "Two of a type side by side cannot be told apart so. If that matters, give the tags as BIO.",
    ),
    "BIOES": (
        "The tags also say where an entity ends and which are single (BIOES, BILOU, BMEWO).",
        "They were read so; nothing is to be done.",
    ),
    "behind": (
        "B, I, E or S stands behind the type, as in PER-B.",
        "It was read so; nothing is to be done.",
    ),
    "stray": (
        "{entity begins|entities begin} with I- where the rest of the file has B-.",
        "They were read as if B- stood there. Look whether words before them are missing.",
    ),
    "torn": (
        "{I- tag follows|I- tags follow} an entity of another type.",
        "Each was read as the beginning of a second entity. Look which of the two types is meant.",
    ),
    "other tags": (
        "There is a further column of tags that is not used.",
        "A word has one type here. To use the other column, take the last one out.",
    ),
    "no tag": (
        "{line has|lines have} fewer columns than the others.",
        "Their sentences were left out. Give each word a line with its tag.",
    ),
    "spaced": (
        "{word has|words have} a blank within, though blanks divide the columns.",
        "The tag is the last field, and what is too much belongs to the word. Tabs between columns would be plain.",
    ),
    "UTF-16": (
        "The places of {entity|entities} count UTF-16 units, as JavaScript does: an emoji is two.",
        "They were moved to where the words stand.",
    ),
    "bytes": (
        "The places of {entity|entities} count bytes, not characters.",
        "They were moved to where the words stand.",
    ),
    "inclusive": (
        "The ends of {entity|entities} count the last character in.",
        "They were moved one behind it.",
    ),
    "from one": (
        "The places of {entity|entities} count from 1.",
        "They were moved to where the words stand.",
    ),
    "lines": (
        "The places of {entity|entities} count the ends of lines otherwise than the text has them.",
        "They were moved to where the words stand.",
    ),
    "moved": (
        "{entity does|entities do} not lie where its own words stand.",
        "They were moved to the nearest place that has these words.",
    ),
    "cut": (
        "{entity goes|entities go} on behind the end of the text.",
        "They were cut there.",
    ),
    "trimmed": (
        "{entity begins or ends|entities begin or end} with blanks.",
        "The blanks were left out of them.",
    ),
    "widened": (
        "{entity begins or ends|entities begin or end} within a word.",
        "They were widened to whole words, as a word gets one tag.",
    ),
    "outside": (
        "{entity lies|entities lie} outside of the text.",
        "They were left out.",
    ),
    "empty": (
        "{entity has|entities have} no character in it.",
        "They were left out.",
    ),
    "contradicted": (
        "{entity has|entities have} words of its own that do not stand in the text.",
        "They were left out, as nobody knows where they belong.",
    ),
    "unclear": (
        "{marked place has|marked places have} no type, or no whole numbers as its place.",
        "They were left out. Each needs a beginning, an end and a type.",
    ),
    "several types": (
        "{marked place has|marked places have} several types.",
        "They were left out, as a word has one type here.",
    ),
    "overlap": (
        "{entity overlaps|entities overlap} with a longer one.",
        "The longest was kept, as a word has one type here.",
    ),
    "twice": (
        "{entity is|entities are} marked twice in the same place.",
        "Each was kept once.",
    ),
    "several people": (
        "{text was|texts were} marked several times, as by several people.",
        "The first that was not cancelled counts.",
    ),
    "not used": (
        "There is more beside the entities that is not used: {what}.",
        "Graft learns entities, and neither relations nor notes.",
    ),
    "program": (
        "The file is a Python program: the lists in it were read, and nothing was run.",
        "What else it does did not happen.",
    ),
}


class Told:
    """Counts by the keys of `WORDS`."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = defaultdict(int)
        self.places: dict[str, dict[str, None]] = defaultdict(dict)
        self.what: dict[str, None] = {}

    def note(self, key: str, place: str = "") -> None:
        assert key in WORDS
        self.counts[key] += 1
        if place and len(self.places[key]) < SHOWN:
            self.places[key][place] = None

    def not_used(self, what: str) -> None:
        self.counts["not used"] += 1
        if len(self.what) < 2 * SHOWN:
            self.what[clip(what, 40)] = None

    def findings(self) -> Iterator[Finding]:
        for key, (title, why) in WORDS.items():
            if count := self.counts.get(key, 0):
                where = f" ({', '.join(self.places[key])})" if self.places[key] else ""
                said = _filled(title, count, ", ".join(self.what))
                yield Finding(kind="entities", title=f"{said[:-1]}{where}.", why=why)


def _filled(title: str, count: int, what: str) -> str:
    """`{one|many}` with its number, `{what}` with what it is."""
    title = title.replace("{what}", what)
    if "{" not in title:
        return title
    before, _, rest = title.partition("{")
    words, _, behind = rest.partition("}")
    one, _, many = words.partition("|")
    return f"{before}{number_of(count, one, many)}{behind}"
