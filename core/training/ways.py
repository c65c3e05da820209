"""How the frozen stages are run on this machine: chosen by measuring, remembered, and said in words."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cosine_similarity

from core.backbones.model import Backbone
from core.training.device import Device
from core.training.folding import folded
from core.workspace import Workspace, write_json

PICTURES = 16  # to measure on
TURNS = 2
WORTH = 1.1  # times as fast, at least, for half of the digits to be given up
ALIKE = 0.999  # cosine between a row in full and in half precision, at least, for the answers to count as the same


@dataclass(frozen=True)
class Way:
    """precision: of the frozen stages' arithmetic. rate: pictures a second when it was measured, 0 if it was not.
    times: as fast as float32. alike: the smallest cosine between a row so made and one in float32."""

    precision: str = "float32"
    rate: float = 0.0
    times: float = 1.0
    alike: float = 1.0

    @property
    def words(self) -> str:
        if self.precision == "float32":
            return "float32, BatchNorm folded into the convolutions"
        return (
            f"{self.precision}, BatchNorm folded into the convolutions: {self.times:.1f} times as fast as float32 "
            f"here, and as good ({self.alike:.2%} alike)"
        )


def way_of(
    workspace: Workspace,
    backbone: Backbone,
    frozen_stages: int,
    device: Device,
    precision: str,
    pictures: Callable[[], torch.Tensor],
) -> Way:
    """The quickest way whose answers hold; the one that was found before, if there is one.

    precision: "auto", or the one that a recipe asks for. pictures: gives a few to measure on, normalised, (B, 3, S, S);
        called only if nothing is remembered.
    """
    if precision != "auto":
        return Way(precision)
    if device.autocast_dtype is not None:  # a GPU that is made for it
        return Way(str(device.autocast_dtype).removeprefix("torch."))
    if not half_is_native(device):
        return Way()
    name = f"{backbone.info.name}, {frozen_stages} stages, {device.name}, torch {torch.__version__}"
    known = _remembered(workspace).get(name)
    if known is not None:
        return Way(**known)
    found = _measured(backbone.until(frozen_stages), pictures()[:PICTURES])
    write_json(workspace.root / "measured.json", {**_remembered(workspace), name: asdict(found)})
    return found


def half_is_native(device: Device) -> bool:
    """Whether the processor has instructions for bfloat16; where it has not, it is slower than float32."""
    return device.torch.type == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def run_by(way: Way, network: nn.Module, images: torch.Tensor) -> nn.Module:
    """The frozen stages as the way says: images float32 (B, 3, S, S) -> their activation, float32.

    The same picture gives the same bits, whichever others are in its batch.

    images: a few, to check on; all that come later have the same size.
    """
    return _In(folded(network, images), getattr(torch, way.precision))


class _In(nn.Module):
    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.network, self.dtype = (network.to(dtype) if dtype is torch.bfloat16 else network), dtype

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if len(images) == 1:  # for which the libraries have other routines, with other last bits
            return self.forward(images.expand(2, -1, -1, -1).contiguous(memory_format=torch.channels_last))[:1]
        if self.dtype is torch.float16:  # whose range is small: only what can bear it is done in it
            with torch.autocast(images.device.type, dtype=self.dtype):
                return self.network(images).float()
        return self.network(images.to(self.dtype)).float()


@torch.inference_mode()
def _measured(network: nn.Module, images: torch.Tensor) -> Way:
    full = folded(network, images)
    half = _In(copy.deepcopy(full), torch.bfloat16)
    (slow, wanted), (quick, got) = _timed(full, images), _timed(half, images)
    alike = float(cosine_similarity(got.flatten(1), wanted.flatten(1)).min())
    if slow > WORTH * quick and alike >= ALIKE:
        return Way("bfloat16", len(images) / quick, slow / quick, alike)
    return Way("float32", len(images) / slow)


def _timed(network: nn.Module, images: torch.Tensor) -> tuple[float, torch.Tensor]:
    """Seconds at best, and what it gives."""
    seconds = []
    for _ in range(TURNS + 1):
        began = time.perf_counter()
        given = network(images)
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:]), given


def _remembered(workspace: Workspace) -> dict[str, Any]:
    try:
        said = json.loads((workspace.root / "measured.json").read_text(encoding="utf-8"))
        return {name: each for name, each in said.items() if set(each) == {"precision", "rate", "times", "alike"}}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
