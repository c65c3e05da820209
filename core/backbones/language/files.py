"""The files with a language model's weights: one, or several with an index. Only their headers are read here."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.backbones.weights_file import MOST_HEADER
from core.errors import BackboneError

TOKENIZER = "tokenizer.json"
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
PICKLES = re.compile(r"\.(bin|pt|pth|ckpt|h5|msgpack|pkl)$")
SHARD = re.compile(r"[\w.-]{1,100}\.safetensors")
MOST_SHARDS = 200


@dataclass(frozen=True)
class Weights:
    """files: in order. numbers: of all tensors. bytes: of all files."""

    files: tuple[Path, ...]
    numbers: int
    bytes: int


def weights_of(folder: Path) -> Weights | None:
    """None where there are no weights in the folder.

    Raises:
        BackboneError: they are damaged, or some of them are missing.
    """
    files = shards(folder)
    if not all(file.is_file() for file in files):
        missing = [file.name for file in files if not file.is_file()]
        if len(files) == 1:
            return None
        raise BackboneError(f"{len(missing)} of the {len(files)} files with weights are missing, such as {missing[0]}.")
    sizes = [file.stat() for file in files]
    numbers = sum(_numbers(file, said.st_size, said.st_mtime_ns) for file, said in zip(files, sizes))
    return Weights(files, numbers, sum(said.st_size for said in sizes))


def shards(folder: Path) -> tuple[Path, ...]:
    """The files that hold the weights, there or not: those that an index names, and are in the folder itself.

    Raises:
        BackboneError: the index is damaged.
    """
    if (folder / WEIGHTS).is_file() or not (folder / INDEX).is_file():
        return (folder / WEIGHTS,)
    try:
        if (folder / INDEX).stat().st_size > MOST_HEADER:
            raise ValueError("it is too long")
        named = set(json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"].values())
        if not 0 < len(named) <= MOST_SHARDS or not all(SHARD.fullmatch(name) for name in named):
            raise ValueError("its names are none of files beside it")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BackboneError(f"{INDEX} is damaged ({error}). Give the folder with all of its files.") from error
    return tuple(folder / name for name in sorted(named))


@lru_cache(maxsize=256)
def _numbers(path: Path, size: int, when: int) -> int:
    """As the header says, and no more than the file has room for."""
    try:
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > min(MOST_HEADER, size):
                raise ValueError("its header is too long")
            header = json.loads(file.read(length))
        numbers = sum(math.prod(each["shape"]) for name, each in header.items() if name != "__metadata__")
        if not 0 < numbers <= size:
            raise ValueError("it has no room for what it says")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise BackboneError(f"{path.name} is not a whole .safetensors file ({error}).") from error
    return int(numbers)
