"""Which image a cell of a table means.

A table and the files that it is about part ways: it was written on another machine, the files were converted or
renamed, a spreadsheet took leading zeros for nothing. So a cell is looked up in ever looser ways, each only where
exactly one image can be meant, and how many were found by which way is told.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from urllib.parse import unquote, urlsplit

from core.importing.layout import split_in
from core.words import shown_name

ENDINGS = re.compile(
    r"\.(jpe?g|png|webp|avif|bmp|gif|tiff?|heic|heif|ppm|pgm|pbm|jp2|dcm|dicom|nii|raw|cr2|nef|arw|dng|svg|mhd|npy)$",
    re.IGNORECASE,
)
_PREFIX = re.compile(r"^[0-9a-f]{8}-(?=.)", re.IGNORECASE)  # that Label Studio puts before a name
_ROBOFLOW = re.compile(r"[_.](jpe?g|png|bmp|webp|tiff?)\.rf\.[0-9a-f]{16,}$", re.IGNORECASE)


def _stem(path: str) -> str:
    return ENDINGS.sub("", path)


def _plain(path: str) -> str:
    """Without what tools put around a name, in small letters."""
    folder, base = posixpath.split(_ROBOFLOW.sub("", _stem(path)))
    return posixpath.join(folder, _PREFIX.sub("", base)).casefold()


def _number(path: str) -> str:
    """A number without the zeros before it, and without .0 behind it."""
    folder, base = posixpath.split(_plain(path))
    match = re.fullmatch(r"0*(\d+)(?:\.0+)?", base)
    return posixpath.join(folder, match[1] if match else base)


# In this order: what stands for a name in each way, and what is told of it.
WAYS: tuple[tuple[Callable[[str], str], str], ...] = (
    (str, ""),
    (str.casefold, "capital and small letters differ"),
    (lambda path: _stem(path).casefold(), "the ending differs or is missing"),
    (_plain, "a tool has put something before or behind the name"),
    (_number, "zeros before the number are missing"),
)
EXACT = 1  # so many of the ways are as good as the name itself


class Matcher:
    """Finds the images that were given by what cells say.

    Attributes:
        loosely: The images that were found in a looser way, by what is told of it.
    """

    def __init__(self, images: Collection[str]) -> None:
        self.images = images
        self.loosely = defaultdict[str, list[str]](list)
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
        _, last = self._index(len(WAYS) - 1)
        return [path for path in _readings(cell) if _number(path.rstrip("/").rsplit("/", 1)[-1]) in last]

    def _find(self, path: str, table: str, way: int) -> str | None:
        """Seen from the table's folder, else by as much of the path's end as is known, since a path may begin where its
        writer kept the images."""
        key, (whole, last) = WAYS[way][0], self._index(way)
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

    def _index(self, way: int) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Images by their path and by their last name alone, as this way writes both."""
        if (index := self._by[way]) is None:
            key, whole, last = WAYS[way][0], dict[str, list[str]](), dict[str, list[str]]()
            for name in self.images:
                said = key(name)
                whole.setdefault(said, []).append(name)
                last.setdefault(said.rsplit("/", 1)[-1], []).append(name)
            index = self._by[way] = whole, last
        return index


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
    path = shown_name(cell.replace("\\", "/"))
    if not path:
        return []
    readings = [path]
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
