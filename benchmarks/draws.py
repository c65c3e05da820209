"""Which images of a set are labeled and which test: drawn by lot, nested in their sizes, the same for whoever asks."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

SIZES = ("5", "10", "20", "50 to 200")  # labeled images a class
TEST = 200  # images of a set at most
TEST_LEAST, LABELED_LEAST = 20, 50  # of a class, where it has as many
LABELED, LABELED_MOST = 400, 200  # for the largest size: of a set, and of a class


@dataclass(frozen=True)
class Cell:
    """One trial, in which every side learns from the same images and is asked about the same others."""

    set: str
    size: str
    seed: int


@dataclass(frozen=True)
class Draw:
    """Paths relative to the set's folder, each <class>/<file>."""

    labeled: list[str]
    test: list[str]


def draw(root: Path, cell: Cell) -> Draw:
    """The test images depend on the seed alone; the images of a smaller size are among those of a larger one.

    Of a class that has not enough, half are tested at most and the rest are labeled.
    """
    labeled, test = [], []
    classes = sorted(root.iterdir())
    for folder in classes:
        names = [f"{folder.name}/{path.name}" for path in sorted(folder.iterdir())]
        random.Random(f"{cell.seed} {folder.name}").shuffle(names)
        tested = _tested(len(names), len(classes))
        test += names[:tested]
        labeled += names[tested : tested + _labeled(cell.size, len(classes))]
    return Draw(labeled, test)


def _labeled(size: str, classes: int) -> int:
    return int(size) if size.isdigit() else min(LABELED_MOST, max(LABELED_LEAST, LABELED // classes))


def _tested(images: int, classes: int) -> int:
    spare = images - _labeled(SIZES[-1], classes)
    return min(TEST // classes, max(TEST_LEAST, spare), images // 2)
