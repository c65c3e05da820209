"""How well a model does on parts of the examples, by a column of the dataset's table or by what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.data.dataset import Dataset
from core.data.tags import tags_of
from core.evaluation.answered import Answered
from core.evaluation.intervals import SHARE, Score, scores

RANGES = 4  # of a number, with about equally many examples
MOST = 30  # values of a column, beyond which it names each example rather than groups of them
FEWEST = 2
SMALL = 16  # pixels of a copy whose brightness is measured
UNKNOWN = "not known"
TAGGED, UNTAGGED = "tagged", "not tagged"


@dataclass(frozen=True)
class Subgroup:
    """name: its value, or its range. score: the task's first metric. worse: whether it is worse than the score of all
    by more than chance would make any of so many groups: the whole of an interval that is wider, the more groups there
    are (C. E. Bonferroni 1936)."""

    name: str
    examples: int
    score: Score
    worse: bool


def columns_of(answered: Answered, dataset: Dataset) -> dict[str, pd.Series]:
    """By title, what the examples can be divided by: the table's columns that came with the dataset, the tags that were
    put on them, what their modality knows of them, and the split where there are several."""
    rows = answered.rows
    if rows is None:
        return {}
    found = dict(_of_table(rows, dataset.columns))
    for tag, names in tags_of(dataset).items():
        found.setdefault(tag, rows["name"].isin(names).map({True: TAGGED, False: UNTAGGED}))
    for title, values in dataset.modality.measured(rows).items():
        found.setdefault(title, values)
    if rows["split"].nunique() > 1:
        found.setdefault("split", rows["split"])
    if rows["group"].nunique() > 1:
        found.setdefault("group", rows["group"])
    return {title: values for title, values in found.items() if values.nunique() >= FEWEST}


def subgroups(answered: Answered, values: pd.Series) -> list[Subgroup]:
    """The worst first. values: one an example; numbers become ranges."""
    measure = answered.judge.measures(answered.judged)[:1]
    all_of_it = scores(answered.judged, measure)
    if not all_of_it:
        return []
    metric, found, parts = all_of_it[0].metric, [], list(_parts(values))
    strict = 1 - (1 - SHARE) / max(1, len(parts))
    for name, places in parts:
        some = answered.judged.of(places)
        measured = answered.judge.measures(some)[:1]
        for score, wider in zip(scores(some, measured), scores(some, measured, level=strict)):
            found.append(Subgroup(name, len(some), score, _is_worse(wider, all_of_it[0].value)))
    return sorted(found, key=lambda each: metric.rank(each.score.value))


def _is_worse(score: Score, usual: float) -> bool:
    if score.low is None or score.high is None:
        return False
    return score.high < usual if score.metric.better == "higher" else score.low > usual


def _of_table(rows: pd.DataFrame, table: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """table: `Dataset.columns`, indexed by the examples' names."""
    known = table[~table.index.duplicated()]
    for column in known.columns:
        yield str(column), known[column].reindex(rows["name"]).reset_index(drop=True)


def _parts(values: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    values = values.reset_index(drop=True)
    numbers = pd.to_numeric(values, errors="coerce").replace([np.inf, -np.inf], np.nan)
    if values.nunique() > RANGES * 2 and numbers.notna().mean() > 0.9:
        yield from _ranges(numbers)
        return
    named = values.where(values.notna(), UNKNOWN).astype(str).replace("", UNKNOWN)
    common = named.value_counts().index[:MOST]
    for name in common:
        yield str(name), np.flatnonzero(named == name)


def _ranges(numbers: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    cut = pd.qcut(numbers, RANGES, duplicates="drop")
    for interval in cut.cat.categories:
        inside = numbers[cut == interval]
        if len(inside):
            yield f"{_number(inside.min())} to {_number(inside.max())}", inside.index.to_numpy()
    if numbers.isna().any():
        yield UNKNOWN, np.flatnonzero(numbers.isna())


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"


def brightness(dataset: Dataset, rows: pd.DataFrame, done: Callable[[int], None] | None = None) -> pd.Series | None:
    """The mean grey of each example, 0 (black) to 100 (white), of a small copy; NaN for one that cannot be read. None
    for examples that are not to be seen. done: called with how many were looked at."""
    tiles = dataset.modality.tiles(rows, dataset.path, dataset.rendering, SMALL)
    if tiles is None:
        return None
    found = []
    for tile in tiles:
        found.append(np.nan if tile is None else float(np.asarray(tile.convert("L")).mean()) / 2.55)
        if done is not None:
            done(len(found))
    return pd.Series(found)
