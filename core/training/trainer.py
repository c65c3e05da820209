"""A recipe carried out, inside its worker: prepare, then the epochs, then the bundle."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from core.data.dataset import Dataset
from core.errors import RunError
from core.runtime.device import Device
from core.runtime.distributed import ALONE, Team
from core.runtime.tuning import Chosen
from core.tasks.scores import Scores
from core.training import checkpoints, plan, solving
from core.training.averaging import Average
from core.training.batches import plain_batches, steps_of, training_batches
from core.training.bundle import write_bundle
from core.training.caution import write_caution
from core.training.checkpoints import Checkpoint
from core.training.finishing import Finished, finish
from core.training.linear import Solver
from core.training.loop import Updater, run_epoch
from core.training.optimizers import build_optimizer, carry_over, set_learning_rate
from core.training.pace import Pace
from core.training.plan import Change, Phase
from core.training.preparation import Material, Part, Prepared, prepare
from core.training.process.control import Asked
from core.training.process.events import Changed, Ended, EpochEnded, Paused, Started
from core.training.process.reporter import Position, Reporter, StopRequested
from core.training.recipe import Recipe
from core.training.sources import ActivationSource, is_damaged
from core.training.trials.baseline import baseline_of
from core.training.trials.batch_size import settle
from core.workspace import Workspace

SECONDS_BETWEEN_CHECKPOINTS = 2.0
CHECKPOINT_SHARE = 0.03  # of a run's time at most goes into writing them


class LossNotFinite(Exception):
    """The loss became infinite or not a number: the run has gone astray. Never leaves core.training."""


class Trainer:
    """One run. `run` ends by writing `Ended` or `Paused`, unless the worker was told to go away: it can then go on.

    Where a team trains, each of its processes has one, and they go through the same; all that depends on anything but
    the recipe and the step, the leader decides.
    """

    prepared: Prepared
    network: nn.Module  # the prepared model, as the team trains it
    optimizer: torch.optim.Optimizer
    average: Average | None
    solver: Solver | None = None  # of the head, where it is solved for and not trained
    finished: Finished | None = None

    def __init__(
        self,
        workspace: Workspace,
        directory: Path,
        recipe: Recipe,
        device: Device,
        reporter: Reporter,
        dataset: Dataset | None = None,
        team: Team = ALONE,
    ) -> None:
        """dataset: in place of the recipe's, all of its images otherwise divided."""
        self.workspace, self.directory, self.recipe, self.dataset = workspace, directory, recipe, dataset
        self.team = team
        self.device, self.reporter = device.at(recipe.precision), reporter
        self.position, self.phase = Position(), Phase(1, 1, 0, 1.0, (1, 1))
        self.totals: torch.Tensor | None = None  # of the training steps of the epoch under way
        self.folder = directory / "checkpoints"
        self.state = checkpoints.load(self.folder) or Checkpoint()
        self.seconds_before, self.began = self.state.seconds, time.monotonic()
        self.saved_at, self.save_again_after = time.monotonic(), SECONDS_BETWEEN_CHECKPOINTS

    def run(self) -> None:
        torch.manual_seed(self.recipe.seed)
        try:
            chosen = Chosen(self.directory / "chosen.json", self.team.leads)
            mine = (self.workspace, self.recipe, self.device, self.reporter)
            self.material = Material(*mine, self.dataset, self.team, chosen)
            self._settle()
            self._hear(self.team.agree(self._asked()))
            self._begin()
            while self.state.epoch < self.epochs and self._epoch():
                enough, due = self.team.agree([self._enough(), self._due()])
                if enough or due or self.state.epoch == self.epochs:
                    self._save(0, None)
                if enough:
                    break
        except StopRequested:
            pass  # while something was prepared: what was learned before is kept
        if self.team.leads and not self.reporter.interrupted:
            self._pause() if self.reporter.pausing else self._finish()
            self._tell_pace()

    @property
    def seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.began

    @property
    def epochs(self) -> int:
        return self.planned[-1].last

    @property
    def planned(self) -> tuple[Phase, ...]:
        return plan.phases(self.recipe, len(self.material.backbone.stages), self.state.changes)

    # Beginning, and going on from a checkpoint --------------------------------------------------------------------

    def _begin(self) -> None:
        state, phase = self.state, plan.phase_of(self.planned, self.state.epoch + 1)
        self.device.spread(True)
        self.prepared = prepare(self.material, self._frozen_before(phase))
        self._announce()
        if self.team.leads and not state.model and (simple := baseline_of(self.material, self.prepared)) is not None:
            self.reporter.write(simple)
        self._restore()
        self._set_out()
        if phase.frozen != self.prepared.frozen_stages:
            self._enter(phase)
        steps = self._steps()
        self.position = Position(steps=steps, done=state.epoch * steps + state.step, total=self.epochs * steps)
        self.position.step = state.step
        self.reporter.begin("training", done=self.position.done)

    def _settle(self) -> None:
        """The batch size, where it is left to the device; it stays what it was when the run began."""
        known = self.state.batch_size
        if self.team.leads:
            self.batches_note = settle(self.material, known)
        known = self.team.agree(self.material.recipe.batch_size)
        if not self.team.leads:
            self.batches_note = settle(self.material, known)
        self.recipe = self.material.recipe
        assert isinstance(self.recipe.batch_size, int)
        self.state.batch_size = self.recipe.batch_size

    def _frozen_before(self, phase: Phase) -> int:
        """How many stages were frozen when the checkpoint was written, which may be the end of the phase before."""
        if not self.state.model or self.state.step:
            return phase.frozen
        return plan.phase_of(self.planned, self.state.epoch).frozen

    def _steps(self) -> int:
        return len(steps_of(np.arange(len(self.prepared.train)), self.recipe))

    def _announce(self) -> None:
        prepared, material = self.prepared, self.material
        judge = prepared.validation or prepared.train
        self.reporter.write(
            Started(
                self.device.name if self.team.size == 1 else f"{self.team.size} × {self.device.name}",
                self.state.epoch,
                self.epochs,
                self._trainable(),
                sum(p.numel() for p in material.parameters()),
                f"{prepared.note} {self.batches_note}".strip(),
                material.dataset.target,
                stages=len(material.backbone.stages),
                frozen=prepared.frozen_stages,
                judged_on=len(prepared.validation) if prepared.validation else 0,
                naive=material.task.constant(judge.targets),
                devices=self.team.size,
            )
        )

    def _trainable(self) -> int:
        return sum(p.numel() for p in self.material.parameters() if p.requires_grad)

    def _restore(self) -> None:
        """Optimizer and averaged weights, and all that the last checkpoint knows about where they were."""
        state = self.state
        if state.model:
            self.material.load(state.model)
        if not self.team.leads:  # else all would leave out the same units
            torch.manual_seed(self.recipe.seed + self.team.rank)
        self.optimizer = build_optimizer(self.recipe, self.prepared.depths())
        self.scaler = self.prepared.device.scaler()
        self.average = Average(self.prepared.moving.items(), self.recipe.average) if self.recipe.average else None
        if state.model:
            self.optimizer.load_state_dict(state.optimizer)
            self.scaler.load_state_dict(state.scaler)
            if self.average is not None:
                self.average.load(state.average)
            checkpoints.restore_random_state(state.rng, self.team.rank)

    def _set_out(self) -> None:
        """What was prepared can be trained."""
        self.network = self.team.trains(self.prepared.model, self.device.torch)
        all_frozen = self.prepared.frozen_stages == len(self.material.backbone.stages)
        self.device.spread(not (all_frozen and isinstance(self.prepared.train.source, ActivationSource)))
        self.solver = self._solver() if solving.is_solved(self.material, self.prepared) else None

    def _solver(self) -> Solver:
        self.device.spread(True)
        if self.state.solver:
            return solving.resumed(self.material, self.prepared.train, self.state.solver)
        self.reporter.begin("fitting")
        chosen = solving.strength_for(self.material, self.prepared.train, self.reporter.prepared)
        return solving.solver_of(self.material, self.prepared.train, **chosen)

    def _enter(self, phase: Phase) -> None:
        """More stages are free from now on."""
        self.device.spread(True)
        self.prepared = prepare(self.material, phase.frozen)
        self._set_out()
        before, self.optimizer = self.optimizer, build_optimizer(self.recipe, self.prepared.depths())
        carry_over(before, self.optimizer)
        if self.average is not None:
            followed, self.average = self.average, Average(self.prepared.moving.items(), self.recipe.average)
            self.average.load(followed.state())
        if self.state.best_epoch is not None:  # what was frozen then was as it is now
            self.state.best = {**self.prepared.moving_state(), **self.state.best}
        self.reporter.begin("training", done=self.position.done)
        stages = len(self.material.backbone.stages)
        words = (
            f"{phase.frozen} of {stages} stages are frozen from here" if phase.frozen else "Nothing is frozen from here"
        )
        self.reporter.write(Changed(self.state.epoch, "phase", words, self.epochs, phase.frozen, self._trainable()))

    # The epochs ---------------------------------------------------------------------------------------------------

    def _epoch(self) -> bool:
        """Train on everything once, then validate. Returns False if someone asked to stop before the end of it."""
        number, began = self.state.epoch + 1, time.monotonic()
        self.phase = plan.phase_of(self.planned, number)
        if self.phase.frozen != self.prepared.frozen_stages:
            self._save(0, None)  # to prepare takes a while, in which anything may happen
            self._enter(self.phase)
        self.position.epoch, self.position.step = number, self.state.step
        before = self.solver.state() if self.solver is not None else {}
        train = self._solve() if self.solver is not None else self._train(number)
        if train is None:
            self._take_back(before)
            return False
        if not math.isfinite(train.loss):
            raise LossNotFinite
        validation = self._validate(self.prepared.validation) if self.prepared.validation else None
        if self.prepared.validation and validation is None:
            if self.solver is None:
                self._save(self.position.step, self.totals)
            self._take_back(before)
            return False
        self._record(number, train, validation, time.monotonic() - began)
        return True

    def _train(self, number: int) -> Scores | None:
        self.totals = self._begun()
        return run_epoch(
            self.network,
            training_batches(self.prepared.train, self.material, number, self.state.step),
            self.material.task,
            self.prepared.device,
            Updater(self.optimizer, self.scaler, self._before_step, self._follow, self.recipe.clip, self.team.size),
            self._after_step,
            0.0 if self.totals is None else self.totals,
            self.team.sum,
        )

    def _solve(self) -> Scores | None:
        """An epoch of a head that is solved for: some iterations over all images at once. One that is broken off is
        taken again as a whole."""
        assert self.solver is not None and isinstance(self.material.head, nn.Linear)
        self.solver.run(solving.ITERATIONS)
        self.solver.put_into(self.material.head)
        self.position.done += self.position.steps
        return self._validate(self.prepared.train)

    def _take_back(self, before: checkpoints.State) -> None:
        """An epoch of a head that is solved for, which somebody broke off. before: the solver's state then."""
        if self.solver is not None:
            assert isinstance(self.material.head, nn.Linear)
            self.solver.load(before)
            self.solver.put_into(self.material.head)
            self._save(0, None)

    def _begun(self) -> torch.Tensor | None:
        """Totals of the epoch's steps that were taken before, which the leader has for the team."""
        if self.state.totals is None:
            return None
        totals = self.state.totals.to(self.device.torch)
        return totals if self.team.leads else torch.zeros_like(totals)

    def _validate(self, part: Part) -> Scores | None:
        with self.average.in_place() if self.average else nullcontext():
            return run_epoch(
                self.prepared.model,
                plain_batches(part, self.team),
                self.material.task,
                self.prepared.device,
                on_step=lambda images, totals: self.team.agree(self._stepped(images, None)),
                gather=self.team.sum,
            )

    def _moment(self) -> float:
        """Epochs done, as a fraction."""
        return self.state.epoch + self.position.step / max(1, self.position.steps)

    def _rate(self) -> float:
        rate = plan.learning_rate(self.recipe, self.phase, self._moment(), self.state.lowered)
        return rate * self.state.rate

    def _before_step(self) -> None:
        set_learning_rate(self.optimizer, self._rate())

    def _follow(self) -> None:
        if self.average is not None:
            self.average.follow()

    def _after_step(self, images: int, totals: torch.Tensor) -> bool:
        self.position.step += 1
        self.position.done += 1
        stop = self._stepped(images, totals)
        self.totals = totals
        stop, due, asked = self.team.agree([stop, self._due(), self._asked()])
        self._hear(asked)
        if stop or due:
            self._save(self.position.step, totals)
        return stop

    def _stepped(self, images: int, totals: torch.Tensor | None) -> bool:
        return self.reporter.stepped(self.position, images * self.team.size, totals)

    def _asked(self) -> list[Any]:
        return [asdict(each) for each in self.reporter.changes(self.state.heard)]

    def _record(self, number: int, train: Scores, validation: Scores | None, seconds: float) -> None:
        """Remember the epoch. The best is the one whose validation the task ranks highest; of a head that is solved
        for, the last, whatever its score: it is the closest to the solution, and nobody has chosen it."""
        state, judged, rank = self.state, validation or train, self.material.task.rank
        best = state.best_scores.get("validation") or state.best_scores.get("train")
        better = best is None or self.solver is not None or rank(judged) > rank(Scores(**best))
        state.epoch, state.step, state.totals = number, 0, None
        self.position.step = 0
        state.waited = 0 if better else state.waited + 1
        if better:
            with self.average.in_place() if self.average else nullcontext():
                found = self.prepared.moving_state()
            if not all(tensor.isfinite().all() for tensor in found.values()):
                raise LossNotFinite
            state.best, state.best_epoch = found, number
            state.best_scores = {"train": asdict(train), "validation": asdict(validation) if validation else None}
        elif self.recipe.schedule == "plateau" and state.waited % self.recipe.step_epochs == 0:
            state.lowered += 1
        rate = 0.0 if self.solver is not None else self.optimizer.param_groups[0]["lr"]
        self.reporter.write(EpochEnded(number, train, validation, rate, seconds, better))

    def _enough(self) -> bool:
        """Whether to end here: someone asked, or nothing has become better for long."""
        return self.reporter.stopping() or self._out_of_patience()

    def _out_of_patience(self) -> bool:
        """Not where the run was over when somebody asked for more epochs: they get all of them."""
        asked = [change.kind for change in self.state.changes if change.kind in ("end", "extend")]
        asked_for = asked[-1:] == ["end"] or asked[-2:] == ["end", "extend"]
        return 0 < self.recipe.patience <= self.state.waited and not asked_for

    # What is asked while it runs ----------------------------------------------------------------------------------

    def _hear(self, asked: list[dict[str, Any]]) -> None:
        for each in (Asked(**said) for said in asked):
            self.state.heard = each.number
            if each.kind == "learning_rate":
                self._change_rate(each.value)
            else:
                self._change_plan(each)

    def _change_rate(self, wanted: float) -> None:
        """From the next step on; the schedule goes on from there."""
        self.phase = plan.phase_of(self.planned, self.state.epoch + 1)  # before the first epoch, it is not known yet
        now = self._rate()
        if wanted > 0 and now > 0:
            self.state.rate *= wanted / now
            self._tell("learning_rate", f"Learning rate {wanted:g}")

    def _change_plan(self, asked: Asked) -> None:
        """From the next epoch on."""
        number = int(asked.value)
        if number < 1 or asked.kind == "learning_rate":
            return
        under_way = min(self.state.epoch + (1 if self.state.step or self.position.epoch else 0), self.epochs)
        if asked.kind == "unfreeze":
            self.state.changes.append(Change("unfreeze", under_way, number))
        else:
            self._extend(number, under_way, ended=asked.kind == "extend_ended")
        self.position.total = self.epochs * self.position.steps
        noun = "free stage" if asked.kind == "unfreeze" else "epoch"
        words = f"{number} more {noun}{'s' * (number != 1)}"
        self._tell("unfreeze" if asked.kind == "unfreeze" else "extend", words)

    def _extend(self, epochs: int, under_way: int, ended: bool) -> None:
        """ended: the run was over, so that an epoch that was broken off is the first of these."""
        self.state.waited = 0
        if ended and under_way:
            self.state.changes.append(Change("end", under_way, 0))
            epochs -= under_way - self.state.epoch
        if epochs:
            self.state.changes.append(Change("extend", under_way, epochs))

    def _tell(self, kind: str, words: str) -> None:
        self.reporter.write(Changed(self._moment(), kind, words, self.epochs))  # type: ignore[arg-type]

    # What is kept -------------------------------------------------------------------------------------------------

    def _due(self) -> bool:
        return time.monotonic() - self.saved_at > self.save_again_after

    def _save(self, step: int, totals: torch.Tensor | None) -> None:
        """A checkpoint, after so many steps of the epoch under way.

        Raises:
            LossNotFinite: nothing good could be kept.
            RunError: nor could it, as what was learned from is not what was kept.
        """
        totals = None if totals is None else self.team.sum(totals)
        if totals is not None and not totals[0].isfinite():
            raise LossNotFinite
        read = [part.source for part in (self.prepared.train, self.prepared.validation) if part is not None]
        if any(map(is_damaged, read)):
            self.state = checkpoints.load(self.folder) or Checkpoint()
            raise RunError(
                "Somebody wrote into Graft's cache while the run read from it. Press Resume: what was damaged is made "
                "again, and the run goes on from its last good checkpoint."
            )
        rng = self.team.gather(checkpoints.random_state())
        if not self.team.leads:
            return
        began, state = time.monotonic(), self.state
        kept = Checkpoint(**{**vars(state), "step": step, "totals": None if totals is None else totals.cpu()})
        kept.model = self.prepared.moving_state()
        kept.optimizer, kept.scaler = self.optimizer.state_dict(), self.scaler.state_dict()
        kept.average = self.average.state() if self.average else {}
        kept.solver = solving.state_of(self.solver) if self.solver is not None else {}
        kept.rng, kept.seconds = rng, self.seconds
        checkpoints.save(self.folder, kept)
        self.saved_at = time.monotonic()
        self.save_again_after = max(SECONDS_BETWEEN_CHECKPOINTS, (self.saved_at - began) / CHECKPOINT_SHARE)

    def _pause(self) -> None:
        self.reporter.write(Paused(self._moment(), self.epochs))

    def _tell_pace(self) -> None:
        """To runs that come after."""
        self.reporter.finish()
        if self.state.epoch:
            backbone, stages = self.recipe.backbone, len(self.material.backbone.stages)
            pace, images = Pace.of(self.workspace, backbone), len(self.prepared.train)
            found = pace.after(self.reporter.spent, self.prepared.frozen_stages, stages, images)
            found.keep(self.workspace, backbone)

    def _finish(self) -> None:
        """The bundle of the best epoch, and the last word."""
        self.reporter.begin("finishing")
        state = self.state
        if state.best_epoch is None:
            self._end("stopped", "Stopped before the first epoch ended, so there is nothing to predict with.")
            return
        try:
            self._write_bundle()
        except StopRequested:  # the worker must leave: whoever resumes the run finishes it
            return
        kept = f"The weights of epoch {state.best_epoch}, the best"
        if self.solver is not None:
            self._end("finished" if state.epoch == self.epochs else "stopped", self._solved_words())
        elif state.epoch == self.epochs:
            self._end("finished", f"Finished. {kept} one, were kept.")
        elif self._out_of_patience():
            waited = _epochs(state.waited)
            self._end(
                "finished", f"Finished after {_epochs(state.epoch)}, as {waited} brought nothing. {kept}, were kept."
            )
        else:
            self._end("stopped", f"Stopped after {_epochs(state.epoch)}. {kept}, were kept.")

    def _solved_words(self) -> str:
        done = "Finished" if self.state.epoch == self.epochs else f"Stopped after {_epochs(self.state.epoch)}"
        if self.finished is None or not self.finished.refitted:
            return f"{done}. The head is the one of the last epoch."
        learned, unseen = self.finished.learned_from, len(self.prepared.validation or ())
        return (
            f"{done}. In the end the head was fitted once more, on all {learned:,} labeled images; the validation "
            f"score is from before that, of {unseen:,} images that it had not seen."
        )

    def _write_bundle(self) -> None:
        self.material.load(self.state.best)
        self.reporter.finishing = True
        self.device.spread(True)
        self.finished = finish(self.material, self.prepared, self.solver)
        write_bundle(self.directory / "bundle", self.material, self.state, self.finished)
        write_caution(self.directory / "bundle", self.material, self.prepared.frozen_stages)

    def fail(self, message: str, error: str = "") -> None:
        """The last word of a run that cannot go on; what was best until then is kept if it still can be."""
        if self.state.best_epoch is not None:
            try:
                self._write_bundle()
                message += f" The weights of epoch {self.state.best_epoch}, the best so far, were kept."
            except Exception:  # the same trouble again, most likely: the checkpoint is still there
                pass
        self._end("failed", message, error)

    def _end(self, status: str, message: str, error: str = "") -> None:
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
                error=error,
                judged_on=len(self.prepared.validation) if scores.get("validation") and self.prepared.validation else 0,
                chosen=self.solver is None and "validation" in scores,
                **self._found(),
            )
        )

    def _found(self) -> dict[str, Any]:
        """What was found when the epochs were over."""
        found = self.finished
        if found is None:
            return {}
        kept = {"test": found.test, "tested_on": found.tested_on}
        return {**kept, "learned_from": found.learned_from, "refitted": found.refitted}


def _epochs(number: int) -> str:
    return f"{number} epoch" if number == 1 else f"{number} epochs"
