"""Files to import, whatever they come from: entries of a source, what they may be called, and how much is read.

Nothing is written under a name that they bring.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from core.data.reading import Kind
from core.errors import DataError
from core.units import file_size

if TYPE_CHECKING:  # which is made of what is here
    from core.data.manifest import Said

LONGEST_NAME = 1000  # characters
MOST_BARE = 100  # folders with nothing in them
T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """What a source may hold. Far above any honest set of pictures, far below what would hurt the machine.

    Each can be set in the environment: `entries` by GRAFT_MAX_ENTRIES, and so on.
    """

    entries: int = 1_000_000
    file_bytes: int = 256 * 10**6
    total_bytes: int = 100 * 10**9
    table_bytes: int = 100 * 10**6  # of all its tables
    pixels: int = 120_000_000  # of a picture: beyond nearly any camera, and a header may claim more to fill the memory
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
            raise DataError(f"The file is larger than the {file_size(limits.file_bytes)} that one may have.")
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
        labels: The class of each image by its name, or all that is said of it, where whoever made the source knows
            better than its folders; then kind says what the answers are, and target what a number is called.
        table: The one table to believe about the pictures; "": whichever of its tables names them.
        bare: Folders with nothing in them, which may be classes without a picture. Complete once the entries are read.
    """

    entries: Iterable[Entry]
    total: int | None = None
    bytes: int = 0
    share: Callable[[], float] | None = None
    labels: Mapping[str, str | Said] | None = None
    table: str = ""
    bare: Collection[str] = ()
    kind: Kind = "classes"
    target: str = ""


def one_by_one(held: list[T]) -> Iterator[T]:
    """Each in its order; it is forgotten when it is given, as what is taken in needs the memory."""
    held.reverse()
    while held:
        yield held.pop()


# Names ----------------------------------------------------------------------------------------------------------------

LINK = "It is a link, and links are not followed."
DEVICE = "It is a device or another thing that is no file."
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = frozenset("\u200b\u2060\ufeff\u00ad\u180e")  # but not the joiners, without which some scripts are misspelt


def shown_name(name: str) -> str:
    """A name without characters that cannot be seen or that turn text around, its blanks plain ones; at most
    `LONGEST_NAME` characters."""
    if name.isascii() and name.isprintable():
        return name[:LONGEST_NAME]
    kept = (c for c in unicodedata.normalize("NFC", name[: 2 * LONGEST_NAME]) if c not in _TURNING and c not in _UNSEEN)
    seen = ("" if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") and c not in "\n\t" else c for c in kept)
    plain = (" " if c in "\n\t" or unicodedata.category(c) == "Zs" else c for c in "".join(seen))
    return "".join(plain)[:LONGEST_NAME]


class BareFolders(dict[str, None]):
    """Of folders and files that come one by one, the folders with nothing in them; of a great many, not all."""

    def folder(self, name: str) -> None:
        self.file(name)
        if len(self) < MOST_BARE:
            self[name] = None

    def file(self, name: str) -> None:
        """What lies above it is not bare."""
        above = [name[:end] for end, character in enumerate(name) if character == "/"] if self else []
        for folder in above:
            self.pop(folder, None)


def unnameable(name: str) -> str:
    if len(name) > LONGEST_NAME:
        return f"Its name is longer than the {LONGEST_NAME:,} characters that one may have."
    return "" if name else "It has no name."


def leaves(name: str) -> bool:
    """Whether a path could lead out of the folder that it is taken to be in, on any system."""
    path = name.replace("\\", "/")
    return "\0" in path or path.startswith("/") or bool(re.match("[A-Za-z]:", path)) or ".." in path.split("/")


def leads_out(archive: str, name: str) -> str:
    return (
        f"{archive!r} holds a file whose path leads out of it ({name[:80]!r}), so none of it was kept. "
        "Pack the class folders again."
    )


def too_much(name: str, total: int, limits: Limits) -> str:
    return f"{name!r} would unpack to {file_size(total)}; at most {file_size(limits.total_bytes)} are read."
