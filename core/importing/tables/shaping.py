"""Tables brought into one form before they are read: a header, one column for the image, one for the answer."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pandas as pd

from core.importing.tables.headings import FOLDERS_OF, IDS, NAMES, PATHS, is_called_label, key_of, named
from core.importing.tables.matching import EXACT, Matcher
from core.importing.tables.meanings import missing_in

SAMPLE = 50  # rows that are looked at
NEARLY_ALL = 0.9  # of the keys of one table are in the other


def shaped(frame: pd.DataFrame, name: str, matcher: Matcher) -> pd.DataFrame:
    """name: of the table."""
    return labels_together(_with_folder(_with_header(frame, name, matcher), name, matcher))


def _with_header(frame: pd.DataFrame, name: str, matcher: Matcher) -> pd.DataFrame:
    """A table that names an image where its columns should be named has no header: that row is one like the others."""
    if not any(matcher.find(str(column), name, EXACT) for column in frame):
        return frame
    first, columns = list(frame), [f"column {number}" for number in range(1, len(frame.columns) + 1)]
    first = [_REPEATED.sub("", str(cell)) for cell in first]
    return pd.concat([pd.DataFrame([first], columns=columns), frame.set_axis(columns, axis=1)], ignore_index=True)


_REPEATED = re.compile(r" \(\d+\)$")  # as `cells` tells columns of the same heading apart


def _with_folder(frame: pd.DataFrame, name: str, matcher: Matcher) -> pd.DataFrame:
    """A folder in one column and a file in another are put together, where that names more images."""
    folder, file = named(list(frame), FOLDERS_OF), named(list(frame), [*PATHS, *IDS])
    if not folder or not file or folder == file:
        return frame
    paths = frame[folder].str.rstrip("/\\") + "/" + frame[file]

    def found(cells: pd.Series) -> int:
        return sum(matcher.find(cell, name) is not None for cell in cells.head(SAMPLE))

    return frame.assign(**{file: paths}) if found(paths) > found(frame[file]) else frame


def labels_together(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns `label1`, `label2`, ... that say the same kind of thing become one with several labels a cell."""
    alike = defaultdict[str, list[str]](list)
    for column in frame:
        if (match := _NUMBERED.fullmatch(str(column))) and is_called_label(match[1]):
            alike[key_of(match[1])].append(str(column))
    for stem, columns in alike.items():
        held = [set(frame[column]) - missing_in(set(frame[column])) for column in columns]
        shared = [one for one in held[1:] if len(one & held[0]) * 2 >= min(len(one), len(held[0]))]
        if len(columns) < 2 or len(shared) < len(held) - 1:
            continue
        said = set().union(*held)
        cells = [json.dumps([cell for cell in row if cell in said]) for row in zip(*(frame[one] for one in columns))]
        frame = frame.drop(columns=columns).assign(**{f"{stem}s": cells})
    return frame


_NUMBERED = re.compile(r"(.*?\D)[ _.-]*\d+")


def joined(frame: pd.DataFrame, other: pd.DataFrame, path: str) -> tuple[pd.DataFrame, str] | None:
    """A table with the column `path` of another that numbers the images, and the column by which they were put
    together; None if no column does."""
    for key in frame:
        same = next((column for column in other if column != path and key_of(column) == key_of(key)), None)
        if same is None or other[same].duplicated().any() or not frame[key].isin(other[same]).mean() > NEARLY_ALL:
            continue
        of = dict(zip(other[same], other[path]))
        kept = frame.drop(columns=[path], errors="ignore")
        return kept.assign(**{path: frame[key].map(of).fillna("")}), str(same)
    return None


def class_names(label: str, cells: Sequence[str], frames: Sequence[pd.DataFrame]) -> dict[str, str]:
    """What classes are called that go by numbers, from a table that says it; {} if none does.

    label: the heading of their column. cells: its numbers.
    """
    numbers = {cell for cell in cells if cell}
    if not numbers or not all(cell.isdecimal() for cell in numbers):
        return {}
    return next((found for frame in frames for found in _pairs(label, numbers, frame)), {})


def _pairs(label: str, numbers: set[str], frame: pd.DataFrame) -> Iterator[dict[str, str]]:
    for key in frame:
        held, called = frame[key].tolist(), key_of(str(key))
        if not numbers <= set(held) or (called not in (key_of(label), "id", "index") and "class" not in called):
            continue
        names = named([column for column in frame if column != key], NAMES)
        if names and len(set(held)) == len(held) == frame[names].nunique() and not frame[names].str.isdecimal().any():
            yield dict(zip(held, frame[names].tolist()))
