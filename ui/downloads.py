"""Downloads that go on while the person clicks elsewhere: one thread each, kept by the server, not by the page."""

from __future__ import annotations

import threading

import streamlit as st

from core.backbones.catalogue import BackboneInfo
from core.backbones.download import DownloadCancelled, download
from core.errors import GraftError
from core.workspace import Workspace


class Download:
    """Started when it is made. done and total: bytes; total is None until it is known, or where it never is."""

    def __init__(self, info: BackboneInfo, workspace: Workspace) -> None:
        self.done, self.total = 0, info.download_bytes
        self.error: str | None = None
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(info, workspace), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def cancel(self) -> None:
        self._cancelled.set()

    def _run(self, info: BackboneInfo, workspace: Workspace) -> None:
        try:
            download(info, workspace, self._progress, self._cancelled.is_set)
        except DownloadCancelled:
            pass
        except GraftError as error:
            self.error = str(error)

    def _progress(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total


@st.cache_resource(show_spinner=False)
def downloads() -> dict[str, Download]:
    """Of this server, by workspace and backbone: the newest download of each."""
    return {}


def key(info: BackboneInfo, workspace: Workspace) -> str:
    return f"{workspace.root} {info.name}"
