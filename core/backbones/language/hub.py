"""Fetch a language model from the hub, on a press only: resumable, checked by hash, and put in place whole."""

from __future__ import annotations

import http.client
import os
import urllib.error
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.backbones.download import endpoint, in_words, must_be_published, on_the_hub, stopping
from core.backbones.language import tokenizer_files
from core.backbones.language.config import FILE as CONFIG
from core.backbones.language.config import read_config
from core.backbones.language.files import INDEX, SHARD, TOKENIZER, WEIGHTS, shards
from core.backbones.language.folders import tried
from core.backbones.language.hub_listing import SENTENCES, card, id_of, no_safetensors
from core.backbones.language.info import LanguageInfo
from core.backbones.language.library import CARD, hub_folder
from core.errors import BackboneError
from core.fetching import OnBytes, fetch
from core.modalities.texts.tokenized import LARGEST
from core.progress import Cancelled
from core.units import file_size
from core.workspace import Workspace

OLDER = [name for name in tokenizer_files.FILES if name not in (TOKENIZER, tokenizer_files.SAYS)]


def download(info: LanguageInfo, workspace: Workspace, progress: OnBytes, cancelled: Cancelled) -> None:
    """Into <cache>/weights, going on from where an earlier download stopped. Only safetensors are fetched.

    Raises:
        DownloadCancelled: `cancelled` said so.
        BackboneError: no network, no room, no such files, or they cannot be used.
    """
    target = hub_folder(workspace, id_of(info.hub or ""))
    coming = target.with_name(f".{target.name}.coming")
    try:
        coming.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock", timeout=0):
            _fetch_all(info, coming, stopping(progress, cancelled))
            tokenizer_files.convert(coming)
            tried(coming)
            (coming / CARD).write_text(card(info), encoding="utf-8")
            os.replace(coming, target)
    except Timeout as error:
        raise BackboneError(f"The weights of {info.name} are already being downloaded.") from error
    except (OSError, http.client.HTTPException) as error:
        raise BackboneError(in_words(error, info.name)) from error


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
            raise no_safetensors(str(info.hub))
        for file in shards(folder):
            _one(info, folder, file.name, on_bytes)


def _one(info: LanguageInfo, folder: Path, name: str, on_bytes: OnBytes, optional: bool = False) -> bool:
    """Whether it is there."""
    part = folder / f"{name}.part"
    if (folder / name).is_file():
        return True
    try:
        remote = on_the_hub(f"{endpoint()}/{info.hub}/resolve/main/{name}")
        fetch(remote.url, part, on_bytes if SHARD.fullmatch(name) else _at_most(LARGEST, name, on_bytes))
    except urllib.error.HTTPError as error:
        if optional and error.code == 404:
            return False
        raise
    must_be_published(part, remote, info.name)
    os.replace(part, folder / name)
    return True


def _at_most(most: int, name: str, on_bytes: OnBytes) -> OnBytes:
    def heard(done: int, total: int | None) -> None:
        if max(done, total or 0) > most:
            raise BackboneError(f"{name} has more than {file_size(most)}, which such a file never has.")
        on_bytes(done, total)

    return heard
