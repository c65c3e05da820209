"""Texts taken in, read in one way: rows with their texts and what is said of each; the question which way is meant."""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from core.errors import DataError
from core.finding import Finding
from core.importing.layout import read_folders, split_in, split_of
from core.importing.tables.meanings import truths
from core.importing.tables.reading import NEW_SPLIT, NO_SECOND, Option, Question, Reading
from core.importing.texts.answers import Answers, read_answers
from core.importing.texts.files import stem_of
from core.importing.texts.roles import Roles, find_roles, is_called_scale, split_of_tick
from core.importing.texts.tables import Table
from core.importing.texts.taking import Taken
from core.importing.texts.telling import are_steps
from core.tasks import CLASSIFICATION, MULTILABEL, REGRESSION, TASKS
from core.words import clean_label, clip, number_of, shown_name

MOST_OPTIONS = 6
EXAMPLES, EXAMPLED, SHOWN = 4, 8, 160  # texts of an answer; answers of an option; characters of a text
TOKENS = "tokens"


@dataclass(frozen=True)
class Interpretation:
    """rows: (name, text, second, cell, split, group) of each, split as `Split` or "". roles: of the first table with an
    answer. answers: what the cells mean. parts: how the tables are read. missed: rows whose cell of the split says
    none."""

    reading: Reading
    rows: pd.DataFrame
    roles: Roles
    answers: Answers
    target: str = ""
    used: tuple[tuple[str, Roles], ...] = ()
    missed: tuple[str, ...] = ()
    pairs: bool = False
    findings: tuple[Finding, ...] = ()
    others: pd.DataFrame | None = field(default=None, compare=False)
    doubt: str = ""


def interpret(taken: Taken, reading: Reading) -> Interpretation:
    """
    Raises:
        DataError: nothing tells the answers, or what `reading` asks for is not there.
    """
    if taken.tagged:
        return _of_entities(taken, reading)
    if taken.documents is not None:
        return _of_documents(taken, reading)
    return _of_tables(taken, reading)


# Entities ------------------------------------------------------------------------------------------------------------


def _of_entities(taken: Taken, reading: Reading) -> Interpretation:
    if TOKENS not in TASKS:
        raise DataError("It is a set with entities in its texts, and this Graft does not learn these.")
    frames, findings = [], list[Finding]()
    for name, tagged in taken.tagged:
        frame = tagged.frame
        split = frame["split"].fillna("") if "split" in frame else _split_of_name(name)
        rows = pd.DataFrame({"name": _names(stem_of(name), len(frame)), "text": frame["text"].to_numpy()})
        rows = rows.assign(second="", cell=frame["spans"].to_numpy())
        rows["split"] = split if isinstance(split, str) else split.to_numpy()
        frames.append(rows.assign(group="").astype("str"))
        findings += tagged.findings
        taken.refused += tagged.rejected
    taken.tagged = [(name, replace(tagged, rejected=())) for name, tagged in taken.tagged]
    rows = _apart(pd.concat(frames, ignore_index=True))
    answers = Answers(TOKENS, {cell: cell for cell in rows["cell"].unique()}, {})
    return Interpretation(
        reading, _split_said(rows, reading), Roles("text", label="spans"), answers, findings=tuple(findings)
    )


# Documents -----------------------------------------------------------------------------------------------------------


def _of_documents(taken: Taken, reading: Reading) -> Interpretation:
    assert taken.documents is not None
    rows = taken.documents.rename(columns={"label": "cell"}).assign(second="", group="")
    if not (rows["cell"] != "").any():
        raise DataError(
            f"{number_of(len(rows), 'text')} came, but nothing tells their answers. Put the files of each class into a "
            "folder with its name, or give a table (CSV) with a column for the text and one for the answer."
        )
    answers = read_answers(_counted(rows["cell"]), "label", reading.kind)
    roles = Roles("text", label="label")
    return Interpretation(reading, _split_said(_apart(rows.astype("str")), reading), roles, answers)


# Tables --------------------------------------------------------------------------------------------------------------


def _of_tables(taken: Taken, reading: Reading) -> Interpretation:
    used = [(table, find_roles(table.name, table.frame, reading)) for table in taken.tables]
    used = [(table, roles) for table, roles in used if roles.text]
    if not used:
        raise DataError(_none(taken))
    first = next((roles for _, roles in used if roles.label or roles.one_hot), None)
    named = None if first is not None else _by_name([table.name for table, _ in used])
    if first is None and named is None:
        raise DataError(_no_answer(used[0][0], used[0][1]))
    found = [_rows(table, roles, reading) for table, roles in used]
    if named is not None:
        found = [(rows.assign(cell=label), missed) for (rows, missed), label in zip(found, named)]
    rows = _apart(pd.concat([rows for rows, _ in found], ignore_index=True))
    missed = tuple(name for _, names in found for name in names)
    roles = first or replace(used[0][1], label="label")
    heading = roles.label
    kind = reading.kind or (_kind_of_marks(used) if roles.one_hot else None)
    answers = read_answers(_counted(rows["cell"]), heading, kind)
    ordered = TASKS[answers.kind].ordered
    return Interpretation(
        reading,
        _split_said(rows, reading),
        roles,
        answers,
        shown_name(heading) if ordered else "",
        tuple((table.name, roles) for table, roles in used),
        missed,
        any(roles.second for _, roles in used),
        others=_others(used, [rows["name"] for rows, _ in found]),
        doubt=_doubt(roles, answers, reading),
    )


def _doubt(roles: Roles, answers: Answers, reading: Reading) -> str:
    if not reading.text and not roles.sure_of_text and not roles.second:
        return "More than one column may be the text."
    if not reading.column and not roles.sure:
        return "More than one column may be the answer."
    if not reading.kind and are_steps(roles, answers):
        return f"The steps of {roles.label[:60]!r} may be classes, or a number to predict."
    return "Blanks may stand between several labels." if answers.blanks and not reading.kind else ""


def _none(taken: Taken) -> str:
    noun = taken.modality.noun
    why = taken.rejected[0].reason if taken.rejected else "It is empty."
    where = f" ({taken.rejected[0].name[-80:]})" if taken.rejected else ""
    return f"There is no {noun} in it. {why}{where}"


def _no_answer(table: Table, roles: Roles) -> str:
    there = [str(name) for name in table.frame if name not in (roles.text, roles.second)]
    also = f" It also has: {', '.join(clip(name, 40) for name in there[:8])}." if there else ""
    return (
        f"The table {table.name[-120:]!r} has texts in {roles.text[:60]!r}, but does not tell what they are.{also} "
        "Call the column of their classes label, or that of their numbers target, or say which it is."
    )


def _by_name(names: list[str]) -> list[str] | None:
    """Classes from what tables of texts alone are called, or the folders they lie in."""
    folders = read_folders(names).of
    if len({label for label, _ in folders if label}) > 1:
        return [label or "" for label, _ in folders]
    stems = [clean_label(stem_of(name)) for name in names]
    return stems if len(set(stems)) > 1 and not any(map(split_in, stems)) else None


def _names(stem: str, many: int) -> list[str]:
    digits = len(str(many))
    return [f"{stem} {number:0{digits}}" for number in range(1, many + 1)]


def _rows(table: Table, roles: Roles, reading: Reading) -> tuple[pd.DataFrame, list[str]]:
    """The rows of a table, and the names of those whose cell of the split says none."""
    frame = table.frame
    stem = table.name.rsplit(".", 1)[0]
    cell = _marks(frame, roles) if roles.one_hot else frame[roles.label] if roles.label else ""
    rows = pd.DataFrame({"name": pd.array(_names(stem, len(frame)), dtype="str"), "text": frame[roles.text].array})
    rows["second"] = frame[roles.second].array if roles.second else ""
    rows["cell"] = cell if isinstance(cell, str) else cell.array
    rows["group"] = frame[roles.group].array if roles.group else ""
    rows["split"], missed = _split_cells(frame, roles), np.zeros(len(rows), bool)
    if roles.split:
        missed = (rows["split"] == "").to_numpy()
    elif not reading.split:
        rows["split"] = _split_of_name(table.name)
    return rows.astype("str"), rows["name"][missed].tolist()


def _split_of_name(name: str) -> str:
    return split_in(stem_of(name)) or split_in(posixpath.dirname(name).rsplit("/", 1)[-1]) or ""


def _split_cells(frame: pd.DataFrame, roles: Roles) -> Any:
    if not roles.split:
        return ""
    cells = frame[roles.split]
    if tick := split_of_tick(roles.split):
        other = "validation" if tick == "train" else "train"
        said = truths(list(cells.unique())) or {}
        return cells.map({cell: tick if said.get(cell) else other for cell in cells.unique()}).array
    meant = {cell: split_of(cell) or split_in(cell) or "" for cell in cells.unique()}
    return cells.map(meant).array


def _marks(frame: pd.DataFrame, roles: Roles) -> pd.Series:
    """What columns of yes and no say, as a list in each cell."""
    names = [clean_label(_last(column)) for column in roles.one_hot]
    bits: np.ndarray = np.zeros(len(frame), object if len(names) > 62 else np.int64)
    for place, column in enumerate(roles.one_hot):
        said = truths(list(frame[column].unique())) or {}
        codes, cells = pd.factorize(frame[column])
        bits = bits + np.array([(1 << place) * bool(said.get(cell)) for cell in cells], bits.dtype)[codes]
    codes, kinds = pd.factorize(bits)
    lists = [json.dumps([name for place, name in enumerate(names) if int(each) >> place & 1]) for each in kinds]
    return pd.Series(np.array(lists, object)[codes], dtype="str")


def _last(column: str) -> str:
    """`cats.POSITIVE` is POSITIVE, where an object became columns."""
    return column.rsplit(".", 1)[-1] or column


def _kind_of_marks(used: list[tuple[Table, Roles]]) -> str:
    one_each = True
    for table, roles in used:
        if roles.one_hot:
            counts = _marks(table.frame, roles).map(lambda cell: len(json.loads(cell)))
            one_each = one_each and bool((counts == 1).mean() > 0.99)
    return CLASSIFICATION.name if one_each else MULTILABEL.name


def _others(used: list[tuple[Table, Roles]], names: list[pd.Series]) -> pd.DataFrame | None:
    """What the columns that may be classes and were not taken say of each row."""
    columns = {one.column for _, roles in used for one in roles.candidates[:20] if one.column != roles.label}
    columns -= {column for _, roles in used for column in roles.one_hot}
    kept = []
    for (table, _), called in zip(used, names):
        held = [column for column in table.frame if column in columns]
        few = [column for column in held if 1 < table.frame[column].nunique() <= len(table.frame) / 2]
        kept.append(table.frame[few].set_axis(called.to_numpy(), axis=0))
    found = pd.concat(kept) if kept else pd.DataFrame()
    return None if found.empty else found.fillna("").rename(columns=shown_name)


# All of them ---------------------------------------------------------------------------------------------------------


def _counted(cells: pd.Series) -> dict[str, int]:
    counts = cells.value_counts()
    return dict(zip(counts.index.tolist(), counts.tolist()))


def _split_said(rows: pd.DataFrame, reading: Reading) -> pd.DataFrame:
    return rows.assign(split=pd.array([""] * len(rows), dtype="str")) if reading.split == NEW_SPLIT else rows


def _apart(rows: pd.DataFrame) -> pd.DataFrame:
    """With names that are one each."""
    if not rows["name"].duplicated().any():
        return rows
    from core.importing.sorting import unique

    return rows.assign(name=unique(rows["name"].tolist()))


# The question --------------------------------------------------------------------------------------------------------


def question_of(taken: Taken, found: Interpretation) -> Question | None:
    """What to ask where the guess decides the answer and something else is likely too."""
    if not found.doubt:
        return None
    options: list[Option] = []
    for reading in _readings(found):
        try:
            read = found if reading == found.reading else interpret(taken, reading)
        except DataError:
            continue
        option = option_of(read)
        if len(option.counts) > 1 and all(option.title != other.title for other in options):
            options.append(option)
        if len(options) == MOST_OPTIONS:
            break
    if len(options) < 2:
        return None
    splits = {"": "As it comes, if it comes with one", NEW_SPLIT: "A new one"}
    return Question(found.doubt, tuple(options), splits, taken.modality.name)


def _readings(found: Interpretation) -> Iterator[Reading]:
    base, roles = found.reading, found.roles
    yield base
    others = [one for one in roles.texts if one != roles.text] if not base.text else []
    for other in others[:2]:
        yield replace(base, text=roles.text, second=other)
        yield replace(base, text=other, second=NO_SECOND)
    if base.column and base.kind:
        return
    if found.answers.kind == MULTILABEL.name:
        yield replace(base, column=roles.label, kind=CLASSIFICATION.name)
    for one in roles.candidates:
        yield replace(base, column=one.column, kind=one.kind)
        if one.column == roles.label and is_called_scale(one.column):
            yield replace(base, column=one.column, kind=REGRESSION.name)


def option_of(read: Interpretation) -> Option:
    rows = read.rows
    counts, examples = Counter[str](), dict[str, list[str]]()
    for cell, count in _counted(rows["cell"]).items():
        if cell in read.answers.values:
            for answer in TASKS[read.answers.kind].parts(read.answers.values[cell]):
                counts[answer] += count
    shown = {answer for answer, _ in counts.most_common(EXAMPLED)}
    for text, second, cell in zip(rows["text"].head(2_000), rows["second"].head(2_000), rows["cell"].head(2_000)):
        for answer in TASKS[read.answers.kind].parts(read.answers.values[cell]) if cell in read.answers.values else ():
            held = examples.setdefault(answer, []) if answer in shown else []
            if len(held) < EXAMPLES and text:
                held.append(clip(f"{text[:SHOWN]} | {second[:SHOWN]}" if second else text[:SHOWN], SHOWN))
    kept = {answer: tuple(examples.get(answer, ())) for answer, _ in counts.most_common(EXAMPLED)}
    return Option(read.reading, _title(read, counts), dict(counts.most_common(200)), kept)


def _title(read: Interpretation, counts: Mapping[str, int]) -> str:
    text = f"{read.roles.text!r} with {read.roles.second!r}" if read.roles.second else repr(read.roles.text)
    label = repr(read.roles.label) if read.roles.label else "columns of yes and no"
    task = TASKS[read.answers.kind]
    if task.classes is None:
        return f"Texts {text}; {label} as a {task.noun} to predict"
    several = " (several a text)" if task.classes.several else ""
    return f"Texts {text}; {label}: {number_of(len(counts), 'class', 'classes')}{several}"
