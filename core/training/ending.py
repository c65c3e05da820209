"""A run's last word: what was kept, and why it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.tasks.scores import Scores
from core.training.bundle import write_bundle
from core.training.caution import write_caution
from core.training.checkpoints import Checkpoint
from core.training.finishing import Finished, finish
from core.training.linear import Solver
from core.training.preparation import Material, Prepared
from core.training.process.events import Ended


@dataclass(frozen=True)
class Learned:
    """All that there is when the epochs are over. The network holds the best epoch's weights.

    solver: of the head, where it was solved for.
    """

    directory: Path
    material: Material
    prepared: Prepared
    state: Checkpoint
    solver: Solver | None


# What is done with it. Raises StopRequested where the worker must leave; the run can then be taken up again here.
Keep = Callable[[Learned], Finished | None]


def keep_bundle(learned: Learned) -> Finished:
    """Refit, score the test part, and write the bundle."""
    found = finish(learned.material, learned.prepared, learned.solver)
    folder = learned.directory / "bundle"
    write_bundle(folder, learned.material, learned.state, found)
    write_caution(folder, learned.material, learned.prepared.frozen_stages)
    return found


@dataclass(frozen=True)
class Outcome:
    """solved: whether the head was solved for. planned: epochs. out_of_patience: nothing became better for long.
    judged_on: images of the validation part."""

    state: Checkpoint
    solved: bool
    planned: int
    out_of_patience: bool
    judged_on: int
    finished: Finished | None

    def status(self) -> Literal["finished", "stopped"]:
        through = self.state.epoch == self.planned or (self.out_of_patience and not self.solved)
        return "finished" if through else "stopped"

    def words(self) -> str:
        state = self.state
        if self.solved:
            return self._solved_words()
        kept = f"The weights of epoch {state.best_epoch}, the best"
        if state.epoch == self.planned:
            return f"Finished. {kept} one, were kept."
        if self.out_of_patience:
            waited = _epochs(state.waited)
            return f"Stopped early after {_epochs(state.epoch)}: no improvement for {waited}. {kept}, were kept."
        return f"Stopped after {_epochs(state.epoch)}. {kept}, were kept."

    def _solved_words(self) -> str:
        state = self.state
        done = "Finished" if state.epoch == self.planned else f"Stopped after {_epochs(state.epoch)}"
        if self.finished is None or not self.finished.refitted:
            return f"{done}. The head is the one of the last epoch."
        return (
            f"{done}. In the end the head was fitted once more, on all {self.finished.learned_from:,} labeled images; "
            f"the validation score is from before that, of {self.judged_on:,} images that it had not seen."
        )

    def event(
        self, status: Literal["finished", "stopped", "failed"], message: str, seconds: float, error: str = ""
    ) -> Ended:
        scores = {part: Scores.read(said) for part, said in self.state.best_scores.items() if said}
        validated = "validation" in scores
        return Ended(
            status,
            message,
            seconds=round(seconds, 3),
            epochs=self.state.epoch,
            best_epoch=self.state.best_epoch,
            train=scores.get("train"),
            validation=scores.get("validation"),
            error=error,
            judged_on=self.judged_on if validated else 0,
            chosen=validated and not self.solved,
            **self._found(),
        )

    def _found(self) -> dict[str, Any]:
        found = self.finished
        if found is None:
            return {}
        kept = {"test": found.test, "tested_on": found.tested_on}
        return {**kept, "learned_from": found.learned_from, "refitted": found.refitted}


def _epochs(number: int) -> str:
    return f"{number} epoch" if number == 1 else f"{number} epochs"
