"""How long the phases of a run will take on this machine, by what runs of the same backbone took before.

Read without torch. Until a run has told, it is a guess from the size of the network.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from core.backbones.libraries import find
from core.course import Course
from core.data.dataset import Dataset
from core.errors import DamagedError, GraftError
from core.modalities import IMAGE, MODALITIES
from core.records import Count, Seconds, read
from core.runtime.tuning import known_before, remember
from core.training import plan
from core.training.process.events import Changed, Ended, Event, Paused, Progress, Queued
from core.training.recipe import Recipe
from core.training.trials.probe_results import Estimate
from core.workspace import Workspace, write_json

GFLOPS_A_SECOND = 20.0  # of a core: a guess
STEP = {"file": 6.0, "row": 3.0}  # times longer than forward alone, a guess too: by where an example comes from
READING = {"file": 0.003, "row": 0.0003}


@dataclass(frozen=True)
class Expected:
    """seconds: of each phase, in order. images: that it will count, where it counts images."""

    seconds: dict[str, Seconds] = field(default_factory=dict)
    images: dict[str, Count] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> Expected:
        """Empty, where nothing can be read."""
        with suppress(OSError, DamagedError):
            return read(path, cls)
        return cls()

    @property
    def total(self) -> float:
        return sum(self.seconds.values())

    @property
    def course(self) -> Course:
        """Before its first step. How fast the machine is, or how busy, its first legs tell where nobody knew."""
        return Course.of(self.seconds, alike=True)

    def by(self, estimate: Estimate, epochs: int) -> Expected:
        """The same, as somebody measured it for this very recipe."""
        before = [name for name in self.seconds if name not in ("training", "finishing")]
        times = estimate.preparing / max(1e-9, sum(self.seconds[name] for name in before))
        seconds = {name: each * times if name in before else each for name, each in self.seconds.items()}
        return replace(self, seconds=seconds | {"training": estimate.epoch * epochs})


@dataclass(frozen=True)
class Pace:
    """Seconds. loading: of libraries and weights. reading: to decode one image. forward: of one image through all
    stages at once. head: of one image through what is trained where all stages are frozen. finishing: to keep what was
    learned. step: of one image through all stages in training, and back; 0 while unknown. fitting: of one image, to
    choose how strongly a head is held back. stages: of the backbone; 0 while unknown. measured: whether a run has told.
    """

    loading: Seconds
    reading: Seconds
    forward: Seconds
    head: Seconds
    finishing: Seconds
    step: Seconds = 0.0
    fitting: Seconds = 0.002
    stages: Count = 0
    measured: bool = False

    @classmethod
    def of(cls, workspace: Workspace, backbone: str, work: float = 1.0) -> Pace:
        """work: of a usual example, as `Modality.work` tells it; it is kept for an example of 1."""
        kept = known_before(workspace, _name(backbone, work), cls) or cls._guess(workspace, backbone)
        return kept._times(work)

    def _times(self, work: float) -> Pace:
        return replace(self, forward=self.forward * work, step=self.step * work)

    @classmethod
    def _guess(cls, workspace: Workspace, backbone: str) -> Pace:
        try:
            info = find(backbone, workspace)
            gflops, source = info.gflops or 1.0, MODALITIES[info.modality].comes_from
        except GraftError:
            gflops, source = 1.0, IMAGE.comes_from
        forward = gflops / (GFLOPS_A_SECOND * (os.cpu_count() or 1))
        return cls(loading=3.0, reading=READING[source], forward=forward, head=5e-5, finishing=0.3)

    def expected(self, recipe: Recipe, train: int, validation: int, test: int = 0, stages: int = 0) -> Expected:
        """Of a run. train, validation, test: images of these parts. stages: of the backbone, where they are known."""
        stages = stages or self.stages or 8
        step = STEP[MODALITIES[recipe.modality].comes_from] * self.forward
        known = self if self.step else replace(self, step=step)
        images, views = train + validation, 1 if recipe.augmentation == "none" else recipe.views
        phases = plan.phases(recipe, stages)
        keeps = not recipe.cutmix
        frozen = phases[0].frozen / stages
        rows = train * views + validation if keeps and frozen else 0
        once = images if frozen < 1 and validation else 0  # through the free stages too, for what there is to beat
        epochs = sum(
            (phase.last - phase.first + 1) * images * known._each(phase.frozen / stages, keeps) for phase in phases
        )
        seconds = {
            "loading": self.loading,
            "reading": images * self.reading,
            "features": (rows * frozen + once * (1 - frozen)) * self.forward,
            "fitting": train * self.fitting if recipe.solvable and phases[0].frozen == stages else 0.0,
            "training": epochs,
            "finishing": self.finishing + test * (self.reading + self.forward),
        }
        return Expected(seconds, {"reading": images, "features": rows + once})

    def _each(self, frozen: float, keeps: bool) -> float:
        """Seconds of an image in an epoch, with that share of the stages frozen."""
        return self.head + self.step * (1 - frozen) + (0.0 if keeps else self.forward * frozen)

    def after(self, spent: Mapping[str, tuple[float, int]], frozen: int, stages: int, train: int) -> Pace:
        """What a run took, in place of what was thought. spent: seconds and images of each phase; frozen: of `stages`,
        while it trained; train: images of that part."""

        def each(phase: str) -> float | None:
            seconds, images = spent.get(phase, (0.0, 0))
            return seconds / images if images else None

        found: dict[str, float | None] = {"reading": each("reading"), "loading": spent.get("loading", (None, 0))[0]}
        found["finishing"] = spent.get("finishing", (None, 0))[0]
        found["fitting"] = spent.get("fitting", (0.0, 0))[0] / max(1, train)
        training = each("training")
        if frozen == stages:
            found |= {"forward": each("features"), "head": training}
        elif training is not None:
            found["step"] = max(0.0, training - self.head) * stages / (stages - frozen)
        known = {name: value for name, value in found.items() if value}
        return replace(self, **known, stages=stages, measured=True)  # type: ignore[arg-type]

    def keep(self, workspace: Workspace, backbone: str, work: float = 1.0) -> None:
        remember(workspace, _name(backbone, work), self._times(1 / work))


def _name(backbone: str, work: float) -> str:
    by = "" if work == 1.0 else " by length"
    return f"pace{by} of {backbone} on {os.environ.get('GRAFT_DEVICE', 'any device')}"


def work_of(workspace: Workspace, recipe: Recipe, dataset: Dataset) -> float:
    """Of a usual example for the recipe's backbone; see `Modality.work`."""
    try:
        return dataset.modality.work(dataset, recipe.fitted(find(recipe.backbone, workspace), dataset))
    except GraftError:  # there is no such backbone
        return 1.0


def follow(course: Course, time: float, event: Event, images: Mapping[str, int], epochs: int) -> Course:
    """How far a run is after one event more. images: `Expected.images`. epochs: that were planned before the event."""
    match event:
        case Progress(phase="loading"):
            return (course.again() if course.at or course.share == 1.0 else course).heard(time, "loading")
        case Progress():
            whole = images.get(event.phase)
            share = event.done / event.total if event.total else None
            if share and course.legs and course.legs[course.at].name == "finishing":  # the test part, or all once more
                begins, part = (0.2, 0.7) if event.phase == "features" else (0.0, 0.2)
                return course.heard(time, "finishing", begins + part * share)
            return course.heard(time, event.phase, event.moved / whole if event.moved and whole else share)
        case Changed() if 0 < epochs < event.epochs:
            return course.longer("training", event.epochs / epochs)
        case Queued() | Paused():
            return course.rest()
        case Ended():
            return course.over() if event.status == "finished" else course.rest()
        case _:
            return course
