"""How many devices of this machine can train a run together."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def how_many(environment: Mapping[str, str] = os.environ, system: Path = Path("/dev")) -> int:
    """At least 1: $GRAFT_DEVICES if set, as for processes of a CPU, else the GPUs. Does not ask torch, which takes
    seconds to import; should there be fewer after all, the run says so."""
    said = environment.get("GRAFT_DEVICES", "")
    if said.isdecimal():
        return max(1, int(said))
    if environment.get("GRAFT_DEVICE", "cuda") != "cuda":
        return 1
    there = gpus(system)
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    return max(1, there if visible is None else min(there, len([each for each in visible.split(",") if each.strip()])))


def gpus(system: Path = Path("/dev")) -> int:
    """How many of NVIDIA's a Linux machine has."""
    return len(list(system.glob("nvidia[0-9]*")))
