"""Bring images or texts into the workspace: take them in, sort them into classes and splits, keep them as a dataset.

Everything is written into a folder beside its place, which gets its name only when it is whole: an import that is
cancelled or killed leaves nothing.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from core.data.dataset import DELETED, UNLABELLED, Dataset, DatasetFile, VersionInfo, load_dataset, write_version
from core.data.findings import report_on
from core.data.report import Report
from core.data.splits import complete
from core.errors import DamagedError, DataError
from core.finding import Finding
from core.importing.archives.containers import open_container
from core.importing.archives.entries import Source
from core.importing.archives.readers import file_entry, open_source
from core.importing.intake import take
from core.importing.samples.samples import find_sample, sample_folder
from core.importing.sorting import Sorted, sort_out
from core.importing.tables.cells import is_table, read_table
from core.importing.tables.columns import naming_column
from core.importing.tables.reading import Question, Reading
from core.importing.texts.guessing import are_texts, is_one_file
from core.importing.texts.sorting import sort_texts
from core.importing.texts.taking import take_texts
from core.limits import Limits
from core.modalities import IMAGE, MODALITIES, TEXT, Modality
from core.modalities.images.preprocessing import PLAIN
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.records import read
from core.store.full_disk import disk_in_words
from core.units import file_size
from core.words import shown_name
from core.workspace import Workspace, slug, write_json

# Given the folder of the images, the place of each in it by its name, and what to ask.
Asks = Callable[[Path, Mapping[str, str], Question], Reading]
__all__ = ["WorkStopped", "Progress", "check", "import_path", "import_sample", "import_source"]

TEMPORARY = ".importing-"
READ_AS = b"3"  # change when the same archive would be read otherwise, so that it is read again
BLOCK = 4_096  # rows
SUFFIXES = {
    *[
        ".zip",
        ".tm",
        ".tar",
        ".tgz",
        ".gz",
        ".bz2",
        ".tbz2",
        ".xz",
        ".txz",
        ".csv",
        ".tsv",
        ".jsonl",
        ".ndjson",
        ".parquet",
        *(".json", ".xlsx", ".txt", ".tab", ".conll", ".xml"),
    ]
}


def import_path(
    workspace: Workspace,
    path: Path,
    *,
    name: str | None = None,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
    limits: Limits | None = None,
    reading: Reading | None = None,
    ask: Asks | None = None,
    note: str = "",
    told: Sequence[Finding] = (),
) -> Dataset:
    """A ZIP, a TAR, a folder, a table with its images beside it, or a file of texts. What it holds is copied; it stays
    as it is.

    The same examples again give the dataset that is there, marked as `known`; the same archive is not even opened.

    reading: how it is to be read, where files and tables leave it open; None: as is likeliest. ask: asked first where
        that decides the answers; it is given the folder that the images were copied to, and where each lies in it.
    note: what stands beside every score that is reached on it. told: what its report begins with.

    Raises:
        DataError: it cannot be used, or what is in it makes no dataset.
        WorkStopped: `cancelled()` became true.
    """
    limits = limits or Limits.from_environment()
    fingerprint = _fingerprint(path, progress, cancelled) if os.path.isfile(path) and not is_table(path.name) else ""
    if fingerprint and reading is None and (known := _seen_before(workspace, fingerprint)):
        return known
    modality = modality_of(path, limits, reading)
    with opened(path, limits, modality) as source:
        return _import(
            *(workspace, source, name or title_of(path), progress, cancelled, limits),
            *(fingerprint, reading, ask, note, modality, told),
        )


def import_source(
    workspace: Workspace,
    source: Source,
    name: str,
    *,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
    limits: Limits | None = None,
) -> Dataset:
    """Files from anywhere. Raises as `import_path`."""
    modality = MODALITIES[source.reading.modality] if source.reading is not None else IMAGE
    limits = limits or Limits.from_environment()
    return _import(workspace, source, name, progress, cancelled, limits, reading=source.reading, modality=modality)


def import_sample(
    workspace: Workspace,
    key: str,
    *,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Dataset:
    """One of the sample sets of `core.importing.samples.samples`."""
    sample = find_sample(key)
    with sample_folder(key) as folder:
        reading = None if sample.modality == IMAGE.name else Reading(modality=sample.modality)
        return import_path(
            *(workspace, folder),
            name=sample.title,
            progress=progress,
            cancelled=cancelled,
            reading=reading,
            note=sample.note,
        )


def check(
    path: Path,
    *,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
    limits: Limits | None = None,
    reading: Reading | None = None,
) -> Report:
    """What an import would find. Keeps nothing. reading, raises: as `import_path`."""
    limits = limits or Limits.from_environment()
    modality = modality_of(path, limits, reading)
    with disk_in_words("in the system's folder for temporary files (TMPDIR)"), opened(path, limits, modality) as source:
        found = _found(source, None, limits, progress, cancelled, reading, None, modality)
    splits, _ = complete(found.frame, found.task)
    frame = found.frame.assign(split=splits)
    return report_on(title_of(path), frame, found.modality, found.task, found.target, found.found)


def modality_of(path: Path, limits: Limits, reading: Reading | None = None) -> Modality:
    """What the examples are that a path leads to: as someone says, texts where it looks so, else images."""
    said = reading or Reading()
    if said.modality or said.text:
        return MODALITIES[said.modality or TEXT.name]
    try:
        if _is_lone(path):
            folder = path.resolve().parent
            lone = file_entry(folder / path.name, folder)
            named = partial(_is_beside, folder)
            texts = are_texts(Source([lone], 1, lone.size), limits, said, named) or not _may_be_of_images(path.name)
        else:
            with open_source(path, limits) as source:
                texts = are_texts(source, limits, said)
    except DataError:  # which is told when it is opened
        return IMAGE
    return MODALITIES[TEXT.name] if texts else IMAGE


def _may_be_of_images(name: str) -> bool:
    return is_table(name) or name.lower().endswith(".gz")


def _is_lone(path: Path) -> bool:
    """Whether a file is no archive, but may be a table or a text itself."""
    return os.path.isfile(path) and (is_table(path.name) or is_one_file(path))


@contextmanager
def opened(path: Path, limits: Limits, modality: Modality = IMAGE) -> Iterator[Source]:
    """Whatever a path leads to, as a source. Raises as `import_path`."""
    if modality.comes_from == "row" and os.path.isfile(path) and (_is_lone(path) or not _is_archive(path, limits)):
        table = file_entry(path.resolve(), path.resolve().parent)
        yield Source([table], 1, table.size)
    elif is_table(path.name) and not os.path.isdir(path):
        yield table_source(path, limits)
    else:
        with open_source(path, limits) as source:
            yield source


def _is_archive(path: Path, limits: Limits) -> bool:
    try:
        with open_source(path, limits):
            return True
    except DataError:
        return False


def table_source(path: Path, limits: Limits) -> Source:
    """A table, and those images that it names which lie beside it or below; nothing else there is looked at.

    Raises:
        DataError: there is no such table, or it cannot be read.
    """
    if not os.path.isfile(path):
        raise DataError(f"There is no file or folder {str(path)[:200]!r}.")
    folder = path.resolve().parent
    table = file_entry(folder / path.name, folder)
    data = table.read(replace(limits, file_bytes=limits.table_bytes))
    if open_container(path.name, data, limits) is not None:
        return Source([table], 1, table.size)
    frame = read_table(path.name, data)

    column = naming_column(frame, partial(_is_beside, folder))
    if column is None:
        raise DataError(
            f"The table {path.name!r} names no image that lies beside it. A column must give their paths from there; "
            "where it gives their names alone, import the whole folder. If its rows are texts, say which column holds "
            "them: on the page, or in a shell with --text."
        )
    places = dict.fromkeys(
        place for cell in (column, *frame[column]) if (place := _file_beside(folder, cell)) is not None
    )
    entries = [table, *(_unlinked(place, folder) for place in places)]
    return Source(entries, len(entries), sum(entry.size for entry in entries), table=table.name)


def _file_beside(folder: Path, cell: str) -> Path | None:
    """The file that a cell of a table names, if it lies in the table's folder or below."""
    if not cell or "\0" in cell or len(cell) >= 4000:
        return None
    place = Path(os.path.normpath(folder / cell.replace("\\", "/")))
    return place if place.is_relative_to(folder) and os.path.lexists(place) and not os.path.isdir(place) else None


def _is_beside(folder: Path, cell: str) -> bool:
    return _file_beside(folder, cell) is not None


def _unlinked(place: Path, folder: Path):  # type: ignore[no-untyped-def]
    """The entry of a file; one that a link leads to outside of the folder is refused."""
    entry = file_entry(place, folder)
    if not Path(os.path.realpath(place)).is_relative_to(folder):
        return replace(entry, refused="It lies behind a link that leads elsewhere, and links are not followed.")
    return entry


def title_of(path: Path) -> str:
    """What to call a dataset from here: `photos` of `photos.tar.gz`."""
    return titled(path.name if os.path.isfile(path) else path.resolve().name)


def titled(name: str) -> str:
    """The same by its name alone."""
    while (stem := Path(name)).suffix.lower() in SUFFIXES and stem.stem:
        name = stem.stem
    return name or "Images"


# ----------------------------------------------------------------------------------------------------------------------


def _import(
    workspace: Workspace,
    source: Source,
    name: str,
    progress: OnProgress | None,
    cancelled: Cancelled | None,
    limits: Limits,
    fingerprint: str = "",
    reading: Reading | None = None,
    ask: Asks | None = None,
    note: str = "",
    modality: Modality = IMAGE,
    told: Sequence[Finding] = (),
) -> Dataset:
    _refuse_without_room(workspace, source)
    name = shown_name(name).strip() or "Images"
    with disk_in_words(), _beside(workspace) as folder:
        found = _found(source, folder / "images", limits, progress, cancelled, reading, ask, modality)
        if told:
            report = found.found.model_copy(update={"findings": [*told, *found.found.findings]})
            found = replace(found, found=report)
        if progress is not None:
            progress(Progress("Writing the dataset", 0))
        return _kept(workspace, folder, found, name, fingerprint if reading is None else "", note)


def write_dataset(workspace: Workspace, found: Sorted, name: str) -> Dataset:
    """Of examples that are rows. The same again gives the dataset that is there, with `known` set."""
    with disk_in_words(), _beside(workspace) as folder:
        return _kept(workspace, folder, found, name)


def _kept(
    workspace: Workspace, folder: Path, found: Sorted, name: str, fingerprint: str = "", note: str = ""
) -> Dataset:
    digest = _digest(found)
    with FileLock(workspace.datasets / ".naming.lock"):  # two imports of the same images make one dataset
        for existing in workspace.datasets.glob(f"*-{digest}"):
            return replace(load_dataset(workspace, existing.name), known=True)
        info, frame = _write(folder, name, found, fingerprint, note)
        os.sync()  # the images reach the disk before the name that vouches for them
        place = workspace.datasets / f"{slug(name)}-{digest}"
        folder.rename(place)
    return Dataset(
        *(place, 1, name, found.kind, found.target, info, frame),
        rendering=found.rendering,
        modality=found.modality,
        note=note,
    )


def memory_for(path: Path) -> int:
    """Bytes that the process of an import may take: more for more cores, each of which decodes an image, and for more
    that is given. Far above what any honest file needs, and far below what would hurt the machine."""
    given = path.stat().st_size if os.path.isfile(path) else 0
    return 2**30 + min(16, os.cpu_count() or 1) * 2**29 + min(8 * given, 2**34)


def _found(
    source: Source,
    images: Path | None,
    limits: Limits,
    progress: OnProgress | None,
    cancelled: Cancelled | None,
    reading: Reading | None,
    ask: Asks | None,
    modality: Modality,
) -> Sorted:
    """The examples of a source, with all that is said of them. images: as for `take`."""
    said = reading or Reading()
    if modality.comes_from == "row":
        taken = take_texts(source, modality, limits, said, progress, cancelled)
        asks = None if ask is None or images is None else partial(ask, images, {})
        return sort_texts(taken, reading, asks, progress, cancelled)
    intake = take(source, images, limits, progress, cancelled, encoding=said.encoding, pages=said.pages)
    if progress is not None:
        progress(Progress("Looking for copies and faults", 0))
    asks = None
    if ask is not None and images is not None:
        asks = partial(ask, images, dict(zip(intake.rows["name"], intake.rows["image"])))
    return sort_out(intake, source, reading, asks)


def _refuse_without_room(workspace: Workspace, source: Source) -> None:
    free = shutil.disk_usage(workspace.datasets).free
    if source.bytes > free:
        raise DataError(
            f"The files take {file_size(source.bytes)} and the disk has {file_size(free)} left. "
            "Make room where Graft keeps its workspace, then import again."
        )


def _write(folder: Path, name: str, found: Sorted, fingerprint: str, note: str) -> tuple[VersionInfo, pd.DataFrame]:
    splits, settings = complete(found.frame, found.task)
    frame = found.modality.keep(folder, found.frame.assign(split=splits))
    with suppress(OSError):  # where examples are rows, there is nothing in it
        (folder / "images").rmdir()
    written = write_version(folder, 1, frame, settings, "Imported", found.modality, found.task)
    write_json(folder / "report.json", found.found.model_dump())
    if found.columns is not None:
        found.columns.to_parquet(folder / "columns.parquet")
    if found.unlabelled is not None and len(found.unlabelled):
        found.unlabelled.to_parquet(folder / UNLABELLED, index=False)
    said: dict[str, Any] = {"name": name, "modality": found.modality.name, "kind": found.kind, "target": found.target}
    said |= {"fingerprint": fingerprint, "note": note}
    said["rendering"] = found.rendering.model_dump(mode="json")
    write_json(folder / "dataset.json", {**said, "created": datetime.now().isoformat(timespec="seconds")})
    return written


def _digest(found: Sorted) -> str:
    """Names the content: the same examples with the same answers and splits, whatever their archive was called."""
    said = hashlib.sha256(found.modality.seed + found.task.seed)
    if found.rendering != PLAIN:
        said.update(found.rendering.model_dump_json().encode())
    for start in range(0, len(found.frame), BLOCK):  # as objects all would take much memory
        rows = found.frame[start : start + BLOCK]
        answers = found.task.digested(rows)
        columns = (rows["sha256"], *(answers[name] for name in answers), rows["given"], rows["group"])
        for row in zip(*(column.tolist() for column in columns)):
            said.update("\n".join(map(str, row)).encode())
    return said.hexdigest()[:10]


def _fingerprint(path: Path, progress: OnProgress | None, cancelled: Cancelled | None) -> str:
    """Of an archive's bytes: quicker to know again than its images. "" if it cannot be read, which is told later."""
    digest, done = hashlib.sha256(READ_AS), 0
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            while chunk := file.read(2**20):
                digest.update(chunk)
                done += len(chunk)
                if cancelled is not None and cancelled():
                    raise WorkStopped("The import was stopped; nothing of it was kept.")
                if progress is not None and done < size:
                    progress(Progress("Opening", 0, None, share=done / max(1, size)))
    except OSError:
        return ""
    return digest.hexdigest()


def _seen_before(workspace: Workspace, fingerprint: str) -> Dataset | None:
    for path in workspace.datasets.glob("[!.]*/dataset.json"):
        try:
            if read(path, DatasetFile).fingerprint == fingerprint:
                return replace(load_dataset(workspace, path.parent.name), known=True)
        except (OSError, DamagedError, DataError):
            continue
    return None


@contextmanager
def _beside(workspace: Workspace) -> Iterator[Path]:
    """A folder to write in, locked while we live, deleted afterwards unless renamed. Clears what the dead left."""
    clear_leftovers(workspace)
    folder = workspace.datasets / f"{TEMPORARY}{secrets.token_hex(6)}"
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        with lock:
            (folder / "images").mkdir(parents=True)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        Path(lock.lock_file).unlink(missing_ok=True)


def clear_leftovers(workspace: Workspace) -> None:
    """Remove what imports that were killed, and deletions that were cut short, left behind."""
    for path in workspace.datasets.glob(f"{DELETED}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in workspace.datasets.glob(f"{TEMPORARY}*.lock"):
        try:
            with FileLock(path, timeout=0):
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink(missing_ok=True)
        except Timeout:  # its import is still at work
            continue
