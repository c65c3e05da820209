"""Make a dataset in the browser: a card a class, and everything on disk as soon as it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import streamlit as st

from core.data.dataset import list_datasets
from core.importing.drafts.drafts import Draft, add_class, delete_draft, list_drafts, new_draft, rename
from ui.datasets.draft_card import attempt, draft_card, last_word
from ui.shared import state
from ui.shared.confirm import confirm
from ui.shared.gone import apart
from ui.shared.widgets import clip, count, errors_shown, literal

ACROSS = 3  # cards
LEAST = 2  # classes, and images of each, to make a dataset
UNEVEN = 3  # times as many images in one class as in another
_CHOSEN = "draft"


@st.fragment
@apart
def draft_panel(start: Callable[[Draft], object]) -> None:
    """Draw the drafts of this workspace. start: begins to make the dataset; the page then runs again."""
    with errors_shown():
        draft = _header()
        cells = _cells()
        for one in draft.classes:
            with next(cells):
                draft_card(draft, one)
        with next(cells):
            _add(draft)
        _make(draft, start)


def _cells() -> Iterator[st.delta_generator.DeltaGenerator]:
    """Places for cards, row by row; on a narrow screen they are stacked."""
    while True:
        yield from st.columns(ACROSS)


def _header() -> Draft:
    """The chosen draft, with its name, and what can be done with it as a whole."""
    known = {draft.id: draft for draft in list_drafts(state.workspace())}
    if not known:
        draft = new_draft(state.workspace())
        known = {draft.id: draft}
    draft = known.get(st.session_state.get(_CHOSEN, "")) or next(iter(known.values()))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _name(draft)
        if len(known) > 1:
            st.selectbox(
                "Draft",
                known,
                index=list(known).index(draft.id),
                format_func=lambda id: f"{clip(known[id].name, 40)} ({count(known[id].images, 'image')})",
                key=f"drafts_{draft.id}",
                on_change=lambda: choose_draft(st.session_state[f"drafts_{draft.id}"]),
            )
        new = "Begin another draft; this one stays"
        st.button("New", icon=":material/note_add:", type="tertiary", help=new, on_click=_new)
        if st.button("Delete draft", icon=":material/delete:", type="tertiary"):
            _confirm_delete(draft)
    return draft


def _new() -> None:
    made = attempt("panel", lambda: new_draft(state.workspace()))
    if made is not None:
        choose_draft(made.id)


def choose_draft(draft_id: str) -> None:
    """Of several, the one that is drawn."""
    st.session_state[_CHOSEN] = draft_id


def _name(draft: Draft) -> None:
    key = f"name_{draft.id}_{abs(hash(draft.name))}"
    st.text_input(
        "Name of the dataset",
        draft.name,
        key=key,
        on_change=_rename,
        args=(draft, key),
    )


def _rename(draft: Draft, key: str) -> None:
    attempt("panel", lambda: rename(draft, st.session_state[key]))


def _confirm_delete(draft: Draft) -> None:
    words = f"**{literal(draft.name, 80)}**, {count(draft.images, 'image')}. Datasets that were made from it stay."
    confirm("Delete this draft?", words, "Delete the draft", lambda: delete_draft(draft))


def _add(draft: Draft) -> None:
    def added() -> None:
        attempt("panel", lambda: add_class(draft, st.session_state["new_class"]))

    with st.container(border=True, height="stretch"), st.form("add_class", clear_on_submit=True, border=False):
        help = (
            "An image has one class here: that of the card it is dropped on. Images with several labels each cannot "
            "be made a dataset here: upload them with a table, such as metadata.csv, that lists the labels of each."
        )
        st.text_input("Add a class", placeholder=f"Class {len(draft.classes) + 1}", key="new_class", help=help)
        st.form_submit_button("Add", icon=":material/add:", on_click=added)
    last_word("panel")


def _make(draft: Draft, start: Callable[[Draft], object]) -> None:
    filled = [len(one.images) for one in draft.classes if one.images]
    ready = len([images for images in filled if images >= LEAST]) >= LEAST
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Make the dataset", type="primary", icon=":material/check:", disabled=not ready):
            start(draft)
            st.rerun()
        st.markdown(_advice(draft, filled, ready))
    if ready and any(one.name == draft.name for one in list_datasets(state.workspace())):
        st.caption("There is a dataset of this name already. It stays as it is, and this makes another one.")


def _advice(draft: Draft, filled: list[int], ready: bool) -> str:
    if not ready:
        return "Two classes with two images each are the least. Everything is saved as you add it."
    if max(filled) > UNEVEN * min(filled):
        few = min((one for one in draft.classes if one.images), key=lambda one: len(one.images))
        return (
            f":orange[:material/balance:] The largest class has {max(filled):,} images, and "
            f"**{literal(few.label, 40)}** {min(filled):,}. About as many of each teach the model more."
        )
    empty = len(draft.classes) - len(filled)
    if empty:
        return f"{count(empty, 'class')} without images will not be in it. The draft stays, to be added to."
    return "The draft stays as it is: add to it later, and make a new dataset."
