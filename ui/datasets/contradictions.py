"""Examples that look the same and say different things, side by side, to settle one after another."""

from __future__ import annotations

import streamlit as st

from core.data import changes
from core.data.dataset import Dataset
from core.finding import Finding
from ui.shared.example_row import example_row, rows_of
from ui.shared.undo import apply
from ui.shared.widgets import literal

AT_ONCE = 4  # the next ones come up as these are settled
COPIES = 6  # shown of each, and so many answers at most


def contradictions(dataset: Dataset, finding: Finding, key: str) -> None:
    """Each with a button for every answer that it has, and one to leave it out."""
    for number, group in enumerate(finding.groups[:AT_ONCE]):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            example_row(dataset, group[:COPIES], answers=True)
            with st.container(horizontal=True, vertical_alignment="center", gap="small", width="content"):
                st.markdown("It is:", width="content")
                _buttons(dataset, group, f"{key}_{number}")
    more = len(finding.groups) - AT_ONCE
    if more > 0:
        st.caption(f"{more:,} more come up as these are settled.")


def _buttons(dataset: Dataset, group: list[str], key: str) -> None:
    rows = rows_of(dataset, group)
    words = dict(zip(rows[dataset.column], dataset.answers(rows)))
    for place, (answer, word) in enumerate(list(words.items())[:COPIES]):
        help = "The copies that say otherwise are left out of a new version."
        if st.button(literal(word, 40), help=help, key=f"{key}_{place}"):
            apply(dataset, changes.settle, group, answer)
    if st.button("Leave out", type="tertiary", help="All of its copies are left out.", key=f"{key}_out"):
        apply(dataset, changes.leave_out, group)
