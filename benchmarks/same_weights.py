"""Whether two checkouts of Graft train the same weights, bit for bit, from the same data and settings.

    python -m benchmarks.same_weights --against FOLDER [--only NAME ...]

FOLDER is another checkout. Each recipe below is trained by both, in a workspace of its own, through the command line,
which is what checkouts have in common. Then the tensors of their bundles are compared. Bits are the same on one
machine only. Random numbers, caches and the resumption of runs are all part of it.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import safetensors.torch
from PIL import Image

HERE = Path(__file__).resolve().parents[1]
COMMON = ["--seed", "3", "--batch-size", "8", "--precision", "float32"]
EPOCHS, IMAGES_PER_CLASS, SIZE = "2", 8, 256
TRAINED = ["--preset", "textbook", "--epochs", EPOCHS]

# name -> which data, and the settings
RECIPES: dict[str, tuple[str, list[str]]] = {
    "recommended": ("classes", ["--epochs", EPOCHS]),
    "all frozen": ("classes", [*TRAINED, "--freeze", "all"]),
    "two stages free": ("classes", [*TRAINED, "--freeze", "7", "--augmentation", "standard", "--views", "2"]),
    "none frozen": ("classes", [*TRAINED, "--freeze", "none", "--lr", "0.01", "--augmentation", "standard"]),
    "gradual": ("classes", [*TRAINED, "--freeze", "7", "--unfreeze", "after_head", "--head-epochs", "1"]),
    "several labels": ("labels", [*TRAINED, "--balance", "weights"]),
    "several labels, solved": ("labels", ["--epochs", EPOCHS]),
    "a number": ("number", [*TRAINED, "--loss", "huber"]),
    "a number, solved": ("number", ["--epochs", EPOCHS]),
    "MixUp": ("classes", [*TRAINED, "--freeze", "7", "--mixup", "0.4", "--label-smoothing", "0.1"]),
    "CutMix": ("classes", [*TRAINED, "--freeze", "7", "--cutmix", "1", "--loss", "focal"]),
    "averaging": ("classes", [*TRAINED, "--freeze", "7", "--average", "0.9", "--accumulate", "2", "--clip", "1"]),
    "two processes": ("classes", [*TRAINED, "--freeze", "7", "--devices", "2", "--balance", "weights"]),
    "sampling": ("classes", [*TRAINED, "--hidden-units", "16", "--balance", "sampling", "--optimizer", "adamw"]),
}


def write_data(folder: Path) -> dict[str, Path]:
    """Three sets of noisy stripes: in folders by class, with several labels, and with a number."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(3):
        (folder / "classes" / f"kind{number}").mkdir(parents=True)
        for image in range(IMAGES_PER_CLASS + number):
            wave = np.sin(np.arange(SIZE) / (3 + 4 * number) + image)[:, None] * 90 + 128
            pixels = wave[..., None] + random.normal(0, 30, (SIZE, SIZE, 3))
            path = folder / "classes" / f"kind{number}" / f"{image}.png"
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
            labels = ";".join(["striped", *(["wide"] if number else []), *(["new"] if image % 2 else [])])
            rows.append((path, labels, number + image / 20))
    tables = {"labels": ("labels", 1), "number": ("width", 2)}
    for name, (heading, column) in tables.items():
        (folder / name).mkdir()
        with open(folder / name / "table.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["image", heading])
            for number, row in enumerate(rows):
                (folder / name / f"{number}.png").hardlink_to(row[0])
                writer.writerow([f"{number}.png", row[column]])
    return {name: folder / name for name in ("classes", *tables)}


def train(checkout: Path, home: Path, data: Path, settings: list[str]) -> dict[str, np.ndarray]:
    """The tensors of the bundle."""
    environment = {**os.environ, "GRAFT_HOME": str(home), "GRAFT_DEVICE": "cpu", "GRAFT_DEVICES": "2"}
    command = [sys.executable, "-m", "core", "train", "--data", str(data), *COMMON, *settings]
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{checkout}: {' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    (weights,) = home.glob("runs/*/bundle/weights.safetensors")
    return {name: tensor.numpy() for name, tensor in safetensors.torch.load_file(weights).items()}


def difference(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> str:
    """What differs, in words; empty where nothing does."""
    if one.keys() != other.keys():
        return f"other tensors: {sorted(one.keys() ^ other.keys())[:5]}"
    differ = [name for name in one if one[name].tobytes() != other[name].tobytes()]
    if not differ:
        return ""
    largest = max(float(np.abs(one[name].astype(float) - other[name].astype(float)).max()) for name in differ)
    return f"{len(differ)} of {len(one)} tensors differ, by up to {largest:.2g}: {differ[:3]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=RECIPES, default=list(RECIPES))
    asked = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data = write_data(folder / "data")
        for number, name in enumerate(asked.only):
            kind, settings = RECIPES[name]
            found = [
                train(checkout, folder / f"{side}-{number}", data[kind], settings)
                for side, checkout in (("here", HERE), ("there", asked.against.resolve()))
            ]
            said = difference(*found)
            failed += bool(said)
            print(f"{name}: {said or f'the same {len(found[0])} tensors'}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
