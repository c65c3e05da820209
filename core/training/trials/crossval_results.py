"""A cross-validation on disk, as it goes on and when it is done. Read without torch.

<workspace>/crossvals/<dataset>-<key>/   the key is that of the recipe and the number of folds
    crossval.json                        the recipe, and how many folds
    fold-<number>/                       a training: events.jsonl, checkpoints/ while it is at work
                   fold.json             how it ended: a `Fold`
                   answers.parquet       about the images that were held out
"""

from __future__ import annotations

import hashlib
import json
import statistics
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.data.folds import FEWEST, MOST
from core.errors import DamagedError
from core.records import Count, plain, read
from core.tasks.metrics import LOSS, Metric
from core.tasks.scores import Scores
from core.training.process.events import EpochEnded, Started, read_events
from core.training.recipe import Recipe
from core.workspace import Workspace, slug, write_json


@dataclass(frozen=True)
class Fold:
    """What was held out once, and how well it was answered by what the others taught, at the best epoch."""

    best_epoch: Count
    train: Scores
    held_out: Scores


@dataclass(frozen=True)
class CrossValidation:
    directory: Path
    folds: int

    @classmethod
    def of(cls, workspace: Workspace, recipe: Recipe, folds: int) -> CrossValidation:
        """The one of this recipe, begun or not."""
        key = hashlib.blake2b(f"{folds} {recipe.model_dump_json()}".encode(), digest_size=6).hexdigest()
        return cls(workspace.root / "crossvals" / f"{slug(recipe.dataset)}-{key}", folds)

    @classmethod
    def newest(cls, workspace: Workspace, recipe: Recipe) -> CrossValidation | None:
        """The one of this recipe that was begun last, with however many folds."""
        begun = [cls.of(workspace, recipe, folds) for folds in range(FEWEST, MOST + 1)]
        there = [each for each in begun if (each.directory / "crossval.json").exists()]
        return max(there, key=lambda each: (each.directory / "crossval.json").stat().st_mtime, default=None)

    def begin(self, recipe: Recipe) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        write_json(
            self.directory / "crossval.json", {"folds": self.folds, "recipe": json.loads(recipe.model_dump_json())}
        )

    def place(self, number: int) -> Path:
        """Of a fold, from 1."""
        return self.directory / f"fold-{number}"

    def keep(self, number: int, fold: Fold, answers: pd.DataFrame) -> None:
        answers.assign(fold=number).to_parquet(self.place(number) / "answers.parquet", index=False)
        write_json(self.place(number) / "fold.json", plain(fold))

    def fold(self, number: int) -> Fold | None:
        """How a fold ended; None while it has not, or where what is kept of it is damaged: then it is trained again."""
        with suppress(OSError, DamagedError, pa.ArrowException):
            self.held_out(number)
            return read(self.place(number) / "fold.json", Fold)
        return None

    def held_out(self, number: int) -> int:
        """Images of a fold that has ended."""
        return pq.read_metadata(self.place(number) / "answers.parquet").num_rows

    @cached_property
    def done(self) -> list[Fold]:
        """Those that have ended, in order, when it was first looked at."""
        return [fold for number in range(1, self.folds + 1) if (fold := self.fold(number))]

    @property
    def complete(self) -> bool:
        return len(self.done) == self.folds

    def mean(self, metric: str) -> float:
        return statistics.fmean(self._values(metric))

    def spread(self, metric: str) -> float:
        """The standard deviation between the folds that have ended; 0 of a single one."""
        values = self._values(metric)
        return statistics.stdev(values) if len(values) > 1 else 0.0

    @property
    def words(self) -> str:
        """`Mean of 5 folds: loss 0.31 ± 0.05, accuracy 91.3% ± 1.2%`"""
        said = [f"{metric.lower_title} {self.said(metric)}" for metric in self.metrics()]
        return f"Mean of {len(self.done)} folds: {', '.join(said)}"

    def said(self, metric: Metric) -> str:
        """Mean and spread of a metric: `91.3% ± 1.2%`."""
        mean, spread = self.mean(metric.name), self.spread(metric.name)
        return f"{mean:.1%} ± {spread:.1%}" if metric.unit == "share" else f"{mean:.3g} ± {spread:.2g}"

    def metrics(self) -> list[Metric]:
        """Those that every fold has, the loss first."""
        others = self.done[0].held_out.task.metrics if self.done else ()
        metrics = (LOSS, *(metric for metric in others if metric != LOSS)) if others else ()
        return [metric for metric in metrics if len(self._values(metric.name)) == len(self.done)]

    def _values(self, metric: str) -> list[float]:
        return [value for fold in self.done if (value := fold.held_out.get(metric)) is not None]

    def curve(self, number: int) -> list[EpochEnded]:
        """The epochs of a fold so far."""
        epochs: list[EpochEnded] = []
        for _, event in read_events(self.place(number) / "events.jsonl")[0]:
            if isinstance(event, Started):
                epochs = [each for each in epochs if each.epoch <= event.epoch]
            elif isinstance(event, EpochEnded):
                epochs.append(event)
        return epochs

    def answers(self) -> pd.DataFrame:
        """The out-of-fold predictions: a row an image, each answered by a network that had not seen it.

        Columns: image and name as in the dataset, fold (from 1), then of classes label, said, probability, and
        probabilities (of all classes, in their order); of labels labels, said, and probabilities; of numbers target,
        said.
        """
        parts = [
            pd.read_parquet(self.place(number) / "answers.parquet")
            for number in range(1, self.folds + 1)
            if self.fold(number)
        ]
        return pd.concat(parts, ignore_index=True)
