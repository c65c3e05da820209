"""Fetch a language model from the hub, on a press only: resumable, checked by hash, and put in place whole."""

from __future__ import annotations

import http.client
import os
import re
import urllib.error
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.backbones.download import _check, _in_words, _on_the_hub, _stopping
from core.backbones.language import tokenizer_files
from core.backbones.language.config import FILE as CONFIG
from core.backbones.language.config import read_config
from core.backbones.language.files import INDEX, TOKENIZER, WEIGHTS, shards
from core.backbones.language.folders import SENTENCES, tried
from core.backbones.language.info import LanguageInfo
from core.backbones.language.library import hub_folder
from core.errors import BackboneError
from core.fetching import OnBytes, fetch
from core.progress import Cancelled
from core.workspace import Workspace

ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
OLDER = [name for name in tokenizer_files.FILES if name not in (TOKENIZER, tokenizer_files.SAYS)]


def download(info: LanguageInfo, workspace: Workspace, progress: OnBytes, cancelled: Cancelled) -> None:
    """Into <cache>/weights, going on from where an earlier download stopped. Only safetensors are fetched.

    Raises:
        DownloadCancelled: `cancelled` said so.
        BackboneError: no network, no room, no such files, or they cannot be used.
    """
    hub = info.hub or ""
    if not ID.fullmatch(hub) or ".." in hub:
        raise BackboneError(f"{hub[:80]!r} is no model of the hub. Give its id, such as 'distilbert-base-uncased'.")
    target = hub_folder(workspace, hub)
    coming = target.with_name(f".{target.name}.coming")
    try:
        coming.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock", timeout=0):
            _fetch_all(info, coming, _stopping(progress, cancelled))
            tokenizer_files.convert(coming)
            tried(coming)
            os.replace(coming, target)
    except Timeout as error:
        raise BackboneError(f"The weights of {info.name} are already being downloaded.") from error
    except (OSError, http.client.HTTPException) as error:
        raise BackboneError(_in_words(error, info)) from error  # type: ignore[arg-type]


def _fetch_all(info: LanguageInfo, folder: Path, on_bytes: OnBytes) -> None:
    """What is small first, so that what cannot be used is refused before its weights are fetched."""
    quiet: Any = lambda done, total: on_bytes(0, info.download_bytes)  # noqa: E731
    _one(info, folder, CONFIG, quiet)
    read_config(folder)
    for name in (TOKENIZER, tokenizer_files.SAYS, SENTENCES):
        _one(info, folder, name, quiet, optional=True)
    for name in () if (folder / TOKENIZER).is_file() else OLDER:
        _one(info, folder, name, quiet, optional=True)
    tokenizer_files.must_have_tokenizer(folder)
    if not _one(info, folder, WEIGHTS, on_bytes, optional=True):
        if not _one(info, folder, INDEX, quiet, optional=True):
            raise BackboneError(
                f"{info.hub} has no safetensors, only files that can run code when they are opened. Choose another "
                "model, or convert it where you trust it, and give its folder."
            )
        for file in shards(folder):
            _one(info, folder, file.name, on_bytes)


def _one(info: LanguageInfo, folder: Path, name: str, on_bytes: OnBytes, optional: bool = False) -> bool:
    """Whether it is there."""
    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    part = folder / f"{name}.part"
    if (folder / name).is_file():
        return True
    try:
        remote = _on_the_hub(f"{endpoint}/{info.hub}/resolve/main/{name}")
        fetch(remote.url, part, on_bytes)
    except urllib.error.HTTPError as error:
        if optional and error.code == 404:
            return False
        raise
    _check(part, remote, info)  # type: ignore[arg-type]
    os.replace(part, folder / name)
    return True
