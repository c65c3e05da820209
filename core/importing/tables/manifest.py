"""A manifest: tables that say the class, the labels or the number of each image, and if they like its split and its
group.

Known are those of Hugging Face's imagefolder (`metadata.csv` with `file_name`), of Roboflow (`_classes.csv`, a column
of 0 and 1 a class), of Kaggle, Label Studio and Vertex AI, and what people write themselves, in English or German.
Which column says what: see columns.py; which image a cell means: matching.py; several labels an image: labels.py.
"""

from __future__ import annotations

import json
import math
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core.data.splits import Split
from core.errors import DataError
from core.finding import Finding
from core.importing.archives.entries import leaves
from core.importing.layout import split_in, split_of
from core.importing.tables.cells import MOST_ROWS, read, read_numbers
from core.importing.tables.columns import (
    Candidate,
    Columns,
    are_numbers,
    find_columns,
    is_true,
    ticks,
)
from core.importing.tables.encodings import Decoded
from core.importing.tables.headings import IDS, key_of
from core.importing.tables.matching import EXACT, Matcher
from core.importing.tables.meanings import missing_in
from core.importing.tables.reading import Reading
from core.importing.tables.shaping import class_names, joined, shaped
from core.importing.tables.table_report import (
    at_blanks,
    boxes_left_out,
    columns_unused,
    found_loosely,
    guessed,
    letters_read,
    rows_told,
    what_stands_instead,
    with_commas,
)
from core.tasks import CLASSIFICATION, IMPORTED, MULTILABEL, REGRESSION, TASKS, Kind, Task
from core.tasks.labels import SOME, divided, together
from core.words import clean_label, shown_name

__all__ = ["Kind", "Manifest", "Said", "from_labels", "read_manifest"]
MOST_UNUSED = 20  # columns that did not count are looked at, and kept if they may be classes
SAMPLE = 50  # rows that are looked at
REPEATED = 0.1  # of the images have several rows with different answers: then each has several labels
_BOX = re.compile(
    r"(\S+)(?: -?\d+(?:\.\d+)?){4}(?: +(\S+)(?: -?\d+(?:\.\d+)?){4})*"
)  # as ImageNet writes where things are


@dataclass(frozen=True, slots=True)
class Said:
    """What a manifest says of one example. answer: as its task keeps it: a class, all labels as `labels.py` keeps them,
    a number, or whatever a task with a column of its own reads."""

    answer: Any = ""
    split: Split | None = None
    group: str = ""

    @property
    def label(self) -> str:
        """The class, or the labels; "" where answers are something else."""
        return self.answer if isinstance(self.answer, str) else ""


@dataclass(frozen=True)
class Manifest:
    """of: by the image's name in the source. target: what the number is called, for kind "number".

    tables: the names of those that were used; others: of those that name no image here, with the reason.
    columns: by their headings, columns that may be classes and did not count, with the cell of each image.
    candidates: columns that may say the answer, the likeliest first; sure: whether the one that was taken is called so.
    """

    kind: Kind
    target: str
    of: dict[str, Said]
    tables: tuple[str, ...]
    others: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    sure: bool = True


@dataclass(frozen=True)
class Used:
    """A table that names images, the column that says what, and its cells, as they are meant."""

    name: str
    frame: pd.DataFrame
    columns: Columns


def read_manifest(
    tables: Iterable[tuple[str, bytes | pd.DataFrame]],
    images: Collection[str],
    only: str = "",
    reading: Reading | None = None,
    folders_tell: bool = False,
) -> Manifest | None:
    """What the tables say of the images; None if none of them names any.

    tables: files, or what was read of them. only: the name of the one table to believe. reading: what someone says of
    the columns. folders_tell: whether the images' folders tell classes.

    Raises:
        DataError: the table `only` cannot be used, or what `reading` asks for is not there.
    """
    tables, reading = list(tables), reading or Reading()
    if not tables and not only:
        return None
    matcher = Matcher(images)
    used: list[Used] = []
    others: list[tuple[str, str]] = []
    unused: list[tuple[str, pd.DataFrame]] = []
    decoded: list[tuple[str, Decoded]] = []
    rows = 0
    for name, data in tables:
        if posixpath.basename(name).lower().startswith("sample_submission") and name != only:  # of Kaggle
            others.append((name, "It is an example of answers to hand in, not of true ones."))
            continue
        try:
            table = read(name, data, reading.encoding) if isinstance(data, bytes) else None
            frame = shaped(table.frame if table else data, name, matcher)  # type: ignore[arg-type]
            rows += len(frame)
            if rows > MOST_ROWS:
                raise DataError(f"Together the tables have more than the {MOST_ROWS:,} rows that are read.")
            columns = find_columns(name, frame, matcher, reading, folders_tell)
        except DataError as error:
            if name == only or (reading.column and "has no column" in str(error) and len(tables) == 1):
                raise
            others.append((name, str(error)))
            continue
        if columns is None or (only and name != only):
            unused.append((name, frame))
            continue
        used.append(Used(name, frame, columns))
        if table is not None and table.text is not None and table.text.guessed:
            decoded.append((name, table.text))
    used, unused = _of_images(used, unused, matcher)
    used, unused = _put_together(used, unused, matcher, reading, folders_tell)
    used, unused = _called(used, unused)
    others += [(name, _names_none(name, frame, matcher)) for name, frame in unused]
    if not used:
        if only:
            raise DataError(f"The table {only!r} names no image that lies beside it. A column must give their paths.")
        return Manifest("classes", "", {}, (), tuple(others)) if others else None
    return _combine(used, matcher, others, reading, decoded)


Unused = list[tuple[str, pd.DataFrame]]  # tables, and their names, that name no images


def _of_images(used: list[Used], unused: Unused, matcher: Matcher) -> tuple[list[Used], Unused]:
    """Without those that name images by chance alone, as numbers of classes may, beside others that mean to."""

    def means_to(each: Used) -> tuple[bool, bool]:
        cells = each.frame[each.columns.path].head(SAMPLE)
        return any(matcher.find(cell, each.name, EXACT) for cell in cells), key_of(each.columns.path) in IDS

    means = [means_to(each) for each in used]
    best = max(means, default=(False, False))
    kept = [each for each, how in zip(used, means) if any(how) or not any(best)]
    return kept, [*unused, *((each.name, each.frame) for each in used if each not in kept)]


def _put_together(
    used: list[Used], unused: Unused, matcher: Matcher, reading: Reading, folders_tell: bool
) -> tuple[list[Used], Unused]:
    """Of two tables, one of which numbers the images that the other tells of, one is made."""
    left: Unused = []
    for name, frame in unused:
        for each in list(used):
            if (found := joined(frame, each.frame, each.columns.path)) is None:
                continue
            columns = find_columns(name, found[0], matcher, reading, folders_tell)
            if columns is None or not (columns.label or columns.one_hot):
                continue
            used = [one for one in used if one is not each or one.columns.label not in ("", found[1])]
            used.append(Used(name, found[0], columns))
            break
        else:
            left.append((name, frame))
    return used, left


def _called(used: list[Used], unused: Unused) -> tuple[list[Used], Unused]:
    """With the names of classes that go by numbers, where another table has them."""
    result = []
    for each in used:
        label = each.columns.label
        for number, (_, frame) in enumerate(unused):
            if label and (names := class_names(label, each.frame[label].unique(), [frame])):
                frame = each.frame.assign(**{label: each.frame[label].map(names).fillna("")})
                each = Used(each.name, frame, each.columns)
                unused = [*unused[:number], *unused[number + 1 :]]
                break
        result.append(each)
    return result, unused


def _names_none(name: str, frame: pd.DataFrame, matcher: Matcher) -> str:
    """What a table holds instead of names that are here: said in a refusal too."""
    cells = {str(column): frame[column].iloc[0] for column in frame}
    telling = next((column for column, cell in cells.items() if "://" in cell or _FILE.search(cell)), None)
    telling = telling or next((column for column in cells if key_of(column) in IDS), None)
    words = "It is a table, but names no image that is here."
    if telling is None:
        return words
    there = next(iter(sorted(matcher.images)), "")
    return (
        f"{words} Its column {telling[:60]!r} has {cells[telling][:80]!r}, and the images are called as "
        f"{there[-80:]!r}. Names have to be the same."
    )


_FILE = re.compile(r"\.\w{2,5}$")


def from_labels(labels: Mapping[str, str | Said], kind: Kind = "classes", target: str = "") -> Manifest:
    """The manifest of a source whose maker knows the answers."""
    said = {name: one if isinstance(one, Said) else Said(clean_label(one)) for name, one in labels.items()}
    return Manifest(kind, target, said, ())


# What they say --------------------------------------------------------------------------------------------------------


def _combine(
    used: list[Used],
    matcher: Matcher,
    others: list[tuple[str, str]],
    reading: Reading,
    decoded: list[tuple[str, Decoded]],
) -> Manifest:
    used = [Used(each.name, _as_meant(each).drop_duplicates(ignore_index=True), each.columns) for each in used]
    images = [_images(each, matcher) for each in used]
    cells = Counter(cell for each in used if each.columns.label for cell in each.frame[each.columns.label])
    first = next((each.columns for each in used if each.columns.label), used[0].columns)
    kind = reading.kind or (REGRESSION if are_numbers(cells, first.label) else CLASSIFICATION).name
    ordered = TASKS[kind].ordered
    cells = cells if ordered else _whole_numbers(used, cells)
    several_in = {} if ordered else divided(cells, first.label)
    repeated = not ordered and _repeated(used, images)
    if reading.kind is None and (several_in or repeated or _overlap(used)):
        kind = MULTILABEL.name
    task = TASKS[kind]
    several_each = task.classes is not None and task.classes.several
    own = None if set(task.columns) <= IMPORTED else task.read([cell for cell in cells if cell])
    of: dict[str, Said] = {}
    outside, missing, unlabelled, several, twice = (list[str]() for _ in range(5))
    slips: set[str] = set()  # what stands where a number should
    columns_kept: dict[str, dict[str, str]] = {}
    for each, named in zip(used, images):
        columns, split = each.columns, _split_of_table(each.name) if not reading.split else None
        numbers = read_numbers(set(each.frame[columns.label])) if columns.label and task.ordered else {}
        may_be_classes = _may_be_classes(each.frame, columns)
        needed = [name for name in each.frame if name in columns.needed or name in may_be_classes]
        for image, cell, *cells_of_row in zip(named, *(each.frame[name].tolist() for name in (columns.path, *needed))):
            if image is None:
                (outside if leaves(cell) else missing).append(shown_name(cell))
                continue
            row = dict(zip(needed, cells_of_row))
            for column, means in may_be_classes.items():
                columns_kept.setdefault(shown_name(column), {}).setdefault(image, means[row[column]])
            said = _said(row, columns, task, split, numbers, several_in, own)
            if said is None:
                (several if columns.one_hot else unlabelled).append(image)
                slips.add(row[columns.label] if columns.label else "")
            elif (before := of.setdefault(image, said)) != said:
                if repeated and several_each:
                    held = (*before.label.split("\n"), *said.label.split("\n"))
                    of[image] = Said(together(filter(None, held)), split=before.split, group=before.group)
                else:
                    twice.append(image)
    unsaid, several = ([name for name in dict.fromkeys(names) if name not in of] for names in (unlabelled, several))
    no_label = f"no {task.noun} in the table: left out"
    blanks = at_blanks(several_in) if several_each and reading.kind is None else []
    findings = (
        *guessed(first, kind, reading),
        *boxes_left_out(used, repeated),
        *letters_read(decoded),
        *rows_told("outside", outside, "row leads", "rows lead", "to a file outside of what was given"),
        *rows_told("missing", missing, "row names", "rows name", "an image that is not there, or could not be used"),
        *found_loosely(matcher),
        *rows_told("no label", unsaid, "image has", "images have", no_label, what_stands_instead(slips - {""}, kind)),
        *rows_told("several labels", several, "image has", "images have", "none or several classes in the table"),
        *rows_told("twice", twice, "image is", "images are", "in the table twice, with different answers"),
        *columns_unused(used, bool(columns_kept)),
        *with_commas(cells if task.classes is not None and not several_each else {}, of),
        *blanks,
    )
    target = first.label if task.ordered else ""
    tables = tuple(each.name for each in used)
    return Manifest(
        kind,
        shown_name(target),
        of,
        tables,
        tuple(others),
        findings,
        columns_kept,
        first.candidates,
        all(each.columns.sure for each in used) and not blanks,
    )


def _images(each: Used, matcher: Matcher) -> list[str | None]:
    """The image of each row; of several rows with the same cell it is looked up once."""
    cells = each.frame[each.columns.path].tolist()
    found = {cell: matcher.told(cell, each.name) for cell in dict.fromkeys(cells)}
    return [found[cell] for cell in cells]


def _split_of_table(name: str) -> Split | None:
    folder, base = posixpath.split(name)
    return split_in(base.rsplit(".", 1)[0]) or split_in(folder.rsplit("/", 1)[-1])


def _as_meant(each: Used) -> pd.DataFrame:
    """What programs write for nothing is empty; of `dog 12 5 80 90`, which says where the dog is, the dog is left."""
    label, frame = each.columns.label, ticks(each.frame, each.columns)
    if not label:
        return frame
    cells = frame[label].unique()
    missing = missing_in(cells)
    meant = {cell: "" if cell in missing else cell for cell in cells}
    filled = [cell for cell in meant.values() if cell]
    if filled and all(_BOX.fullmatch(cell) for cell in filled):
        meant = {cell: json.dumps(sorted(set(said.split()[::5]))) if said else "" for cell, said in meant.items()}
        meant = {
            cell: json.loads(said)[0] if said and len(json.loads(said)) == 1 else said for cell, said in meant.items()
        }
    return frame.assign(**{label: frame[label].map(meant)})


def _whole_numbers(used: list[Used], cells: Counter[str]) -> Counter[str]:
    """Where a column of whole numbers has 1 beside 1.0, as a program writes it that once met an empty cell, they are
    the same."""
    whole = {cell: match[1] for cell in cells if (match := _WHOLE.fullmatch(cell))}
    if len(whole) < sum(1 for cell in cells if cell) or whole.keys() == set(whole.values()):
        return cells
    for each in used:
        if label := each.columns.label:
            each.frame[label] = each.frame[label].map(lambda cell: whole.get(cell, cell))
    result = Counter[str]()
    for cell, count in cells.items():
        result[whole.get(cell, cell)] += count
    return result


_WHOLE = re.compile(r"(-?\d+)(?:[.,]0+)?")


def _repeated(used: list[Used], images: list[list[str | None]]) -> bool:
    """Whether so many images have several rows with different answers that these are no slips."""
    said = defaultdict[str, set[str]](set)
    for each, named in zip(used, images):
        if each.columns.label:
            for image, cell in zip(named, each.frame[each.columns.label]):
                if image is not None and cell:
                    said[image].add(cell)
    several = sum(len(answers) > 1 for answers in said.values())
    return several > 1 and several >= REPEATED * len(said)


def _may_be_classes(frame: pd.DataFrame, columns: Columns) -> dict[str, dict[str, str]]:
    """Of the columns that are not the label, those by which images fall into several classes, of two images or more on
    average; with the class that each cell means."""
    found: dict[str, dict[str, str]] = {}
    for column in columns.unused[:MOST_UNUSED]:
        cells = set(frame[column].unique())
        kept = shown_name(column) and not column.startswith("__")  # which Parquet has for its own
        if kept and 1 < len(cells - {""}) <= len(frame) / 2:
            found[column] = {cell: clean_label(cell) if cell else "" for cell in cells}
    return found


def _overlap(used: list[Used]) -> bool:
    """Whether columns of 0 and 1 give so many of the images several classes that these are no slips."""
    hot = [(each.frame, list(each.columns.one_hot)) for each in used if each.columns.one_hot]
    marks = [frame[columns].map(is_true).sum(axis=1) for frame, columns in hot]
    several = sum(int((each > 1).sum()) for each in marks)
    return several >= max(1, SOME * sum(map(len, marks)))


def _said(
    row: dict[str, str],
    columns: Columns,
    task: Task,
    split: Split | None,
    numbers: Mapping[str, float],
    several_in: Mapping[str, Sequence[str]],
    own: Mapping[str, Any] | None = None,
) -> Said | None:
    """own: what each cell says, of a task that reads its own."""
    split = (split_of(row[columns.split]) or split_in(row[columns.split])) if columns.split else split
    group = shown_name(row[columns.group]) if columns.group else ""
    several_each = task.classes is not None and task.classes.several
    if columns.one_hot:
        true = [clean_label(column) for column in columns.one_hot if is_true(row[column])]
        if not several_each and len(true) != 1:
            return None
        return Said(together(true), split=split, group=group)
    cell = row[columns.label] if columns.label else ""
    if own is not None:
        return Said(own[cell], split=split, group=group) if cell in own else None
    if task.ordered:
        number = numbers.get(cell, math.nan)
        return Said(number, split=split, group=group) if math.isfinite(number) else None
    if several_each:
        if not columns.label:
            return None
        held = several_in.get(cell, (cell,) if cell else ())
        return Said(together(map(clean_label, held)), split=split, group=group)
    if columns.label and not cell:
        return None
    return Said(clean_label(cell) if cell else "", split=split, group=group)
