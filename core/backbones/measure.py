"""Write catalogue.json: what the installed libraries say about their models, and what they do not say, computed.

    python -m core.backbones.measure

Run it when the pinned versions of torchvision or timm change. Parameters and GFLOPs are counted on the meta device,
where nothing is computed; a model that takes longer than `SECONDS` is left without them.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from core.backbones.catalogue import DATA, BackboneInfo, catalogue
from core.backbones.registries import bundled, timm_models, torchvision_models
from core.workspace import atomic_open

SECONDS = 20


def measured(info: BackboneInfo) -> BackboneInfo:
    """With parameters and GFLOPs (multiply-adds in 1e9, as torchvision counts them) where the library says neither."""
    if info.parameters and info.gflops:
        return info
    with torch.device("meta"):
        network = _whole(info).eval().requires_grad_(False)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    try:
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(torch.empty(1, 3, info.input_size, info.input_size, device="meta"))
    except (RuntimeError, NotImplementedError, ValueError, TypeError, AssertionError, IndexError):
        return replace(info, parameters=parameters)
    return replace(info, parameters=parameters, gflops=round(counter.get_total_flops() / 2e9, 3))


def _whole(info: BackboneInfo) -> torch.nn.Module:
    """With its last layer."""
    if info.builder == "torchvision":
        from torchvision.models import get_model

        return get_model(info.architecture, weights=None)
    import timm

    return timm.create_model(f"{info.architecture}.{info.tag}", pretrained=False)


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def _measured_or_blank(info: BackboneInfo) -> BackboneInfo:
    try:
        with _at_most(SECONDS):
            return measured(info)
    except Exception as error:  # noqa: BLE001 - whatever a library's model does, the others still count
        print(f"{info.name}: {type(error).__name__}: {error}", file=sys.stderr)
        return info


def _row(info: BackboneInfo) -> list[Any]:
    preprocessing = info.preprocessing.model_dump(exclude={"fit", "rendering"})
    return list((asdict(info) | {"preprocessing": list(preprocessing.values())}).values())


def _versions() -> dict[str, str]:
    return {library: version(library) for library in ("torch", "torchvision", "timm")}


def _known() -> dict[str, BackboneInfo]:
    """What was measured before with the same libraries: only what is blank is measured again."""
    same = DATA.exists() and json.loads(DATA.read_text(encoding="utf-8"))["versions"] == _versions()
    return {info.name: info for info in catalogue()} if same else {}


def main() -> None:
    infos = [*bundled(), *torchvision_models(), *timm_models()]
    known = _known()
    rows = []
    for number, info in enumerate(infos, 1):
        if before := known.get(info.name):
            info = replace(info, parameters=before.parameters, gflops=before.gflops)
        rows.append(_row(_measured_or_blank(info)))
        if number % 100 == 0:
            print(f"{number} of {len(infos)}", file=sys.stderr)
    lines = ",\n".join(json.dumps(row, separators=(",", ":"), allow_nan=False) for row in rows)
    with atomic_open(DATA) as file:
        file.write(f'{{"versions": {json.dumps(_versions())},\n"backbones": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
