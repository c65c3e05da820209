"""Bring pictures into the workspace: take them in, sort them into classes and splits, and keep them as a dataset.

Everything is written into a folder beside its place, which gets its name only when it is whole: an import that is
cancelled or killed leaves nothing.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
from filelock import FileLock, Timeout

from core.data.dataset import DELETED, Dataset, load_dataset, write_version
from core.data.intake import Cancelled, ImportCancelled, OnProgress, Progress, disk_in_words, take
from core.data.layout import is_junk
from core.data.readers import Entry, Limits, folder_entries, zip_entries
from core.data.report import Report
from core.data.samples import find_sample, sample_folder
from core.data.sorting import Sorted, sort_out
from core.data.splits import complete
from core.errors import DataError
from core.workspace import Workspace, slug, write_json

__all__ = ["ImportCancelled", "Progress", "check", "import_archive", "import_folder", "import_sample"]

DEFAULT_LIMITS = Limits()
TEMPORARY = ".importing-"


def import_archive(
    workspace: Workspace,
    path: Path,
    *,
    name: str | None = None,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Dataset:
    """A ZIP of class folders. The same pictures again give the dataset that is there, marked as `known`.

    Raises:
        DataError: the ZIP cannot be used, or what is in it makes no dataset.
        ImportCancelled: `cancelled()` became true.
    """
    with zip_entries(path, limits) as entries:
        return _import(workspace, entries, name or path.stem, progress, cancelled, limits)


def import_folder(
    workspace: Workspace,
    path: Path,
    *,
    name: str | None = None,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Dataset:
    """A folder of class folders on this machine; its pictures are copied. Raises as `import_archive`."""
    with folder_entries(path, limits) as entries:
        return _import(workspace, entries, name or path.resolve().name or "Folder", progress, cancelled, limits)


def import_sample(
    workspace: Workspace,
    key: str,
    *,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Dataset:
    """One of the sample sets of `core.data.samples`."""
    with sample_folder(key) as folder:
        return import_folder(workspace, folder, name=find_sample(key).title, progress=progress, cancelled=cancelled)


def check(path: Path, *, progress: OnProgress | None = None, limits: Limits = DEFAULT_LIMITS) -> Report:
    """What an import would find. Keeps nothing. Raises as `import_archive`."""
    open_entries = folder_entries if path.is_dir() else zip_entries
    with open_entries(path, limits) as entries:
        taken, rejected, ignored = take(entries, None, limits, progress)
        sorted_out = sort_out(taken, rejected, ignored)
    splits, _ = complete(sorted_out.labels, sorted_out.given)
    return sorted_out.report(path.stem, splits)


def _import(
    workspace: Workspace,
    entries: Sequence[Entry],
    name: str,
    progress: OnProgress | None,
    cancelled: Cancelled | None,
    limits: Limits,
) -> Dataset:
    _refuse_without_room(workspace, entries, limits)
    with disk_in_words(), _beside(workspace) as folder:
        taken, rejected, ignored = take(entries, folder / "images", limits, progress, cancelled)
        sorted_out = sort_out(taken, rejected, ignored)
        digest = _digest(sorted_out)
        with FileLock(workspace.datasets / ".naming.lock"):  # two imports of the same pictures make one dataset
            for existing in workspace.datasets.glob(f"*-{digest}"):
                return replace(load_dataset(workspace, existing.name), known=True)
            _write(folder, name, sorted_out)
            os.sync()  # the pictures reach the disk before the name that vouches for them
            dataset_id = f"{slug(name)}-{digest}"
            folder.rename(workspace.datasets / dataset_id)
    return load_dataset(workspace, dataset_id)


def _refuse_without_room(workspace: Workspace, entries: Sequence[Entry], limits: Limits) -> None:
    sizes = [entry.size for entry in entries if not is_junk(entry.name)]
    needed = sum(size for size in sizes if size <= limits.file_bytes)
    free = shutil.disk_usage(workspace.datasets).free
    if needed > free:
        raise DataError(
            f"The files take {needed / 2**30:,.1f} GB and the disk has {free / 2**30:,.1f} GB left. "
            "Make room where Graft keeps its workspace, then import again."
        )


def _write(folder: Path, name: str, sorted_out: Sorted) -> None:
    splits, settings = complete(sorted_out.labels, sorted_out.given)
    rows = pd.DataFrame([vars(picture) for picture in sorted_out.pictures])
    frame = rows.assign(label=list(sorted_out.labels), split=splits)
    used = set(frame["image"])
    for path in (folder / "images").glob("*/*"):
        if path.relative_to(folder / "images").as_posix() not in used:
            path.unlink()
    write_version(folder, 1, frame, settings)
    write_json(folder / "report.json", sorted_out.report(name, splits).model_dump())
    said = {"name": name, "classes": sorted_out.classes, "images": len(frame)}
    write_json(folder / "dataset.json", {**said, "created": datetime.now().isoformat(timespec="seconds")})


def _digest(sorted_out: Sorted) -> str:
    """Names the content: the same pictures in the same classes and splits, whatever their archive was called."""
    said = hashlib.sha256()
    for picture, label, given in zip(sorted_out.pictures, sorted_out.labels, sorted_out.given):
        said.update(f"{picture.sha256}\n{label}\n{given}\n".encode())
    return said.hexdigest()[:10]


@contextmanager
def _beside(workspace: Workspace) -> Iterator[Path]:
    """A folder to write in, locked while we live, deleted afterwards unless renamed. Clears what the dead left."""
    _clear(workspace)
    folder = workspace.datasets / f"{TEMPORARY}{secrets.token_hex(6)}"
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        with lock:
            (folder / "images").mkdir(parents=True)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        Path(lock.lock_file).unlink(missing_ok=True)


def _clear(workspace: Workspace) -> None:
    for path in workspace.datasets.glob(f"{DELETED}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in workspace.datasets.glob(f"{TEMPORARY}*.lock"):
        try:
            with FileLock(path, timeout=0):
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink(missing_ok=True)
        except Timeout:  # its import is still at work
            continue
