"""A recipe carried out, inside its worker: prepare, then the epochs, then the bundle.

trainer.py    the run: what comes after what
learner.py    one epoch: steps along the gradient, or a head that is solved for
loop.py       one pass over the batches
plan.py       what is frozen when, and how large each step is
requests.py   what someone asks meanwhile
saving.py     checkpoints
ending.py     what is kept, and the last word
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.data.dataset import Dataset
from core.errors import RunError
from core.runtime.device import Device
from core.runtime.distributed import ALONE, Team
from core.runtime.tuning import Chosen
from core.tasks.scores import Scores
from core.training import checkpoints, plan, solving
from core.training.batches import steps_of
from core.training.checkpoints import Checkpoint, State
from core.training.ending import Keep, Learned, Outcome, keep_bundle
from core.training.finishing import Finished
from core.training.learner import Solution, Steps
from core.training.loop import OnStep
from core.training.pace import Pace, work_of
from core.training.plan import Phase
from core.training.preparation import Material, Prepared, prepare
from core.training.process.control import Asked
from core.training.process.events import Changed, EpochEnded, Paused, Started
from core.training.process.reporter import Position, Reporter, StopRequested
from core.training.recipe import Recipe
from core.training.requests import Requests
from core.training.saving import LossNotFinite, Saver, check_is_sound
from core.training.sources import ActivationSource
from core.training.trials.baseline import baseline_of
from core.training.trials.batch_size import settle
from core.workspace import Workspace


class Trainer:
    """One run. `run` ends by writing `Ended` or `Paused`, unless the worker was told to go away: it can then go on.

    Where a team trains, each of its processes has one, and they go through the same; all that depends on anything but
    the recipe and the step, the leader decides.
    """

    material: Material
    steps: Steps
    prepared: Prepared | None = None
    solution: Solution | None = None  # where the head is solved for and not trained
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
        keep: Keep = keep_bundle,
    ) -> None:
        """dataset: in place of the recipe's, all of its examples otherwise divided. keep: what is done with what was
        learned."""
        self.workspace, self.directory, self.recipe, self.dataset = workspace, directory, recipe, dataset
        self.team, self.keep = team, keep
        self.device, self.reporter = device.at(recipe.precision), reporter
        self.position, self.phase = Position(), Phase(1, 1, 0, 1.0, (1, 1))
        self.totals: torch.Tensor | None = None  # of the training steps of the epoch under way
        self.saver = Saver(directory / "checkpoints")
        self.state = checkpoints.load(self.saver.folder) or Checkpoint()
        self.requests = Requests(self.state)
        self.seconds_before, self.began = self.state.seconds, time.monotonic()

    def run(self) -> None:
        torch.manual_seed(self.recipe.seed)
        try:
            self._prepare()
            while self.state.epoch < self.epochs and self._epoch():
                enough, due = self.team.agree([self._enough(), self.saver.due()])
                if enough or due or self.state.epoch == self.epochs:
                    self._save(0, None)
                if enough:
                    break
        except StopRequested:
            pass  # while something was prepared: what was learned before is kept
        if self.team.leads and not self.reporter.interrupted:
            self._pause() if self.reporter.pausing else self._finish()
            self._tell_pace()

    # One epoch ----------------------------------------------------------------------------------------------------

    def _epoch(self) -> bool:
        """Train on everything once, then validate. Returns False if someone asked to stop before the end of it."""
        number, began = self.state.epoch + 1, time.monotonic()
        self.phase = plan.phase_of(self.planned, number)
        if self.phase.frozen != self.steps.prepared.frozen_stages:
            self._save(0, None)  # to prepare takes a while, in which anything may happen
            self._enter(self.phase)
        self.position.epoch, self.position.step = number, self.state.step
        before = self.solution.state() if self.solution is not None else {}
        train = self._train(number)
        if train is None:
            self._take_back(before)
            return False
        if not math.isfinite(train.loss):
            raise LossNotFinite
        part = self.steps.prepared.validation
        validation = self.steps.evaluate(part, self._listening()) if part else None
        if part and validation is None:
            if self.solution is None:
                self._save(self.position.step, self.totals)
            self._take_back(before)
            return False
        self._record(number, train, validation, time.monotonic() - began)
        return True

    def _train(self, number: int) -> Scores | None:
        if self.solution is not None:
            self.position.done += self.position.steps
            return self.solution.train(self._listening())
        self.totals = self._totals_before()
        return self.steps.train(number, self.state.step, self.totals, self._learning_rate, self.after_step)

    def after_step(self, examples: int, totals: torch.Tensor) -> bool:
        """Tell where training is, hear what is asked, keep a checkpoint if one is due. True: the epoch ends here."""
        self.position.step += 1
        self.position.done += 1
        stop = self._stepped(examples, totals)
        self.totals = totals
        stop, due, asked = self.team.agree([stop, self.saver.due(), self._asked()])
        self._hear(asked)
        if stop or due:
            self._save(self.position.step, totals)
        return stop

    def _listening(self) -> OnStep:
        return lambda examples, totals: self.team.agree(self._stepped(examples, None))

    def _stepped(self, examples: int, totals: torch.Tensor | None) -> bool:
        return self.reporter.stepped(self.position, examples * self.team.size, totals)

    def _totals_before(self) -> torch.Tensor | None:
        """Of the epoch's steps that were taken before, which the leader has for the team."""
        if self.state.totals is None:
            return None
        totals = self.state.totals.to(self.device.torch)
        return totals if self.team.leads else torch.zeros_like(totals)

    def _take_back(self, before: State) -> None:
        """An epoch of a head that is solved for, which somebody broke off. before: the solver's state then."""
        if self.solution is not None:
            self.solution.take_back(before)
            self._save(0, None)

    def _learning_rate(self) -> float:
        rate = plan.learning_rate(self.recipe, self.phase, self._moment(), self.state.lowered)
        return rate * self.state.rate

    def _moment(self) -> float:
        """Epochs done, as a fraction."""
        return self.state.epoch + self.position.step / max(1, self.position.steps)

    def _record(self, number: int, train: Scores, validation: Scores | None, seconds: float) -> None:
        """Remember the epoch. The best is the one whose validation the task ranks highest; of a head that is solved
        for, the last, whatever its score: it is the closest to the solution, and nobody has chosen it."""
        state, judged, rank = self.state, validation or train, self.material.task.rank
        best = state.best_scores.get("validation") or state.best_scores.get("train")
        better = best is None or self.solution is not None or rank(judged) > rank(Scores.read(best))
        state.epoch, state.step, state.totals = number, 0, None
        self.position.step = 0
        state.waited = 0 if better else state.waited + 1
        if better:
            self._remember_best(number, train, validation)
        elif self.recipe.schedule == "plateau" and state.waited % self.recipe.step_epochs == 0:
            state.lowered += 1
        rate = 0.0 if self.solution is not None else self.steps.learning_rate
        self.reporter.write(EpochEnded(number, train, validation, rate, seconds, better))

    def _remember_best(self, number: int, train: Scores, validation: Scores | None) -> None:
        with self.steps.kept_weights():
            found = self.steps.prepared.moving_state()
        if not all(tensor.isfinite().all() for tensor in found.values()):
            raise LossNotFinite
        self.state.best, self.state.best_epoch = found, number
        self.state.best_scores = {
            "train": train.flat(),
            "validation": validation.flat() if validation else None,
        }

    def _enough(self) -> bool:
        """Whether to end here: someone asked, or nothing has become better for long."""
        return self.reporter.stopping() or self._out_of_patience()

    def _out_of_patience(self) -> bool:
        return 0 < self.recipe.patience <= self.state.waited and not self.requests.want_all_epochs()

    # What comes before the first one, and where more stages become free -------------------------------------------

    @property
    def planned(self) -> tuple[Phase, ...]:
        return plan.phases(self.recipe, len(self.material.backbone.stages), self.state.changes)

    @property
    def epochs(self) -> int:
        return self.planned[-1].last

    def _prepare(self) -> None:
        """From nothing, or from the last checkpoint, to where the next step can be taken."""
        chosen = Chosen(self.directory / "chosen.json", self.team.leads)
        mine = (self.workspace, self.recipe, self.device, self.reporter)
        self.material = Material(*mine, self.dataset, self.team, chosen)
        self._settle_batch_size()
        self._hear(self.team.agree(self._asked()))
        state, phase = self.state, plan.phase_of(self.planned, self.state.epoch + 1)
        self.device.spread(True)
        self.prepared = prepare(self.material, self._frozen_before(phase))
        self._announce(self.prepared)
        if self.team.leads and not state.model and (simple := baseline_of(self.material, self.prepared)) is not None:
            self.reporter.write(simple)
        self._restore(self.prepared)
        self._set_out()
        if phase.frozen != self.prepared.frozen_stages:
            self._enter(phase)
        steps = len(steps_of(np.arange(len(self.prepared.train)), self.recipe))
        self.position = Position(steps=steps, done=state.epoch * steps + state.step, total=self.epochs * steps)
        self.position.step = state.step
        self.reporter.begin("training", done=self.position.done)

    def _settle_batch_size(self) -> None:
        """Where it is left to the device; it stays what it was when the run began."""
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

    def _announce(self, prepared: Prepared) -> None:
        material, judge = self.material, prepared.validation or prepared.train
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

    def _restore(self, prepared: Prepared) -> None:
        """The weights, the optimizer, and all that the last checkpoint knows about where they were."""
        if self.state.model:
            self.material.load(self.state.model)
        if not self.team.leads:  # else all would leave out the same units
            torch.manual_seed(self.recipe.seed + self.team.rank)
        self.steps = Steps(self.material, prepared)
        if self.state.model:
            self.steps.restore(self.state)

    def _set_out(self) -> None:
        """What was prepared can be trained."""
        self.steps.begin()
        prepared = self.steps.prepared
        all_frozen = prepared.frozen_stages == len(self.material.backbone.stages)
        self.device.spread(not (all_frozen and isinstance(prepared.train.source, ActivationSource)))
        self.solution = self._solution(prepared) if solving.is_solved(self.material, prepared) else None

    def _solution(self, prepared: Prepared) -> Solution:
        self.device.spread(True)
        if self.state.solver:
            return Solution(self.steps, solving.resumed(self.material, prepared.train, self.state.solver))
        self.reporter.begin("fitting")
        chosen = solving.strength_for(self.material, prepared.train, self.reporter.prepared)
        return Solution(self.steps, solving.solver_of(self.material, prepared.train, **chosen))

    def _enter(self, phase: Phase) -> None:
        """More stages are free from now on."""
        self.device.spread(True)
        self.prepared = prepare(self.material, phase.frozen)
        before, self.steps = self.steps, Steps(self.material, self.prepared)
        self.steps.go_on_from(before)
        self._set_out()
        if self.state.best_epoch is not None:  # what was frozen then was as it is now
            self.state.best = {**self.prepared.moving_state(), **self.state.best}
        self.reporter.begin("training", done=self.position.done)
        stages = len(self.material.backbone.stages)
        words = (
            f"{phase.frozen} of {stages} stages are frozen from here" if phase.frozen else "Nothing is frozen from here"
        )
        self.reporter.write(Changed(self.state.epoch, "phase", words, self.epochs, phase.frozen, self._trainable()))

    # What is asked meanwhile --------------------------------------------------------------------------------------

    def _asked(self) -> list[Any]:
        return [asdict(each) for each in self.reporter.changes(self.state.heard)]

    def _hear(self, asked: list[dict[str, Any]]) -> None:
        for each in (Asked(**said) for said in asked):
            self.state.heard = each.number
            if each.kind == "learning_rate":
                self.phase = plan.phase_of(self.planned, self.state.epoch + 1)  # not known yet before the first epoch
                self._tell("learning_rate", self.requests.change_rate(each.value, self._learning_rate()))
            else:
                under_way = min(self.state.epoch + (1 if self.state.step or self.position.epoch else 0), self.epochs)
                words = self.requests.change_plan(each, under_way)
                self.position.total = self.epochs * self.position.steps
                self._tell("unfreeze" if each.kind == "unfreeze" else "extend", words)

    def _tell(self, kind: str, words: str | None) -> None:
        if words is not None:
            self.reporter.write(Changed(self._moment(), kind, words, self.epochs))  # type: ignore[arg-type]

    # What is kept -------------------------------------------------------------------------------------------------

    def _save(self, step: int, totals: torch.Tensor | None) -> None:
        """A checkpoint, after so many steps of the epoch under way. Raises as `check_is_sound`."""
        totals = None if totals is None else self.team.sum(totals)
        try:
            check_is_sound(self.steps.prepared, totals)
        except RunError:
            self._forget()
            raise
        rng = self.team.gather(checkpoints.random_state())
        if self.team.leads:
            with self.saver.writing() as write:
                write(self._checkpoint(step, totals, rng))

    def _checkpoint(self, step: int, totals: torch.Tensor | None, rng: State) -> Checkpoint:
        kept = Checkpoint(**{**vars(self.state), "step": step, "totals": None if totals is None else totals.cpu()})
        kept.model = self.steps.prepared.moving_state()
        self.steps.keep_in(kept)
        kept.solver = solving.state_of(self.solution.solver) if self.solution is not None else {}
        kept.rng, kept.seconds = rng, self.seconds
        return kept

    def _forget(self) -> None:
        """What was learned since the last checkpoint."""
        self.state = checkpoints.load(self.saver.folder) or Checkpoint()
        self.requests = Requests(self.state)

    @property
    def seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.began

    def _pause(self) -> None:
        self.reporter.write(Paused(self._moment(), self.epochs))

    def _tell_pace(self) -> None:
        """To runs that come after."""
        self.reporter.finish()
        if self.state.epoch and (prepared := self.prepared) is not None:
            backbone, stages = self.recipe.backbone, len(self.material.backbone.stages)
            work, examples = work_of(self.workspace, self.recipe, self.material.dataset), len(prepared.train)
            pace = Pace.of(self.workspace, backbone, work)
            pace = pace.after(self.reporter.spent, prepared.frozen_stages, stages, examples)
            pace.keep(self.workspace, backbone, work)

    def _finish(self) -> None:
        """What the best epoch learned is kept, and the last word is said."""
        self.reporter.begin("finishing")
        if self.state.best_epoch is None:
            message = "Stopped before the first epoch ended, so there is nothing to predict with."
            self.reporter.write(self._outcome().event("stopped", message, self.seconds))
            return
        try:
            self._keep_best()
        except StopRequested:  # the worker must leave: whoever resumes the run finishes it
            return
        outcome = self._outcome()
        self.reporter.write(outcome.event(outcome.status(), outcome.words(), self.seconds))

    def _keep_best(self) -> None:
        self.material.load(self.state.best)
        self.reporter.finishing = True
        self.device.spread(True)
        if self.prepared is None:  # a run that went on was stopped while it was prepared
            self.prepared = prepare(self.material, plan.phase_of(self.planned, self.state.epoch).frozen)
        solver = self.solution.solver if self.solution is not None else None
        learned = Learned(self.directory, self.material, self.prepared, self.state, solver)
        self.finished = self.keep(learned)

    def fail(self, message: str, error: str = "") -> None:
        """The last word of a run that cannot go on; what was best until then is kept if it still can be."""
        if self.state.best_epoch is not None:
            try:
                self._keep_best()
                message += f" The weights of epoch {self.state.best_epoch}, the best so far, were kept."
            except Exception:  # the same trouble again, most likely: the checkpoint is still there
                pass
        self.reporter.write(self._outcome().event("failed", message, self.seconds, error))

    def _outcome(self) -> Outcome:
        solved, prepared = self.solution is not None, self.prepared
        judged_on = len(prepared.validation) if prepared is not None and prepared.validation else 0
        planned = self.epochs if prepared is not None else 0
        return Outcome(self.state, solved, planned, self._out_of_patience(), judged_on, self.finished)
