"""Drafts: images gathered class by class, in the browser, until they are made a dataset.

    <workspace>/drafts/<id>/
      draft.json          name, and the classes in order with their images
      images/<number>   the bytes, as they came; never under a name from outside

Every function that changes a draft gives it back as it then is. A change begins with what is on disk and holds a lock,
so two tabs never undo each other's work. Bytes are written before the list that names them: whoever is killed in
between leaves an image that nobody lists, and that the next one to add images clears away.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core import trash
from core.data.dataset import Dataset
from core.errors import DamagedError, DataError
from core.modalities import IMAGE
from core.records import Bytes, Count, read
from core.store.full_disk import disk_in_words
from core.words import shown_name
from core.workspace import Workspace, atomic_open, contained, new_id

FIRST_CLASSES = ("Class 1", "Class 2")
LONGEST_LABEL = 200  # characters
MOST_TO_ADD_TO, MOST_CLASSES = 20_000, 30  # of a dataset that becomes a draft


class Image(BaseModel):
    """file: below the draft's `images/`; name: as it was given, without folders; bytes: how many."""

    model_config = ConfigDict(frozen=True)

    file: str = Field(pattern=r"^\d+\.[a-z0-9]+$")
    name: str
    bytes: Bytes
    sha256: str


class DraftClass(BaseModel):
    """The id stays when the label changes."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern=r"^[0-9a-f]+$")
    label: str
    images: tuple[Image, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, given: Any) -> Any:
        if isinstance(given, dict) and "pictures" in given:
            return {"images" if name == "pictures" else name: value for name, value in given.items()}
        return given


class DraftList(BaseModel):
    """What `draft.json` says. next: the number of the next image; none is ever given twice. origin: the dataset whose
    images it began with, as `id@version`."""

    model_config = ConfigDict(frozen=True)

    name: str
    created: str
    next: Count = 1
    origin: str = ""
    classes: tuple[DraftClass, ...] = ()


class Draft(DraftList):
    """A draft as it was when it was read."""

    directory: Path = Field(exclude=True)

    @property
    def id(self) -> str:
        return self.directory.name

    @property
    def images(self) -> int:
        return sum(len(one.images) for one in self.classes)

    @property
    def folder(self) -> Path:
        """Where its images lie: in `pictures` if an earlier version made it."""
        earlier = self.directory / "pictures"
        return earlier if earlier.is_dir() else self.directory / "images"

    def path(self, image: Image) -> Path:
        return self.folder / image.file

    def of(self, class_id: str) -> DraftClass:
        """
        Raises:
            DataError: the class is gone.
        """
        for one in self.classes:
            if one.id == class_id:
                return one
        raise DataError("This class is not there any more. It was removed, perhaps in another tab.")


# Drafts ---------------------------------------------------------------------------------------------------------------


def new_draft(workspace: Workspace, name: str = "My images", labels: Iterable[str] = FIRST_CLASSES) -> Draft:
    created = datetime.now().isoformat(timespec="seconds")
    draft = Draft(directory=_drafts(workspace) / new_id("draft", _drafts(workspace)), name=_name(name), created=created)
    for label in labels:
        draft = with_new_class(draft, label)
    with disk_in_words():
        draft.folder.mkdir(parents=True)
        return _write(draft)


def draft_of(workspace: Workspace, dataset: Dataset, empty: Iterable[str] = ()) -> Draft:
    """A draft with the images of a dataset, to be added to: the one there is, with what was added, else a new one.

    empty: classes without an image yet. The classes that have the fewest come first.

    Raises:
        DataError: it is no dataset of classes, or too large for a draft.
    """
    origin = f"{dataset.id}@{dataset.version}"
    for draft in list_drafts(workspace):
        if draft.origin == origin:
            return draft
    if not fits_a_draft(dataset):
        raise DataError(
            f"Only a dataset of at most {MOST_TO_ADD_TO:,} images in {MOST_CLASSES} classes can be added to here. "
            "Add the images where these came from, and import again."
        )
    sizes = dataset.frame[dataset.column].value_counts()
    labels = dict.fromkeys((*empty, *sorted(dataset.classes, key=lambda label: int(sizes[label]))))
    draft = new_draft(workspace, dataset.name, labels)

    def filled(now: Draft) -> Draft:
        images: dict[str, list[Image]] = {one.label: [] for one in now.classes}
        for number, row in enumerate(dataset.frame.itertuples(), start=now.next):
            file = f"{number:06}.{row.image.rsplit('.', 1)[-1]}"
            image = Image(file=file, name=row.name.rsplit("/", 1)[-1], bytes=row.bytes, sha256=row.sha256)
            _share(dataset.path(row.image), now.path(image))
            images[row.label].append(image)
        classes = tuple(one.model_copy(update={"images": tuple(images[one.label])}) for one in now.classes)
        return now.model_copy(update={"classes": classes, "next": now.next + len(dataset.frame), "origin": origin})

    try:
        return change(draft, filled)
    except DataError:
        shutil.rmtree(draft.directory, ignore_errors=True)
        raise


def fits_a_draft(dataset: Dataset) -> bool:
    """Whether it could be shown as one: a draft's list is read and written as a whole, and each class has a card."""
    few = len(dataset.frame) <= MOST_TO_ADD_TO and len(dataset.classes) <= MOST_CLASSES
    return dataset.task.told_by_folders and dataset.modality is IMAGE and few


def _share(source: Path, target: Path) -> None:
    """The same bytes twice on disk, but only once where it can: neither is ever written again."""
    try:
        os.link(source, target)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(source, target)


def list_drafts(workspace: Workspace) -> list[Draft]:
    """All that can be read, the newest first."""
    drafts = []
    for path in sorted(_drafts(workspace).glob("*/draft.json"), reverse=True):
        with suppress(DataError):
            drafts.append(_read(path.parent))
    return drafts


def damaged_drafts(workspace: Workspace) -> dict[str, str]:
    """Those that cannot be read, by their ids, with what is wrong with them."""
    found = {}
    for path in sorted(_drafts(workspace).glob("*/draft.json"), reverse=True):
        try:
            _read(path.parent)
        except DataError as error:
            if os.path.lexists(path):
                found[path.parent.name] = str(error)
    return found


def load_draft(workspace: Workspace, draft_id: str) -> Draft:
    """
    Raises:
        DataError: it is gone, or its list cannot be read.
    """
    return _read(contained(_drafts(workspace), draft_id))


def rename(draft: Draft, name: str) -> Draft:
    return change(draft, lambda now: now.model_copy(update={"name": _name(name)}))


def delete_draft(draft: Draft) -> trash.Trashed | None:
    """Move it to the trash with its images. Datasets that were made from it stay. None: someone else was quicker."""
    with _lock(draft):
        trashed = trash.put(Workspace.at(draft.directory.parent.parent), "draft", draft.id, draft.name)
    Path(_lock(draft).lock_file).unlink(missing_ok=True)
    return trashed


# Classes --------------------------------------------------------------------------------------------------------------


def add_class(draft: Draft, label: str = "") -> Draft:
    """A new, empty class at the end. Without a label it gets the first free of "Class 1", "Class 2" and so on.

    Raises:
        DataError: there is a class of this label, or it is too long.
    """
    return change(draft, lambda now: with_new_class(now, label))


def rename_class(draft: Draft, class_id: str, label: str) -> Draft:
    """Raises as `add_class`; and without a label."""

    def renamed(now: Draft) -> Draft:
        others = {one.label for one in now.classes if one.id != class_id}
        return with_class(now, now.of(class_id).model_copy(update={"label": _label(label, others)}))

    return change(draft, renamed)


def remove_class(draft: Draft, class_id: str) -> Draft:
    """Remove the class and its images."""

    def removed(now: Draft) -> Draft:
        gone = now.of(class_id)
        return now.model_copy(update={"classes": tuple(one for one in now.classes if one is not gone)})

    return change(draft, removed)


def class_to_trash(draft: Draft, class_id: str) -> trash.Trashed | None:
    """Remove the class; a draft of it alone goes to the trash, to be had back from there."""
    gone = _read(draft.directory).of(class_id)
    alone = new_draft(Workspace.at(draft.directory.parent.parent), f"{gone.label}, of {draft.name}", ())
    with disk_in_words():
        for image in gone.images:
            _share(draft.path(image), alone.path(image))
    alone = change(alone, lambda now: now.model_copy(update={"classes": (gone,), "next": draft.next}))
    remove_class(draft, class_id)
    return delete_draft(alone)


def with_new_class(draft: Draft, label: str) -> Draft:
    labels = {one.label for one in draft.classes}
    label = label if label.strip() else next(free for free in _numbered() if free not in labels)
    added = DraftClass(id=secrets.token_hex(4), label=_label(label, labels))
    return draft.model_copy(update={"classes": (*draft.classes, added)})


def _numbered() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"Class {number}"


def _label(text: str, others: set[str]) -> str:
    label = shown_name(text).strip()
    if not label:
        raise DataError("A class needs a name. Type what its images show.")
    if len(label) > LONGEST_LABEL:
        raise DataError(f"The name of a class has at most {LONGEST_LABEL} characters; this one has {len(label):,}.")
    if label in others:
        raise DataError(f"There is a class {label!r} already. Give this one another name, or add the images there.")
    return label


def _name(text: str) -> str:
    return shown_name(text).strip()[:LONGEST_LABEL] or "My images"


def with_class(draft: Draft, changed: DraftClass) -> Draft:
    """The draft with a class in the place of the one that has its id."""
    classes = tuple(changed if one.id == changed.id else one for one in draft.classes)
    return draft.model_copy(update={"classes": classes})


# On disk --------------------------------------------------------------------------------------------------------------


def _drafts(workspace: Workspace) -> Path:
    return workspace.root / "drafts"


def _lock(draft: Draft) -> FileLock:
    return FileLock(draft.directory.with_name(f"{draft.id}.lock"))  # beside, so that it outlives a deletion


def change(draft: Draft, how: Callable[[Draft], Draft]) -> Draft:
    """Change what is on disk now, whatever `draft` was when it was read, and write it.

    Raises:
        DataError: the draft is gone, the disk is full, or `how` refuses.
    """
    with disk_in_words(), _lock(draft):
        changed = _write(how(_read(draft.directory)))
        _clear_unlisted(changed)
        return changed


def _clear_unlisted(draft: Draft) -> None:
    """Remove the images of what was removed, and those that someone who was killed had not listed yet."""
    listed = {image.file for one in draft.classes for image in one.images}
    for file in set(os.listdir(draft.folder)) - listed:
        (draft.folder / file).unlink(missing_ok=True)


def _read(directory: Path) -> Draft:
    try:
        stamp = _stamp(directory)
        known = _read_before.get(directory)
        if known is None or known[0] != stamp:
            known = stamp, Draft(directory=directory, **dict(read(directory / "draft.json", DraftList)))
            _read_before[directory] = known
        return known[1]
    except FileNotFoundError as error:
        raise DataError("This draft is not there any more. It was deleted, perhaps in another tab.") from error
    except (OSError, DamagedError) as error:
        reason = error.reason if isinstance(error, DamagedError) else error.strerror
        raise DataError(
            f"The draft {directory.name!r} cannot be read ({reason}). Delete its folder in the workspace to be "
            "rid of it."
        ) from error


def _write(draft: Draft) -> Draft:
    with atomic_open(draft.directory / "draft.json") as file:
        file.write(draft.model_dump_json(indent=1))
    _read_before[draft.directory] = _stamp(draft.directory), draft
    return draft


_read_before: dict[Path, tuple[tuple[int, ...], Draft]] = {}  # a list of 10,000 images takes 50 ms to read


def _stamp(directory: Path) -> tuple[int, ...]:
    """Differs between a list and the one that takes its place: they are two files for a moment."""
    status = (directory / "draft.json").stat()
    return status.st_ino, status.st_mtime_ns, status.st_size
