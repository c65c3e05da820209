"""Archives as nobody should make them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path


def with_flag(path: Path, *, set_bits: int = 0, clear_bits: int = 0) -> Path:
    """Change the flags of every member, in both places where a ZIP keeps them."""
    raw = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for at in _each(raw, mark):
            flags = int.from_bytes(raw[at + offset : at + offset + 2], "little")
            raw[at + offset : at + offset + 2] = (flags & ~clear_bits | set_bits).to_bytes(2, "little")
    path.write_bytes(raw)
    return path


def _each(raw: bytearray, mark: bytes) -> Iterator[int]:
    at = raw.find(mark)
    while at >= 0:
        yield at
        at = raw.find(mark, at + 4)


def add(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """Put more files into an archive, under any name whatever."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    """A symbolic link as a member."""
    member = zipfile.ZipInfo(name)
    member.create_system = 3
    member.external_attr = 0o120777 << 16
    return member, target.encode()


def spoil(path: Path, name: str) -> Path:
    """Damage what is packed under this name."""
    with zipfile.ZipFile(path) as archive:
        begins = archive.getinfo(name).header_offset + 30 + len(name)
    raw = bytearray(path.read_bytes())
    raw[begins + 50 : begins + 100] = bytes(50)
    path.write_bytes(raw)
    return path


def tar(path: Path, files: dict[str, bytes], *odd: tarfile.TarInfo, mode: str = "w:gz") -> Path:
    """A TAR of these files, and of members that are no files."""
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in odd:
            archive.addfile(member)
    return path


def odd_member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """A link, a device or the like."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member
