"""One class of a draft: its name, its images, and the ways to give it more."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import streamlit as st

from core.errors import DataError, GraftError
from core.importing.drafts.drafts import Draft, DraftClass, class_to_trash, remove_class, rename_class
from core.importing.drafts.images import Added, add_images, remove_image
from core.limits import Limits
from core.modalities.images.thumbnails import thumbnails
from ui.components import component
from ui.shared.confirm import confirm
from ui.shared.drop import Drop, Piece, drop_area
from ui.shared.gone import words_of
from ui.shared.webcam import webcam
from ui.shared.widgets import clip, count, literal, show_error

FILES, FOLDER, WEBCAM = "Files", "Folder", "Webcam"
SHOWN = 7  # images of a class
FEW, FAIR = 10, 20  # images: fewer than the first are too few to learn from, from the second on it is a fair try
TOLD = 5  # files left out that are named
SECONDS_TOLD = 4.0
ADDRESS = "data:image/jpeg;base64,"
T = TypeVar("T")

_images = component(__file__, "draft_images")


def draft_card(draft: Draft, one: DraftClass) -> None:
    """Draw the class."""
    with st.container(border=True, key=f"class_{one.id}", height="stretch"):
        _title(draft, one)
        st.markdown(enough(len(one.images)))
        _ways_in(draft, one)
        _last_images(draft, one)
        last_word(one.id)


def enough(images: int) -> str:
    """How many images there are and whether they will do, in words and with a sign."""
    if not images:
        return f":gray[:material/radio_button_unchecked:] No image yet. Aim for {FAIR}"
    said = f"**{count(images, 'image')}**"
    if images < FEW:
        return f":red[:material/error:] {said}, too few to learn from"
    if images < FAIR:
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
            on_click=None if one.images else partial(_remove, draft, one),
        )
        if asked and one.images:
            _confirm_removal(draft, one)


def _remove(draft: Draft, one: DraftClass) -> None:
    attempt("panel", lambda: remove_class(draft, one.id))


def _confirm_removal(draft: Draft, one: DraftClass) -> None:
    words = f"**{literal(one.label, 80)}**, {count(len(one.images), 'image')}. Datasets that were made from it stay."
    confirm("Remove this class?", words, "Remove the class", lambda: class_to_trash(draft, one.id))


# Images -------------------------------------------------------------------------------------------------------------


def _last_images(draft: Draft, one: DraftClass) -> None:
    if not one.images:
        return
    key = f"images_{one.id}"

    def remove() -> None:
        clicked = st.session_state[key].get("remove")
        for file in clicked if isinstance(clicked, list) else ():
            attempt(one.id, partial(remove_image, draft, one.id, file))

    several = len(one.images) - SHOWN > 1  # a lone one more takes no more room than the words that say so
    last = one.images[: -SHOWN - 1 - (not several) : -1]
    shown = [
        {"file": each.file, "name": clip(each.name, 80), "address": ADDRESS + base64.b64encode(small or b"").decode()}
        for each, small in zip(last, thumbnails([draft.path(each) for each in last]))
    ]
    data = {"target": one.id, "images": shown, "more": len(one.images) - len(last)}
    _images(key=key, data=data, on_remove_change=remove)


# Ways in --------------------------------------------------------------------------------------------------------------


def _ways_in(draft: Draft, one: DraftClass) -> None:
    way = st.segmented_control(
        "Add images",
        [FILES, FOLDER, WEBCAM],
        default=FILES,
        required=True,
        key=f"way_{one.id}",
        on_change=lambda: _one_camera(draft, one),
        label_visibility="collapsed",
        width="stretch",
    )
    if way == WEBCAM:
        webcam(one.id, lambda images: _keep(draft, one, images), key=f"webcam_{one.id}")
    else:
        drop_area(
            partial(_take, draft, one),
            key=f"drop_{one.id}",
            files="Choose files" if way == FILES else "",
            folder="Choose a folder" if way == FOLDER else "",
            invites="or drop images or a folder here" if way == FILES else "or drop it here",
            stopped="What had come by then is kept.",
        )


def _one_camera(draft: Draft, one: DraftClass) -> None:
    for other in draft.classes:
        if other.id != one.id and st.session_state.get(f"way_{other.id}") == WEBCAM:
            st.session_state[f"way_{other.id}"] = FILES


def _keep(draft: Draft, one: DraftClass, images: Sequence[tuple[str, bytes]]) -> None:
    added = add_images(draft, one.id, images)
    if added.refused:
        _tell(one.id, added)


def _take(draft: Draft, one: DraftClass, drop: Drop, pieces: Sequence[Piece], last: bool) -> None:
    added = add_images(draft, one.id, drop.whole(pieces, Limits.from_environment().file_bytes))
    before = st.session_state.get(f"drop_added_{one.id}") if drop.expected > 1 else None
    st.session_state[f"drop_added_{one.id}"] = added = before.and_then(added) if before else added
    if last:
        _tell(one.id, added)


# What happened --------------------------------------------------------------------------------------------------------


def attempt(where: str, what: Callable[[], T]) -> T | None:
    """Do it; what goes wrong is kept, to be told at `where` when the page is drawn."""
    try:
        return what()
    except GraftError as error:
        _tell(where, error)
        return None
    except OSError as error:
        _tell(where, DataError(words_of(error)))
        return None


def _tell(where: str, said: Added | GraftError) -> None:
    st.session_state[f"said_{where}"] = time.monotonic(), said


def last_word(where: str) -> None:
    """Tell what happened here, for a few seconds: the page may be drawn again at once for another reason."""
    since, said = st.session_state.get(f"said_{where}", (0.0, None))
    if time.monotonic() - since > SECONDS_TOLD:
        return
    if isinstance(said, GraftError):
        show_error(said)
    elif isinstance(said, Added):
        st.caption(_counted(said))
        for refused in said.refused[:TOLD]:
            st.caption(f"{literal(refused.name, 60)}: {literal(refused.reason)}")
        if len(said.refused) > TOLD:
            st.caption(f"And {len(said.refused) - TOLD:,} more.")


def _counted(added: Added) -> str:
    words = [f"{count(added.taken, 'image')} added."]
    if added.known:
        words.append(f"{added.known:,} were here already.")
    if added.refused:
        words.append(f"{len(added.refused):,} left out:")
    return " ".join(words)
