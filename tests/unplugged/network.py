"""Unplugs the network: whoever reaches beyond this machine fails as if there were none, and is noted.

Works in the process that imports it. Python imports `sitecustomize`, and that this, by itself in every process that is
started with this folder on its PYTHONPATH.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

NOTES = "GRAFT_TEST_REACHED"  # names the file that is written to
LOCAL = ("127.", "::1", "localhost", "0.0.0.0")

_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


def _reached(host: Any) -> bool:
    """Whether `host` is elsewhere; then it is noted."""
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if name.startswith(LOCAL) or name == socket.gethostname():
        return False
    if os.environ.get(NOTES):
        with open(os.environ[NOTES], "a", encoding="utf-8") as notes:
            notes.write(f"{name}\n")
    return True


def _host(address: Any) -> Any:
    return address[0] if isinstance(address, tuple) else None  # others are sockets of this machine


def _guarded_connect(self: socket.socket, address: Any) -> None:
    if _reached(_host(address)):
        raise OSError(errno.ENETUNREACH, f"The tests have no network: {address}")
    _connect(self, address)


def _guarded_connect_ex(self: socket.socket, address: Any) -> int:
    return errno.ENETUNREACH if _reached(_host(address)) else _connect_ex(self, address)


def _guarded_getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
    if _reached(host):
        raise socket.gaierror(socket.EAI_NONAME, f"The tests have no network: {host}")
    return _getaddrinfo(host, *arguments, **options)


socket.socket.connect = _guarded_connect  # type: ignore[method-assign]
socket.socket.connect_ex = _guarded_connect_ex  # type: ignore[method-assign]
socket.getaddrinfo = _guarded_getaddrinfo
