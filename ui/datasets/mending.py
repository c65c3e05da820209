"""What a click would mend is shown first: some examples as they are, and as they would be."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.data.changes import Repair, repair
from core.data.dataset import Dataset
from core.data.mending import Mended, mendable
from core.finding import Finding
from ui.examples import shown_of
from ui.shared.undo import apply
from ui.shared.widgets import count, errors_shown

LOOKED_AT_FIRST = frozenset({"mend"})  # repairs of this kind
SHOWN = 4
LOOKED_AT, SIZE = 2_000, 2_000_000  # examples, and their characters; more would keep the page waiting


def mending(dataset: Dataset, finding: Finding, one: Repair, key: str) -> None:
    noun = dataset.modality.noun
    with errors_shown():
        found = _mendable(dataset.directory, dataset.version, finding.kind, dataset, finding)
        if not found.rows and not found.left:
            st.caption(f"Nothing of the {len(finding.files):,} can be told from what is left.")
            return
        many = count(len(found.rows), noun) if not found.left else f"up to {count(len(finding.files), noun)}"
        with st.popover(f"Mend {many}"):
            shown_of(dataset).changes(found.before[:SHOWN], found.after[:SHOWN])
            _told(dataset, found)
            if st.button(f"Mend {many}", type="primary", help=one.help, key=key):
                apply(dataset, repair, finding, one.key)


def _told(dataset: Dataset, found: Mended) -> None:
    rest = len(found.rows) - SHOWN
    if rest > 0:
        st.caption(f"And {rest:,} more." if not found.left else "And more.")
    if found.unplaced:
        why = f"what looks wrong lies at the edge of one of their {dataset.task.plural}"
        st.caption(f"{count(len(found.unplaced), dataset.modality.noun)} stay as they are: {why}.")


@st.cache_resource(max_entries=8, show_spinner="Looking at what can be mended")
def _mendable(directory: Path, version: int, kind: str, _dataset: Dataset, _finding: Finding) -> Mended:
    return mendable(_dataset, _finding.files, LOOKED_AT, SIZE)
