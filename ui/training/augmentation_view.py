"""Augmentation, MixUp and CutMix on the person's own images, before a run."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from core.data.dataset import Dataset
from core.modalities.images.preprocessing import Preprocessing
from core.training.recipe import Recipe
from ui.shared.widgets import clip, errors_shown

if TYPE_CHECKING:  # torch takes seconds to import, and only the open tab needs it
    from core.training.trials.preview import Mix, Preview

IMAGES, VIEWS = 4, 4
SIDE = 144  # pixels as sent; at most 104 as shown, for sharp screens
SIZES = "display:grid;grid-template-columns:repeat(5,minmax(0,104px));gap:0.35rem;margin-bottom:0.35rem"
WORDS = "font-size:0.75rem;opacity:0.75;overflow:hidden;text-overflow:ellipsis;white-space:nowrap"


def augmentation_view(dataset: Dataset, preprocessing: Preprocessing, recipe: Recipe) -> None:
    """Some training images as they are, beside what a run of this recipe sees of them. Nothing if it is the same."""
    if recipe.augmentation == "none" and not _mixing(recipe):
        return
    looks = recipe.model_dump_json(include={"augmentation", "mixup", "cutmix", "seed"})
    with errors_shown():
        st.html(_drawn(dataset.directory, dataset.version, preprocessing.model_dump_json(), looks, dataset, recipe))
    if recipe.augmentation != "none" and not recipe.cutmix and (recipe.freeze != 0 or recipe.unfreeze != "never"):
        st.caption(
            f"While stages are frozen, which run once, {recipe.views} kept views of each image take turns: less "
            "variety than a new one every epoch, in a fraction of the time. Keep more of them for more variety."
        )
    if recipe.mixup and not recipe.cutmix and recipe.freeze != 0:
        st.caption("While stages are frozen, MixUp mixes what they give, which runs once, and not the images.")


@st.cache_data(max_entries=16, show_spinner="Augmenting some of your images")
def _drawn(directory: Path, version: int, preprocessing: str, looks: str, _dataset: Dataset, _recipe: Recipe) -> str:
    from core.training.trials.preview import preview

    rows = some_of(_dataset)
    made = preview(
        [_dataset.path(image) for image in rows["image"]],
        list(rows["sha256"]),
        Preprocessing.model_validate_json(preprocessing),
        _recipe,
        epochs=0 if _recipe.augmentation == "none" else VIEWS,
    )
    return _markup(made, _dataset.answers(rows))


def some_of(dataset: Dataset) -> pd.DataFrame:
    """A few rows of the training part: the first of every class, or range of numbers, then the second..."""
    rows = dataset.part("train")
    return rows.loc[rows.groupby(dataset.task.strata(rows)).cumcount().sort_values(kind="stable").index[:IMAGES]]


def _markup(made: Preview, answers: Sequence[str]) -> str:
    """answers: what each image is said to be; other people's text, so escaped."""
    parts = []
    if len(made.views[0]) > 1:
        words = ["As it is", *(f"View {number}" for number in range(1, VIEWS + 1))]
        for row, views in enumerate(made.views):
            said = words if row == 0 else [""] * len(words)
            parts.append(row_of([figure(pixels, word) for pixels, word in zip(views, said)]))
    if made.mixes:
        parts.append(row_of([figure(mix.pixels, _mixture(mix, answers)) for mix in made.mixes]))
    return "".join(parts)


def _mixture(mix: Mix, answers: Sequence[str]) -> str:
    return f"{mix.share:.0%} {clip(answers[mix.first], 30)}, {1 - mix.share:.0%} {clip(answers[mix.second], 30)}"


def row_of(figures: list[str]) -> str:
    return f'<div style="{SIZES}">{"".join(figures)}</div>'


def figure(pixels: np.ndarray, words: str) -> str:
    """An image as HTML, with words above it. pixels: uint8 (H, W, 3)."""
    file, said = BytesIO(), html.escape(words, quote=True)
    height, width = (max(1, round(SIDE * side / max(pixels.shape[:2]))) for side in pixels.shape[:2])
    Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR).save(file, "JPEG", quality=88)
    source = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    image = f'<img src="{source}" alt="{said}" style="width:100%;border-radius:0.35rem;display:block">'
    caption = f'<figcaption style="{WORDS}">{said}</figcaption>' if words else ""
    return f'<figure style="margin:0;display:flex;flex-direction:column" title="{said}">{caption}{image}</figure>'


def _mixing(recipe: Recipe) -> bool:
    return bool(recipe.mixup or recipe.cutmix)
