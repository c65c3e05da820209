"""Make a dataset in the browser: a card a class, and everything on disk as soon as it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import streamlit as st

from core.data.dataset import list_datasets
from core.importing.drafts.drafts import Draft, add_class, delete_draft, list_drafts, new_draft, rename
from core.importing.drafts.making import kinds
from core.modalities import IMAGE
from ui.datasets.draft_card import draft_card
from ui.datasets.draft_said import attempt, last_word
from ui.datasets.draft_ways import WAYS
from ui.shared import state
from ui.shared.confirm import confirm
from ui.shared.gone import apart
from ui.shared.widgets import clip, count, errors_shown, literal

ACROSS = 3  # cards
LEAST = 2  # classes, and examples of each, to make a dataset
UNEVEN = 3  # times as many examples in one class as in another
_CHOSEN, _KIND = "draft", "draft_kind"


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
    drafts = list_drafts(state.workspace())
    kind = _kind(drafts)
    known = {draft.id: draft for draft in drafts if draft.modality == kind}
    if not known:
        draft = new_draft(state.workspace(), modality=kind)
        known = {draft.id: draft}
    draft = known.get(st.session_state.get(_CHOSEN, "")) or next(iter(known.values()))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _name(draft)
        if len(known) > 1:
            st.selectbox(
                "Draft",
                known,
                index=list(known).index(draft.id),
                format_func=lambda id: f"{clip(known[id].name, 40)} ({count(known[id].size, known[id].noun)})",
                key=f"drafts_{draft.id}",
                on_change=lambda: choose_draft(st.session_state[f"drafts_{draft.id}"]),
            )
        new = "Begin another draft; this one stays"
        st.button("New", icon=":material/note_add:", type="tertiary", help=new, on_click=_new, args=(kind,))
        if st.button("Delete draft", icon=":material/delete:", type="tertiary"):
            _confirm_delete(draft)
    return draft


def _kind(drafts: list[Draft]) -> str:
    """Of what the classes are made: as it was chosen, else as the newest draft's."""
    options = kinds()
    kept = st.session_state.get(f"{_KIND}_kept") or (drafts[0].modality if drafts else IMAGE.name)
    first = None if _KIND in st.session_state else kept
    chosen = st.segmented_control(
        *("Classes of", list(options)),
        format_func=options.__getitem__,
        default=first,
        required=True,
        key=_KIND,
        label_visibility="collapsed",
    )
    st.session_state[f"{_KIND}_kept"] = chosen or kept  # while an import is watched in the panel's place
    return chosen or kept


def _new(kind: str) -> None:
    made = attempt("panel", lambda: new_draft(state.workspace(), modality=kind))
    if made is not None:
        choose_draft(made.id)


def choose_draft(draft_id: str, kind: str = "") -> None:
    """Of several, the one that is drawn. kind: of what it is, where another kind may be shown."""
    st.session_state[_CHOSEN] = draft_id
    if kind:
        st.session_state[_KIND] = kind


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
    words = f"**{literal(draft.name, 80)}**, {count(draft.size, draft.noun)}. Datasets that were made from it stay."
    confirm("Delete this draft?", words, "Delete the draft", lambda: delete_draft(draft))


def _add(draft: Draft) -> None:
    def added() -> None:
        attempt("panel", lambda: add_class(draft, st.session_state["new_class"]))

    with st.container(border=True, height="stretch"), st.form("add_class", clear_on_submit=True, border=False):
        help = WAYS[draft.modality].elsewhere
        st.text_input("Add a class", placeholder=f"Class {len(draft.classes) + 1}", key="new_class", help=help)
        st.form_submit_button("Add", icon=":material/add:", on_click=added)
    last_word("panel")


def _make(draft: Draft, start: Callable[[Draft], object]) -> None:
    filled = [len(one.examples) for one in draft.classes if one.examples]
    ready = len([examples for examples in filled if examples >= LEAST]) >= LEAST
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Make the dataset", type="primary", icon=":material/check:", disabled=not ready):
            start(draft)
            st.rerun()
        st.markdown(_advice(draft, filled, ready))
    if ready and any(one.name == draft.name for one in list_datasets(state.workspace())):
        st.caption("There is a dataset of this name already. It stays as it is, and this makes another one.")


def _advice(draft: Draft, filled: list[int], ready: bool) -> str:
    if not ready:
        return f"Two classes with two {draft.noun}s each are the least. Everything is saved as you add it."
    if max(filled) > UNEVEN * min(filled):
        few = min((one for one in draft.classes if one.examples), key=lambda one: len(one.examples))
        return (
            f":orange[:material/balance:] The largest class has {max(filled):,} {draft.noun}s, and "
            f"**{literal(few.label, 40)}** {min(filled):,}. About as many of each teach the model more."
        )
    empty = len(draft.classes) - len(filled)
    if empty:
        return f"{count(empty, 'class')} without {draft.noun}s will not be in it. The draft stays, to be added to."
    return "The draft stays as it is: add to it later, and make a new dataset."
