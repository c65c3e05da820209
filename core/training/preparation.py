"""From a recipe to everything the epochs need: the network cut at the boundary, and what it runs on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from torch import nn

from core.backbones.catalogue import find
from core.backbones.heads import build_head
from core.backbones.model import Backbone, build
from core.data.dataset import Dataset, load_dataset
from core.data.layout import Split
from core.data.pixels import Decoding, Pixels, pixels
from core.errors import BackboneError
from core.training import activations
from core.training.activations import Kept
from core.training.checkpoints import State
from core.training.device import Device
from core.training.recipe import Recipe
from core.training.reporter import Reporter
from core.training.sources import ActivationSource, PictureSource, Source
from core.training.task import Task, task_of
from core.workspace import Workspace


@dataclass
class Part:
    """The training or the validation part of the dataset. targets: (N,) on the device, as the task takes them."""

    source: Source
    targets: torch.Tensor


@dataclass
class Prepared:
    """model: what runs in every epoch, from the sources' batches to outputs (B, task.outputs)."""

    dataset: Dataset
    task: Task
    backbone: Backbone
    head: nn.Module
    frozen_stages: int
    model: nn.Module
    train: Part
    validation: Part | None
    note: str

    def moving_modules(self) -> Iterator[tuple[str, nn.Module]]:
        """What training moves: the head and the free stages, under their names in the bundle."""
        yield "head", self.head
        if self.frozen_stages == 0:
            yield "backbone", self.backbone
            return
        for stage in self.backbone.stages[self.frozen_stages :]:
            for name in stage.modules:
                yield f"backbone.{name}", self.backbone.get_submodule(name)

    def moving_state(self) -> State:
        """A copy on the CPU of everything that training moves, BatchNorm statistics included."""
        return {
            f"{prefix}.{name}": tensor.detach().cpu().clone()
            for prefix, module in self.moving_modules()
            for name, tensor in module.state_dict().items()
        }

    def load_moving_state(self, state: State) -> None:
        for prefix, module in self.moving_modules():
            start = f"{prefix}."
            module.load_state_dict({k.removeprefix(start): v for k, v in state.items() if k.startswith(start)})

    def parameters(self) -> list[nn.Parameter]:
        return [*self.backbone.parameters(), *self.head.parameters()]


def prepare(workspace: Workspace, recipe: Recipe, device: Device, reporter: Reporter) -> Prepared:
    """Load and cut everything; the frozen stages run here, once, unless what they give is already kept.

    Raises:
        GraftError: the dataset or the weights are not there any more, or a picture cannot be read.
        StopRequested: someone asked to stop.
    """
    reporter.begin("loading")
    dataset = load_dataset(workspace, recipe.dataset, recipe.dataset_version)
    own_weights = Path(recipe.weights_file) if recipe.weights_file else None
    backbone = build(find(recipe.backbone), workspace, weights_file=own_weights)
    backbone.to(device.torch).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    task = task_of(dataset)
    head = build_head(recipe.head, backbone.num_features, task.outputs).to(device.torch)
    frozen_stages = len(backbone.stages) if recipe.freeze == "all" else recipe.freeze
    backbone.freeze(frozen_stages)

    preparing = _Preparing(workspace, dataset, backbone, frozen_stages, device, reporter)
    splits: list[Split] = ["train", "validation"] if len(dataset.part("validation")) else ["train"]
    pictures = [preparing.pictures(split, augmented=recipe.augment and split == "train") for split in splits]
    kept = [preparing.kept(each) for each in pictures] if frozen_stages else []
    body, note = preparing.body(pictures, kept)
    if backbone.match is not None:
        note += f" Of your own weights, {backbone.match}"
    sources: list[Source] = list(pictures) if body is backbone else [preparing.activations(each) for each in kept]
    if body is backbone and any(isinstance(each.pixels, Decoding) for each in pictures):
        note += " The decoded pictures would not fit in the cache, so they are decoded again in every epoch."
    targets = [task.targets(dataset.part(split)).to(device.torch) for split in splits]
    parts = [Part(source, wanted) for source, wanted in zip(sources, targets)]
    model = nn.Sequential(body, head)
    validation = parts[1] if parts[1:] else None
    return Prepared(dataset, task, backbone, head, frozen_stages, model, parts[0], validation, note)


@dataclass
class _Preparing:
    workspace: Workspace
    dataset: Dataset
    backbone: Backbone
    frozen_stages: int
    device: Device
    reporter: Reporter

    def pictures(self, part: Split, augmented: bool) -> PictureSource:
        frame, preprocessing = self.dataset.part(part), self.backbone.info.preprocessing
        load = partial(self._pixels, frame)
        return PictureSource(load, list(frame["sha256"]), preprocessing, self.device, augmented)

    def _pixels(self, frame: pd.DataFrame) -> Pixels:
        self.reporter.begin("pictures")
        return pixels(
            self.workspace,
            self.dataset,
            frame,
            self.backbone.info.preprocessing,
            progress=lambda progress: self.reporter.prepared(progress.done, progress.total or len(frame)),
        )

    def kept(self, source: PictureSource) -> Kept:
        return Kept(self.workspace, self.backbone, self.frozen_stages, source)

    def body(self, sources: list[PictureSource], kept: list[Kept]) -> tuple[nn.Module, str]:
        """What has to run in every epoch: the free stages, or the whole backbone where no kept result can stand in."""
        if self.frozen_stages == 0:
            return self.backbone, "Nothing is frozen: every epoch runs the whole network."
        try:
            body = self.backbone.after(self.frozen_stages)
        except BackboneError:
            return (
                self.backbone,
                "This network cannot be cut cleanly after these stages, so the frozen ones run again in every epoch.",
            )
        if not activations.fit(self.workspace, kept, self.boundary_shape()):
            return (
                self.backbone,
                "What the frozen stages give would not fit in the cache, so they run again in every epoch.",
            )
        note = "The frozen stages run once; every epoch costs only what is being trained."
        if sources[0].augmented:
            note += f" Augmentation: {activations.VIEWS} kept views of each picture take turns."
        return body, note

    def boundary_shape(self) -> tuple[int, ...]:
        """The shape, without batch, of what the frozen stages give."""
        if self.frozen_stages == len(self.backbone.stages):
            return (self.backbone.num_features,)
        return tuple(self.backbone.stages[self.frozen_stages - 1].output_shape)

    def activations(self, kept: Kept) -> ActivationSource:
        if kept.missing():
            _ = kept.source.pixels  # a phase of its own
            self.reporter.begin("features")
        return ActivationSource(kept.rows(self.reporter.prepared), self.device)
