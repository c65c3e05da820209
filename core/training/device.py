"""Which device trains, and how to use all of it."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import torch
from torch import dtype as DType
from torch.amp import GradScaler


@dataclass(frozen=True)
class Device:
    """A torch device, and the dtype that autocast uses on it (None: plain float32)."""

    torch: torch.device
    name: str
    autocast_dtype: DType | None

    def autocast(self) -> AbstractContextManager[object]:
        dtype = self.autocast_dtype
        return torch.autocast(self.torch.type, dtype=dtype or torch.bfloat16, enabled=dtype is not None)

    def at(self, precision: str) -> Device:
        """The same device in this precision: "float32", "bfloat16", "float16", or "auto" for its own."""
        if precision == "auto":
            return self
        return replace(self, autocast_dtype=None if precision == "float32" else getattr(torch, precision))

    def scaler(self) -> GradScaler:
        """Keeps float16 gradients from vanishing; does nothing in any other dtype."""
        return GradScaler(self.torch.type, enabled=self.autocast_dtype is torch.float16)

    def peak_memory(self) -> int | None:
        """Bytes: the GPU's at its peak, else this process's; None where the system does not tell."""
        if self.torch.type == "cuda":
            return int(torch.cuda.max_memory_allocated())
        try:
            import resource
        except ImportError:  # Windows
            return None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def choose_device(wanted: str | None = None) -> Device:
    """The GPU there is, else the CPU with all its cores. `wanted` or $GRAFT_DEVICE overrides ("cpu", "cuda:1")."""
    wanted = wanted or os.environ.get("GRAFT_DEVICE")
    if wanted is None:
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    device = torch.device(wanted)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
        return Device(device, torch.cuda.get_device_name(device), dtype)
    if device.type == "mps":
        return Device(device, "Apple GPU", None)
    cores = available_cores()
    torch.set_num_threads(cores)
    return Device(device, f"CPU, {cores} {'core' if cores == 1 else 'cores'}", None)


def available_cores() -> int:
    """How many cores this process may use, which a container can make fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
