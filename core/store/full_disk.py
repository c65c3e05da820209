"""What to say where the disk refuses: which one is full, how much is needed, and what could be freed."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core import trash
from core.errors import DataError, WorkspaceError
from core.store.cache import sizes
from core.units import file_size
from core.workspace import Workspace

FULL = (errno.ENOSPC, errno.EDQUOT)
USUALLY = 1_000_000  # bytes: more than a click writes, but for images and weights


def is_full(error: BaseException | None) -> bool:
    return isinstance(error, OSError) and error.errno in FULL


def refused(error: OSError, needed: int | None = None) -> str:
    """The sentences for a person.

    needed: bytes that were to be written; if None, as the error knows (see `core.workspace.write_json`), or as a click
        usually needs.
    """
    if not is_full(error):
        file = f" {Path(error.filename).name!r}" if isinstance(error.filename, str) else ""
        return f"The disk refused to read or write{file} ({error.strerror or error})."
    where = _folder(error)
    root = _workspace(where)
    place = f"where Graft keeps its workspace, {str(root)!r}" if root else f"in {str(where)!r}"
    needed = needed or getattr(error, "needed", None)
    what = f"needs {file_size(max(1000, needed))}" if needed else f"needs up to {file_size(USUALLY)}"
    return f"The disk is full. Make room {place}: this {what}, and {_left(where)}. {_to_free(root)}"


def _folder(error: OSError) -> Path:
    """The nearest folder that is there."""
    said = error.filename if isinstance(error.filename, str) else ""
    path = Path(said) if said else Path(os.environ.get("GRAFT_HOME") or Path.home() / ".graft").expanduser()
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def _left(where: Path) -> str:
    try:
        return f"{file_size(shutil.disk_usage(where).free)} are left"
    except OSError:
        return "nothing is left"


def _workspace(where: Path) -> Path | None:
    """The workspace that the folder belongs to."""
    for path in (where, *where.parents):
        if (path / "datasets").is_dir() and (path / "runs").is_dir():
            return path
    return None


def _to_free(root: Path | None) -> str:
    if root is None:
        return "Delete what is not needed there, then try again."
    workspace, kept = Workspace.at(root), []
    with suppress(OSError, WorkspaceError):
        parts = sizes(workspace)
        if cache := sum(parts.values()) - parts.get("weights", 0):
            kept.append(f"the cache ({file_size(cache)}: Empty the cache, on Data)")
        if bin := trash.size(workspace):
            kept.append(f"the trash ({file_size(bin)}: Empty the trash, on Data)")
    if not kept:
        return "Cache and trash are empty: delete runs or datasets, or other files, then try again."
    return f"What can go is {' and '.join(kept)}. Then try again."


@contextmanager
def disk_in_words(where: str = "") -> Iterator[None]:
    """What the disk refuses in the block becomes a DataError that says what to do.

    where: to make room, where that is not the workspace.
    """
    try:
        yield
    except OSError as error:
        if where and is_full(error):
            raise DataError(f"The disk is full. Make room {where}, then try again.") from error
        raise DataError(refused(error)) from error
