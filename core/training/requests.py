"""What someone asks of a run at work: another learning rate, more epochs, more free stages."""

from __future__ import annotations

from dataclasses import dataclass

from core.training.checkpoints import Checkpoint
from core.training.plan import Change
from core.training.process.control import Asked


@dataclass
class Requests:
    """Heeds them in the order in which they came, and remembers in the checkpoint what became of them."""

    state: Checkpoint

    def change_rate(self, wanted: float, now: float) -> str | None:
        """From the next step on; the schedule goes on from there. Returns what to tell, None if nothing changed.

        now: the learning rate as it is.
        """
        if wanted <= 0 or now <= 0:
            return None
        self.state.rate *= wanted / now
        return f"Learning rate {wanted:g}"

    def change_plan(self, asked: Asked, under_way: int) -> str | None:
        """From the epoch after `under_way` on. Returns as `change_rate`."""
        number = int(asked.value)
        if number < 1:
            return None
        if asked.kind == "unfreeze":
            self.state.changes.append(Change("unfreeze", under_way, number))
        else:
            self._extend(number, under_way, ended=asked.kind == "extend_ended")
        noun = "free stage" if asked.kind == "unfreeze" else "epoch"
        return f"{number} more {noun}{'s' * (number != 1)}"

    def _extend(self, epochs: int, under_way: int, ended: bool) -> None:
        """ended: the run was over, so that an epoch that was broken off is the first of these."""
        self.state.waited = 0
        if ended and under_way:
            self.state.changes.append(Change("end", under_way, 0))
            epochs -= under_way - self.state.epoch
        if epochs:
            self.state.changes.append(Change("extend", under_way, epochs))

    def want_all_epochs(self) -> bool:
        """Whether the run was over when somebody asked for more epochs: they get all of them."""
        kinds = [change.kind for change in self.state.changes if change.kind in ("end", "extend")]
        return kinds[-1:] == ["end"] or kinds[-2:] == ["end", "extend"]
