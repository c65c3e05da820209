"""Words that give a class away: in almost all of its texts, and in almost none of the others.

A model that finds one looks for nothing else. Often it is no part of what is to be learned: a number of a file, the
signature of who wrote, a template, the name of the class itself.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.finding import Finding
from core.words import names_of, number_of

FEWEST = 10  # texts of a class, and of the others; of fewer, chance makes such words
ALMOST_ALL = 0.9  # of a class's texts
OWN_NAME = 0.5  # of them, where the word is the class's name
ALMOST_NONE = 0.01  # of the others
TOGETHER = 3  # words that are in almost all texts of a class together
OF_EACH = 0.2  # of a class's texts that each of those is in
FEWEST_FOR_SEVERAL = 30  # texts of a class
TOLD = 3  # classes
BEGINS, ENDS = 1_000, 500  # characters that are looked at: signatures are at the end
_TOKEN = re.compile(r"\w+(?:[-_./@#:]+\w+)*|[^\w\s]{2,}")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class TellTale:
    """words: of which each text has one at least; digits stand as 0. within, elsewhere: the shares of the class's, and
    of the other texts with one of them. texts: the numbers of the class's texts that have one."""

    words: tuple[str, ...]
    label: str
    within: float
    elsewhere: float
    texts: tuple[int, ...]


def tell_tales(texts: Sequence[str], labels: Sequence[tuple[str, ...]]) -> list[TellTale]:
    """One at most for each class, those that give away most first. labels: of each text."""
    held = [tokens_of(text) for text in texts]
    members = defaultdict[str, list[int]](list)
    for number, each in enumerate(labels):
        for label in each:
            members[label].append(number)
    frequent = {label: _frequent(held, label, numbers) for label, numbers in members.items() if len(numbers) >= FEWEST}
    holders = defaultdict[str, list[int]](list)
    wanted = set().union(*frequent.values()) if frequent else set()
    for number, words in enumerate(held):
        for word in words & wanted:
            holders[word].append(number)
    found = [_of(label, members[label], words, holders, len(texts)) for label, words in frequent.items()]
    return sorted((one for one in found if one), key=lambda one: one.elsewhere - one.within)


def tokens_of(text: str) -> set[str]:
    """Words and runs of signs; a number stands for all of its length."""
    looked_at = text if len(text) <= BEGINS + ENDS else f"{text[:BEGINS]} {text[-ENDS:]}"
    return {_DIGIT.sub("0", token.casefold()) for token in _TOKEN.findall(looked_at)}


def _frequent(held: Sequence[set[str]], label: str, numbers: Sequence[int]) -> set[str]:
    counts = Counter(word for number in numbers for word in held[number])
    return {word for word, count in counts.items() if count >= OF_EACH * len(numbers)}


def _of(
    label: str, numbers: Sequence[int], words: set[str], holders: dict[str, list[int]], texts: int
) -> TellTale | None:
    mine, others, name = set(numbers), texts - len(numbers), label.casefold()
    most = ALMOST_NONE * others
    within = {word: mine.intersection(holders[word]) for word in words}
    pure = sorted(word for word in words if len(holders[word]) - len(within[word]) <= most)
    if others < FEWEST:
        return None
    if name in pure and len(within[name]) >= OWN_NAME * len(mine):
        pure = [name]
    least = (OWN_NAME if pure == [name] else ALMOST_ALL) * len(mine)
    chosen, covered = list[str](), set[int]()
    for _ in range(TOGETHER if len(mine) >= FEWEST_FOR_SEVERAL else 1):
        best = max(pure, key=lambda word: len(within[word] - covered), default="")
        if not best or within[best] <= covered:
            return None
        chosen.append(best)
        covered |= within[best]
        if len(covered) >= least:
            elsewhere = set[int]().union(*(holders[word] for word in chosen)) - mine
            told = TellTale(
                tuple(chosen), label, len(covered) / len(mine), len(elsewhere) / others, tuple(sorted(covered))
            )
            return told if len(elsewhere) <= most else None
    return None


def findings_of(names: Sequence[str], found: Sequence[TellTale], looked_at: str) -> Iterator[Finding]:
    """One for all classes. names: of the texts. looked_at: which of them these are, a sentence, "" for all."""
    if not found:
        return
    said = "; ".join(map(_said, found[:TOLD])) + (f"; and {len(found) - TOLD:,} more" if len(found) > TOLD else "")
    away = number_of(len(found), "class is", "classes are")
    digits = " (0 stands for any digit)" if any("0" in word for one in found[:TOLD] for word in one.words) else ""
    title = f"{away} given away by few words: {said}{digits}."
    why = (
        "The model will look for them, and for little else. Where what it is asked later does not have them, such as "
        f"a number of a file, a signature or a template, take them out and import again.{looked_at}"
    )
    files = list(dict.fromkeys(names[number] for one in found for number in one.texts))
    yield Finding(kind="tell-tale", title=title, why=why, files=files)


def _said(one: TellTale) -> str:
    words = names_of([f"“{word}”" for word in one.words], TOGETHER)
    where = f"{one.within:.0%} of the texts of {names_of([one.label])}"
    return f"{words} in {where} and {_share(one.elsewhere)} of the others"


def _share(share: float) -> str:
    return "none" if not share else f"{max(share, 0.001):.1%}"
