"""Where a backbone's numbers come from, and putting them into its network."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING

from core import trash
from core.backbones.bundled import PACKAGED, TO_GET, bundled_file
from core.backbones.catalogue import BackboneInfo
from core.backbones.weights_file import read_file
from core.errors import BackboneError
from core.workspace import Workspace, atomic_open, slug

if TYPE_CHECKING:  # torch takes seconds to import, and `source` does not need it
    import torch
    from torch import nn

ENDINGS = (".safetensors", ".pth", ".pt", ".ckpt", ".bin")
LEAST_SHARE = 0.5  # of a backbone's tensors, and of its numbers, that a file must have
LARGEST = 1e8  # of a value; running variances of a published network reach some 1e5
EXTRAS = re.compile(r"(^|\.)(AuxLogits|aux1|aux2)\.|num_batches_tracked$")  # not needed to use a network


@dataclass(frozen=True)
class Match:
    """How a person's weights fitted: names of the network's tensors, except for `unexpected`, which are the file's."""

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    wrong_shape: tuple[str, ...]

    def __str__(self) -> str:
        wanted = len(self.matched) + len(self.missing) + len(self.wrong_shape)
        parts = [f"{len(self.matched)} of {wanted} tensors match"]
        parts += [f"{len(self.missing)} are missing from the file"] if self.missing else []
        parts += [f"{len(self.wrong_shape)} have another shape"] if self.wrong_shape else []
        parts += [f"{len(self.unexpected)} in the file are not used"] if self.unexpected else []
        return "; ".join(parts) + "."


def source(info: BackboneInfo, workspace: Workspace) -> str:
    """Where the weights are now: "bundled", "absent" (that is, not installed with the others), "cached" or "download".
    Fast, and takes no network."""
    if info.library == "bundled":
        return "bundled" if bundled_file(info.name) else "absent"
    return "cached" if cached_file(info, workspace) else "download"


def is_ready(info: BackboneInfo, workspace: Workspace) -> bool:
    """Whether the weights are on this machine."""
    return source(info, workspace) in ("bundled", "cached")


def not_installed(info: BackboneInfo) -> str:
    """What to say of a bundled backbone that is "absent"."""
    return f"The weights of {info.name} are not installed. {TO_GET[info.name]}"


def cached_file(info: BackboneInfo, workspace: Workspace) -> Path | None:
    """The downloaded weights, Graft's own or those that the libraries have kept."""
    return next((path for path in _places(info, workspace) if path.is_file()), None)


def file_name(info: BackboneInfo) -> str:
    """What the download is called under `<workspace>/cache/weights`."""
    if info.url:
        return info.url.rpartition("/")[2]
    return f"{info.architecture}.{info.tag}.safetensors"


def _places(info: BackboneInfo, workspace: Workspace) -> list[Path]:
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    places = [workspace.cache / "weights" / file_name(info)]
    if info.url:
        torch_home = Path(os.environ.get("TORCH_HOME") or cache_home / "torch").expanduser()
        places.append(torch_home / "hub" / "checkpoints" / file_name(info))
    if info.hub:
        places += _in_hub_cache(info.hub, cache_home)
    return places


def _in_hub_cache(hub: str, cache_home: Path) -> list[Path]:
    """The snapshot that the Hugging Face library keeps of a repository's main branch."""
    home = Path(os.environ.get("HF_HOME") or cache_home / "huggingface").expanduser()
    root = Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()
    folder = root / f"models--{hub.replace('/', '--')}"
    try:
        commit = (folder / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return []
    return [folder / "snapshots" / commit / "model.safetensors"]


def must_end_well(name: str) -> None:
    """
    Raises:
        BackboneError: a file of this name is none that holds weights.
    """
    if Path(name).suffix.lower() not in ENDINGS:
        raise BackboneError(f"{name[-80:]!r} is no weights file: its name must end in {', '.join(ENDINGS)}.")


def keep_file(
    workspace: Workspace, name: str, content: BufferedIOBase, check: Callable[[Path], object] | None = None
) -> Path:
    """Keep a person's own weights file in `<workspace>/weights`, under a safe name made from its name and content. The
    same content is kept once, under the name with which it came first.

    check: called with the file; where it raises, the file is not kept.

    Raises:
        BackboneError: its name is not that of a weights file.
    """
    must_end_well(name)
    digest = hashlib.file_digest(content, "sha256").hexdigest()[:12]
    content.seek(0)
    folder = workspace.root / "weights"
    known = next((path for path in kept_files(workspace) if path.stem.endswith(f"-{digest}")), None)
    path = known or folder / f"{slug(Path(name).stem)}-{digest}{Path(name).suffix.lower()}"
    if known is None:
        folder.mkdir(exist_ok=True)
        with atomic_open(path, "wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
    try:
        if check is not None:
            check(path)
    except BaseException:
        if known is None:
            path.unlink(missing_ok=True)
        raise
    return path


def kept_files(workspace: Workspace) -> list[Path]:
    """The weights files that people gave, by name."""
    folder = workspace.root / "weights"
    return sorted(path for path in folder.glob("[!.]*") if path.suffix in ENDINGS) if folder.is_dir() else []


def kept_bytes(workspace: Workspace) -> int:
    """How much the weights files, and the folders with backbones, that people gave take."""
    total = 0
    for path in (workspace.root / "weights").glob("[!.]*"):
        with suppress(FileNotFoundError):  # deleted at this moment
            total += trash.size_of(path)
    return total


def delete_file(workspace: Workspace, path: Path) -> trash.Trashed | None:
    """Move a weights file, or a folder with a backbone, that somebody gave to the trash. None: it was gone."""
    return trash.put(workspace, "weights", path.name, path.name)


def load_file(network: nn.Module, path: Path) -> Match:
    """Put a person's own weights into `network`, as far as names and shapes agree.

    Whatever all names that fit begin with is passed over.

    Raises:
        BackboneError: the file cannot be read, too little in it fits, or its numbers cannot be a network's.
    """
    own = network.state_dict()
    given = _without_prefix(read_file(path), own)
    fitting = {key: tensor for key, tensor in given.items() if key in own and tensor.shape == own[key].shape}
    _must_be_enough(fitting, own, len(given), path.name)
    _must_be_numbers(fitting, own, path.name)
    network.load_state_dict(fitting, strict=False)
    missing = [key for key in own if key not in given and not EXTRAS.search(key)]
    return Match(
        tuple(fitting),
        tuple(missing),
        tuple(key for key in given if key not in own),
        tuple(key for key in given if key in own and key not in fitting),
    )


def _without_prefix(given: dict[str, torch.Tensor], own: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Named as the network's are: training programs put something before, such as `model.` or `module.backbone.`. Of
    several copies of a network in one file, an averaged one is taken."""
    longest = max(key.count(".") for key in own) + 1
    fits: Counter[str] = Counter()
    for key, tensor in given.items():
        at = len(key)
        for _ in range(longest):
            at = key.rfind(".", 0, at)
            ending = key[at + 1 :]
            if ending in own and own[ending].shape == tensor.shape:
                fits[key[: at + 1]] += 1
            if at < 0:
                break
    if not fits:
        return given
    prefix = min(fits, key=lambda name: (-fits[name], "ema" not in name.lower(), len(name), name))
    renamed = {key[len(prefix) :]: tensor for key, tensor in given.items() if key.startswith(prefix)}
    return renamed | {key: tensor for key, tensor in given.items() if not key.startswith(prefix) and key not in renamed}


def _must_be_enough(
    fitting: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor], given: int, name: str
) -> None:
    """
    Raises:
        BackboneError: most of the network would keep random numbers, so that nothing of it could be frozen.
    """
    other = "Choose the backbone that these weights were made with, or another file."
    if not fitting:
        raise BackboneError(f"None of the {given} tensors in {name} fits this backbone. {other}")
    wanted = {key: tensor.numel() for key, tensor in own.items() if not EXTRAS.search(key)}
    fits = [key for key in fitting if key in wanted]
    share = sum(wanted[key] for key in fits) / max(1, sum(wanted.values()))
    if min(share, len(fits) / max(1, len(wanted))) < LEAST_SHARE:
        raise BackboneError(
            f"Only {len(fits)} of the {len(wanted)} tensors of this backbone, with {share:.0%} of its numbers, are in "
            f"{name} by name and shape; all the rest would be random. At least half must be there. {other}"
        )


def _must_be_numbers(fitting: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor], name: str) -> None:
    """
    Raises:
        BackboneError: one is not finite, or so large that nothing could be computed with it, or of another kind.
    """
    for key, tensor in fitting.items():
        mine = own[key]
        if not mine.is_floating_point() or not mine.isfinite().all():  # an index, or a mask
            continue
        if not tensor.is_floating_point():
            what = f"holds whole numbers ({str(tensor.dtype).removeprefix('torch.')}), as quantized networks do"
        elif not (brought := tensor.to(mine.dtype)).isfinite().all():
            what = "holds values that are infinite or no numbers (NaN)"
        elif brought.numel() and (most := float(brought.abs().max())) > LARGEST:
            what = f"holds values up to {most:.1e}, where those of a trained network are below {LARGEST:.0e}"
        else:
            continue
        raise BackboneError(f"{name} cannot be used: its tensor {key!r} {what}. Its training went wrong, or its copy.")


def pretrained_network(info: BackboneInfo, workspace: Workspace) -> nn.Module:
    """The network with its published weights, its last layer as `make_network` leaves it.

    Raises:
        BackboneError: the weights are not on this machine, are damaged, or do not fit.
    """
    from core.backbones.architectures import make_network

    if info.library == "bundled":
        network = make_network(info)
        missing = network.load_state_dict(bundled_tensors(info, network), strict=False).missing_keys
        missing = [name for name in missing if not name.startswith("classifier.")]  # the layer that is taken off
    else:
        path = cached_file(info, workspace)
        if path is None:
            raise BackboneError(
                f"The weights of {info.name} are not on this machine yet. Download them on the Backbone page or with "
                f"`python -m core backbones --download {info.name}`, or choose a backbone that is ready."
            )
        network, missing = _with_published(info, read_file(path))
    missing = [name for name in missing if not EXTRAS.search(name)]
    if missing:
        raise BackboneError(
            f"The weights of {info.name} lack {len(missing)} tensors, the first of them {missing[0]}. "
            "Delete them from the cache, download them again, or choose another backbone."
        )
    return network


def _with_published(info: BackboneInfo, tensors: dict[str, torch.Tensor]) -> tuple[nn.Module, list[str]]:
    from core.backbones.architectures import make_network, make_timm_with

    try:
        if info.library == "timm":
            return make_timm_with(info, tensors)
        network = make_network(info)
        return network, network.load_state_dict(_torchvision_names(tensors), strict=False).missing_keys
    except (RuntimeError, KeyError, ValueError) as error:
        raise BackboneError(
            f"The weights of {info.name} do not fit the installed {info.library} ({error}). "
            "Delete them from the cache and download them again."
        ) from error


def bundled_tensors(info: BackboneInfo, network: nn.Module) -> dict[str, torch.Tensor]:
    """The installed tensors under the network's names. The packages have timm's tensors in timm's order.

    Raises:
        BackboneError: they are not installed, or not these.
    """
    path = bundled_file(info.name)
    if path is None:
        raise BackboneError(not_installed(info))
    tensors = read_file(path)
    if info.name not in PACKAGED:
        return tensors
    given = [tensor for tensor in tensors.values() if tensor.dim()]
    own = {key: tensor for key, tensor in network.state_dict().items() if "num_batches_tracked" not in key}
    if any(tensor.shape != mine.shape for tensor, mine in zip(given, own.values())) or len(given) < len(own):
        raise BackboneError("The bundled weights are not the ones expected. Install requirements.txt again.")
    return dict(zip(own, given))


def _torchvision_names(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """DenseNet's published files still say `norm.1` where torchvision now says `norm1`."""
    old = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\.(?=weight|bias|running)")
    return {old.sub(r"\1\2.", key): tensor for key, tensor in tensors.items()}
