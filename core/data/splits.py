"""Which images train, which validate, which are kept for a last test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.tasks.protocol import Task

Split = Literal["train", "validation", "test"]


class SplitSettings(BaseModel):
    """Shares of each class, 0 to 1. given: the images came split, and that was kept."""

    model_config = ConfigDict(frozen=True)

    validation: float = Field(0.2, ge=0, le=0.9)
    test: float = Field(0.0, ge=0, le=0.9)
    seed: int = Field(0, ge=0, le=2**31 - 1)
    given: bool = False

    @model_validator(mode="after")
    def _leaves_some_to_train(self) -> SplitSettings:
        if self.validation + self.test > 0.9:
            raise ValueError("validation and test together must leave at least a tenth for training")
        return self


def split_rows(frame: pd.DataFrame, task: Task, settings: SplitSettings) -> list[Split]:
    """A split of each of the task's strata by the settings' shares; groups and twins stay together."""
    return stratified(task.strata(frame), settings, together(frame))


def stratified(labels: Sequence[str], settings: SplitSettings, units: Sequence[int] | None = None) -> list[Split]:
    """A split of each class by the settings' shares. Examples of the same unit get the same split.

    A class of two units or more has at least one image in training and, if there is validation at all, one in
    validation; a lone image trains.
    """
    numbers, _ = pd.factorize(np.asarray(range(len(labels)) if units is None else units))  # from 0, as they come
    sizes = np.bincount(numbers).tolist()
    by_class: dict[str, list[int]] = defaultdict(list)
    for unit, first in enumerate(np.unique(numbers, return_index=True)[1].tolist()):
        by_class[labels[first]].append(unit)  # one that spans classes counts with its first image's
    splits: list[Split] = ["train"] * len(sizes)
    for number, (_, its) in enumerate(sorted(by_class.items())):
        left = [its[position] for position in np.random.default_rng((settings.seed, number)).permutation(len(its))]
        validation, test = _counts(sum(sizes[unit] for unit in its), len(its), settings)
        for split, wanted in (("validation", validation), ("test", test)):
            left = _assign(splits, sizes, left, split, wanted)  # type: ignore[arg-type]
    return [splits[unit] for unit in numbers.tolist()]


def _assign(splits: list[Split], sizes: list[int], units: list[int], split: Split, wanted: int) -> list[int]:
    """Give units to the split until it has as many images as wanted, or nearly; what is left, at least one unit.

    splits, sizes: of each unit.
    """
    left: list[int] = []
    for position, unit in enumerate(units):
        fits = sizes[unit] <= wanted or (wanted > 0 and sizes[unit] < 2 * wanted)
        last = not left and position == len(units) - 1
        if fits and not last:
            wanted -= sizes[unit]
            splits[unit] = split
        else:
            left.append(unit)
    if wanted > 0 and len(left) == len(units) > 1:  # all are too large: rather too many images than none
        smallest = min(left, key=sizes.__getitem__)
        splits[smallest] = split
        left.remove(smallest)
    return left


def _counts(images: int, units: int, settings: SplitSettings) -> tuple[int, int]:
    validation = max(round(images * settings.validation), settings.validation > 0) if units > 1 else 0
    test = max(round(images * settings.test), settings.test > 0) if units > 1 else 0
    validation = min(validation, images - 1)
    return validation, min(test, images - 1 - validation)


def complete(frame: pd.DataFrame, task: Task) -> tuple[list[Split], SplitSettings]:
    """The split that came with the images, in the column `given`; a missing validation is taken from training, a
    missing split is made."""
    given = frame["given"].tolist()
    if "train" not in given or len({split for split in given if split}) == 1:
        settings = SplitSettings()
        return split_rows(frame, task, settings), settings
    splits: list[Split] = [split or "train" for split in given]
    if "validation" not in given:
        training = [index for index, split in enumerate(splits) if split == "train"]
        carved = split_rows(frame.iloc[training], task, SplitSettings())
        for index, split in zip(training, carved):
            splits[index] = split
    return splits, SplitSettings(given=True)


def together(frame: pd.DataFrame) -> list[int]:
    """A number for each image, the same for those that a group or being twins ties together, directly or not."""
    leader = list(range(len(frame)))

    def find(index: int) -> int:
        while leader[index] != index:
            leader[index] = leader[leader[index]]
            index = leader[index]
        return index

    first: dict[tuple[str, object], int] = {}
    for column, none in (("twins", 0), ("group", "")):
        for index, value in enumerate(frame[column].tolist()):
            if value != none:
                leader[find(index)] = find(first.setdefault((column, value), index))
    return [find(index) for index in range(len(frame))]
