"""A dataset of a draft, and a draft of a dataset, whatever the examples are."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core.data.dataset import Dataset
from core.errors import DataError
from core.importing.archives.entries import Source
from core.importing.drafts import images, texts
from core.importing.drafts.drafts import Draft, Item, change, list_drafts, new_draft
from core.modalities import IMAGE, MODALITIES, TEXT
from core.workspace import Workspace

MOST_TO_ADD_TO, MOST_CLASSES = 20_000, 30  # of a dataset that becomes a draft


@dataclass(frozen=True)
class Way:
    """items_of: what a dataset's examples are in a draft, with their classes. source_of: the way to the import."""

    items_of: Callable[[Dataset, Draft], Iterator[tuple[str, Item]]]
    source_of: Callable[[Draft], Source]


WAYS = {IMAGE.name: Way(images.items_of, images.source_of), TEXT.name: Way(texts.items_of, texts.source_of)}


def draft_source(draft: Draft) -> Source:
    """The draft's examples with their classes, for `core.importing.importing.import_source`."""
    return WAYS[draft.modality].source_of(draft)


def draft_of(workspace: Workspace, dataset: Dataset, empty: Iterable[str] = ()) -> Draft:
    """A draft with the examples of a dataset, to be added to: the one there is, with what was added, else a new one.

    empty: classes without an example yet. The classes that have the fewest come first.

    Raises:
        DataError: it is no dataset of classes, or too large for a draft.
    """
    origin = f"{dataset.id}@{dataset.version}"
    for draft in list_drafts(workspace):
        if draft.origin == origin:
            return draft
    noun = dataset.modality.noun
    if not fits_a_draft(dataset):
        raise DataError(
            f"Only a dataset of at most {MOST_TO_ADD_TO:,} {noun}s in {MOST_CLASSES} classes can be added to here. "
            f"Add the {noun}s where these came from, and import again."
        )
    sizes = dataset.frame[dataset.column].value_counts()
    labels = dict.fromkeys((*empty, *sorted(dataset.classes, key=lambda label: int(sizes[label]))))
    draft = new_draft(workspace, dataset.name, labels, dataset.modality.name)

    def filled(now: Draft) -> Draft:
        items: dict[str, list[Item]] = {one.label: [] for one in now.classes}
        for label, item in WAYS[now.modality].items_of(dataset, now):
            items[label].append(item)
        classes = tuple(one.model_copy(update={"examples": tuple(items[one.label])}) for one in now.classes)
        return now.model_copy(update={"classes": classes, "next": now.next + len(dataset.frame), "origin": origin})

    try:
        return change(draft, filled)
    except DataError:
        shutil.rmtree(draft.directory, ignore_errors=True)
        raise


def fits_a_draft(dataset: Dataset) -> bool:
    """Whether it could be shown as one: a draft's list is read and written as a whole, and each class has a card."""
    few = len(dataset.frame) <= MOST_TO_ADD_TO and len(dataset.classes) <= MOST_CLASSES
    return dataset.task.told_by_folders and dataset.modality.name in WAYS and few


def kinds() -> dict[str, str]:
    """What drafts can be of, by the modality's name: `Images`."""
    return {name: f"{MODALITIES[name].noun}s".capitalize() for name in WAYS}
