"""Images into a draft, and on to the import."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import BinaryIO

from core.data.dataset import Dataset
from core.importing.archives.entries import Entry, Source
from core.importing.drafts.adding import Added, New, keep
from core.importing.drafts.drafts import Draft, Item, share
from core.importing.intake import ARCHIVES, Rejected, Taken, inspect
from core.importing.layout import is_junk
from core.importing.tables.cells import is_table
from core.limits import Limits
from core.units import file_size
from core.words import shown_name

AT_ONCE = 16  # images in memory, and on disk before the list names them


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
    wanted = (one for one in images if not is_junk(last_of(one[0])))
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        while batch := list(islice(wanted, AT_ONCE)):
            checked = list(pool.map(lambda one: _checked(one[0], one[1], limits), batch))
            total = total.and_then(keep(total.draft, class_id, checked, limits))
    return total


def _checked(name: str, data: bytes | BinaryIO, limits: Limits) -> New | Rejected:
    name = shown_name(last_of(name))
    data = data if isinstance(data, bytes) else data.read(limits.file_bytes + 1)
    if len(data) > limits.file_bytes:
        return Rejected(name, f"The file is larger than the {file_size(limits.file_bytes)} that one may have.")
    found = inspect(name, data)
    if isinstance(found, Taken):
        return New(found.name, found.image.rsplit(".", 1)[-1], found.sha256, data)
    if name.lower().endswith(ARCHIVES):
        return Rejected(name, "It is an archive. Unpack it and drop its images, or import the whole archive instead.")
    return found


def last_of(name: str) -> str:
    """The file's own name, of a path from any system."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def items_of(dataset: Dataset, draft: Draft) -> Iterator[tuple[str, Item]]:
    """The dataset's images with their classes, their bytes in the draft."""
    for number, row in enumerate(dataset.frame.itertuples(), start=draft.next):
        file = f"{number:06}.{row.image.rsplit('.', 1)[-1]}"
        item = Item(file=file, name=last_of(row.name), bytes=row.bytes, sha256=row.sha256)
        share(dataset.path(row.image), draft.path(item))
        yield row.label, item


def source_of(draft: Draft) -> Source:
    entries: list[Entry] = []
    labels: dict[str, str] = {}
    for one in draft.classes:
        for item in one.examples:
            name = _entry_name(item, labels)
            entries.append(Entry(name, item.bytes, partial(draft.path(item).open, "rb")))  # type: ignore[arg-type]
            labels[name] = one.label
    return Source(entries, len(entries), sum(entry.size for entry in entries), labels=labels)


def _entry_name(item: Item, taken: dict[str, str]) -> str:
    """Without the class before it, which the import could take for a split or several folders."""
    name = item.name
    if not name or is_junk(name) or is_table(name) or "/" in name:
        name = item.file
    return name if name not in taken else f"{item.file.split('.')[0]} {name}"
