"""Which texts are the same, or nearly so: in other capitals, with other marks, or with a word changed.

Texts that are equal letter for letter, but for capitals, marks and blanks, are the same however short. Of longer ones
MinHash (Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900) over pairs of neighbouring words proposes which may be
alike, in bands as in Mining of Massive Datasets, chapter 3; those are compared pair by pair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from zlib import crc32

import numpy as np

ALIKE = 0.7  # of the pairs of words that two texts have together, those that both have
FEWEST = 8  # words, below which one word more or less may turn the meaning
BANDS, ROWS = 12, 3
MOST = 1_500_000  # texts; of more, only those that are the same are found
MOST_IN_BAND = 50  # that share a band: of more, neighbours are compared, as templates would make too many pairs
PRIME = np.uint64((1 << 31) - 1)  # small beside the products, so that the order of the remainders is mixed
BLOCK = 2_048  # texts whose words are held at a time
MOST_WORDS = 500_000  # whose hashes are held

_WORD = re.compile(r"\w+")


def find_twins(texts: Sequence[str]) -> np.ndarray:
    """int64 (N,): the same number above 0 for those that are the same or nearly so, 0 for the others.

    Of each text some hundred bytes are held; the texts themselves are asked for again where two may be alike.
    """
    digests, bands = np.empty((len(texts), 2), np.uint64), np.zeros((0, BANDS), np.uint64)
    if len(texts) <= MOST:
        bands = np.zeros((len(texts), BANDS), np.uint64)
    long, known = np.zeros(len(texts), bool), _Hashes()
    for start in range(0, len(texts), BLOCK):
        some = texts[start : start + BLOCK]
        words = [_WORD.findall(text.casefold()) for text in some]
        digests[start : start + BLOCK] = _digests(some, words)
        if len(bands):
            here = np.array([len(each) >= FEWEST for each in words])
            long[start : start + BLOCK] = here
            bands[start + np.flatnonzero(here)] = _bands([words[at] for at in np.flatnonzero(here)], known)
    leads = _Groups(_first_of_the_same(digests))
    among = np.flatnonzero(long & (np.array(leads.lead, np.int64) == np.arange(len(texts))))
    pairs = lru_cache(maxsize=4_096)(lambda number: _pairs(_WORD.findall(texts[number].casefold())))
    for one, other in _candidates(bands, among):
        if not leads.are_one(one, other) and _alike(pairs(one), pairs(other)):
            leads.join(one, other)
    return leads.numbers()


def _digests(texts: Sequence[str], words: Sequence[list[str]]) -> np.ndarray:
    """(N, 2): the same for those that are the same but for capitals, marks and blanks."""
    said = (" ".join(each) or text for text, each in zip(texts, words))
    held = (blake2b(each.encode("utf-8", "surrogatepass"), digest_size=16).digest() for each in said)
    return np.frombuffer(b"".join(held), np.uint64).reshape(-1, 2)


def _first_of_the_same(digests: np.ndarray) -> list[int]:
    """For each the number of the first one that is the same, which may be itself."""
    order = np.lexsort((digests[:, 1], digests[:, 0]))
    ordered = digests[order]
    begins = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))[: len(order)]
    first = np.empty(len(order), np.int64)
    first[order] = order[begins][np.cumsum(begins) - 1]
    return [*map(int, first)]


class _Groups:
    """Which belong together, by a disjoint-set forest."""

    def __init__(self, lead: list[int]) -> None:
        self.lead = lead

    def of(self, number: int) -> int:
        while self.lead[number] != number:
            self.lead[number] = number = self.lead[self.lead[number]]
        return number

    def are_one(self, one: int, other: int) -> bool:
        return self.of(one) == self.of(other)

    def join(self, one: int, other: int) -> None:
        self.lead[self.of(other)] = self.of(one)

    def numbers(self) -> np.ndarray:
        leads = np.array([self.of(number) for number in range(len(self.lead))], np.int64)
        _, which, counts = np.unique(leads, return_inverse=True, return_counts=True)
        several = counts > 1
        return np.where(several[which], np.cumsum(several)[which], 0).astype(np.int64)


def _candidates(bands: np.ndarray, among: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs that share a band. among: the numbers that are looked at, in order."""
    for band in range(BANDS if len(among) > 1 else 0):
        keys = bands[among, band]
        order = np.argsort(keys, kind="stable")
        begins = np.flatnonzero(np.append(True, keys[order][1:] != keys[order][:-1]))
        counts = np.diff(np.append(begins, len(keys)))
        several = np.flatnonzero(counts > 1)
        for group in several[np.argsort(order[begins[several]])]:
            each = among[order[begins[group] : begins[group] + counts[group]]].tolist()
            reach = len(each) if len(each) <= MOST_IN_BAND else 2
            yield from ((one, other) for at, one in enumerate(each) for other in each[at + 1 : at + reach])


_random = np.random.default_rng(0)
_TIMES = _random.integers(1, 1 << 31, BANDS * ROWS, dtype=np.uint64)
_PLUS = _random.integers(0, 1 << 31, BANDS * ROWS, dtype=np.uint64)
_MIXED = _random.integers(0, 1 << 63, ROWS, dtype=np.uint64) | np.uint64(1)


class _Hashes(dict[str, int]):
    """Of words, the same in every process; those that come again are known."""

    def __missing__(self, word: str) -> int:
        if len(self) >= MOST_WORDS:
            self.clear()
        found = self[word] = crc32(word.encode("utf-8", "replace"))
        return found


def _bands(words: Sequence[list[str]], known: _Hashes) -> np.ndarray:
    """uint64 (N, BANDS): of each text's pairs of words, the smallest under so many hash functions, ROWS in one."""
    if not words:
        return np.zeros((0, BANDS), np.uint64)
    lengths = np.array([len(each) for each in words])
    numbers = np.fromiter((known[word] for each in words for word in each), np.uint64, lengths.sum())
    pairs = (numbers[:-1] * np.uint64(1_000_003) + numbers[1:]) & np.uint64(0x7FFFFFFF)
    pairs = np.delete(pairs, np.cumsum(lengths)[:-1] - 1)  # of the last word of a text and the first of the next
    starts = np.append(0, np.cumsum(lengths - 1)[:-1])
    found = np.zeros((len(words), BANDS), np.uint64)
    for number, (times, plus) in enumerate(zip(_TIMES, _PLUS)):
        smallest = np.minimum.reduceat((pairs * times + plus) % PRIME, starts)
        found[:, number // ROWS] += smallest * _MIXED[number % ROWS]
    return found


def _pairs(words: list[str]) -> tuple[int, set[tuple[str, str]]]:
    """How many words there are, and which stand side by side."""
    return len(words), set(zip(words, words[1:]))


def _alike(one: tuple[int, set[tuple[str, str]]], other: tuple[int, set[tuple[str, str]]]) -> bool:
    (few, mine), (many, theirs) = sorted((one, other), key=lambda each: each[0])
    return few >= ALIKE * many and len(mine & theirs) >= ALIKE * len(mine | theirs)
