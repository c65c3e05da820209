"""Pictures that are the same, or nearly: saved again, made smaller, a little brighter.

A perceptual hash (the signs of a picture's lowest frequencies, https://www.phash.org) finds candidates without
comparing every picture with every other; a small copy of each then decides.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from PIL import Image

SIDE = 16  # pixels of the small grey copy
COLOUR_SIDE = 4
LOOK_BYTES = SIDE * SIDE + 3 * COLOUR_SIDE * COLOUR_SIDE
BANDS = 5  # of the hash's 64 bits: two hashes that differ in fewer bits than this have a band in common
BITS_APART = 10
BLOCK = 1_024  # pictures or pairs at a time, so that memory stays flat
CROWD = 256  # pictures with a band in common, of which each is compared with so many neighbours at most
ALIKE = 0.99  # correlation of the small copies
COLOURS_APART = 12.0  # grey levels of 255, on average
SPOT_APART = 45.0  # grey levels: no spot of the small copies may differ by more
PLAIN = 4.0  # grey levels: of pictures with less contrast, nothing tells them apart


def look(picture: Image.Image) -> bytes:
    """A small copy that tells whether two pictures look the same: 16 x 16 in grey, then 4 x 4 in colour."""
    small = picture.resize((SIDE, SIDE), Image.Resampling.BOX)
    return small.convert("L").tobytes() + small.resize((COLOUR_SIDE, COLOUR_SIDE), Image.Resampling.BOX).tobytes()


def contrast(picture: Image.Image) -> float:
    """Standard deviation of grey, 0 (one colour) to 127.5."""
    return float(np.asarray(picture.convert("L").resize((64, 64), Image.Resampling.BOX), np.float32).std())


def find_twins(rows: pd.DataFrame, looks: np.ndarray) -> np.ndarray:
    """Which pictures look the same: int64 (N,), the same number above 0 for those that do, 0 for the others.

    A picture joins the first one that it resembles, so that a chain of small changes does not join its ends.

    rows: with columns `same`, which is equal for equal bytes, and `look`: which of looks, (M, LOOK_BYTES), is theirs.
    """
    if rows.empty:
        return np.zeros(0, np.int64)
    codes, _ = pd.factorize(rows["same"])
    _, firsts = np.unique(codes, return_index=True)
    leaders = firsts[_leaders(looks, rows["look"].to_numpy()[firsts])][codes]
    _, group, size = np.unique(leaders, return_inverse=True, return_counts=True)
    numbers = np.cumsum(size > 1) * (size > 1)
    return numbers[group]


def _leaders(looks: np.ndarray, which: np.ndarray) -> np.ndarray:
    """For each picture the first one that it resembles: itself if none. int64 (N,)

    In a crowd not all are compared with all, so those who lead are compared once more, until nobody follows.
    """
    leaders = np.arange(len(which))
    while True:
        leading = np.unique(leaders)
        followed = leading[_first_alike(looks, which[leading])]
        if (followed == leading).all():
            return leaders
        leaders = followed[np.searchsorted(leading, leaders)]


def _first_alike(looks: np.ndarray, which: np.ndarray) -> np.ndarray:
    blocks = [_hashes(looks[which[start : start + BLOCK]]) for start in range(0, len(which), BLOCK)]
    hashes, lively = (np.concatenate(parts) for parts in zip(*blocks))
    alike = [np.zeros(0, np.int64)]  # pairs as one number each, which sorts quicker
    for one, other in _candidates(hashes, np.flatnonzero(lively)):
        for start in range(0, len(one), BLOCK):
            some, others = one[start : start + BLOCK], other[start : start + BLOCK]
            same = _look_the_same(looks[which[some]], looks[which[others]])
            alike.append(some[same] * len(which) + others[same])
    first, second = np.divmod(np.unique(np.concatenate(alike)), len(which))
    leaders = np.arange(len(which))
    leading, starts = np.unique(first, return_index=True)
    for one, others in zip(leading.tolist(), np.split(second, starts[1:])):
        if leaders[one] == one:
            leaders[others[leaders[others] == others]] = one
    return leaders


def _look_the_same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of pairs of looks, (N, LOOK_BYTES) each: bool (N,)"""
    (grey, strength), (others_grey, _) = _greys(one), _greys(other)
    near = np.einsum("ij,ij->i", grey, others_grey) > ALIKE
    near[near] &= np.abs(grey[near] - others_grey[near]).max(axis=1) * strength[near] < SPOT_APART
    near[near] &= np.abs(_colours(one[near]) - _colours(other[near])).mean(axis=1) < COLOURS_APART
    return near


def _greys(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The grey copies about their mean and of length 1, float32 (N, 256), and their lengths before."""
    grey = small[:, : SIDE * SIDE].astype(np.float32)
    grey -= grey.mean(axis=1, keepdims=True)
    strength = np.linalg.norm(grey, axis=1)
    grey /= np.maximum(strength, 1e-6)[:, None]
    return grey, strength


def _colours(small: np.ndarray) -> np.ndarray:
    """The coloured copies about their mean, as a little brighter is the same picture."""
    colours = small[:, SIDE * SIDE :].astype(np.float32)
    return colours - colours.mean(axis=1, keepdims=True)


def _hashes(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The signs of the 8 x 8 lowest frequencies about their median, uint64 (N,), and whether there is enough to see."""
    grey, strength = _greys(small)
    steps = (np.arange(SIDE) + 0.5) * np.pi / SIDE
    cosines = np.cos(np.arange(8)[:, None] * steps).astype(np.float32)
    low = (cosines @ grey.reshape(-1, SIDE, SIDE) @ cosines.T).reshape(-1, 64)
    bits = low > np.median(low, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(np.uint64).reshape(-1), strength > PLAIN * SIDE


def _candidates(hashes: np.ndarray, indices: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of indices, the lower first, whose hashes have a band in common and differ in few bits."""
    edges = np.linspace(0, 64, BANDS + 1).astype(int).tolist()
    for low, high in zip(edges, edges[1:]):
        keys = (hashes[indices] >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)
        order = np.lexsort((hashes[indices], keys))
        keys, ordered = keys[order], indices[order]
        for gap in range(1, min(CROWD, len(ordered))):
            same = np.flatnonzero(keys[gap:] == keys[:-gap])
            if not len(same):
                break
            one, other = ordered[same], ordered[same + gap]
            close = np.bitwise_count(hashes[one] ^ hashes[other]) <= BITS_APART
            yield np.minimum(one, other)[close], np.maximum(one, other)[close]
