"""TARs: what one holds is known only at its end, so harm in it is found on the way, and then nothing is kept."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from core.data.entries import (
    DEVICE,
    LINK,
    BareFolders,
    Entry,
    Limits,
    Source,
    leads_out,
    leaves,
    shown_name,
    too_much,
    unnameable,
)
from core.errors import DataError

MOST_TAR_NAME = 2**20  # bytes of what a TAR says of one file: its name, and more


def is_tar(path: Path) -> bool:
    try:
        with tarfile.open(path, tarinfo=_Member):
            return True
    except (tarfile.TarError, OSError, EOFError, zlib.error):
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
            archive = tarfile.open(fileobj=file, mode="r|*", tarinfo=_Member)  # noqa: SIM115 (closed below)
        except tarfile.TarError as error:
            raise DataError(_broken_tar(path)) from error
        with archive:
            bare = BareFolders()
            entries = _tar_entries(path, archive, size, limits, bare)
            yield Source(entries, share=lambda: min(1.0, file.tell() / size), bare=bare)


_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)


class _Member(tarfile.TarInfo):
    """A file in a TAR, whose name cannot fill the memory: the library reads it whole, and it may unpack to anything."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _NAMES and self.size > MOST_TAR_NAME:
            raise tarfile.ReadError("a name of very many bytes")
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]


def _tar_entries(
    path: Path, archive: tarfile.TarFile, packed: int, limits: Limits, bare: BareFolders
) -> Iterator[Entry]:
    count = total = 0
    try:
        for member in archive:
            archive.members = []  # type: ignore[attr-defined]  # or it would remember every one that it has met
            if member.isdir():
                bare.folder(shown_name(_name(member)))
                continue
            bare.file(shown_name(_name(member)))
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
    return "/".join(part for part in member.name.replace("\\", "/").split("/") if part not in ("", "."))


def _broken_tar(path: Path) -> str:
    return f"The TAR {path.name!r} is cut short or damaged. Copy or download it again, then give it once more."
