"""Where files come from: a ZIP or a folder, as a list of entries. Nothing is written under a name that it brought.

A new kind of source is a new function that returns entries.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from core.errors import DataError


@dataclass(frozen=True)
class Limits:
    """What an archive may hold. Far above any honest set of pictures, far below what would hurt the machine."""

    entries: int = 1_000_000
    file_bytes: int = 256 * 2**20
    total_bytes: int = 100 * 2**30
    ratio: int = 1000  # unpacked to packed size, of files over `ratio_from`
    ratio_from: int = 2**20
    total_ratio: int = 200  # the same of the whole archive, if over `total_ratio_from`
    total_ratio_from: int = 2**30


@dataclass(frozen=True)
class Entry:
    """A file in the source. name: its path inside, with forward slashes. link: it points elsewhere, is not opened."""

    name: str
    size: int
    open: Callable[[], BinaryIO]
    link: bool = False

    def read(self, limits: Limits) -> bytes:
        """
        Raises:
            DataError: the file is larger than it may be, or damaged.
        """
        too_large = f"The file is larger than the {limits.file_bytes // 2**20} MB that a picture may have."
        if self.size > limits.file_bytes:
            raise DataError(too_large)
        try:
            with self.open() as file:
                data = file.read(self.size + 1)  # the buffer is as large as what is asked for
        except OSError as error:
            raise DataError(f"The file could not be read ({error.strerror or error}).") from error
        except Exception as error:  # zipfile, zlib, lzma and bz2 each have errors of their own
            raise DataError("The file is damaged and cannot be unpacked.") from error
        if len(data) > self.size:
            raise DataError("The file is growing while it is read. Import again when it is whole.")
        return data


@contextmanager
def zip_entries(path: Path, limits: Limits) -> Iterator[list[Entry]]:
    """
    Raises:
        DataError: it is no ZIP, is cut short, encrypted, or made to do harm.
    """
    if path.is_dir():
        raise DataError(f"{path.name!r} is a folder, not a ZIP; give it as a folder.")
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path.name!r}.") from error
    except PermissionError as error:
        raise DataError(f"Graft may not read {path.name!r}. Give it permission, or copy the file elsewhere.") from error
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(_no_zip(path)) from error
    with archive:
        members = [member for member in archive.infolist() if not member.filename.endswith(("/", "\\"))]
        _refuse_harm(path, members, limits)
        yield [
            Entry(
                _member_name(member),
                member.file_size,
                partial(archive.open, member),  # type: ignore[arg-type]
                link=stat.S_ISLNK(member.external_attr >> 16),
            )
            for member in members
        ]


def _no_zip(path: Path) -> str:
    with open(path, "rb") as file:
        begins_like_one = file.read(4) == b"PK\x03\x04"
    if begins_like_one:
        return f"The ZIP {path.name!r} is cut short or damaged. Copy or download it again, then give it once more."
    return f"{path.name!r} is not a ZIP file. Pack the class folders into a ZIP, or give the folder itself."


def _refuse_harm(path: Path, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    name = path.name
    if len(members) > limits.entries:
        raise DataError(f"The ZIP {name!r} holds {len(members):,} files; at most {limits.entries:,} are read.")
    total = sum(member.file_size for member in members)
    if total > limits.total_bytes:
        most = limits.total_bytes / 2**30
        raise DataError(f"The ZIP {name!r} would unpack to {total / 2**30:,.1f} GB; at most {most:,.1f} GB are read.")
    if total > limits.total_ratio_from and total > limits.total_ratio * path.stat().st_size:
        raise DataError(
            f"The ZIP {name!r} would unpack to over {limits.total_ratio:,} times its size, as archives made to do harm "
            "do, so none of it was read."
        )
    for member in members:
        if member.flag_bits & 0x1:
            raise DataError(f"The ZIP {name!r} is encrypted. Unpack it with its password, and pack it without one.")
        if _leaves(member.orig_filename):
            raise DataError(
                f"The ZIP {name!r} holds a file whose path leads out of it ({member.orig_filename[:80]!r}), "
                "so none of it was read. Pack the class folders again."
            )
        if member.file_size > limits.ratio_from and member.file_size > limits.ratio * max(1, member.compress_size):
            raise DataError(
                f"The ZIP {name!r} holds a file that unpacks to over {limits.ratio:,} times its size "
                f"({member.filename[:80]!r}), as archives made to do harm do, so none of it was read."
            )


def _member_name(member: zipfile.ZipInfo) -> str:
    """Its path, with forward slashes only. Macs write UTF-8 without the mark that says so."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _leaves(name: str) -> bool:
    path = name.replace("\\", "/")
    return "\0" in path or path.startswith("/") or bool(re.match("[A-Za-z]:", path)) or ".." in path.split("/")


@contextmanager
def folder_entries(path: Path, limits: Limits) -> Iterator[list[Entry]]:
    """The files below a folder, in the order of their names. Links are listed, never followed.

    Raises:
        DataError: there is no such folder, or it holds too many files.
    """
    if not os.path.isdir(path):  # false for any nonsense, where Path.is_dir raises
        raise DataError(f"There is no folder {str(path)!r}.")
    found: list[Entry] = []

    def refused(error: OSError) -> None:
        found.append(Entry(_shown(Path(error.filename), path), 0, partial(_raise, error)))

    for folder, below, files in os.walk(path, onerror=refused, followlinks=False):
        links = [name for name in below if os.path.islink(os.path.join(folder, name))]
        below[:] = sorted(name for name in below if name not in links and not name.startswith("."))
        for name in sorted([*files, *links]):
            full = Path(folder, name)
            status = full.lstat()
            odd = not stat.S_ISREG(status.st_mode)  # links, sockets, devices
            read = partial(full.open, "rb")
            found.append(Entry(_shown(full, path), status.st_size, read, link=odd))  # type: ignore[arg-type]
        if len(found) > limits.entries:
            raise DataError(f"The folder {path.name!r} holds more than the {limits.entries:,} files that are read.")
    yield found


def _shown(full: Path, folder: Path) -> str:
    """A path below the folder as text: a name may hold bytes that are none."""
    return os.fsencode(full.relative_to(folder).as_posix()).decode("utf-8", "replace")


def _raise(error: OSError) -> BinaryIO:
    raise error
