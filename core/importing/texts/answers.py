"""What the cells of a column of answers mean: classes, several labels, numbers, or what another task reads of them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import DataError
from core.importing.tables.cells import is_number, read_numbers
from core.importing.tables.columns import are_numbers
from core.importing.tables.meanings import missing_in, truths
from core.importing.texts.roles import is_scale
from core.tasks import CLASSIFICATION, MULTILABEL, REGRESSION, TASKS, Kind
from core.tasks.labels import divided, together
from core.words import clean_label

MOST_CLASSES = 20_000
FEW = 50  # classes: more, and they must come again to be some
NOTHING = frozenset(("\\N", "[null]", "None", "nan", "NaN"))


@dataclass(frozen=True)
class Answers:
    """values: what each cell says, as the task keeps it; those that say nothing are not in it. joined: names, and the
    other spellings that were taken for them. blanks: whether blanks divide labels; none: whether an empty cell was
    taken for none of the labels."""

    kind: Kind
    values: Mapping[str, Any]
    joined: Mapping[str, tuple[str, ...]]
    slips: tuple[str, ...] = ()
    blanks: bool = False
    none: bool = False


def read_answers(cells: Mapping[str, int], heading: str, kind: Kind | None) -> Answers:
    """cells: how often each is there. kind: as someone says.

    Raises:
        DataError: there are far too many classes, or the task cannot be read from a table.
    """
    missing = missing_in(cells) | (cells.keys() & NOTHING - {"None"}) | {""}
    said = {cell: count for cell, count in cells.items() if cell not in missing}
    kind = kind or _kind_of(said, heading)
    if kind == REGRESSION.name:
        numbers = read_numbers(said)
        values = {cell: number for cell, number in numbers.items() if is_number(number)}
        slips = tuple(cell for cell in numbers if cell not in values)
        return Answers(kind, values, {}, slips)
    if kind == MULTILABEL.name:
        return _labels(said, heading, "" in cells)
    if kind == CLASSIFICATION.name:
        return _classes(said, heading)
    return Answers(kind, TASKS[kind].read(said), {})


def _kind_of(said: Mapping[str, int], heading: str) -> Kind:
    if is_scale(heading, dict(said)):
        return CLASSIFICATION.name
    if are_numbers(said, heading):
        return REGRESSION.name
    several = divided(said, heading)
    if several and any(len(labels) != 1 for cell, labels in several.items() if cell):
        return MULTILABEL.name
    return CLASSIFICATION.name


def _classes(said: Mapping[str, int], heading: str) -> Answers:
    several = {cell: labels for cell, labels in divided(said, heading).items() if cell and cell[0] in "[{"}
    named = {cell: clean_label(several[cell][0] if len(several.get(cell, ())) == 1 else cell) for cell in said}
    counts = Counter[str]()
    for cell, name in named.items():
        counts[name] += said[cell]
    becomes = _joined(counts)
    values = {cell: becomes[name] for cell, name in named.items()}
    classes = set(values.values())
    if len(classes) > MOST_CLASSES or (len(classes) > FEW and len(classes) > sum(said.values()) / 2):
        raise DataError(
            f"The column {heading[:60]!r} has {len(classes):,} different answers for {sum(said.values()):,} texts. "
            "Classes come again and again: choose another column, or say that it is a number."
        )
    return Answers(CLASSIFICATION.name, values, _spellings(becomes))


def _labels(said: Mapping[str, int], heading: str, empty: bool) -> Answers:
    several = divided(said, heading)
    held = {cell: [clean_label(one) for one in several.get(cell, (cell,))] for cell in said}
    counts = Counter[str]()
    for cell, labels in held.items():
        for label in labels:
            counts[label] += said[cell]
    becomes = _joined(counts)
    values = {cell: together(becomes[label] for label in labels) for cell, labels in held.items()}
    lists = any(cell[:1] in "[{" for cell in said)
    blanks = any(len(labels) > 1 and cell.split() == list(labels) for cell, labels in several.items())
    if empty and not lists:  # where there are lists, an empty one says that there are none
        values[""] = ""
    return Answers(MULTILABEL.name, values, _spellings(becomes), blanks=blanks, none=empty and not lists)


# Spellings -----------------------------------------------------------------------------------------------------------


def _joined(counts: Counter[str]) -> dict[str, str]:
    """What each name is called: the commonest of those that differ in capitals, width and blanks alone, of a yes and a
    no in several spellings, and of 1 and 1.0."""
    alike = defaultdict[str, list[str]](list)
    meant = _yes_and_no(counts)
    for name in counts:
        alike[meant.get(name) or _folded(name)].append(name)
    whole = all(_WHOLE.fullmatch(name) or re.fullmatch(r"-?\d+", name) for name in counts)
    called = {key: key if whole else max(each, key=lambda one: (counts[one], one)) for key, each in alike.items()}
    return {name: called[key] for key, each in alike.items() for name in each}


def _folded(name: str) -> str:
    if match := _WHOLE.fullmatch(name):
        return match[1]
    plain = " ".join(unicodedata.normalize("NFKC", name).split())
    return plain.casefold() if len(plain) > 1 else plain


_WHOLE = re.compile(r"(-?\d+)[.,]0+")


def _yes_and_no(names: Iterable[str]) -> dict[str, str]:
    names = list(names)
    if len(names) < 3 or all(re.fullmatch(r"[-+]?[\d.,]+", name) for name in names):
        return {}
    said = truths(names)
    return {name: f"\0{yes}" for name, yes in said.items()} if said and len(set(said.values())) == 2 else {}


def _spellings(becomes: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found = defaultdict[str, list[str]](list)
    for name, other in becomes.items():
        if name != other:
            found[other].append(name)
    return {name: tuple(sorted(others)) for name, others in found.items()}
