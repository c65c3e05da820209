"""A bundle, ready to be asked. The preprocessing is the one of training: the same functions with the same settings."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, field_validator, model_validator
from torch import nn
from torch.utils._pytree import tree_map_only

from core.backbones.libraries import build, found_in
from core.errors import DamagedError, GraftError, RunError
from core.inference.deciding import decided
from core.inference.prediction import Answer
from core.inference.reference import Reference, read_reference
from core.modalities import IMAGE, MODALITIES, Modality, ModalityName
from core.modalities.inputs import Features, Inputs, count, first
from core.processes import available_cores, keep_memory
from core.records import read
from core.runtime.device import Device, choose_device
from core.runtime.folding import folded
from core.tasks import TASKS
from core.tasks.decision import PLAIN, Decision
from core.tasks.heads import HeadSettings
from core.tasks.objective import Objective, Outputs
from core.tasks.predictions import USUAL
from core.tasks.protocol import Task
from core.workspace import Workspace

BATCHES = {"cpu": 16}  # images at a time: what fits in a processor's caches is quicker
BATCH_ELSEWHERE = 128
AHEAD = 3  # batches that are read while another is looked at
MANY = 8  # images, for which folding the network repays

Example = tuple[str, Any]  # its name, and what its modality can read: of images a path, bytes, or an open file


@dataclass(frozen=True)
class _Read:
    """found: what the modality has read; None where `error` says why not."""

    name: str
    found: Any
    error: str
    seconds: float


class BundleFile(BaseModel):
    """What of `bundle.json` is needed to ask the network."""

    model_config = ConfigDict(frozen=True)

    backbone: str
    modality: ModalityName = IMAGE.name
    task: dict[str, Any]
    preprocessing: Any
    head: HeadSettings
    caution: Any = None
    refitted: Any = None
    decision: Decision = PLAIN

    @field_validator("task")
    @classmethod
    def _of_a_task(cls, spec: dict[str, Any]) -> dict[str, Any]:
        task = TASKS.get(str(spec.get("kind")))
        if task is None:
            raise ValueError(f"it was taught none of {', '.join(TASKS)}")
        return task.check(spec)

    @model_validator(mode="after")
    def _decides_about_its_choices(self) -> BundleFile:
        self.decision.check(len(TASKS[self.task["kind"]].choices(self.task)))
        return self

    @model_validator(mode="after")
    def _as_its_modality_has_it(self) -> BundleFile:
        settings = MODALITIES[self.modality].settings(self.preprocessing)
        return self if settings is self.preprocessing else self.model_copy(update={"preprocessing": settings})

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
        preprocessing: Any,
        device: Device,
        reference: Reference | None = None,
        modality: Modality = IMAGE,
        decision: Decision = PLAIN,
    ) -> None:
        """model: backbone and head. objective: what its outputs mean. preprocessing: how the modality prepares what
        is asked about. reference: what that is compared with, to tell those that are unlike all of it. decision: what
        answer follows."""
        self.model, self.objective, self.preprocessing, self.device = model, objective, preprocessing, device
        self.reference, self.modality, self.decision = reference, modality, decision
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
            needs = TASKS[said.task["kind"]].needs
            reads = "last" if said.head.reads == "auto" else said.head.reads
            info = found_in(said.backbone, bundle / "backbone")
            backbone = build(info, Workspace(bundle), random=True, reads=reads, needs=needs)
            head = objective.head(said.head, backbone.shapes)
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
        modality = MODALITIES[said.modality]
        settings = modality.placed(said.preprocessing, bundle / "backbone")
        return cls(network, objective, settings, device, reference, modality, said.decision)

    def predict(self, examples: Iterable[Example], top: int = USUAL) -> Iterator[Answer]:
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
        """Of its answers, in a table; nothing where only an answer tells."""
        try:
            nothing = decided(self.objective, torch.zeros(1, self.objective.outputs), (), USUAL, self.decision)[0]
        except (TypeError, IndexError, KeyError):  # a task whose outputs are no one row of numbers
            return []
        return list(nothing.row()) if nothing else []

    @torch.inference_mode()
    def outputs(self, inputs: Inputs) -> tuple[Outputs, list[float | None]]:
        """Of the head, float32 on the CPU, with nothing decided about them yet; and of each example how near its
        nearest labeled one is."""
        with self.device.autocast():
            features = self._features(inputs)
            raw = tree_map_only(torch.Tensor, lambda each: each.float().cpu(), self.model[1](features))
        if self.reference is None:
            return raw, [None] * count(inputs)
        return raw, [*self.reference.nearest(features.pooled)]

    def _features(self, inputs: Inputs) -> Features:
        """What the head gets; on a processor with several to answer, folded. Never with half of the digits, which
        was measured to change a probability by as much as 0.56: see docs/defaults.md."""
        backbone = self.model[0]
        if self.device.torch.type != "cpu" or (self.folded is None and count(inputs) < MANY):
            return backbone(inputs)  # type: ignore[no-any-return]
        if self.folded is None:
            self.folded = folded(backbone, first(inputs, 2))
        return self.folded(inputs)  # type: ignore[no-any-return]

    def _read(self, name: str, given: Any) -> _Read:
        began, found, error = time.perf_counter(), None, ""
        try:
            found = self.modality.read(given, self.preprocessing)
        except GraftError as refused:
            error = str(refused)
        return _Read(name, found, error, time.perf_counter() - began)

    def _answer(self, waiting: list[_Read], top: int) -> Iterator[Answer]:
        began = time.perf_counter()
        readable = [each.found for each in waiting if not each.error]
        rows = iter(self._looked(readable, top) if readable else ())
        share = (time.perf_counter() - began) / max(1, len(readable))
        for each in waiting:
            if each.error:
                yield Answer(each.name, error=each.error, seconds=each.seconds)
            else:
                yield replace(next(rows), name=each.name, seconds=each.seconds + share)

    def _looked(self, read: list[Any], top: int) -> Iterator[Answer]:
        """Without names."""
        raw, nearest = self.outputs(self.modality.collate(read, self.preprocessing, self.device.torch))
        said = decided(self.objective, raw, read, top, self.decision)
        for prediction, near, one in zip(said, nearest, read):
            if prediction is None:
                yield Answer("", error=f"The model gave no finite number for this {self.modality.noun}.")
            else:
                foreign = self.reference is not None and near is not None and not near >= self.reference.threshold
                cut = {name: getattr(one, name) for name in ("is_cut", "tokens") if hasattr(one, name)}
                yield Answer("", prediction, nearest=near, is_foreign=foreign, **cut)
