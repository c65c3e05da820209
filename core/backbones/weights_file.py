"""Take the tensors out of a weights file that may come from anywhere.

Nothing in it is executed. What it holds is measured before it is unpacked: a file costs no more memory than a few times
its own size, and no more than seconds. Which kind of file it is follows from how it begins, and not from its name.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterable, Mapping
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import BackboneError
from core.units import file_size

if TYPE_CHECKING:  # torch takes seconds to import
    import torch

MOST_TENSORS = 20_000  # the largest networks of the catalogue have some 3,000
MOST_RECORDS = 4 * MOST_TENSORS  # with what an optimizer keeps of each
MOST_HEADER = 4 * 2**20  # bytes of names and shapes
MOST_UNPACKED = 4  # times the file's own size; torch packs without compression
UNPACKED_FROM = 64 * 2**20  # bytes, below which that is no matter
LONGEST_LOOK = 8  # containers within each other
# Where training scripts put the weights among other things in a checkpoint; averaged ones are preferred.
WRAPPERS = (
    "state_dict_ema",
    "model_ema",
    "ema_state_dict",
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "backbone",
    "encoder",
    "module",
    "teacher",
    "student",
)
WRAPPED = re.compile(r"^(?:(?:module|_orig_mod)\.)+")  # what wrapping a module adds to its names, however often


def read_file(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a `.safetensors` or `.pth` file, by name, mapped into memory where that can be.

    Raises:
        BackboneError: it is no such file, holds something else than tensors with numbers, or more than is read.
    """
    import safetensors
    import torch

    try:
        with open(path, "rb") as file:
            begins, size = file.read(9), os.fstat(file.fileno()).st_size
            if begins[8:] == b"{" or path.suffix.lower() == ".safetensors":
                tensors: Any = _safetensors(path, begins, size)
            elif begins[:4] == b"PK\3\4":
                mapped = _measured(path, file, size)
                tensors = torch.load(str(path), map_location="cpu", weights_only=True, mmap=mapped)
            else:
                tensors = torch.load(_Frugal(file), map_location="cpu", weights_only=True)  # type: ignore[arg-type]
        found = _unwrapped(tensors, path.name)
        _must_be_plain(found, path.name)
    except BackboneError:
        raise
    except FileNotFoundError as error:
        raise BackboneError(f"The weights file {path.name} is not there any more. Choose it again.") from error
    except safetensors.SafetensorError as error:
        raise BackboneError(f"{path.name} is not a whole .safetensors file ({str(error)[:200]}).") from error
    except OSError as error:
        raise BackboneError(f"The weights file {path.name} cannot be read ({error.strerror}).") from error
    except Exception as error:  # a damaged pickle makes torch raise almost anything
        raise BackboneError(
            f"{path.name} cannot be read as weights. Give a .safetensors file, or a .pth file "
            "that holds nothing but tensors (a state dict)."
        ) from error
    return found


def _safetensors(path: Path, begins: bytes, size: int) -> dict[str, torch.Tensor]:
    import safetensors

    if (header := int.from_bytes(begins[:8], "little")) > MOST_HEADER and header <= size:
        raise _too_much(path, f"{file_size(header)} of names")
    with safetensors.safe_open(path, "pt") as file:
        names = list(file.keys())
        if len(names) > MOST_TENSORS:
            raise _too_much(path, f"{len(names):,} tensors")
        return {name: file.get_tensor(name) for name in names}


def _measured(path: Path, file: BufferedReader, size: int) -> bool:
    """Whether this ZIP of torch's can be mapped, as nothing in it is compressed.

    Raises:
        BackboneError: it unpacks to more than is read.
    """
    import torch

    end = zipfile._EndRecData(file)  # type: ignore[attr-defined]  # where the library will look
    if end is None:
        raise ValueError("it has no end")
    if end[5] > 2 * MOST_HEADER or end[4] > MOST_RECORDS:  # bytes and entries of its directory
        raise _too_much(path, f"{end[4]:,} records")
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    reader = torch._C.PyTorchFileReader(str(path))  # what counts is what torch will unpack
    sizes = {name: reader.get_record_size(name) for name in reader.get_all_records()}
    unpacked = max(sum(sizes.values()), sum(member.file_size for member in members))
    if unpacked > max(MOST_UNPACKED * size, UNPACKED_FROM):
        raise _too_much(path, f"{file_size(unpacked)} packed into {file_size(size)}")
    if sizes.get("data.pkl", 0) > MOST_HEADER:
        raise _too_much(path, f"{file_size(sizes['data.pkl'])} of names")
    return all(member.compress_type == zipfile.ZIP_STORED for member in members)


class _Frugal:
    """A file of torch's older kind. It begins with names, of which there is no end known: so many bytes are read. The
    numbers behind them are read into memory that was made for them, and are as many as the file has."""

    def __init__(self, file: BufferedReader) -> None:
        self.file, self.left = file, MOST_HEADER
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        self._count(size if size >= 0 else self.left + 1)
        return self.file.read(size)

    def readline(self) -> bytes:
        line = self.file.readline(self.left + 1)
        self._count(len(line))
        return line

    def _count(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _too_much(Path(self.file.name), f"over {file_size(MOST_HEADER)} of names")

    def readinto(self, buffer: bytearray) -> int:
        return self.file.readinto(buffer)

    def tell(self) -> int:
        return self.file.tell()

    def seek(self, place: int, whence: int = 0) -> int:
        return self.file.seek(place, whence)


def _too_much(path: Path, what: str) -> BackboneError:
    return BackboneError(
        f"{path.name} holds {what}: more than the weights of any backbone take (at most {MOST_TENSORS:,} tensors, "
        f"{file_size(MOST_HEADER)} of names, unpacked at most {MOST_UNPACKED} times the file). Give the network's "
        "state_dict() alone, saved with torch.save or as .safetensors."
    )


def _unwrapped(value: Any, name: str) -> dict[str, torch.Tensor]:
    """The named tensors, wherever in a checkpoint they are."""
    import torch

    for _ in range(LONGEST_LOOK):
        within = {str(key): item for key, item in _items(value) if _tensors_in(item)}
        wrapper = next((key for key in WRAPPERS if key in within), None)
        if wrapper is None and not any(isinstance(item, torch.Tensor) for _, item in _items(value)):
            wrapper = max(within, key=lambda key: _tensors_in(within[key]), default=None)
        if wrapper is None:
            break
        value = within[wrapper]
    tensors = {str(key): item for key, item in _items(value) if isinstance(item, torch.Tensor)}
    if not tensors:
        raise BackboneError(f"{name} holds no named tensors. Save the network's state_dict() and give that file.")
    if len(tensors) > MOST_TENSORS:
        raise _too_much(Path(name), f"{len(tensors):,} tensors")
    if all(WRAPPED.match(key) for key in tensors):
        tensors = {WRAPPED.sub("", key): tensor for key, tensor in tensors.items()}
    return tensors


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    return value.items() if isinstance(value, Mapping) else ()


def _tensors_in(value: Any) -> int:
    """How many tensors are in a mapping, and in those within it; 0 for anything else."""
    import torch

    count, seen, ahead = 0, set(), [value]
    while ahead:
        one = ahead.pop()
        if id(one) in seen:  # one may hold itself
            continue
        seen.add(id(one))
        for _, item in _items(one):
            count += isinstance(item, torch.Tensor)
            if isinstance(item, Mapping):
                ahead.append(item)
    return count


def _must_be_plain(tensors: dict[str, torch.Tensor], name: str) -> None:
    """
    Raises:
        BackboneError: one is not made of real numbers that lie there one by one.
    """
    import torch

    for key, tensor in tensors.items():
        if tensor.is_meta:
            what = "is without its numbers (on the meta device)"
        elif tensor.is_quantized:
            what = "is quantized"
        elif tensor.layout != torch.strided or tensor.is_nested:
            what = "is sparse or nested"
        elif tensor.is_complex():
            what = "holds complex numbers"
        else:
            continue
        raise BackboneError(
            f"{name} cannot be used: its tensor {key[:120]!r} {what}. Save the network with plain float32 tensors."
        )
