"""How many images a second the data path of training delivers, against torchvision's ImageFolder and DataLoader.

    python -m benchmarks.throughput DATA [--seconds 10] [--write]

Both sides deliver normalised batches of 32 to the device, of the same images, on the same cores, with the same
transforms: a random resized crop of 35 to 100% of the image and a flip, or its middle. Graft decodes each image
once, which is timed on its own, and then reads it from the cache; torchvision decodes it in every epoch. The sides take
turns, each for `--seconds` after a warm-up, and the median of three turns counts. Both run as Graft's worker does, with
its allocator's settings and with threads that wait asleep, which makes both faster.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

from benchmarks.machine import describe_machine
from benchmarks.results import write
from benchmarks.tutorial import link_images
from core.backbones.catalogue import BUNDLED, find
from core.data.dataset import Dataset
from core.importing.importing import import_path
from core.modalities.images.examples import ImageExamples
from core.modalities.images.pixels import pixels
from core.modalities.images.preprocessing import Augmentation, Preprocessing
from core.processes import WAITING
from core.runs.launching import ALLOCATOR
from core.runtime.device import Device, choose_device
from core.training.sources import cut
from core.workspace import Workspace

BATCH = 32
TURNS = 3
WORKERS = (0, 2)
SHARE, ASPECT = (0.35, 1.0), (3 / 4, 4 / 3)  # as core.modalities.images.preprocessing.augment
Epochs = Callable[[], Iterator[torch.Tensor]]


@dataclass(frozen=True)
class Result:
    """A transform, and images a second of each side, by name."""

    transform: str
    rates: dict[str, float]

    def lines(self) -> list[str]:
        graft = self.rates["Graft"]
        return [
            f"| {self.transform} | {name} | {rate:,.0f} | {graft / rate:.1f} |" for name, rate in self.rates.items()
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a ZIP or a folder of class folders")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each turn (default: %(default)s)")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    as_in_a_run = WAITING | ALLOCATOR
    if not as_in_a_run.items() <= os.environ.items():  # torch and the allocator read them when they begin
        command = [sys.executable, "-m", "benchmarks.throughput", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=os.environ | as_in_a_run, check=False).returncode)
    with tempfile.TemporaryDirectory() as folder:
        words = compare(Path(folder), options.data, options.seconds)
    print(words)
    if options.write:
        write(words, options.data.stem, "throughput.py")


def compare(folder: Path, data: Path, seconds: float) -> str:
    """Import, decode, and let the sides take turns. Returns a table in Markdown."""
    workspace, device = Workspace.open(folder / "home"), choose_device()
    dataset, preprocessing = import_path(workspace, data), find(BUNDLED).preprocessing
    link_images(dataset, folder / "linked")
    began = time.perf_counter()
    kept = pixels(workspace, dataset.path, dataset.part("train"), preprocessing)
    decoding = time.perf_counter() - began
    results = [
        measure(transform, graft_and_torchvision(transform, folder, dataset, kept, device), seconds)
        for transform in ("random crop and flip", "middle")
    ]
    head = [
        f"{dataset.name}: {len(kept):,} images; decoding them once took Graft {decoding:.1f} s "
        f"({len(kept) / decoding:,.0f} images/s). Batches of {BATCH}, median of {TURNS} turns of {seconds:g} s.",
        describe_machine().line(),
        "",
        "| transform | data path | images/s | Graft, times as fast |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *(line for result in results for line in result.lines())])


def graft_and_torchvision(
    transform: str, folder: Path, dataset: Dataset, kept: object, device: Device
) -> dict[str, Epochs]:
    """The sides by name, each an endless stream of batches on the device."""
    preprocessing, augmented = find(BUNDLED).preprocessing, transform != "middle"
    augmentation: Augmentation = "standard" if augmented else "none"
    digests = list(dataset.part("train")["sha256"])
    source = ImageExamples(lambda: kept, digests, preprocessing, device.torch, augmentation)  # type: ignore[arg-type,return-value]
    sides: dict[str, Epochs] = {"Graft": partial(graft, source)}
    photos = datasets.ImageFolder(str(folder / "linked" / "train"), torchvision_transform(preprocessing, augmented))
    for workers in WORKERS:
        sides[f"torchvision, {workers} workers"] = partial(torchvision, photos, workers, device)
    return sides


def torchvision_transform(preprocessing: Preprocessing, augmented: bool) -> transforms.Compose:
    """With the interpolations that Graft uses for the same purpose."""
    size = preprocessing.size
    cut_out: list[object] = [
        transforms.Resize(preprocessing.resize, transforms.InterpolationMode(preprocessing.interpolation)),
        transforms.CenterCrop(size),
    ]
    if augmented:
        cut_out = [transforms.RandomResizedCrop(size, SHARE, ASPECT), transforms.RandomHorizontalFlip()]
    numbers = [transforms.ToTensor(), transforms.Normalize(preprocessing.mean, preprocessing.std)]
    return transforms.Compose([*cut_out, *numbers])


def graft(source: ImageExamples) -> Iterator[torch.Tensor]:
    for epoch in itertools.count(1):
        order = np.random.default_rng(epoch).permutation(len(source))
        for inputs in source.batches(cut(order, BATCH, training=True), epoch):
            yield inputs["pixels"]


def torchvision(photos: datasets.ImageFolder, workers: int, device: Device) -> Iterator[torch.Tensor]:
    loader: DataLoader[object] = DataLoader(
        photos,
        batch_size=BATCH,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=device.torch.type == "cuda",
    )
    while True:
        for images, _ in loader:
            yield images.to(device.torch, non_blocking=True)


def measure(transform: str, sides: dict[str, Epochs], seconds: float) -> Result:
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(TURNS):
        for name, epochs in sides.items():
            rates[name].append(rate(epochs(), seconds))
    return Result(transform, {name: statistics.median(found) for name, found in rates.items()})


def rate(batches: Iterator[torch.Tensor], seconds: float) -> float:
    """Images a second over `seconds`, after the first batches, which start processes and threads."""
    for _ in range(8):
        next(batches)
    images, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        images += len(next(batches))
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return images / passed


if __name__ == "__main__":
    main()
