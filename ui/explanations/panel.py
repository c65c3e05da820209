"""Why a model says what it says: drawn when somebody opens it, for one example at a time."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.explaining.explanation import Explanation, Listen
from core.runs import Run
from core.tasks.predictions import Aim
from ui.explanations.drawn import draw
from ui.explanations.seen import seen
from ui.explanations.stages import stages
from ui.predictions.asking import Image, Oracle
from ui.shared.gone import apart
from ui.shared.widgets import count, errors_shown, percent

PATIENCE = 0.4  # seconds without a sign of what is done


def why(model: Oracle, run: Run, example: Image) -> None:
    """An expander, in which nothing is worked out until it is opened. run: whose model it is."""
    box = st.expander("Why", icon=":material/lightbulb:", key=f"why_{example.key}", on_change="rerun")
    if _is_open(box):
        with box:
            _panel(model, run, example)


def _is_open(box: Any) -> bool:
    return bool(box.open)


@st.fragment
@apart
def _panel(model: Oracle, run: Run, example: Image) -> None:
    with errors_shown():
        _reasons(model, example, f"{run.id}_{example.key}")  # another run knows other classes
    with errors_shown():
        seen(model, run, example)
    with errors_shown():
        stages(model, example)


def _reasons(model: Oracle, example: Image, key: str) -> None:
    first = _explained(model, example, None, None, key)
    if first is None:
        return
    target, method = _target(first, model, key), _method(model, key)
    found = _explained(model, example, target, method, key)
    if found is not None:
        draw(found, model, example, f"drawn_{key}")


def _target(first: Explanation, model: Oracle, key: str) -> str | None:
    """Of what it is asked why; None where there is no choice."""
    aims = {aim.name: aim for aim in first.aims}
    if len(aims) < 2:
        return None
    return st.selectbox(
        f"Why this {model.task.noun}",
        list(aims),
        format_func=lambda name: _said(aims[name]),
        key=f"why_aim_{key}",
        help=f"Each has reasons of its own, also one that is unlikely: what in the {model.modality.noun} speaks for it "
        "nevertheless?",
    )


def _said(aim: Aim) -> str:
    return aim.title if aim.probability is None else f"{aim.title}, {percent(aim.probability)}"


def _method(model: Oracle, key: str) -> str | None:
    methods = {method.name: method for method in model.methods}
    picked = st.radio(
        "How",
        list(methods),
        format_func=lambda name: methods[name].title,
        horizontal=True,
        key=f"why_how_{key}",
    )
    st.caption(methods[picked].help)
    return picked if len(methods) > 1 else None


def _explained(model: Oracle, example: Image, target: str | None, method: str | None, key: str) -> Explanation | None:
    """None while it is stopped. Stop is a click like any other: the rerun it causes ends the work."""
    found = model.explained(example, target, method)
    if found is not None:
        return found
    stopped, asked = f"why_stopped_{key}", (target, method)
    if st.session_state.get(stopped) == asked:
        st.info("Stopped.", icon=":material/pause:")
        st.button("Go on", key=f"why_on_{key}", on_click=st.session_state.pop, args=(stopped, None))
        return None
    place = st.empty()
    try:
        return model.explain(example, target, method, _telling(place, stopped, asked))
    finally:
        place.empty()


def _telling(place: DeltaGenerator, stopped: str, asked: tuple[str | None, str | None]) -> Listen:
    """Says how far it is, of what takes its time."""
    began, bar = time.monotonic(), None

    def stop() -> None:
        st.session_state[stopped] = asked

    def listen(done: int, total: int) -> None:
        nonlocal bar
        if bar is None:
            if time.monotonic() - began < PATIENCE:
                return
            with place.container():
                bar = st.progress(0.0)
                st.button("Stop", icon=":material/stop:", key=f"{stopped}_button", on_click=stop)
        bar.progress(done / total, text=f"Looking for reasons: {done:,} of {count(total, 'step')}")

    return listen
