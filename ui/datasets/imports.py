"""Imports, which go on in a process of their own while the person clicks elsewhere."""

from __future__ import annotations

import re
import shutil
import tarfile
import weakref
from collections.abc import Sequence
from typing import BinaryIO

from core import jobs
from core.errors import DataError, GraftError
from core.importing.archives.entries import LONGEST_NAME
from core.importing.archives.roots import allowed
from core.importing.drafts.drafts import Draft
from core.importing.importing import titled
from core.importing.remote.offers import Offer
from core.importing.tables.cells import is_table
from core.importing.tables.reading import Reading
from core.importing.texts import pasted
from core.jobs import Job
from core.jobs.asking import said
from core.limits import Limits
from core.store.full_disk import disk_in_words
from core.units import file_size
from core.workspace import Workspace
from ui.shared.drop import Drop, Piece
from ui.shared.leaving import goes_with_tab
from ui.shared.widgets import clip

DROPPED = "dropped.tar"
LONGEST_COPY = 80  # characters
PASTED = "Pasted texts"
MANY = "Images"  # what is dropped without one folder around it


class Upload:
    """What is dropped on the page, on its way to an import: a few megabytes at a time, into a job's directory.

    A file that comes alone is kept as it is: an archive, or what the import has to say no to. Of anything else a TAR is
    made. Its files have their paths for names, and only inside of it: none is ever the name of a file on this machine.
    """

    def __init__(self, workspace: Workspace, reading: Reading | None = None) -> None:
        """reading: how it is to be read; None: as is likeliest.

        Raises:
            GraftError: an import is at work.
        """
        self.workspace, self.limits = workspace, Limits.from_environment()
        self.folder = jobs.prepare(workspace, "import")
        self.reading = reading
        self.title, self.path = "", self.folder / "upload" / DROPPED
        self.alone = False  # a single file
        self.files = self.bytes = 0
        # With the session, if not before.
        self._gone = goes_with_tab(weakref.finalize(self, jobs.abandon, self.folder))

    def take(self, drop: Drop, pieces: Sequence[Piece], last: bool) -> Job | None:
        """Keep the pieces, and after the last ones begin the import. What is refused leaves nothing on disk.

        Raises:
            GraftError: there is no room for it, it is more than is read, or an import is at work by now.
        """
        try:
            with disk_in_words():
                if drop.expected == 1:
                    self._begin(drop, pieces)
                self._keep(pieces, last)
                return self._import() if last else None
        except GraftError:
            self.discard()
            raise

    def _import(self) -> Job:
        title, path = self.title or MANY, str(self.path)
        job = jobs.start(
            self.workspace, "import path", title, self.folder, path=path, name=title, reading=said(self.reading)
        )
        self._gone.detach()  # it is the job's from now on
        return job

    def discard(self) -> None:
        """Nothing of it is left, unless it is being imported."""
        self._gone()

    def _begin(self, drop: Drop, pieces: Sequence[Piece]) -> None:
        self._refuse(drop.files, drop.size)
        free = shutil.disk_usage(self.folder).free
        if 2 * drop.size > free:
            raise DataError(
                f"The files take {file_size(drop.size)}, twice while they are imported, and the disk has "
                f"{file_size(free)} left. Make room where Graft keeps its workspace, then upload again."
            )
        name = pieces[0].name.replace("\\", "/") if pieces else ""
        self.alone = drop.files == 1 and "/" not in name and not is_table(name)
        if self.alone:
            self.title, self.path = titled(name), self.path.with_name(_plain(name))

    def _keep(self, pieces: Sequence[Piece], last: bool) -> None:
        with open(self.path, "ab") as file:
            for piece in pieces:
                self.files, self.bytes = self.files + (piece.at == 0), self.bytes + len(piece.data)
                self._refuse(self.files, self.bytes)
                if self.alone:
                    file.write(piece.data)
                else:
                    self._entitle(piece)
                    _write_in_tar(file, piece)
            if last and not self.alone:
                file.write(bytes(2 * tarfile.BLOCKSIZE))

    def _entitle(self, piece: Piece) -> None:
        """After the folder around all of it, if there is one."""
        top = clip(piece.name.split("/")[0]) if "/" in piece.name else MANY
        self.title = top if self.title in ("", top) else MANY

    def _refuse(self, files: int, size: int) -> None:
        """
        Raises:
            DataError: so many files, or bytes, are more than are read.
        """
        if files > self.limits.entries:
            raise DataError(f"There are more than the {self.limits.entries:,} files that are read. Give fewer at once.")
        if size > self.limits.total_bytes:
            most = file_size(self.limits.total_bytes)
            raise DataError(f"It is more than the {most} that are read. Give fewer images, or smaller ones.")


def _plain(name: str) -> str:
    """A name for the copy of a file, which the person is told when something is wrong with it."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", name)[-LONGEST_COPY:].strip("-.") or "upload"


def _write_in_tar(file: BinaryIO, piece: Piece) -> None:
    if piece.at == 0:
        head = tarfile.TarInfo(piece.name[: LONGEST_NAME + 1])  # one that is too long is told, and not the rest
        head.size = max(0, piece.size)
        file.write(head.tobuf(tarfile.PAX_FORMAT))
    file.write(piece.data)
    if piece.ends:
        file.write(bytes(-piece.size % tarfile.BLOCKSIZE))


def from_path(workspace: Workspace, text: str, reading: Reading | None = None) -> Job:
    """Import a folder, an archive or a table on this machine. reading: how it is to be read, if someone says so.

    Raises:
        DataError: it lies outside of the folders that may be read, or is not there.
    """
    path = allowed(text)
    return jobs.start(workspace, "import path", path.name, path=str(path), reading=said(reading))


def from_pasted(workspace: Workspace, text: str) -> Job:
    """Import texts that were pasted. Raises GraftError if there is nothing in it, or an import is at work."""
    folder = jobs.prepare(workspace, "import")
    try:
        with disk_in_words():
            path = pasted.write(folder / "upload", text)
    except GraftError:
        jobs.abandon(folder)
        raise
    of = {"path": str(path), "name": PASTED, "reading": said(pasted.READING)}
    return jobs.start(workspace, "import path", PASTED, folder, **of)


def from_sample(workspace: Workspace, key: str, title: str) -> Job:
    return jobs.start(workspace, "import sample", title, key=key)


def from_published(workspace: Workspace, key: str, title: str) -> Job:
    """Fetch a set that torchvision knows, and import it."""
    return jobs.start(workspace, "import published", title, key=key)


def from_remote(workspace: Workspace, offer: Offer, part: str, reading: Reading | None = None) -> Job:
    """Fetch one part of what was offered, and import it. reading: how it is to be read, if someone says so."""
    title = offer.title if len(offer.parts) == 1 else f"{offer.title} {part}"
    of = {"given": offer.given, "part": part, "name": title, "reading": said(reading)}
    return jobs.start(workspace, "import remote", title, **of)


def from_draft(workspace: Workspace, draft: Draft) -> Job:
    """Make a dataset of a draft as it then is; the draft stays."""
    return jobs.start(workspace, "import draft", draft.name, draft=draft.id)
