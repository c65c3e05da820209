"""How examples are drawn on pages: an object for each modality, one line each in `SHOWN`."""

from __future__ import annotations

from core.data.dataset import Dataset
from core.modalities import IMAGE, TEXT
from ui.examples.images import ImagesShown
from ui.examples.shown import Shown
from ui.examples.texts import TextsShown

SHOWN: dict[str, Shown] = {IMAGE.name: ImagesShown(), TEXT.name: TextsShown()}


def shown_of(dataset: Dataset) -> Shown:
    """How the examples of this dataset are drawn."""
    return SHOWN[dataset.modality.name]
