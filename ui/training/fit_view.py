"""How images are fitted into a square, on the person's own, and what their resolution costs, before a run."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import streamlit as st

from core.backbones.catalogue import BackboneInfo
from core.data.dataset import Dataset
from core.modalities.images.preprocessing import Fit, Preprocessing, decode, shrink, square
from core.runtime.tuning import measured_rate
from ui.backbones.stages import stages_of
from ui.shared import state
from ui.shared.widgets import errors_shown
from ui.training.augmentation_view import SIDE, figure, row_of, some_of

TITLES: dict[Fit, str] = {"crop": "Crop the middle", "pad": "Pad", "squash": "Squash"}


def fit_view(dataset: Dataset, fitted: BackboneInfo) -> None:
    """Some training images as they are, beside each way to fit them. fitted: as the recipe has it."""
    st.markdown(cost(fitted))
    with errors_shown():
        ways = {
            fit: fitted.fitted(fit, fitted.preprocessing.size, dataset.rendering).preprocessing for fit in get_args(Fit)
        }
        st.html(_drawn(dataset.directory, dataset.version, fitted.said, dataset, ways, fitted.preprocessing.fit))


def cost(fitted: BackboneInfo) -> str:
    """What the resolution costs, with milliseconds where this machine has been measured."""
    size, own = fitted.preprocessing.size, fitted.input_size
    times = (size / own) ** 2
    here, before = _milliseconds(fitted), _milliseconds(fitted.fitted(fitted.preprocessing.fit))
    if size == own:
        return f"The network sees {size} × {size} pixels, as it was made for" + (f": {here}." if here else ".")
    more = f"{times:.2g} times the work" if times >= 0.995 else f"{times:.0%} of the work"
    measured = f", {here}" if here else f" (there: {before})" if before else ""
    return f"The network sees {size} × {size} pixels in place of its own {own} × {own}: {more}{measured}."


def _milliseconds(info: BackboneInfo) -> str:
    rate = measured_rate(state.workspace(), f"{info.said}, {len(stages_of(info))} stages, ")
    return f"{1000 / rate:.3g} ms an image, as measured on this machine" if rate else ""


@st.cache_data(max_entries=16, show_spinner="Fitting some of your images")
def _drawn(
    directory: Path, version: int, said: str, _dataset: Dataset, _ways: dict[Fit, Preprocessing], chosen: Fit
) -> str:
    words = ["The image", *(f"{TITLES[fit]}{' (chosen)' if fit == chosen else ''}" for fit in _ways)]
    rows: list[str] = []
    for image in some_of(_dataset)["image"]:
        figures = _fitted(_dataset.path(image), list(_ways.values()))
        rows.append(row_of([figure(pixels, "" if rows else word) for pixels, word in zip(figures, words)]))
    return "".join(rows)


def _fitted(path: Path, ways: list[Preprocessing]) -> list[np.ndarray]:
    """uint8 (H, W, 3): the image as it is, then fitted in each way."""
    image = decode(path, max(SIDE, *(each.resize for each in ways)), ways[0].rendering)
    return [np.asarray(image), *(square(shrink(image, each), each) for each in ways)]
