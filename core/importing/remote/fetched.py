"""What was offered, fetched and imported.

cache/fetched/<key>/<name>.part     what has come so far; goes on from there when it is asked for again
                   /<name>.version  of what it is a part
                   /whole/<name>    what is all here; deleted once the import has ended well
"""

from __future__ import annotations

import hashlib
import http.client
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core.data.dataset import Dataset
from core.errors import DataError
from core.fetching import Public, failure, fetch
from core.finding import Finding
from core.importing.importing import Asks, import_path
from core.importing.remote.offers import PAGE, Offer, RemoteFile, look_up, size_of
from core.importing.tables.reading import Reading
from core.limits import Limits
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.store.full_disk import disk_in_words
from core.units import file_size
from core.words import number_of
from core.workspace import Workspace, atomic_open, slug

MEGABYTE = 10**6
_PAGE = re.compile(rb"\s*(<!doctype html|<html[\s>])", re.IGNORECASE)


def import_remote(
    workspace: Workspace,
    given: str,
    part: str = "",
    *,
    name: str | None = None,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
    limits: Limits | None = None,
    reading: Reading | None = None,
    ask: Asks | None = None,
    begins: Callable[[Path], object] = lambda path: None,
) -> Dataset:
    """given: an address, or a set of the hub as `hub:owner/name`; part: of its parts, "" for the likeliest. begins:
    called with what was fetched, before it is imported. The rest as for `import_path`.

    Raises:
        DataError: it cannot be had, or is no dataset; a sentence each.
        WorkStopped: `cancelled()` became true. What was fetched is kept for the next time.
    """
    limits = limits or Limits.from_environment()
    offer = look_up(given, limits)
    files = offer.files(part)
    folder = workspace.cache / "fetched" / f"{slug(offer.title)}-{_key(given, part)}"
    with _alone(folder):
        coming = Coming(folder, files, limits, progress, cancelled)
        whole = coming.all()
        begins(whole)
        told = _told(offer, files, coming.digests)
        made = import_path(
            *(workspace, whole),
            name=name or offer.title,
            progress=progress,
            cancelled=cancelled,
            limits=limits,
            reading=reading,
            ask=ask,
            told=[told],
        )
        shutil.rmtree(folder, ignore_errors=True)
    return made


def _key(given: str, part: str) -> str:
    return hashlib.sha256(f"{given.strip()}\0{part}".encode("utf-8", "replace")).hexdigest()[:12]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        with disk_in_words():
            (folder / "whole").mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock"), timeout=0):
            yield
    except Timeout as error:
        raise DataError("This is being fetched already. Wait for it.") from error


class Coming:
    """The files of one part, on their way into a folder. digests: the SHA-256 of each by its name, once it is here."""

    def __init__(
        self,
        folder: Path,
        files: tuple[RemoteFile, ...],
        limits: Limits,
        progress: OnProgress | None,
        cancelled: Cancelled | None,
    ) -> None:
        self.folder, self.files, self.limits = folder, files, limits
        self.progress, self.cancelled = progress, cancelled
        self.size = size_of(files)
        self.here = 0  # bytes of files that are whole
        self.digests: dict[str, str] = {}

    def all(self) -> Path:
        """Where they are then: the file, if it is one. Raises as `import_remote`."""
        most, free = self.limits.total_bytes, shutil.disk_usage(self.folder).free
        if self.size is not None and self.size > most:
            raise DataError(f"It has {file_size(self.size)}, and {file_size(most)} are read. Choose a smaller one.")
        if self.size is not None and 2 * self.size > free:
            raise DataError(
                f"It has {file_size(self.size)}, twice while it is imported, and the disk has {file_size(free)} left. "
                "Make room where Graft keeps its workspace, then press again."
            )
        for file in self.files:
            whole = self.folder / "whole" / file.name
            self._fetch(file, whole)
            self.digests[file.name] = _digest(whole)
            self.here += whole.stat().st_size
        return self.folder / "whole" / self.files[0].name if len(self.files) == 1 else self.folder / "whole"

    def _fetch(self, file: RemoteFile, whole: Path) -> None:
        """Unless it is here."""
        part = self.folder / f"{file.name}.part"
        try:
            self._begin(file, part, whole)
            if whole.exists():
                return
            fetch(file.url, part, self._tell, Public().opens, file.version)
        except (OSError, http.client.HTTPException) as error:
            raise DataError(failure(error, file.url)) from error
        self._check(file, part)
        os.replace(part, whole)

    def _begin(self, file: RemoteFile, part: Path, whole: Path) -> None:
        """What is here of another version of the file is no part of it; nor is what nobody can tell the version of."""
        noted = self.folder / f"{file.name}.version"
        version = f"{file.version} {file.size} {file.sha256}"
        if not (file.version or file.sha256):
            whole.unlink(missing_ok=True)
        if not noted.exists() or noted.read_text(encoding="utf-8") != version:
            part.unlink(missing_ok=True)
            whole.unlink(missing_ok=True)
            with atomic_open(noted) as target:
                target.write(version)

    def _tell(self, done: int, total: int | None) -> None:
        if self.cancelled is not None and self.cancelled():
            raise WorkStopped("Stopped. What was fetched so far is kept for the next time.")
        if self.here + done > self.limits.total_bytes:
            raise DataError(f"It is more than the {file_size(self.limits.total_bytes)} that are read.")
        if self.progress is not None:
            whole = self.size if self.size is not None else total if len(self.files) == 1 else None
            of = whole and max(1, whole // MEGABYTE)
            self.progress(Progress("Downloading (MB)", (self.here + done) // MEGABYTE, of))

    def _check(self, file: RemoteFile, part: Path) -> None:
        """
        Raises:
            DataError: it is not what was offered; then it is deleted.
        """
        with open(part, "rb") as opened:
            begins = opened.read(512)
        size = part.stat().st_size
        why = ""
        if _PAGE.match(begins):
            why = PAGE
        elif not size:
            why = "The file is empty."
        elif file.size is not None and size != file.size:
            why = f"{file.name} came with {size:,} bytes in the place of {file.size:,}. Press again to fetch it anew."
        elif file.sha256 and _digest(part) != file.sha256:
            why = (
                f"{file.name} is not what was published: its SHA-256 is another one. It was deleted. Press again; if "
                "that does not help, something on the way changes files."
            )
        if why:
            part.unlink()
            raise DataError(why)


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _told(offer: Offer, files: tuple[RemoteFile, ...], digests: dict[str, str]) -> Finding:
    size = size_of(files)
    many = number_of(len(files), "file") + (f", {file_size(size)}" if size is not None else "")
    one = f" SHA-256 {next(iter(digests.values()))}." if len(digests) == 1 else ""
    lines = [f"{file.name}  {digests[file.name]}  {file.url}" for file in files]
    title = f"Fetched from {offer.host} ({many}).{one}"
    return Finding(kind="fetched", title=title, why=f"As it was asked for: {offer.given[:200]}.", files=lines)
