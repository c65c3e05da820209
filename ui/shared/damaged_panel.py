"""What lies in the workspace and cannot be read: each with its reason, and away with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import streamlit as st

from core import trash
from core.data.dataset import damaged_datasets, delete_dataset
from core.importing.drafts.drafts import damaged_drafts
from core.trash import Trashed
from core.workspace import Workspace
from ui.shared.confirm import confirm
from ui.shared.widgets import literal

SHOWN = 20
Damaged = tuple[str, str, str, Callable[[], Trashed | None]]  # a key, what it is, its reason, its way to the trash


def damaged_panel(space: Workspace) -> None:
    """Nothing, while all can be read."""
    found = list(_found(space))
    if not found:
        return
    with st.expander(f"Damaged ({len(found)})", icon=":material/broken_image:", expanded=True, key="damaged"):
        for key, what, why, delete in found[:SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center"):
                with st.container(gap=None, width="stretch"):
                    st.markdown(f"**{literal(what, 100)}**")
                    st.caption(literal(why, 300))
                if st.button("Delete", icon=":material/delete:", key=f"delete_damaged_{key}"):
                    confirm("Delete what is damaged?", f"**{literal(what, 100)}**.", "Delete it", delete)
        if len(found) > SHOWN:
            st.caption(f"And {len(found) - SHOWN:,} more.")


def _found(space: Workspace) -> Iterator[Damaged]:
    for name, why in damaged_datasets(space).items():
        yield name, f"Dataset {name}", why, partial(delete_dataset, space, name)
    for name, why in damaged_drafts(space).items():
        yield name, f"Draft {name}", why, partial(trash.put, space, "draft", name, name)
