"""TARs: what one holds is known only at its end, so harm in it is found on the way, and then nothing is kept."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import DataError
from core.importing.archives.entries import (
    DEVICE,
    LINK,
    BareFolders,
    Entry,
    Source,
    leads_out,
    leaves,
    too_much,
    unnameable,
)
from core.importing.tables.encodings import carried, with_slashes
from core.limits import Limits
from core.words import shown_name

MOST_TAR_NAME = 2**20  # bytes of what a TAR says of one file: its name, and more
MOST_IN_A_ROW = 16  # such sayings about one file
MOST_PADDING = 2**26  # bytes of zeros after its end that are looked at
UNPACKED: dict[bytes, Callable[[BinaryIO], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


def is_tar(path: Path) -> bool:
    try:
        with open(path, "rb") as file, _opened(file):
            return True
    except DataError:
        return True  # one that is refused
    except Exception:  # tarfile, zlib, lzma and bz2 each have errors of their own
        return False


@contextmanager
def tar_source(path: Path, limits: Limits) -> Iterator[Source]:
    """Read from its beginning to its end, once: what is in it is known only then, so harm is found on the way.

    Raises:
        DataError: at once or while the entries are read: it is no TAR, is cut short, or made to do harm.
    """
    size = max(1, path.stat().st_size)
    with open(path, "rb") as file:
        try:
            archive = _opened(file)
        except tarfile.TarError as error:
            raise DataError(_broken_tar(path)) from error
        with archive:
            bare = BareFolders()
            entries = _tar_entries(path, archive, size, limits, bare)
            yield Source(entries, share=lambda: min(1.0, file.tell() / size), bare=bare)


class _Member(tarfile.TarInfo):
    """A file in a TAR, of which little is said: the library takes all of that into memory, and it may unpack to
    anything."""

    def _proc_member(self, archive: _Archive) -> tarfile.TarInfo:
        says = self.type in _NAMES
        archive.in_a_row = archive.in_a_row + 1 if says else 0
        if says and (archive.in_a_row > MOST_IN_A_ROW or not 0 <= self.size <= MOST_TAR_NAME):
            raise tarfile.ReadError("very much is said of one file")
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]

    def _refuse(self, *_: object) -> tarfile.TarInfo:
        raise DataError(
            "The TAR holds a file that is packed without its gaps (a sparse one), which Graft does not read. "
            "Pack the class folders again without that option."
        )

    _proc_sparse = _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse


_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)


class _Archive(tarfile.TarFile):
    """in_a_row: how many headers in a row only say something of the file that comes after them."""

    tarinfo = _Member
    in_a_row = 0

    def forget(self) -> None:
        """What it remembers of the files met so far, and of what was said about all that follow."""
        self.members: list[tarfile.TarInfo] = []
        self.pax_headers = {}


def _opened(file: BinaryIO) -> _Archive:
    """To be read once. It is unpacked here, as the library would unpack any number of bytes at once."""
    begins = file.read(6)
    file.seek(0)
    unpack = next((unpack for mark, unpack in UNPACKED.items() if begins.startswith(mark)), None)
    unpacked = unpack(file) if unpack else file
    return _Archive.open(fileobj=unpacked, mode="r|", encoding="utf-8", errors="surrogateescape")  # type: ignore[arg-type]


def _tar_entries(path: Path, archive: _Archive, packed: int, limits: Limits, bare: BareFolders) -> Iterator[Entry]:
    count = total = 0
    try:
        for member in archive:
            archive.forget()
            if member.size < 0:
                raise tarfile.ReadError("a size below 0")
            count, total = count + 1, total + member.size
            _refuse_harmful_tar(path, member.name, count, total, packed, limits)
            if member.isdir():
                bare.folder(shown_name(_name(member)))
                continue
            bare.file(shown_name(_name(member)))
            yield _tar_entry(archive, member)
        if not _ended_well(archive):
            raise DataError(_broken_tar(path))
    except DataError:
        raise
    except Exception as error:  # as above; damage makes them raise nearly anything
        raise DataError(_broken_tar(path)) from error


def _ended_well(archive: tarfile.TarFile) -> bool:
    """Whether the mark of its end was met, and nothing but zeros after it: the library takes any damage for the end."""
    file = archive.fileobj
    if file is None or file.tell() <= archive.offset:
        return file is None
    rest = iter(partial(file.read, 2**16), b"")
    return not any(some.strip(b"\0") for some in islice(rest, MOST_PADDING // 2**16))


def _refuse_harmful_tar(path: Path, member: str, count: int, total: int, packed: int, limits: Limits) -> None:
    if count > limits.entries:
        raise DataError(f"The TAR {path.name!r} holds more than the {limits.entries:,} files that are read.")
    if total > limits.total_bytes:
        raise DataError(too_much(path.name, total, limits))
    if total > limits.total_ratio_from and total > limits.total_ratio * packed:
        raise DataError(
            f"The TAR {path.name!r} unpacks to over {limits.total_ratio:,} times its size, as archives made to do harm "
            "do, so none of it was kept."
        )
    if leaves(member):
        raise DataError(leads_out(path.name, member))


def _tar_entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    name = _name(member)
    refused = LINK if member.issym() or member.islnk() else "" if member.isreg() else DEVICE
    read = partial(archive.extractfile, member)
    return Entry(shown_name(name), member.size, read, refused or unnameable(name))  # type: ignore[arg-type]


def _name(member: tarfile.TarInfo) -> str:
    name = carried(member.name.encode("utf-8", "surrogateescape"))
    return "/".join(part for part in with_slashes(name).split("/") if part not in ("", "."))


def _broken_tar(path: Path) -> str:
    return f"The TAR {path.name!r} is cut short or damaged. Copy or download it again, then give it once more."
