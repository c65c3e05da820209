"""What a page decides about a model: kept in its bundle, with the way back."""

from __future__ import annotations

import streamlit as st

from core.evaluation.answered import Answered
from core.inference.deciding import read_decision, write_decision
from core.tasks.decision import Decision
from ui.evaluation.parts import own_part
from ui.evaluation.scores import Judgement
from ui.shared.widgets import errors_shown

TITLES = {"test": "the test part", "validation": "the validation part", "other": "these"}


def found_by(judgement: Judgement) -> Answered:
    """What a temperature, thresholds and ranges are found by: the validation part, or what is shown where there is
    none."""
    if judgement.answered.part == "validation":
        return judgement.answered
    return own_part(judgement.run, "validation") or judgement.answered


def decide(judgement: Judgement, decision: Decision, said: str) -> None:
    """Keep it, and draw the page again. said: what was done, for the line with the way back."""
    bundle = judgement.run.bundle
    if bundle is None:
        return
    with errors_shown():
        before = read_decision(bundle)
        write_decision(bundle, decision)
        st.session_state[_key(judgement)] = (before, decision, said)
        st.rerun()


def undo_line(judgement: Judgement) -> None:
    """What the last click decided, as long as it holds."""
    kept = st.session_state.get(_key(judgement))
    if kept is None or kept[1] != judgement.answered.decision:
        return
    before, _, said = kept
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/check: {said}", width="content")
        if st.button("Undo", icon=":material/undo:", key=f"undo_decision_{judgement.key}"):
            st.session_state.pop(_key(judgement))
            with errors_shown():
                if judgement.run.bundle is not None:
                    write_decision(judgement.run.bundle, before)
                st.rerun()


def _key(judgement: Judgement) -> str:
    return f"decided_{judgement.run.id}"
