"""A dataset: imported, checked, never changed. A change makes a new version; the files are shared by all versions.

datasets/<id>/
  dataset.json            name, what an example and its answer are, how its files are read, when it was made
  report.json             what was found at import
  columns.parquet         if there are any: columns of its table that may be classes, and did not count
  unlabelled.parquet      if there are any: texts without an answer, as text and second
  images/<2 hex>/<sha256>.<ending>, or texts/texts.arrow (and more-<number>.arrow, of later versions)
  versions/<n>.parquet    a row an example; <n>.json: classes, how it was split, what changed
"""

from __future__ import annotations

import difflib
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
from core.data.report import Intaken, Report
from core.data.splits import Split, SplitSettings
from core.errors import DamagedError, DataError, WorkspaceError
from core.modalities import IMAGE, MODALITIES, Modality, ModalityName
from core.modalities.images.preprocessing import PLAIN, Rendering
from core.records import Count, read
from core.tables import read_table
from core.tasks import CLASSIFICATION, TASKS, Kind, Task
from core.words import clip
from core.workspace import Workspace, atomic_open, contained, write_json

# Of every example: what it is called, its part of the split, what it belongs to, which others are the same or nearly so
# (the same number above 0), and the digest of its content. Its modality and its task have further columns.
COLUMNS = {"name": "str", "split": "str", "group": "str", "twins": "int64", "sha256": "str"}
# What a version from before there were these columns has in their place.
FORMERLY = {"group": "", "twins": 0}
DELETED = ".deleted-"
UNLABELLED = "unlabelled.parquet"
SECONDS_TO_SETTLE = 2.0  # what changed so recently may change again within one tick of the disk's clock
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class DatasetSummary:
    """What a list of datasets shows, of the newest version. created: ISO time. images: how many examples."""

    id: str
    name: str
    created: str
    images: int
    kind: str
    classes: tuple[str, ...]
    versions: tuple[int, ...]
    modality: str = IMAGE.name
    note: str = ""

    @property
    def task(self) -> Task:
        return TASKS[self.kind]


class VersionInfo(BaseModel):
    """What is known of a version without reading its rows. changed: what made it, in words; made: ISO time."""

    model_config = ConfigDict(frozen=True)

    images: Count
    classes: tuple[str, ...]
    split: SplitSettings
    changed: str
    made: str


class _FormerInfo(SplitSettings):
    """A version as it was written when all of a dataset's had the same images."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DatasetFile(BaseModel):
    """What `dataset.json` says. kind: the task's name. images, classes: as when all versions had the same images."""

    model_config = ConfigDict(frozen=True)

    name: str
    created: str
    modality: ModalityName = IMAGE.name
    kind: Kind = CLASSIFICATION.name
    target: str = ""
    fingerprint: str = ""
    note: str = ""
    rendering: Rendering = PLAIN
    images: Count = 0
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Dataset:
    """One version of a dataset.

    Attributes:
        kind: The name of its task.
        target: What a number is called, where the answers are numbers.
        frame: A row an example: `COLUMNS`, those of its modality and those of its task.
        known: An import found these images already here.
        rendering: How its files are read, alike for all of them and all versions.
        note: What stands beside every score that is reached on it; "" where there is nothing to say.
    """

    directory: Path
    version: int
    name: str
    kind: str
    target: str
    info: VersionInfo
    frame: pd.DataFrame
    known: bool = False
    rendering: Rendering = PLAIN
    modality: Modality = IMAGE
    note: str = ""

    @property
    def task(self) -> Task:
        return TASKS[self.kind]

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
            found = read(self.directory / "report.json", Intaken)
        except (OSError, DamagedError):  # from another version of Graft, or damaged: the rows still tell their own
            found = Intaken()
        return report_on(self.name, self.frame, self.modality, self.task, self.target, found, self.path)

    @cached_property
    def columns(self) -> pd.DataFrame:
        """What a table said of the images, by their names, that may be classes and did not count at import."""
        try:
            return read_table(self.directory / "columns.parquet", {})
        except (OSError, DamagedError):
            return pd.DataFrame()

    def path(self, name: str) -> Path:
        """Where a file of the modality's lies: an image of the frame."""
        return self.directory / self.modality.folder / name

    def part(self, split: Split) -> pd.DataFrame:
        """The rows of one split, in a fixed order."""
        return self.frame[self.frame["split"] == split].reset_index(drop=True)

    @cached_property
    def sizes(self) -> dict[Split, int]:
        """How many examples each split has; counted once, as pages ask at every rerun, of a million rows too."""
        found = self.frame["split"].value_counts()
        return {split: int(found.get(split, 0)) for split in SPLITS}

    def counts(self) -> pd.DataFrame:
        """How many examples each class (rows, as in `classes`) has in each split (columns, as in `SPLITS`). One of
        several labels counts for each."""
        rows = self.frame[:0] if self.task.classes is None else self.task.classes.each(self.frame)
        table = pd.crosstab(rows[self.column], rows["split"])
        return table.reindex(index=list(self.classes), columns=list(SPLITS), fill_value=0)

    @property
    def noun(self) -> str:
        """What one of `classes` is called, or where there are none, one answer."""
        return self.task.noun

    @property
    def column(self) -> str:
        """Of the frame: where the answer stands."""
        return self.task.column

    def answers(self, rows: pd.DataFrame) -> list[str]:
        """What each of these rows says of its example, in words: the class, the labels, or the number."""
        return self.task.in_words(rows)


def list_datasets(workspace: Workspace) -> list[DatasetSummary]:
    """All datasets that can be read, newest first."""
    found = (_summary(workspace.datasets / name) for name in _names(workspace))
    return sorted(
        (one for one in found if isinstance(one, DatasetSummary)), key=lambda summary: summary.created, reverse=True
    )


def damaged_datasets(workspace: Workspace) -> dict[str, str]:
    """Those that cannot be read, by their ids, with what is wrong with them; see `core.records`."""
    found = {name: _summary(workspace.datasets / name) for name in sorted(_names(workspace))}
    return {name: str(one) for name, one in found.items() if isinstance(one, DamagedError)}


def _names(workspace: Workspace) -> list[str]:
    """Others than these are not whole yet, or on their way out."""
    return [name for name in os.listdir(workspace.datasets) if name[0] != "."]


def dataset_title(workspace: Workspace, dataset_id: str) -> str:
    """The name its maker gave the dataset, also when it was deleted, at no cost on any page."""
    with suppress(WorkspaceError):
        summary = _summary(contained(workspace.datasets, dataset_id))
        if isinstance(summary, DatasetSummary):
            return summary.name
    return trash.last_title(workspace, "dataset", dataset_id) or _said_by(dataset_id)


def dataset_note(workspace: Workspace, dataset_id: str) -> str:
    """What stands beside every score that is reached on it; "" also when it was deleted. At no cost on any page."""
    with suppress(WorkspaceError):
        summary = _summary(contained(workspace.datasets, dataset_id))
        return summary.note if isinstance(summary, DatasetSummary) else ""
    return ""


def _said_by(dataset_id: str) -> str:
    """What an id remembers of the name: `20261123-140501-flowers-9f3a` and `flowers-a8d772c35b` were "Flowers"."""
    said = re.fullmatch(r"(?:\d{8}-\d{6}-)?(.+)-[0-9a-f]{4,12}", dataset_id)
    return said[1].replace("-", " ").capitalize() if said else dataset_id


_summed_up: dict[
    Path, tuple[tuple[int, ...], DatasetSummary | DamagedError]
] = {}  # as long as nothing is made or renamed in there


def _summary(directory: Path) -> DatasetSummary | DamagedError | None:
    """None: it is no dataset, or was deleted this moment."""
    try:
        stamp = os.stat(directory).st_mtime_ns, _changed(directory / "versions")
        known = _summed_up.get(directory)
        if known is None or known[0] != stamp or time.time() - max(stamp) / 1e9 < SECONDS_TO_SETTLE:
            if not any(os.path.lexists(directory / name) for name in ("dataset.json", "versions")):
                return None
            known = _summed_up[directory] = stamp, _sum_up(directory)
        return known[1] if directory.is_dir() else None
    except OSError:
        _summed_up.pop(directory, None)
        return None


def _changed(path: Path) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _sum_up(directory: Path) -> DatasetSummary | DamagedError:
    try:
        said = read(directory / "dataset.json", DatasetFile)
        versions = _versions(directory)
        if not versions:
            raise DamagedError(directory / "versions", "there is no version in it")
        newest = _read_info(directory, versions[-1])
    except DamagedError as error:
        return error
    except FileNotFoundError as error:
        return DamagedError(Path(error.filename), "it is not there")
    return DatasetSummary(
        *(directory.name, said.name, said.created, newest.images, said.kind, newest.classes, versions),
        modality=said.modality,
        note=said.note,
    )


def list_versions(workspace: Workspace, dataset_id: str) -> dict[int, VersionInfo]:
    """What is known of each version, oldest first; those that are damaged are left out."""
    found = {}
    directory = contained(workspace.datasets, dataset_id)
    for version in _versions(directory):
        with suppress(OSError, DamagedError):
            found[version] = _read_info(directory, version)
    return found


def load_dataset(workspace: Workspace, dataset_id: str, version: int | None = None) -> Dataset:
    """The newest version, unless told.

    Raises:
        DataError: there is no such dataset or version, or its files are damaged.
    """
    try:
        directory = contained(workspace.datasets, dataset_id)
        said = read(directory / "dataset.json", DatasetFile)
    except DamagedError as error:
        raise DataError(f"The dataset {dataset_id!r} is damaged. {error} Delete it, and import it again.") from error
    except (OSError, WorkspaceError) as error:
        raise DataError(missing_words(workspace, dataset_id)) from error
    name = clip(said.name, 60)
    versions = _versions(directory)
    if version is None:
        version = max(versions, default=0)
    if version not in versions:
        known = ", ".join(map(str, versions)) or "none"
        raise DataError(f"The dataset {name!r} has no version {version}; it has {known}.")
    try:
        frame = _read_rows(_manifest(directory, version), MODALITIES[said.modality], TASKS[said.kind])
        info = _read_info(directory, version)
    except (OSError, DamagedError) as error:
        why = f" {error}" if isinstance(error, DamagedError) else ""
        raise DataError(f"Version {version} of the dataset {name!r} is damaged; import it again.{why}") from error
    modality = MODALITIES[said.modality]
    return Dataset(
        *(directory, version, said.name, said.kind, said.target, info, frame),
        rendering=said.rendering,
        modality=modality,
        note=said.note,
    )


def columns_of(modality: Modality, task: Task) -> dict[str, str]:
    """Of a version's rows, with dtypes."""
    return {**COLUMNS, **modality.columns, **task.columns}


def _read_rows(path: Path, modality: Modality, task: Task) -> pd.DataFrame:
    """Raises: DamagedError, OSError."""
    frame = read_table(path, columns_of(modality, task), {**FORMERLY, **modality.formerly})
    if why := modality.misfit(frame):
        raise DamagedError(path, why)
    return frame


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
        write_version(dataset.directory, version, frame, split, changed, dataset.modality, dataset.task)
    return load_dataset(workspace, dataset.id, version)


def write_version(
    directory: Path,
    version: int,
    frame: pd.DataFrame,
    split: SplitSettings,
    changed: str,
    modality: Modality,
    task: Task,
) -> tuple[VersionInfo, pd.DataFrame]:
    """What is known of it first: a version is there as soon as its manifest is. Returns both as they will be read."""
    path = _manifest(directory, version)
    path.parent.mkdir(exist_ok=True)
    classes = task.classes.of(frame) if task.classes is not None else ()
    made = datetime.now().isoformat(timespec="seconds")
    info = VersionInfo(images=len(frame), classes=classes, split=split, changed=changed, made=made)
    write_json(path.with_suffix(".json"), info.model_dump())
    columns = columns_of(modality, task)
    frame = frame[list(columns)].astype(columns)
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
    """Raises: DamagedError, OSError."""
    said = read(_manifest(directory, version).with_suffix(".json"), VersionInfo | _FormerInfo)  # type: ignore[arg-type]
    if isinstance(said, VersionInfo):
        return said
    whole = read(directory / "dataset.json", DatasetFile)
    changed = "Imported" if version == 1 else "Split anew"
    split = SplitSettings.model_validate(said.model_dump())
    return VersionInfo(images=whole.images, classes=whole.classes, split=split, changed=changed, made=whole.created)
