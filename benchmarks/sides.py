"""One side of a comparison in a process of its own, as its users run it. Prints one line of JSON.

    python -m benchmarks.sides SIDE WORKSPACE DATASET FOLDER      called by benchmarks/engine.py

FOLDER has the dataset's images in train/<class>/ and validation/<class>/.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from PIL import Image
from timm.data import create_dataset, create_loader, resolve_data_config
from timm.optim import create_optimizer_v2
from torch import nn
from torchvision import transforms

from benchmarks.tutorial import OfImages, loader
from core.backbones.catalogue import BUNDLED, find
from core.backbones.model import build
from core.data.dataset import load_dataset
from core.inference import predictor as predicting
from core.inference.predictor import Predictor
from core.runtime.device import choose_device
from core.training.loop import Batch, Updater, run_epoch
from core.training.optimizers import build_optimizer
from core.training.preparation import Material, prepare
from core.training.process.control import Control
from core.training.process.events import EventLog
from core.training.process.reporter import Reporter
from core.training.recipe import Recipe
from core.training.sources import cut
from core.workspace import Workspace

BATCH, STEPS, WARM_UP = 32, 6, 2
FREE_EPOCHS, FROZEN, FREE_SEEDS = 10, 7, 3
FILES, SINGLES = 1_000, 30


def rate(batches: Iterable[Any], step: Callable[[Any], object], size: int = BATCH, steps: int = STEPS) -> float:
    """Images a second over some steps, after a warm-up, until the device has done them."""
    numbered = iter(batches)
    for batch in itertools.islice(numbered, WARM_UP):
        step(batch)
    _wait()
    began = time.perf_counter()
    done = [step(batch) for batch in itertools.islice(numbered, steps)]
    _wait()
    return len(done) * size / (time.perf_counter() - began)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def timm_style(workspace: Workspace, dataset: str, folder: Path) -> dict[str, float]:
    """Nothing frozen: timm's model, loader with its usual augmentation, and optimizer, as in its documentation."""
    classes = len(load_dataset(workspace, dataset).classes)
    model = timm.create_model("tf_efficientnet_lite0", num_classes=classes)
    config = resolve_data_config({}, model=model)
    images = create_dataset("", root=str(folder / "train"), is_training=True)
    loading = {"num_workers": 2, "use_prefetcher": False, "device": torch.device("cpu")}
    batches = create_loader(images, config["input_size"], BATCH, is_training=True, mean=config["mean"], **loading)
    optimizer, criterion = create_optimizer_v2(model, "adamw", lr=1e-3), nn.CrossEntropyLoss()
    model.train()

    def step(batch: Any) -> None:
        optimizer.zero_grad()
        criterion(model(batch[0]), batch[1]).backward()
        optimizer.step()

    return {"rate": rate(batches, step)}


def graft(workspace: Workspace, dataset: str, folder: Path) -> dict[str, float]:
    """Nothing frozen, in Graft's loop: on images from the cache, and on tensors that are in memory already."""
    augmented = {"augmentation": "standard", "freeze": 0, "batch_size": BATCH}
    recipe = Recipe(dataset=dataset, dataset_version=1, backbone=BUNDLED, **augmented)  # type: ignore[arg-type]
    return loop_rates(workspace, recipe)


def loop_rates(workspace: Workspace, recipe: Recipe, steps: int = STEPS) -> dict[str, float]:
    """Images a second in Graft's loop, the median of three turns: "images" from the cache; "memory", the same as
    tensors on the device."""
    device, directory, size = choose_device().at(recipe.precision), workspace.root / "side", int(recipe.batch_size)
    directory.mkdir(exist_ok=True)
    log = EventLog(directory / "events.jsonl")
    prepared = prepare(Material(workspace, recipe, device, Reporter(log, Control(directory), device)), 0)
    log.close()
    optimizer = build_optimizer(recipe, prepared.depths())
    update = Updater(optimizer, prepared.device.scaler())

    def step(batch: Batch) -> None:
        run_epoch(prepared.model, [batch], prepared.material.task, prepared.device, update)

    part, count = prepared.train, size * (steps + WARM_UP)
    chunks = cut(np.arange(count) % len(part), size, training=True)

    def images() -> Iterable[Batch]:
        for chunk, inputs in zip(chunks, part.source.batches(chunks, 1)):
            yield Batch(inputs, part.targets[torch.from_numpy(chunk)])

    in_memory = list(images())
    found: dict[str, list[float]] = {"images": [], "memory": []}
    for _ in range(3):
        found["images"].append(rate(images(), step, size, steps))
        found["memory"].append(rate(in_memory, step, size, steps))
    return {name: statistics.median(rates) for name, rates in found.items()}


def plain_frozen(workspace: Workspace, dataset: str, folder: Path) -> dict[str, float]:
    """The last two stages free in a plain loop, a mean over the seeds."""
    found = [_plain_frozen(workspace, dataset, folder, seed) for seed in range(FREE_SEEDS)]
    return {name: statistics.fmean(each[name] for each in found) for name in found[0]}


def _plain_frozen(workspace: Workspace, dataset: str, folder: Path, seed: int) -> dict[str, float]:
    """ImageFolder, DataLoader, AdamW, every layer run in every epoch."""
    torch.manual_seed(seed)
    began, info = time.perf_counter(), find(BUNDLED)
    loaders = {part: loader(folder / part, info.preprocessing, BATCH) for part in ("train", "validation")}
    backbone = build(info, workspace)
    backbone.freeze(FROZEN)
    classes = len(load_dataset(workspace, dataset).classes)
    model = nn.Sequential(OfImages(backbone), nn.Linear(backbone.num_features, classes))
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-3)
    best = 0.0
    for _ in range(FREE_EPOCHS):
        model.train()
        for inputs, labels in loaders["train"]:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs), labels).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = [(model(inputs).argmax(1) == labels) for inputs, labels in loaders["validation"]]
        best = max(best, float(torch.cat(right).float().mean()))
    return {"seconds": time.perf_counter() - began, "accuracy": best}


def asked(folder: Path) -> list[Path]:
    """A thousand files; where the dataset has fewer, they come again."""
    return list(itertools.islice(itertools.cycle(sorted(folder.glob("*/*/*"))), FILES))


def plain_predict(workspace: Workspace, bundle: str, folder: Path) -> dict[str, Any]:
    """Open, transform, model(x), one file after the other; and the bare model on one image that is ready."""
    predicting.keep_memory = lambda: None  # a plain loop has the allocator as it is
    predictor = Predictor.open(Path(bundle))
    model, settings = predictor.model.to(memory_format=torch.contiguous_format), predictor.preprocessing
    transform = transforms.Compose(
        [
            transforms.Resize(settings.resize, transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(settings.size),
            transforms.ToTensor(),
            transforms.Normalize(settings.mean, settings.std),
        ]
    )
    tops = []
    with torch.no_grad():
        began = time.perf_counter()
        for path in asked(folder):
            image = transform(Image.open(path).convert("RGB"))
            tops.append(int(model(image[None]).argmax()))
        seconds = time.perf_counter() - began
        singles = [timed(lambda: model(image[None])) for _ in range(SINGLES)]
    return {"seconds": seconds, "single": statistics.median(singles), "tops": tops}


def graft_predict(workspace: Workspace, bundle: str, folder: Path) -> dict[str, Any]:
    predictor = Predictor.open(Path(bundle))
    files = asked(folder)
    began = time.perf_counter()
    answers = list(predictor.predict((path.name, path) for path in files))
    seconds = time.perf_counter() - began
    singles = [timed(lambda: list(predictor.predict([(files[0].name, files[0])]))) for _ in range(SINGLES)]
    tops = [predictor.choices.index(answer.prediction.top[0].label) for answer in answers]
    return {"seconds": seconds, "single": statistics.median(singles), "tops": tops}


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


SIDES = {side.__name__: side for side in (timm_style, graft, plain_frozen, plain_predict, graft_predict)}

if __name__ == "__main__":
    name, home, subject, images_folder = sys.argv[1:]
    print(json.dumps(SIDES[name](Workspace.open(home), subject, Path(images_folder))))
