"""A manifest: a table that says the class, the labels or the number of each picture, and if it likes its split and its
group.

Its columns are known by their usual names: those of Hugging Face's imagefolder (`metadata.csv` with `file_name`), of
Roboflow's `_classes.csv` (a column of 0 and 1 a class), and what people call them themselves, in English or German.
Columns without a single entry are as good as not there. When pictures have several labels each: see labels.py.
"""

from __future__ import annotations

import json
import math
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from core.data.entries import leaves, shown_name
from core.data.labels import SOME, divided, together, undivided
from core.data.layout import Split, clean, split_of
from core.data.report import Finding, names_of, number_of
from core.data.tables import NO_NUMBER, PROJECT, read_numbers, read_table
from core.errors import DataError

Kind = Literal["classes", "labels", "number"]
PATHS = (
    "file_name",
    "filename",
    "file",
    "filepath",
    "file_path",
    "path",
    "image",
    "image_path",
    "img",
    "picture",
    "bild",
    "foto",
    "datei",
    "dateiname",
    "pfad",
    "name",
)
IDS = ("id", "id_code", "image_id", "img_id", "picture_id", *PATHS)  # may name pictures without their ending
LABELS = (
    *("label_name", "class_name", "label", "labels", "class", "category", "species", "tag", "diagnosis"),
    *("klasse", "kategorie", "art", "diagnose", "tags", "classes", "categories", "klassen", "kategorien", "choice"),
)
TARGETS = (
    *("target", "value", "y", "score", "rating", "price", "age", "weight", "reading"),
    *("zielwert", "wert", "zahl", "messwert", "preis", "alter", "gewicht"),
)
SPLITS = ("split", "set", "subset", "partition", "fold", "aufteilung", "teilmenge")
GROUPS = (
    *("group", "group_id", "patient", "patient_id", "subject", "subject_id", "person", "series", "scene"),
    *("gruppe", "serie", "szene"),
)
MANY_NUMBERS = 20  # different whole numbers: more are hardly classes
TRUE = ("1", "1.0")  # in a column of 0 and 1
MOST_PROJECT = 16 * 10**6  # bytes of a project's manifest: JSON becomes many times as much
MOST_UNUSED = 20  # columns that did not count are looked at, and kept if they may be classes
NEARLY_ALL = 0.9  # of the answers are numbers: then the others are slips, and no classes


@dataclass(frozen=True, slots=True)
class Said:
    """What a manifest says of one picture. label: "" for kind "number", for kind "labels" all of them as `labels.py`
    keeps them; target: NaN but for kind "number"."""

    label: str = ""
    target: float = math.nan
    split: Split | None = None
    group: str = ""


@dataclass(frozen=True)
class Manifest:
    """of: by the picture's name in the source. target: what the number is called, for kind "number".

    tables: the names of those that were used; others: of those that name no picture here, with the reason.
    columns: by their headings, columns that may be classes and did not count, with the cell of each picture.
    """

    kind: Kind
    target: str
    of: dict[str, Said]
    tables: tuple[str, ...]
    others: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Columns:
    """Which column says what.

    label: "" where the folders say it; one_hot: a column of 0 and 1 for each class; unused: those of which none can be
    told to be the label.
    """

    path: str
    label: str
    split: str
    group: str
    one_hot: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


def read_manifest(tables: Iterable[tuple[str, bytes]], pictures: Collection[str], only: str = "") -> Manifest | None:
    """What the tables say of the pictures; None if none of them names any.

    only: the name of the one table to believe.

    Raises:
        DataError: the table `only` cannot be used.
    """
    tables = list(tables)
    if not tables and not only:
        return None
    by_path = _by_path(pictures)
    by_id = _by_path(pictures, key=lambda name: posixpath.splitext(name)[0])
    used: list[tuple[str, pd.DataFrame, _Columns]] = []
    others: list[tuple[str, str]] = []
    for name, data in tables:
        if posixpath.basename(name).lower().startswith("sample_submission") and name != only:  # of Kaggle
            others.append((name, "It is an example of answers to hand in, not of true ones."))
            continue
        try:
            frame = _with_header(read_table(name, data), name, by_path)
            columns = _columns(name, frame, by_path, by_id)
        except DataError as error:
            if name == only:
                raise
            others.append((name, str(error)))
            continue
        if columns is None or (only and name != only):
            others.append((name, "It is a table, but names no picture that is here."))
        else:
            used.append((name, frame, columns))
    if not used:
        if only:
            raise DataError(f"The table {only!r} names no picture that lies beside it. A column must give their paths.")
        return Manifest("classes", "", {}, (), tuple(others)) if others else None
    return _combine(used, {**by_id, **by_path}, others)


def from_labels(labels: dict[str, str]) -> Manifest:
    """The manifest of a source whose maker knows the classes."""
    return Manifest("classes", "", {name: Said(clean(label)) for name, label in labels.items()}, ())


# Columns --------------------------------------------------------------------------------------------------------------


def _with_header(frame: pd.DataFrame, name: str, by_path: dict[str, str]) -> pd.DataFrame:
    """A table that names a picture where its columns should be named has no header: that row is one like the others."""
    if not any(_find(column, name, by_path) for column in frame):
        return frame
    first, columns = list(frame), [f"column {number}" for number in range(1, len(frame.columns) + 1)]
    return pd.concat([pd.DataFrame([first], columns=columns), frame.set_axis(columns, axis=1)], ignore_index=True)


def _columns(name: str, frame: pd.DataFrame, by_path: dict[str, str], by_id: dict[str, str]) -> _Columns | None:
    ids = frame[[column for column in frame if _key(column) in IDS]]
    path = path_column(frame, lambda cell: _find(cell, name, by_path) is not None)
    path = path or path_column(ids, lambda cell: _find(cell, name, by_id) is not None)
    if path is None:
        return None
    rest = [column for column in frame if column != path and (frame[column] != "").any()]
    split, group = _named(rest, SPLITS), _named(rest, GROUPS)
    split = split if split and any(split_of(cell) for cell in frame[split].unique()[:50]) else ""
    rest = [column for column in rest if column not in (split, group)]
    label = _named(rest, LABELS) or _named(rest, TARGETS)
    if label:
        return _Columns(path, label, split, group)
    if len(rest) > 1 and all(set(frame[column].unique()) <= {"0", "1", "", "0.0", "1.0"} for column in rest):
        return _Columns(path, "", split, group, tuple(rest))
    if len(rest) == 1:
        return _Columns(path, rest[0], split, group)
    return _Columns(path, "", split, group, unused=tuple(rest))


def path_column(frame: pd.DataFrame, is_picture) -> str | None:  # type: ignore[no-untyped-def]
    """The column that names pictures: the first of the usual names, else any, of which a sample is there."""
    usual = sorted((column for column in frame if _key(column) in PATHS), key=lambda column: PATHS.index(_key(column)))
    for column in [*usual, *(column for column in frame if column not in usual)]:
        if any(is_picture(cell) for cell in frame[column].head(200)) or any(map(is_picture, frame[column].tail(200))):
            return str(column)
    return None


def _named(columns: Sequence[str], names: Sequence[str]) -> str:
    by_name = {_key(column): column for column in reversed(columns)}
    return next((by_name[name] for name in names if name in by_name), "")


def _key(column: str) -> str:
    """A heading as the lists above have it: `Gewicht in g` and `gewicht (g)` are both `gewicht`."""
    without_unit = _UNIT.sub("", column.strip().lower()) or column.lower()
    return without_unit.replace(" ", "_").replace("-", "_")


_UNIT = re.compile(r"[ _-]*(\(.*\)|\[.*\]|[ _]in[ _].*)$")


def _by_path(pictures: Collection[str], key: Callable[[str], str] = str) -> dict[str, str]:
    """Pictures by their path and by their last name alone, as `key` writes both, where no two share it."""
    paths = {name: key(name) for name in pictures}
    last = Counter(path.rsplit("/", 1)[-1] for path in paths.values())
    alone = {short: name for name, path in paths.items() if last[short := path.rsplit("/", 1)[-1]] == 1}
    whole = Counter(paths.values())
    return {**alone, **{path: name for name, path in paths.items() if whole[path] == 1}}


def _find(cell: str, table: str, by_path: dict[str, str]) -> str | None:
    """The picture that a cell of a table names, of those that were given: seen from the table's folder, else by as much
    of the path's end as is known, since a path may begin where its writer kept the pictures."""
    path = shown_name(cell.replace("\\", "/"))
    if not path:
        return None
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(table), path))
    if beside in by_path:
        return by_path[beside]
    parts = [part for part in path.split("/") if part not in ("", ".")]
    ends = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((by_path[end] for end in ends if end in by_path), None)


# What they say --------------------------------------------------------------------------------------------------------


def _combine(
    used: list[tuple[str, pd.DataFrame, _Columns]], by_path: dict[str, str], others: list[tuple[str, str]]
) -> Manifest:
    cells = Counter(cell for _, frame, columns in used if columns.label for cell in frame[columns.label])
    kind: Kind = "number" if _are_numbers(cells, used[0][2].label) else "classes"
    several_in = divided(cells) if kind == "classes" else {}
    if several_in or _overlap(used):
        kind = "labels"
    of: dict[str, Said] = {}
    outside, missing, unlabelled, several, twice = (list[str]() for _ in range(5))
    slips: set[str] = set()  # what stands where a number should
    unused: dict[str, dict[str, str]] = {}
    for table, frame, columns in used:
        folder, base = posixpath.split(table)
        split = split_of(base.rsplit(".", 1)[0]) or split_of(folder.rsplit("/", 1)[-1])
        numbers = read_numbers(set(frame[columns.label])) if columns.label and kind == "number" else {}
        may_be_classes = _may_be_classes(frame, columns.unused)
        for row in frame.to_dict("records"):
            cell = row[columns.path]
            picture = _find(cell, table, by_path)
            if picture is None:
                (outside if leaves(cell) else missing).append(shown_name(cell))
                continue
            for column, means in may_be_classes.items():
                unused.setdefault(shown_name(column), {}).setdefault(picture, means[row[column]])
            said = _said(row, columns, kind, split, numbers, several_in)
            if said is None:
                (several if columns.one_hot else unlabelled).append(picture)
                slips.add(row[columns.label] if columns.label else "")
            elif of.setdefault(picture, said) != said:
                twice.append(picture)
    unsaid, several = ([name for name in dict.fromkeys(names) if name not in of] for names in (unlabelled, several))
    no_label = f"no {_ONE[kind]} in the table: left out"
    findings = (
        *_told("outside", outside, "row leads", "rows lead", "to a file outside of what was given"),
        *_told("missing", missing, "row names", "rows name", "a picture that is not there, or could not be used"),
        *_told("no label", unsaid, "picture has", "pictures have", no_label, _instead(slips - {""})),
        *_told("several labels", several, "picture has", "pictures have", "none or several classes in the table"),
        *_told("twice", twice, "picture is", "pictures are", "in the table twice, with different answers"),
        *_unused(used, bool(unused)),
        *_undivided(cells if kind == "classes" else {}, of),
    )
    target = next((columns.label for _, _, columns in used if columns.label), "") if kind == "number" else ""
    tables = tuple(name for name, _, _ in used)
    return Manifest(kind, shown_name(target), of, tables, tuple(others), findings, unused)


def _may_be_classes(frame: pd.DataFrame, unused: Sequence[str]) -> dict[str, dict[str, str]]:
    """Of these columns, those by which pictures fall into several classes, of two pictures or more on average; with the
    class that each cell means."""
    found: dict[str, dict[str, str]] = {}
    for column in unused[:MOST_UNUSED]:
        cells = set(frame[column].unique())
        kept = shown_name(column) and not column.startswith("__")  # which Parquet has for its own
        if kept and 1 < len(cells - {""}) <= len(frame) / 2:
            found[column] = {cell: clean(cell) if cell else "" for cell in cells}
    return found


def _are_numbers(cells: Mapping[str, int], name: str) -> bool:
    """Whether nearly all that the column of this name says are numbers, and such as are hardly names of classes."""
    said = {cell: count for cell, count in cells.items() if cell.lower() not in NO_NUMBER}
    finite = {cell: number for cell, number in read_numbers(said).items() if math.isfinite(number)}
    if not finite or sum(said[cell] for cell in finite) < NEARLY_ALL * sum(said.values()):
        return False
    numbers = list(finite.values())
    called_label = bool(_named([name], LABELS))
    fractions = any(number != int(number) for number in numbers)
    many = len(numbers) > MANY_NUMBERS and not called_label
    return fractions or many or bool(_named([name], TARGETS) and len(numbers) > 2)


def _overlap(used: list[tuple[str, pd.DataFrame, _Columns]]) -> bool:
    """Whether columns of 0 and 1 give so many of the pictures several classes that these are no slips."""
    marks = [frame[list(columns.one_hot)].isin(TRUE).sum(axis=1) for _, frame, columns in used if columns.one_hot]
    several = sum(int((each > 1).sum()) for each in marks)
    return several >= max(1, SOME * sum(map(len, marks)))


def _said(
    row: dict[str, str],
    columns: _Columns,
    kind: Kind,
    split: Split | None,
    numbers: Mapping[str, float],
    several_in: Mapping[str, Sequence[str]],
) -> Said | None:
    split = split_of(row[columns.split]) if columns.split else split
    group = shown_name(row[columns.group]) if columns.group else ""
    if columns.one_hot:
        true = [clean(column) for column in columns.one_hot if row[column] in TRUE]
        if kind != "labels" and len(true) != 1:
            return None
        return Said(together(true), split=split, group=group)
    cell = row[columns.label] if columns.label else ""
    if kind == "number":
        number = numbers.get(cell, math.nan)
        return Said(target=number, split=split, group=group) if math.isfinite(number) else None
    if kind == "labels":
        if not columns.label:
            return None
        held = several_in.get(cell, (cell,) if cell else ())
        return Said(together(map(clean, held)), split=split, group=group)
    if columns.label and not cell:
        return None
    return Said(clean(cell) if cell else "", split=split, group=group)


_ONE = {"classes": "class", "labels": "label", "number": "number"}
_WHY = {
    "outside": "Nothing outside is read. Put the pictures beside the table, and give their paths from there.",
    "missing": "Check the spelling of the paths, and that all the pictures were given.",
    "no label": "Nothing says what it is. Fill the table in and import again.",
    "several labels": "Nearly all the others have one class each. Give these one in the table and import again.",
    "twice": "The first row was believed. Correct the table and import again.",
}


def _told(kind: str, names: list[str], one: str, many: str, what: str, why: str = "") -> list[Finding]:
    if not names:
        return []
    title = f"{number_of(len(names), one, many)} {what}."
    return [Finding(kind=kind, title=title, why=why or _WHY[kind], files=names)]  # type: ignore[arg-type]


def _instead(slips: set[str]) -> str:
    if not slips:
        return ""
    said = names_of([f'"{slip}"' for slip in slips], limit=3)
    return f"Where the number should stand, the table says {said}. Correct it and import again."


def _unused(used: list[tuple[str, pd.DataFrame, _Columns]], may_be_classes: bool) -> list[Finding]:
    """Of tables that may well tell what the pictures are, but not in which of their columns."""
    columns = list(dict.fromkeys(column for _, _, columns in used for column in columns.unused))
    if not columns:
        return []
    title = f"{number_of(len(columns), 'column')} of the table did not count: {names_of(columns)}."
    tells = "If one of them tells what the pictures are, call it so and import again."
    if may_be_classes:
        tells = "If one tells the classes, choose it; if one is a number to learn, call it target and import again."
    why = f"None is called label (for a class) or target (for a number), so the folders told the classes. {tells}"
    return [Finding(kind="unused", title=title, why=why)]


def _undivided(cells: Mapping[str, int], of: Mapping[str, Said]) -> list[Finding]:
    """Of commas that may stand in names or between several labels."""
    names = undivided(cells)
    if not names:
        return []
    title = f"{number_of(len(names), 'class has', 'classes have')} a comma in the name: {names_of(names)}."
    why = (
        "Each was taken as one class. If these are several labels a picture, put semicolons between them and import "
        "again."
    )
    labels = set(map(clean, names))
    files = [picture for picture, said in of.items() if said.label in labels]
    return [Finding(kind="commas", title=title, why=why, files=files)]


# Teachable Machine ----------------------------------------------------------------------------------------------------


def from_project(name: str, data: bytes, pictures: Collection[str]) -> dict[str, str]:
    """The class of each picture of a Teachable Machine project, whose `manifest.json` this is. {} if it tells none.

    It saves the pictures of a class beside the manifest, as `class-!-0.jpg` and so on. What comes out of other programs
    under that name has no common form, so any object with a name and a list of files, at any depth, is believed.
    """
    below = name.removesuffix(PROJECT)
    inside = {picture: picture.removeprefix(below) for picture in pictures if picture.startswith(below)}
    labels = {picture: match[1] for picture, path in inside.items() if (match := _SAVED.fullmatch(path))}
    if labels:
        return labels
    if len(data) > MOST_PROJECT:
        return {}
    by_path = _by_path(pictures)
    try:
        return dict(_project_labels(json.loads(data), by_path))
    except (ValueError, RecursionError):
        return {}


_SAVED = re.compile(r"(.*)-!-\d+\.\w+")


def _project_labels(value: object, by_path: dict[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        label = next((value[key] for key in ("name", "label", "className") if isinstance(value.get(key), str)), "")
        for held in value.values():
            for one in held if label and isinstance(held, list) else ():
                file = one.get("file", one.get("path")) if isinstance(one, dict) else one
                if isinstance(file, str) and (picture := _find(file, "", by_path)):
                    yield picture, label
    for held in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _project_labels(held, by_path)
