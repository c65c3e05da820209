"""Which texts are the same, or nearly so: in other capitals, with other marks, or with a word changed.

Texts that are equal letter for letter, but for capitals, marks and blanks, are the same however short. Of longer ones
MinHash (Broder 1997, https://doi.org/10.1109/SEQUEN.1997.666900) over pairs of neighbouring words proposes which may be
alike, in bands as in Mining of Massive Datasets, chapter 3; those are compared pair by pair.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from zlib import crc32

import numpy as np

ALIKE = 0.7  # of the pairs of words that two texts have together, those that both have
FEWEST = 8  # words, below which one word more or less may turn the meaning
BANDS, ROWS = 12, 3
MOST = 300_000  # texts; of more, only those that are the same are found
MOST_IN_BAND = 50  # that share a band: of more, neighbours are compared, as templates would make too many pairs
PRIME = np.uint64((1 << 31) - 1)  # small beside the products, so that the order of the remainders is mixed

_WORD = re.compile(r"\w+")


def find_twins(texts: Sequence[str]) -> np.ndarray:
    """int64 (N,): the same number above 0 for those that are the same or nearly so, 0 for the others."""
    words: list[list[str]] = []
    leads = _Groups(len(texts))
    first: dict[bytes, int] = {}
    for number, text in enumerate(texts):
        each = _WORD.findall(text.casefold())
        said = (" ".join(each) or text).encode("utf-8", "surrogatepass")
        leads.join(first.setdefault(blake2b(said, digest_size=16).digest(), number), number)
        if len(texts) <= MOST:  # of more, they would fill the memory
            words.append(each)
    if len(texts) <= MOST:
        for one, other in _candidates(words, sorted(first.values())):
            if not leads.are_one(one, other) and _alike(words[one], words[other]):
                leads.join(one, other)
    return leads.numbers()


class _Groups:
    """Which belong together, by a disjoint-set forest."""

    def __init__(self, many: int) -> None:
        self.lead = list(range(many))

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


def _candidates(words: list[list[str]], among: list[int]) -> Iterator[tuple[int, int]]:
    """Pairs that share a band."""
    long = [number for number in among if len(words[number]) >= FEWEST]
    if len(long) < 2:
        return
    signatures = np.stack([_signature(_hashes(words[number])) for number in long])
    for band in range(BANDS):
        held = defaultdict[bytes, list[int]](list)
        for number, row in zip(long, np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])):
            held[row.tobytes()].append(number)
        for each in held.values():
            reach = len(each) if len(each) <= MOST_IN_BAND else 2
            yield from ((one, other) for at, one in enumerate(each) for other in each[at + 1 : at + reach])


_random = np.random.default_rng(0)
_TIMES = _random.integers(1, 1 << 31, BANDS * ROWS, dtype=np.uint64)[:, None]
_PLUS = _random.integers(0, 1 << 31, BANDS * ROWS, dtype=np.uint64)[:, None]


def _pairs(words: list[str]) -> set[tuple[str, str]]:
    return set(zip(words, words[1:]))


def _hashes(words: list[str]) -> np.ndarray:
    """uint64, 31 bits each, of its pairs of words: the same in every process."""
    numbers = np.array([_hash(word) for word in words], np.uint64)
    return np.unique((numbers[:-1] * np.uint64(1_000_003) + numbers[1:]) & np.uint64(0x7FFFFFFF))


def _hash(word: str) -> int:
    return crc32(word.encode("utf-8", "replace"))


def _signature(hashes: np.ndarray) -> np.ndarray:
    return ((hashes * _TIMES + _PLUS) % PRIME).min(axis=1).astype(np.uint64)


def _alike(one: list[str], other: list[str]) -> bool:
    if min(len(one), len(other)) < ALIKE * max(len(one), len(other)):
        return False
    mine, theirs = _pairs(one), _pairs(other)
    return len(mine & theirs) >= ALIKE * len(mine | theirs)
