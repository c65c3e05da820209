"""One image of a dataset, large, with all that is known of it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.data.browsing import findings_of
from core.data.changes import SPLIT_WORDS
from core.data.dataset import Dataset
from core.modalities.images.thumbnails import large
from ui.shared.gone import apart
from ui.shared.widgets import clip, errors_shown, file_size, literal

WIDEST, HIGHEST = 780, 600  # pixels on the screen


def image_dialog(dataset: Dataset, name: str) -> None:
    """name: of an image of this version."""
    row = dataset.frame.loc[dataset.frame["name"] == name].iloc[0]
    st.dialog(literal(name.rsplit("/", 1)[-1], 60), width="large")(apart(_image))(dataset, row)


def _image(dataset: Dataset, row: pd.Series) -> None:
    left, right = st.columns([2, 1], gap="medium")
    with left, errors_shown():
        width = min(WIDEST, round(HIGHEST * row["width"] / row["height"]))  # tiny ones are made larger
        st.image(large(dataset.path(row["image"]), dataset.rendering), width=max(1, width), alt=clip(row["name"]))
    with right:
        for fact, said in _facts(dataset, row).items():
            if said:
                st.markdown(f":gray[:small[{literal(fact)}]]  \n{literal(said, 300)}")
        for finding in findings_of(dataset, row["name"]):
            st.markdown(f":material/info: {literal(finding.title)}")


def _facts(dataset: Dataset, row: pd.Series) -> dict[str, str]:
    several = dataset.task.classes is not None and dataset.task.classes.several
    what = clip(dataset.target, 40) or (dataset.task.plural if several else dataset.noun).capitalize()
    return {
        what: dataset.answers(row.to_frame().T)[0],
        "Split": SPLIT_WORDS[row["split"]].capitalize(),
        "Size": f"{row['width']:,} × {row['height']:,} pixels, {file_size(row['bytes'])}",
        "Belongs to": row["group"],
        "Mended": row["mended"],
        "File": row["name"],
    }
