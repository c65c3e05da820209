"""Several labels an image: how a dataset keeps them in one text, and how tables write them.

A table's column holds several labels a cell
- if a cell is a list, such as `["cat", "dog"]`;
- else if `;`, `|` or `,` stands in some cells, and three quarters of what it divides them into are also found in other
  cells ("cat;dog" beside "cat" and "dog;bird"). A comma also stands in names ("Paris, France"), so what it divides must
  be found alone; `&`, `and` and a blank do so more often ("rock & roll", "golden retriever"), so nearly all must be
  found alone, or, of blanks, the column must be called after several (`tags`, `labels`);
- else if all of it is like `#cat #dog`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd

LARGEST = 1e150  # of numbers: its square is a number too
SEPARATORS = (";", "|", "\n", "、", "；")
COMMAS = (",", "，")  # that stand in names too
WORDS = (" / ", "/", " + ", "+", " & ", "&", " and ", " und ", " et ", " y ", " e ", " и ", "和")  # that mostly do
MOST = 0.75  # of what a separator divides
ALL = 0.95  # the same of blanks under any heading
MORE = 0.6  # the same of blanks under a heading in the plural
PLURALS = ("tags", "labels", "classes", "categories", "attributes", "keywords", "klassen", "kategorien", "schlagworte")
SOME = 0.01  # of the images have several labels: fewer are slips

_BETWEEN = "\n"  # no label has one in it


def together(labels: Iterable[str]) -> str:
    """The labels of an image as its row keeps them; "" for none."""
    return _BETWEEN.join(sorted(set(labels)))


def labels_in(text: str) -> tuple[str, ...]:
    """The labels that `together` made one text of; a class is the only one in it."""
    return tuple(text.split(_BETWEEN)) if text else ()


def in_words(text: str) -> str:
    """`cat, dog`"""
    return ", ".join(labels_in(text)) or "no label"


def a_row_each(frame: pd.DataFrame) -> pd.DataFrame:
    """A row for each label of each image; none for an image that has none."""
    if frame["label"].str.contains(_BETWEEN, regex=False).any():
        frame = frame.assign(label=frame["label"].str.split(_BETWEEN)).explode("label")
    return frame[frame["label"] != ""]


def with_label(frame: pd.DataFrame, label: str) -> pd.Series:
    """Which of the rows have the label; "" for those that have none."""
    padded = _BETWEEN + frame["label"] + _BETWEEN
    return padded.str.contains(_BETWEEN + label + _BETWEEN, regex=False)


def folded(label: str) -> str:
    """What labels have in common that differ in capitals, width, spaces, hyphens, underscores, apostrophes and in
    letters of other scripts that look the same."""
    plain = unicodedata.normalize("NFKC", label).casefold().translate(_LOOK_ALIKE)
    plain = plain if _NEGATIVE.fullmatch(plain) else plain.strip("_- ")
    return " ".join(re.split(r"[\s_‐-―-]+", plain))


_NEGATIVE = re.compile(r"-[\d.,]+")
_LOOK_ALIKE = str.maketrans("асеорхуіјѕοα’‘", "aceopxyijsoa''")  # Cyrillic, Greek


# In tables ------------------------------------------------------------------------------------------------------------


def divided(cells: Mapping[str, int], heading: str = "") -> dict[str, tuple[str, ...]]:
    """The labels in each cell of a column that holds several; {} if it holds one a cell.

    cells: how often each is there. heading: what the column is called.
    """
    said = {cell: count for cell, count in cells.items() if cell}
    lists = {cell: found for cell in said if (found := _list(cell)) is not None}
    if any(lists.values()):
        return {"": ()} | {cell: tuple(lists.get(cell, [cell])) for cell in said} | _positions(lists)
    for separator in (*SEPARATORS, *COMMAS, *WORDS):
        parts = _parts(said, separator)
        most = ALL if separator in WORDS else MOST
        if _are_labels(parts, said, alone=separator not in SEPARATORS, most=most):
            return {"": ()} | parts
    if all(_HASHTAGS.fullmatch(cell) for cell in said) and any(" " in cell for cell in said):
        return {"": ()} | {cell: tuple(cell.replace("#", " ").split()) for cell in said}
    plural = heading.strip().lower() in PLURALS
    parts = _parts(said, " ")
    if _are_labels(parts, said, alone=not plural, most=MORE if plural else ALL) and _few(parts):
        return {"": ()} | parts
    return {}


_HASHTAGS = re.compile(r"#\w+( ?#\w+)*")


def _few(parts: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether the labels are fewer than what is made of them: sentences have ever new words."""
    companies = {frozenset(labels) for labels in parts.values()}
    return len({label for labels in companies for label in labels}) <= max(2, len(companies) + 2)


def undivided(cells: Mapping[str, int]) -> list[str]:
    """Cells of a column that holds one label a cell, whose commas may yet stand between several."""
    parts = _parts(cells, ",")
    doubtful = _are_labels(parts, cells, alone=False)
    return [cell for cell, labels in parts.items() if len(labels) > 1] if doubtful else []


def _parts(cells: Iterable[str], separator: str) -> dict[str, tuple[str, ...]]:
    return {cell: tuple(part for each in cell.split(separator) if (part := each.strip())) for cell in cells}


def _are_labels(
    parts: Mapping[str, tuple[str, ...]], counts: Mapping[str, int], alone: bool, most: float = MOST
) -> bool:
    """most: share of what is divided that must be found elsewhere. alone: whether each is to be found as the only one
    of a cell, and not just in other company."""
    several = {cell: labels for cell, labels in parts.items() if len(labels) > 1}
    if sum(counts[cell] for cell in several) < max(1, SOME * sum(counts.values())):
        return False
    companies = {frozenset(labels) for labels in parts.values()}
    found = Counter(label for company in companies if not alone or len(company) == 1 for label in company)
    told = Counter[bool]()
    for cell, labels in several.items():
        for label in labels:
            told[found[label] > (0 if alone else 1)] += counts[cell]
    return told[True] >= most * told.total()


def _list(cell: str) -> list[str] | None:
    """A list as JSON, Python, numpy or a database writes it, or one in an object ({"choices": [...]}); None if the cell
    is none. Of objects in it the one text of each counts: [{"name": "cat"}]."""
    if not (cell.startswith("[") and cell.endswith("]")) and not (cell.startswith("{") and cell.endswith("}")):
        return None
    try:
        held = json.loads(cell)
    except (ValueError, RecursionError):
        held = _as_written(cell)
    if isinstance(held, dict):
        lists = [one for one in held.values() if isinstance(one, list)]
        held = lists[0] if len(lists) == 1 else [] if not held else None
    if held is None:
        return None
    texts = [_text_in(one) if isinstance(one, dict) else one for one in held]
    if not all(isinstance(one, str | int) for one in texts):
        return None
    return [text for one in texts if (text := str(one).strip())]


def _as_written(cell: str) -> list[str] | None:
    """['cat', 'dog'], {'cat', 'dog'} or {cat,dog}."""
    if _QUOTED_LIST.fullmatch(cell):
        return ["".join(each) for each in _QUOTED.findall(cell)]
    return cell[1:-1].split(",") if _BARE_LIST.fullmatch(cell) else None


def _text_in(held: Mapping[str, object]) -> str | None:
    found = [held[key] for key in _NAMES if isinstance(held.get(key), str)]
    return str(found[0]) if found else None


_NAMES = ("name", "label", "class", "category", "tag", "title", "text", "value")
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")
_QUOTED_LIST = re.compile(r"""[\[{][\s,]*(?:(?:'[^']*'|"[^"]*")[\s,]*)+[\]}]""")
_BARE_LIST = re.compile(r"""\{[^{}"':\[\]]*\}""")


def _positions(lists: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Where the lists are all as long and hold a 0 or a 1 for each label, the labels are called by their positions."""
    lengths = {len(found) for found in lists.values()}
    if len(lengths) > 1 or lengths <= {0, 1} or not {one for found in lists.values() for one in found} <= {"0", "1"}:
        return {}
    return {cell: tuple(str(at) for at, one in enumerate(found) if one == "1") for cell, found in lists.items()}
