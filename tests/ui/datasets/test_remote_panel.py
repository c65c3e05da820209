"""Nothing is asked before a press; what is there is shown with its size, and what is not in a sentence."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from core import jobs
from core.fetching import ALLOW
from tests.core.importing.remote.test_fetched import published
from tests.pages.conftest import press, texts
from tests.web import CONTENT, Web
from ui.shared.widgets import file_size

LARGE = file_size(len(CONTENT))


def _page():
    from core.workspace import Workspace
    from ui.datasets.remote_panel import remote_panel

    remote_panel(Workspace.open())


@pytest.fixture
def web(monkeypatch):
    monkeypatch.setenv(ALLOW, "1")
    with Web() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


@pytest.fixture
def started(monkeypatch):
    found = []
    monkeypatch.setattr(jobs, "start", lambda workspace, kind, title, **of: found.append((kind, title, of)))
    return found


@pytest.fixture
def app(workspace):
    return AppTest.from_function(_page, default_timeout=60).run()


def look(app, typed):
    app.text_input(key="remote_typed").set_value(typed)
    return press(app, "See what is there")


def test_a_file_is_offered_with_its_size_and_fetched_on_a_press(app, web, started):
    app = look(app, f"{web.address}/file.csv")
    assert not app.exception and f"**file** · 1 file, {LARGE}, from 127" in texts(app).replace("\\", "")
    assert web.asked == [] and started == []
    app = press(app, f"Fetch it ({LARGE}) and import")
    ((kind, title, of),) = started
    assert (kind, title, of["given"], of["part"]) == ("import remote", "file", f"{web.address}/file.csv", "")


def test_a_part_of_a_set_is_chosen(app, web, started):
    published(web, {f"{part}/train.csv": CONTENT for part in ("b", "a")})
    app = look(app, "hub:owner/name")
    next(one for one in app.selectbox if one.label == "Part").set_value("b").run()
    press(app, f"Fetch it ({LARGE}) and import")
    assert (started[0][1], started[0][2]["part"]) == ("name b", "b")


@pytest.mark.parametrize(
    ("typed", "words"), [("/gone.csv", "nothing at this address"), ("<b>x</b> y", "neither an address")]
)
def test_what_is_not_there_is_told(app, web, typed, words):
    app = look(app, web.address + typed if typed[0] == "/" else typed)
    assert not app.exception and words in app.error[0].value
    assert not [one for one in app.button if one.label.startswith("Fetch")]


def test_another_address_typed_takes_the_offer_away(app, web):
    app = look(look(app, f"{web.address}/file.csv"), f"{web.address}/gone.csv")
    assert not [one for one in app.button if one.label.startswith("Fetch")]


def test_the_job_imports_what_it_is_given(workspace, web):
    from core.jobs.kinds import remote

    gave = remote(workspace, lambda progress: None, given=f"{web.address}/file.csv", name="Mine")
    assert gave["known"] is False and json.dumps(gave)
