"""Fetch a backbone's weights, only when a person asked for it: resumable, checked, and put in place whole."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from filelock import FileLock, Timeout

from core.backbones.catalogue import BackboneInfo
from core.backbones.weights import file_name
from core.errors import BackboneError
from core.fetching import PATIENCE, OnBytes, fetch
from core.workspace import Workspace


class DownloadCancelled(BackboneError):
    """Someone asked to stop. What has come so far is kept, and the next download goes on from there."""


@dataclass(frozen=True)
class Remote:
    """sha256 may be the beginning of the hash, as in torchvision's file names, or None if nobody states it. blob: as
    git names the file's content, where the hub says only that."""

    url: str
    sha256: str | None
    blob: str | None = None


def download(
    info: BackboneInfo,
    workspace: Workspace,
    progress: OnBytes = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path:
    """Fetch the weights into `<workspace>/cache/weights`, going on from where an earlier download stopped.

    Args:
        progress: Called with the bytes that are here and the bytes in all (None: not known), a few times a second.
        cancelled: Asked several times a second.

    Raises:
        DownloadCancelled: `cancelled` said so.
        BackboneError: no network, no room, no such file, or what came is not what was published.
    """
    target = workspace.cache / "weights" / file_name(info)
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{target}.lock", timeout=0):
            remote = _remote(info)
            fetch(remote.url, part, stopping(progress, cancelled))
            must_be_published(part, remote, info.name)
            os.replace(part, target)
    except Timeout as error:
        raise BackboneError(f"The weights of {info.name} are already being downloaded.") from error
    except (OSError, http.client.HTTPException) as error:
        raise BackboneError(in_words(error, info.name)) from error
    return target


def _remote(info: BackboneInfo) -> Remote:
    if info.url:
        stated = re.search(r"-([0-9a-f]{8,64})\.", file_name(info))
        return Remote(info.url, stated and stated[1])
    return on_the_hub(f"{endpoint()}/{info.hub}/resolve/main/model.safetensors")


def endpoint() -> str:
    """Of the hub."""
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


def on_the_hub(url: str) -> Remote:
    """Ask the hub for the file's hash. A repository that has moved answers with its new address on the same host."""
    for _ in range(5):
        request = urllib.request.Request(url, method="HEAD", headers={"Accept-Encoding": "identity"})
        headers = _headers(request)
        etag = (headers.get("X-Linked-Etag") or headers.get("ETag") or "").strip('W/"')
        if re.fullmatch(r"[0-9a-f]{64}", etag):
            return Remote(url, etag)
        if re.fullmatch(r"[0-9a-f]{40}", etag):
            return Remote(url, None, etag)
        moved = urljoin(url, headers.get("Location") or url)
        if moved == url or urlsplit(moved).netloc != urlsplit(url).netloc:
            break
        url = moved
    return Remote(url, None)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _headers(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=PATIENCE) as answer:
            return answer.headers
    except urllib.error.HTTPError as error:
        if 300 <= error.code < 400:
            return error.headers
        raise


def stopping(progress: OnBytes, cancelled: Callable[[], bool]) -> OnBytes:
    """`progress`, which raises DownloadCancelled once `cancelled` says so."""

    def on_bytes(done: int, total: int | None) -> None:
        progress(done, total)
        if cancelled():
            raise DownloadCancelled("The download was cancelled. What has come so far is kept.")

    return on_bytes


def must_be_published(part: Path, remote: Remote, name: str) -> None:
    """
    Raises:
        BackboneError: the file is another one than the server states. It is deleted.
    """
    with open(part, "rb") as file:
        if remote.blob:
            begins = hashlib.sha1(b"blob %d\0" % part.stat().st_size, usedforsecurity=False)
            digest, wanted = hashlib.file_digest(file, lambda: begins).hexdigest(), remote.blob
        else:
            digest, wanted = hashlib.file_digest(file, "sha256").hexdigest(), remote.sha256 or ""
    if not digest.startswith(wanted):
        part.unlink()
        raise BackboneError(
            f"What came is not the published weights of {name}: the hash of {part.stem} is {digest[:16]}…, expected "
            f"{wanted[:16]}…. It was deleted. Download again; if that does not help, something on the way to the "
            "server changes files."
        )


def in_words(error: Exception, name: str) -> str:
    """Why the weights of `name` did not come, and what to do."""
    if isinstance(error, urllib.error.HTTPError):
        if error.code in (401, 403):
            return (
                f"The publisher of {name} gives its weights only to people who have accepted its licence. "
                "Fetch the file from the publisher's page in your browser, then give it here as your own file."
            )
        if error.code == 404:
            return f"The weights of {name} are not where they were published any more. Choose another backbone."
        return f"The server that has the weights of {name} answered with error {error.code}. Try again later."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full. Make room and press Download again; it goes on from where it stopped."
    if isinstance(error, PermissionError):
        return "Graft may not write the weights. Check the permissions of its workspace folder."
    if isinstance(error, TimeoutError | ConnectionError | http.client.HTTPException):
        return "The connection broke off. Press Download again; it goes on from where it stopped."
    return (
        f"The server that has the weights of {name} cannot be reached. Check the network and press Download "
        "again, choose a backbone that is ready, or give a weights file that you have."
    )
