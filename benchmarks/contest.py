"""The sides of benchmarks/defaults.py: Graft as it is untouched, and what it must not lose to.

Each learns from a cell's labeled images and answers about its test images: `answers` gives the class that it says for
each of them.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import accuracy
from benchmarks.draws import Draw
from benchmarks.tutorial import link_images
from core.backbones.catalogue import BUNDLED, find
from core.backbones.model import describe
from core.data.dataset import Dataset
from core.importing.importing import import_path
from core.inference.predictor import Predictor
from core.runtime.device import choose_device
from core.training.features import features
from core.training.presets import DEFAULT, PRESETS
from core.training.process.control import Control
from core.training.process.events import EventLog
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from core.training.trainer import Trainer
from core.workspace import Workspace, new_id

CORE = Path(__file__).resolve().parents[1] / "core"
DECIDES = ("training", "backbones", "inference", "data")  # parts of core that decide what Graft's sides answer
PENALTIES = tuple(np.logspace(-4, 3, 15).tolist())  # C
FOLDS = 5
FREE = 2  # stages
FASTAI_EPOCHS = 5  # fine_tune(4, freeze_epochs=1)


@dataclass(frozen=True)
class Trial:
    """A cell made ready. root: of the whole set. dataset: the labeled images, divided as Graft divides them."""

    workspace: Workspace
    root: Path
    draw: Draw
    seed: int
    dataset: Dataset

    @property
    def truth(self) -> list[str]:
        return [Path(name).parent.name for name in self.draw.test]


@dataclass(frozen=True)
class Side:
    """settings: all that decides its answers and may be changed; a result is kept under them."""

    title: str
    answers: Callable[[Trial, dict[str, Any]], float]
    settings: dict[str, Any] = field(default_factory=dict)
    graft: bool = False

    @property
    def known_as(self) -> dict[str, Any]:
        return self.settings | ({"code": code()} if self.graft else {})


def ready(workspace: Workspace, root: Path, drawn: Draw, seed: int) -> Trial:
    with tempfile.TemporaryDirectory() as folder:
        for name in drawn.labeled:
            place = Path(folder) / name
            place.parent.mkdir(exist_ok=True)
            shutil.copyfile(root / name, place)
        dataset = import_path(workspace, Path(folder), name=f"{root.name} {len(drawn.labeled)} {seed}")
    return Trial(workspace, root, drawn, seed, dataset)


def graft(trial: Trial, settings: dict[str, Any]) -> float:
    """Trained in this process by the code that the worker runs; asked is the bundle, as a user asks it."""
    place = {"dataset": trial.dataset.id, "dataset_version": trial.dataset.version, "backbone": BUNDLED}
    recipe = Recipe.parse(place | PRESETS[settings["preset"]].settings(trial.dataset.kind) | settings["changes"])
    recipe = recipe.model_copy(update={"seed": trial.seed})
    directory = trial.workspace.runs / new_id("defaults", trial.workspace.runs)
    directory.mkdir(parents=True)
    log, device = EventLog(directory / "events.jsonl"), choose_device()
    Trainer(trial.workspace, directory, recipe, device, Reporter(log, Control(directory), device)).run()
    log.close()
    files = [trial.root / name for name in trial.draw.test]
    said = Predictor.open(directory / "bundle").predict(((path.name, path) for path in files), top=1)
    return _right([answer.prediction.top[0].label if answer.prediction else "" for answer in said], trial)


def logistic(trial: Trial, settings: dict[str, Any]) -> float:
    """Fitted on all labeled images; C by cross-validation, with no more folds than the smallest class has images."""
    rows, labels, asked = _rows(trial)
    folds = min(FOLDS, *np.unique(labels, return_counts=True)[1].tolist())
    solver = LogisticRegressionCV(
        Cs=PENALTIES,
        cv=StratifiedKFold(folds, shuffle=True, random_state=trial.seed),
        l1_ratios=(0.0,),
        scoring=settings["scoring"],
        max_iter=1000,
        use_legacy_attributes=False,
    )
    model = make_pipeline(StandardScaler(), solver) if settings["scaled"] else solver
    return _right(model.fit(rows, labels).predict(asked).tolist(), trial)


def nearest(trial: Trial, settings: dict[str, Any]) -> float:
    """The class of the labeled image whose features have the greatest cosine."""
    rows, labels, asked = (each if each.ndim == 1 else _unit(each) for each in _rows(trial))
    return _right(labels[(asked @ rows.T).argmax(axis=1)].tolist(), trial)


def fastai(trial: Trial, settings: dict[str, Any]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        link_images(trial.dataset, Path(folder))
        for number, name in enumerate(trial.draw.test):
            label = trial.dataset.classes.index(Path(name).parent.name)
            place = Path(folder) / "test" / f"{label:04}" / f"{number}{Path(name).suffix}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to((trial.root / name).resolve())
        return accuracy.fastai(trial.workspace, Path(folder), trial.seed, settings["epochs"]).accuracy


def _rows(trial: Trial) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features and classes of the labeled images, and features of the test images."""
    known = features_of(trial.workspace, trial.root)
    labels = np.array([Path(name).parent.name for name in trial.draw.labeled])
    return np.stack([known[n] for n in trial.draw.labeled]), labels, np.stack([known[n] for n in trial.draw.test])


@lru_cache(maxsize=1)
def features_of(workspace: Workspace, root: Path) -> dict[str, np.ndarray]:
    """Of every image of a set, by its path in there: the frozen backbone's, as training sees them."""
    file = workspace.root / f"features-{root.name}.npz"
    if file.exists():
        with np.load(file) as kept:
            return dict(zip(kept["names"].tolist(), kept["rows"]))
    dataset = import_path(workspace, root, name=root.name)
    rows = features(workspace, dataset, dataset.frame, find(BUNDLED))
    by_content = dict(zip(dataset.frame["sha256"], rows))
    paths = sorted(root.glob("*/*"))
    found = {f"{path.parent.name}/{path.name}": by_content[_content(path)] for path in paths}
    np.savez(file, names=np.array(list(found)), rows=np.stack(list(found.values())))
    return found


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _right(said: list[str], trial: Trial) -> float:
    return float(np.mean([one == other for one, other in zip(said, trial.truth, strict=True)]))


@lru_cache(maxsize=1)
def code() -> str:
    """What Graft's sides are computed by: another digest, and they are computed again."""
    said = hashlib.sha256()
    for part in DECIDES:
        for path in sorted((CORE / part).rglob("*.py")):
            said.update(path.relative_to(CORE).as_posix().encode() + path.read_bytes())
    return said.hexdigest()[:12]


def _graft_side(title: str, preset: str = DEFAULT, **changes: Any) -> Side:
    return Side(title, graft, {"preset": preset, "changes": changes}, graft=True)


@lru_cache(maxsize=1)
def sides() -> dict[str, Side]:
    """The first is the one that the others are compared with."""
    stages = len(describe(find(BUNDLED)))
    return {
        "graft": _graft_side("Recommended"),
        "logistic": Side("logistic regression", logistic, {"scaled": False, "scoring": "accuracy"}),
        "nearest": Side("nearest neighbour", nearest),
        "fastai": Side("fastai", fastai, {"epochs": FASTAI_EPOCHS}),
        "free": _graft_side("two stages free", freeze=stages - FREE),
    }


@lru_cache(maxsize=1)
def preset_sides() -> dict[str, Side]:
    return {key: _graft_side(each.title, key) for key, each in PRESETS.items() if key != DEFAULT}


def can_run(side: str) -> bool:
    return side != "fastai" or (accuracy.FASTAI / "fastai").is_dir()
