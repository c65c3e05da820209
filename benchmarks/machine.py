"""What a measurement was taken on."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

from core.runtime.device import available_cores, choose_device

LIBRARIES = ("torch", "torchvision", "timm")


@dataclass(frozen=True)
class Machine:
    date: str
    processor: str
    cores: int
    device: str
    system: str
    python: str
    libraries: dict[str, str]

    def line(self) -> str:
        names = ", ".join(f"{name} {number}" for name, number in self.libraries.items())
        device = "" if self.device.startswith("CPU") else f" {self.device};"
        return f"{self.date};{device} {self.processor}, {self.cores} cores; Python {self.python}, {names}."


def describe_machine() -> Machine:
    return Machine(
        date=date.today().isoformat(),
        processor=_processor(),
        cores=available_cores(),
        device=choose_device().name,
        system=f"{platform.system()} {platform.machine()}",
        python=sys.version.split()[0],
        libraries={name: version(name) for name in LIBRARIES},
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    said = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
    return said or platform.processor() or platform.machine()
