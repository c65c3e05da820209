"""Import at scale: how fast against the fastest plain way, how much memory, how soon the first page of thumbnails.

    python -m benchmarks.importing [--images 10000] [--memory 1000 10000 100000] [--texts 1000 100000] [--write]
    python -m benchmarks.importing --only-texts --texts 1000 100000 1000000

The images are generated: cuts of the photographs that the sample set brings, as JPEGs, in a ZIP of ten class folders.
Texts are a CSV of made words, 5 to 40 a row, in three classes.
Speed is measured on images of 500 x 375 pixels; memory and the first page on small ones (96 x 72).

The plain way, with two processes: read each file from the ZIP, write it to disk, decode it at the reduced scale that
JPEG allows, and bring it to 256 pixels. Graft does the same but for the resizing, and hashes, measures, compares and
sorts the images besides.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.machine import describe_machine
from benchmarks.results import write
from core.importing.samples.samples import TEXTURES
from core.runtime.device import available_cores

CLASSES = 10
LARGE, SMALL = (500, 375), (96, 72)
PAGE = 48  # thumbnails on the first page
MEASURED = """
import json, sys, time
from pathlib import Path
from core.data.dataset import load_dataset
from core.importing.importing import import_path
from core.workspace import Workspace
began = time.perf_counter()
made = import_path(Workspace.open(sys.argv[1]), Path(sys.argv[2]))
seconds = time.perf_counter() - began
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"id": made.id, "images": len(made.frame), "seconds": seconds, "peak": peak}))
"""
FIRST_PAGE = """
import json, sys, time
from core.data.dataset import load_dataset
from core.workspace import Workspace
from core.modalities.images.thumbnails import thumbnails
began = time.perf_counter()
dataset = load_dataset(Workspace.open(sys.argv[1]), sys.argv[2])
report = dataset.report
found = time.perf_counter() - began
small = thumbnails([dataset.path(image) for image in dataset.frame["image"].head(int(sys.argv[3]))])
print(json.dumps({"report": found, "page": time.perf_counter() - began, "thumbnails": len(small)}))
"""


def generate(path: Path, images: int, size: tuple[int, int], seed: int = 0) -> Path:
    """A ZIP of ten class folders of JPEGs, all different."""
    photos = [Image.open(photo).convert("RGB") for photo in sorted(TEXTURES.glob("*.jpg"))]
    random = np.random.default_rng(seed)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(images):
            photo = photos[number % len(photos)]
            scale = random.uniform(0.3, 1.0)
            width, height = (max(8, int(side * scale * min(photo.size) / max(size))) for side in size)
            left, top = random.integers(photo.width - width + 1), random.integers(photo.height - height + 1)
            cut = photo.resize(size, box=(left, top, left + width, top + height)).rotate(int(random.integers(4)) * 90)
            file = io.BytesIO()
            Image.blend(cut, Image.new("RGB", size, tuple(random.integers(0, 255, 3))), 0.15).save(file, "JPEG")
            archive.writestr(f"photos/class {number % CLASSES}/{number:06}.jpg", file.getvalue())
    return path


def generate_texts(path: Path, rows: int, seed: int = 0) -> Path:
    """A CSV with a key, a text, a class and a date a row."""
    random = np.random.default_rng(seed)
    words = np.array(["".join(random.choice(list("abcdefghijklmnop"), 6)) for _ in range(5_000)])
    with open(path, "w", encoding="utf-8") as file:
        file.write("id,text,label,date\n")
        for number in range(rows):
            text = " ".join(random.choice(words, random.integers(5, 40)))
            file.write(f'{number},"{text}, so",{("good", "bad", "mixed")[number % 3]},2026-01-{1 + number % 28:02}\n')
    return path


def measure_texts(counts: Sequence[int]) -> str:
    lines = ["| Import of texts (CSV) | MB | seconds | rows/s | peak memory, MB |", "|---|---|---|---|---|"]
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            table = generate_texts(Path(name) / "texts.csv", count)
            found = graft(Path(name) / "graft", table)
            size, seconds, peak = table.stat().st_size / 1e6, found["seconds"], found["peak"] / 1e6
            lines.append(f"| {count:,} | {size:,.0f} | {seconds:.1f} | {count / seconds:,.0f} | {peak:,.0f} |")
            _say(lines[-1])
    return "\n".join(lines)


def plain_way(archive: Path, folder: Path) -> float:
    """Seconds to unzip, decode and resize on all cores with nothing else."""
    began = time.perf_counter()
    cores = available_cores()
    with ProcessPoolExecutor(cores) as pool:
        done = sum(pool.map(_share, [archive] * cores, [folder] * cores, range(cores), [cores] * cores))
    assert done
    return time.perf_counter() - began


def _share(archive: Path, folder: Path, first: int, step: int) -> int:
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()[first::step]
        for name in names:
            data = opened.read(name)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
            image = Image.open(io.BytesIO(data))
            image.draft("RGB", (256, 256))
            image.load()
            image.resize((256, 256), Image.Resampling.BILINEAR)
    return len(names)


def graft(workspace: Path, archive: Path) -> dict[str, float]:
    """An import in a process of its own: images, seconds without the process's start, peak memory in bytes."""
    return _run(MEASURED, workspace, archive)


def _run(script: str, *arguments: object) -> dict[str, float]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "."})
    return dict(json.loads(said.stdout.splitlines()[-1]))


def measure(images: int, memory: Sequence[int]) -> str:
    """Everything, as Markdown."""
    lines = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = generate(folder / "large.zip", images, LARGE)
        _say(f"{images:,} images generated")
        rounds = []
        for number in range(2):  # the second with everything in the system's cache of files
            seconds = plain_way(archive, folder / f"plain {number}")
            rounds.append((seconds, graft(folder / f"graft {number}", archive)["seconds"]))
            _say(f"plain {rounds[-1][0]:.1f} s, Graft {rounds[-1][1]:.1f} s")
        plain, ours = min(each[0] for each in rounds), min(each[1] for each in rounds)
        lines += [
            f"| Import of {images:,} JPEGs, {LARGE[0]} x {LARGE[1]} | seconds | images/s | times as long |",
            "|---|---|---|---|",
            f"| Graft: unzip, decode, check, hash, find copies, sort | {ours:.1f} | {images / ours:,.0f} | 1.00 |",
            f"| Plain: unzip, decode, resize | {plain:.1f} | {images / plain:,.0f} | {plain / ours:.2f} |",
            "",
            "| Import of small JPEGs | seconds | peak memory, MB | report, s | first page of thumbnails, s |",
            "|---|---|---|---|---|",
        ]
    for count in memory:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            found = graft(folder / "graft", generate(folder / "small.zip", count, SMALL))
            page = _run(FIRST_PAGE, folder / "graft", found["id"], PAGE)
            peak = found["peak"] / 1e6
            row = f"| {count:,} | {found['seconds']:.1f} | {peak:,.0f} | {page['report']:.2f} | {page['page']:.2f} |"
            lines.append(row)
            _say(row)
    return "\n".join(lines)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.importing", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--memory", type=int, nargs="*", default=[1000, 10_000, 100_000])
    parser.add_argument("--texts", type=int, nargs="*", default=[1000, 100_000])
    parser.add_argument("--only-texts", action="store_true", help="no images")
    parser.add_argument("--write", action="store_true", help="put the result into docs/performance.md")
    options = parser.parse_args()
    found = [] if options.only_texts else [measure(options.images, options.memory)]
    words = "\n\n".join([describe_machine().line(), *found, measure_texts(options.texts)])
    print(words)
    if options.write and not options.only_texts:
        write(words, "Import", "importing.py")


if __name__ == "__main__":
    main()
