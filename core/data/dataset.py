"""A dataset: imported, checked, never changed. A change makes a new version; the images are shared by all versions.

datasets/<id>/
  dataset.json            name, kind, when it was made
  report.json             what was found at import
  columns.parquet         if there are any: columns of its table that may be classes, and did not count
  images/<2 hex>/<sha256>.<ending>
  versions/<n>.parquet    a row an image; <n>.json: classes, how it was split, what changed
"""

from __future__ import annotations

import difflib
import json
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import pandas as pd
from filelock import FileLock
from pydantic import BaseModel, ConfigDict

from core import trash
from core.data.findings import report_on
from core.data.labels import a_row_each, in_words, labels_in
from core.data.layout import Split
from core.data.manifest import Kind
from core.data.report import Intaken, Report
from core.data.splits import SplitSettings
from core.errors import DataError, WorkspaceError
from core.words import clip
from core.workspace import Workspace, atomic_open, contained, write_json

# A row an image: where it lies below images/, its path as it was given, its class (or its labels as labels.py keeps
# them, or its number), its split, what it belongs to, which others look the same (the same number above 0), its size
# upright in pixels, how much there is to see in it, and what is mended whenever it is read.
COLUMNS = {
    "image": "str",
    "name": "str",
    "label": "str",
    "target": "float64",
    "split": "str",
    "group": "str",
    "twins": "int64",
    "width": "int64",
    "height": "int64",
    "bytes": "int64",
    "sha256": "str",
    "contrast": "float32",
    "mended": "str",
}
# What a version from before there were these columns has in their place.
FORMERLY = {"target": float("nan"), "group": "", "twins": 0, "contrast": 99.0, "mended": ""}
DELETED = ".deleted-"
SECONDS_TO_SETTLE = 2.0  # what changed so recently may change again within one tick of the disk's clock
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class DatasetSummary:
    """What a list of datasets shows, of the newest version. created: ISO time."""

    id: str
    name: str
    created: str
    images: int
    kind: Kind
    classes: tuple[str, ...]
    versions: tuple[int, ...]


class VersionInfo(BaseModel):
    """What is known of a version without reading its rows. changed: what made it, in words; made: ISO time."""

    model_config = ConfigDict(frozen=True)

    images: int
    classes: tuple[str, ...]
    split: SplitSettings
    changed: str
    made: str


@dataclass(frozen=True, eq=False)
class Dataset:
    """One version of a dataset.

    Attributes:
        kind: "classes": each image has one label; "labels": each has any number of them; "number": each has a target,
            which the name `target` is for.
        frame: A row an image, columns `COLUMNS`: target is NaN but of kind "number", of which label is "".
        known: An import found these pictures already here.
    """

    directory: Path
    version: int
    name: str
    kind: Kind
    target: str
    info: VersionInfo
    frame: pd.DataFrame
    known: bool = False

    @property
    def id(self) -> str:
        return self.directory.name

    @property
    def classes(self) -> tuple[str, ...]:
        return self.info.classes

    @property
    def split(self) -> SplitSettings:
        return self.info.split

    @property
    def changed(self) -> str:
        return self.info.changed

    @cached_property
    def report(self) -> Report:
        try:
            found = Intaken.model_validate_json((self.directory / "report.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):  # from another version of Graft, or damaged: the rows still tell their own
            found = Intaken()
        return report_on(self.name, self.frame, self.kind, self.target, found)

    @cached_property
    def columns(self) -> pd.DataFrame:
        """What a table said of the pictures, by their names, that may be classes and did not count at import."""
        try:
            return pd.read_parquet(self.directory / "columns.parquet")
        except (OSError, ValueError):
            return pd.DataFrame()

    def path(self, image: str) -> Path:
        """Where an image of the frame lies."""
        return self.directory / "images" / image

    def part(self, split: Split) -> pd.DataFrame:
        """The rows of one split, in a fixed order."""
        return self.frame[self.frame["split"] == split].reset_index(drop=True)

    def counts(self) -> pd.DataFrame:
        """How many images each class (rows, as in `classes`) has in each split (columns, as in `SPLITS`). An image of
        several labels counts for each."""
        rows = a_row_each(self.frame)
        table = pd.crosstab(rows["label"], rows["split"])
        return table.reindex(index=list(self.classes), columns=list(SPLITS), fill_value=0)

    @property
    def noun(self) -> str:
        """What one of `classes` is called."""
        return "label" if self.kind == "labels" else "class"

    @property
    def column(self) -> str:
        """Of the frame: where it is said what the images show."""
        return "target" if self.kind == "number" else "label"

    def answers(self, rows: pd.DataFrame) -> list[str]:
        """What each of these rows says that its image shows, in words: the class, the labels, or the number."""
        if self.kind == "number":
            return [f"{value:,g}" for value in rows["target"]]
        return [in_words(text) for text in rows["label"]]


def list_datasets(workspace: Workspace) -> list[DatasetSummary]:
    """All datasets, newest first."""
    names = (
        name for name in os.listdir(workspace.datasets) if name[0] != "."
    )  # others are not whole, or on their way out
    found = [summary for name in names if (summary := _summary(workspace.datasets / name))]
    return sorted(found, key=lambda summary: summary.created, reverse=True)


def dataset_title(workspace: Workspace, dataset_id: str) -> str:
    """The name its maker gave the dataset, also when it was deleted, at no cost on any page."""
    with suppress(WorkspaceError):
        if summary := _summary(contained(workspace.datasets, dataset_id)):
            return summary.name
    return trash.last_title(workspace, "dataset", dataset_id) or _said_by(dataset_id)


def _said_by(dataset_id: str) -> str:
    """What an id remembers of the name: `20261123-140501-flowers-9f3a` and `flowers-a8d772c35b` were "Flowers"."""
    said = re.fullmatch(r"(?:\d{8}-\d{6}-)?(.+)-[0-9a-f]{4,12}", dataset_id)
    return said[1].replace("-", " ").capitalize() if said else dataset_id


_summed_up: dict[Path, tuple[tuple[int, ...], DatasetSummary]] = {}  # as long as nothing is made or renamed in there


def _summary(directory: Path) -> DatasetSummary | None:
    """None: it is no dataset, or was deleted this moment."""
    try:
        stamp = os.stat(directory).st_mtime_ns, os.stat(directory / "versions").st_mtime_ns
        known = _summed_up.get(directory)
        if known is None or known[0] != stamp or time.time() - max(stamp) / 1e9 < SECONDS_TO_SETTLE:
            said = json.loads((directory / "dataset.json").read_text(encoding="utf-8"))
            versions = _versions(directory)
            newest = _read_info(directory, versions[-1])
            kind, images, classes = said.get("kind", "classes"), newest.images, newest.classes
            made = DatasetSummary(directory.name, said["name"], said["created"], images, kind, classes, versions)
            known = _summed_up[directory] = stamp, made
        return known[1]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        _summed_up.pop(directory, None)
        return None


def list_versions(workspace: Workspace, dataset_id: str) -> dict[int, VersionInfo]:
    """What is known of each version, oldest first; those that are damaged are left out."""
    found = {}
    directory = contained(workspace.datasets, dataset_id)
    for version in _versions(directory):
        with suppress(OSError, ValueError):
            found[version] = _read_info(directory, version)
    return found


def load_dataset(workspace: Workspace, dataset_id: str, version: int | None = None) -> Dataset:
    """The newest version, unless told.

    Raises:
        DataError: there is no such dataset or version, or its files are damaged.
    """
    try:
        directory = contained(workspace.datasets, dataset_id)
        said = json.loads((directory / "dataset.json").read_text(encoding="utf-8"))
        name, kind, target = said["name"], said.get("kind", "classes"), said.get("target", "")
    except (OSError, ValueError, KeyError, TypeError, WorkspaceError) as error:
        raise DataError(missing_words(workspace, dataset_id)) from error
    versions = _versions(directory)
    if version is None:
        version = max(versions, default=0)
    if version not in versions:
        known = ", ".join(map(str, versions)) or "none"
        raise DataError(f"The dataset {name!r} has no version {version}; it has {known}.")
    try:
        frame = pd.read_parquet(_manifest(directory, version))
        missing = {name: value for name, value in FORMERLY.items() if name not in frame}
        frame = frame.assign(**missing)[list(COLUMNS)]
        info = _read_info(directory, version)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"Version {version} of the dataset {name!r} is damaged; import it again.") from error
    return Dataset(directory, version, name, kind, target, info, frame)


def missing_words(workspace: Workspace, dataset_id: str) -> str:
    """What to say of a dataset that is not there."""
    if title := trash.last_title(workspace, "dataset", dataset_id):
        return f"The dataset {clip(title, 60)!r} was deleted. Take it back from the trash, or choose or import another."
    return f"There is no dataset {dataset_id!r} in this workspace. Choose or import one."


def find_dataset(workspace: Workspace, said: str, expected: str = "dataset") -> Dataset:
    """The dataset that a person calls by its id or its name, with `@version` behind or in its newest version.

    expected: what else they may have meant, for the words where there is none.

    Raises:
        DataError: there is none, or several have that name.
    """
    known = list_datasets(workspace)
    name, _, version = said.rpartition("@")
    for wanted, number in ((said, None), (name, version)):
        found = [one for one in known if one.id == wanted] or [one for one in known if one.name == wanted]
        if len(found) > 1:
            ids = ", ".join(one.id for one in found)
            raise DataError(f"{len(found)} datasets are called {wanted!r}. Say which one by its id: {ids}.")
        if found and (number is None or number.isdecimal()):
            return load_dataset(workspace, found[0].id, int(number) if number else None)
    near = difflib.get_close_matches(said, [each for one in known for each in (one.name, one.id)], n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else "The command `datasets` lists those there are."
    raise DataError(f"There is no {expected} {said[:80]!r}. {hint}")


def new_version(
    workspace: Workspace, dataset: Dataset, frame: pd.DataFrame, split: SplitSettings, changed: str
) -> Dataset:
    """A version with these rows; the old ones stay. changed: what was done, in words."""
    with FileLock(dataset.directory / ".versions.lock"):  # a version, once made, is never written again
        version = max(_versions(dataset.directory), default=0) + 1
        write_version(dataset.directory, version, frame, split, changed)
    return load_dataset(workspace, dataset.id, version)


def write_version(
    directory: Path, version: int, frame: pd.DataFrame, split: SplitSettings, changed: str
) -> tuple[VersionInfo, pd.DataFrame]:
    """What is known of it first: a version is there as soon as its manifest is. Returns both as they will be read."""
    path = _manifest(directory, version)
    path.parent.mkdir(exist_ok=True)
    classes = tuple(sorted({label for text in frame["label"].unique() for label in labels_in(text)}))
    made = datetime.now().isoformat(timespec="seconds")
    info = VersionInfo(images=len(frame), classes=classes, split=split, changed=changed, made=made)
    write_json(path.with_suffix(".json"), info.model_dump())
    frame = frame[list(COLUMNS)].astype(COLUMNS)
    with atomic_open(path, "wb") as file:
        frame.to_parquet(file, index=False)
    return info, frame


def delete_dataset(workspace: Workspace, dataset_id: str) -> trash.Trashed | None:
    """Move a dataset with all its versions to the trash. Runs that used it keep their bundles. None: it was gone."""
    return trash.put(workspace, "dataset", dataset_id, dataset_title(workspace, dataset_id))


def is_there(workspace: Workspace, dataset_id: str, version: int) -> bool:
    """Whether there is this version, without reading it."""
    with suppress(WorkspaceError):
        return _manifest(contained(workspace.datasets, dataset_id), version).is_file()
    return False


def _manifest(directory: Path, version: int) -> Path:
    return directory / "versions" / f"{version}.parquet"


def _versions(directory: Path) -> tuple[int, ...]:
    return tuple(sorted(int(path.stem) for path in (directory / "versions").glob("*.parquet") if path.stem.isdecimal()))


def _read_info(directory: Path, version: int) -> VersionInfo:
    said = json.loads(_manifest(directory, version).with_suffix(".json").read_text(encoding="utf-8"))
    if "split" not in said:  # as it was written when all versions had the same pictures
        whole = json.loads((directory / "dataset.json").read_text(encoding="utf-8"))
        told = {"images": whole["images"], "classes": whole["classes"], "made": whole["created"]}
        said = {**told, "split": said, "changed": "Imported" if version == 1 else "Split anew"}
    return VersionInfo.model_validate(said)
