"""Cross-validation: a recipe trained k times, each time with another part of the images held out.

What frozen stages give is kept by the image, so the folds share it. It gives way to runs: the fold under way is
paused, and goes on exactly there. So it does after it was stopped.
"""

from __future__ import annotations

import shutil
import time
from functools import partial
from pathlib import Path

import pandas as pd

from core.data.dataset import load_dataset
from core.data.folds import folds_of, held_out
from core.progress import OnProgress, Progress
from core.runtime.device import Device, choose_device
from core.tasks.scores import Scores
from core.training.ending import Keep, Learned
from core.training.finishing import answers
from core.training.pace import Expected, Pace, follow, work_of
from core.training.process.control import Control
from core.training.process.events import PHASES, Event, EventLog
from core.training.process.events import Progress as Moved
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from core.training.trainer import Trainer
from core.training.trials.crossval_results import CrossValidation, Fold
from core.training.trials.probing import GaveWay, OtherRuns, between_runs
from core.workspace import Workspace

Outcome = tuple[Fold, pd.DataFrame]


def cross_validate(
    workspace: Workspace,
    recipe: Recipe,
    folds: int,
    progress: OnProgress | None = None,
    device: Device | None = None,
) -> CrossValidation:
    """Do what is still to be done of it.

    Raises:
        GraftError: the images cannot be divided so, or what would make a run of the recipe fail.
    """
    tell, device = progress or (lambda _: None), device or choose_device()
    dataset = load_dataset(workspace, recipe.dataset, recipe.dataset_version)
    assigned = folds_of(dataset, folds, recipe.seed)
    found = CrossValidation.of(workspace, recipe, folds)
    found.begin(recipe)

    def train(number: int) -> None:
        """A fold, from where it was left."""
        directory = found.place(number)
        directory.mkdir(exist_ok=True)
        held = held_out(dataset, assigned, number - 1)
        parts = [len(held.part(split)) for split in ("train", "validation")]
        pace = Pace.of(workspace, recipe.backbone, work_of(workspace, recipe, dataset))
        expected = pace.expected(recipe, *parts)
        reporter = _Reporter(workspace, directory, device, tell, f"Fold {number} of {folds}", expected)
        outcomes: list[Outcome] = []
        keep: Keep = lambda learned: outcomes.append(_outcome(learned))  # noqa: E731
        try:
            Trainer(workspace, directory, recipe, device, reporter, held, keep=keep).run()
        finally:
            reporter.log.close()
        if reporter.wanted:
            raise GaveWay
        found.keep(number, *outcomes[0])
        shutil.rmtree(directory / "checkpoints", ignore_errors=True)

    for number in range(1, folds + 1):
        if found.fold(number) is None:
            between_runs(workspace, recipe, tell, partial(train, number))
    return found


class _Reporter(Reporter):
    """Writes events as a run's does, tells the job as well, and asks for a pause when a run wants the device."""

    def __init__(
        self, workspace: Workspace, directory: Path, device: Device, tell: OnProgress, title: str, expected: Expected
    ) -> None:
        self.others, self.tell, self.title, self.wanted = OtherRuns(workspace), tell, title, False
        self.expected, self.course = expected, expected.course
        super().__init__(EventLog(directory / "events.jsonl"), Control(directory), device)

    def write(self, event: Event) -> None:
        super().write(event)
        self.course = follow(self.course, time.time(), event, self.expected.images, 0)
        if isinstance(event, Moved):
            where = f"epoch {event.epoch}" if event.epoch else PHASES[event.phase].lower()
            self.tell(Progress(f"{self.title}, {where}", event.done, event.total, self.course.share))

    def stopping(self) -> bool:
        self.wanted = self.wanted or self.others.waiting()
        return self.wanted

    @property
    def pausing(self) -> bool:
        return self.wanted


def _outcome(learned: Learned) -> Outcome:
    """How a fold ended, and the answers about what was held out."""
    state = learned.state
    train, validation = state.best_scores["train"], state.best_scores["validation"]
    assert state.best_epoch and train and validation, "a fold holds something out"
    fold = Fold(state.best_epoch, Scores.read(train), Scores.read(validation))
    return fold, answers(learned.material, learned.prepared)
