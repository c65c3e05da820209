"""A checkpoint: what a run needs to go on where it was. Written beside its place and renamed, read without pickle."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from core.workspace import atomic_open

State = dict[str, torch.Tensor]


@dataclass
class Checkpoint:
    """epoch: how many are done. model, best: what training moves, now and after the best epoch."""

    epoch: int = 0
    model: State = field(default_factory=dict)
    best: State = field(default_factory=dict)
    best_epoch: int | None = None
    optimizer: dict[str, Any] = field(default_factory=dict)
    scaler: dict[str, Any] = field(default_factory=dict)
    rng: State = field(default_factory=dict)
    best_scores: dict[str, dict[str, float] | None] = field(default_factory=dict)
    seconds: float = 0.0


def save(path: Path, checkpoint: Checkpoint) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_open(path, "wb") as file:
        torch.save(vars(checkpoint), file)


def load(path: Path) -> Checkpoint | None:
    """The checkpoint at `path`, on the CPU; None where there is none."""
    if not path.exists():
        return None
    return Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))


def random_state() -> State:
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def restore_random_state(states: State) -> None:
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])
