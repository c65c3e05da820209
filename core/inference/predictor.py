"""A bundle, ready to be asked. The preprocessing is the one of training: the same functions with the same settings."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from torch import nn

from core.backbones.catalogue import find
from core.backbones.model import build
from core.errors import DamagedError, GraftError, RunError
from core.inference.prediction import Answer
from core.inference.reference import Reference, read_reference
from core.modalities.images.preprocessing import Preprocessing, decode, normalize, shrink, square
from core.modalities.inputs import Features
from core.processes import available_cores, keep_memory
from core.records import read
from core.runtime.device import Device, choose_device
from core.runtime.folding import folded
from core.tasks import TASKS
from core.tasks.heads import HeadSettings, Shapes
from core.tasks.objective import Objective
from core.tasks.predictions import USUAL
from core.tasks.protocol import Task
from core.workspace import Workspace

BATCHES = {"cpu": 16}  # images at a time: what fits in a processor's caches is quicker
BATCH_ELSEWHERE = 128
AHEAD = 3  # batches that are read while another is looked at
MANY = 8  # images, for which folding the network repays

Image = tuple[str, Path | bytes | BinaryIO]
_Read = tuple[str, torch.Tensor | str, float]  # its name, its pixels or what is wrong with it, and the seconds it took


class BundleFile(BaseModel):
    """What of `bundle.json` is needed to ask the network."""

    model_config = ConfigDict(frozen=True)

    backbone: str
    task: dict[str, Any]
    preprocessing: Preprocessing
    head: HeadSettings
    caution: Any = None

    @field_validator("task")
    @classmethod
    def _of_a_task(cls, spec: dict[str, Any]) -> dict[str, Any]:
        task = TASKS.get(str(spec.get("kind")))
        if task is None:
            raise ValueError(f"it was taught none of {', '.join(TASKS)}")
        return task.check(spec)

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
        objective: Objective,
        preprocessing: Preprocessing,
        device: Device,
        reference: Reference | None = None,
    ) -> None:
        """model: backbone and head. objective: what its outputs mean. reference: what images
        are compared with, to tell those that are unlike all of it."""
        self.model, self.objective, self.preprocessing, self.device = model, objective, preprocessing, device
        self.reference = reference
        self.folded: nn.Module | None = None
        self.task: Task = TASKS[objective.spec["kind"]]
        self.choices = self.task.choices(objective.spec)

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
            objective = TASKS[said.task["kind"]].objective(said.task)
            # Random numbers are fine here: every one of them is replaced by the bundle's.
            reads = "last" if said.head.reads == "auto" else said.head.reads
            backbone = build(find(said.backbone), Workspace(bundle), random=True, reads=reads)
            head = objective.head(said.head, Shapes(backbone.num_features))
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
        return cls(network, objective, said.preprocessing, device, reference)

    def predict(self, examples: Iterable[Image], top: int = USUAL) -> Iterator[Answer]:
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

    @property
    def columns(self) -> list[str]:
        """Of its answers, in a table."""
        nothing = self.objective.decode(torch.zeros(1, self.objective.outputs))[0]
        return list(nothing.row()) if nothing else []

    @torch.inference_mode()
    def outputs(self, pixels: torch.Tensor) -> tuple[torch.Tensor, list[float | None]]:
        """Of the head, float32 on the CPU, and of each image how near its nearest labeled one is.

        pixels: uint8 (B, H, W, 3), cropped.
        """
        images = normalize(pixels.to(self.device.torch), self.preprocessing)
        with self.device.autocast():
            features = self._features(images)
            raw = self.model[1](features).float().cpu()
        nearest: list[float | None] = (
            [*self.reference.nearest(features.pooled)] if self.reference else [None] * len(raw)
        )
        return raw, nearest

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

    def _answer(self, waiting: list[_Read], top: int) -> Iterator[Answer]:
        began = time.perf_counter()
        readable = [pixels for _, pixels, _ in waiting if isinstance(pixels, torch.Tensor)]
        rows = iter(self._looked(torch.stack(readable), top) if readable else ())
        share = (time.perf_counter() - began) / max(1, len(readable))
        for name, pixels, seconds in waiting:
            if isinstance(pixels, str):
                yield Answer(name, error=pixels, seconds=seconds)
            else:
                yield replace(next(rows), image=name, seconds=seconds + share)

    def _looked(self, pixels: torch.Tensor, top: int) -> Iterator[Answer]:
        """Without names."""
        raw, nearest = self.outputs(pixels)
        for prediction, near in zip(self.objective.decode(raw, most=top), nearest):
            if prediction is None:
                yield Answer("", error="The model gave no finite number for this image.")
            else:
                foreign = self.reference is not None and near is not None and not near >= self.reference.threshold
                yield Answer("", prediction, nearest=near, is_foreign=foreign)
