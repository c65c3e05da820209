"""Where files come from: a ZIP, a TAR or a folder. A new kind of source is a new function that gives a `Source`."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

from core.errors import DataError
from core.importing.annotations import named
from core.importing.archives.entries import DEVICE, LINK, BareFolders, Entry, Source, one_by_one, too_much
from core.importing.archives.tars import is_tar, tar_source
from core.importing.archives.zips import zip_source
from core.importing.tables.encodings import carried
from core.limits import Limits
from core.words import shown_name

ARCHIVE_ENDINGS = (".zip", ".tm", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
DEEPEST = 100  # folders within folders
DEEP = f"It lies below more than {DEEPEST} folders. Move it further up."


@contextmanager
def open_source(path: Path, limits: Limits) -> Iterator[Source]:
    """A folder or an archive, told by its content and not by its name.

    Raises:
        DataError: there is nothing, it is neither, or made to do harm.
    """
    if os.path.isdir(path):  # false for any nonsense, where Path.is_dir raises
        yield folder_source(path, limits)
        return
    begins = _first_bytes(path)
    if named(path.name):  # some of these are ZIPs inside
        raise DataError(_no_archive(path, begins))
    if begins.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):  # a TAR may begin with the name PKLot
        with zip_source(path, limits) as source:
            yield source
    elif is_tar(path):
        with tar_source(path, limits) as source:
            yield source
    else:
        raise DataError(_no_archive(path, begins))


def _first_bytes(path: Path) -> bytes:
    if not os.path.lexists(path):  # false for any nonsense, where opening it raises
        raise DataError(f"There is no file or folder {str(path)[:200]!r}.")
    try:
        with open(path, "rb") as file:
            return file.read(8)
    except PermissionError as error:
        raise DataError(f"Graft may not read {path.name!r}. Give it permission, or copy the file elsewhere.") from error
    except OSError as error:
        raise DataError(f"{path.name!r} cannot be read ({error.strerror or error}).") from error


def _no_archive(path: Path, begins: bytes) -> str:
    name = path.name
    if re.search(r"\.(z\d\d|zip\.\d{3}|part\d+\.\w+|tar\.\w+\.\d+)$", name, re.IGNORECASE):
        return f"{name!r} is one part of several. Join the parts, or pack the class folders into one ZIP."
    if begins.startswith((b"Rar!", b"7z\xbc\xaf")):
        kind = "RAR" if begins.startswith(b"Rar!") else "7z"
        return f"{name!r} is a {kind} archive, which Graft does not read. Pack the class folders into a ZIP or TAR."
    if words := named(name):
        return f"{name!r} is {words}."
    if begins.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        return f"{name!r} is compressed, but no whole TAR. Copy or download it again, or pack the class folders anew."
    return (
        f"{name!r} is not a ZIP or TAR file. Pack the class folders into one, or give the folder itself, or a table "
        "(CSV, TSV, JSONL, Parquet) that names the images."
    )


def folder_source(path: Path, limits: Limits) -> Source:
    """The files below a folder, in the order of their names. Links are listed, never followed.

    Raises:
        DataError: there is no such folder, or it holds too many files.
    """
    if not os.path.isdir(path):
        raise DataError(f"There is no folder {str(path)!r}.")
    found: list[Entry] = []
    bare = BareFolders()

    def refused(error: OSError) -> None:
        words = f"The folder could not be read ({error.strerror or error})."
        found.append(Entry(_below(Path(error.filename), path), 0, _never, words))

    for folder, below, files in os.walk(path, onerror=refused, followlinks=False):
        links = [name for name in below if os.path.islink(os.path.join(folder, name))]
        below[:] = sorted(name for name in below if name not in links and not name.startswith("."))
        if below and folder.count(os.sep, len(str(path))) >= DEEPEST:  # the library goes down by calling itself
            found += [Entry(_below(Path(folder, name), path), 0, _never, DEEP) for name in below]
            below.clear()
        found += [file_entry(Path(folder, name), path) for name in sorted([*files, *links])]
        if not below and not files:
            bare.folder(_below(Path(folder), path))
        if len(found) > limits.entries:
            raise DataError(f"The folder {path.name!r} holds more than the {limits.entries:,} files that are read.")
    size = sum(entry.size for entry in found)
    if size > limits.total_bytes:
        raise DataError(too_much(path.name, size, limits))
    return Source(one_by_one(found), len(found), size, bare=bare)


def file_entry(full: Path, folder: Path) -> Entry:
    """A file below a folder; a link, a socket or a device is refused without being opened."""
    try:
        status = full.lstat()
    except OSError as error:
        return Entry(_below(full, folder), 0, _never, f"The file could not be read ({error.strerror or error}).")
    kind = status.st_mode
    refused = "" if stat.S_ISREG(kind) else LINK if stat.S_ISLNK(kind) else DEVICE
    opened = partial(open, str(full), "rb")  # a Path takes several times the memory
    return Entry(_below(full, folder), status.st_size if not refused else 0, opened, refused)  # type: ignore[arg-type]


def _below(full: Path, folder: Path) -> str:
    """A path below the folder as text: a name may hold bytes that are none."""
    return shown_name(carried(os.fsencode(full.relative_to(folder).as_posix())))


def _never() -> BinaryIO:
    raise OSError("not to be opened")
