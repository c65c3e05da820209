"""A camera in the browser that records images while a button is held.

The browser sends them in batches and keeps each until it is answered; an answer says that the batch is on disk, or why
it is not. A batch that comes twice is given on twice: whoever keeps the images must not mind.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any

import streamlit as st

from core.errors import GraftError
from ui.components import component

_camera = component(__file__, "webcam")


def webcam(target: str, keep: Callable[[list[tuple[str, bytes]]], None], *, key: str) -> None:
    """Show the camera. The browser lets it go when this is not drawn any more.

    target: what the images are for; what was not saved yet is sent when a camera for the same target is drawn again.
    keep: called with names and JPEGs before the page reruns; a GraftError from it is told beside the camera.
    """
    answer = f"{key}_answer"

    def arrived() -> None:
        batch = st.session_state[key].get("images")
        if not isinstance(batch, dict) or st.session_state.get(answer, {}).get("id") == batch.get("id"):
            return
        error = ""
        try:
            keep(list(_images(batch)))
        except GraftError as refused:
            error = str(refused)
        st.session_state[answer] = {"id": batch.get("id"), "error": error}

    data = {"target": target, "answer": st.session_state.get(answer, {"id": "", "error": ""})}
    _camera(key=key, data=data, on_images_change=arrived)


def _images(batch: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Whatever in it is a name with bytes: anyone may send anything."""
    images = batch.get("images")
    for one in images if isinstance(images, list) else ():
        try:
            yield str(one["name"]), base64.b64decode(one["data"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error):
            continue
