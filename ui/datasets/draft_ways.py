"""How a class of a draft gets its examples, and how those look on its card: an object for each modality."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import streamlit as st

from core.importing.drafts.adding import Added
from core.importing.drafts.drafts import Draft, DraftClass, Item
from core.importing.drafts.images import add_images
from core.importing.drafts.texts import MOST_BYTES, add_text_files, add_texts
from core.limits import Limits
from core.modalities import IMAGE, TEXT
from core.modalities.images.thumbnails import thumbnails
from core.modalities.texts.kept import shortened
from ui.datasets.draft_said import attempt, tell
from ui.shared.drop import Drop, Piece, drop_area
from ui.shared.webcam import webcam
from ui.shared.widgets import clip

FILES, FOLDER, WEBCAM, TYPE = "Files", "Folder", "Webcam", "Type or paste"
ADDRESS = "data:image/jpeg;base64,"
STOPPED = "What had come by then is kept."


class Ways(Protocol):
    """shown: how many of a class's last examples are on its card. elsewhere: what cannot be made here, and where."""

    shown: int
    elsewhere: str

    def draw(self, draft: Draft, one: DraftClass) -> None:
        """The ways to give the class more."""
        ...

    def looks(self, draft: Draft, items: Sequence[Item]) -> list[dict[str, Any]]:
        """What `draft_images.js` draws of each: name, and an address, or nothing but words."""
        ...


class ImageWays(Ways):
    shown = 7
    elsewhere = (
        "An image has one class here: that of the card it is dropped on. Images with several labels each cannot "
        "be made a dataset here: upload them with a table, such as metadata.csv, that lists the labels of each."
    )

    def draw(self, draft: Draft, one: DraftClass) -> None:
        way = _way(one, [FILES, FOLDER, WEBCAM], lambda: _one_camera(draft, one))
        if way == WEBCAM:
            webcam(one.id, lambda images: _recorded(draft, one, images), key=f"webcam_{one.id}")
        else:
            drop_area(
                partial(take_images, draft, one),
                key=f"drop_{one.id}",
                files="Choose files" if way == FILES else "",
                folder="Choose a folder" if way == FOLDER else "",
                invites="or drop images or a folder here" if way == FILES else "or drop it here",
                stopped=STOPPED,
            )

    def looks(self, draft: Draft, items: Sequence[Item]) -> list[dict[str, Any]]:
        small = thumbnails([draft.path(each) for each in items])
        return [
            {"name": clip(each.name, 80), "address": ADDRESS + base64.b64encode(jpeg or b"").decode()}
            for each, jpeg in zip(items, small)
        ]


class TextWays(Ways):
    shown = 4
    elsewhere = (
        "A text has one class here: that of its card. Texts with several labels, with numbers or with marked entities "
        "come by a table or a file: give it under Upload."
    )

    def draw(self, draft: Draft, one: DraftClass) -> None:
        if _way(one, [TYPE, FILES]) == TYPE:
            self._typed(draft, one)
            return
        by_lines = st.toggle("Each line is a text", key=f"lines_{one.id}", help="Otherwise each file is one.")
        drop_area(
            partial(take_texts, draft, one, by_lines),
            key=f"drop_{one.id}",
            files="Choose files",
            folder="",
            invites="or drop .txt files or a folder here",
            stopped=STOPPED,
        )

    def _typed(self, draft: Draft, one: DraftClass) -> None:
        box, whole = f"typed_{one.id}", f"whole_{one.id}"

        def add() -> None:
            added = attempt(one.id, lambda: add_texts(draft, one.id, st.session_state[box], st.session_state[whole]))
            if added is not None:
                tell(one.id, added)
                st.session_state[box] = ""

        with st.container(gap="xsmall"):
            st.text_area("Texts, a line each", key=box, height=110, max_chars=2_000_000)
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button("Add texts", key=f"add_{one.id}", icon=":material/add:", on_click=add)
                st.toggle("All of it is one text", key=whole)

    def looks(self, draft: Draft, items: Sequence[Item]) -> list[dict[str, Any]]:
        return [{"name": line} for line in shortened([(each.text, "") for each in items], 80)]


WAYS: dict[str, Ways] = {IMAGE.name: ImageWays(), TEXT.name: TextWays()}


def _way(one: DraftClass, ways: list[str], on_change: Any = None) -> str | None:
    return st.segmented_control(
        "Add images" if WEBCAM in ways else "Add texts",
        ways,
        default=ways[0],
        required=True,
        key=f"way_{one.id}",
        on_change=on_change,
        label_visibility="collapsed",
        width="stretch",
    )


def _one_camera(draft: Draft, one: DraftClass) -> None:
    for other in draft.classes:
        if other.id != one.id and st.session_state.get(f"way_{other.id}") == WEBCAM:
            st.session_state[f"way_{other.id}"] = FILES


def _recorded(draft: Draft, one: DraftClass, images: Sequence[tuple[str, bytes]]) -> None:
    added = add_images(draft, one.id, images)
    if added.refused:
        tell(one.id, added)


def take_images(draft: Draft, one: DraftClass, drop: Drop, pieces: Sequence[Piece], last: bool) -> None:
    _dropped(one, drop, last, add_images(draft, one.id, drop.whole(pieces, Limits.from_environment().file_bytes)))


def take_texts(draft: Draft, one: DraftClass, by_lines: bool, drop: Drop, pieces: Sequence[Piece], last: bool) -> None:
    files = drop.whole(pieces, min(Limits.from_environment().file_bytes, MOST_BYTES))
    _dropped(one, drop, last, add_text_files(draft, one.id, files, by_lines))


def _dropped(one: DraftClass, drop: Drop, last: bool, added: Added) -> None:
    """Told when all batches of a drop are through."""
    before = st.session_state.get(f"drop_added_{one.id}") if drop.expected > 1 else None
    st.session_state[f"drop_added_{one.id}"] = added = before.and_then(added) if before else added
    if last:
        tell(one.id, added)
