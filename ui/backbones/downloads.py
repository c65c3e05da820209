"""Downloads of weights, offered wherever they are missing. They go on while the person clicks elsewhere: one thread
each, kept by the server, not by the page."""

from __future__ import annotations

import threading

import streamlit as st

from core.backbones.download import DownloadCancelled
from core.backbones.libraries import Info, download, is_ready, not_installed, source
from core.errors import GraftError
from core.workspace import Workspace
from ui.shared import state
from ui.shared.gone import apart
from ui.shared.widgets import file_size, show_error


class Download:
    """Started when it is made. done and total: bytes; total is None until it is known, or where it never is."""

    def __init__(self, info: Info, workspace: Workspace) -> None:
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

    def _run(self, info: Info, workspace: Workspace) -> None:
        try:
            download(info, workspace, self._progress, self._cancelled.is_set)
        except DownloadCancelled:
            pass
        except GraftError as error:
            self.error = str(error)

    def _progress(self, done: int, total: int | None) -> None:
        self.done, self.total = done, total


def is_missing(info: Info, weights_file: str | None) -> bool:
    """Whether its weights have to be downloaded, or installed, before a run can begin."""
    return weights_file is None and not is_ready(info, state.workspace())


def offer(info: Info, place: str = "") -> None:
    """Download its weights, with their size; or how far that is. Nothing, where they are on this machine.

    place: tells one from another on the same page.
    """
    space = state.workspace()
    before = downloads().get(key(info, space))
    if before and before.running:
        st.fragment(apart(_progress), run_every=0.5)(key(info, space), place)
        return
    if before and before.error:
        show_error(before.error)
    if source(info, space) == "absent":
        st.warning(not_installed(info))
    if source(info, space) != "download":
        return
    size = f" ({file_size(info.download_bytes)})" if info.download_bytes else ""
    st.markdown("Its weights are not on this machine yet. Download them once, and it works without a network.")
    label = "Go on with the download" if before and before.done else f"Download{size}"
    if st.button(label, type="primary", icon=":material/download:", key=f"download{place}"):
        downloads()[key(info, space)] = Download(info, space)
        st.rerun()


def _progress(name: str, place: str) -> None:
    """name: in `downloads`."""
    job = downloads().get(name)
    if job is None or not job.running:
        st.rerun()
    total = job.total
    share = min(1.0, job.done / total) if total else 0.0
    text = f"{file_size(job.done)} of {file_size(total)}" if total else f"{file_size(job.done)} so far"
    st.progress(share, text=f"Downloading the weights: {text}")
    if st.button("Cancel", icon=":material/close:", key=f"cancel_download{place}"):
        job.cancel()


@st.cache_resource(show_spinner=False)
def downloads() -> dict[str, Download]:
    """Of this server, by workspace and backbone: the newest download of each."""
    return {}


def key(info: Info, workspace: Workspace) -> str:
    return f"{workspace.root} {info.name}"
