"""Entities: which places of a text are named things, and of which type. A tag for each word is what is learned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import BaseModel, Field

from core.finding import Finding
from core.tasks.metrics import ENTITY_F1, ENTITY_PRECISION, ENTITY_RECALL, LOSS, TAG_ACCURACY
from core.tasks.protocol import Settings, Task, Untouched
from core.tasks.tokens.spans import NONE, Types, checked, counted, spans_in, together, types_in
from core.words import number_of

if TYPE_CHECKING:  # torch takes its time to import
    from core.tasks.judging import Judge
    from core.tasks.objective import Objective


class Spec(BaseModel):
    """What a bundle keeps. types: of entities; the head's outputs are the tags O, then B- and I- of each."""

    kind: Literal["tokens"]
    types: tuple[str, ...] = Field(min_length=1)


class Tokens(Task):
    name = "tokens"
    noun = "entity"
    plural = "entities"
    each = "entities in a text"
    column = "spans"
    columns = {"spans": "str"}
    classes = Types()
    divided = "Texts that share their rarest type are"
    fewest = "two texts with different entities"
    seed = b"tokens"
    needs = "steps"
    modalities = frozenset({"text"})
    losses = ("cross_entropy",)
    metrics = (ENTITY_F1, ENTITY_PRECISION, ENTITY_RECALL, TAG_ACCURACY, LOSS)
    balances = ("none", "weights")
    spoken = (ENTITY_F1,)
    shown = (ENTITY_F1, ENTITY_PRECISION, ENTITY_RECALL, LOSS)
    has = "entities"
    constant_answer = "no entity anywhere"
    ignores = ("focal_gamma", "mixup", "cutmix")
    answered = {"entities": "str", "said": "str", "probability": "float64", "spans": "str", "said_spans": "str"}

    def word(self, answer: Any) -> str:
        return counted(answer)

    def parts(self, answer: Any) -> tuple[str, ...]:
        return types_in(answer) or ("no entity",)

    def places(self, answer: Any) -> Sequence[tuple[int, int, str]]:
        return spans_in(answer)

    def read(self, cells: Collection[str]) -> dict[str, Any]:
        return {cell: checked(cell, self.classes.named) for cell in cells}

    def cleaned(self, answer: Any) -> Any:
        """answer: all entities of the text, a list of (start, end, type) or that as JSON."""
        return checked(answer, self.classes.named)

    def strata(self, frame: pd.DataFrame) -> list[str]:
        """The rarest type of a text."""
        held = [types_in(text) for text in frame["spans"]]
        counts = Counter(label for types in held for label in types)
        return [min(types, key=lambda label: (counts[label], label), default="") for types in held]

    def nothing_to_learn(self, frame: pd.DataFrame, example: str) -> str:
        if (frame["spans"] != NONE).any():
            return ""
        return f"None of the {example}s has an entity, so there is nothing to learn."

    def findings(self, frame: pd.DataFrame, example: str) -> Iterator[Finding]:
        yield from self.classes.findings(frame, example)
        bare = frame.loc[frame["spans"] == NONE, "name"].tolist()
        if bare:
            title = f"{number_of(len(bare), f'{example} has', f'{example}s have')} no entity."
            why = "That teaches what is none, if somebody looked. Leave out those that were not marked yet."
            yield Finding(kind="no entities", title=title, why=why, files=bare)

    def summary(self, frame: pd.DataFrame, target: str) -> dict[str, Any]:
        return {"classes": self.classes.counted(frame), "unlabelled": int((frame["spans"] == NONE).sum())}

    def spec(self, classes: tuple[str, ...], target: str, training: pd.DataFrame) -> dict[str, Any]:
        return {"kind": self.name, "types": list(classes or self.classes.of(training))}

    def check(self, spec: object) -> dict[str, Any]:
        return Spec.model_validate(spec).model_dump()

    @property
    def judge(self) -> Judge:
        from core.tasks.tokens import judging

        return judging.JUDGE

    def objective(
        self, spec: dict[str, Any], settings: Settings | None = None, training: pd.DataFrame | None = None
    ) -> Objective:
        from core.tasks.tokens import objective

        return objective.Tokens(spec, settings or Untouched(self.losses[0]))

    def head_of(self, classes: tuple[str, ...]) -> tuple[int, str]:
        return 1 + 2 * len(classes), number_of(len(classes), "type of entity", "types of entities")

    def mistakes(self, answers: pd.DataFrame) -> pd.DataFrame:
        wrong = answers[answers["spans"] != answers["said_spans"]]
        return wrong.sort_values("probability", ascending=False, kind="stable")


def of_each_type(answers: pd.DataFrame) -> pd.DataFrame:
    """How well each type was found, by exact places: type, texts' entities `there`, `said`, `right`, precision, recall,
    f1; the most frequent first.

    answers: with the columns `spans` and `said_spans`.
    """
    there, said, right = Counter[str](), Counter[str](), Counter[str]()
    for truth, answer in zip(answers["spans"], answers["said_spans"]):
        one, other = spans_in(truth), spans_in(answer)
        there.update(label for *_, label in one)
        said.update(label for *_, label in other)
        right.update(label for *_, label in {*one} & {*other})
    rows = [(label, there[label], said[label], right[label]) for label in sorted({*there, *said})]
    frame = pd.DataFrame(rows, columns=["type", "there", "said", "right"])
    frame["precision"] = frame["right"] / frame["said"].clip(lower=1)
    frame["recall"] = frame["right"] / frame["there"].clip(lower=1)
    frame["f1"] = 2 * frame["right"] / (frame["there"] + frame["said"]).clip(lower=1)
    return frame.sort_values("there", ascending=False, kind="stable", ignore_index=True)


TOKENS = Tokens()

__all__ = ["TOKENS", "Tokens", "of_each_type", "spans_in", "together"]
