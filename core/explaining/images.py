"""Images explained: by a heat map of places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from core.explaining.asked import Asked, backbone_of
from core.explaining.explained import Explained
from core.explaining.explanation import Box, HeatMap, Listen, Method, StageSeen
from core.explaining.occlusion import occlusion
from core.explaining.places import NoPlaces, grad_cam, half_way, of_tokens
from core.explaining.stages import stages_of
from core.inference.predictor import Predictor
from core.modalities.images import Seen
from core.modalities.images.augmentation import placement
from core.modalities.inputs import Inputs

GRAD_CAM = Method(
    "gradcam",
    "Grad-CAM",
    "Where what the network's stages found adds to this answer. Quick, and as coarse as those stages see.",
)
INTEGRATED = Method(
    "integrated",
    "Integrated gradients of tokens",
    "The image is tokens to this network: how much each of them adds to this answer, on the way from all alike to what "
    "they are.",
)
OCCLUSION = Method(
    "occlusion",
    "Occlusion",
    "Covers a part of the image at a time, and sees how much less likely the answer becomes. To compare with, and no "
    "proof by itself: its maps of one small network stayed too much the same when the weights were random.",
)
NO_MAPS = "This backbone gives no maps of the image, so parts of it were covered in turn."


class ImagesExplained(Explained):
    has_stages = True

    def methods(self, predictor: Predictor) -> tuple[Method, ...]:
        """By what the network is made of, without running it."""
        return INTEGRATED if half_way(backbone_of(predictor)) else GRAD_CAM, OCCLUSION

    def stages(self, predictor: Predictor, example: Any) -> tuple[StageSeen, ...]:
        read = predictor.modality.read(example, predictor.preprocessing)
        inputs = predictor.modality.collate([read], predictor.preprocessing, predictor.device.torch)
        return stages_of(backbone_of(predictor), inputs)

    def explain(self, asked: Asked, method: str | None, listen: Listen) -> HeatMap:
        if method == OCCLUSION.name:
            return self._covering(asked, listen)
        try:
            if half_way(asked.backbone):
                found = of_tokens(asked.backbone, asked.inputs, asked.of_features, listen)
                return _heat(asked, found, INTEGRATED)
            return _heat(asked, grad_cam(asked.backbone, asked.inputs, asked.of_features), GRAD_CAM)
        except NoPlaces:
            return self._covering(asked, listen, NO_MAPS)

    def _covering(self, asked: Asked, listen: Listen, note: str = "") -> HeatMap:
        with torch.inference_mode():
            found = occlusion(asked.inputs, self._likely(asked), listen)
        return _heat(asked, found, OCCLUSION, note)

    def _likely(self, asked: Asked) -> Callable[[Inputs], torch.Tensor]:
        return lambda inputs: asked.likely(asked.outputs(inputs))


def _heat(asked: Asked, found: torch.Tensor, method: Method, note: str = "") -> HeatMap:
    """found: (h, w), how much each place adds."""
    values = (found.abs() if asked.either_way else found.relu()).float().cpu().numpy()
    largest = float(np.nan_to_num(values, nan=0.0, posinf=0.0).max())
    values = np.nan_to_num(values, nan=0.0, posinf=0.0) / largest if largest > 0 else np.zeros_like(values)
    if largest <= 0:
        note = f"{note} Nothing in this image speaks for {asked.aim.title}.".strip()
    aim = asked.aim
    return HeatMap(
        values.astype(np.float32), part_seen(asked.read), method.name, aim.name, aim.probability, asked.likeliest, note
    )


def part_seen(read: Seen) -> Box:
    """Of an image, what the network sees of it."""
    (width, height), size = read.size, read.settings.size
    to_network = np.vstack([placement(width, height, read.settings), [0, 0, 1]])
    corners = np.linalg.inv(to_network) @ np.array([[0, size], [0, size], [1, 1]])
    (left, right), (top, bottom) = corners[0] / width, corners[1] / height
    return float(left), float(top), float(right), float(bottom)
