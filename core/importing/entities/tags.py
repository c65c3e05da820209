"""A tag for each word: which of the usual forms they have, and which entities they mean.

B-PER I-PER O      B begins, I goes on (IOB2); in IOB1 I begins too, and B only parts two of a type that touch
S-PER, E-PER ...   single and last ones have letters of their own: BIOES, BILOU, BMEWO
PER-B              the letter may stand behind
PER                or nowhere
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.importing.entities.places import named
from core.importing.entities.told import Told

OUTSIDE = ("O", "o", "0", "OUT", "_", "-", "None", "none", "")
BEGINS, ENDS = frozenset("BSUW"), frozenset("ELSUW")
IOB1 = 10  # times as many entities must begin with I as with B
FEW = 60  # types, where tags have no letter
LONG = 60  # characters, that no type of such tags has
LEAST_OUTSIDE = 0.15  # of the words, where tags have no letter
_BEFORE = re.compile(r"([BIELSUMW])[-_:/.](\S.*)", re.IGNORECASE)
_BEHIND = re.compile(r"(.*\S)[-_:/.]([BIELSUMW])", re.IGNORECASE)
_LETTER = re.compile(r"[BIELSUMW]")
_NAME = re.compile(r"[^\W\d_][\w .&/+-]*")


@dataclass(frozen=True)
class Scheme:
    """outside: the tag of words of no entity. means: of each tag its letter ("" for none) and its type."""

    outside: str
    means: Mapping[str, tuple[str, str]]
    is_behind: bool = False

    @property
    def letters(self) -> set[str]:
        return {letter for letter, _ in self.means.values()}


def scheme_of(counts: Mapping[str, int]) -> Scheme | None:
    """How these tags are to be read, by how often each is there; None if they look like something else."""
    outside = next((tag for tag in OUTSIDE if tag in counts), "O")
    tags = [tag for tag in counts if tag != outside]
    if not tags:
        return Scheme(outside, {})
    before = {tag: (match[1].upper(), match[2]) for tag in tags if (match := _BEFORE.fullmatch(tag))}
    if len(before) == len(tags) and _plausible(before):
        return Scheme(outside, before)
    if all(_LETTER.fullmatch(tag) for tag in tags) and "B" in tags:
        return Scheme(outside, {tag: (tag, "entity") for tag in tags})
    behind = {tag: (match[2].upper(), match[1]) for tag in tags if (match := _BEHIND.fullmatch(tag))}
    if len(behind) == len(tags) and _plausible(behind):
        return Scheme(outside, behind, is_behind=True)
    share = counts.get(outside, 0) / sum(counts.values())
    if len(tags) <= FEW and share >= LEAST_OUTSIDE and all(_NAME.fullmatch(tag) and len(tag) <= LONG for tag in tags):
        return Scheme(outside, {tag: before.get(tag, ("", tag)) for tag in tags})
    return None


def _plausible(means: Mapping[str, tuple[str, str]]) -> bool:
    """Letters that some form has together, and of several tags not each its own type."""
    letters = {letter for letter, _ in means.values()}
    return any(letters <= set(form) for form in ("BIES", "BILU", "BMES", "BMEW", "BIEW", "BILSU"))


Entity = tuple[int, int, str]  # first word, behind the last one, type


class Reader:
    """Reads the sentences of one file, whose tags are counted first."""

    def __init__(self, scheme: Scheme, told: Told) -> None:
        self.scheme, self.told = scheme, told

    @classmethod
    def of(cls, sentences: Iterable[Sequence[str]], told: Told) -> Reader | None:
        """sentences: the tags of each. None if they look like no tags."""
        sentences = list(sentences)
        scheme = scheme_of(Counter(tag for tags in sentences for tag in tags))
        if scheme is None:
            return None
        reader = cls(scheme, told)
        reader._tell(sentences)
        return reader

    def _tell(self, sentences: Sequence[Sequence[str]]) -> None:
        """Which form it is, and where it is broken."""
        letters = self.scheme.letters
        if letters == {""}:
            self.told.note("bare")
        if letters & set("ELSUMW"):
            self.told.note("BIOES")
        if self.scheme.is_behind:
            self.told.note("behind")
        if not letters <= set("BI"):
            return
        begins = Counter[str]()
        strays: list[tuple[str, str]] = []
        for number, tags in enumerate(sentences, start=1):
            before = ("", "")
            for tag in tags:
                letter, label = self.scheme.means.get(tag, ("", ""))
                if letter and label != before[1]:
                    begins[letter] += 1
                    if letter == "I":
                        strays.append(("torn" if before[1] else "stray", f"sentence {number:,}"))
                before = (letter, label)
        if begins["I"] > IOB1 * begins["B"]:
            self.told.note("IOB1")
            return
        for key, place in strays:
            self.told.note(key, place)

    def entities(self, tags: Sequence[str]) -> list[Entity]:
        """A new one begins with a letter that says so, with another type, and behind one that has ended."""
        found: list[Entity] = []
        start, label, ended = 0, "", True
        for at, tag in enumerate([*tags, self.scheme.outside]):
            letter, kind = self.scheme.means.get(tag, ("", ""))
            if label and (kind != label or letter in BEGINS or ended):
                found.append((start, at, named(label)))
                label = ""
            if kind and not label:
                start, label = at, kind
            ended = letter in ENDS
        return [entity for entity in found if entity[2]]


# Words to a text ------------------------------------------------------------------------------------------------------

_CLOSES = re.compile(r"[,.;:!?)\]}%…]+|'s|n't")
_OPENS = re.compile(r"[(\[{]+")
_NO_BLANKS = re.compile("[\u0e00-\u0eff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")  # Thai, Kana, Han


def joined(words: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """The words as one text, and where each stands in it: blanks between them, but where nobody writes one."""
    parts: list[str] = []
    places: list[tuple[int, int]] = []
    length, before = 0, ""
    for word in words:
        if before and word and not _glued(before, word):
            parts.append(" ")
            length += 1
        parts.append(word)
        places.append((length, length + len(word)))
        length += len(word)
        before = word or before
    return "".join(parts), places


def _glued(before: str, word: str) -> bool:
    if (both := before + word).isalpha() and both.isascii():  # as most are
        return False
    foreign = _NO_BLANKS.match(before[-1]) and _NO_BLANKS.match(word[0])
    return bool(foreign or _CLOSES.fullmatch(word) or _OPENS.fullmatch(before))


def within(text: str, words: Sequence[str]) -> list[tuple[int, int]] | None:
    """Where the words stand in a text that came with them; None if they do not."""
    places, at = [], 0
    for word in words:
        start = text.find(word, at)
        if start < 0 or text[at:start].strip():
            return None
        at = start + len(word)
        places.append((start, at))
    return places
