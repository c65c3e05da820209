"""What each stage of a backbone makes of one image: some of its channels, as small images."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from core.backbones.backbone import Backbone
from core.backbones.reading import as_map
from core.explaining.explanation import StageSeen
from core.explaining.places import watching
from core.modalities.inputs import Inputs

MOST, ACROSS = 24, 8  # channels of a stage, and of these in a row
TILE, GAP = 56, 2  # pixels along a side, and between two


@torch.inference_mode()
def stages_of(backbone: Backbone, inputs: Inputs) -> tuple[StageSeen, ...]:
    """Of each stage that gives something with places in the image, in order. inputs: of one image."""
    with watching(backbone) as gave:
        backbone(inputs)
    last = {each.unit: as_map(each.activation)[0].float().cpu().numpy() for each in gave}
    found = []
    for stage in backbone.stages:
        maps = [last[unit] for unit in stage.modules if unit in last]
        if maps:
            found.append(_seen(stage.name, maps[-1]))
    return tuple(found)


def _seen(name: str, maps: np.ndarray) -> StageSeen:
    """maps: (C, h, w), of which those are drawn that differ most from place to place, in the order of the network."""
    spread = np.nan_to_num(maps.std(axis=(1, 2)))
    chosen = np.sort(np.argsort(-spread, kind="stable")[:MOST])
    return StageSeen(name, len(maps), len(chosen), maps.shape[-1], _sprite(maps[chosen]))


def _sprite(maps: np.ndarray) -> np.ndarray:
    """Side by side, each from its own least, black, to its own most, white: uint8 (H, W, 2), gray and how opaque."""
    rows, step = -(-len(maps) // ACROSS), TILE + GAP
    sprite = np.zeros((rows * step - GAP, min(len(maps), ACROSS) * step - GAP, 2), np.uint8)
    for number, each in enumerate(maps):
        top, left = number // ACROSS * step, number % ACROSS * step
        sprite[top : top + TILE, left : left + TILE, 0] = _tile(each)
        sprite[top : top + TILE, left : left + TILE, 1] = 255
    return sprite


def _tile(values: np.ndarray) -> np.ndarray:
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    gray = (255 * (values - low) / max(high - low, 1e-12)).round().astype(np.uint8)
    how = Image.Resampling.NEAREST if len(gray) < TILE else Image.Resampling.BOX  # places stay places
    return np.asarray(Image.fromarray(gray).resize((TILE, TILE), how))
