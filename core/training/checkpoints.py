"""A checkpoint: what a run needs to go on where it was, to the bit. Two are kept, so that one is always whole.

Each is written beside its place and renamed, and read without pickle.
"""

from __future__ import annotations

import logging
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from core.runtime.distributed import named
from core.training.plan import Change
from core.workspace import atomic_open

State = dict[str, torch.Tensor]
LAST, BEFORE = "last.pt", "before.pt"


@dataclass
class Checkpoint:
    """Where a run is.

    Attributes:
        epoch: How many are done. step: How many of the one under way. totals: What the loop has summed in it.
        model, best: What training moves, now and after the best epoch. average: The running mean of it.
        waited: Epochs since the best. lowered: How often the schedule "plateau" has lowered the rate.
        rate: What someone has made the learning rate times. changes: Of the plan. heard: How many requests were heeded.
        batch_size: The recipe's, or what was found for the device. solver: Where a head is solved for, see solving.py.
    """

    epoch: int = 0
    step: int = 0
    totals: torch.Tensor | None = None
    model: State = field(default_factory=dict)
    average: State = field(default_factory=dict)
    best: State = field(default_factory=dict)
    best_epoch: int | None = None
    best_scores: dict[str, dict[str, float | None] | None] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    scaler: dict[str, Any] = field(default_factory=dict)
    solver: State = field(default_factory=dict)
    rng: State = field(default_factory=dict)
    waited: int = 0
    lowered: int = 0
    rate: float = 1.0
    changes: list[Change] = field(default_factory=list)
    heard: int = 0
    batch_size: int | None = None
    seconds: float = 0.0


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Becomes the last one; the last one becomes the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {**vars(checkpoint), "changes": [asdict(change) for change in checkpoint.changes]}
    with atomic_open(folder / LAST, "wb", before=lambda: _step_back(folder)) as file:
        torch.save(kept, file)


def _step_back(folder: Path) -> None:
    if (folder / LAST).exists():
        os.replace(folder / LAST, folder / BEFORE)


def load(folder: Path) -> Checkpoint | None:
    """The last checkpoint that is whole, on the CPU; None where there is none."""
    for name in (LAST, BEFORE):
        if (folder / name).exists():
            try:
                kept = torch.load(folder / name, map_location="cpu", weights_only=True)
                changes = [Change(**change) for change in kept.pop("changes", ())]
                return Checkpoint(**kept, changes=changes)
            except Exception:  # torch raises nearly anything on damaged bytes
                logging.exception("The checkpoint %s cannot be read", name)
    return None


def random_state() -> State:
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def restore_random_state(states: State, rank: int = 0) -> None:
    """That of a process of the team; one that was not in it has none, and keeps its own."""
    cpu, cuda = named("cpu", rank), named("cuda", rank)
    if cpu in states:
        torch.set_rng_state(states[cpu])
    if cuda in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states[cuda])
