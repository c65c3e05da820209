"""What is told of texts that were read: a finding for each thing that is not as it might have been meant."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence

from core.finding import Finding
from core.importing.intake import Rejected
from core.importing.texts.answers import Answers
from core.importing.texts.roles import Roles, is_called_scale
from core.importing.texts.tables import Table
from core.tasks import TASKS
from core.words import names_of, number_of

SHOWN = 200  # names that a finding has at most where all rows are alike


def mended(tables: Sequence[Table]) -> list[Finding]:
    """What was done to tables so that they could be read."""
    done = Counter[str]()
    lines: list[tuple[str, int]] = []
    keys: set[str] = set()
    for table in tables:
        done += table.notes.done
        keys |= table.notes.keys
        lines += [(table.name, line) for line in table.notes.lines]
    words = {
        "zeros": ("NUL character was taken out", "NUL characters were taken out"),
        "surrogates": ("cell held half of an emoji, and has a � in its place", "cells held half of an emoji, now �"),
        "backslashes": ('quote was written \\" and is read as "', 'quotes were written \\" and are read as "'),
        "quotes": ("quote never closed: its line was read as it stands", "quotes never closed: their lines stand"),
        "wide": ("row had more cells than columns: they went into its text", "rows had more cells than columns: text"),
        "keys": ("object has a key twice, and the last counts", "objects have a key twice, and the last counts"),
    }
    found = [number_of(done[key], *said) for key, said in words.items() if done[key]]
    result = []
    if found:
        names = f" The keys: {names_of(sorted(keys))}." if keys else ""
        why = f"There is nothing to do if the texts look right.{names}"
        result.append(Finding(kind="repaired", title=f"{'; '.join(found)}.", why=why))
    if done["lines"]:
        where = names_of([f"{name} line {line}" for name, line in lines], limit=5)
        title = f"{number_of(done['lines'], 'line is', 'lines are')} no JSON, and left out: {where}."
        result.append(Finding(kind="repaired", title=title, why="Correct them and import again."))
    return result


def guessed(roles: Roles, answers: Answers, asked: bool, of_text: bool, of_answer: bool) -> list[Finding]:
    """That columns were taken for what they are not called. asked: whether a person chose. of_text, of_answer: whether
    someone said."""
    result = []
    others = [one for one in roles.texts if one != roles.text]
    if not roles.sure_of_text and not of_text and others and not asked:
        title = f"The column {roles.text[:60]!r} was taken for the text."
        why = f"{names_of(others)} might have been meant too. If so, import again and say so: --text, and --second."
        result.append(Finding(kind="guess", title=title, why=why))
    if of_answer or asked:
        return result
    noun = TASKS[answers.kind].noun
    columns = [one.column for one in roles.candidates if one.column != roles.label]
    if not roles.sure and roles.label and columns:
        title = f"The column {roles.label[:60]!r} was taken for the {noun}."
        why = f"{names_of(columns)} might have been meant too. If so, import again and choose it: --label HEADING."
        result.append(Finding(kind="guess", title=title, why=why))
    if are_steps(roles, answers):
        title = f"The steps of {roles.label[:60]!r} were taken for classes."
        why = "If it is a number to predict, import again and say so: on the page, or in a shell with --as number."
        result.append(Finding(kind="guess", title=title, why=why))
    return result


def are_steps(roles: Roles, answers: Answers) -> bool:
    """Whether classes are the steps of a scale, so might be a number."""
    numbers = all(str(one).lstrip("-+").isdecimal() for one in answers.values.values())
    return bool(roles.label) and is_called_scale(roles.label) and not TASKS[answers.kind].ordered and numbers


def joined(answers: Answers) -> list[Finding]:
    if not answers.joined:
        return []
    spellings = [f"{name} ({names_of(list(map(repr, others)), limit=4)})" for name, others in answers.joined.items()]
    count = sum(len(others) for others in answers.joined.values())
    title = f"{number_of(count, 'other spelling was', 'other spellings were')} joined: {names_of(spellings, limit=4)}."
    why = "They differ in capitals, blanks or in how yes and no are written. If they are others, write them otherwise."
    return [Finding(kind="joined", title=title, why=why, labels=list(answers.joined))]


def unanswered(names: list[str], answers: Answers, noun: str) -> list[Finding]:
    if not names:
        return []
    task = TASKS[answers.kind]
    title = f"{number_of(len(names), f'{noun} has', f'{noun}s have')} no {task.noun}: left out."
    said = names_of([f'"{slip}"' for slip in answers.slips], limit=3)
    why = f"Where the {task.noun} should stand is {said}. " if answers.slips else ""
    return [Finding(kind="no label", title=title, why=f"{why}Fill it in and import again.", files=names)]


def without_split(names: list[str], column: str, noun: str) -> list[Finding]:
    if not names:
        return []
    title = f"{number_of(len(names), f'{noun} is', f'{noun}s are')} in no part by the column {column[:60]!r}."
    return [
        Finding(
            kind="split", title=title, why="They went into training. Fill the column in and import again.", files=names
        )
    ]


def none_of_them(answers: Answers, count: int, noun: str) -> list[Finding]:
    if not answers.none or not count:
        return []
    title = f"{number_of(count, f'{noun} has', f'{noun}s have')} none of the labels."
    why = "Their cell is empty. They teach what has no label; if nobody looked at them, leave them out."
    return [Finding(kind="guess", title=title, why=why)]


def at_blanks(answers: Answers) -> list[Finding]:
    if not answers.blanks:
        return []
    why = "If each is one class, import again and say so: on the page, or in a shell with --as classes."
    return [Finding(kind="guess", title="Blanks were taken to stand between several labels.", why=why)]


def nearly_taught(of_test: Mapping[str, list[str]], taught: Sequence[str]) -> list[Finding]:
    """Answers of the test part that training has under another name. of_test: the names of the rows with each."""
    near = {one: close[0] for one in of_test if (close := difflib.get_close_matches(one, taught, 1, 0.75))}
    if not near:
        return []
    said = [f"{one} (as {close}?)" for one, close in near.items()]
    title = f"The test part seems to call classes otherwise than training does: {names_of(said)}."
    why = "What training does not have cannot be answered. If they mean the same, rename them."
    files = [name for one in near for name in of_test[one]]
    return [Finding(kind="similar names", title=title, why=why, files=files, labels=list(near))]


def left_out(rejected: Sequence[Rejected], noun: str = "file") -> list[Finding]:
    by_reason: dict[str, list[str]] = {}
    for one in rejected:
        by_reason.setdefault(one.reason, []).append(one.name)
    return [
        Finding(kind="left out", title=f"{number_of(len(names), noun)} left out.", why=why, files=names)
        for why, names in by_reason.items()
    ]


def other_headings(tables: Sequence[tuple[str, Roles]]) -> list[Finding]:
    """That tables call the same columns otherwise."""
    headings = {(roles.text, roles.second, roles.label) for _, roles in tables if roles.label}
    if len(headings) < 2:
        return []
    said = [f"{name}: {roles.text} and {roles.label}" for name, roles in tables if roles.label]
    title = f"The tables call their columns otherwise: {names_of(said)}."
    why = "The texts and answers of all were put together. If that is wrong, call the columns alike and import again."
    return [Finding(kind="guess", title=title, why=why)]
