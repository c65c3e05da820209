"""One example that was answered, large: what was said of it, why, what is like it, and ways to mend it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core.data.dataset import Dataset
from core.evaluation.answered import taught_by
from ui.datasets.browser.actions import mending
from ui.datasets.browser.dialog import example_view
from ui.datasets.browser.rows import by_name
from ui.datasets.browser.ticks import Ticks
from ui.evaluation.scores import Judgement
from ui.explanations.panel import why
from ui.predictions.asking import Image, oracle
from ui.shared.gone import apart
from ui.shared.widgets import errors_shown, literal, percent

LIKELIEST = 3  # classes that are named


def answered_dialog(judgement: Judgement, dataset: Dataset, name: str, at: int) -> None:
    """dataset: in the version in use, which has an example of this name. at: its number among the answers."""
    title = literal(name.rsplit("/", 1)[-1], 60)
    st.dialog(title, width="large")(apart(_view))(judgement, dataset, name, at)


def _view(judgement: Judgement, dataset: Dataset, name: str, at: int) -> None:
    row = by_name(dataset).loc[name]
    _said(judgement, at)
    with st.container(horizontal=True, key="mend_one"):
        mending(dataset, Ticks(dataset.id, dataset.version, {name}), key="_one")
    example_view(dataset, row)
    _why(judgement, dataset, row)


def _said(judgement: Judgement, at: int) -> None:
    row = judgement.answered.judged.rows.iloc[at]
    sure = f", {percent(row['sure'])} sure" if math.isfinite(row["sure"]) else ""
    answer = f"It said **{literal(row['said'], 80) or 'nothing'}**{sure}"
    right = "which is right" if row["right"] else f"and it is **{literal(row['truth'], 80) or 'nothing'}**"
    st.markdown(f"{':material/check:' if row['right'] else ':material/close:'} {answer}, {right}.")
    if others := _likeliest(judgement, at):
        st.caption(
            "Likeliest: " + ", ".join(f"{literal(name, 40)} {percent(chance)}" for name, chance in others.items())
        )


def _likeliest(judgement: Judgement, at: int) -> Mapping[str, float]:
    judged = judgement.answered.judged
    if judged.chances is None:
        return {}
    chances = judged.chances[at]
    return {judged.names[number]: float(chances[number]) for number in (-chances).argsort()[:LIKELIEST]}


def _why(judgement: Judgement, dataset: Dataset, row: pd.Series) -> None:
    """The model is loaded when somebody asks."""
    bundle, key = judgement.run.bundle, f"{judgement.run.id}_{row['sha256']}"
    if bundle is None:
        return
    asked = f"why_asked_{key}"
    if not st.session_state.get(asked):
        st.button(
            "Why does it say so?",
            icon=":material/lightbulb:",
            help="What speaks for its answer, and what it has learned from that is like this.",
            on_click=_ask,
            args=(asked, key),
        )
        return
    with errors_shown():
        if judgement.answered.part == "validation" and taught_by(bundle).refitted:
            st.caption(
                f"In the end the model learned from this {judgement.noun} too, and says now what is below; above is "
                "what it said before that."
            )
        model = oracle(bundle)
        why(model, judgement.run, Image(key, str(row["name"]), lambda: _stored(dataset, row)))


def _ask(asked: str, key: str) -> None:
    st.session_state[asked] = True
    st.session_state[f"why_{key}"] = True  # open


def _stored(dataset: Dataset, row: pd.Series) -> Any:
    """What the modality reads: the bytes of a file, or a text."""
    (given,) = dataset.modality.stored(row.to_frame().T, dataset.path)
    return given.read_bytes() if isinstance(given, Path) else given
