"""Record the curves beside this file anew, from real runs: python -m tests.core.runs.curves.record [NAME ...]

Takes ten minutes on two cores. What each of them shows is said in ../test_advice.py.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core import runs
from core.data.changes import resplit
from core.data.dataset import Dataset, load_dataset
from core.importing.importing import import_path, import_sample
from core.importing.samples.samples import sample_folder
from core.tasks import TASKS
from core.training.process.events import Ended, EpochEnded, Started, read_events
from core.training.recipe import Recipe
from core.workspace import Workspace
from tests.polling import poll

HERE = Path(__file__).parent
Maker = Callable[[Workspace], Dataset]


def sample(key: str) -> Maker:
    return lambda workspace: load_dataset(workspace, import_sample(workspace, key).id, 1)


def split(make: Maker, validation: float) -> Maker:
    return lambda workspace: resplit(workspace, make(workspace), validation=validation, test=0.0, seed=0)


def some_of(key: str, each: int, wrong: float = 0.0) -> Maker:
    """So many images of each class, of which a share is put into a class drawn at random."""

    def make(workspace: Workspace) -> Dataset:
        random = np.random.default_rng(0)
        with sample_folder(key) as folder, tempfile.TemporaryDirectory() as made:
            classes = sorted(path.name for path in folder.iterdir())
            for label in classes:
                for path in sorted((folder / label).iterdir())[:each]:
                    said = str(random.choice(classes)) if random.random() < wrong else label
                    target = Path(made) / said / path.name
                    target.parent.mkdir(exist_ok=True)
                    path.rename(target)
            return import_path(workspace, Path(made), name=f"{key} {each} {wrong}")

    return make


def noise(workspace: Workspace) -> Dataset:
    """Images in which there is nothing to see, in two classes that mean nothing."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as made:
        for number in range(400):
            target = Path(made) / "ab"[number % 2] / f"{number}.png"
            target.parent.mkdir(exist_ok=True)
            Image.fromarray(random.integers(0, 255, (32, 32, 3), np.uint8)).resize((128, 128)).save(target)
        return import_path(workspace, Path(made), name="noise")


def pairs(wrong: bool) -> Maker:
    """Two images of textures side by side, with the labels of both; or with labels by lot."""

    def make(workspace: Workspace) -> Dataset:
        random = np.random.default_rng(0)
        with sample_folder("textures") as folder, tempfile.TemporaryDirectory() as made:
            paths, rows = sorted(folder.glob("*/*")), []
            for number in range(160):
                pair = random.choice(len(paths), 2)
                both = [np.asarray(Image.open(paths[each]).convert("RGB").resize((96, 192))) for each in pair]
                Image.fromarray(np.hstack(both)).save(Path(made) / f"{number}.png")
                said = random.choice(len(paths), 2) if wrong else pair
                labels = sorted({paths[each].parent.name for each in said})
                rows.append(json.dumps({"file_name": f"{number}.png", "labels": labels}))
            (Path(made) / "metadata.jsonl").write_text("\n".join(rows))
            return import_path(workspace, Path(made), name="pairs")

    return make


TEXTURES, DIGITS, GAUGES = sample("textures"), sample("digits"), sample("gauges")
RUNS: dict[str, tuple[Maker, dict[str, Any]]] = {
    "textures-defaults": (TEXTURES, {}),
    "textures-short": (TEXTURES, {"epochs": 5, "learning_rate": 0.0005, "schedule": "constant"}),
    "textures-no-validation": (split(TEXTURES, 0.0), {"epochs": 30, "learning_rate": 0.002}),
    "textures-few": (some_of("textures", 12), {"epochs": 12}),
    "textures-rate-1e-7": (TEXTURES, {"learning_rate": 1e-7}),
    "textures-sgd-10": (TEXTURES, {"optimizer": "sgd", "learning_rate": 10.0, "schedule": "constant"}),
    "textures-free-sgd-10": (TEXTURES, {"optimizer": "sgd", "learning_rate": 10.0, "freeze": 0, "epochs": 3}),
    "textures-wrong-labels": (some_of("textures", 64, wrong=1.0), {"epochs": 20}),
    "digits-defaults": (DIGITS, {"epochs": 10}),
    "digits-40-percent-wrong": (some_of("digits", 100, wrong=0.4), {"epochs": 20, "learning_rate": 0.0005}),
    "digits-hidden-long": (
        split(some_of("digits", 40, wrong=0.2), 0.5),
        {
            "epochs": 60,
            "learning_rate": 0.005,
            "schedule": "constant",
            "head": {"kind": "hidden", "hidden_units": 512, "dropout": 0.0},
        },
    ),
    "noise": (noise, {"epochs": 20, "learning_rate": 0.0001}),
    "labels-defaults": (pairs(wrong=False), {}),
    "labels-wrong": (pairs(wrong=True), {}),
    "gauges-defaults": (GAUGES, {}),
    "gauges-free": (GAUGES, {"freeze": 5, "epochs": 15}),
    "gauges-rate-1e-6": (GAUGES, {"learning_rate": 1e-6}),
    "gauges-sgd-1": (GAUGES, {"optimizer": "sgd", "learning_rate": 1.0, "epochs": 10}),
}


def record(workspace: Workspace, name: str) -> None:
    make, settings = RUNS[name]
    dataset = make(workspace)
    fixed = {"dataset": dataset.id, "dataset_version": dataset.version, "backbone": "efficientnet_lite0"}
    loss = TASKS[dataset.kind].losses[0]
    run = runs.start(workspace, Recipe.parse({"loss": loss, **fixed, **settings}), name)
    poll(lambda: not run.status.active, run.log_tail, deadline=600)
    write(run.directory / "events.jsonl", HERE / f"{name}.json")


def write(events: Path, target: Path) -> None:
    """The lines of a run that say how it went, an event a line, with numbers of six figures."""
    kept = (Started, EpochEnded, Ended)
    names = [type(event).__name__ for _, event in read_events(events)[0]]
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    said = [line for line, name in zip(lines, names) if name in {kind.__name__ for kind in kept}]
    text = ",\n".join(json.dumps(_rounded(line)) for line in said)
    target.write_text(f"[\n{text}\n]\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items() if key not in ("time", "note") and each is not None}
    return float(f"{value:.6g}") if isinstance(value, float) else value


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        for name in sys.argv[1:] or RUNS:
            record(Workspace.open(home), name)
            print(name, flush=True)
