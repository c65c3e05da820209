"""Fetch a file from the network so that what came before a break need not come again."""

from __future__ import annotations

import errno
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

CHUNK = 1 << 18
PATIENCE = 30  # seconds without an answer

OnBytes = Callable[[int, int | None], None]


def fetch(url: str, part: Path, on_bytes: OnBytes) -> None:
    """Bring `part` to the whole file. What is already in it is not fetched again if the server can go on from there.

    on_bytes: called with the bytes that are here and the bytes in all (None: not known), a few times a second; it may
        raise to give up, and what has come stays.

    Raises:
        OSError, http.client.HTTPException: no network, no room, no such file, or the connection broke off.
    """
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416:  # the range begins at the end of the file: it is all here, or is not this file
            raise
        return
    with answer:
        have = have if answer.status == 206 else 0
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        if length and int(length) > shutil.disk_usage(part.parent).free:
            raise OSError(errno.ENOSPC, "no room")
        with open(part, "ab" if have else "wb") as file:
            _pour(answer, file, have, total, on_bytes)


def _pour(answer: Any, file: Any, have: int, total: int | None, on_bytes: OnBytes) -> None:
    on_bytes(have, total)
    while chunk := answer.read1(CHUNK):
        file.write(chunk)
        have += len(chunk)
        on_bytes(have, total)
    file.flush()
    os.fsync(file.fileno())
    if total is not None and have < total:
        raise ConnectionError("the connection ended early")
