"""A recipe carried out, inside its worker: prepare, then the epochs, then the bundle."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from core.training import activations, checkpoints
from core.training.bundle import write_bundle
from core.training.checkpoints import Checkpoint
from core.training.device import Device
from core.training.events import Ended, EpochEnded, Scores, Started
from core.training.loop import Updater, run_epoch
from core.training.optimizers import build_optimizer, learning_rate, set_learning_rate
from core.training.preparation import Part, prepare
from core.training.recipe import Recipe
from core.training.reporter import Position, Reporter, StopRequested
from core.training.sources import cut
from core.workspace import Workspace

SECONDS_BETWEEN_CHECKPOINTS = 2.0


class LossNotFinite(Exception):
    """The loss became infinite or not a number: the run has gone astray. Never leaves core.training."""


class Trainer:
    """One run. `run` ends by writing `Ended`, unless the worker was told to go away: then the run can be resumed."""

    def __init__(
        self, workspace: Workspace, directory: Path, recipe: Recipe, device: Device, reporter: Reporter
    ) -> None:
        self.workspace, self.directory, self.recipe = workspace, directory, recipe
        self.device, self.reporter = device, reporter
        self.checkpoint_path = directory / "checkpoints" / "last.pt"
        self.state = checkpoints.load(self.checkpoint_path) or Checkpoint()
        self.seconds_before, self.began = self.state.seconds, time.monotonic()

    def run(self) -> None:
        torch.manual_seed(self.recipe.seed)
        try:
            self.prepared = prepare(self.workspace, self.recipe, self.device, self.reporter)
        except StopRequested:
            if not self.reporter.interrupted:
                self._end("stopped", "Stopped before anything was learned, so there is nothing to predict with.")
            return
        self._announce()
        self._restore()
        self._train()

    @property
    def seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.began

    def _announce(self) -> None:
        parameters = self.prepared.parameters()
        trainable = sum(p.numel() for p in parameters if p.requires_grad)
        total = sum(p.numel() for p in parameters)
        epoch, epochs = self.state.epoch, self.recipe.epochs
        self.reporter.write(
            Started(self.device.name, epoch, epochs, trainable, total, self.prepared.note, self.prepared.dataset.target)
        )

    def _restore(self) -> None:
        """Optimizer and loss, and all that the last checkpoint knows about where they were."""
        self.optimizer = build_optimizer(self.recipe, self.prepared.parameters())
        self.scaler = self.device.scaler()
        if self.state.epoch:
            self.prepared.load_moving_state(self.state.model)
            self.optimizer.load_state_dict(self.state.optimizer)
            self.scaler.load_state_dict(self.state.scaler)
            checkpoints.restore_random_state(self.state.rng)

    # The epochs ---------------------------------------------------------------------------------------------------

    def _train(self) -> None:
        epochs = self.recipe.epochs
        steps = len(cut(np.arange(len(self.prepared.train.targets)), self.recipe.batch_size, training=True))
        self.position = Position(steps=steps, done=self.state.epoch * steps, total=epochs * steps)
        self.reporter.begin("training", done=self.position.done)
        saved = time.monotonic()
        while self.state.epoch < epochs and self._epoch():
            if time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS or self.state.epoch == epochs:
                self._save()
                saved = time.monotonic()
            if self.reporter.stopping():
                break
        if not self.reporter.interrupted:
            self._finish()

    def _epoch(self) -> bool:
        """Train on everything once, then validate. Returns False if someone asked to stop before the end of it."""
        number, began = self.state.epoch + 1, time.monotonic()
        self.position.epoch, self.position.step = number, 0
        prepared = self.prepared
        order = np.random.default_rng((self.recipe.seed, number)).permutation(len(prepared.train.targets))
        train = run_epoch(
            prepared.model,
            self._batches(prepared.train, cut(order, self.recipe.batch_size, training=True), number),
            self.prepared.task,
            self.device,
            Updater(self.optimizer, self.scaler, self._before_step),
            self._after_step,
        )
        if train is None:
            return False
        if not math.isfinite(train.loss):
            raise LossNotFinite
        validation = self._validate(prepared.validation) if prepared.validation else None
        if prepared.validation and validation is None:
            return False
        self._record(number, train, validation, time.monotonic() - began)
        return True

    def _validate(self, part: Part) -> Scores | None:
        chunks = cut(np.arange(len(part.targets)), activations.BATCH, training=False)
        return run_epoch(
            self.prepared.model,
            self._batches(part, chunks, epoch=None),
            self.prepared.task,
            self.device,
            on_step=lambda images, totals: self.reporter.stepped(self.position, images, None),
        )

    def _batches(
        self, part: Part, chunks: list[np.ndarray], epoch: int | None
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for chunk, inputs in zip(chunks, part.source.batches(chunks, epoch)):
            yield inputs, part.targets[torch.from_numpy(chunk).to(part.targets.device)]

    def _before_step(self) -> None:
        set_learning_rate(self.optimizer, learning_rate(self.recipe, self.position.done, self.position.total))

    def _after_step(self, images: int, totals: torch.Tensor) -> bool:
        self.position.step += 1
        self.position.done += 1
        return self.reporter.stepped(self.position, images, totals)

    def _record(self, number: int, train: Scores, validation: Scores | None, seconds: float) -> None:
        """Remember the epoch. The best is the one whose validation the task ranks highest."""
        state, judged, rank = self.state, validation or train, self.prepared.task.rank
        best = state.best_scores.get("validation") or state.best_scores.get("train")
        better = best is None or rank(judged) > rank(Scores(**best))
        state.epoch = number
        if better:
            state.best, state.best_epoch = self.prepared.moving_state(), number
            state.best_scores = {"train": asdict(train), "validation": asdict(validation) if validation else None}
        rate = self.optimizer.param_groups[0]["lr"]
        self.reporter.write(EpochEnded(number, train, validation, rate, seconds, better))

    # What is kept -------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        """A checkpoint of the epoch that has just ended."""
        state = self.state
        state.model = self.prepared.moving_state()
        state.optimizer, state.scaler = self.optimizer.state_dict(), self.scaler.state_dict()
        state.rng, state.seconds = checkpoints.random_state(), self.seconds
        checkpoints.save(self.checkpoint_path, state)

    def _finish(self) -> None:
        """The bundle of the best epoch, and the last word."""
        state = self.state
        if state.best_epoch is None:
            self._end("stopped", "Stopped before the first epoch ended, so there is nothing to predict with.")
            return
        self.prepared.load_moving_state(state.best)
        write_bundle(self.directory / "bundle", self.prepared, self.recipe, state)
        if state.epoch == self.recipe.epochs:
            self._end("finished", f"Finished. The weights of epoch {state.best_epoch}, the best one, were kept.")
        else:
            message = (
                f"Stopped after {_epochs(state.epoch)}. The weights of epoch {state.best_epoch}, the best, were kept."
            )
            self._end("stopped", message)

    def fail(self, message: str) -> None:
        """The last word of a run that cannot go on; what was best until then is kept if it still can be."""
        if self.state.best_epoch is not None:
            try:
                self.prepared.load_moving_state(self.state.best)
                write_bundle(self.directory / "bundle", self.prepared, self.recipe, self.state)
                message += f" The weights of epoch {self.state.best_epoch}, the best so far, were kept."
            except Exception:  # the same trouble again, most likely: the checkpoint is still there
                pass
        self._end("failed", message)

    def _end(self, status: str, message: str) -> None:
        state = self.state
        scores = {part: Scores(**said) for part, said in state.best_scores.items() if said}
        self.reporter.write(
            Ended(
                status,  # type: ignore[arg-type]
                message,
                seconds=round(self.seconds, 3),
                epochs=state.epoch,
                best_epoch=state.best_epoch,
                train=scores.get("train"),
                validation=scores.get("validation"),
            )
        )


def _epochs(number: int) -> str:
    return f"{number} epoch" if number == 1 else f"{number} epochs"
