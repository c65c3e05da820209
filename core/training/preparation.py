"""From a recipe to everything the epochs need: the network cut at the boundary, and what it runs on."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from core.backbones.libraries import build, find
from core.backbones.model import Backbone
from core.data.dataset import Dataset, load_dataset
from core.data.splits import Split
from core.errors import BackboneError
from core.modalities.examples import Examples, some
from core.modalities.inputs import Inputs
from core.runtime.device import Device
from core.runtime.distributed import ALONE, Team
from core.runtime.tuning import NOWHERE, Chosen
from core.runtime.ways import FrozenStages, Way, way_to_train
from core.tasks import TASKS
from core.tasks.targets import Targets
from core.training import activations
from core.training.activations import Kept
from core.training.checkpoints import State
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from core.training.sources import ActivationSource, MadeUp, Source
from core.workspace import Workspace

EXAMPLES = 4  # to measure on in which precision it is best to train
MOST_TEXTS = 32  # the same of texts, of which a few are no work, and only a step's many show what is best


@dataclass
class Part:
    """The training or the validation part of the dataset. targets: on the device, as the task takes them."""

    source: Source | Examples
    targets: Targets

    def __len__(self) -> int:
        return len(self.targets)


class Material:
    """What a run works on, whatever is frozen: the dataset, the task, the backbone with its weights, and a new head.

    Raises:
        GraftError: the dataset or the weights are not there any more.
    """

    def __init__(
        self,
        workspace: Workspace,
        recipe: Recipe,
        device: Device,
        reporter: Reporter,
        dataset: Dataset | None = None,
        team: Team = ALONE,
        chosen: Chosen = NOWHERE,
    ) -> None:
        """dataset: in place of the recipe's, all of its images otherwise divided. chosen: what the run found out when
        it began."""
        self.team, self.chosen = team, chosen
        self.workspace, self.recipe, self.device, self.reporter = workspace, recipe, device, reporter
        self.dataset = dataset or load_dataset(workspace, recipe.dataset, recipe.dataset_version)
        task, training = TASKS[self.dataset.kind], self.dataset.part("train")
        own_weights = Path(recipe.weights_file) if recipe.weights_file else None
        info = recipe.fitted(find(recipe.backbone, workspace), self.dataset)
        self.backbone: Backbone = build(info, workspace, weights_file=own_weights, reads=recipe.reads, needs=task.needs)
        recipe.apply_to(self.backbone, recipe.freeze, recipe.seed, team.size)
        self.backbone.to(device.torch).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        spec = task.spec(self.dataset.classes, self.dataset.target, training)
        self.task = task.objective(spec, recipe, training)
        self.head = self.task.head(recipe.head, self.backbone.shapes).to(device.torch)
        self.splits = _splits(self.dataset)

    @cached_property
    def examples(self) -> list[Examples]:
        """Of training and, if there is one, validation."""
        return [self._examples(split) for split in self.splits]

    @cached_property
    def targets(self) -> list[Targets]:
        """Of the same."""
        parts = [self.dataset.part(split) for split in self.splits]
        return [self.task.targets(*each).to(self.device.torch) for each in zip(parts, self.examples)]

    def of(self, dataset: Dataset) -> Material:
        """The same network and task, with other images."""
        other = copy.copy(self)
        other.dataset = dataset
        other.splits = _splits(dataset)
        for name in ("examples", "targets"):
            vars(other).pop(name, None)
        return other

    def parameters(self) -> list[nn.Parameter]:
        return [*self.backbone.parameters(), *self.head.parameters()]

    def tensors(self) -> dict[str, torch.Tensor]:
        """All weights and statistics as they are in use, by their names in the bundle."""
        parts = {"backbone": self.backbone, "head": self.head}
        return {
            f"{part}.{name}": tensor for part, module in parts.items() for name, tensor in module.state_dict().items()
        }

    @torch.no_grad()
    def load(self, state: State) -> None:
        """Put these weights in place; what is not among them stays."""
        self.backbone.adapt_all(name.removeprefix("backbone.") for name in state)
        mine = self.tensors()
        for name, tensor in state.items():
            mine[name].copy_(tensor)

    def _examples(self, split: Split) -> Examples:
        frame = self.dataset.part(split)
        examples = self.dataset.modality.examples(
            self.workspace,
            self.dataset.path,
            frame,
            self.backbone.info.preprocessing,
            self.device.torch,
            self.recipe.augmentation if split == "train" else "none",
            begins=partial(self.reporter.begin, "reading"),
            progress=lambda progress: self.reporter.prepared(progress.done, progress.total or len(frame)),
        )
        return self.task.drawn(examples, self.recipe.seed, split == "train")


def _splits(dataset: Dataset) -> list[Split]:
    return ["train", "validation"] if len(dataset.part("validation")) else ["train"]


@dataclass
class Prepared:
    """What the epochs need while `frozen_stages` stages are frozen.

    model: what runs in every epoch, from the sources' batches to outputs (B, task.outputs). device: in the precision in
    which that is done. note: what was chosen to make it fast, in words.
    """

    material: Material
    frozen_stages: int
    model: nn.Module
    device: Device
    train: Part
    validation: Part | None
    note: str

    def depths(self) -> list[list[nn.Parameter]]:
        """The parameters of the head, then of each free stage, the last one first; what lies outside of all stages
        belongs to the first stage."""
        backbone = self.material.backbone
        free = backbone.stages[self.frozen_stages :]
        by_stage = [
            [p for name in stage.modules for p in backbone.get_submodule(name).parameters()] for stage in reversed(free)
        ]
        if self.frozen_stages == 0:
            inside = {parameter for stage in by_stage for parameter in stage}
            by_stage[-1] += [parameter for parameter in backbone.parameters() if parameter not in inside]
        return [list(self.material.head.parameters()), *by_stage]

    @cached_property
    def moving(self) -> dict[str, torch.Tensor]:
        """Everything that training moves, BatchNorm statistics included, as it is in use, by its name in the bundle."""
        free = [name for stage in self.material.backbone.stages[self.frozen_stages :] for name in stage.modules]
        starts = ("head.", *(f"backbone.{name}." for name in free)) if self.frozen_stages else ("head.", "backbone.")
        still = self.material.backbone.kept_still()
        return {
            name: tensor
            for name, tensor in self.material.tensors().items()
            if name.startswith(starts) and name.removeprefix("backbone.") not in still
        }

    def moving_state(self) -> State:
        """A copy of it on the CPU."""
        return {name: tensor.detach().cpu().clone() for name, tensor in self.moving.items()}


@dataclass(frozen=True)
class Outlook:
    """What `prepare` will have to do, and how many bytes the epochs will then read.

    keeps: whether the frozen stages run once. images, rows: still to be decoded, and to be run through them.
    """

    keeps: bool
    images: int
    rows: int
    bytes: int


def outlook(material: Material, frozen_stages: int) -> Outlook:
    """Does none of it. The way in which the frozen stages run must be known already."""
    cutting = _Cutting(material, frozen_stages)
    kept = cutting.kept()
    body, _ = cutting._body(cutting._fits(kept))
    keeps, examples = body is not material.backbone, material.examples
    if keeps:
        rows = [each.missing() for each in kept]
        read = sum(each.bytes(cutting._boundary()) for each in kept)
        examples = [each for each, missing in zip(examples, rows) if missing]
    else:
        rows, read = [], 0
    read += sum(each.bytes() for each in examples)
    return Outlook(keeps, sum(each.to_read() for each in examples), sum(rows), read)


def prepare(material: Material, frozen_stages: int, keep: bool = True) -> Prepared:
    """Freeze and cut the network; the frozen stages run here, once, unless what they give is already kept.

    keep: False runs them again in every epoch, as where what they give does not fit in the cache.

    Raises:
        GraftError: an image cannot be read any more.
        StopRequested: someone asked to stop.
    """
    material.backbone.freeze(frozen_stages)
    body, sources, note = _Cutting(material, frozen_stages, keep).cut()
    parts = [Part(source, targets) for source, targets in zip(sources, material.targets)]
    model = nn.Sequential(body, material.head)
    device = material.device
    if frozen_stages < len(material.backbone.stages) and material.recipe.precision == "auto":
        with material.team.leader_first():
            way = _way_to_train(material, frozen_stages, model, parts[0])
        device, note = device.at(way.precision), f"{note} What is trained runs in {way.words}."
    return Prepared(material, frozen_stages, model, device, parts[0], parts[1] if parts[1:] else None, note)


def rehearsal(material: Material, frozen_stages: int) -> Prepared:
    """What `prepare` would give, in the device's own precision, but with noise in place of the images."""
    material.backbone.freeze(frozen_stages)
    cutting = _Cutting(material, frozen_stages)
    body, note = cutting._body(cutting._fits(cutting.kept()))
    targets = material.targets[0]
    shapes = material.backbone.boundary(0) if body is material.backbone else cutting._boundary()
    like = some(material.examples[0], 1) if material.backbone.ragged(0) else {}
    part = Part(MadeUp(shapes, len(targets), material.device, like), targets)
    return Prepared(material, frozen_stages, nn.Sequential(body, material.head), material.device, part, None, note)


def _way_to_train(material: Material, frozen_stages: int, model: nn.Module, part: Part) -> Way:
    device = material.device
    if device.autocast_dtype is not None:
        return Way(str(device.autocast_dtype).removeprefix("torch."))
    few, together = _few(part, material.recipe)
    how = f"{together}{material.recipe.how_it_learns}"
    name = f"{material.backbone.info.said} after {frozen_stages} stages{how}"
    inputs = partial(_first_batch, part, few)
    return way_to_train(material.workspace, model, name, device, inputs, material.chosen)


def _few(part: Part, recipe: Recipe) -> tuple[np.ndarray, str]:
    """The first ones; of those that differ in length, as many of middle length as a step has, and how many in words."""
    lengths = part.source.lengths()
    if lengths is None:
        return np.arange(min(len(part), EXAMPLES)), ""
    assert isinstance(recipe.batch_size, int), "it is found before anything is measured"
    many = min(recipe.batch_size, MOST_TEXTS)
    begins = max(0, len(part) - many) // 2
    return np.argsort(lengths, kind="stable")[begins : begins + many], f", {many} together"


def _first_batch(part: Part, few: np.ndarray) -> Inputs:
    return next(iter(part.source.batches([few], None)))


@dataclass(frozen=True)
class _Fits:
    fits: bool


@dataclass
class _Cutting:
    material: Material
    frozen_stages: int
    keep: bool = True

    @property
    def backbone(self) -> Backbone:
        return self.material.backbone

    def cut(self) -> tuple[nn.Module, list[Source], str]:
        """What runs in every epoch before the head, what it runs on, and why so."""
        team = self.material.team
        with team.leader_first():
            examples, kept = self.material.examples, self.kept()
        body, note = self._body(team.agree(self._fits(kept)))
        with team.leader_first():
            if team.size > 1:  # one decodes what all will read
                for each in examples if body is self.backbone else [one.source for one in kept if one.missing()]:
                    each.read()
        if self.backbone.match is not None:
            note += f" Of your own weights, {self.backbone.match}"
        if body is not self.backbone:
            sources: list[Source] = [self._activations(each) for each in kept]
            folded = any(isinstance(part, _BatchNorm) for part in self.backbone.modules())
            said = ", BatchNorm folded into the convolutions" if folded else ""
            note += f" The frozen ones run in {kept[0].frozen.way.words}{said}."
            return body, sources, note
        if any(each.reads_again() for each in examples):
            note += " The decoded images would not fit in the cache, so they are decoded again in every epoch."
        return body, list(examples), note

    def kept(self) -> list[Kept]:
        """What the frozen stages give for each part; nothing where none is frozen."""
        if not self.frozen_stages:
            return []
        material, few = self.material, partial(some, self.material.examples[-1])
        chosen = (material.device, material.recipe.precision, material.dataset.id)
        many = sum(map(len, material.examples))
        frozen = FrozenStages(
            material.workspace, self.backbone, self.frozen_stages, *chosen, few, many, material.chosen
        )
        return [Kept(material.workspace, frozen, each, material.recipe.views) for each in material.examples]

    def _fits(self, kept: list[Kept]) -> bool:
        """Whether what the frozen stages give may be kept, as far as the cache goes. Makes room for it."""
        wanted = self.keep and kept and not self.material.recipe.cutmix
        if not wanted:
            return False
        fit = activations.fit(self.material.workspace, kept, self._boundary())
        name = f"kept after {self.frozen_stages} stages"  # not in every epoch again: its last bits would be others
        return self.material.chosen.once(name, _Fits, lambda: _Fits(fit)).fits

    def _body(self, fits: bool) -> tuple[nn.Module, str]:
        """The free stages, or the whole backbone where no kept result can stand in for the frozen ones."""
        recipe = self.material.recipe
        if self.frozen_stages == 0:
            return self.backbone, "Nothing is frozen: every epoch runs the whole network."
        if recipe.cutmix:
            return (
                self.backbone,
                "CutMix cuts the images anew in every epoch, so the frozen stages run again in each.",
            )
        try:
            body = self.backbone.after(self.frozen_stages)
        except BackboneError:
            return (
                self.backbone,
                "This network cannot be cut cleanly after these stages, so the frozen ones run again in every epoch.",
            )
        if not fits:
            return (
                self.backbone,
                "What the frozen stages give would not fit in the cache, so they run again in every epoch.",
            )
        note = "The frozen stages run once; every epoch costs only what is being trained."
        if recipe.augmentation != "none":
            note += (
                f" Augmentation: {recipe.views} kept views of each image take turns, which is less variety than a "
                "new one every epoch, in a fraction of the time."
            )
        return body, note

    def _boundary(self) -> dict[str, tuple[int, ...]]:
        """The shapes, without batch, of what the frozen stages give."""
        return self.backbone.boundary(self.frozen_stages)

    def _activations(self, kept: Kept) -> ActivationSource:
        reporter = self.material.reporter
        if kept.missing():
            kept.source.read()  # a phase of its own
            reporter.begin("features")
        rows = kept.rows(reporter.prepared, self.material.team, reporter.listen)
        return ActivationSource(rows, self.material.device, kept.source, kept.views)
