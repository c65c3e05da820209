"""When a run writes a checkpoint, and what it refuses to keep."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch

from core.errors import RunError
from core.training import checkpoints
from core.training.checkpoints import Checkpoint
from core.training.preparation import Prepared

SECONDS_BETWEEN = 2.0
SHARE = 0.03  # of a run's time at most goes into writing them

DAMAGED = (
    "Somebody wrote into Graft's cache while the run read from it. Press Resume: what was damaged is made again, and "
    "the run goes on from its last good checkpoint."
)


class LossNotFinite(Exception):
    """The loss became infinite or not a number: the run has gone astray. Never leaves core.training."""


class Saver:
    """Writes checkpoints into `folder`, so often that a kill costs seconds, and so seldom that writing costs little."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.last, self.wait = time.monotonic(), SECONDS_BETWEEN

    def due(self) -> bool:
        return time.monotonic() - self.last > self.wait

    @contextmanager
    def writing(self) -> Iterator[Callable[[Checkpoint], None]]:
        """Gives what writes a checkpoint; how long the block takes decides when the next one is due."""
        began = time.monotonic()
        yield partial(checkpoints.save, self.folder)
        self.last = time.monotonic()
        self.wait = max(SECONDS_BETWEEN, (self.last - began) / SHARE)


def check_is_sound(prepared: Prepared, totals: torch.Tensor | None) -> None:
    """
    Raises:
        LossNotFinite: nothing good could be kept.
        RunError: nor could it, as what was learned from is not what was kept.
    """
    if totals is not None and not totals[0].isfinite():
        raise LossNotFinite
    read = [part.source for part in (prepared.train, prepared.validation) if part is not None]
    if any(source.is_damaged() for source in read):
        raise RunError(DAMAGED)
