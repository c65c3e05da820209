"""A bundle, ready to be asked. The preprocessing is the one of training: the same functions with the same settings."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

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

    def __init__(
        self, model: nn.Module, classes: tuple[str, ...], preprocessing: Preprocessing, device: Device
    ) -> None:
        self.model, self.classes, self.preprocessing, self.device = model, classes, preprocessing, device

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
            classes = tuple(said["classes"])
            # Random numbers are fine here: every one of them is replaced by the bundle's.
            backbone = build(find(said["backbone"]), Workspace(bundle), random=True)
            head = build_head(HeadSettings(**said["head"]), backbone.num_features, len(classes))
            model = nn.ModuleDict({"backbone": backbone, "head": head})
            model.load_state_dict(weights)
            preprocessing = Preprocessing(**said["preprocessing"])
        except (OSError, ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
            raise RunError(
                f"The bundle {bundle} cannot be read ({error}). Choose another run, or train it again."
            ) from error
        model.to(device.torch).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        return cls(nn.Sequential(model["backbone"], model["head"]), classes, preprocessing, device)

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
    def probabilities(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 (B, H, W, 3), cropped, to probabilities float32 (B, classes) on the CPU."""
        with self.device.autocast():
            logits = self.model(normalize(pixels.to(self.device.torch), self.preprocessing))
        return torch.softmax(logits.float(), dim=1).cpu()

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
        rows = iter(self.probabilities(torch.stack(readable)) if readable else ())
        share = (time.perf_counter() - began) / max(1, len(readable))
        for name, pixels, seconds in waiting:
            if isinstance(pixels, str):
                yield Prediction(name, error=pixels, seconds=seconds)
                continue
            likeliest = torch.topk(next(rows), min(top, len(self.classes)))
            guesses = zip(likeliest.indices.tolist(), likeliest.values.tolist())
            yield Prediction(name, tuple(Guess(self.classes[i], p) for i, p in guesses), seconds=seconds + share)
