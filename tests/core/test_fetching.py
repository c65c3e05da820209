"""What a person types is fetched from public servers only, whatever the name or a redirect leads to."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import urllib.error

import pytest

from core import fetching
from core.fetching import ALLOW, NotFetched, Public, failure, fetch, is_public, must_be_asked
from tests.web import CONTENT, Web


@pytest.fixture
def web():
    with Web() as server:
        yield server


@pytest.fixture
def allowed(monkeypatch):
    monkeypatch.setenv(ALLOW, "1")


def refusal(asks):
    """What `asks` says, which the opener may have wrapped."""
    with pytest.raises(OSError) as caught:
        asks()
    return failure(caught.value, "http://127.0.0.1/")


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
        ),
        *("::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:0001::", "224.0.0.1", "255.255.255.255", "ff02::1", "198.18.0.1", "192.0.2.1", "2001:db8::1"),
        *("64:ff9b:1::a9fe:a9fe", "fec0::1", "::127.0.0.1", "192.0.0.8"),
    ],
)
def test_what_is_not_of_the_open_internet_is_told(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_what_is_of_the_open_internet_is_told(address):
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "begins with file://"),
        ("file://host/etc/passwd", "begins with file://"),
        ("ftp://example.org/x", "begins with ftp://"),
        ("gopher://example.org/x", "begins with gopher://"),
        ("http://", "no address"),
        ("example.org/x.csv", "no address"),
        ("http://[::1", "no address"),
        ("http://example.org:99999/", "no address"),
        ("http://a b/", "no address"),
        ("http://example.org/\r\nHost: x", "no address"),
        ("https://me:secret@example.org/x", "name or a password"),
        ("https://example.org/" + "x" * 2000, "no address"),
    ],
)
def test_only_plain_addresses_are_asked(url, words):
    with pytest.raises(NotFetched, match=words):
        must_be_asked(url)
    with pytest.raises(NotFetched):
        Public().look(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "innocent.example"])
def test_this_machine_is_not_asked(web, host, monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", web.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)  # what a system makes of these names
    said = refusal(lambda: Public().look(f"http://{host}:{web.port}/file.csv"))
    assert "only from public servers" in said and ALLOW in said
    assert web.asked == []


def test_a_name_that_means_another_address_a_moment_later_is_connected_to_as_it_was_looked_at(web, monkeypatch):
    """DNS rebinding: the first answer is public, all later ones are this machine."""
    answers, real, asked = ["8.8.8.8"], socket.getaddrinfo, []

    def lookup(host, port, *rest, **more):
        if host == "rebind.example":
            address = answers.pop() if answers else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        return real(host, port, *rest, **more)

    def connect(place, *rest):
        asked.append(place)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(fetching.socket, "create_connection", connect)
    refusal(lambda: Public().look(f"http://rebind.example:{web.port}/file.csv"))
    assert asked == [("8.8.8.8", web.port)] and web.asked == []
    assert "only from public" in refusal(lambda: Public().look(f"http://rebind.example:{web.port}/file.csv"))


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert "only from public" in refusal(lambda: Public().look("http://both.example/"))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("to-file", "leads on to one that begins with file://"),
        ("to-ftp", "leads on to one that begins with ftp://"),
        ("to-password", "name or a password"),
        ("loop", "error"),
    ],
)
def test_redirects_lead_nowhere_else(web, allowed, path, words):
    assert words in refusal(lambda: Public().look(f"{web.address}/{path}"))


def test_a_redirect_to_this_machine_is_looked_at_too(web, monkeypatch):
    """The first server is public (here: taken for it), the one that it leads to is not."""
    monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.1")
    assert "only from public servers" in refusal(lambda: Public().look(f"{web.address}/to-other"))


def test_from_https_nothing_leads_on_to_http():
    with pytest.raises(NotFetched, match="from https on to http"):
        must_be_asked("http://example.org/x", "https://example.org/x")


def test_a_file_is_looked_at_and_fetched_and_goes_on_where_it_broke_off(web, allowed, tmp_path):
    there = Public().look(f"{web.address}/moved")
    assert (there.name, there.size, there.kind, there.version) == ("file.csv", len(CONTENT), "text/csv", '"v1"')
    part = tmp_path / "part"
    part.write_bytes(CONTENT[:1000])
    fetch(there.url, part, lambda *_: None, Public().opens, there.version)
    assert part.read_bytes() == CONTENT and web.asked[-1] == ("/file.csv", "bytes=1000-")
    part.write_bytes(b"of an older file")
    fetch(there.url, part, lambda *_: None, Public().opens, '"v0"')  # the server has another one: from the beginning
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "called", "kind", "name"),
    [
        ("/get?id=3", 'attachment; filename="../../my set.zip"', "application/zip", "../../my set.zip"),
        ("/download", "", "text/csv; charset=utf-8", "download.csv"),
        ("/a.tar.gz", "", "application/gzip", "a.tar.gz"),
        ("/odd", "", "nonsense", "odd"),
    ],
)
def test_a_file_is_called_as_its_server_calls_it(web, allowed, path, called, kind, name):
    web.files[path], web.kinds[path] = CONTENT, kind
    web.called |= {path: called} if called else {}
    assert Public().look(web.address + path).name == name


def test_a_server_without_head_is_asked_otherwise_and_long_answers_are_not_read(web, allowed):
    assert Public().look(f"{web.address}/no-head").size == len(CONTENT)
    with pytest.raises(NotFetched, match="far longer"):
        Public().read(f"{web.address}/file.csv", 100)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (urllib.error.HTTPError("u", 404, "", {}, None), "nothing at this address"),
        (urllib.error.HTTPError("u", 403, "", {}, None), "sign in"),
        (urllib.error.HTTPError("u", 429, "", {}, None), "few minutes"),
        (urllib.error.HTTPError("u", 500, "", {}, None), "error 500"),
        (urllib.error.URLError(socket.gaierror(-2, "x")), "no network"),
        (urllib.error.URLError(ssl.SSLCertVerificationError("certificate verify failed")), "certificate"),
        (urllib.error.URLError(TimeoutError()), "broke off"),
        (http.client.IncompleteRead(b""), "broke off"),
        (OSError(errno.ENOSPC, "x"), "disk is full"),
        (OSError(errno.ENETUNREACH, "x"), "cannot be reached"),
    ],
)
def test_every_failure_has_a_sentence(error, words):
    assert words in failure(error, "https://example.org/x")


@pytest.mark.parametrize("said", ["5, 5", "-3", "five", ""])
def test_a_length_that_is_none_is_not_known(said):
    assert fetching._length({"Content-Length": said}) is None


def test_a_redirect_to_no_address_is_a_sentence():
    with pytest.raises(NotFetched, match="no address of a file"):
        fetching._joined("https://example.org/a", "http://[x/")
