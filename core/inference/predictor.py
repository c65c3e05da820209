"""A bundle, ready to be asked. The preprocessing is the one of training: the same functions with the same settings."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, model_validator
from torch import nn

from core.backbones.catalogue import find
from core.backbones.model import build
from core.errors import DamagedError, GraftError, RunError
from core.inference.prediction import Guess, Prediction
from core.inference.reference import Reference, read_reference
from core.modalities.images.preprocessing import Preprocessing, decode, normalize, shrink, square
from core.modalities.inputs import Features
from core.processes import available_cores, keep_memory
from core.records import Amount, read
from core.runtime.device import Device, choose_device
from core.runtime.folding import folded
from core.tasks.heads import HeadSettings, build_head
from core.workspace import Workspace

BATCHES = {"cpu": 16}  # images at a time: what fits in a processor's caches is quicker
BATCH_ELSEWHERE = 128
AHEAD = 3  # batches that are read while another is looked at
MANY = 8  # images, for which folding the network repays

Image = tuple[str, Path | bytes | BinaryIO]
_Read = tuple[str, torch.Tensor | str, float]  # its name, its pixels or what is wrong with it, and the seconds it took


class TaskFile(BaseModel):
    """What the network was taught. Of a number: what it is called, and how the head's output becomes it."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["classes", "labels", "number"]
    classes: tuple[str, ...] = ()
    target: str = ""
    mean: Amount = 0.0
    deviation: Amount = 1.0
    smallest: Amount = 0.0
    largest: Amount = 0.0

    @model_validator(mode="after")
    def _answers_something(self) -> TaskFile:
        if bool(self.classes) == (self.kind == "number"):
            raise ValueError("it has to name classes, or else a number")
        return self


class BundleFile(BaseModel):
    """What of `bundle.json` is needed to ask the network."""

    model_config = ConfigDict(frozen=True)

    backbone: str
    task: TaskFile
    preprocessing: Preprocessing
    head: HeadSettings
    caution: Any = None

    @model_validator(mode="before")
    @classmethod
    def _of_earlier_versions(cls, given: Any) -> Any:
        if isinstance(given, dict) and not given.get("task"):
            return {**given, "task": {"kind": "classes", "classes": given.get("classes")}}
        return given


class Predictor:
    """Make one with `Predictor.open`; it may be kept and asked again, one caller at a time."""

    def __init__(
        self,
        model: nn.Sequential,
        task: dict[str, Any],
        preprocessing: Preprocessing,
        device: Device,
        reference: Reference | None = None,
    ) -> None:
        """model: backbone and head. task: what the network was taught, as its bundle says it. reference: what images
        are compared with, to tell those that are unlike all of it."""
        self.model, self.task, self.preprocessing, self.device = model, task, preprocessing, device
        self.reference = reference
        self.folded: nn.Module | None = None
        self.classes: tuple[str, ...] = tuple(task.get("classes", ()))
        self.target: str = task.get("target", "")
        self.several = task["kind"] == "labels"

    @classmethod
    def open(cls, bundle: Path, device: Device | None = None) -> Predictor:
        """
        Raises:
            RunError: the folder is no bundle, or its files are damaged.
        """
        device = device or choose_device()
        try:
            said = read(bundle / "bundle.json", BundleFile)
            weights = safetensors.torch.load_file(bundle / "weights.safetensors")
            outputs = 1 if said.task.kind == "number" else len(said.task.classes)
            # Random numbers are fine here: every one of them is replaced by the bundle's.
            reads = "last" if said.head.reads == "auto" else said.head.reads
            backbone = build(find(said.backbone), Workspace(bundle), random=True, reads=reads)
            head = build_head(said.head, backbone.num_features, outputs)
            model = nn.ModuleDict({"backbone": backbone, "head": head})
            model.load_state_dict(weights)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, safetensors.SafetensorError) as error:
            cause = error.strerror or "a file of it is not there" if isinstance(error, OSError) else error
            if isinstance(error, DamagedError):
                cause = f"{error.path.name}: {error.reason}"
            raise RunError(
                f"The bundle of {bundle.parent.name!r} cannot be read ({cause}). Choose another run, or train it again."
            ) from error
        model.to(device.torch).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        if device.torch.type == "cpu":
            keep_memory()
        reference = read_reference(bundle, said.model_dump(), device.torch)
        network = nn.Sequential(model["backbone"], model["head"])
        return cls(network, said.task.model_dump(), said.preprocessing, device, reference)

    def predict(self, examples: Iterable[Image], top: int = 5) -> Iterator[Prediction]:
        """Answer about each (name, file) in order. One that cannot be read gets its `error`, and the rest go on.

        top: how many of the likeliest classes; labels, of which an image may have several, are all there.
        """
        size = BATCHES.get(self.device.torch.type, BATCH_ELSEWHERE)
        with ThreadPoolExecutor(min(8, available_cores())) as pool:
            reading: deque[Future[_Read]] = deque()
            for name, source in examples:
                reading.append(pool.submit(self._read, name, source))
                if len(reading) == AHEAD * size:
                    yield from self._answer([reading.popleft().result() for _ in range(size)], top)
            while reading:
                batch = [reading.popleft() for _ in range(min(size, len(reading)))]
                yield from self._answer([read.result() for read in batch], top)

    def outputs(self, pixels: torch.Tensor) -> torch.Tensor:
        """uint8 (B, H, W, 3), cropped, to float32 on the CPU: probabilities (B, classes), of labels each for itself, or
        numbers (B, 1) in the target's own unit."""
        return self._looked(pixels)[0]

    @torch.inference_mode()
    def _looked(self, pixels: torch.Tensor) -> tuple[torch.Tensor, list[float | None]]:
        """The outputs, and of each image how near its nearest labeled one is."""
        images = normalize(pixels.to(self.device.torch), self.preprocessing)
        with self.device.autocast():
            features = self._features(images)
            raw = self.model[1](features).float().cpu()
        nearest: list[float | None] = (
            [*self.reference.nearest(features.pooled)] if self.reference else [None] * len(raw)
        )
        if self.classes:
            return self._probabilities(raw), nearest
        return raw * self.task["deviation"] + self.task["mean"], nearest

    def _probabilities(self, raw: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(raw) if self.several else torch.softmax(raw, dim=1)

    def _features(self, images: torch.Tensor) -> Features:
        """What the head gets; on a processor with several to answer, folded. Never with half of the digits, which
        was measured to change a probability by as much as 0.56: see docs/defaults.md."""
        backbone, inputs = self.model[0], {"pixels": images}
        if self.device.torch.type != "cpu" or (self.folded is None and len(images) < MANY):
            return backbone(inputs)  # type: ignore[no-any-return]
        if self.folded is None:
            self.folded = folded(backbone, {"pixels": images[:2]})
        return self.folded(inputs)  # type: ignore[no-any-return]

    def _read(self, name: str, source: Path | bytes | BinaryIO) -> _Read:
        began = time.perf_counter()
        try:
            image = decode(source, self.preprocessing.resize, self.preprocessing.rendering)
            pixels = torch.from_numpy(square(shrink(image, self.preprocessing), self.preprocessing).copy())
            return name, pixels, time.perf_counter() - began
        except GraftError as error:
            return name, str(error), time.perf_counter() - began

    def _answer(self, waiting: list[_Read], top: int) -> Iterator[Prediction]:
        began = time.perf_counter()
        readable = [pixels for _, pixels, _ in waiting if isinstance(pixels, torch.Tensor)]
        rows = zip(*self._looked(torch.stack(readable))) if readable else iter(())
        share = (time.perf_counter() - began) / max(1, len(readable))
        for name, pixels, seconds in waiting:
            if isinstance(pixels, str):
                yield Prediction(name, error=pixels, seconds=seconds)
            else:
                outputs, nearest = next(rows)
                yield self._cautious(self._prediction(name, outputs, top, seconds + share), nearest)

    def _cautious(self, said: Prediction, nearest: float | None) -> Prediction:
        if self.reference is None or nearest is None or said.error:
            return said
        return replace(said, nearest=nearest, is_foreign=not nearest >= self.reference.threshold)

    def _prediction(self, name: str, outputs: torch.Tensor, top: int, seconds: float) -> Prediction:
        if not torch.isfinite(outputs).all():
            return Prediction(name, error="The model gave no finite number for this image.", seconds=seconds)
        if not self.classes:
            return Prediction(name, value=float(outputs[0]), seconds=seconds)
        likeliest = torch.topk(outputs, len(self.classes) if self.several else min(top, len(self.classes)))
        guesses = [Guess(self.classes[i], p) for i, p in zip(likeliest.indices.tolist(), likeliest.values.tolist())]
        labels = tuple(guess.label for guess in guesses if guess.probability > 0.5) if self.several else None
        return Prediction(name, tuple(guesses), seconds=seconds, labels=labels)
