"""What a model says of an example, drawn by what kind of answer it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

import streamlit as st

from core.tasks.predictions import SHARE, Guess, LabelSet, Number, Prediction, Ranked, Spans
from ui.components import component
from ui.predictions.entities import LONGEST, marked
from ui.shared.theme import palette
from ui.shared.widgets import clip, literal, percent

_bars = component(__file__, "answers")


@singledispatch
def draw(prediction: Prediction, most: int, key: str, is_foreign: bool = False) -> None:
    """most: of what is ranked. key: differs between any two on a page. is_foreign: nothing like the image was taught,
    which was said already."""
    st.markdown(literal(prediction.words(most), 300))


@draw.register
def _ranked(prediction: Ranked, most: int, key: str, is_foreign: bool = False) -> None:
    bars(prediction.top[:most], 0 if prediction.is_refused else 1, key)
    if prediction.is_refused:
        best = prediction.top[0].probability
        st.caption(
            f":material/help: Not sure: {percent(best)}, where at least {percent(prediction.least)} was asked for on "
            "the page Evaluate."
        )
    elif prediction.is_unsure and not is_foreign:
        best = prediction.top[0].probability
        st.caption(
            f":material/help: Unsure: {percent(best)} for the likeliest, where chance alone gives "
            f"{percent(prediction.chance)}. Perhaps none of the classes fits: one of them is always named."
        )


@draw.register
def _labels(prediction: LabelSet, most: int, key: str, is_foreign: bool = False) -> None:
    """Which it has; the bars below tell how likely each is, for itself."""
    has = prediction.labels
    st.markdown(literal(", ".join(has), 300) or ":gray[None of the labels]")
    bars(prediction.each[: max(most, len(has))], len(has), key)


@draw.register
def _number(prediction: Number, most: int, key: str, is_foreign: bool = False) -> None:
    st.metric(literal(prediction.name, 40) or "Number", f"{prediction.value:,.4g}")
    if prediction.within is not None:
        low, high = prediction.value - prediction.within, prediction.value + prediction.within
        st.caption(
            f"{low:,.4g} to {high:,.4g}: so far off, ±{prediction.within:,.3g}, are at most {1 - prediction.share:.0%} "
            "of its answers."
        )
    if prediction.is_outside:
        taught = f"{prediction.smallest:,.4g} to {prediction.largest:,.4g}"
        st.caption(f"Outside of what it was taught, {taught}: trust it less.")


@draw.register
def _entities(prediction: Spans, most: int, key: str, is_foreign: bool = False) -> None:
    st.html(marked(prediction, palette().series))
    if not prediction.spans:
        st.caption("No entity was found in it.")
    if prediction.reach is not None:
        st.caption(
            f":material/content_cut: The model reads no longer texts: what lies behind character {prediction.reach:,} "
            "was not looked at. Ask about it in parts."
        )
    if len(prediction.text) > LONGEST:
        st.caption(f"The first {LONGEST:,} characters are shown; the table has all entities.")


def bars(guesses: Sequence[Guess], said: int, key: str) -> None:
    """Likeliest first; the first `said`, which the image is said to be, stand out."""
    data = [
        {"label": clip(guess.label, 300), "probability": guess.probability, "said": place < said}
        for place, guess in enumerate(guesses)
    ]
    _bars(key=key, data=data)


@singledispatch
def heading(prediction: Prediction | None, column: str) -> str:
    """Of a column of its row, in a table."""
    return column.capitalize()


@heading.register
def _heading_of_labels(prediction: LabelSet, column: str) -> str:
    return column if column.endswith(SHARE) else column.capitalize()
