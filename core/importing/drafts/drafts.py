"""Drafts: examples gathered class by class, in the browser, until they are made a dataset.

    <workspace>/drafts/<id>/
      draft.json        name, what an example is, and the classes in order with their examples; texts are in it
      images/<number>   the bytes of an image, as they came; never under a name from outside

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
from core.errors import DamagedError, DataError
from core.modalities import IMAGE, MODALITIES, ModalityName
from core.records import Bytes, Count, read
from core.store.full_disk import disk_in_words
from core.words import shown_name
from core.workspace import Workspace, atomic_open, contained, new_id

FIRST_CLASSES = ("Class 1", "Class 2")
LONGEST_LABEL = 200  # characters


class Item(BaseModel):
    """An example. file: its number, and how its bytes end, of an image below the draft's `images/`; name: as it was
    given, without folders; bytes: how many; text: of a text, which is nowhere else."""

    model_config = ConfigDict(frozen=True)

    file: str = Field(pattern=r"^\d+\.[a-z0-9]+$")
    name: str
    bytes: Bytes
    sha256: str
    text: str = ""


class DraftClass(BaseModel):
    """The id stays when the label changes."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern=r"^[0-9a-f]+$")
    label: str
    examples: tuple[Item, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, given: Any) -> Any:
        if isinstance(given, dict):
            return {"examples" if name in ("pictures", "images") else name: value for name, value in given.items()}
        return given


class DraftList(BaseModel):
    """What `draft.json` says. modality: what an example is. next: the number of the next one; none is ever given twice.
    origin: the dataset whose examples it began with, as `id@version`."""

    model_config = ConfigDict(frozen=True)

    name: str
    created: str
    modality: ModalityName = IMAGE.name
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
    def size(self) -> int:
        """How many examples it has."""
        return sum(len(one.examples) for one in self.classes)

    @property
    def noun(self) -> str:
        """What one example is called."""
        return MODALITIES[self.modality].noun

    @property
    def folder(self) -> Path:
        """Where its images lie: in `pictures` if an earlier version made it."""
        earlier = self.directory / "pictures"
        return earlier if earlier.is_dir() else self.directory / "images"

    def path(self, item: Item) -> Path:
        """Where the bytes of an image lie."""
        return self.folder / item.file

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


def new_draft(
    workspace: Workspace, name: str = "", labels: Iterable[str] = FIRST_CLASSES, modality: str = IMAGE.name
) -> Draft:
    created = datetime.now().isoformat(timespec="seconds")
    directory = _drafts(workspace) / new_id("draft", _drafts(workspace))
    draft = Draft(directory=directory, name=_name(name, modality), created=created, modality=modality)
    for label in labels:
        draft = with_new_class(draft, label)
    with disk_in_words():
        draft.folder.mkdir(parents=True)
        return _write(draft)


def share(source: Path, target: Path) -> None:
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
    return change(draft, lambda now: now.model_copy(update={"name": _name(name, now.modality)}))


def delete_draft(draft: Draft) -> trash.Trashed | None:
    """Move it to the trash with its examples. Datasets that were made from it stay. None: someone else was quicker."""
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
        return with_class(now, now.of(class_id).model_copy(update={"label": _label(label, others, now.noun)}))

    return change(draft, renamed)


def remove_class(draft: Draft, class_id: str) -> Draft:
    """Remove the class and its examples."""

    def removed(now: Draft) -> Draft:
        gone = now.of(class_id)
        return now.model_copy(update={"classes": tuple(one for one in now.classes if one is not gone)})

    return change(draft, removed)


def class_to_trash(draft: Draft, class_id: str) -> trash.Trashed | None:
    """Remove the class; a draft of it alone goes to the trash, to be had back from there."""
    gone = _read(draft.directory).of(class_id)
    workspace = Workspace.at(draft.directory.parent.parent)
    alone = new_draft(workspace, f"{gone.label}, of {draft.name}", (), draft.modality)
    with disk_in_words():
        for item in gone.examples:
            if not item.text:
                share(draft.path(item), alone.path(item))
    alone = change(alone, lambda now: now.model_copy(update={"classes": (gone,), "next": draft.next}))
    remove_class(draft, class_id)
    return delete_draft(alone)


def with_new_class(draft: Draft, label: str) -> Draft:
    labels = {one.label for one in draft.classes}
    label = label if label.strip() else next(free for free in _numbered() if free not in labels)
    added = DraftClass(id=secrets.token_hex(4), label=_label(label, labels, draft.noun))
    return draft.model_copy(update={"classes": (*draft.classes, added)})


def _numbered() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"Class {number}"


def _label(text: str, others: set[str], example: str) -> str:
    label = shown_name(text).strip()
    if not label:
        raise DataError(f"A class needs a name. Type what its {example}s have in common.")
    if len(label) > LONGEST_LABEL:
        raise DataError(f"The name of a class has at most {LONGEST_LABEL} characters; this one has {len(label):,}.")
    if label in others:
        raise DataError(f"There is a class {label!r} already. Give this one another name, or add the {example}s there.")
    return label


def _name(text: str, modality: str) -> str:
    return shown_name(text).strip()[:LONGEST_LABEL] or f"My {MODALITIES[modality].noun}s"


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
    listed = {item.file for one in draft.classes for item in one.examples}
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
