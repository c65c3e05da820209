"""One class of a draft: its name, its examples, and the ways to give it more."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.importing.drafts.adding import remove_item
from core.importing.drafts.drafts import Draft, DraftClass, class_to_trash, remove_class, rename_class
from ui.components import component
from ui.datasets.draft_said import attempt, last_word
from ui.datasets.draft_ways import WAYS
from ui.shared.confirm import confirm
from ui.shared.widgets import count, literal

FEW, FAIR = 10, 20  # examples: fewer than the first are too few to learn from, from the second on it is a fair try

_examples = component(__file__, "draft_images")


def draft_card(draft: Draft, one: DraftClass) -> None:
    """Draw the class."""
    with st.container(border=True, key=f"class_{one.id}", height="stretch"):
        _title(draft, one)
        st.markdown(enough(len(one.examples), draft.noun))
        WAYS[draft.modality].draw(draft, one)
        _last_examples(draft, one)
        last_word(one.id)


def enough(examples: int, noun: str = "image") -> str:
    """How many there are and whether they will do, in words and with a sign."""
    if not examples:
        return f":gray[:material/radio_button_unchecked:] No {noun} yet. Aim for {FAIR}"
    said = f"**{count(examples, noun)}**"
    if examples < FEW:
        return f":red[:material/error:] {said}, too few to learn from"
    if examples < FAIR:
        return f":orange[:material/change_history:] {said}; aim for {FAIR}"
    return f":green[:material/check_circle:] {said}, enough to begin with"


# Name -----------------------------------------------------------------------------------------------------------------


def _title(draft: Draft, one: DraftClass) -> None:
    tries = st.session_state.get(f"tries_{one.id}", 0)
    key = f"label_{one.id}_{abs(hash(one.label))}_{tries}"  # another tab's new name, or a refused one, is shown anew

    def renamed() -> None:
        st.session_state[f"tries_{one.id}"] = tries + 1
        attempt(one.id, lambda: rename_class(draft, one.id, st.session_state[key]))

    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.text_input("Name of the class", one.label, key=key, on_change=renamed, label_visibility="collapsed")
        asked = st.button(
            "",
            icon=":material/delete:",
            type="tertiary",
            help="Remove this class",
            key=f"remove_{one.id}",
            on_click=None if one.examples else partial(_remove, draft, one),
        )
        if asked and one.examples:
            _confirm_removal(draft, one)


def _remove(draft: Draft, one: DraftClass) -> None:
    attempt("panel", lambda: remove_class(draft, one.id))


def _confirm_removal(draft: Draft, one: DraftClass) -> None:
    many = count(len(one.examples), draft.noun)
    words = f"**{literal(one.label, 80)}**, {many}. Datasets that were made from it stay."
    confirm("Remove this class?", words, "Remove the class", lambda: class_to_trash(draft, one.id))


# Examples -----------------------------------------------------------------------------------------------------------


def _last_examples(draft: Draft, one: DraftClass) -> None:
    if not one.examples:
        return
    key = f"images_{one.id}"

    def remove() -> None:
        clicked = st.session_state[key].get("remove")
        for file in clicked if isinstance(clicked, list) else ():
            attempt(one.id, partial(remove_item, draft, one.id, file))

    ways = WAYS[draft.modality]
    several = len(one.examples) - ways.shown > 1  # a lone one more takes no more room than the words that say so
    last = one.examples[: -ways.shown - 1 - (not several) : -1]
    shown = [{"file": item.file} | looks for item, looks in zip(last, ways.looks(draft, last))]
    data = {"target": one.id, "images": shown, "more": len(one.examples) - len(last), "noun": draft.noun}
    _examples(key=key, data=data, on_remove_change=remove)
