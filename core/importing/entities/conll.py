"""A word a line, its tag in the last column (or in the first), an empty line between sentences: CoNLL."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from core.importing.entities.given import Given
from core.importing.entities.tagged import Sentence
from core.importing.entities.tags import scheme_of
from core.importing.entities.told import Told
from core.importing.intake import Rejected

LOOKED_AT = 3_000  # lines
ALIKE = 0.85  # of the lines must have as many fields
LONG_WORD = 120  # characters: what is longer is no word, if it is the usual
HEADINGS = frozenset(
    (
        "tag",
        "tags",
        "label",
        "labels",
        "ner",
        "ner_tag",
        "ner_tags",
        "iob",
        "bio",
        "entity",
        "entities",
        "class",
        "type",
    )
)
_BLANKS = re.compile(r"[ \t]+")
Cut = Callable[[str], list[str]]


def _by(separator: str) -> Cut:
    return lambda line: [field.strip(" ") for field in line.rstrip("\t ").split(separator)]


def _at_blanks(line: str) -> list[str]:
    line = line.strip(" \t")
    return _BLANKS.split(line) if "\t" in line or "  " in line else line.split(" ")  # a third of the time


# A word that is quoted as in CSV is not looked for: files of this kind are made by programs that know nothing of it.
CUTS: dict[str, Cut] = {"\t": _by("\t"), " ": _at_blanks, ";": _by(";")}
CUTS |= {"|": _by("|"), ",": _by(",")}


@dataclass(frozen=True)
class Form:
    """width: fields of a line. word, tag: their places among them; the word may take more. tags: all that the
    file begins with."""

    separator: str
    width: int
    word: int
    tag: int
    tags: frozenset[str]

    def cut(self, line: str) -> list[str]:
        return CUTS[self.separator](line)


def form_of(lines: Sequence[str], whole: bool) -> Form | None:
    """How these first lines of a file are to be read; None if they look like something else. whole: whether they are
    all of it."""
    told = [line for line in lines[:LOOKED_AT] if line.strip() and not _is_mark(line) and not line.startswith("# ")]
    empty = any(not line.strip() for line in lines[:LOOKED_AT])
    if len(told) < 3 or not (empty or whole or len(told) > 200):
        return None
    return next((form for separator in CUTS if (form := _form(separator, told, empty))), None)


def _form(separator: str, lines: Sequence[str], divided: bool) -> Form | None:
    """divided: whether there are empty lines between sentences; without them the tags must be beyond doubt."""
    rows = [CUTS[separator](line) for line in lines]
    width, times = Counter(map(len, rows)).most_common(1)[0]
    if width < 2 or times < ALIKE * len(rows):
        return None
    rows = [row for row in rows if len(row) == width]
    start = 1 if rows[0][-1].lower() in HEADINGS or rows[0][0].lower() in HEADINGS else 0
    columns = list(zip(*rows[start:]))
    if len(rows) - start < 2:
        return None
    for tag in (width - 1, 0):
        counts = Counter(columns[tag])
        scheme = scheme_of(counts)
        if scheme is None or scheme.outside not in counts or (not divided and scheme.letters <= {""}):
            continue
        word = _word_column(columns, tag)
        if word is None:
            continue
        tag = _outer(columns, tag)
        return Form(separator, width, word, tag, frozenset((scheme.outside, *scheme.means)))
    return None


def _word_column(columns: Sequence[Sequence[str]], tag: int) -> int | None:
    """The first that is no count of the words; of files with the tag first, the one behind it."""
    places = range(tag) if tag else range(1, len(columns))
    for place in places:
        column = columns[place]
        if all(cell.isdecimal() for cell in column) and place + 1 in places:
            continue
        mean = sum(map(len, column)) / len(column)
        varied = len(set(column)) > 1 and sum(" " in cell for cell in column) < 0.2 * len(column)
        return place if mean <= LONG_WORD / 4 and varied else None
    return None


def _outer(columns: Sequence[Sequence[str]], tag: int) -> int:
    """Of two columns of tags of the same types the one with more: what lies within entities stands behind, rarer."""
    if tag < 2:
        return tag
    inner, outer = (scheme_of(Counter(columns[place])) for place in (tag, tag - 1))
    if inner is None or outer is None or not outer.means:
        return tag
    types = [{kind for _, kind in scheme.means.values()} for scheme in (inner, outer)]
    many = [sum(cell in scheme.means for cell in columns[at]) for at, scheme in ((tag, inner), (tag - 1, outer))]
    return tag - 1 if types[0] <= types[1] and many[0] < many[1] / 2 else tag


def _is_mark(line: str) -> bool:
    return "-DOCSTART-" in line and line.lstrip().startswith("-DOCSTART-")


def sentences(lines: Iterator[str], form: Form, told: Told, rejected: list[Rejected]) -> Iterator[Sentence]:
    """Every sentence whose lines are whole; of the others it is said why not."""
    if form.tag != form.width - 1 and form.tag != 0:
        told.note("other tags")
    rows: list[tuple[str, str]] = []
    place, short = "", ""
    for number, line in enumerate(_with_end(lines), start=1):
        line = line.rstrip("\r\n")
        if line.strip() and not _is_mark(line):
            place = place or f"line {number:,}"
            row = _row(line, form, number, told)
            if row is not None:
                rows.append(row)
            elif not (line.startswith("#") or (not rows and _is_heading(line, form))):
                short = short or f"line {number:,}"
            continue
        if short:
            told.note("no tag", short)
            rejected.append(
                Rejected(f"sentence of {place}", f"Its {short} has fewer than {form.width} fields, and no tag.")
            )
        elif rows:
            words, tags = zip(*rows)
            yield Sentence(place, words, tags)
        rows, place, short = [], "", ""


def _with_end(lines: Iterator[str]) -> Iterator[str]:
    yield from lines
    yield ""


def _row(line: str, form: Form, number: int, told: Told) -> tuple[str, str] | None:
    """The word and its tag. None if it has too few fields, or is a comment or the headings."""
    fields = form.cut(line)
    more = len(fields) - form.width
    if more < 0 or _are_headings(fields, form):
        return None
    tag = fields[form.tag + more] if form.tag > form.word else fields[form.tag]
    if line.startswith("# ") and tag not in form.tags:
        return None
    if more and line.startswith("#") and "=" in line:
        return None
    word = (form.separator if form.separator.strip() else " ").join(fields[form.word : form.word + more + 1])
    if more:
        told.note("spaced", f"line {number:,}")
    return (word, tag) if word else None


def _is_heading(line: str, form: Form) -> bool:
    return _are_headings(form.cut(line), form)


def _are_headings(fields: list[str], form: Form) -> bool:
    return len(fields) == form.width and (tag := fields[form.tag]) not in form.tags and tag.lower() in HEADINGS


def lines_of(text: str) -> Iterator[str]:
    """Only what ends lines in every program ends one here: a word may hold characters that end them in some."""
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def read(given: Given, told: Told, rejected: list[Rejected]) -> list[Sentence] | None:
    """None if it is something else."""
    lines = (line.rstrip("\r") for line in lines_of(given.sample))
    form = form_of(list(islice(lines, LOOKED_AT)), whole=given.is_short)
    if form is None:
        return None
    found = list(sentences(lines_of(given.text), form, told, rejected))
    return [replace(each, place=f"sentence of {each.place}") for each in found]
