"""Graft's default run against the loop that the PyTorch transfer-learning tutorial teaches.

    make bench DATA=path/to/class/folders          (or: python -m benchmarks.bench PATH [--write])

Same pictures and split, same backbone with the same weights (EfficientNet-Lite0), same cores, in one call, one after
the other. The tutorial's side is written as its users write it: ImageFolder, DataLoader with worker processes,
RandomResizedCrop and flip to train, Resize and CenterCrop to validate, every stage frozen, a new linear head, SGD 0.001
with momentum 0.9, StepLR, ten epochs
(https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html).

Graft's side is what a person gets who presses Start: a run through core.runs and its worker process, from Start to the
end of the run, decoding included. Importing is told apart, as it happens once for a dataset; the tutorial has no such
step.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder

from core import runs
from core.backbones.catalogue import find
from core.backbones.model import build
from core.data.dataset import Dataset
from core.data.importing import import_folder
from core.training.device import available_cores
from core.training.recipe import Recipe
from core.workspace import Workspace

BACKBONE = "efficientnet_lite0"
RESULTS = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- results: written by benchmarks/bench.py -->", "<!-- end of results -->"


@dataclass
class Result:
    what: str
    seconds: list[float]
    accuracy: float  # validation, at the best epoch

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("path", type=Path, help="a folder of class folders, with train/ and val/ or without")
    parser.add_argument("--repeat", type=int, default=1, help="how often each side is timed (default: 1)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.open(folder)
        began = time.perf_counter()
        dataset = import_folder(workspace, options.path)
        imported = time.perf_counter() - began
        as_folders = _as_folders(dataset, Path(folder) / "split")
        results = [tutorial(as_folders, workspace, options.repeat), *graft(workspace, dataset, options.repeat)]
    text = _table(results, dataset, imported)
    print(text)
    if options.write:
        page = RESULTS.read_text(encoding="utf-8")
        RESULTS.write_text(
            re.sub(f"{BEGIN}.*{END}", lambda _: f"{BEGIN}\n{text}\n{END}", page, flags=re.DOTALL), encoding="utf-8"
        )


def graft(workspace: Workspace, dataset: Dataset, repeat: int) -> list[Result]:
    """The untouched defaults, with empty caches and then again."""
    recipe = Recipe(dataset=dataset.id, dataset_version=dataset.version, backbone=BACKBONE)
    first, second = Result("Graft, first run", [], 0.0), Result("Graft, again on the same data", [], 0.0)
    for _ in range(repeat):
        for kind in ("images", "activations"):
            for path in sorted((workspace.cache / kind).rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
        for result in (first, second):
            began = time.perf_counter()
            run = runs.start(workspace, recipe)
            view = run.view()
            while view.status.active:
                time.sleep(0.02)
                view = run.view(view)
            result.seconds.append(time.perf_counter() - began)
            assert view.ended and view.ended.validation, run.log_tail()
            result.accuracy = view.ended.validation.accuracy
    return [first, second]


def tutorial(folder: Path, workspace: Workspace, repeat: int) -> Result:
    result = Result("the tutorial's loop, 10 epochs", [], 0.0)
    for _ in range(repeat):
        began = time.perf_counter()
        result.accuracy = _tutorial_once(folder, workspace)
        result.seconds.append(time.perf_counter() - began)
    return result


def _tutorial_once(folder: Path, workspace: Workspace) -> float:
    torch.set_num_threads(available_cores())
    torch.manual_seed(0)
    wanted = find(BACKBONE).preprocessing
    normal = transforms.Normalize(wanted.mean, wanted.std)
    crop = transforms.RandomResizedCrop(wanted.size)
    train = transforms.Compose([crop, transforms.RandomHorizontalFlip(), transforms.ToTensor(), normal])
    middle = [transforms.Resize(wanted.resize), transforms.CenterCrop(wanted.size)]
    validate = transforms.Compose([*middle, transforms.ToTensor(), normal])
    data = {"train": ImageFolder(str(folder / "train"), train), "val": ImageFolder(str(folder / "val"), validate)}
    loaders = {part: DataLoader(each, batch_size=4, shuffle=True, num_workers=4) for part, each in data.items()}

    backbone = build(find(BACKBONE), workspace)
    for parameter in backbone.parameters():
        parameter.requires_grad = False
    model = nn.Sequential(backbone, nn.Linear(backbone.num_features, len(data["train"].classes)))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model[1].parameters(), lr=0.001, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    best = 0.0
    for _ in range(10):
        for phase in ("train", "val"):
            model.train(phase == "train")
            right = 0
            for inputs, labels in loaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    outputs = model(inputs)
                    loss = criterion(outputs, labels)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                right += int((outputs.argmax(1) == labels).sum())
            if phase == "train":
                scheduler.step()
            else:
                best = max(best, right / len(data[phase]))
    return best


def _as_folders(dataset: Dataset, folder: Path) -> Path:
    """The dataset's split as ImageFolder wants it; links, so that nothing is copied."""
    numbers = {label: f"{number:04}" for number, label in enumerate(dataset.classes)}
    for row in dataset.frame.itertuples():
        if row.split != "test":
            path = (
                folder / {"train": "train", "validation": "val"}[row.split] / numbers[row.label] / Path(row.image).name
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(dataset.path(row.image), path)
    return folder


def _table(results: list[Result], dataset: Dataset, imported: float) -> str:
    counts = dataset.report.splits
    slowest = results[0].median
    lines = [
        f"{date.today()}, {_machine()}, torch {torch.__version__}, torchvision {torchvision.__version__}. "
        f"{counts['train']} pictures to train, {counts['validation']} to validate, {len(dataset.classes)} classes; "
        f"imported once in {imported:.1f} s.",
        "",
        "| | seconds (median) | times faster | validation accuracy |",
        "|---|---|---|---|",
    ]
    for result in results:
        lines.append(f"| {result.what} | {result.median:.1f} | {slowest / result.median:.1f} | {result.accuracy:.1%} |")
    return "\n".join(lines)


def _machine() -> str:
    name = platform.processor() or platform.machine()
    try:
        info = Path("/proc/cpuinfo").read_text()
        name = re.search(r"model name\s*: (.*)", info).group(1)  # type: ignore[union-attr]
    except (OSError, AttributeError):
        pass
    return f"{name}, {available_cores()} cores, {'a GPU' if torch.cuda.is_available() else 'no GPU'}"


if __name__ == "__main__":
    main()
