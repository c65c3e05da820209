"""Images into a draft, out of it, and on to the import."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import BinaryIO

from core.importing.archives.entries import Entry, Source
from core.importing.drafts.drafts import Draft, Image, change, with_class
from core.importing.intake import ARCHIVES, Rejected, Taken, inspect
from core.importing.layout import is_junk
from core.importing.tables.cells import is_table
from core.limits import Limits
from core.units import file_size
from core.words import shown_name
from core.workspace import atomic_open

AT_ONCE = 16  # images in memory, and on disk before the list names them


@dataclass(frozen=True)
class Added:
    """What became of images given to a class. known: how many it had already, to the last byte."""

    draft: Draft
    taken: int = 0
    known: int = 0
    refused: list[Rejected] = field(default_factory=list)

    def and_then(self, more: Added) -> Added:
        return Added(more.draft, self.taken + more.taken, self.known + more.known, self.refused + more.refused)


def add_images(
    draft: Draft, class_id: str, images: Iterable[tuple[str, bytes | BinaryIO]], limits: Limits | None = None
) -> Added:
    """Keep those that are whole images. What the class has already is not kept again, so giving twice is harmless.

    images: names as they came, with bytes or open files. Files of the system (`.DS_Store`) are passed over.

    Raises:
        DataError: the class is gone, or the disk is full. What was taken before that stays.
    """
    limits = limits or Limits.from_environment()
    total = Added(draft)
    wanted = (one for one in images if not is_junk(_last(one[0])))
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        while batch := list(islice(wanted, AT_ONCE)):
            checked = list(pool.map(lambda one: _checked(one[0], one[1], limits), batch))
            added = _keep(total.draft, class_id, checked, limits)
            total = total.and_then(added)
    return total


def remove_image(draft: Draft, class_id: str, file: str) -> Draft:
    """Remove one image; one that is gone already is no error."""

    def removed(now: Draft) -> Draft:
        one = now.of(class_id)
        kept = tuple(image for image in one.images if image.file != file)
        return with_class(now, one.model_copy(update={"images": kept}))

    return change(draft, removed)


def _checked(name: str, data: bytes | BinaryIO, limits: Limits) -> tuple[Taken, bytes] | Rejected:
    name = shown_name(_last(name))
    data = data if isinstance(data, bytes) else data.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        return Rejected(name, f"The file is larger than the {file_size(limits.file_bytes)} that one may have.")
    found = inspect(name, data)
    if isinstance(found, Taken):
        return found, data
    if name.lower().endswith(ARCHIVES):
        return Rejected(name, "It is an archive. Unpack it and drop its images, or import the whole archive instead.")
    return found


def _last(name: str) -> str:
    """The file's own name, of a path from any system."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def _keep(draft: Draft, class_id: str, checked: list[tuple[Taken, bytes] | Rejected], limits: Limits) -> Added:
    """Write the bytes, then the list."""
    refused = [one for one in checked if isinstance(one, Rejected)]
    found = [one for one in checked if not isinstance(one, Rejected)]
    taken: list[Image] = []
    known = 0

    def kept(now: Draft) -> Draft:
        nonlocal known
        into = now.of(class_id)
        there = {image.sha256 for image in into.images}
        room = _Room(now, limits)
        for image, data in found:
            if image.sha256 in there:
                known += 1
            elif why := room.refuses(len(data)):
                refused.append(Rejected(image.name, why))
            else:
                there.add(image.sha256)
                ending = image.image.rsplit(".", 1)[-1]
                file = f"{now.next + len(taken):06}.{ending}"
                taken.append(Image(file=file, name=image.name, bytes=len(data), sha256=image.sha256))
                with atomic_open(now.path(taken[-1]), "wb") as target:
                    target.write(data)
        changed = with_class(now, into.model_copy(update={"images": (*into.images, *taken)}))
        return changed.model_copy(update={"next": now.next + len(taken)})

    return Added(change(draft, kept), len(taken), known, refused)


class _Room:
    """How much more a draft may hold."""

    def __init__(self, draft: Draft, limits: Limits) -> None:
        self.limits = limits
        self.images = draft.images
        self.bytes = sum(image.bytes for one in draft.classes for image in one.images)

    def refuses(self, size: int) -> str:
        """Why one more of this size is too much; "" if it is not, and then it counts."""
        if self.images >= self.limits.entries:
            return f"There are {self.images:,} images already, as many as there may be."
        if self.bytes + size > self.limits.total_bytes:
            return f"All the images may have {file_size(self.limits.total_bytes)} together, and have them."
        self.images, self.bytes = self.images + 1, self.bytes + size
        return ""


def draft_source(draft: Draft) -> Source:
    """The draft's images with their classes, for `core.importing.importing.import_source`."""
    entries: list[Entry] = []
    labels: dict[str, str] = {}
    for one in draft.classes:
        for image in one.images:
            name = _entry_name(image, labels)
            entries.append(Entry(name, image.bytes, partial(draft.path(image).open, "rb")))  # type: ignore[arg-type]
            labels[name] = one.label
    return Source(entries, len(entries), sum(entry.size for entry in entries), labels=labels)


def _entry_name(image: Image, taken: dict[str, str]) -> str:
    """Without the class before it, which the import could take for a split or several folders."""
    name = image.name
    if not name or is_junk(name) or is_table(name) or "/" in name:
        name = image.file
    return name if name not in taken else f"{image.file.split('.')[0]} {name}"
