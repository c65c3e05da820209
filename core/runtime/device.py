"""Which device trains, and how to use all of it."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import dtype as DType
from torch.amp import GradScaler

from core.errors import RunError
from core.processes import available_cores
from core.runtime.distributed import ALONE, Team


@dataclass(frozen=True)
class Device:
    """A torch device, and the dtype that autocast uses on it (None: plain float32). threads: a CPU's."""

    torch: torch.device
    name: str
    autocast_dtype: DType | None
    threads: int = 1

    def spread(self, much: bool) -> None:
        """Work with all threads of a CPU; or, where there is not much to do in a step, with one: several would spend
        longer waiting for each other."""
        if self.torch.type == "cpu":
            torch.set_num_threads(self.threads if much else 1)

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
        if Path("/proc/self/status").exists():  # unlike getrusage, it does not begin with what the parent once took
            return 1024 * _said("/proc/self/status", "VmHWM:")
        try:
            import resource
        except ImportError:  # Windows
            return None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def forget_peak(device: Device) -> None:
    """Let `Device.peak_memory` begin anew, where the system can."""
    if device.torch.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device.torch)
    else:
        with suppress(OSError):  # https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
            Path("/proc/self/clear_refs").write_text("5")


def free_memory(device: Device) -> int | None:
    """Bytes that may still be taken, of the GPU's or of this machine's memory; None where the system does not tell."""
    if device.torch.type == "cuda":
        free = torch.cuda.mem_get_info(device.torch)[0]
        return free + torch.cuda.memory_reserved(device.torch) - torch.cuda.memory_allocated(device.torch)
    if device.torch.type != "cpu" or not Path("/proc/meminfo").exists():
        return None
    free = 1024 * _said("/proc/meminfo", "MemAvailable:")
    limit = Path("/sys/fs/cgroup/memory.max")  # of a container
    if limit.exists() and (most := limit.read_text().strip()).isdecimal():
        taken = int(Path("/sys/fs/cgroup/memory.current").read_text())
        free = min(free, int(most) - taken + _said("/sys/fs/cgroup/memory.stat", "inactive_file"))
    return max(0, free)


def memory_in_use(device: Device) -> int:
    """Bytes of this process at this moment, in the memory that `free_memory` tells of."""
    if device.torch.type == "cuda":
        return int(torch.cuda.memory_allocated(device.torch))
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(
        sign in str(error) for sign in ("out of memory", "not enough memory", "can't allocate memory")
    )


def _said(path: str, name: str) -> int:
    """The number after a name in one of the kernel's tables."""
    return next(int(line.split()[1]) for line in Path(path).read_text().splitlines() if line.startswith(name))


def choose_device(wanted: str | None = None, team: Team = ALONE) -> Device:
    """The GPU there is, else the CPU with all its cores. `wanted` or $GRAFT_DEVICE overrides ("cpu", "cuda:1").

    In a team each process of a machine has its own GPU, or its part of the cores.

    Raises:
        RunError: the machine has fewer devices than that.
    """
    device = _usual(wanted)
    if team.size > 1 and device.type != "cpu":
        device = _own(device, team)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
        return Device(device, torch.cuda.get_device_name(device), dtype)
    if device.type == "mps":
        return Device(device, "Apple GPU", None)
    cores = max(1, available_cores() // team.many_here)
    torch.set_num_threads(cores)
    return Device(device, f"CPU, {cores} {'core' if cores == 1 else 'cores'}", None, cores)


def wants_cuda() -> bool:
    """Whether `choose_device` will choose a GPU of this kind."""
    return _usual().type == "cuda"


def _usual(wanted: str | None = None) -> torch.device:
    wanted = wanted or os.environ.get("GRAFT_DEVICE")
    if wanted is None:
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    return torch.device(wanted)


def _own(device: torch.device, team: Team) -> torch.device:
    """Of several devices of a kind, the one for this process."""
    there = torch.cuda.device_count() if device.type == "cuda" and device.index is None else 1
    if there < team.many_here:
        has = f"this machine has {there}" if device.index is None else f"GRAFT_DEVICE={device} lets it have one"
        raise RunError(
            f"The run asks for {team.many_here} devices, but {has}. Go on with fewer: "
            "python -m core resume RUN --devices N"
        )
    own = torch.device(device.type, team.here) if device.index is None and device.type == "cuda" else device
    if own.type == "cuda":
        torch.cuda.set_device(own)
    return own
