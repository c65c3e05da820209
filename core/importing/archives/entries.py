"""Files to import, whatever they come from: entries of a source, what they may be called, and how much is read.

Nothing is written under a name that they bring.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from core.errors import DataError
from core.limits import Limits
from core.tasks import Kind
from core.units import file_size
from core.words import LONGEST_NAME

if TYPE_CHECKING:  # which is made of what is here
    from core.importing.tables.manifest import Said
    from core.importing.tables.reading import Reading


MOST_BARE = 100  # folders with nothing in them
T = TypeVar("T")


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
        table: The one table to believe about the images; "": whichever of its tables names them.
        reading: How it is to be read, where whoever made it knows.
        bare: Folders with nothing in them, which may be classes without an image. Complete once the entries are read.
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
    reading: Reading | None = None


def one_by_one(held: list[T]) -> Iterator[T]:
    """Each in its order; it is forgotten when it is given, as what is taken in needs the memory."""
    held.reverse()
    while held:
        yield held.pop()


# Names ----------------------------------------------------------------------------------------------------------------

LINK = "It is a link, and links are not followed."
DEVICE = "It is a device or another thing that is no file."


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
    return "\0" in path or path.startswith("/") or (path[1:2] == ":" and path[0].isalpha()) or ".." in path.split("/")


def leads_out(archive: str, name: str) -> str:
    return (
        f"{archive!r} holds a file whose path leads out of it ({name[:80]!r}), so none of it was kept. "
        "Pack the class folders again."
    )


def too_much(name: str, total: int, limits: Limits) -> str:
    return f"{name!r} would unpack to {file_size(total)}; at most {file_size(limits.total_bytes)} are read."
