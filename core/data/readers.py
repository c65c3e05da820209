"""Where files come from: a ZIP, a TAR or a folder, as entries. Nothing is written under a name that they bring.

A new kind of source is a new function that gives a `Source`.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import BinaryIO

from core.errors import DataError

LONGEST_NAME = 1000  # characters
MOST_TAR_NAME = 2**20  # bytes of what a TAR says of one file: its name, and more
ARCHIVE_ENDINGS = (".zip", ".tm", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


@dataclass(frozen=True)
class Limits:
    """What a source may hold. Far above any honest set of pictures, far below what would hurt the machine.

    Each can be set in the environment: `entries` by GRAFT_MAX_ENTRIES, and so on.
    """

    entries: int = 1_000_000
    file_bytes: int = 256 * 2**20
    total_bytes: int = 100 * 2**30
    ratio: int = 1000  # unpacked to packed size, of files over `ratio_from`
    ratio_from: int = 2**20
    total_ratio: int = 200  # the same of the whole archive, if over `total_ratio_from`
    total_ratio_from: int = 2**30

    @classmethod
    def from_environment(cls) -> Limits:
        """
        Raises:
            DataError: a setting is no whole number above 0.
        """
        said = {field.name: os.environ.get(f"GRAFT_MAX_{field.name.upper()}") for field in fields(cls)}
        for name, value in said.items():
            if value is not None and not (value.isascii() and value.isdecimal() and int(value) > 0):
                raise DataError(f"GRAFT_MAX_{name.upper()} is {value!r}; it takes a whole number above 0.")
        return cls(**{name: int(value) for name, value in said.items() if value is not None})


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the source. name: its path inside, with forward slashes. refused: why it must not be opened, if so."""

    name: str
    size: int
    open: Callable[[], BinaryIO]
    refused: str = ""

    def read(self, limits: Limits) -> bytes:
        """
        Raises:
            DataError: the file is refused, larger than it may be, or damaged.
        """
        if self.refused:
            raise DataError(self.refused)
        if self.size > limits.file_bytes:
            raise DataError(f"The file is larger than the {limits.file_bytes / 2**20:,.0f} MB that one may have.")
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


@dataclass(frozen=True)
class Source:
    """Files to import.

    Attributes:
        entries: To be read once, in this order.
        total: How many they are; None if that is known only at the end.
        bytes: How much they are, where it is known.
        share: How much of the source was read, 0 to 1, where `total` is unknown.
        labels: The class of each picture by its name, where whoever made the source knows better than its folders.
        table: The one table to believe about the pictures; "": whichever of its tables names them.
    """

    entries: Iterable[Entry]
    total: int | None = None
    bytes: int = 0
    share: Callable[[], float] | None = None
    labels: Mapping[str, str] | None = None
    table: str = ""


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
    if begins.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):  # a TAR may begin with the name PKLot
        with zip_source(path, limits) as source:
            yield source
    elif _is_tar(path):
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


def _is_tar(path: Path) -> bool:
    try:
        with tarfile.open(path, tarinfo=_Member):
            return True
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return False


def _no_archive(path: Path, begins: bytes) -> str:
    name = path.name
    if re.search(r"\.(z\d\d|zip\.\d{3}|part\d+\.\w+|tar\.\w+\.\d+)$", name, re.IGNORECASE):
        return f"{name!r} is one part of several. Join the parts, or pack the class folders into one ZIP."
    if begins.startswith((b"Rar!", b"7z\xbc\xaf")):
        return f"{name!r} is an archive of a kind that Graft does not read. Pack the class folders into a ZIP or TAR."
    if begins.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        return f"{name!r} is compressed, but no whole TAR. Copy or download it again, or pack the class folders anew."
    return (
        f"{name!r} is not a ZIP or TAR file. Pack the class folders into one, or give the folder itself, or a table "
        "(CSV, TSV, JSONL, Parquet) that names the pictures."
    )


# ZIP ------------------------------------------------------------------------------------------------------------------


@contextmanager
def zip_source(path: Path, limits: Limits) -> Iterator[Source]:
    """
    Raises:
        DataError: it is no ZIP, is cut short, encrypted, one part of several, or made to do harm.
    """
    _refuse_too_many(path, limits)
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise DataError(_broken_zip(path)) from error
    with archive:
        members = [member for member in archive.infolist() if not member.filename.endswith(("/", "\\"))]
        _refuse_harm(path, members, limits)
        size = sum(member.file_size for member in members)
        yield Source((_zip_entry(archive, member) for member in members), len(members), size)


def _zip_entry(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Entry:
    refused = _LINK if stat.S_ISLNK(member.external_attr >> 16) else ""
    name = _member_name(member)
    return Entry(shown_name(name), member.file_size, partial(archive.open, member), refused or _unnameable(name))  # type: ignore[arg-type]


def _broken_zip(path: Path) -> str:
    return f"The ZIP {path.name!r} is cut short or damaged. Copy or download it again, then give it once more."


def _refuse_too_many(path: Path, limits: Limits) -> None:
    """Count the files in the ZIP's directory before the library takes it all into memory, whatever it says itself."""
    with open(path, "rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = file.seek(max(0, size - 2**16 - 100))
        tail = file.read()
        end = tail.rfind(b"PK\x05\x06")
        if end < 0 or len(tail) < end + 22:
            raise DataError(_broken_zip(path))
        if tail[end + 4 : end + 6] not in (b"\0\0", b"\xff\xff"):
            raise DataError(
                f"The ZIP {path.name!r} is one part of several. Join the parts, or pack the class folders into one ZIP."
            )
        directory = int.from_bytes(tail[end + 12 : end + 16], "little")
        if directory == 0xFFFFFFFF and (zip64 := tail.rfind(b"PK\x06\x06")) >= 0:  # the true size is further up
            end, directory = zip64, int.from_bytes(tail[zip64 + 40 : zip64 + 48], "little")
        file.seek(max(0, start + end - directory))
        files, before = 0, b""
        while chunk := file.read(2**20):
            files += (before + chunk).count(b"PK\x01\x02")
            before = chunk[-3:]
    if files > limits.entries:
        raise DataError(f"The ZIP {path.name!r} holds {files:,} files; at most {limits.entries:,} are read.")


def _refuse_harm(path: Path, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    name = path.name
    if len(members) > limits.entries:
        raise DataError(f"The ZIP {name!r} holds {len(members):,} files; at most {limits.entries:,} are read.")
    total = sum(member.file_size for member in members)
    if total > limits.total_bytes:
        raise DataError(_too_much(name, total, limits))
    if total > limits.total_ratio_from and total > limits.total_ratio * path.stat().st_size:
        raise DataError(
            f"The ZIP {name!r} would unpack to over {limits.total_ratio:,} times its size, as archives made to do harm "
            "do, so none of it was read."
        )
    for member in members:
        if member.flag_bits & 0x1:
            raise DataError(f"The ZIP {name!r} is encrypted. Unpack it with its password, and pack it without one.")
        if leaves(member.orig_filename):
            raise DataError(_leads_out(name, member.orig_filename))
        if member.file_size > limits.ratio_from and member.file_size > limits.ratio * max(1, member.compress_size):
            raise DataError(
                f"The ZIP {name!r} holds a file that unpacks to over {limits.ratio:,} times its size "
                f"({member.filename[:80]!r}), as archives made to do harm do, so none of it was read."
            )
    _refuse_overlap(path, members)


def _refuse_overlap(path: Path, members: list[zipfile.ZipInfo]) -> None:
    """Files that share their bytes make a small archive a large one (https://www.bamsoftware.com/hacks/zipbomb/)."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise DataError(
                f"The ZIP {path.name!r} holds files that lie over one another ({member.filename[:80]!r}), as archives "
                "made to do harm do, so none of it was read."
            )
        end = member.header_offset + 30 + member.compress_size  # the name and more lie between


def _member_name(member: zipfile.ZipInfo) -> str:
    """Its path, with forward slashes only. Macs write UTF-8 without the mark that says so."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


# TAR ------------------------------------------------------------------------------------------------------------------


@contextmanager
def tar_source(path: Path, limits: Limits) -> Iterator[Source]:
    """Read from its beginning to its end, once: what is in it is known only then, so harm is found on the way.

    Raises:
        DataError: at once or while the entries are read: it is no TAR, is cut short, or made to do harm.
    """
    size = max(1, path.stat().st_size)
    with open(path, "rb") as file:
        try:
            archive = tarfile.open(fileobj=file, mode="r|*", tarinfo=_Member)  # noqa: SIM115 (closed below)
        except tarfile.TarError as error:
            raise DataError(_broken_tar(path)) from error
        with archive:
            yield Source(_tar_entries(path, archive, size, limits), share=lambda: min(1.0, file.tell() / size))


_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)


class _Member(tarfile.TarInfo):
    """A file in a TAR, whose name cannot fill the memory: the library reads it whole, and it may unpack to anything."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _NAMES and self.size > MOST_TAR_NAME:
            raise tarfile.ReadError("a name of very many bytes")
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]


def _tar_entries(path: Path, archive: tarfile.TarFile, packed: int, limits: Limits) -> Iterator[Entry]:
    count = total = 0
    try:
        for member in archive:
            archive.members = []  # type: ignore[attr-defined]  # or it would remember every one that it has met
            if member.isdir():
                continue
            count, total = count + 1, total + member.size
            _refuse_harmful_tar(path, member.name, count, total, packed, limits)
            yield _tar_entry(archive, member)
        if not _ended_well(archive):
            raise DataError(_broken_tar(path))
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as error:
        raise DataError(_broken_tar(path)) from error
    except Exception as error:
        if type(error).__module__ in ("lzma", "_lzma"):
            raise DataError(_broken_tar(path)) from error
        raise


def _ended_well(archive: tarfile.TarFile) -> bool:
    """Whether the mark of its end was met, and nothing but zeros after it: the library takes any damage for the end."""
    file = archive.fileobj
    return file is None or (
        file.tell() > archive.offset and not any(rest.strip(b"\0") for rest in iter(partial(file.read, 2**16), b""))
    )


def _refuse_harmful_tar(path: Path, member: str, count: int, total: int, packed: int, limits: Limits) -> None:
    if count > limits.entries:
        raise DataError(f"The TAR {path.name!r} holds more than the {limits.entries:,} files that are read.")
    if total > limits.total_bytes:
        raise DataError(_too_much(path.name, total, limits))
    if total > limits.total_ratio_from and total > limits.total_ratio * packed:
        raise DataError(
            f"The TAR {path.name!r} unpacks to over {limits.total_ratio:,} times its size, as archives made to do harm "
            "do, so none of it was kept."
        )
    if leaves(member):
        raise DataError(_leads_out(path.name, member))


def _tar_entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    name = "/".join(part for part in member.name.replace("\\", "/").split("/") if part not in ("", "."))
    refused = _LINK if member.issym() or member.islnk() else "" if member.isreg() else _DEVICE
    read = partial(archive.extractfile, member)
    return Entry(shown_name(name), member.size, read, refused or _unnameable(name))  # type: ignore[arg-type]


def _broken_tar(path: Path) -> str:
    return f"The TAR {path.name!r} is cut short or damaged. Copy or download it again, then give it once more."


# Folders --------------------------------------------------------------------------------------------------------------


def folder_source(path: Path, limits: Limits) -> Source:
    """The files below a folder, in the order of their names. Links are listed, never followed.

    Raises:
        DataError: there is no such folder, or it holds too many files.
    """
    if not os.path.isdir(path):
        raise DataError(f"There is no folder {str(path)!r}.")
    found: list[Entry] = []

    def refused(error: OSError) -> None:
        words = f"The folder could not be read ({error.strerror or error})."
        found.append(Entry(_below(Path(error.filename), path), 0, _never, words))

    for folder, below, files in os.walk(path, onerror=refused, followlinks=False):
        links = [name for name in below if os.path.islink(os.path.join(folder, name))]
        below[:] = sorted(name for name in below if name not in links and not name.startswith("."))
        found += [file_entry(Path(folder, name), path) for name in sorted([*files, *links])]
        if len(found) > limits.entries:
            raise DataError(f"The folder {path.name!r} holds more than the {limits.entries:,} files that are read.")
    size = sum(entry.size for entry in found)
    if size > limits.total_bytes:
        raise DataError(_too_much(path.name, size, limits))
    return Source(found, len(found), size)


def file_entry(full: Path, folder: Path) -> Entry:
    """A file below a folder; a link, a socket or a device is refused without being opened."""
    try:
        status = full.lstat()
    except OSError as error:
        return Entry(_below(full, folder), 0, _never, f"The file could not be read ({error.strerror or error}).")
    kind = status.st_mode
    refused = "" if stat.S_ISREG(kind) else _LINK if stat.S_ISLNK(kind) else _DEVICE
    return Entry(_below(full, folder), status.st_size if not refused else 0, partial(full.open, "rb"), refused)  # type: ignore[arg-type]


def _below(full: Path, folder: Path) -> str:
    """A path below the folder as text: a name may hold bytes that are none."""
    return shown_name(os.fsencode(full.relative_to(folder).as_posix()).decode("utf-8", "replace"))


def _never() -> BinaryIO:
    raise OSError("not to be opened")


# Names ----------------------------------------------------------------------------------------------------------------

_LINK = "It is a link, and links are not followed."
_DEVICE = "It is a device or another thing that is no file."
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown_name(name: str) -> str:
    """A name without characters that cannot be seen or that turn text around; at most `LONGEST_NAME` characters."""
    kept = (c for c in unicodedata.normalize("NFC", name[: 2 * LONGEST_NAME]) if c not in _TURNING)
    seen = ("" if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\n\t" else c for c in kept)
    return "".join(seen).replace("\n", " ").replace("\t", " ")[:LONGEST_NAME]


def _unnameable(name: str) -> str:
    if len(name) > LONGEST_NAME:
        return f"Its name is longer than the {LONGEST_NAME:,} characters that one may have."
    return "" if name else "It has no name."


def leaves(name: str) -> bool:
    """Whether a path could lead out of the folder that it is taken to be in, on any system."""
    path = name.replace("\\", "/")
    return "\0" in path or path.startswith("/") or bool(re.match("[A-Za-z]:", path)) or ".." in path.split("/")


def _leads_out(archive: str, name: str) -> str:
    return (
        f"{archive!r} holds a file whose path leads out of it ({name[:80]!r}), so none of it was kept. "
        "Pack the class folders again."
    )


def _too_much(name: str, total: int, limits: Limits) -> str:
    most = limits.total_bytes / 2**30
    return f"{name!r} would unpack to {total / 2**30:,.1f} GB; at most {most:,.1f} GB are read."
