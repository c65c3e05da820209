"""Who is answered: a browser that asks for this machine by a name that is meant, with a page that came from here.

A page of another site can have its own name resolve to 127.0.0.1 (DNS rebinding), open a WebSocket to localhost, or lay
Graft in a frame under what it wants clicked; then whoever looks at it would use Graft without knowing. So each request,
whatever its route, must name an allowed host in `Host`, and, where a browser says in `Origin` which page asks, that
must be Graft's own. And only Graft's own pages may frame it.

Allowed are localhost and the addresses of the loopback device; the address of this machine at which the request
arrived, which is another one only if the server was told to listen there; the name that it was told to listen at; and
what $GRAFT_ALLOWED_HOSTS names.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from core.words import clip

SETTING = "GRAFT_ALLOWED_HOSTS"
STATUS = 403
_HOST = re.compile(r"(?P<name>[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?", re.ASCII)
_NAME = re.compile(r"(\*\.)?[a-z0-9_.:-]+", re.ASCII)
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def names_given() -> tuple[str, ...]:
    """Names on purpose: of $GRAFT_ALLOWED_HOSTS, and where the server was told to listen or to be found.

    A name that begins with `*.` stands for all below it.
    """
    said = [*re.split(r"[\s,]+", os.environ.get(SETTING, ""))]
    said += [str(config.get_option(option) or "") for option in ("server.address", "browser.serverAddress")]
    names = (name.lower().strip("[]").rstrip(".") for name in said)
    return tuple(name for name in names if _NAME.fullmatch(name))


class Gate:
    """ASGI middleware that refuses, in a sentence, what does not come from Graft's own pages."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        given = names_given()
        refusal = _refusal(scope, given)
        if refusal:
            await _refuse(refusal, scope, receive, send)
            return
        framed = (b"content-security-policy", _framing(given)) if scope["type"] == "http" else None

        async def answer(message: Message) -> None:
            if framed and message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), framed]}
            await send(message)

        await self.app(_as_from_here(scope), receive, answer)


def _framing(given: tuple[str, ...]) -> bytes:
    names = (name for name in given if ":" not in name and name != "localhost")
    return " ".join(["frame-ancestors 'self'", *(f"{name}:*" for name in names)]).encode()


def _refusal(scope: Scope, given: tuple[str, ...]) -> str:
    """Why the request is not answered; empty if it is."""
    hosts, origins = _said(scope, b"host"), _said(scope, b"origin")
    if len(hosts) != 1 or len(origins) > 1:
        return "Graft answers a request that names one host, and at most one page that it comes from."
    host = _parsed(hosts[0])
    if host is None or not _is_allowed(host[0], scope, given):
        words = "Graft answers as localhost, and by the names that it was given on purpose, and not as "
        words += f"{clip(hosts[0], 100)!r}."
        if host:
            words += f" If that is its name, whoever starts Graft may allow it: {SETTING}={clip(host[0], 100)}"
        return words
    if origins and not _is_own(origins[0], host, scope, given):
        return (
            f"Graft answers its own pages, and not a page of {clip(origins[0], 100)!r}. Open Graft's own address. If "
            f"that is where others find this Graft, whoever starts it may allow it with {SETTING}."
        )
    return ""


def _is_own(origin: str, host: tuple[str, int | None], scope: Scope, given: tuple[str, ...]) -> bool:
    """Whether the page came from the very host and port that is asked, by whichever of its names; or from where a proxy
    shows it, which was named on purpose."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    page = _parsed(parts.netloc)
    if parts.scheme not in ("http", "https") or page is None:
        return False
    usual = _PORTS[parts.scheme]
    same_port = (page[1] or usual) == (host[1] or usual)
    if page[0] == host[0] or (_is_here(page[0]) and _is_here(host[0])):
        return same_port
    return _is_named(page[0], given)


def _is_allowed(name: str, scope: Scope, given: tuple[str, ...]) -> bool:
    return _is_here(name) or _is_arrival(name, scope) or _is_named(name, given)


def _is_here(name: str) -> bool:
    """Whether it is the loopback device, by whichever of its names."""
    address = _address(name)
    return name == "localhost" if address is None else address.is_loopback


def _is_arrival(name: str, scope: Scope) -> bool:
    """Whether it is the address of this machine to which the request was sent."""
    address, server = _address(name), scope.get("server") or ("", None)
    return address is not None and not address.is_unspecified and address == _address(str(server[0]))


def _is_named(name: str, given: Iterable[str]) -> bool:
    return any(name.endswith(pattern[1:]) if pattern.startswith("*.") else name == pattern for pattern in given)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _parsed(said: str) -> tuple[str, int | None] | None:
    """Name and port of `name:port`; None where it is anything else."""
    match = _HOST.fullmatch(said.lower())
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port < 65536:
        return None
    return match["name"].strip("[]").rstrip("."), port


def _said(scope: Scope, header: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for name, value in scope["headers"] if name.lower() == header]


def _as_from_here(scope: Scope) -> Scope:
    """The request as if its page had the address that is asked: it was judged here, and Streamlit, where the two
    differ, would ask a server elsewhere what this machine is called."""
    (host,), origin = _said(scope, b"host"), _said(scope, b"origin")
    if not origin or urlsplit(origin[0]).netloc == host:
        return scope
    own = f"{urlsplit(origin[0]).scheme}://{host}".encode("latin-1")
    headers = [(name, own if name.lower() == b"origin" else value) for name, value in scope["headers"]]
    return {**scope, "headers": headers}


async def _refuse(words: str, scope: Scope, receive: Receive, send: Send) -> None:
    kind = "http.response"
    if scope["type"] == "websocket":
        await receive()  # that somebody wants to connect
        kind = "websocket.http.response"
        if kind not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008, "reason": words[:120]})
            return
    body = f"{words}\n".encode()
    start: Message = {
        "type": f"{kind}.start",
        "status": STATUS,
        "headers": [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ],
    }
    await send(start)
    await send({"type": f"{kind}.body", "body": body})
