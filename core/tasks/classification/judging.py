"""How good answers about classes are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.tasks.decision import NOT_SURE, PLAIN, Decision, class_said, for_threshold, tempered
from core.tasks.judging import Confusion, Judge, Judged, Measure, Whole, found_table, mean, mean_share, ratio
from core.tasks.metrics import ACCURACY, BALANCED_ACCURACY, LOG_LOSS, MACRO_F1, TOP_3

LEAST = 1e-7  # of a chance, as float32 may say 0 of what is right
UNKNOWN = -1  # a class that was never learned


class ClassesJudge(Judge):
    truths = ("label",)
    decides = True

    def judged(
        self, answers: pd.DataFrame, spec: Mapping[str, Any], groups: np.ndarray, decision: Decision = PLAIN
    ) -> Judged:
        names = tuple(spec["classes"])
        if "probabilities" not in answers:
            raise ValueError("it was not kept how likely each class was")
        chances = _matrix(answers["probabilities"], len(names))
        number = {name: place for place, name in enumerate(names)}
        truth = np.array([number.get(label, UNKNOWN) for label in answers["label"]], np.int64)
        said = np.array([number.get(label, UNKNOWN) for label in answers["said"]], np.int64)
        words = answers["said"].to_numpy()
        if decision != PLAIN:
            chances = tempered(chances, decision.temperature)
            said = np.where(said == UNKNOWN, UNKNOWN, class_said(chances, decision))
            words = np.array([*names, NOT_SURE], object)[said]
        rows = pd.DataFrame(
            {
                "name": answers["name"].to_numpy(),
                "truth": answers["label"].to_numpy(),
                "said": words,
                "right": (said == truth) & (said != UNKNOWN),
                "sure": _sure(chances, decision),
                "wrong_by": -np.log(_of_truth(chances, truth)),
            }
        )
        return Judged(rows, names, truth, said, chances, groups)

    def decided(self, answers: pd.DataFrame, spec: Mapping[str, Any], decision: Decision) -> pd.DataFrame:
        rows = self.judged(answers, spec, np.arange(len(answers)), decision).rows
        return answers.assign(said=rows["said"].to_numpy(), probability=rows["sure"].to_numpy(np.float32))

    def measures(self, judged: Judged) -> list[Measure | Whole]:
        right = judged.rows["right"].to_numpy()
        found: list[Measure | Whole] = [
            mean_share(ACCURACY, right),
            Measure(BALANCED_ACCURACY, _counted(judged), _balanced),
            Measure(MACRO_F1, _counted(judged), _macro_f1),
            mean(LOG_LOSS, judged.rows["wrong_by"].to_numpy()),
        ]
        if len(judged.names) > 3 and judged.chances is not None:
            first = np.argsort(-judged.chances, axis=1, kind="stable")[:, :3]
            found.append(mean_share(TOP_3, (first == judged.truth[:, None]).any(axis=1)))
        return found

    def each(self, judged: Judged) -> pd.DataFrame:
        there, said, right = (_per_class(judged, each) for each in _held(judged))
        return found_table(judged.names, there, said, right)

    def confusion(self, judged: Judged) -> Confusion:
        """A class that it never learned has a row too, behind the others."""
        unknown = sorted(set(judged.rows["truth"][judged.truth == UNKNOWN]))
        names = judged.names + tuple(unknown)
        number = {name: place for place, name in enumerate(names)}
        truth = np.array([number[label] for label in judged.rows["truth"]], np.int64)
        counts = np.zeros((len(names), len(names)), np.int64)
        np.add.at(counts, (truth, np.maximum(judged.said, 0)), judged.said != UNKNOWN)
        return Confusion(names, counts)


def _matrix(kept: pd.Series, classes: int) -> np.ndarray:
    chances = np.nan_to_num(np.array(kept.tolist(), np.float64)).reshape(len(kept), -1)  # NaN: it gave no answer
    if len(kept) and chances.shape[1] != classes:
        raise ValueError(f"it was kept of {chances.shape[1]} classes how likely they were, and not of {classes}")
    chances = chances.reshape(len(kept), classes)
    return chances / np.maximum(chances.sum(axis=1, keepdims=True), LEAST)  # they were kept as float32


def _sure(chances: np.ndarray, decision: Decision) -> np.ndarray:
    """How likely the answer is, or would be for who is too unsure to give it."""
    if not chances.size:
        return np.zeros(len(chances))
    leaning = for_threshold(chances, decision.thresholds).argmax(axis=1)
    return chances[np.arange(len(leaning)), leaning]  # type: ignore[no-any-return]


def _of_truth(chances: np.ndarray, truth: np.ndarray) -> np.ndarray:
    of_it = chances[np.arange(len(truth)), np.maximum(truth, 0)] if chances.size else np.ones(len(truth))
    return np.clip(np.where(truth == UNKNOWN, LEAST, of_it), LEAST, 1.0)


def _held(judged: Judged) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class numbers (N,) of what is there, of what was said, and of what is right; `UNKNOWN` where it is not."""
    right = np.where(judged.rows["right"], judged.truth, UNKNOWN)
    return judged.truth, judged.said, right


def _per_class(judged: Judged, numbers: np.ndarray) -> np.ndarray:
    return np.bincount(numbers[numbers != UNKNOWN], minlength=len(judged.names))


def _counted(judged: Judged) -> Any:
    """(N, 3 C), sparse: of each class whether it is there, was said, and is right."""
    from scipy.sparse import csr_array

    classes, held = len(judged.names), _held(judged)
    places = [(np.flatnonzero(each != UNKNOWN), each[each != UNKNOWN]) for each in held]
    rows = np.concatenate([row for row, _ in places])
    columns = np.concatenate([number + turn * classes for turn, (_, number) in enumerate(places)])
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(judged), 3 * classes))


def _balanced(sums: np.ndarray) -> np.ndarray:
    there, _, right = np.split(sums, 3, axis=-1)
    return _mean_of(ratio(right, there), there > 0)


def _macro_f1(sums: np.ndarray) -> np.ndarray:
    """Over the classes that there are among the examples, as sklearn's with these labels."""
    there, said, right = np.split(sums, 3, axis=-1)
    return _mean_of(ratio(2 * right, there + said), there > 0)


def _mean_of(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return ratio(np.where(counts, np.nan_to_num(values), 0).sum(axis=-1), counts.sum(axis=-1))


JUDGE = ClassesJudge()
