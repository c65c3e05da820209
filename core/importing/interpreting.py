"""What files taken in are taken to mean: tables or folders read in one way, and the question which way is meant."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.errors import DataError
from core.importing.annotations import Recognised, only_generic
from core.importing.archives.entries import Source
from core.importing.intake import Intake, Rejected
from core.importing.layout import Folders, read_folders
from core.importing.tables.cells import PROJECT, may_be_table
from core.importing.tables.manifest import Manifest, Said, from_labels, read_manifest
from core.importing.tables.reading import FOLDERS, NEW_SPLIT, Option, Question, Reading
from core.importing.tables.teachable import from_project
from core.tasks import CLASSIFICATION, TASKS, Task
from core.words import number_of

MOST_OPTIONS = 6
EXAMPLES, EXAMPLED = 4, 8  # images of an answer, and answers, that are shown of an option
NO_IMAGE = "This is not an image, and says nothing of the images here."


@dataclass(frozen=True)
class Interpretation:
    """said: of each image, in order. folders: what the folders tell, which may not have counted. asked: whether a
    person chose it."""

    reading: Reading
    manifest: Manifest | None
    rejected: list[Rejected]
    folders: Folders
    said: list[Said | None]
    asked: bool = False

    @property
    def kind(self) -> str:
        return self.manifest.kind if self.manifest else CLASSIFICATION.name

    @property
    def task(self) -> Task:
        return TASKS[self.kind]

    @property
    def by_table(self) -> bool:
        return self.manifest is not None and (
            not self.task.told_by_folders or any(one.label for one in self.manifest.of.values())
        )


def interpret(
    intake: Intake,
    names: list[str],
    source: Source,
    reading: Reading,
    recognised: Recognised | None,
) -> Interpretation:
    folders = read_folders(names, reading.level, splits=reading.split in ("", FOLDERS))
    if source.labels is None and recognised is not None and recognised.labels:
        source = replace(source, labels=recognised.labels)
    told = {label for label, _ in folders.of if label}
    manifest, rejected = _manifest(intake, names, source, reading, len(told) > 1 and not only_generic(told))
    return Interpretation(
        reading, manifest, rejected, folders, _with_pages(names, _said(names, manifest, folders, reading))
    )


def _manifest(
    intake: Intake,
    images: list[str],
    source: Source,
    reading: Reading,
    folders_tell: bool,
) -> tuple[Manifest | None, list[Rejected]]:
    """What is said of the images beyond their folders, and the files that say nothing of them."""
    notes = [Rejected(name, NO_IMAGE) for name, _ in intake.notes]
    labels, table = source.labels, source.table
    if labels is not None:
        others = [Rejected(name, "A table says nothing here.") for name, _ in intake.tables]
        return from_labels(labels, source.kind, source.target), [*others, *([] if notes and labels else notes)]
    projects = [(name, data) for name, data in intake.tables if posixpath.basename(name) == PROJECT]
    tables = [(name, data) for name, data in intake.tables if posixpath.basename(name) != PROJECT]
    for name, data in projects:
        if isinstance(data, bytes) and (found := from_project(name, data, images)):
            manifest = from_labels(found)
            manifest = replace(manifest, tables=(name,))
            return manifest, [*(Rejected(other, "The project's own list was believed.") for other, _ in tables), *notes]
    rejected = [Rejected(name, "It names no image that is here.") for name, _ in projects]
    if reading.level is not None:  # the folders shall tell the classes
        return None, [*rejected, *(Rejected(name, "The folders were to tell.") for name, _ in tables), *notes]
    read = read_manifest(tables, images, table, reading, folders_tell)
    if (read is None or not read.tables) and not table:
        lists = [(name, data) for name, data in intake.notes if may_be_table(name)]
        listed = read_manifest(lists, images, "", reading, folders_tell) if lists else None
        if listed is not None and listed.tables:
            rejected += [Rejected(name, reason) for name, reason in (read.others if read else ())]
            notes = [each for each in notes if each.name not in listed.tables]
            return replace(listed, others=()), [*rejected, *notes]
    if read is not None:
        rejected += [Rejected(name, reason) for name, reason in read.others]
    return (read if read is not None and read.tables else None), [*rejected, *notes]


def _said(images: list[str], manifest: Manifest | None, folders: Folders, reading: Reading) -> list[Said | None]:
    """What is said of each image, by its table or by its folder."""
    if manifest is None:
        of_folder = {told: Said(told[0], split=told[1]) for told in set(folders.of) if told[0]}
        return [of_folder.get(told) for told in folders.of]
    if not TASKS[manifest.kind].told_by_folders:
        return [manifest.of.get(image) for image in images]
    classes = {said.label for said in manifest.of.values() if said.label}
    result: list[Said | None] = []
    for image, (label, split) in zip(images, folders.of):
        said = manifest.of.get(image)
        if said is None and classes and label in classes:  # of those that the table leaves out, the folders tell
            said = Said(label or "", split=split)
        elif said is not None and not (said.label and said.split):  # what the table leaves open, the folders may tell
            told_label = said.label or ("" if classes else label or "")
            said = Said(told_label, split=said.split or split, group=said.group) if told_label else None
        result.append(said)
    if reading.split == NEW_SPLIT:
        result = [None if said is None else replace(said, split=None) for said in result]
    return result


def _with_pages(images: list[str], said: list[Said | None]) -> list[Said | None]:
    """The pages of a file: what is said of it holds for all of them, and they stay on one side of the split."""
    of = dict(zip(images, said))
    result = []
    for image, one in zip(images, said):
        match = _PAGE.fullmatch(image)
        file = match[1] if match else image if f"{image} (page 2)" in of else ""
        one = one or (of.get(file) if match else None)
        result.append(replace(one, group=one.group or file) if one and file else one)
    return result


_PAGE = re.compile(r"(.+) \(page \d+\)")  # as `inspect_pages` calls them


def question_of(intake: Intake, names: list[str], source: Source, found: Interpretation) -> Question | None:
    """What to ask where the guess decides the answer and something else is likely too."""
    readings = [found.reading, *_other_readings(found)]
    why = _doubt(found)
    if not why or len(readings) < 2:
        return None
    options: list[Option] = []
    for reading in readings[:MOST_OPTIONS]:
        try:
            read = found if reading is found.reading else interpret(intake, names, source, reading, None)
        except DataError:
            continue
        option = _option(read, names)
        if len(option.counts) > 1 and all(option.counts != other.counts for other in options):
            options.append(option)
    if len(options) < 2:
        return None
    splits = {"": "As it comes, if it comes with one", NEW_SPLIT: "A new one"}
    return Question(why, tuple(options), splits)


def _doubt(found: Interpretation) -> str:
    if found.by_table and found.manifest is not None:
        return "" if found.manifest.sure else "The table can be read in more than one way."
    if found.manifest is not None and found.manifest.candidates:
        return "The folders tell classes, and so may the table."
    return "" if found.folders.sure else "More than one level of the folders may be the classes."


def _other_readings(found: Interpretation) -> Iterator[Reading]:
    base = found.reading
    if found.task.classes is not None and found.task.classes.several:
        yield replace(base, kind=CLASSIFICATION.name)
    if found.manifest is not None:
        for one in found.manifest.candidates:
            yield replace(base, column=one.column, kind=one.kind)
            if TASKS[one.kind].ordered:
                yield replace(base, column=one.column, kind=CLASSIFICATION.name)
    if any(label for label, _ in found.folders.of):
        for level in range(1, min(found.folders.levels, 3) + 1):
            yield replace(base, level=level)
        if found.folders.level == 0:
            yield replace(base, level=0)


def _option(read: Interpretation, names: list[str]) -> Option:
    counts, examples = Counter[str](), dict[str, list[str]]()
    for name, said in zip(names, read.said):
        if said is None:
            continue
        for answer in read.task.parts(said.answer):
            counts[answer] += 1
            held = examples.setdefault(answer, [])
            if len(held) < EXAMPLES:
                held.append(name)
    shown = [answer for answer, _ in counts.most_common(EXAMPLED)]
    kept = {answer: tuple(examples[answer]) for answer in shown}
    return Option(read.reading, _title(read, counts), dict(counts.most_common(200)), kept)


def _title(read: Interpretation, counts: Counter[str]) -> str:
    many = number_of(len(counts), "class", "classes")
    if read.by_table and read.manifest is not None:
        column = read.reading.column or next((one.column for one in read.manifest.candidates), "")
        column = read.manifest.target or column
        if read.task.classes is None:
            return f"The column {column!r}, as a number to predict"
        labels = " (several an image)" if read.task.classes.several else ""
        return f"The column {column!r}: {many}{labels}"
    if read.folders.level == 0:
        return f"How the files' names begin: {many}"
    place = ("first", "second", "third")[min(read.folders.level, 3) - 1]
    return f"The {place} level of the folders: {many}" if read.folders.levels > 1 else f"The folders: {many}"
