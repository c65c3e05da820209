"""The way from nothing to an answer, in four steps, and where the person stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st


@dataclass(frozen=True)
class Step:
    """state: where it stands, one line, already literal. action: what the next click does."""

    title: str
    icon: str
    page: str
    sentence: str
    state: str
    done: bool
    action: str


def next_of(steps: list[Step]) -> Step:
    """The first that is not done."""
    return next((step for step in steps if not step.done), steps[-1])


def draw_steps(steps: list[Step], above: bool) -> None:
    """Four cards in a row; the next one is marked. above: whether its button stands at the top of the page."""
    following = next_of(steps)
    for number, (column, step) in enumerate(zip(st.columns(len(steps), gap="small"), steps), start=1):
        with column:
            _card(number, step, step is following, above)


def _card(number: int, step: Step, following: bool, above: bool) -> None:
    with st.container(border=True, height="stretch", vertical_alignment="distribute", key=f"step_{number}"):
        with st.container():
            mark = ":material/check_circle:" if step.done else f":material/counter_{number}:"
            st.markdown(f"#### :{'primary' if step.done or following else 'gray'}[{mark}] {step.title}")
            st.markdown(step.sentence)
            st.caption(step.state)
        kind: Literal["secondary", "tertiary"] = "secondary" if following else "tertiary"
        if following and above:
            st.caption(":primary[Next]")
        elif st.button(step.action, type=kind, icon=step.icon, key=f"go_{number}"):
            st.switch_page(step.page)
