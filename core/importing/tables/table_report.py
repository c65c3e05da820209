"""What is told of tables that were read: a finding for each thing that is not as it might have been meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.finding import Finding
from core.importing.tables.columns import Columns
from core.importing.tables.encodings import TITLES, Decoded
from core.importing.tables.matching import Matcher
from core.importing.tables.reading import Reading
from core.tasks import TASKS, Kind
from core.tasks.labels import undivided
from core.words import clean_label as clean
from core.words import names_of, number_of

if TYPE_CHECKING:  # which tells these
    from core.importing.tables.manifest import Said, Used

_WHY = {
    "outside": "Nothing outside is read. Put the images beside the table, and give their paths from there.",
    "missing": "Check the spelling of the paths, and that all the images were given.",
    "no label": "Nothing says what it is. Fill the table in and import again.",
    "several labels": "Nearly all the others have one class each. Give these one in the table and import again.",
    "twice": "The first row was believed. Correct the table and import again.",
}


def rows_told(kind: str, names: list[str], one: str, many: str, what: str, why: str = "") -> list[Finding]:
    if not names:
        return []
    title = f"{number_of(len(names), one, many)} {what}."
    return [Finding(kind=kind, title=title, why=why or _WHY[kind], files=names)]  # type: ignore[arg-type]


def guessed(columns: Columns, kind: Kind, reading: Reading) -> list[Finding]:
    """That a column was taken for the answer that is not called so."""
    if columns.sure or reading.column or not columns.label:
        return []
    others = [one.column for one in columns.candidates if one.column != columns.label]
    title = f"The column {columns.label[:60]!r} was taken for the {TASKS[kind].noun}."
    why = (
        f"{names_of(others)} might have been meant too. If so, import again and choose it: on the page, or in a shell "
        "with --label-column."
        if others
        else "They are few and whole, so they may be classes. If so, import again and say so: on the page, or in a "
        "shell with --as classes."
    )
    return [Finding(kind="guess", title=title, why=why)]


def boxes_left_out(used: Sequence[Used], repeated: bool) -> list[Finding]:
    names = [each.name for each in used if each.columns.boxes]
    if not names:
        return []
    title = f"The table {names[0][-80:]!r} says where on an image things are, and that was left out."
    became = "labels: several, where several things are" if repeated else "class"
    why = (
        f"Graft does not learn boxes or outlines yet, so what is on an image became its {became}. If that is not what "
        "you want, give a row an image with its class and import again."
    )
    return [Finding(kind="boxes", title=title, why=why)]


def letters_read(decoded: list[tuple[str, Decoded]]) -> list[Finding]:
    """How tables that are no UTF-8 were read."""
    return [letters(f"The table {name[-80:]!r}", text.encoding, text.examples) for name, text in decoded]


def letters(what: str, encoding: str, examples: Sequence[str]) -> Finding:
    """That something was read in an encoding that nobody stated."""
    said = f", so it has {names_of(list(examples), limit=3)}" if examples else ""
    other = "one line is not UTF-8" if encoding == "utf_8" else f"the letters were read as {TITLES[encoding]}"
    why = "If that looks wrong, import again and choose another encoding: on the page, or in a shell with --encoding."
    return Finding(kind="letters", title=f"{what} does not say how it is encoded: {other}{said}.", why=why)


def found_loosely(matcher: Matcher) -> list[Finding]:
    """Of names that are not letter for letter those of the images."""
    if not matcher.loosely:
        return []
    files = [image for images in matcher.loosely.values() for image in images]
    total = len(files)
    how = "; ".join(f"{words} ({len(images):,})" for words, images in matcher.loosely.items())
    title = (
        f"{number_of(total, 'name')} in the table {'is' if total == 1 else 'are'} written otherwise than the file's."
    )
    why = f"Each could mean one image only, and was taken for it: {how}. There is nothing to do if that is right."
    return [Finding(kind="loosely", title=title, why=why, files=files)]


def what_stands_instead(slips: set[str], kind: Kind) -> str:
    if not slips or not TASKS[kind].ordered:
        return ""
    said = names_of([f'"{slip}"' for slip in slips], limit=3)
    return f"Where the number should stand, the table says {said}. Correct it and import again."


def columns_unused(used: Sequence[Used], may_be_classes: bool) -> list[Finding]:
    """Of tables that may well tell what the images are, but not in which of their columns."""
    columns = list(dict.fromkeys(column for each in used for column in each.columns.unused))
    if not columns or any(each.columns.label for each in used):
        return []
    title = f"{number_of(len(columns), 'column')} of the table did not count: {names_of(columns)}."
    tells = "If one of them tells what the images are, call it so and import again."
    if may_be_classes:
        tells = "If one tells the classes, choose it; if one is a number to learn, call it target and import again."
    why = f"None is called label (for a class) or target (for a number), so the folders told the classes. {tells}"
    return [Finding(kind="unused", title=title, why=why)]


def with_commas(cells: Mapping[str, int], of: Mapping[str, Said]) -> list[Finding]:
    """Of commas that may stand in names or between several labels."""
    names = undivided(cells)
    if not names:
        return []
    title = f"{number_of(len(names), 'class has', 'classes have')} a comma in the name: {names_of(names)}."
    why = (
        "Each was taken as one class. If these are several labels an image, put semicolons between them and import "
        "again."
    )
    labels = set(map(clean, names))
    files = [image for image, said in of.items() if said.label in labels]
    return [Finding(kind="commas", title=title, why=why, files=files)]


def at_blanks(several_in: Mapping[str, Sequence[str]]) -> list[Finding]:
    """That blanks were taken to stand between labels."""
    cells = [cell for cell, labels in several_in.items() if len(labels) > 1 and cell.split() == list(labels)]
    if not cells:
        return []
    title = f"Blanks were taken to stand between several labels: {names_of(cells, limit=2)}."
    why = "If each is one class, import again and say so: on the page, or in a shell with --as classes."
    return [Finding(kind="guess", title=title, why=why)]
