"""Texts: Graft beside transformers' Trainer, and beside the lines to beat. Time and accuracy, in one run.

    python -m benchmarks.texts speed [--write]
    python -m benchmarks.texts accuracy [--seeds N] [--learn N] [--write]

speed: on the sample set of topics, the same division and backbone for both, one after the other: all frozen for 10
epochs, the last two layers free and nothing frozen for 3. Graft is timed from Start until the worker has ended, with
nothing kept, and then again; the Trainer (benchmarks/trainer_side.py) from the texts to the trained model, with its
libraries imported beforehand, judged after each epoch as Graft is.

accuracy: on the sample sets with classes, what a user gets untouched beside logistic regression on TF-IDF (words and
pairs of words, C by cross-validation), on the frozen features, and the Trainer as its documentation sets it (its own
head on the first token, 2 epochs, 2e-5) and as a careful user does (mean pooling, 3 epochs). The test texts are 300 of
each set that no side trains or chooses with.

The Trainer's libraries are in build/trainer: `make build/trainer/installed`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bench import SECONDS_BETWEEN_LOOKS
from benchmarks.machine import describe_machine
from benchmarks.results import write
from core import runs
from core.backbones.libraries import find
from core.data.changes import resplit
from core.data.dataset import Dataset
from core.importing.importing import import_sample
from core.inference.predictor import Predictor
from core.modalities.texts.kept import FILE, KeptTexts
from core.runs.launching import ALLOCATOR
from core.store.cache import empty
from core.training.presets import PRESETS
from core.training.recipe import Recipe
from core.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
BACKBONE = "minilm"
LAYERS = 6
SETS = ("sentiment", "topics")
TEST = 300
BATCH = {"Graft": 32, "Trainer": 16}  # each side's usual one
SPEED = {"all frozen": (0, 10), "last two layers free": (2, 3), "nothing frozen": (None, 3)}
PLACES = {"speed": ("Texts", "performance.md"), "accuracy": ("Samples", "defaults.md")}
WAYS = {  # of the Trainer
    "Trainer, as documented": {"pooling": "cls", "epochs": 2, "rate": 2e-5},
    "Trainer, mean pooling, 3 epochs": {"pooling": "mean", "epochs": 3, "rate": 2e-5},
}


@dataclass(frozen=True)
class Measured:
    seconds: float
    accuracy: float


@dataclass(frozen=True)
class Divided:
    """A dataset, and its texts: what is learned from (training and validation), and what is tested with."""

    dataset: Dataset
    train: list[tuple[str, int]]
    test: list[tuple[str, int]]


def divided(workspace: Workspace, dataset: Dataset, seed: int, learn: int | None = None) -> Divided:
    share = TEST / len(dataset.frame)
    dataset = resplit(workspace, dataset, validation=0.2 * (1 - share), test=share, seed=seed)
    kept, frame = KeptTexts(dataset.path(FILE)), dataset.frame

    def of(rows: Any) -> list[tuple[str, int]]:
        texts = [text for text, _ in kept[rows["row"]]]
        return list(zip(texts, [dataset.classes.index(label) for label in rows["label"]]))

    return Divided(dataset, of(frame[frame["split"] != "test"]), of(frame[frame["split"] == "test"]))


def graft(workspace: Workspace, given: Divided, seed: int, **changes: Any) -> Measured:
    place = {"dataset": given.dataset.id, "dataset_version": given.dataset.version, "backbone": BACKBONE}
    place |= {"modality": "text", "task": given.dataset.kind}
    recipe = Recipe.parse({**place, "seed": seed, **changes})
    while not any(workspace.root.glob("standby/*/ready")):
        runs.expect_start(workspace, BACKBONE)
        time.sleep(SECONDS_BETWEEN_LOOKS)
    began = time.perf_counter()
    run = runs.start(workspace, recipe)
    view = run.view()
    while view.status.active:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        view = run.view(view)
    seconds = time.perf_counter() - began
    if view.status is not runs.Status.FINISHED:
        raise SystemExit(f"The Graft run was {view.status.value}: {view.message}\n{run.log_tail()}")
    answers = Predictor.open(run.bundle).predict((str(number), text) for number, (text, _) in enumerate(given.test))
    right = [
        answer.prediction.top[0].label == given.dataset.classes[label]  # type: ignore[union-attr]
        for answer, (_, label) in zip(answers, given.test)
    ]
    return Measured(seconds, statistics.fmean(right))


def of_preset(name: str) -> dict[str, Any]:
    settings = PRESETS[name].settings("classes", "text", LAYERS + 1)
    return {key: value for key, value in settings.items() if key != "seed"}


def trainer(given: Divided, seed: int, free: int | None, evaluates: bool, **way: Any) -> Measured:
    folder = find(BACKBONE).preprocessing.folder
    said = {
        "model": str(folder),
        "train": given.train,
        "test": given.test,
        "classes": len(given.dataset.classes),
        "free": free,
        "batch": BATCH["Trainer"],
        "seed": seed,
        "evaluates": evaluates,
        **way,
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(said, file)
        file.flush()
        path = f"{ROOT / 'build' / 'trainer'}:{ROOT}"
        environment = {**os.environ, **ALLOCATOR, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, "-m", "benchmarks.trainer_side", file.name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment, cwd=ROOT)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def by_words(given: Divided) -> Measured:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.pipeline import make_pipeline

    began = time.perf_counter()
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegressionCV(Cs=np.logspace(-2, 4, 10), cv=5, max_iter=2000),
    )
    texts, labels = zip(*given.train)
    model.fit(texts, labels)
    asked, wanted = zip(*given.test)
    return Measured(time.perf_counter() - began, float(model.score(asked, wanted)))


def by_features(workspace: Workspace, given: Divided) -> Measured:
    from sklearn.linear_model import LogisticRegressionCV

    from core.training.features import features

    began = time.perf_counter()
    frame = given.dataset.frame
    found = features(workspace, given.dataset, frame, find(BACKBONE))
    labels, tests = frame["label"].to_numpy(), (frame["split"] == "test").to_numpy()
    model = LogisticRegressionCV(Cs=np.logspace(-4, 4, 15), cv=5, max_iter=2000)
    model.fit(found[~tests], labels[~tests])
    return Measured(time.perf_counter() - began, float(model.score(found[tests], labels[tests])))


def speed(workspace: Workspace) -> list[str]:
    dataset = import_sample(workspace, "topics")
    given = divided(workspace, dataset, 0)
    lines = [
        f"{len(given.train):,} texts of the sample topics, {TEST} tested, {BACKBONE}. Seconds, and test accuracy.",
        "",
        "| | Graft | again | Trainer | times | again, times |",
        "|---|---|---|---|---|---|",
    ]
    for name, (free, epochs) in SPEED.items():
        empty(workspace)
        (workspace.root / "measured.json").unlink(missing_ok=True)
        freeze: Any = "all" if free == 0 else 0 if free is None else LAYERS + 1 - free
        first = graft(workspace, given, 0, freeze=freeze, epochs=epochs)
        again = graft(workspace, given, 0, freeze=freeze, epochs=epochs)
        rate = 2e-5 if free != 0 else 1e-3
        other = trainer(given, 0, free, True, pooling="mean", epochs=epochs, rate=rate)
        times = [f"{other.seconds / each.seconds:.1f}" for each in (first, again)]
        cells = [f"{each.seconds:.1f} s, {each.accuracy:.1%}" for each in (first, again, other)]
        lines.append(f"| {name}, {epochs} epochs | {' | '.join([*cells, *times])} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def accuracy(workspace: Workspace, seeds: int) -> list[str]:
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for key in SETS:
        dataset = import_sample(workspace, key)
        for seed in range(seeds):
            given = divided(workspace, dataset, seed)
            sides = {
                **{
                    f"Graft, {PRESETS[name].title}": graft(workspace, given, seed, **of_preset(name))
                    for name in ("recommended", "frozen")
                },
                "words (TF-IDF)": by_words(given),
                "features, logistic regression": by_features(workspace, given),
                **{name: trainer(given, seed, None, False, **way) for name, way in WAYS.items()},
            }
            for side, each in sides.items():
                found[side][key].append(each.accuracy)
                print(f"{key}, seed {seed}, {side}: {each.accuracy:.1%} in {each.seconds:.1f} s", file=sys.stderr)
    lines = [
        f"Accuracy on {TEST} test texts, a mean of {seeds} seeds.",
        "",
        f"| | {' | '.join(SETS)} | mean |",
        f"|---|{'---|' * (len(SETS) + 1)}",
    ]
    for side, of in found.items():
        means = [statistics.fmean(of[key]) for key in SETS]
        lines.append(f"| {side} | {' | '.join(f'{each:.1%}' for each in [*means, statistics.fmean(means)])} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "accuracy"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into the documents")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(folder)
        lines = speed(workspace) if asked.what == "speed" else accuracy(workspace, asked.seeds)
    lines = [describe_machine().line(), "", *lines]
    print("\n".join(lines))
    if asked.write:
        name, page = PLACES[asked.what]
        write("\n".join(lines), name, "texts.py", page)


if __name__ == "__main__":
    main()
