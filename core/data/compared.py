"""Two versions of a dataset side by side: what was done between them, and whether they judge by the same examples."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core.data.dataset import Dataset
from core.data.splits import Split
from core.words import number_of


@dataclass(frozen=True)
class Changes:
    """How many examples, by their names, have another answer, another part, are gone, or are new."""

    noun: str
    relabeled: int
    moved: int
    left_out: int
    added: int

    @property
    def words(self) -> str:
        """`3 images relabeled, 1 left out`; "" where nothing is another."""
        parts = {"relabeled": self.relabeled, "moved": self.moved, "left out": self.left_out, "added": self.added}
        said = [(word, count) for word, count in parts.items() if count]
        return ", ".join(
            f"{number_of(count, self.noun)} {word}" if place == 0 else f"{count:,} {word}"
            for place, (word, count) in enumerate(said)
        )


def changes_between(before: Dataset, now: Dataset) -> Changes:
    one, other = (each.frame.set_index("name") for each in (before, now))
    both = one.index.intersection(other.index)
    answers = [_aligned(frame[now.column], both) for frame in (one, other)]
    splits = [_aligned(frame["split"], both) for frame in (one, other)]
    return Changes(
        noun=now.modality.noun,
        relabeled=int((answers[0] != answers[1]).sum()),
        moved=int((splits[0] != splits[1]).sum()),
        left_out=len(one) - len(both),
        added=len(other) - len(both),
    )


def common(before: Dataset, now: Dataset, part: Split) -> tuple[int, int, int]:
    """How many examples of a part, by their content, both versions have, how many the one has, and the other."""
    one, other = (set(each.frame.loc[each.frame["split"] == part, "sha256"]) for each in (before, now))
    return len(one & other), len(one), len(other)


def _aligned(column: pd.Series, names: pd.Index) -> pd.Series:
    return column.loc[names]
