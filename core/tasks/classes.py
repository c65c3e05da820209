"""The classes that answers are made of: one an example, or several. See labels.py for how a row keeps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from core.errors import DataError
from core.finding import Finding
from core.tasks.labels import a_row_each, folded, labels_in, together, with_label
from core.words import clean_label, names_of, number_of

LONGEST = 200  # characters of a name
FEW = 10  # examples of a class
ENOUGH = 20
MOST_TO_LEAST = 10  # examples of the largest class to those of the smallest


@dataclass(frozen=True)
class Classes:
    """noun, plural: what one, and what several are called. several: whether an example may have any number of them.
    placed: whether each lies somewhere in its example, so that none can be given to an example as a whole."""

    noun: str
    plural: str
    several: bool = False
    placed: bool = False

    def named(self, text: str) -> str:
        """A name as it is kept.

        Raises:
            DataError: no class can be called so.
        """
        cleaned = clean_label(text)
        if cleaned == "unnamed" or len(cleaned) > LONGEST:
            raise DataError(f"A {self.noun} needs a name of 1 to {LONGEST} characters.")
        return cleaned

    def of(self, frame: pd.DataFrame) -> tuple[str, ...]:
        """All that an example has, sorted."""
        return tuple(sorted({name for text in frame["label"].unique() for name in labels_in(text)}))

    def each(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A row for each class of each example; none for an example that has none."""
        return a_row_each(frame)

    def counted(self, frame: pd.DataFrame) -> dict[str, int]:
        """How many examples have each, by its name."""
        counts = self.each(frame)["label"].value_counts()
        return {str(name): int(counts[name]) for name in sorted(counts.index)}

    def having(self, frame: pd.DataFrame, name: str) -> pd.Series:
        """Which of the rows have the class; "": which have none."""
        return with_label(frame, name)

    def renamed(self, text: str, becomes: Mapping[str, str]) -> str | None:
        """An answer with some of its classes called otherwise; None where that leaves it without the one it must have.

        becomes: "" takes a class away.
        """
        names = [name for each in labels_in(text) if (name := becomes.get(each, each))]
        return together(names) if names or self.several else None

    # What may be wrong with them -------------------------------------------------------------------------------------

    def findings(self, frame: pd.DataFrame, example: str) -> Iterator[Finding]:
        """frame: with the column `split`. example: what one is called."""
        rows = self.each(frame)
        yield from self._untaught(rows, example)
        yield from self._few(rows, example)
        yield from self._similar(rows)

    def _untaught(self, rows: pd.DataFrame, example: str) -> Iterator[Finding]:
        """Those that came split in a way that leaves them untaught or unchecked."""
        sizes = rows["label"].value_counts()
        many = set(sizes[sizes > 1].index)
        learn = f"The model cannot learn what it is never shown: put {example}s of them into training."
        check = "Nothing checks what is learned of them: put some into validation."
        for split, word, why in (("train", "training", learn), ("validation", "validation", check)):
            missing = sorted(many - set(rows.loc[rows["split"] == split, "label"]))
            if missing:
                title = f"{self._have(len(missing))} no {word} {example}: {names_of(missing)}."
                yield Finding(kind=f"no {word}", title=title, why=why, files=_of(rows, missing))

    def _few(self, rows: pd.DataFrame, example: str) -> Iterator[Finding]:
        sizes = rows["label"].value_counts()
        lone = sizes[sizes == 1].index.tolist()
        few = sizes[(sizes > 1) & (sizes < FEW)]
        if lone:
            title = f"{self._have(len(lone))} a single {example}: {names_of(lone)}."
            why = f"One {example} cannot both teach it and check what was learned. Add at least one more to each."
            yield Finding(kind="one image", title=title, why=why, files=_of(rows, lone))
        if len(few):
            labels = few.index.tolist()
            title = f"{self._have(len(labels))} fewer than {FEW} {example}s: {names_of(labels)}."
            more = names_of([f"{ENOUGH - size} of {label}" for label, size in few.items()])
            why = f"The scores of so few say little. Aim for {ENOUGH}: collect {more}."
            yield Finding(kind="few images", title=title, why=why, files=_of(rows, labels))

    def _similar(self, rows: pd.DataFrame) -> Iterator[Finding]:
        plain = pd.Series({label: folded(str(label)) for label in rows["label"].unique()}, dtype=str)
        similar = sorted(plain[plain.duplicated(keep=False)].index)
        if similar:
            title = f"{self.plural.capitalize()} differ only in capitals, spaces or hyphens: {names_of(similar)}."
            why = "They are kept apart. If they mean the same, make them one."
            yield Finding(kind="similar names", title=title, why=why, files=_of(rows, similar))

    def _have(self, count: int) -> str:
        return number_of(count, f"{self.noun} has", f"{self.plural} have")


def uneven(rows: pd.DataFrame, example: str) -> Iterator[Finding]:
    """That one class has far more examples than another: worth a word where each example has one class."""
    every = rows["label"].value_counts(sort=False)
    sizes = every[every > 1]  # of a lone example, a finding of its own tells
    if len(sizes) < 2 or sizes.max() <= MOST_TO_LEAST * sizes.min():
        return
    most, least = sizes.idxmax(), sizes.idxmin()
    said = f"{sizes[most]:,} {example}s of {names_of([most])}, {sizes[least]:,} of {names_of([least])}"
    limit = MOST_TO_LEAST * int(sizes[least])
    over = number_of(int((sizes - limit).clip(lower=0).sum()), example)
    why = (
        "Always guessing the large class scores well. Collect more of the small ones, or use at most "
        f"{limit:,} of each class, which leaves {over} out."
    )
    large = sizes[sizes > limit].index.tolist()
    yield Finding(kind="imbalance", title=f"The classes are uneven: {said}.", why=why, files=_of(rows, large))


def _of(rows: pd.DataFrame, labels: list[str]) -> list[str]:
    return rows.loc[rows["label"].isin(labels), "name"].drop_duplicates().tolist()
