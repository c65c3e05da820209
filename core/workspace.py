"""Where Graft keeps things on disk, and how it writes them.

    <workspace>/
      datasets/<id>/      what was imported, never changed
      drafts/<id>/        images or texts gathered class by class, before they are a dataset
      runs/<id>/          one directory a run
      crossvals/<key>/    one directory a cross-validation
      jobs/<id>/          imports and the like, while they are at work
      trash/<id>/         what was deleted, for some days, see trash.py
      weights/            a person's own
      workspace.json      {"shared": where the shared part is}, if that is elsewhere
    <shared part>/
      cache/              activations/ images/ weights/: may be deleted at any time
      queue/ device.lock  who trains, and who waits
      standby/ measured.json

People with a workspace each see nothing of each other, share what is expensive, and never train twice at once on one
device. Alone, both parts are one folder.

A file is written beside its place and renamed, so a power cut leaves the old one or the new one.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from core.errors import WorkspaceError

_TIME, _LENGTH, _DATED = "%Y%m%d-%H%M%S", 15, re.compile(r"[0-9]{8}-[0-9]{6}-")


@dataclass(frozen=True)
class Workspace:
    """A person's datasets, drafts and runs, and the part that is shared. Use `Workspace.open`, or `at` for one that is
    there.

    elsewhere: the folder of the shared part, where it is not `root` itself.
    """

    root: Path
    elsewhere: Path | None = None

    @classmethod
    def open(cls, root: str | Path | None = None, shared: str | Path | None = None) -> Workspace:
        """Open `root`, else $GRAFT_HOME, else ~/.graft, creating what is missing.

        shared: the folder of the shared part, from now on; None leaves it where it is.

        Raises:
            WorkspaceError: the folder cannot be created or written.
        """
        said = root or os.environ.get("GRAFT_HOME") or Path.home() / ".graft"
        path = Path(os.path.realpath(os.path.expanduser(said)))  # which take links and users that lead nowhere
        workspace = cls.at(path) if shared is None else cls(path, Path(os.path.realpath(os.path.expanduser(shared))))
        try:
            for folder in (workspace.datasets, workspace.runs, workspace.jobs, workspace.cache):
                folder.mkdir(parents=True, exist_ok=True)
            if shared is not None:
                write_json(path / "workspace.json", {"shared": str(workspace.shared)})
        except OSError as error:
            raise WorkspaceError(
                f"Graft cannot write to its workspace {error.filename or path} ({error.strerror}). "
                "Choose another folder by setting GRAFT_HOME, or with --workspace."
            ) from error
        if refusing := next((each for each in (path, workspace.shared) if not os.access(each, os.W_OK)), None):
            raise WorkspaceError(
                f"Graft may not write to its workspace {refusing}. "
                "Choose another folder by setting GRAFT_HOME, or with --workspace."
            )
        return workspace

    @classmethod
    def at(cls, root: Path) -> Workspace:
        """The workspace that is there, with the shared part that it was opened with."""
        try:
            said = json.loads((root / "workspace.json").read_text(encoding="utf-8"))["shared"]
            return cls(root, Path(said))
        except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is damaged: all is in one folder
            return cls(root)

    @property
    def shared(self) -> Path:
        return self.elsewhere or self.root

    @property
    def datasets(self) -> Path:
        return self.root / "datasets"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    @property
    def cache(self) -> Path:
        return self.shared / "cache"


@contextmanager
def atomic_open(path: Path, mode: str = "w", before: Callable[[], None] | None = None) -> Iterator[IO[Any]]:
    """Open a temporary file beside `path` for writing; it takes the place of `path` only if the block succeeds.

    before: called when all is written, and before it takes that place.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    encoding = None if "b" in mode else "utf-8"
    try:
        with open(beside, mode, encoding=encoding) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if before is not None:
            before()
        os.replace(beside, path)
    except OSError as error:
        error.filename = error.filename or str(path)  # which a write that fails does not say
        raise
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON, atomically."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        with atomic_open(path) as file:
            file.write(f"{text}\n")
    except OSError as error:
        error.needed = len(text.encode("utf-8", "replace"))  # type: ignore[attr-defined]
        raise


def slug(text: str, limit: int = 32) -> str:
    """`text` as a short, safe file name: lower-case ASCII letters, digits and hyphens; never empty."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:limit].strip("-") or "unnamed"


def new_id(name: str, folder: Path) -> str:
    """An id that says when it was made, in UTC, and what it is: `20261123-140501-flowers-9f3a`.

    It sorts behind all that are in the folder, whatever the clock says: where one there is of this second, or of later,
    as the clock went back, or by an earlier version, which named by local time, it is one second younger than that.
    """
    said = f"{datetime.now(UTC):{_TIME}}"
    found = (name[:_LENGTH] for name in os.listdir(folder) if _DATED.match(name)) if folder.is_dir() else ()
    newest = max(found, default="")
    if newest >= said:
        with suppress(ValueError, OverflowError):  # no moment that there is
            said = f"{datetime.strptime(newest, _TIME) + timedelta(seconds=1):{_TIME}}"  # noqa: DTZ007
    return f"{said}-{slug(name)}-{secrets.token_hex(2)}"


def contained(folder: Path, name: str) -> Path:
    """The child `name` of `folder`, where `name` is one plain path component.

    Raises:
        WorkspaceError: `name` would lead elsewhere.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or ".." in name:
        raise WorkspaceError(f"{name!r} is not the name of anything in this workspace.")
    return folder / name
