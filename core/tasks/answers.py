"""What a dataset asks of a task: how answers are kept, told, compared, counted and changed. Nothing here learns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Protocol

import pandas as pd

from core.errors import DataError
from core.finding import Finding
from core.tasks.classes import Classes
from core.words import names_of, number_of


class Answers(Protocol):
    """The half of a task that is light to import and needs no network. Each row of a frame is an example.

    Attributes:
        name: In datasets, recipes, bundles and on the command line.
        noun, plural: What one answer, and what several are called.
        each: What an example has, in words: "one class an image".
        column: Of a frame, where the answer stands. Imports fill `label` (text) and `target` (a number, where
            `ordered`); what stands in another column the task reads itself, see `read`.
        columns: All of the task's part of a frame, with dtypes.
        classes: What answers are made of, to be counted, renamed and merged; None where they are not.
        ordered: Whether answers are numbers, by which examples can be sorted and drawn along a line.
        told_by_folders: Whether the folders that files lie in may be the answers.
        divided: What is divided evenly by a split, and the verb.
        fewest: What must be left to learn from, in words.
        seed: With what the name of a dataset's content begins, so that the same words as answers to another question
            are another dataset.
    """

    name: str
    noun: str
    plural: str
    each: str
    column: str
    columns: Mapping[str, str]
    classes: Classes | None = None
    ordered: bool = False
    told_by_folders: bool = False
    divided: str = "All are"
    fewest: str = "two different answers"
    seed: bytes = b""

    def word(self, answer: Any) -> str:
        """What stands in `column`, in words."""
        return str(answer)

    def in_words(self, rows: pd.DataFrame) -> list[str]:
        return [self.word(answer) for answer in rows[self.column]]

    def read(self, cells: Collection[str]) -> dict[str, Any]:
        """What cells of a table say, as kept in `column`, of a task with a column of its own; what says nothing is not
        in it. `label` and `target` are read by imports, which look at all the cells together.

        Raises:
            DataError: they are no answers of this task's, in words that say what to do.
        """
        raise DataError(f"{self.plural.capitalize()} cannot be read from a table.")

    def places(self, answer: Any) -> Sequence[tuple[int, int, str]]:
        """Which parts of a text an answer is about, and what each is: (start, end, words), in characters, in order."""
        return ()

    def parts(self, answer: Any) -> tuple[str, ...]:
        """What is counted of an answer."""
        return (self.word(answer),)

    def cleaned(self, answer: Any) -> Any:
        """An answer that somebody gives, as it is kept in `column`.

        Raises:
            DataError: it is none of this task's, in words that say what to do.
        """
        return answer

    def corrected(self, answers: list[Any], example: str) -> str:
        """What was done to the examples that have got these answers. example: what one is called."""
        words = names_of(list(dict.fromkeys(map(self.word, answers))))
        return f"{number_of(len(answers), example)} relabelled as {words}"

    def contradicting(self, copies: pd.DataFrame, frame: pd.DataFrame) -> pd.Series:
        """Which of the copies say something else than another of the same `twins`. frame: all examples."""
        return copies.groupby("twins")[self.column].transform("nunique") > 1

    def strata(self, frame: pd.DataFrame) -> list[str]:
        """Of what each example's part of a split should have its share."""
        return [""] * len(frame)

    def nothing_to_learn(self, frame: pd.DataFrame, example: str) -> str:
        """Why these answers make no dataset, a sentence; "" if they do."""
        return ""

    def findings(self, frame: pd.DataFrame, example: str) -> Iterator[Finding]:
        """What in the answers could spoil the training. example: what one is called."""
        yield from ()

    def summary(self, frame: pd.DataFrame, target: str) -> dict[str, Any]:
        """The fields of a `core.data.report.Report` that are the answers'. target: what a number is called."""
        return {}

    def digested(self, frame: pd.DataFrame) -> pd.DataFrame:
        """What of each answer names the content of a dataset."""
        return frame[list(self.columns)]
