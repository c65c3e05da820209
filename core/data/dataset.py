"""A dataset: imported, checked, never changed. A change makes a new version; the images are shared by all versions.

datasets/<id>/
  dataset.json            name, classes, when it was made
  report.json             what was found at import
  images/<2 hex>/<sha256>.<ending>
  versions/<n>.parquet    a row an image; <n>.json: how it was split
"""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from filelock import FileLock

from core.data.layout import Split
from core.data.report import Report
from core.data.splits import SplitSettings, stratified
from core.errors import DataError, WorkspaceError
from core.workspace import Workspace, atomic_open, contained, write_json

COLUMNS = ["image", "name", "label", "split", "width", "height", "bytes", "sha256"]
DELETED = ".deleted-"
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class DatasetSummary:
    """What a list of datasets shows. created: ISO time."""

    id: str
    name: str
    created: str
    images: int
    classes: tuple[str, ...]
    versions: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Dataset:
    """One version of a dataset.

    Attributes:
        frame: A row an image, columns `COLUMNS`: image is a path below `images/`, name the path as it was given,
            label the class, split one of `SPLITS`; width and height in pixels.
        known: An import found these pictures already here.
    """

    directory: Path
    version: int
    name: str
    classes: tuple[str, ...]
    split: SplitSettings
    frame: pd.DataFrame
    known: bool = False

    @property
    def id(self) -> str:
        return self.directory.name

    @cached_property
    def report(self) -> Report:
        report = Report.model_validate_json((self.directory / "report.json").read_text(encoding="utf-8"))
        counts = self.frame["split"].value_counts()
        return report.model_copy(update={"splits": {split: int(counts.get(split, 0)) for split in SPLITS}})

    def path(self, image: str) -> Path:
        """Where an image of the frame lies."""
        return self.directory / "images" / image

    def part(self, split: Split) -> pd.DataFrame:
        """The rows of one split, in a fixed order."""
        return self.frame[self.frame["split"] == split].reset_index(drop=True)

    def counts(self) -> pd.DataFrame:
        """How many images each class (rows, as in `classes`) has in each split (columns, as in `SPLITS`)."""
        table = pd.crosstab(self.frame["label"], self.frame["split"])
        return table.reindex(index=list(self.classes), columns=list(SPLITS), fill_value=0)


def list_datasets(workspace: Workspace) -> list[DatasetSummary]:
    """All datasets, newest first."""
    found = []
    for directory in workspace.datasets.iterdir():
        try:
            said = json.loads((directory / "dataset.json").read_text(encoding="utf-8"))
            classes = tuple(said["classes"])
            versions = _versions(directory)
            found.append(
                DatasetSummary(directory.name, said["name"], said["created"], said["images"], classes, versions)
            )
        except (OSError, ValueError, KeyError, TypeError):  # not a dataset, or deleted this moment
            continue
    return sorted(found, key=lambda summary: summary.created, reverse=True)


def load_dataset(workspace: Workspace, dataset_id: str, version: int | None = None) -> Dataset:
    """The newest version, unless told.

    Raises:
        DataError: there is no such dataset or version, or its files are damaged.
    """
    try:
        directory = contained(workspace.datasets, dataset_id)
        said = json.loads((directory / "dataset.json").read_text(encoding="utf-8"))
        name, classes = said["name"], tuple(said["classes"])
    except (OSError, ValueError, KeyError, TypeError, WorkspaceError) as error:
        raise DataError(f"There is no dataset {dataset_id!r} in this workspace. Choose or import one.") from error
    versions = _versions(directory)
    if version is None:
        version = max(versions, default=0)
    if version not in versions:
        known = ", ".join(map(str, versions)) or "none"
        raise DataError(f"The dataset {name!r} has no version {version}; it has {known}.")
    try:
        frame = pd.read_parquet(_manifest(directory, version))
        split = SplitSettings.model_validate_json(_manifest(directory, version).with_suffix(".json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"Version {version} of the dataset {name!r} is damaged; import it again.") from error
    return Dataset(directory, version, name, classes, split, frame)


def resplit(workspace: Workspace, dataset: Dataset, *, validation: float, test: float, seed: int) -> Dataset:
    """A new version, split anew by these shares of each class.

    Raises:
        DataError: the shares leave too little to train on.
    """
    try:
        settings = SplitSettings(validation=validation, test=test, seed=seed)
    except ValueError as error:
        raise DataError(
            f"Validation {validation:.0%} and test {test:.0%} leave too little to train on; together they may take 90%."
        ) from error
    frame = dataset.frame.assign(split=stratified(list(dataset.frame["label"]), settings))
    with FileLock(dataset.directory / ".versions.lock"):  # a version, once made, is never written again
        version = max(_versions(dataset.directory), default=0) + 1
        write_version(dataset.directory, version, frame, settings)
    return load_dataset(workspace, dataset.id, version)


def write_version(directory: Path, version: int, frame: pd.DataFrame, split: SplitSettings) -> None:
    """The settings first: a version is there as soon as its manifest is."""
    path = _manifest(directory, version)
    path.parent.mkdir(exist_ok=True)
    write_json(path.with_suffix(".json"), split.model_dump())
    with atomic_open(path, "wb") as file:
        frame[COLUMNS].to_parquet(file, index=False)


def delete_dataset(workspace: Workspace, dataset_id: str) -> None:
    """Delete a dataset with all its versions. Runs that used it keep their bundles."""
    doomed = workspace.datasets / f"{DELETED}{secrets.token_hex(6)}"
    with suppress(FileNotFoundError):  # someone else was quicker
        contained(workspace.datasets, dataset_id).rename(doomed)  # gone at once and as a whole
    shutil.rmtree(doomed, ignore_errors=True)


def _manifest(directory: Path, version: int) -> Path:
    return directory / "versions" / f"{version}.parquet"


def _versions(directory: Path) -> tuple[int, ...]:
    return tuple(sorted(int(path.stem) for path in (directory / "versions").glob("*.parquet") if path.stem.isdecimal()))
