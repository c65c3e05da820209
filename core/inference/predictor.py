"""A bundle, ready to be asked. The preprocessing is the one of training: the same functions with the same settings."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import safetensors.torch
import torch
from torch import nn

from core.backbones.catalogue import find
from core.backbones.heads import HeadSettings, build_head
from core.backbones.model import build
from core.data.preprocessing import Preprocessing, center_crop, decode, normalize, shrink
from core.errors import GraftError, RunError
from core.inference.prediction import Guess, Prediction
from core.training.device import Device, choose_device
from core.workspace import Workspace

BATCH = 32

Picture = tuple[str, Path | bytes | BinaryIO]


class Predictor:
    """Make one with `Predictor.open`; it may be kept and asked again, one caller at a time."""

    def __init__(self, model: nn.Module, task: dict[str, Any], preprocessing: Preprocessing, device: Device) -> None:
        """task: what the network was taught, as its bundle says it (`core.training.task`)."""
        self.model, self.task, self.preprocessing, self.device = model, task, preprocessing, device
        self.classes: tuple[str, ...] = tuple(task.get("classes", ()))
        self.target: str = task.get("target", "")

    @classmethod
    def open(cls, bundle: Path, device: Device | None = None) -> Predictor:
        """
        Raises:
            RunError: the folder is no bundle, or its files are damaged.
        """
        device = device or choose_device()
        try:
            said = json.loads((bundle / "bundle.json").read_text(encoding="utf-8"))
            weights = safetensors.torch.load_file(bundle / "weights.safetensors")
            task = said.get("task") or {"kind": "classes", "classes": said["classes"]}  # as bundles once were
            outputs = len(task["classes"]) if task["kind"] == "classes" else 1
            # Random numbers are fine here: every one of them is replaced by the bundle's.
            backbone = build(find(said["backbone"]), Workspace(bundle), random=True)
            head = build_head(HeadSettings(**said["head"]), backbone.num_features, outputs)
            model = nn.ModuleDict({"backbone": backbone, "head": head})
            model.load_state_dict(weights)
            preprocessing = Preprocessing(**said["preprocessing"])
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, safetensors.SafetensorError) as error:
            raise RunError(
                f"The bundle {bundle} cannot be read ({error}). Choose another run, or train it again."
            ) from error
        model.to(device.torch).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        return cls(nn.Sequential(model["backbone"], model["head"]), task, preprocessing, device)

    def predict(self, pictures: Iterable[Picture], top: int = 5) -> Iterator[Prediction]:
        """Answer about each (name, file) in order. One that cannot be read gets its `error`, and the rest go on."""
        waiting: list[tuple[str, torch.Tensor | str, float]] = []
        for name, source in pictures:
            waiting.append(self._read(name, source))
            if len(waiting) == BATCH:
                yield from self._answer(waiting, top)
                waiting = []
        yield from self._answer(waiting, top)

    @torch.inference_mode()
    def outputs(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 (B, H, W, 3), cropped, to float32 on the CPU: probabilities (B, classes), or numbers (B, 1) in the
        target's own unit."""
        with self.device.autocast():
            raw = self.model(normalize(pixels.to(self.device.torch), self.preprocessing)).float().cpu()
        if self.classes:
            return torch.softmax(raw, dim=1)
        return raw * self.task["deviation"] + self.task["mean"]

    def _read(self, name: str, source: Path | bytes | BinaryIO) -> tuple[str, torch.Tensor | str, float]:
        began = time.perf_counter()
        try:
            image = decode(source, at_least=self.preprocessing.resize)
            pixels = torch.from_numpy(center_crop(shrink(image, self.preprocessing), self.preprocessing.size).copy())
            return name, pixels, time.perf_counter() - began
        except GraftError as error:
            return name, str(error), time.perf_counter() - began

    def _answer(self, waiting: list[tuple[str, torch.Tensor | str, float]], top: int) -> Iterator[Prediction]:
        began = time.perf_counter()
        readable = [pixels for _, pixels, _ in waiting if isinstance(pixels, torch.Tensor)]
        rows = iter(self.outputs(torch.stack(readable)) if readable else ())
        share = (time.perf_counter() - began) / max(1, len(readable))
        for name, pixels, seconds in waiting:
            if isinstance(pixels, str):
                yield Prediction(name, error=pixels, seconds=seconds)
            else:
                yield self._prediction(name, next(rows), top, seconds + share)

    def _prediction(self, name: str, outputs: torch.Tensor, top: int, seconds: float) -> Prediction:
        if not torch.isfinite(outputs).all():
            return Prediction(name, error="The model gave no finite number for this picture.", seconds=seconds)
        if not self.classes:
            return Prediction(name, value=float(outputs[0]), seconds=seconds)
        likeliest = torch.topk(outputs, min(top, len(self.classes)))
        guesses = zip(likeliest.indices.tolist(), likeliest.values.tolist())
        return Prediction(name, tuple(Guess(self.classes[i], p) for i, p in guesses), seconds=seconds)
