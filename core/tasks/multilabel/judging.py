"""How good answers about several labels are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.tasks.classification.judging import LEAST
from core.tasks.decision import PLAIN, Decision, labels_said, tempered_each
from core.tasks.judging import Judge, Judged, Measure, Slips, Whole, found_table, mean, mean_share, ratio
from core.tasks.labels import labels_in
from core.tasks.metrics import EXACT_MATCH, LOG_LOSS, MACRO_F1, MEAN_AVERAGE_PRECISION, RIGHT_ANSWERS

BETWEEN = "; "  # as the objective writes them
NONE = "no label"


class LabelsJudge(Judge):
    truths = ("labels", "label")
    decides = True

    def judged(
        self, answers: pd.DataFrame, spec: Mapping[str, Any], groups: np.ndarray, decision: Decision = PLAIN
    ) -> Judged:
        names = tuple(spec["classes"])
        if "probabilities" not in answers:
            raise ValueError("it was not kept how likely each label was")
        chances = np.nan_to_num(np.array(answers["probabilities"].tolist(), np.float64))  # NaN: it gave no answer
        chances = chances.reshape(len(answers), len(names))
        chances = tempered_each(chances, decision.temperature)
        truth, said = _truth(answers, names), labels_said(chances, decision)
        of_truth = np.clip(np.where(truth, chances, 1 - chances), LEAST, 1.0)
        rows = pd.DataFrame(
            {
                "name": answers["name"].to_numpy(),
                "truth": [text or NONE for text in answers["labels"]],
                "said": [text or NONE for text in _words(answers, names, said, decision)],
                "right": (truth == said).all(axis=1),
                "sure": np.maximum(chances, 1 - chances).min(axis=1, initial=1),
                "wrong_by": -np.log(of_truth).mean(axis=1),
            }
        )
        return Judged(rows, names, truth, said, chances, groups)

    def decided(self, answers: pd.DataFrame, spec: Mapping[str, Any], decision: Decision) -> pd.DataFrame:
        judged = self.judged(answers, spec, np.arange(len(answers)), decision)
        return answers.assign(said=_words(answers, judged.names, judged.said, decision))

    def measures(self, judged: Judged) -> list[Measure | Whole]:
        parts = np.concatenate([judged.truth, judged.said, judged.truth & judged.said], axis=1).astype(np.float64)
        return [
            Measure(MACRO_F1, parts, _macro_f1),
            mean(RIGHT_ANSWERS, (judged.truth == judged.said).mean(axis=1)),
            mean_share(EXACT_MATCH, judged.rows["right"].to_numpy()),
            Whole(MEAN_AVERAGE_PRECISION, lambda some: _average_precision(judged, some)),
            mean(LOG_LOSS, judged.rows["wrong_by"].to_numpy()),
        ]

    def each(self, judged: Judged) -> pd.DataFrame:
        right = judged.truth & judged.said
        return found_table(judged.names, *(each.sum(axis=0) for each in (judged.truth, judged.said, right)))

    def slips(self, judged: Judged) -> Slips:
        """Missed: it has the label, and that was not said. Spurious: it was said of one that does not have it."""
        truth, said = judged.truth, judged.said
        found = [np.nonzero(each) for each in (truth & said, truth & ~said, said & ~truth)]
        example, row = (np.concatenate(each) for each in zip(*found))
        kind = np.repeat(np.arange(3), [len(each[0]) for each in found])
        return Slips(judged.names, ("right", "missed", "spurious"), example, row, kind)


def _words(answers: pd.DataFrame, names: tuple[str, ...], said: np.ndarray, decision: Decision) -> list[str]:
    if decision == PLAIN:
        return list(answers["said"])
    return [BETWEEN.join(name for name, yes in zip(names, row) if yes) for row in said]


def _truth(answers: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """bool (N, C). Earlier versions kept the labels only in words, where one that has the separator in its name is not
    found again."""
    number = {name: place for place, name in enumerate(names)}
    texts = answers["label"] if "label" in answers else answers["labels"]
    held = np.zeros((len(texts), len(names)), bool)
    for row, text in enumerate(texts):
        labels = labels_in(text) if "label" in answers else text.split(BETWEEN)
        for label in labels:
            if label in number:
                held[row, number[label]] = True
    return held


def _macro_f1(sums: np.ndarray) -> np.ndarray:
    """Over the labels that some example has; 0 where none has any, as the run's own score."""
    there, said, right = np.split(sums, 3, axis=-1)
    seen = there > 0
    f1 = np.where(seen, np.nan_to_num(ratio(2 * right, there + said)), 0)
    return f1.sum(axis=-1) / np.maximum(seen.sum(axis=-1), 1)


def _average_precision(judged: Judged, some: np.ndarray) -> float:
    from sklearn.metrics import average_precision_score

    assert judged.chances is not None
    truth, chances = judged.truth[some], judged.chances[some]
    both = truth.any(axis=0)
    if not both.any():
        return float("nan")
    return float(average_precision_score(truth[:, both], chances[:, both], average="macro"))


JUDGE = LabelsJudge()
