"""ZIPs: what one holds is known beforehand, so one that is made to do harm is refused before anything is read."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from core.errors import DataError
from core.importing.archives.entries import (
    LINK,
    BareFolders,
    Entry,
    Source,
    leads_out,
    leaves,
    one_by_one,
    too_much,
    unnameable,
)
from core.importing.tables.encodings import carried, with_slashes
from core.limits import Limits
from core.words import shown_name

LARGE_END = 76  # bytes between the directory of a large ZIP and its end
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# The library unpacks the others all at once, to any number of bytes.
METHOD = "It is packed in a way that Graft does not read. Pack it again in the usual one (Deflate)."


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
        bare = _bare(archive.infolist())
        archive.filelist.clear()  # or nothing would be forgotten
        archive.NameToInfo.clear()
        entries = (_zip_entry(archive, member) for member in one_by_one(members))
        yield Source(entries, len(members), size, bare=bare)


def _bare(members: list[zipfile.ZipInfo]) -> BareFolders:
    bare = BareFolders()
    for member in members:
        is_folder, name = member.filename.endswith(("/", "\\")), shown_name(_member_name(member))
        bare.folder(name) if is_folder else bare.file(name)
    return bare


def _zip_entry(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Entry:
    refused = LINK if stat.S_ISLNK(member.external_attr >> 16) else "" if member.compress_type in METHODS else METHOD
    name = _member_name(member)
    return Entry(shown_name(name), member.file_size, partial(archive.open, member), refused or unnameable(name))  # type: ignore[arg-type]


def _broken_zip(path: Path) -> str:
    return f"The ZIP {path.name!r} is cut short or damaged. Copy or download it again, then give it once more."


def _refuse_too_many(path: Path, limits: Limits) -> None:
    """Count the files in the ZIP's directory before the library takes it all into memory, whatever it says itself."""
    with open(path, "rb") as file:
        try:
            end = zipfile._EndRecData(file)  # type: ignore[attr-defined]  # where the library will look, and nowhere else
        except zipfile.BadZipFile:
            raise DataError(_one_of_several(path)) from None
        if end is None:
            raise DataError(_broken_zip(path))
        if end[zipfile._ECD_DISK_NUMBER] not in (0, 0xFFFF):  # type: ignore[attr-defined]
            raise DataError(_one_of_several(path))
        size, location = end[zipfile._ECD_SIZE], end[zipfile._ECD_LOCATION]  # type: ignore[attr-defined]
        file.seek(max(0, location - size - LARGE_END))
        files, before = 0, b""
        while chunk := file.read(2**20):
            files += (before + chunk).count(b"PK\x01\x02")
            before = chunk[-3:]
    if files > limits.entries:
        raise DataError(f"The ZIP {path.name!r} holds {files:,} files; at most {limits.entries:,} are read.")


def _one_of_several(path: Path) -> str:
    return f"The ZIP {path.name!r} is one part of several. Join the parts, or pack the class folders into one ZIP."


def _refuse_harm(path: Path, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    name = path.name
    if len(members) > limits.entries:
        raise DataError(f"The ZIP {name!r} holds {len(members):,} files; at most {limits.entries:,} are read.")
    total = sum(member.file_size for member in members)
    if total > limits.total_bytes:
        raise DataError(too_much(name, total, limits))
    if total > limits.total_ratio_from and total > limits.total_ratio * path.stat().st_size:
        raise DataError(
            f"The ZIP {name!r} would unpack to over {limits.total_ratio:,} times its size, as archives made to do harm "
            "do, so none of it was read."
        )
    for member in members:
        if member.flag_bits & 0x1:
            raise DataError(f"The ZIP {name!r} is encrypted. Unpack it with its password, and pack it without one.")
        if leaves(member.orig_filename):
            raise DataError(leads_out(name, member.orig_filename))
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
    """Its path, with forward slashes only. Macs write UTF-8 without the mark that says so, Windows anything."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = carried(name.encode("cp437"))
    return "/".join(part for part in with_slashes(name).split("/") if part not in ("", "."))
