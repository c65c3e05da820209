"""Copies are found however they were saved; pictures that only resemble each other are left alone."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageEnhance

from core.data.twins import LOOK_BYTES, contrast, find_twins, look
from tests.conftest import picture


def photo(seed: int) -> Image.Image:
    """Soft shapes in many colours."""
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((240, 180), Image.Resampling.BICUBIC)


def twins_of(looks: list[bytes], same: list[str] | None = None) -> np.ndarray:
    order = np.random.default_rng(0).permutation(len(looks))  # as they came, which is not as they are called
    small = np.frombuffer(b"".join(looks), np.uint8).reshape(-1, LOOK_BYTES)
    return find_twins(pd.DataFrame({"same": same or range(len(looks)), "look": np.argsort(order)}), small[order])


def saved(image: Image.Image, **options: object) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", **options)
    return Image.open(file)


WAYS = {
    "saved poorly": lambda image: saved(image, quality=30),
    "half the size": lambda image: image.resize((120, 90)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.08),
    "a pixel less": lambda image: image.crop((1, 1, 239, 179)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_is_found(way):
    looks = [look(photo(seed)) for seed in range(20)]
    copies = [look(WAYS[way](photo(seed))) for seed in range(20)]
    twins = twins_of(looks + copies)
    assert twins[:20].tolist() == twins[20:].tolist() == list(range(1, 21))


def test_different_pictures_are_no_twins():
    looks = [look(photo(seed)) for seed in range(300)]
    assert not twins_of(looks).any()


def test_a_mirrored_or_recoloured_picture_is_another():
    image = photo(1)
    others = [image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), Image.merge("RGB", image.split()[::-1])]
    assert not twins_of([look(image), *map(look, others)]).any()


def test_equal_bytes_are_twins_whatever_they_show():
    plain = look(Image.new("RGB", (50, 50), "red"))
    assert twins_of([plain, plain, plain], ["a", "b", "a"]).tolist() == [1, 0, 1]


def test_a_chain_of_small_changes_does_not_join_its_ends():
    steps = [Image.blend(photo(1), photo(2), share) for share in np.linspace(0, 1, 60)]
    twins = twins_of([look(step) for step in steps])
    assert twins[0] != twins[-1] and np.bincount(twins[twins > 0]).max() < 30


def test_a_crowd_of_the_same_is_one_group():
    random = np.random.default_rng(0)
    looks = [random.integers(0, 255, LOOK_BYTES, dtype=np.uint8).tobytes() for _ in range(3000)]
    crowd = [looks[0]] * 3000
    twins = twins_of(looks + crowd)
    assert (twins[3000:] == twins[0]).all() and twins[0] > 0 and not twins[1:3000].any()


def test_nothing_gives_nothing():
    assert twins_of([]).tolist() == []


def test_contrast_tells_one_colour():
    assert contrast(Image.new("RGB", (50, 50), "red")) == 0
    assert contrast(photo(3)) > 20
    assert 0 < contrast(Image.open(io.BytesIO(picture("red", 1)))) < 30
