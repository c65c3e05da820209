"""Files and whole folders from the browser, however many: they come a few megabytes at a time.

Streamlit's own uploader draws its whole list for every file, and so stands still for minutes at a thousand of them.
Here the browser sends the next batch when it was told that the one before is kept, or why it is not.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.errors import GraftError
from ui.components import component
from ui.shared.gone import words_of

LOST = "Graft was started anew meanwhile, or the page was open twice. Give the files once more."
_area = component(__file__, "drop")


@dataclass(frozen=True)
class Piece:
    """A part of a file, mostly the whole. name: with its folders; size: of the file; at: where the part begins."""

    name: str
    size: int
    at: int
    data: bytes

    @property
    def ends(self) -> bool:
        return self.at + len(self.data) >= self.size


@dataclass
class Drop:
    """What was dropped at once, as far as it has come.

    expected: the number of the next batch. files, size: how many the browser says there are, and of how many bytes.
    over: no more is taken, as the last was, or one was refused, or the person stopped it.
    """

    id: str
    expected: int = 0
    error: str = ""
    files: int = 0
    size: int = 0
    over: bool = False
    _begun: bytearray = field(default_factory=bytearray)

    def whole(self, pieces: Sequence[Piece], most: int) -> Iterator[tuple[str, bytes]]:
        """Names and bytes of files that are whole by now; of one larger than `most` bytes a little more than that."""
        for piece in pieces:
            if piece.at == 0:
                self._begun.clear()
            if len(self._begun) <= most:
                self._begun += piece.data
            if piece.ends:
                yield piece.name, bytes(self._begun)
                self._begun.clear()


Take = Callable[[Drop, Sequence[Piece], bool], None]


def drop_area(
    take: Take,
    *,
    key: str,
    invites: str,
    stopped: str,
    files: str = "",
    folder: str = "",
    on_stop: Callable[[], None] | None = None,
    label: str = "",
) -> None:
    """A place to drop files and folders on, or to choose them.

    take: called with each batch, and whether it is the last, before the page reruns; a GraftError from it is told here
        and ends the drop.
    files, folder: what the button says that chooses files, or a folder; "" for no such button. invites, stopped: what
        is said at first, and after Stop, which calls on_stop.
    """
    state = f"{key}_drop"

    def arrived() -> None:
        batch = st.session_state[key].get("batch")
        if isinstance(batch, dict):
            st.session_state[state] = received(batch, st.session_state.get(state), take, on_stop)

    drop: Drop | None = st.session_state.get(state)
    answer = {"drop": drop.id, "number": drop.expected - 1, "error": drop.error} if drop else {}
    words = {"label": label, "files": files, "folder": folder, "invites": invites, "stopped": stopped}
    _area(key=key, data={"answer": answer, **words}, on_batch_change=arrived)


def received(
    batch: dict[str, Any], drop: Drop | None, take: Take, on_stop: Callable[[], None] | None = None
) -> Drop | None:
    """Give on a batch that is the next one. One that comes twice, as its answer was late, is given on once, and none
    after the last. In the place of a batch the browser may say that the person has stopped it."""
    id, number = str(batch.get("drop")), batch.get("number")
    if batch.get("stop"):
        if drop is not None and drop.id == id and not drop.over:
            drop.over = True
            if on_stop is not None:
                on_stop()
        return drop
    if number == 0 and (drop is None or drop.id != id):
        drop = Drop(id, files=_whole_number(batch.get("files")), size=_whole_number(batch.get("bytes")))
    if drop is not None and drop.id == id and (drop.over or number == drop.expected - 1):
        return drop
    if drop is None or drop.id != id or number != drop.expected:
        return Drop(id, number + 1 if isinstance(number, int) else 0, LOST, over=True)
    drop.expected += 1
    drop.over = batch.get("last") is True
    try:
        take(drop, list(_pieces(batch)), drop.over)
    except (GraftError, OSError) as error:
        drop.error, drop.over = words_of(error), True
    return drop


def _whole_number(said: object) -> int:
    return said if isinstance(said, int) and said > 0 else 0


def _pieces(batch: dict[str, Any]) -> Iterator[Piece]:
    """Whatever in it is one: anyone may send anything."""
    pieces = batch.get("pieces")
    for one in pieces if isinstance(pieces, list) else ():
        try:
            name = str(one["name"]).encode("utf-8", "replace").decode().replace("\0", "")
            yield Piece(name, int(one["size"]), int(one["at"]), base64.b64decode(one["data"], validate=True))
        except (KeyError, TypeError, ValueError, OverflowError, binascii.Error):
            continue
