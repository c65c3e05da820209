"""What is kept only to be quick: how large it may become, what goes first, what is in use.

    cache/images/       <setting>/<chunk>/, see kept.py: decoded images
          activations/  the same: what frozen stages gave
          surveys/      <key>/: what a look over a dataset found
          evaluations/ <key>/: what a model answered about another dataset
          baselines/    <key>.json: what a backbone scores without training
          strengths/    <key>.json: how strongly a head that is solved for is held back
          probes/       <kind>-<key>.json: what trying a recipe for a moment told
          runs/         <form>.jsonl: what lists show of runs that have ended
          stages/       <key>.json: the stages of backbones that were looked at
          compiled/     code that was compiled for this machine, in folders of torch's
          users/        <token>.lock, held by a living process, and <token>.txt: the chunks that it uses
          weights/      downloads: counted, but never thrown away to make room
          published/    the same, of sets of images that are not imported yet

All of it may be deleted at any time. To make room, the chunks used longest ago go first.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from core.errors import DataError
from core.processes import is_held
from core.workspace import Workspace

DEFAULT_BUDGET = 20 * 10**9
EVICTABLE = (
    "images",
    "tokens",
    "activations",
    "surveys",
    "evaluations",
    "baselines",
    "strengths",
    "probes",
    "runs",
    "stages",
    "compiled",
)
GONE = ".gone-"


class Use:
    """For as long as this object lives, and its process does, these folders are in use and not thrown away for room."""

    def __init__(self, workspace: Workspace, folders: Iterable[Path]) -> None:
        users = workspace.cache / "users"
        token = secrets.token_hex(8)
        lock = FileLock(users / f"{token}.lock", thread_local=False)
        said, names = users / f"{token}.txt", [str(folder.relative_to(workspace.cache)) for folder in folders]
        with contextlib.suppress(FileNotFoundError):  # the cache is being deleted: then nothing has to be held
            users.mkdir(parents=True, exist_ok=True)
            lock.acquire()
            said.write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        self.end = weakref.finalize(self, _end_use, lock, said)


def _end_use(lock: FileLock, said: Path) -> None:
    said.unlink(missing_ok=True)
    lock.release()
    Path(lock.lock_file).unlink(missing_ok=True)


def in_use(workspace: Workspace) -> set[Path]:
    """The folders that living processes use; what dead ones said is forgotten."""
    used: set[Path] = set()
    for said in children(workspace.cache / "users", "*.txt"):
        lock = said.with_suffix(".lock")
        with contextlib.suppress(OSError):  # it may end at this moment
            if is_held(lock):
                used.update(workspace.cache / line for line in said.read_text(encoding="utf-8").splitlines())
            else:
                said.unlink(missing_ok=True)
                lock.unlink(missing_ok=True)
    return used


def budget(workspace: Workspace) -> int:
    """Bytes that the cache may take: $GRAFT_CACHE_BYTES, else 20 GB, or half of what is free if that is less.

    Raises:
        DataError: $GRAFT_CACHE_BYTES is not a whole number.
    """
    said = os.environ.get("GRAFT_CACHE_BYTES")
    if said is None:
        would_be_free = shutil.disk_usage(workspace.cache).free + sum(sizes(workspace).values())
        return min(DEFAULT_BUDGET, would_be_free // 2)
    if not said.isdecimal():
        raise DataError(f"GRAFT_CACHE_BYTES is {said!r}; give a whole number of bytes, such as 5000000000.")
    return int(said)


def sizes(workspace: Workspace) -> dict[str, int]:
    """Bytes of each part of the cache."""
    parts = sorted({*EVICTABLE, "weights"} | {path.name for path in children(workspace.cache, "*")} - {"users"})
    return {part: _size(workspace.cache / part) for part in parts}


def make_room(workspace: Workspace, needed: int) -> bool:
    """Throw away what was used longest ago until `needed` more bytes keep within the budget.

    Returns False, and throws nothing away, where they would not even so.
    """
    clear_leftovers(workspace)
    most, total = budget(workspace), sum(sizes(workspace).values())
    if total + needed <= most:
        return True
    used = in_use(workspace)
    idle = sorted((each for each in _entries(workspace) if each.path not in used), key=lambda each: each.used)
    if total - sum(each.size for each in idle) + needed > most:
        return needed == 0
    for each in idle:
        if total + needed <= most:
            break
        throw_away(each.path)
        total -= each.size
    return True


def empty(workspace: Workspace, weights: bool = False) -> int:
    """Throw away all that can be made again, and downloaded weights where asked. Returns the bytes that this freed.

    A run at work is not disturbed: what it has opened stays readable until it ends.
    """
    before = sum(sizes(workspace).values())
    for each in _entries(workspace):
        throw_away(each.path)
    clear_leftovers(workspace)
    _empty_downloads(workspace.cache / "published")
    _empty_downloads(workspace.cache / "fetched")
    if weights:
        _empty_downloads(workspace.cache / "weights")
    return before - sum(sizes(workspace).values())


def clear_leftovers(workspace: Workspace) -> None:
    """Remove what processes that were killed left behind: unfinished chunks, uploads of earlier versions."""
    used = in_use(workspace)
    for part in EVICTABLE:
        for path in children(workspace.cache / part, "*/.*"):
            if path not in used:
                shutil.rmtree(path, ignore_errors=True)
    for path in children(workspace.cache, "upload-*"):
        shutil.rmtree(path, ignore_errors=True)


def children(folder: Path, pattern: str) -> list[Path]:
    """What lies there, which somebody may be deleting at this moment."""
    found: list[Path] = []
    with contextlib.suppress(FileNotFoundError):
        found.extend(folder.glob(pattern))
    return found


def throw_away(path: Path) -> None:
    """Delete a chunk. It is renamed first, so that nobody ever finds half of one; already gone is as good."""
    gone = path.with_name(f"{GONE}{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):  # Windows keeps what is in use
        os.rename(path, gone)
        _delete(gone)
    with contextlib.suppress(OSError):
        path.parent.rmdir()  # if it was the last


@dataclass(frozen=True)
class _Entry:
    path: Path
    size: int
    used: float  # unix seconds


def _entries(workspace: Workspace) -> Iterator[_Entry]:
    """Every chunk, and any file where none is expected, such as those of earlier versions."""
    for part in EVICTABLE:
        for setting in children(workspace.cache / part, "[!.]*"):
            for path in children(setting, "[!.]*") if setting.is_dir() else [setting]:
                with contextlib.suppress(OSError):
                    yield _Entry(path, _size(path), path.stat().st_mtime)


def _size(path: Path) -> int:
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.stat(os.path.join(folder, name)).st_size
    if path.is_file():
        total += path.stat().st_size
    return total


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _empty_downloads(folder: Path) -> None:
    """All but what a download is writing at this moment."""
    for path in children(folder, "[!.]*"):
        if path.suffix != ".lock" and not is_held(path.with_name(f"{path.name}.lock")):
            _delete(path)
