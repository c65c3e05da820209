"""How good answers that are numbers are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.tasks.decision import PLAIN, Decision
from core.tasks.judging import Judge, Judged, Measure, Whole, ratio
from core.tasks.metrics import MAE, R2, RMSE


class NumbersJudge(Judge):
    truths = ("target",)
    ranges = True

    def judged(
        self, answers: pd.DataFrame, spec: Mapping[str, Any], groups: np.ndarray, decision: Decision = PLAIN
    ) -> Judged:
        truth, said = answers["target"].to_numpy(np.float64), answers["said"].to_numpy(np.float64)
        rows = pd.DataFrame(
            {
                "name": answers["name"].to_numpy(),
                "truth": [f"{value:.6g}" for value in truth],
                "said": [f"{value:.6g}" for value in said],
                "right": truth == said,
                "sure": np.nan,
                "wrong_by": np.abs(said - truth),
            }
        )
        return Judged(rows, (), truth, said, None, groups)

    def measures(self, judged: Judged) -> list[Measure | Whole]:
        """Of the examples that it gave a finite number for."""
        there = np.isfinite(judged.said)
        off, truth = (np.where(there, each, 0) for each in (judged.said - judged.truth, judged.truth))
        parts = np.stack([there, off**2, truth, truth**2, np.abs(off)], axis=1).astype(np.float64)
        return [Measure(RMSE, parts, _rmse), Measure(MAE, parts, _mae), Measure(R2, parts, _explained)]


def _rmse(sums: np.ndarray) -> np.ndarray:
    return np.sqrt(ratio(sums[..., 1], sums[..., 0]))


def _mae(sums: np.ndarray) -> np.ndarray:
    return ratio(sums[..., 4], sums[..., 0])


def _explained(sums: np.ndarray) -> np.ndarray:
    examples, squares, total, total_squares, _ = np.moveaxis(sums, -1, 0)
    spread = total_squares - ratio(total**2, examples)
    return 1 - ratio(squares, np.where(spread > 1e-12 * total_squares, spread, 0))


JUDGE = NumbersJudge()
