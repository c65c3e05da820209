from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from PIL import Image

from core.modalities.images.augmentation import AS_IT_IS, augment, draw, placed_boxes, placement
from core.modalities.images.examples import ImageExamples
from core.modalities.images.preprocessing import Preprocessing, shrink, shrunk
from core.tasks.targets import Ragged

GREY, RED = (90, 90, 90), (250, 10, 10)
SIZES = [(300, 200), (90, 260), (64, 64), (1200, 40)]


def preprocessing(fit):
    return Preprocessing(
        size=96, resize=110, mean=(0.4, 0.4, 0.4), std=(0.2, 0.2, 0.2), interpolation="bilinear", fit=fit
    )


def with_box(width, height, box) -> Image.Image:
    pixels = np.full((height, width, 3), GREY, np.uint8)
    left, top, right, bottom = box
    pixels[top:bottom, left:right] = RED
    return Image.fromarray(pixels)


def red_in(view) -> list[float]:
    """Left, top, right and bottom of what is red."""
    red = view[..., 0].astype(int) - view[..., 1] > 60
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    return [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]


@pytest.mark.parametrize("fit", ["crop", "pad", "squash"])
@pytest.mark.parametrize("kind", ["none", "mirror", "standard"])
def test_a_box_goes_where_the_image_goes(fit, kind):
    settings, seen = preprocessing(fit), 0
    for (width, height), seed in itertools.product(SIZES, range(6)):
        box = [int(width * 0.4), int(height * 0.35), int(width * 0.62), int(height * 0.7)]
        small = shrink(with_box(width, height, box), settings)
        assert small.shape[1::-1] == shrunk(width, height, settings)[1]
        drawn = draw(small.shape[1], small.shape[0], settings, np.random.default_rng(seed), kind)
        place = placement(width, height, settings, drawn)
        (placed,) = placed_boxes(np.array([box], float), place, settings.size)
        if min(placed[2] - placed[0], placed[3] - placed[1]) < 8:
            continue  # cut away, or nearly so
        view, seen = augment(small, settings, drawn), seen + 1
        blur = 3 + 1.5 * settings.size / min(small.shape[:2])  # what was made larger has soft edges
        assert np.abs(np.array(red_in(view)) - placed).max() <= blur, (width, height, seed, placed, red_in(view))
    assert seen >= 8


@pytest.mark.parametrize("fit", ["crop", "pad", "squash"])
def test_a_leaning_image_takes_its_points_along(fit):
    settings = preprocessing(fit)
    for seed in range(8):
        small = shrink(with_box(300, 240, [140, 110, 160, 130]), settings)
        drawn = draw(small.shape[1], small.shape[0], settings, np.random.default_rng(seed), "strong")
        x, y = placement(300, 240, settings, drawn) @ [150, 120, 1]
        if 6 < x < settings.size - 6 and 6 < y < settings.size - 6:
            left, top, right, bottom = red_in(augment(small, settings, drawn))
            assert abs((left + right) / 2 - x) < 2 and abs((top + bottom) / 2 - y) < 2


def test_examples_move_the_boxes_of_the_view_that_they_give():
    settings, box = preprocessing("crop"), [120, 60, 200, 150]
    small = shrink(with_box(300, 200, box), settings)
    digests = ["ab" * 32, "17" * 32]
    examples = ImageExamples(
        lambda: [small, small], digests, settings, torch.device("cpu"), "standard", sizes=[(300, 200)] * 2
    )
    targets = Ragged([{"boxes": torch.tensor([box]).float(), "labels": torch.tensor([number])} for number in (0, 1)])
    for epoch in (None, 1, 2):
        (inputs,) = examples.batches([np.array([1, 0])], epoch)
        moved = examples.moved(Ragged([targets[1], targets[0]]), np.array([1, 0]), epoch)
        assert [int(item["labels"]) for item in moved.items] == [1, 0]
        for pixels, item in zip(inputs["pixels"], moved.items):
            view = ((pixels.permute(1, 2, 0) * 0.2 + 0.4) * 255).numpy()
            assert np.abs(np.array(red_in(view)) - item["boxes"][0].numpy()).max() <= 5
    (same,) = examples.moved(Ragged([targets[0]]), np.array([0]), 1).items
    assert not torch.equal(same["boxes"], targets[0]["boxes"])


def test_targets_that_are_no_places_stay():
    settings = preprocessing("crop")
    examples = ImageExamples(lambda: [], ["ab" * 32], settings, torch.device("cpu"), "standard")
    targets = torch.tensor([3])
    assert examples.moved(targets, np.array([0]), 1) is targets
    assert draw(10, 10, settings, np.random.default_rng(0), "none") == AS_IT_IS
