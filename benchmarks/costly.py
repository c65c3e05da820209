"""What small files may cost: `check` on files that are cheap to make and dear to read, each in a process of its own.

    python -m benchmarks.costly [--against CHECKOUT] [--only NAME] [--write]

For each: seconds of processor and the most memory of its process, and whether it was read or refused. --against: an
earlier checkout of Graft, run with the same interpreter on the same files, for a table of before and after. The files
are made here, in a folder that is deleted afterwards; the largest pixels are those that `Limits` allow.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.machine import describe_machine
from benchmarks.results import write

ROOT = Path(__file__).resolve().parents[1]
SIDE = 10_900  # pixels: a square just below `Limits.pixels`
SECONDS_AT_MOST = 600
CHECK = """
import json, resource, sys, time
from pathlib import Path
from core.importing.importing import check
from core.errors import DataError
began = time.process_time()
try:
    report = check(Path(sys.argv[1]))
    said = f"read, {report.images:,} images"
except DataError as error:
    said = f"refused: {str(error)[:90]}"
except MemoryError:
    said = "ended without memory"
spent = time.process_time() - began
try:  # what `getrusage` says begins with the memory of the process that began this one
    lines = Path("/proc/self/status").read_text().splitlines()
    memory = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
except OSError:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([spent, memory * 1024, said]))
"""


@dataclass(frozen=True)
class Cost:
    """seconds: of processor. memory: bytes. said: what came of it."""

    seconds: float
    memory: int
    said: str


def _noise(seed: int, side: int = 64) -> bytes:
    file = io.BytesIO()
    values = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
    Image.fromarray(values).save(file, "JPEG", quality=80)
    return file.getvalue()


def _few() -> dict[str, bytes]:
    return {f"{label}/{number}.jpg": _noise(number) for number in range(3) for label in ("a", "b")}


def _rows() -> dict[str, bytes]:
    return {**_few(), "t.csv": b"path,label\na/0.jpg,x\nb/0.jpg,y\n" + b"a/0.jpg,x\n" * 1_900_000}


def _paths() -> dict[str, bytes]:
    lines = "".join(f"{number}.jpg,x\n" for number in range(999_000))
    return {**_few(), "t.csv": f"path,label\na/0.jpg,x\nb/0.jpg,y\n{lines}".encode()}


def _tables() -> dict[str, bytes]:
    lines = "".join(f"{number}.jpg,x\n" for number in range(5_000))
    table = f"path,label\na/0.jpg,x\nb/0.jpg,y\n{lines}".encode()
    return {**_few(), **{f"t{number}.csv": table for number in range(400)}}


def _parquet() -> dict[str, bytes]:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    file = io.BytesIO()
    rows = 900_000
    parquet.write_table(pa.table({"path": ["a/0.jpg"] * rows, "label": ["x" * 500] * rows}), file, compression="zstd")
    return {**_few(), "t.parquet": file.getvalue()}


def _lookalikes() -> dict[str, bytes]:
    """One scene, 20,000 times, each with its own noise."""
    scene = np.random.default_rng(0).integers(40, 215, (8, 8, 3), dtype=np.uint8)
    whole = np.asarray(Image.fromarray(scene).resize((48, 48), Image.Resampling.BICUBIC), np.int16)
    files = {}
    for number in range(20_000):
        file = io.BytesIO()
        noise = np.random.default_rng(number).integers(-6, 7, whole.shape)
        Image.fromarray((whole + noise).clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
        files[f"{'ab'[number % 2]}/{number}.jpg"] = file.getvalue()
    return files


def _ppm() -> bytes:
    return f"P5 {SIDE} {SIDE} 255\n".encode() + bytes(SIDE * SIDE)


def _bmp_rle() -> bytes:
    """A run of 255 pixels is two bytes."""
    row = b"\xff\x00" * (SIDE // 255) + bytes([SIDE % 255, 0]) + b"\0\0"
    pixels = row * SIDE + b"\0\1"
    offset = 54 + 1024
    head = b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset)
    info = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    return head + info + bytes(1024) + pixels


def _png16() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packed = zlib.compressobj(9)
    row = bytes(1 + 6 * SIDE)
    data = b"".join(packed.compress(row) for _ in range(SIDE)) + packed.flush()
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _saved(format: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (SIDE, SIDE), (90, 120, 60)).save(file, format, quality=30)
    return file.getvalue()


def _images(make: Callable[[], bytes], ending: str, count: int = 4) -> Callable[[], dict[str, bytes]]:
    return lambda: {**_few(), **{f"a/large{number}.{ending}": make() for number in range(count)}}


FILES: dict[str, Callable[[], dict[str, bytes]]] = {
    "a table of 1.9 million equal rows": _rows,
    "a table of a million paths": _paths,
    "400 tables of 5,000 rows": _tables,
    "a Parquet file of 450 MB in 0.1": _parquet,
    "4 grey PPM at the limit of pixels": _images(_ppm, "ppm"),
    "4 RLE-BMP at the limit of pixels": _images(_bmp_rle, "bmp"),
    "4 PNG of 16 bits at the limit of pixels": _images(_png16, "png"),
    "4 WebP at the limit of pixels": _images(lambda: _saved("WEBP"), "webp"),
    "2 AVIF at the limit of pixels": _images(lambda: _saved("AVIF"), "avif", 2),
    "20,000 lookalikes": _lookalikes,
}


def measure(archive: Path, checkout: Path) -> Cost:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-c", CHECK, str(archive)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=checkout, env=environment, timeout=SECONDS_AT_MOST
        )
    except subprocess.TimeoutExpired:
        return Cost(float(SECONDS_AT_MOST), 0, f"not ready after {SECONDS_AT_MOST} s")
    if done.returncode:
        return Cost(0.0, 0, f"ended with {done.returncode}")
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="an earlier Graft, for before and after")
    parser.add_argument("--only", metavar="NAME", default="", help="only files whose name contains this")
    parser.add_argument("--write", action="store_true", help="put the result into docs/performance.md")
    options = parser.parse_args()
    head = ["what", "MB"] + (["before: s", "MB of memory", "what came"] if options.against else [])
    lines = [f"| {' | '.join([*head, 's', 'MB of memory', 'what comes'])} |", f"|{'---|' * (len(head) + 3)}"]
    for name, make in FILES.items():
        if options.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "files.zip"
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
                for path, data in make().items():
                    file.writestr(path, data)
            size = archive.stat().st_size
            costs = [measure(archive, each) for each in filter(None, (options.against, ROOT))]
        cells = [f"{cost.seconds:.1f} | {cost.memory / 1e6:,.0f} | {cost.said}" for cost in costs]
        lines.append(f"| {name} | {size / 1e6:.2f} | {' | '.join(cells)} |")
        print(lines[-1], file=sys.stderr, flush=True)
    words = f"{describe_machine().line()}\n\n" + "\n".join(lines)
    write(words, "Small files", "costly.py") if options.write else print(words)


if __name__ == "__main__":
    main()
