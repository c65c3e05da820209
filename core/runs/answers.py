"""What a run's model answered about images that it had not seen, and where it was wrong."""

from __future__ import annotations

from contextlib import suppress

import pandas as pd

from core.errors import DamagedError
from core.runs.run import Run
from core.tables import fitted, read_table

FILE = "answers.parquet"


def answers(run: Run) -> pd.DataFrame | None:
    """A row for each image of the validation part, and of the test part where it was scored. None, where the run keeps
    no answers, as those that were made before they did.

    Columns: image and name as in the dataset; split; said; of classes label and probability, of labels labels, of
    numbers target.
    """
    if run.bundle is None:
        return None
    with suppress(OSError, DamagedError):
        frame = read_table(run.bundle / FILE, {})
        if {"image", "name", "said"} <= set(frame.columns) and (truth := _truth(frame)):
            number = truth == "target"
            types = {"image": "str", "name": "str", "said": "float64" if number else "str"}
            types |= {truth: "float64" if number else "str", "split": "str"}
            types |= {"probability": "float64"} if "probability" in frame else {}
            return fitted(frame, run.bundle / FILE, types, {"split": "validation"})
    return None


def mistakes(found: pd.DataFrame) -> pd.DataFrame:
    """Of such answers those that are wrong, the surest first; of numbers all, those furthest off first. With the column
    `truth`, what would have been right."""
    truth = _truth(found)
    frame = found.assign(truth=found[truth])
    if truth == "target":
        off = (frame["said"].astype(float) - frame["truth"].astype(float)).abs()
        return frame.loc[off.sort_values(ascending=False, kind="stable").index]
    wrong = frame[frame["said"].astype(str) != frame["truth"].astype(str)]
    if "probability" in wrong:
        wrong = wrong.sort_values("probability", ascending=False, kind="stable")
    return wrong


def _truth(frame: pd.DataFrame) -> str:
    """The column that says what is right; nothing, where there is none."""
    return next((name for name in ("label", "labels", "target") if name in frame), "")
