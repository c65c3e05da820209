"""A map lies on the part of the image that the network saw, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.explaining.drawing import UNSEEN, blended, overlay
from core.explaining.explanation import HeatMap


def heat(values, box=(0.0, 0.0, 1.0, 1.0)):
    return HeatMap(np.array(values, np.float32), box, "gradcam", "disc", 0.9)


HOT = [[0, 0], [0, 1]]  # below, on the right


def test_what_counts_is_covered_and_the_rest_is_clear():
    laid = np.asarray(overlay(heat(HOT), (80, 40)))
    assert laid.shape == (40, 80, 4)
    assert laid[2, 2, 3] < 10 and laid[38, 78, 3] == 255
    assert laid[38, 78, :3].sum() > laid[30, 50, :3].sum()  # lighter, the more it counts


@pytest.mark.parametrize(
    ("box", "seen", "unseen"),
    [((0.25, 0, 0.75, 1), [(5, 30), (35, 50)], [(5, 10), (5, 70)]), ((0, -0.5, 1, 1.5), [(2, 2), (38, 78)], [])],
)
def test_what_the_network_did_not_see_is_grey(box, seen, unseen):
    laid = np.asarray(overlay(heat([[1, 1], [1, 1]], box), (80, 40)))
    assert all(laid[place][3] == 255 for place in seen)
    assert all(tuple(laid[place]) == UNSEEN for place in unseen)


def test_of_a_padded_image_only_the_image_is_drawn():
    """Its upper half is above the image: what is hot there is not seen."""
    laid = np.asarray(overlay(heat([[1, 1], [0, 0]], (0, -1, 1, 1)), (40, 40)))
    assert laid[30, :, 3].max() == 0


def test_opacity_is_how_much_of_the_map_is_seen():
    image = Image.new("RGB", (40, 40), (10, 200, 10))
    clear, full = blended(image, heat([[1, 1], [1, 1]]), 0), blended(image, heat([[1, 1], [1, 1]]), 1)
    assert clear.getpixel((20, 20)) == (10, 200, 10) and full.getpixel((20, 20)) == (240, 249, 33)


def test_a_map_of_nothing_leaves_the_image_as_it_is():
    image = Image.new("RGB", (20, 20), (10, 200, 10))
    assert blended(image, heat([[0, 0], [0, 0]])).getpixel((5, 5)) == (10, 200, 10)
