"""Fetch a file from the network so that what came before a break need not come again.

What a person types is fetched by `Public` alone. Whoever opens a page of Graft can type an address, and it is this
machine that asks for it: so every address is checked after its name was looked up, for each redirect anew, and only
public ones are asked. What was checked is what is connected to, whatever the name means a moment later.
GRAFT_ALLOW_PRIVATE=1 lets all be asked, and the proxy of the environment be used.
"""

from __future__ import annotations

import errno
import http.client
import ipaddress
import mimetypes
import os
import re
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

CHUNK = 1 << 18
PATIENCE = 30  # seconds without an answer

ALLOW = "GRAFT_ALLOW_PRIVATE"
LONGEST_ADDRESS = 2_000  # characters
FOR_PROTOCOLS = ipaddress.ip_network("192.0.0.0/24")  # RFC 6890; not all Pythons know all of it
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv6 addresses that stand for those of IPv4 (RFC 6052)

NO_ADDRESS = "This is no address of a file. Give one that begins with https:// or http://."

OnBytes = Callable[[int, int | None], None]
Opens = Callable[[urllib.request.Request], Any]


class NotFetched(OSError):
    """An address that is not asked; its text is for the person."""


@dataclass(frozen=True)
class Remote:
    """What a server says of a file. url: after redirects; size: bytes, None where it does not say; kind: its
    Content-Type; version: what changes when the file does, "" where nobody says; called: as the server calls it, ""
    where it does not."""

    url: str
    size: int | None
    kind: str
    version: str
    called: str = ""

    @property
    def name(self) -> str:
        """With an ending, where its kind tells one."""
        name = self.called or unquote(urlsplit(self.url).path).rsplit("/", 1)[-1]
        told = mimetypes.guess_extension(self.kind.split(";")[0].strip()) if "." not in name else None
        return f"{name or 'file'}{told}" if told and told != ".bin" else name


def _open(request: urllib.request.Request) -> Any:
    return urllib.request.urlopen(request, timeout=PATIENCE)


def fetch(url: str, part: Path, on_bytes: OnBytes, opens: Opens = _open, version: str = "") -> None:
    """Bring `part` to the whole file. What is already in it is not fetched again if the server can go on from there.

    opens: asks the server. version: of the file that `part` is of; the server begins anew if it has another one.
    on_bytes: called with the bytes that are here and the bytes in all (None: not known), a few times a second; it may
        raise to give up, and what has come stays.

    Raises:
        OSError, http.client.HTTPException: no network, no room, no such file, or the connection broke off.
    """
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-", **({"If-Range": version} if version else {})} if have else {}
    try:
        answer = opens(urllib.request.Request(url, headers=headers))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416:  # the range begins at the end of the file: it is all here, or is not this file
            raise
        return
    with answer:
        have = have if answer.status == 206 else 0
        length = _length(answer.headers)
        total = None if length is None else have + length
        if length is not None and length > shutil.disk_usage(part.parent).free:
            raise OSError(errno.ENOSPC, "no room")
        with open(part, "ab" if have else "wb") as file:
            _pour(answer, file, have, total, on_bytes)


def _length(headers: Any) -> int | None:
    said = headers.get("Content-Length") or ""
    return int(said) if said.isascii() and said.isdecimal() else None


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


# What a person types --------------------------------------------------------------------------------------------------


class Public:
    """Asks public servers only; see above. Every method raises OSError (`NotFetched` among them, perhaps as the reason
    of a URLError) or http.client.HTTPException."""

    def __init__(self) -> None:
        self._opener = urllib.request.OpenerDirector()
        handlers: list[Any] = [
            *(urllib.request.UnknownHandler(), urllib.request.HTTPDefaultErrorHandler(), _Redirects()),
            *(urllib.request.HTTPErrorProcessor(), _Http(), _Https()),
        ]
        if _all_allowed():
            handlers.append(urllib.request.ProxyHandler())
        for handler in handlers:
            self._opener.add_handler(handler)

    def opens(self, request: urllib.request.Request) -> Any:
        must_be_asked(request.full_url)  # as whoever made it may not have looked
        request.add_header("User-Agent", "graft")
        request.add_header("Accept-Encoding", "identity")  # the size is then that of the file
        request.full_url = written(request.full_url)
        try:
            return self._opener.open(request, timeout=PATIENCE)
        except ValueError as error:  # a name or a redirect that is none
            raise NotFetched(NO_ADDRESS) from error

    def look(self, url: str) -> Remote:
        """What is there, without its content."""
        must_be_asked(url)
        try:
            answer = self.opens(urllib.request.Request(url, method="HEAD"))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code not in (403, 405, 501):  # servers that know no HEAD, and signed addresses
                raise
            answer = self.opens(urllib.request.Request(url))
        with answer:
            return _said(answer.url, answer.headers)

    def read(self, url: str, most: int) -> tuple[bytes, Mapping[str, str]]:
        """A small answer, at most so many bytes, and its headers."""
        must_be_asked(url)
        until = time.monotonic() + 2 * PATIENCE
        data = bytearray()
        with self.opens(urllib.request.Request(url)) as answer:
            while chunk := answer.read1(CHUNK):
                data += chunk
                if len(data) > most:
                    raise NotFetched("The server's answer is far longer than such answers are. Give a file's address.")
                if time.monotonic() > until:
                    raise TimeoutError("the answer comes too slowly")
            return bytes(data), answer.headers


def must_be_asked(url: str, before: str = "") -> None:
    """before: the address that led here.

    Raises:
        NotFetched: such an address is not asked.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port, (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise NotFetched(NO_ADDRESS) from error
    plain = parts.scheme and len(url) <= LONGEST_ADDRESS and not re.search(r"[\x00-\x20\x7f]", url)
    if plain and parts.scheme not in ("http", "https"):
        led = "The address leads on to one that begins" if before else "The address begins"
        raise NotFetched(f"{led} with {parts.scheme[:20]}://, and only https:// and http:// are fetched.")
    if not plain or not parts.hostname:
        raise NotFetched(NO_ADDRESS)
    if parts.username or parts.password:
        raise NotFetched("The address has a name or a password in it. Fetch the file yourself, and upload it.")
    if urlsplit(before).scheme == "https" and parts.scheme == "http":
        raise NotFetched("The address leads from https on to http, where anyone could change the file. Ask its maker.")


def written(url: str) -> str:
    """As an address is sent: letters that are not plain ones in its path and behind it as %C3%A4."""
    return quote(url, safe="%/:=&?~#+!$,;'@()*[]")


def _all_allowed() -> bool:
    return os.environ.get(ALLOW) == "1"


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: none of this machine, its network, or its provider's."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        within = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if ip in TRANSLATED:
            within = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if within:
            return is_public(str(within))
        if ip.is_site_local or ip.is_reserved:  # among them what stands for IPv4 in a network's own way
            return False
    return ip.is_global and not ip.is_multicast and ip not in FOR_PROTOCOLS


def _connected(address: tuple[str, int], *timeout: Any, **_: Any) -> socket.socket:
    """To an address that was looked at, as a name may mean another one when it is asked again."""
    host, port = address
    found = [place for *_, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not _all_allowed() and not all(is_public(str(place[0])) for place in found):
        raise NotFetched(
            f"{host[:80]!r} is on this machine or in its own network, and Graft fetches only from public servers. "
            f"Whoever runs Graft allows it with {ALLOW}=1."
        )
    failed: OSError = OSError(errno.EHOSTUNREACH, "no address")
    for place in found:
        try:
            return socket.create_connection((str(place[0]), port), *timeout)
        except OSError as error:
            failed = error
    raise failed


class _HttpConnection(http.client.HTTPConnection):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._create_connection = _connected


class _HttpsConnection(http.client.HTTPSConnection):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._create_connection = _connected


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_HttpConnection, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_HttpsConnection, req)


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise NotFetched(NO_ADDRESS) from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        try:
            must_be_asked(_joined(req.full_url, headers.get("Location") or ""), req.full_url)
        except NotFetched:
            fp.close()
            raise
        return super().http_error_302(req, fp, code, msg, headers)

    def redirect_request(self, req: Any, *answer: Any) -> Any:
        made = super().redirect_request(req, *answer)
        if made is not None and req.get_method() == "HEAD":
            made.method = "HEAD"  # else it would become a GET
        return made

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _said(url: str, headers: Any) -> Remote:
    strong = headers.get("ETag") or ""
    version = "" if strong.startswith("W/") else strong
    version = version or headers.get("Last-Modified") or ""
    return Remote(url, _length(headers), headers.get("Content-Type") or "", version, headers.get_filename() or "")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def failure(error: BaseException, url: str) -> str:
    """What went wrong with an address, a sentence that says what to do."""
    host = _host(url)[:80]
    cause = error.reason if isinstance(error, urllib.error.URLError) and not hasattr(error, "code") else error
    if isinstance(cause, NotFetched):
        return str(cause)
    if isinstance(error, urllib.error.HTTPError):
        return _answered(error.code)
    if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Make room and press again; it goes on from where it stopped."
    if isinstance(cause, socket.gaierror):
        return (
            f"There is no server {host!r}, or this machine has no network. Check the address; or fetch the file where "
            "there is a network, and upload it."
        )
    if "certificate" in str(cause).lower():
        return f"The server {host!r} cannot prove who it is (its certificate is not valid). Nothing was fetched."
    if isinstance(cause, TimeoutError | ConnectionError | http.client.HTTPException):
        return f"The connection to {host!r} could not be made, or broke off. Press again: it goes on from where it was."
    return f"The server {host!r} cannot be reached. Check the network; or fetch the file elsewhere and upload it."


def _answered(code: int) -> str:
    if code in (404, 410):
        return f"There is nothing at this address (the server says {code}). Check it letter by letter."
    if code in (401, 403):
        return (
            f"The server gives this only to people whom it knows (it says {code}). Fetch it in your browser, where you "
            "can sign in, and upload it."
        )
    if code == 429:
        return "The server is asked too often (it says 429). Try again in a few minutes."
    return f"The server answered with error {code}. Try again later, or ask whoever runs it."
