"""Datasets from the web, in a shell: how large it is first, then fetched and imported."""

from __future__ import annotations

import pytest

from core.commands import main
from core.data.dataset import list_datasets
from core.fetching import ALLOW
from tests.core.importing.remote.test_fetched import published
from tests.web import CONTENT, Web


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setenv(ALLOW, "1")
    with Web() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


def test_an_address(workspace, web, capsys):
    assert main(["import", f"{web.address}/file.csv", "--name", "Days"]) == 0
    told = capsys.readouterr()
    assert told.err.splitlines()[0] == "1 file, 6.2 kB, from 127.0.0.1" and "Fetched from 127.0.0.1" in told.out
    assert [(one.name, one.images) for one in list_datasets(workspace)] == [("Days", 200)]


def test_a_set_of_the_hub(workspace, web, capsys):
    published(web, {f"{part}/train.csv": CONTENT for part in ("b", "a")})
    assert main(["import", "hub:owner/name", "--part", "b"]) == 0
    assert "The part 'b'. --part takes another: a" in capsys.readouterr().err
    assert main(["import", "hub:owner/gone"]) == 1
    assert "no set 'owner/gone'" in capsys.readouterr().err


def test_this_machine_is_not_asked_unless_that_is_allowed(workspace, web, capsys, monkeypatch):
    monkeypatch.delenv(ALLOW)
    assert main(["import", f"{web.address}/file.csv"]) == 1
    assert "only from public servers" in capsys.readouterr().err and web.asked == []
