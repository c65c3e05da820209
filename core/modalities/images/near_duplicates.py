"""Images that are the same, or nearly: saved again, made smaller, a little brighter.

A perceptual hash (the signs of an image's lowest frequencies, https://www.phash.org) and a small copy find candidates
without comparing every image with every other. A finer copy then decides. Where many images look alike (a still
camera, a form, slices of one body) each shows its own noise about what they have in common: a copy has the same noise,
another shot of the same scene has not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pandas as pd
from PIL import Image, ImageChops

SIDE = 16  # pixels of the small grey copy
COLOUR_SIDE = 4
ENOUGH = 4 * 48  # pixels of the shorter side, from which these are made
FINE = (
    48  # pixels of the finer grey copy, in 1/128 of a grey level; the last bit says that a colour is nearly at its end
)
SMALL_BYTES = 2 * SIDE * SIDE + 3 * COLOUR_SIDE * COLOUR_SIDE
LOOK_BYTES = SMALL_BYTES + 2 * FINE * FINE + 2
BANDS = 5  # of the hash's 64 bits: two hashes that differ in fewer bits than this have a band in common
BITS_APART = 10
BLOCK = 1_024  # images or pairs at a time, so that memory stays flat
NEIGHBOURS = 256  # images with a band in common, of which each is compared with so many at most
LEADERS = 64  # that gather those which resemble them, where more have a band in common than that
ALIKE = 0.99  # correlation of the small copies
COLOURS_APART = 12.0  # grey levels of 255, on average
SPOT_APART = 45.0  # grey levels: no spot of the small copies may differ by more
PLAIN = 1.0  # grey levels: of images with less contrast, nothing tells them apart
# Of the finer copies, after brightness and contrast are fitted; its test tells what these give.
APART, APART_SMALL = 1.2, 250.0  # grey levels, and as many more for images of one pixel: they are less averaged
SPOT_TO_ALL, SPOT = 9.0, 3.0  # how much a spot may differ, in the difference of all, or in grey levels
UNLIKE = 0.25  # times the contrast of what is seen, they may differ by no more
SPOT_AT_MOST = 5.0  # times what all may differ by
BRIGHT = 222.0  # grey levels of the brightest colour: beyond, what was made brighter may have been cut off
BRIGHTER = 0.015  # of its brightness: so much, and one was made brighter than the other
CROWD = 8  # images that show what is common; from so many others on
SAME_NOISE = 0.6  # of 1: how far the noise of two in a crowd agrees
DIMENSIONS = 192  # in which noise is compared at first
MUCH_NEARER = 0.4  # times as far as the nearest of the crowd
NOT_FARTHER = 1.2  # times as far: a copy is no farther than another shot
UNEVEN = 1.5  # times as near to the one's crowd as to the other's: they are the end of a row, as of a film
AS_NEAR = 1.3  # times as far from both as they are from each other: what may be a third copy shows nothing of a crowd
MAYBE, MOST_PARTNERS = 0.35, 3  # from which agreement there two are compared in full, and with how many each


def look(image: Image.Image, side: int | None = None) -> bytes:
    """A small copy that tells whether two images look the same: 16 x 16 in grey, 4 x 4 in colour, 48 x 48 in grey.

    side: the shorter one of the image in its file, in pixels.
    """
    times = max(1, min(image.size) // ENOUGH)
    grey = image.convert("L").convert("F").reduce(times)  # as floats, so that noise stays noise
    coloured = image.reduce(times)
    red, green, blue = coloured.split()
    brightest = _resized(ImageChops.lighter(ImageChops.lighter(red, green), blue), FINE)
    fine = (_resized(grey, FINE) * 128).round().astype("<u2") * 2
    fine += brightest > BRIGHT
    return b"".join(
        (
            (_resized(grey, SIDE) * 256).round().astype("<u2").tobytes(),
            coloured.resize((COLOUR_SIDE, COLOUR_SIDE), Image.Resampling.BOX).tobytes(),
            fine.tobytes(),
            np.array([min(side or min(image.size), 65535)], "<u2").tobytes(),
        )
    )


def _resized(grey: Image.Image, side: int) -> np.ndarray:
    """(side, side)"""
    return np.asarray(grey.resize((side, side), Image.Resampling.BILINEAR))


def contrast(image: Image.Image) -> float:
    """Standard deviation of grey, 0 (one colour) to 127.5."""
    return float(np.asarray(image.convert("L").resize((64, 64), Image.Resampling.BOX), np.float32).std())


def find_twins(rows: pd.DataFrame, looks: np.ndarray) -> np.ndarray:
    """Which images look the same: int64 (N,), the same number above 0 for those that do, 0 for the others.

    An image joins the first one that it resembles, so that a chain of small changes does not join its ends.

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
    """For each image the first one that it resembles: itself if none. int64 (N,)"""
    leaders = np.arange(len(which))
    for members in _alike(looks, which):
        leaders[members] = members[_copies(looks, which[members])]
    return leaders


# Those that look alike at first sight ---------------------------------------------------------------------------------


def _alike(looks: np.ndarray, which: np.ndarray) -> Iterator[np.ndarray]:
    """The groups of two or more that hang together by looking alike, each in ascending order."""
    looks = looks[:, :SMALL_BYTES]  # more of them in memory than is needed would be much
    blocks = [_hashes(looks[which[start : start + BLOCK]]) for start in range(0, len(which), BLOCK)]
    hashes, lively = (np.concatenate(parts) for parts in zip(*blocks))
    ends = [np.zeros((2, 0), np.int64)]
    for one, other in _candidates(looks, which, hashes, np.flatnonzero(lively)):
        for start in range(0, len(one), BLOCK):
            some, others = one[start : start + BLOCK], other[start : start + BLOCK]
            same = _look_the_same(looks[which[some]], looks[which[others]])
            ends.append(np.stack([some[same], others[same]]))
    parents = list(range(len(which)))

    def root(of: int) -> int:
        while parents[of] != of:
            parents[of] = of = parents[parents[of]]
        return of

    for pair in np.concatenate(ends, axis=1).T.tolist():
        low, high = sorted(map(root, pair))
        parents[high] = low
    group = np.array([root(of) for of in range(len(which))], np.int64)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order])) + 1
    yield from (members for members in np.split(order, starts) if len(members) > 1)


def _candidates(
    looks: np.ndarray, which: np.ndarray, hashes: np.ndarray, indices: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of indices whose hashes have a band in common and differ in few bits. Of very many that look alike not all
    pairs, but enough that they hang together."""
    edges = np.linspace(0, 64, BANDS + 1).astype(int).tolist()
    for low, high in zip(edges, edges[1:]):
        keys = (hashes[indices] >> np.uint64(low)) & np.uint64((1 << (high - low)) - 1)
        order = np.lexsort((hashes[indices], keys))
        keys, ordered = keys[order], indices[order]
        starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, int)
        sizes = np.diff(np.r_[starts, len(keys)])
        gathered = np.zeros(len(keys), bool)
        for start, size in zip(starts[sizes > NEIGHBOURS].tolist(), sizes[sizes > NEIGHBOURS].tolist()):
            place = slice(start, start + size)
            for leader, followers in _gathered(looks, which, ordered[place]):
                gathered[place] |= np.isin(ordered[place], followers)
                yield np.full(len(followers), leader), followers
        keys, ordered = keys[~gathered], ordered[~gathered]
        for gap in range(1, min(NEIGHBOURS, len(ordered))):
            same = np.flatnonzero(keys[gap:] == keys[:-gap])
            if not len(same):
                break
            one, other = ordered[same], ordered[same + gap]
            close = np.bitwise_count(hashes[one] ^ hashes[other]) <= BITS_APART
            yield one[close], other[close]


def _gathered(looks: np.ndarray, which: np.ndarray, crowd: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Some of a crowd, each with those that resemble it, as long as they are many."""
    for _ in range(LEADERS):
        if len(crowd) <= NEIGHBOURS:
            return
        leader, rest = crowd[0], crowd[1:]
        same: np.ndarray = np.zeros(len(rest), bool)
        for start in range(0, len(rest), BLOCK):
            some = rest[start : start + BLOCK]
            same[start : start + BLOCK] = _look_the_same(looks[which[[leader] * len(some)]], looks[which[some]])
        if same.sum() >= NEIGHBOURS // 4:
            yield int(leader), rest[same]
            crowd = rest[~same]
        else:
            crowd = np.r_[rest, leader]


def _look_the_same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of pairs of looks, (N, LOOK_BYTES) each: bool (N,), by their small copies."""
    (grey, strength), (others_grey, _) = _greys(one), _greys(other)
    near = np.einsum("ij,ij->i", grey, others_grey) > ALIKE
    near[near] &= np.abs(grey[near] - others_grey[near]).max(axis=1) * strength[near] < SPOT_APART
    near[near] &= np.abs(_colours(one[near]) - _colours(other[near])).mean(axis=1) < COLOURS_APART
    return near


def _greys(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The grey copies about their mean and of length 1, float32 (N, 256), and their lengths before."""
    grey = np.ascontiguousarray(small[:, : 2 * SIDE * SIDE]).view("<u2").astype(np.float32) / 256
    grey -= grey.mean(axis=1, keepdims=True)
    strength = np.linalg.norm(grey, axis=1)
    grey /= np.maximum(strength, 1e-6)[:, None]
    return grey, strength


def _colours(small: np.ndarray) -> np.ndarray:
    """The coloured copies about their mean, as a little brighter is the same image."""
    colours = small[:, 2 * SIDE * SIDE : SMALL_BYTES].astype(np.float32)
    return colours - colours.mean(axis=1, keepdims=True)


def _hashes(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The signs of the 8 x 8 lowest frequencies about their median, uint64 (N,), and whether there is enough to see."""
    grey, strength = _greys(small)
    steps = (np.arange(SIDE) + 0.5) * np.pi / SIDE
    cosines = np.cos(np.arange(8)[:, None] * steps).astype(np.float32)
    low = (cosines @ grey.reshape(-1, SIDE, SIDE) @ cosines.T).reshape(-1, 64)
    bits = low > np.median(low, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(np.uint64).reshape(-1), strength > PLAIN * SIDE


# Which of them are copies ---------------------------------------------------------------------------------------------


def _copies(looks: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Of images that look alike: for each the place of the first that it is a copy of, itself if none. int64 (N,)

    What was found to be copies counts as one when it is asked how many others there are, until nothing more is found.
    """
    digests = [hashlib.blake2b(looks[each], digest_size=16).digest() for each in which]
    _, first, same = np.unique(np.array(digests, "S16"), return_index=True, return_inverse=True)
    leaders = first[same]
    while True:
        leading = np.unique(leaders)
        followed = np.arange(len(leading))
        for one, other in _pairs(looks, which[leading]):
            if followed[one] == one and followed[other] == other:
                followed[other] = one
        if (followed == np.arange(len(leading))).all():
            return leaders
        leaders = leading[followed][np.searchsorted(leading, leaders)]


def _pairs(looks: np.ndarray, which: np.ndarray) -> list[tuple[int, int]]:
    """The pairs of copies, the lower first, in ascending order."""
    if len(which) < CROWD + 2:
        every = ((one, other) for one in range(len(which)) for other in range(one + 1, len(which)))
        return [(one, other) for one, other in every if _are_alike(looks[which[[one, other]]])]
    noise = _noise(looks, which)
    partners = _partners(noise)
    nearest = _Nearest(noise, np.unique([each for pair in partners for each in pair]).astype(int))
    found = []
    for one, other in partners:
        sides = [nearest.crowd(one, other), nearest.crowd(other, one)]
        near, far = sorted(ratio for _, ratio in sides)
        if far > NOT_FARTHER or far > UNEVEN * near:
            continue
        pair = looks[which[[one, other]]]
        if _are_alike(pair) and (
            far < MUCH_NEARER or all(_same_noise(pair, _fine(looks[which[crowd]])) for crowd, _ in sides)
        ):
            found.append((one, other))
    return found


def _are_alike(pair: np.ndarray) -> bool:
    return bool(_look_the_same(pair[:1], pair[1:])[0]) and _is_near(pair)


def _packed(looks: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(looks[:, SMALL_BYTES : SMALL_BYTES + 2 * FINE * FINE]).view("<u2")


def _fine(looks: np.ndarray) -> np.ndarray:
    """float32 (N, FINE * FINE), grey levels."""
    return (_packed(looks) >> 1).astype(np.float32) / 128


def _bright(looks: np.ndarray) -> np.ndarray:
    """bool (N, FINE * FINE)"""
    return (_packed(looks) & 1).astype(bool)


def _sides(looks: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(looks[:, -2:]).view("<u2").reshape(-1).astype(int)


def _fitted(pair: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the finer copies of two looks the first, the second as bright and as rich in contrast as it, and which pixels
    these are: not those that may have been cut off when one was made brighter. float32 (P,) both, bool (FINE * FINE,)
    """
    one, other = _fine(pair)
    every = np.full(FINE * FINE, True)
    dark = np.asarray(~_bright(pair).all(axis=0))
    choices = [dark, every] if dark.sum() > FINE * FINE // 8 else [every]
    for whole in choices:
        x, y = other[whole], one[whole]
        spread = float(((x - x.mean()) ** 2).mean())
        slope = float(((x - x.mean()) * (y - y.mean())).mean()) / spread if spread > 1e-6 else 1.0
        if abs(slope - 1) > BRIGHTER or abs(float(y.mean() - x.mean())) > BRIGHTER * float(y.mean()):
            break
    return y, slope * (x - x.mean()) + y.mean(), whole


def _is_near(pair: np.ndarray) -> bool:
    """Whether two looks differ by no more than saving an image again makes them differ, and in no spot alone."""
    one, other, _ = _fitted(pair)
    over_all, spot = float((other - one).std()), float(np.abs(other - one).max())
    limit = APART + APART_SMALL / max(1, int(_sides(pair).min()))
    limit = min(limit, UNLIKE * float(one.std()))
    return over_all <= limit and spot <= SPOT_AT_MOST * limit and (spot <= SPOT or spot <= SPOT_TO_ALL * over_all)


def _noise(looks: np.ndarray, which: np.ndarray) -> np.ndarray:
    """What each has beyond the mean of all, in few dimensions that keep distances: float32 (N, DIMENSIONS).

    Each is a sum of some pixels with random signs (https://en.wikipedia.org/wiki/Random_projection).
    """
    random = np.random.default_rng(0)
    pixels = FINE * FINE
    order, signs = random.permutation(pixels), random.choice(np.array([-1, 1], np.float32), pixels)
    blocks = [which[start : start + BLOCK] for start in range(0, len(which), BLOCK)]
    mean = np.zeros(pixels)
    for block in blocks:
        mean += _evened(_fine(looks[block])).sum(axis=0)
    mean = (mean / len(which)).astype(np.float32)
    parts = [
        ((_evened(_fine(looks[block])) - mean)[:, order] * signs).reshape(len(block), DIMENSIONS, -1).sum(axis=2)
        for block in blocks
    ]
    return np.concatenate(parts)


def _evened(fine: np.ndarray) -> np.ndarray:
    fine = fine - fine.mean(axis=1, keepdims=True)
    return fine / np.maximum(fine.std(axis=1, keepdims=True), 1e-3)


def _partners(noise: np.ndarray) -> list[tuple[int, int]]:
    """Pairs whose noise may agree, the lower first, in ascending order: each is among the likeliest for the other."""
    unit = noise / np.maximum(np.linalg.norm(noise, axis=1, keepdims=True), 1e-9)
    found: set[tuple[int, int]] = set()
    for start in range(0, len(noise), BLOCK):
        agree = unit[start : start + BLOCK] @ unit.T
        agree[np.arange(len(agree)), np.arange(start, start + len(agree))] = -1
        some = np.flatnonzero(agree.max(axis=1) > MAYBE)
        if len(some):
            places = np.argpartition(-agree[some], MOST_PARTNERS - 1, axis=1)[:, :MOST_PARTNERS]
            row, place = np.nonzero(np.take_along_axis(agree[some], places, axis=1) > MAYBE)
            found |= set(zip((start + some[row]).tolist(), places[row, place].tolist()))
    return sorted((one, other) for one, other in found if one < other and (other, one) in found)


class _Nearest:
    """The nearest others of some images, by their noise."""

    def __init__(self, noise: np.ndarray, some: np.ndarray) -> None:
        self.noise = noise
        self.of: dict[int, np.ndarray] = {}
        squares = (noise**2).sum(axis=1)
        count = min(len(noise), CROWD + 2 * MOST_PARTNERS + 2)
        for start in range(0, len(some), BLOCK):
            block = some[start : start + BLOCK]
            apart = squares - 2 * noise[block] @ noise.T
            places = np.argpartition(apart, count - 1, axis=1)[:, :count]
            order = np.argsort(np.take_along_axis(apart, places, axis=1), axis=1)
            self.of |= zip(block.tolist(), np.take_along_axis(places, order, axis=1))

    def crowd(self, one: int, other: int) -> tuple[np.ndarray, float]:
        """The `CROWD` others nearest to one, and how far the other is, in parts of how far the nearest of them is.

        What may be a third copy, as near to both as they are to each other, is none of them, if enough are left.
        """
        others = self.of[one]
        others = others[(others != one) & (others != other)]
        apart = np.linalg.norm(self.noise[others] - self.noise[one], axis=1)
        from_other = np.linalg.norm(self.noise[others] - self.noise[other], axis=1)
        near = float(np.linalg.norm(self.noise[one] - self.noise[other]))
        third = np.flatnonzero(np.maximum(apart, from_other) < AS_NEAR * near)[: 2 * MOST_PARTNERS]
        left = np.setdiff1d(np.arange(len(others)), third[: len(others) - CROWD])[:CROWD]
        return others[left], near / max(float(apart[left].min()), 1e-9)


def _same_noise(pair: np.ndarray, crowd: np.ndarray) -> bool:
    """Whether two have the same beyond all that can be mixed of the crowd, (CROWD, FINE * FINE)."""
    one, other, whole = _fitted(pair)
    mean = crowd[:, whole].mean(axis=0)
    common = np.linalg.qr(np.vstack([np.ones_like(mean), mean, crowd[:, whole] - mean]).T.astype(np.float64))[0]
    first, second = (each - common @ (common.T @ each) for each in (one, other))
    return float(2 * first @ second) > SAME_NOISE * float(first @ first + second @ second)
