"""What a run that went on with pre-training gives: its network as a backbone of one's own, to fine-tune from."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import safetensors
import safetensors.torch

from core.backbones.language.config import FILE as CONFIG
from core.backbones.language.files import TOKENIZER, WEIGHTS
from core.backbones.language.folders import add_folder
from core.backbones.language.info import LanguageInfo
from core.errors import RunError
from core.workspace import Workspace

NETWORK = "backbone.network."  # before the names of the network's tensors in a bundle


def as_backbone(workspace: Workspace, bundle: Path, name: str) -> LanguageInfo:
    """A copy among the workspace's own backbones, which stays when the run is deleted. The same again is the one there
    is. name: what to call it; empty: after the run.

    Raises:
        RunError: the bundle is damaged, or its network reads no texts.
        BackboneError: its files cannot be kept.
    """
    try:
        with tempfile.TemporaryDirectory(dir=workspace.root, prefix=".keeping-") as made:
            folder = Path(made)
            for file in (CONFIG, TOKENIZER):
                shutil.copyfile(bundle / "backbone" / file, folder / file)
            tensors = safetensors.torch.load_file(bundle / "weights.safetensors")
            own = {each.removeprefix(NETWORK): tensor for each, tensor in tensors.items() if each.startswith(NETWORK)}
            safetensors.torch.save_file(own, folder / WEIGHTS)
            info, _ = add_folder(workspace, folder, name or f"read-{bundle.parent.name}")
    except (OSError, safetensors.SafetensorError) as error:
        raise RunError(f"The network of {bundle.parent.name!r} cannot be kept ({error}). Train it again.") from error
    return info
