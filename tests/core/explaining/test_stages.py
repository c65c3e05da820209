"""What each stage sees is drawn from what it gives, bounded, for networks of every layout."""

from __future__ import annotations

import numpy as np
import pytest

from core.explaining.explaining import has_stages, stages_seen
from core.explaining.stages import ACROSS, GAP, MOST, TILE, _seen, _sprite
from tests.core.explaining.planted import network, planted, png
from tests.core.explaining.planted_words import reader


@pytest.mark.parametrize(
    ("name", "places", "channels"),
    [("timm/test_efficientnet", [48, 24, 12, 6, 3], 24), ("timm/test_vit", [6, 6, 6, 6, 6, 6, 6], 64)],
)
def test_every_stage_is_seen_in_its_own_resolution(name, places, channels):
    found = stages_seen(network(name, 96), png(planted(1, 96)))
    assert sorted({stage.places for stage in found}, reverse=True) == sorted(set(places), reverse=True)
    assert found[0].name == "stem" and found[0].channels == channels
    for stage in found:
        height, width, depth = stage.sprite.shape
        assert stage.shown == min(MOST, stage.channels) and depth == 2 and stage.sprite.dtype == np.uint8
        assert height <= MOST // ACROSS * (TILE + GAP) and width <= ACROSS * (TILE + GAP)


def test_those_that_differ_most_from_place_to_place_are_drawn_in_the_networks_order():
    maps = np.zeros((40, 4, 4), np.float32)
    maps[10:34, 0, 0] = np.arange(24, 0, -1)
    seen = _seen("stage", maps)
    assert (seen.channels, seen.shown, seen.places) == (40, 24, 4)
    first = seen.sprite[:TILE, :TILE]
    assert first[0, 0, 0] == 255 and first[-1, -1, 0] == 0 and first[..., 1].min() == 255


def test_each_channel_has_its_own_range_and_what_is_no_number_is_black():
    maps = np.stack([np.eye(2) * 1e6, np.full((2, 2), np.nan), np.eye(2) * 1e-6]).astype(np.float32)
    sprite = _sprite(maps)
    step = TILE + GAP
    assert sprite.shape == (TILE, 3 * step - GAP, 2) and sprite[0, TILE, 1] == 0  # between two is nothing
    assert np.array_equal(sprite[:, :TILE, 0], sprite[:, 2 * step :, 0])
    assert sprite[:, step : step + TILE, 0].max() == 0


def test_texts_have_no_stages_to_be_seen(tmp_path):
    model = reader(tmp_path)
    assert not has_stages(model) and stages_seen(model, "w10 w50") == ()
