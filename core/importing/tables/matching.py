"""Which image a cell of a table means.

A table and the files that it is about part ways: it was written on another machine, the files were converted or
renamed, a spreadsheet took leading zeros for nothing. So a cell is looked up in ever looser ways, each only where
exactly one image can be meant, and how many were found by which way is told.
"""

from __future__ import annotations

import html
import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from urllib.parse import unquote, urlsplit

from core.importing.layout import split_in
from core.words import shown_name

ENDINGS = frozenset(
    (
        *(
            "jpg",
            "jpeg",
            "png",
            "webp",
            "avif",
            "bmp",
            "gif",
            "tif",
            "tiff",
            "heic",
            "heif",
            "ppm",
            "pgm",
            "pbm",
            "jp2",
        ),
        *("jp2", "dcm", "dicom", "nii", "raw", "cr2", "nef", "arw", "dng", "svg", "mhd", "npy"),
    )
)
_PREFIX = re.compile(r"^[0-9a-f]{8}-(?=.)", re.IGNORECASE)  # that Label Studio puts before a name
_ROBOFLOW = re.compile(r"[_.](jpe?g|png|bmp|webp|tiff?)\.rf\.[0-9a-f]{16,}$", re.IGNORECASE)


_COPY = re.compile(r" ?\(\d{1,2}\)$")  # that browsers and systems put behind the name of a second copy
_BETWEEN = re.compile(r"[\s_+-]+")


def _stem(path: str) -> str:
    """Without its ending, or both where a system that hides one made `leaf.jpg.jpg`."""
    for _ in range(2):
        stem, dot, ending = path.rpartition(".")
        if not dot or ending.lower() not in ENDINGS:
            break
        path = stem
    return path


def _plain(path: str) -> str:
    """Without what tools put around a name, in small letters, with one kind of blank."""
    folder, slash, base = _stem(path).rpartition("/")
    if not (base.isascii() and base.isalnum()):  # else there is nothing to leave off: a table may have a million
        base = _PREFIX.sub("", _ROBOFLOW.sub("", base))
        base = _BETWEEN.sub("_", unicodedata.normalize("NFKC", _COPY.sub("", base)))
    return f"{folder}{slash}{base}".casefold()


def _number(path: str) -> str:
    """A number without the zeros before it, and without .0 behind it."""
    folder, slash, base = _plain(path).rpartition("/")
    if base.isdecimal() and base.isascii():
        return f"{folder}{slash}{base.lstrip('0') or '0'}"
    match = re.fullmatch(r"0*(\d+)(?:\.0+)?", base)
    return f"{folder}{slash}{match[1] if match else base}"


# In this order: what stands for a name in each way, and what is told of it.
WAYS: tuple[tuple[Callable[[str], str], str], ...] = (
    (str, ""),
    (str.casefold, "capital and small letters differ"),
    (lambda path: _stem(path).casefold(), "the ending differs or is missing"),
    (_plain, "a tool has put something before or behind the name, or other blanks in it"),
    (_number, "zeros or other things before the number are missing"),
)
LAST = len(WAYS) - 1
EXACT = 1  # so many of the ways are as good as the name itself


class Matcher:
    """Finds the images that were given by what cells say.

    Attributes:
        loosely: The images that were found in a looser way, by what is told of it.
    """

    def __init__(self, images: Collection[str]) -> None:
        self.images = images
        self.loosely = defaultdict[str, list[str]](list)
        self._before = _shared_beginning(images)
        self._by: list[tuple[dict[str, list[str]], dict[str, list[str]]] | None] = [None] * len(WAYS)

    def find(self, cell: str, table: str, ways: int = len(WAYS)) -> str | None:
        """The image that a cell of this table names; None if none, or one of several.

        ways: how many of `WAYS` are tried.
        """
        for path in self._likely(cell):
            for way in range(ways):
                if (found := self._find(path, table, way)) is not None:
                    return found
        return None

    def told(self, cell: str, table: str) -> str | None:
        """The same, and counts how it was found."""
        for path in self._likely(cell):
            for way, (_, words) in enumerate(WAYS):
                if (found := self._find(path, table, way)) is not None:
                    if words:
                        self.loosely[words].append(found)
                    return found
        return None

    def _likely(self, cell: str) -> list[str]:
        """What the cell may stand for, as far as an image could be called so: a table may name a million others."""
        _, last = self._index(LAST)
        return [path for path in _readings(cell) if self._key(path.rstrip("/").rsplit("/", 1)[-1], LAST) in last]

    def _find(self, path: str, table: str, way: int) -> str | None:
        """Seen from the table's folder, else by as much of the path's end as is known, since a path may begin where its
        writer kept the images."""
        (whole, last) = self._index(way)

        def key(path: str) -> str:
            return self._key(path, way)

        beside = key(posixpath.normpath(posixpath.join(posixpath.dirname(table), path)))
        if (found := _only(whole.get(beside), table)) is not None:
            return found
        parts = [part for part in path.split("/") if part not in ("", ".")]
        for start in range(len(parts)):
            end = key("/".join(parts[start:]))
            if (found := _only(whole.get(end), table)) is not None:
                return found
            if start == len(parts) - 1:
                return _only(last.get(end), table)
            if (held := last.get(key(parts[-1]))) and len(held) > 1:  # by the end of its path
                ending = [name for name in held if key(name).endswith(f"/{end}")]
                if (found := _only(ending, table)) is not None:
                    return found
        return None

    def _key(self, path: str, way: int) -> str:
        """The path as this way writes it; as a number alone without the beginning that all the images share."""
        if way == LAST and self._before:
            folder, slash, base = _plain(path).rpartition("/")
            return _number(f"{folder}{slash}{base.removeprefix(self._before)}")
        return WAYS[way][0](path)

    def _index(self, way: int) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Images by their path and by their last name alone, as this way writes both."""
        if (index := self._by[way]) is None:
            whole, last = dict[str, list[str]](), dict[str, list[str]]()
            for name in self.images:
                said = self._key(name, way)
                whole.setdefault(said, []).append(name)
                last.setdefault(said.rsplit("/", 1)[-1], []).append(name)
            index = self._by[way] = whole, last
        return index


def _shared_beginning(images: Collection[str]) -> str:
    """`img_` where all the images are called like `img_12.png`, as a table may name them by their numbers; "" else."""
    begins = {match[1] if (match := _COUNTED.fullmatch(_plain(posixpath.basename(name)))) else "" for name in images}
    return begins.pop() if len(begins) == 1 else ""


_COUNTED = re.compile(r"([^\W\d][^\d]*?)\d+")


def _only(names: Sequence[str] | None, table: str) -> str | None:
    """The one name, or of several the one in a folder of the split that the table is called after."""
    if not names:
        return None
    if len(names) == 1:
        return names[0]
    split = split_in(posixpath.basename(table).rsplit(".", 1)[0]) or split_in(posixpath.dirname(table))
    if split is None:
        return None
    its = [name for name in names if any(split_in(part) == split for part in name.split("/")[:-1])]
    return its[0] if len(its) == 1 else None


def _readings(cell: str) -> list[str]:
    """What a cell may stand for: as it is, and as an address is written."""
    path = shown_name((html.unescape(cell) if "&" in cell else cell).replace("\\", "/"))
    if len(path) > 1 and path[0] == path[-1] and path[0] in "'\"":
        path = path[1:-1]
    if not path:
        return []
    readings = [path]
    if not path.isascii():  # the files were unpacked by a program that took UTF-8 for something else
        readings += [path.encode().decode(other, "ignore") for other in ("cp1252", "cp437")]
    if "://" in path or "?" in path or "#" in path:
        try:
            address = urlsplit(path)
            readings.append(unquote(address.path).lstrip("/"))
            # As Label Studio writes it: ...?d=folder/name.jpg
            readings += [unquote(part.split("=", 1)[1]) for part in address.query.split("&") if "=" in part]
        except ValueError:
            pass
    if "%" in path:
        readings.append(unquote(path))
    return [reading for reading in dict.fromkeys(readings) if reading]
