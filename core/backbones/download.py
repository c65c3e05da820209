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
class _Remote:
    """sha256 may be the beginning of the hash, as in torchvision's file names, or None if nobody states it."""

    url: str
    sha256: str | None


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
            fetch(remote.url, part, _stopping(progress, cancelled))
            _check(part, remote, info)
            os.replace(part, target)
    except Timeout as error:
        raise BackboneError(f"The weights of {info.name} are already being downloaded.") from error
    except (OSError, http.client.HTTPException) as error:
        raise BackboneError(_in_words(error, info)) from error
    return target


def _remote(info: BackboneInfo) -> _Remote:
    if info.url:
        stated = re.search(r"-([0-9a-f]{8,64})\.", file_name(info))
        return _Remote(info.url, stated and stated[1])
    endpoint = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    return _on_the_hub(f"{endpoint}/{info.hub}/resolve/main/model.safetensors")


def _on_the_hub(url: str) -> _Remote:
    """Ask the hub for the file's hash. A repository that has moved answers with its new address on the same host."""
    for _ in range(5):
        request = urllib.request.Request(url, method="HEAD", headers={"Accept-Encoding": "identity"})
        headers = _headers(request)
        etag = (headers.get("X-Linked-Etag") or headers.get("ETag") or "").strip('W/"')
        if re.fullmatch(r"[0-9a-f]{64}", etag):
            return _Remote(url, etag)
        moved = urljoin(url, headers.get("Location") or url)
        if moved == url or urlsplit(moved).netloc != urlsplit(url).netloc:
            break
        url = moved
    return _Remote(url, None)


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


def _stopping(progress: OnBytes, cancelled: Callable[[], bool]) -> OnBytes:
    def on_bytes(done: int, total: int | None) -> None:
        progress(done, total)
        if cancelled():
            raise DownloadCancelled("The download was cancelled. What has come so far is kept.")

    return on_bytes


def _check(part: Path, remote: _Remote, info: BackboneInfo) -> None:
    with open(part, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if remote.sha256 and not digest.startswith(remote.sha256):
        part.unlink()
        raise BackboneError(
            f"What came is not the published weights of {info.name}: its SHA-256 is {digest[:16]}…, expected "
            f"{remote.sha256[:16]}…. It was deleted. Download again; if that does not help, something on the way "
            "to the server changes files."
        )


def _in_words(error: Exception, info: BackboneInfo) -> str:
    if isinstance(error, urllib.error.HTTPError):
        if error.code in (401, 403):
            return (
                f"The publisher of {info.name} gives its weights only to people who have accepted its licence. "
                "Fetch the file from the publisher's page in your browser, then give it here as your own file."
            )
        if error.code == 404:
            return f"The weights of {info.name} are not where they were published any more. Choose another backbone."
        return f"The server that has the weights of {info.name} answered with error {error.code}. Try again later."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full. Make room and press Download again; it goes on from where it stopped."
    if isinstance(error, PermissionError):
        return "Graft may not write the weights. Check the permissions of its workspace folder."
    if isinstance(error, TimeoutError | ConnectionError | http.client.HTTPException):
        return "The connection broke off. Press Download again; it goes on from where it stopped."
    return (
        f"The server that has the weights of {info.name} cannot be reached. Check the network and press Download "
        "again, choose a backbone that is ready, or give a weights file that you have."
    )
