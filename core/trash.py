"""What was deleted, kept for some days, so that it can be taken back.

trash/<id>/trashed.json   what it was: kind, name (its id), title, when, bytes
           content        the thing itself, moved here by a rename
      names.json          {"run": {"<id>": "its last title"}}: what is gone for good is still called by its name
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from core.errors import DamagedError, WorkspaceError
from core.records import Bytes, Moment, read
from core.workspace import Workspace, contained, write_json

Kind = Literal["dataset", "run", "draft", "weights", "cross-validation"]
FOLDERS: dict[Kind, str] = {
    "dataset": "datasets",
    "run": "runs",
    "draft": "drafts",
    "weights": "weights",
    "cross-validation": "crossvals",
}
USUAL_DAYS = 14
DAY = 24 * 3600
SECONDS_TO_MOVE = 60  # that one may take on its way into the trash


@dataclass(frozen=True)
class Trashed:
    """id: of the trash. name: what it was called on disk. title: for people; hostile text. when: unix seconds."""

    id: str
    kind: Kind
    name: str
    title: str
    when: float
    bytes: int

    @property
    def days_left(self) -> int:
        """Until it goes for good."""
        return max(0, round(days_kept() - (time.time() - self.when) / DAY))


@dataclass(frozen=True)
class _Note:
    """A `Trashed` as it is written."""

    kind: Kind
    name: str
    title: str
    when: Moment
    bytes: Bytes


def days_kept() -> int:
    """$GRAFT_TRASH_DAYS, else 14.

    Raises:
        WorkspaceError: it is not a whole number.
    """
    said = os.environ.get("GRAFT_TRASH_DAYS", str(USUAL_DAYS))
    if not said.isdecimal():
        raise WorkspaceError(f"GRAFT_TRASH_DAYS is {said!r}; give a whole number of days, such as {USUAL_DAYS}.")
    return int(said)


def place(workspace: Workspace, kind: Kind, name: str) -> Path:
    """Where a thing of this kind lies while it is not in the trash."""
    return contained(workspace.root / FOLDERS[kind], name)


def put(workspace: Workspace, kind: Kind, name: str, title: str) -> Trashed | None:
    """Move it to the trash, at once and as a whole. None: it is not there; someone else was quicker.

    Raises:
        WorkspaceError: the disk refuses, or `name` is no name. OSError: it is full.
    """
    source = place(workspace, kind, name)
    entry = _trash(workspace) / f"{time.time_ns():020}-{secrets.token_hex(2)}"
    try:
        entry.mkdir(parents=True)
        _note(entry, Trashed(entry.name, kind, name, title, time.time(), 0))
        _move(source, entry / "content")
    except FileNotFoundError:
        shutil.rmtree(entry, ignore_errors=True)
        return None
    except OSError as error:
        shutil.rmtree(entry, ignore_errors=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # who asked says what could be freed
        raise WorkspaceError(f"{title!r} cannot be deleted: the disk refuses ({error.strerror or error}).") from error
    _remember(workspace, kind, name, title)
    trashed = Trashed(entry.name, kind, name, title, time.time(), size_of(entry / "content"))
    with suppress(OSError):  # then its size is not known
        _note(entry, trashed)
    return trashed


def listed(workspace: Workspace) -> list[Trashed]:
    """What can be taken back, newest first."""
    found = (_read(path.parent) for path in _trash(workspace).glob("*/trashed.json"))
    return sorted((one for one in found if one), key=lambda one: one.id, reverse=True)


def find(workspace: Workspace, kind: Kind, name: str) -> Trashed | None:
    """The thing of this kind and name, if it is in the trash."""
    return next((one for one in listed(workspace) if (one.kind, one.name) == (kind, name)), None)


def restore(workspace: Workspace, trash_id: str) -> Trashed:
    """Put it back where it was.

    Raises:
        WorkspaceError: it is not in the trash any more, something took its place, or the disk refuses.
    """
    entry = contained(_trash(workspace), trash_id)
    trashed = _read(entry)
    if trashed is None:
        raise WorkspaceError("This is not in the trash any more: it was taken back or emptied, perhaps in another tab.")
    target = place(workspace, trashed.kind, trashed.name)
    if target.exists():
        raise WorkspaceError(f"{trashed.title!r} cannot be taken back: there is one of its name, {trashed.name}.")
    try:
        target.parent.mkdir(exist_ok=True)
        _move(entry / "content", target)
    except OSError as error:
        raise WorkspaceError(
            f"{trashed.title!r} cannot be taken back: the disk refuses ({error.strerror or error})."
        ) from error
    shutil.rmtree(entry, ignore_errors=True)
    return trashed


def empty(workspace: Workspace, older_than: float = 0.0) -> int:
    """Delete for good what has lain here for so many days. Returns the bytes that this freed."""
    freed = 0
    for one in listed(workspace):
        if time.time() - one.when >= older_than * DAY:
            shutil.rmtree(_trash(workspace) / one.id, ignore_errors=True)
            freed += one.bytes
    for entry in _trash(workspace).glob("*/"):  # of which nobody knows what it was
        age = time.time() - entry.stat().st_mtime
        if _read(entry) is None and age >= max(SECONDS_TO_MOVE, older_than * DAY):
            freed += size_of(entry)
            shutil.rmtree(entry, ignore_errors=True)
    return freed


def size(workspace: Workspace) -> int:
    """Bytes of all that is in the trash."""
    return sum(one.bytes for one in listed(workspace))


def last_title(workspace: Workspace, kind: Kind, name: str) -> str | None:
    """What a thing that was deleted was called, however long ago."""
    return _names(workspace).get(kind, {}).get(name)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    if path.is_file():
        return path.stat().st_size
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size
    return total


def _trash(workspace: Workspace) -> Path:
    return workspace.root / "trash"


def _note(entry: Path, trashed: Trashed) -> None:
    write_json(entry / "trashed.json", {key: value for key, value in asdict(trashed).items() if key != "id"})


def _read(entry: Path) -> Trashed | None:
    try:
        note = read(entry / "trashed.json", _Note)
    except (OSError, DamagedError):
        return None
    one = Trashed(entry.name, note.kind, note.name, note.title, note.when, note.bytes)
    return one if os.path.lexists(entry / "content") else None


def _move(source: Path, target: Path) -> None:
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:  # a link to another disk is copied
            raise
        shutil.move(source, target)


def _names(workspace: Workspace) -> dict[str, dict[str, str]]:
    try:
        return read(_trash(workspace) / "names.json", dict[str, dict[str, str]])
    except (OSError, DamagedError):
        return {}


def _remember(workspace: Workspace, kind: Kind, name: str, title: str) -> None:
    with suppress(OSError), FileLock(_trash(workspace) / ".names.lock"):
        names = _names(workspace)
        names[kind] = {**names.get(kind, {}), name: title}
        write_json(_trash(workspace) / "names.json", names)
