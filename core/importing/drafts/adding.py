"""Examples into a draft, and out of it, whatever they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.importing.drafts.drafts import Draft, Item, change, with_class
from core.importing.intake import Rejected
from core.limits import Limits
from core.units import file_size
from core.workspace import atomic_open


@dataclass(frozen=True)
class New:
    """An example that a class may get. ending: of its bytes; data: those of an image; text: of a text."""

    name: str
    ending: str
    sha256: str
    data: bytes = b""
    text: str = ""

    @property
    def bytes(self) -> int:
        return len(self.data) or len(self.text.encode("utf-8", "replace"))


@dataclass(frozen=True)
class Added:
    """What became of examples given to a class. known: how many it had already, to the last byte."""

    draft: Draft
    taken: int = 0
    known: int = 0
    refused: list[Rejected] = field(default_factory=list)

    def and_then(self, more: Added) -> Added:
        return Added(more.draft, self.taken + more.taken, self.known + more.known, self.refused + more.refused)


def keep(draft: Draft, class_id: str, given: Sequence[New | Rejected], limits: Limits) -> Added:
    """Write the bytes of images, then the list. What the class has already is not kept again.

    Raises:
        DataError: the class is gone, or the disk is full.
    """
    refused = [one for one in given if isinstance(one, Rejected)]
    found = [one for one in given if not isinstance(one, Rejected)]
    taken: list[Item] = []
    known = 0

    def kept(now: Draft) -> Draft:
        nonlocal known
        into = now.of(class_id)
        there = {item.sha256 for item in into.examples}
        room = _Room(now, limits)
        for new in found:
            if new.sha256 in there:
                known += 1
            elif why := room.refuses(new.bytes):
                refused.append(Rejected(new.name, why))
            else:
                there.add(new.sha256)
                taken.append(_written(now, new, now.next + len(taken)))
        changed = with_class(now, into.model_copy(update={"examples": (*into.examples, *taken)}))
        return changed.model_copy(update={"next": now.next + len(taken)})

    return Added(change(draft, kept), len(taken), known, refused)


def _written(draft: Draft, new: New, number: int) -> Item:
    file = f"{number:06}.{new.ending}"
    item = Item(file=file, name=new.name, bytes=new.bytes, sha256=new.sha256, text=new.text)
    if new.data:
        with atomic_open(draft.path(item), "wb") as target:
            target.write(new.data)
    return item


def remove_item(draft: Draft, class_id: str, file: str) -> Draft:
    """Remove one example; one that is gone already is no error."""

    def removed(now: Draft) -> Draft:
        one = now.of(class_id)
        kept = tuple(item for item in one.examples if item.file != file)
        return with_class(now, one.model_copy(update={"examples": kept}))

    return change(draft, removed)


class _Room:
    """How much more a draft may hold."""

    def __init__(self, draft: Draft, limits: Limits) -> None:
        self.limits, self.noun = limits, draft.noun
        self.examples = draft.size
        self.bytes = sum(item.bytes for one in draft.classes for item in one.examples)

    def refuses(self, size: int) -> str:
        """Why one more of this size is too much; "" if it is not, and then it counts."""
        if self.examples >= self.limits.entries:
            return f"There are {self.examples:,} {self.noun}s already, as many as there may be."
        if self.bytes + size > self.limits.total_bytes:
            return f"All the {self.noun}s may have {file_size(self.limits.total_bytes)} together, and have them."
        self.examples, self.bytes = self.examples + 1, self.bytes + size
        return ""
