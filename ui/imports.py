"""Imports, which go on in a process of their own while the person clicks elsewhere."""

from __future__ import annotations

import errno
import os
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core import jobs
from core.data.drafts import Draft
from core.data.entries import LONGEST_NAME
from core.data.importing import titled
from core.data.roots import allowed
from core.errors import DataError
from core.jobs import Job
from core.workspace import Workspace, slug
from ui.drop import Piece
from ui.widgets import uploaded_name

DROPPED = "folder.tar"


def from_upload(workspace: Workspace, name: str, file: BinaryIO) -> Job:
    """Import an uploaded archive: copied to disk at once, as the upload is gone when the tab is.

    Raises:
        DataError: there is no room for the copy.
    """
    folder = jobs.prepare(workspace, "import")
    title = titled(uploaded_name(name).replace("\\", "/").rsplit("/", 1)[-1])
    path = folder / "upload" / f"{slug(title)}.{slug(name.rsplit('.', 1)[-1], 8)}"  # what goes wrong is told with it
    with _room_in_words(folder), open(path, "wb") as copy:
        shutil.copyfileobj(file, copy)
    return jobs.start(workspace, "import path", title, folder, path=str(path), name=title)


def keep_dropped(folder: Path, pieces: Iterable[Piece], last: bool) -> None:
    """Put what came of a dropped folder into a TAR in a job's directory. Its files have their paths for names, and only
    inside of it: none of them is ever the name of a file on this machine.

    Raises:
        DataError: there is no room for it.
    """
    with _room_in_words(folder), open(folder / "upload" / DROPPED, "ab") as archive:
        os.utime(folder)  # `jobs.prepare` in another tab sees that this one is still coming
        for piece in pieces:
            if piece.at == 0:
                head = tarfile.TarInfo(piece.name[: LONGEST_NAME + 1])  # one that is too long is told, and not the rest
                head.size = max(0, piece.size)
                archive.write(head.tobuf(tarfile.PAX_FORMAT))
            archive.write(piece.data)
            if piece.ends:
                archive.write(bytes(-piece.size % tarfile.BLOCKSIZE))
        if last:
            archive.write(bytes(2 * tarfile.BLOCKSIZE))


def from_dropped_folder(workspace: Workspace, folder: Path, title: str) -> Job:
    """Import what `keep_dropped` has put into the directory."""
    path = folder / "upload" / DROPPED
    return jobs.start(workspace, "import path", title, folder, path=str(path), name=title)


def from_path(workspace: Workspace, text: str) -> Job:
    """Import a folder, an archive or a table on this machine.

    Raises:
        DataError: it lies outside of the folders that may be read, or is not there.
    """
    path = allowed(text)
    return jobs.start(workspace, "import path", path.name, path=str(path))


def from_sample(workspace: Workspace, key: str, title: str) -> Job:
    return jobs.start(workspace, "import sample", title, key=key)


def from_published(workspace: Workspace, key: str, title: str) -> Job:
    """Fetch a set that torchvision knows, and import it."""
    return jobs.start(workspace, "import published", title, key=key)


def from_draft(workspace: Workspace, draft: Draft) -> Job:
    """Make a dataset of a draft as it then is; the draft stays."""
    return jobs.start(workspace, "import draft", draft.name, draft=draft.id)


@contextmanager
def _room_in_words(folder: Path) -> Iterator[None]:
    """What the disk refuses in the block becomes a DataError, and the job's directory is gone."""
    try:
        yield
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        words = "The disk is full. Make room" if full else f"The disk refused it ({error.strerror}). Mend that"
        raise DataError(f"{words}, then upload again.") from error
