"""Imports that go on while the person clicks elsewhere: a thread each, kept by the server, not by the page."""

from __future__ import annotations

import errno
import logging
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import streamlit as st

from core.data.dataset import Dataset
from core.data.importing import ImportCancelled, Progress, import_path, import_sample
from core.errors import DataError, GraftError
from core.workspace import Workspace, slug

Job = Callable[..., Dataset]


class Import:
    """Started when it is made. Afterwards `dataset` is there, or `error` in words, or neither if it was stopped.

    told: a page has shown how it ended.
    """

    def __init__(self, name: str, job: Job) -> None:
        self.name = name
        self.progress = Progress("Opening", 0)
        self.dataset: Dataset | None = None
        self.error: str | None = None
        self.told = False
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(job,), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def cancel(self) -> None:
        self._cancelled.set()

    def _run(self, job: Job) -> None:
        try:
            self.dataset = job(progress=self._moved, cancelled=self._cancelled.is_set)
        except ImportCancelled:
            pass
        except GraftError as error:
            self.error = str(error)
        except Exception as error:  # a thread's error would be lost, and the import look as if it had been stopped
            logging.exception("The import failed")
            self.error = _explain(error)

    def _moved(self, progress: Progress) -> None:
        self.progress = progress


@st.cache_resource(show_spinner=False)
def imports() -> dict[str, Import]:
    """Of this server, by workspace: the newest import of each."""
    return {}


def _explain(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full; nothing of the import was kept. Make room, then import again."
    return f"The import failed with an error that Graft does not know ({type(error).__name__}). The terminal says more."


def from_upload(workspace: Workspace, name: str, file: BinaryIO) -> Import:
    """Import an uploaded ZIP: copied to disk at once, as the upload is gone when the tab is.

    Raises:
        DataError: there is no room for the copy.
    """
    folder = Path(tempfile.mkdtemp(prefix="upload-", dir=workspace.cache))
    path = folder / f"{slug(name)}.zip"  # what goes wrong is told with this name
    try:
        with open(path, "wb") as copy:
            shutil.copyfileobj(file, copy)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise DataError(_explain(error)) from error

    def job(**watching: object) -> Dataset:
        try:
            return import_path(workspace, path, name=name, **watching)  # type: ignore[arg-type]
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    return _begin(workspace, name, job)


def from_folder(workspace: Workspace, path: Path) -> Import:
    return _begin(workspace, path.name, lambda **watching: import_path(workspace, path, **watching))


def from_sample(workspace: Workspace, key: str, title: str) -> Import:
    return _begin(workspace, title, lambda **watching: import_sample(workspace, key, **watching))


def _begin(workspace: Workspace, name: str, job: Job) -> Import:
    started = imports()[str(workspace.root)] = Import(name, job)
    return started
