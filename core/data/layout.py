"""From the paths of pictures to their classes and splits.

The class is the first folder below what all pictures share, as in torchvision's ImageFolder; folders named train, val,
test and the like give the split, above the classes or below them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.data.entries import shown_name

Split = Literal["train", "validation", "test"]
SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
    "dev": "validation",
    "eval": "validation",
    "validierung": "validation",
}
JUNK_NAMES = {"thumbs.db", "desktop.ini", "icon\r"}


def is_junk(name: str) -> bool:
    """Whether a path is a system's own file, which nobody would miss: hidden, or an index of thumbnails."""
    parts = name.split("/")
    return any(part.startswith(".") or part == "__MACOSX" for part in parts) or parts[-1].lower() in JUNK_NAMES


def classes_and_splits(names: Sequence[str]) -> list[tuple[str | None, Split | None]]:
    """(class, split) of each picture's path; the class is None where no folder tells it."""
    above = [name[: name.rfind("/") + 1] for name in names]
    folders = list(dict.fromkeys(above))
    told = dict(zip(folders, _told([tuple(folder.split("/")[:-1]) for folder in folders])))
    return [told[folder] for folder in above]


def _told(folders: list[tuple[str, ...]]) -> list[tuple[str | None, Split | None]]:
    """The same of each folder that holds pictures."""
    folders = _without_shared(folders)
    first = {folder[0] for folder in folders if folder}
    second = {folder[1] if len(folder) > 1 else "" for folder in folders if folder}
    if _are_splits(first) and any(len(folder) > 1 for folder in folders):
        splits = [split_of(folder[0]) if folder else None for folder in folders]
        folders = _without_shared([folder[1:] if split else () for folder, split in zip(folders, splits)])
    elif second and all(split_of(name) for name in second):
        splits = [split_of(folder[1]) if folder else None for folder in folders]
    else:
        splits = [None] * len(folders)
    return [(clean(folder[0]) if folder else None, split) for folder, split in zip(folders, splits)]


def clean(label: str) -> str:
    """A folder's name as a class name: as it is, but for characters that cannot be seen or that turn text around."""
    return shown_name(label).strip() or "unnamed"


def split_of(name: str) -> Split | None:
    """The split that a folder's name, or a table's cell, stands for."""
    return SPLIT_NAMES.get(name.strip().lower())


def _without_shared(folders: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The folders without those that wrap all the pictures."""
    while len({folder[0] for folder in folders if folder}) == 1 and any(len(folder) > 1 for folder in folders):
        folders = [folder[1:] for folder in folders]
    return folders


def _are_splits(names: set[str]) -> bool:
    """Whether these folders, side by side, are splits: all of them, or training and another one among strays. A lone
    "train" beside "bus" and "car" is a vehicle."""
    splits = {split for name in names if (split := split_of(name))}
    return bool(names) and (all(split_of(name) for name in names) or ("train" in splits and len(splits) > 1))
