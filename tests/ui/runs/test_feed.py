"""A run at work is read once for all who look, and only what is new is sent to them."""

from __future__ import annotations

import asyncio
import json
from copy import deepcopy

import pytest
from starlette.applications import Starlette

from core.runs import Run
from core.tasks.scores import Scores
from core.training.process.events import Changed, EpochEnded, EventLog, Progress
from tests.pages.made_runs import finished, made_run
from tests.polling import run_apart
from ui.runs import feed, live_frame
from ui.runs.feed import Feed
from ui.runs.live_frame import RunLook, changes, drawn_as, run_frame, table_frame

LEAST = 5_000  # bytes that a step may take


@pytest.fixture
def at_work(workspace, monkeypatch):
    """A run of three epochs, whose worker is at the fourth."""
    monkeypatch.setattr(Run, "_worker_lives", lambda run: True)
    return made_run(workspace, "x", Progress("training", 3, 20, 120.0, 9.0, 10**8, 4, 1, 5, 0.3))


def say(run: Run, *events) -> None:
    log = EventLog(run.directory / "events.jsonl")
    for event in events:
        log.write(event)
    log.close()


def took(state, news):
    """As live.js does it."""
    state, charts = (
        {**state, **{name: value for name, value in news.items() if name != "charts"}},
        news.get("charts", {}),
    )
    known = deepcopy(state.get("charts", {}))
    for name, chart in charts.items():
        lines = known.get(name, {}).get("lines", [{} for _ in chart["lines"]])
        for line, fresh in zip(lines, chart["lines"]):
            stay = fresh.get("stay", 0)
            for key, value in fresh.items():
                if key != "stay":
                    line[key] = [*line.get(key, [])[:stay], *value] if isinstance(value, list) else value
        known[name] = {"end": chart["end"], "lines": lines}
    return {**state, "charts": known}


def test_what_is_new_makes_the_new_of_the_old_and_nothing_new_is_nothing(at_work):
    state, frame = {}, {}
    scores = Scores(0.2, {"accuracy": 0.8})
    epochs = [EpochEnded(number, scores, None, 0.1, 1.0, False) for number in range(5, 500)]
    story = [
        [],
        [Progress("training", 4, 20, 121.0, 9.0, 10**8, 4, 2, 5, 0.2)],
        [EpochEnded(4, scores, scores, 0.1, 1.0, True)],
        [Changed(4.0, "learning_rate", "Learning rate <b>0.1</b>", 3)],
        *(epochs[at : at + 45] for at in range(0, len(epochs), 45)),  # until they are thinned
    ]
    look = RunLook(at_work)
    for events in story:
        say(at_work, *events)
        before, frame = frame, run_frame(at_work)
        assert look() == frame  # what was kept from the look before is as good
        state = took(state, json.loads(json.dumps(changes(before, frame))))
        assert state == json.loads(json.dumps(frame))
        assert changes(frame, deepcopy(frame)) == {}


def test_a_step_is_a_few_bytes_even_late_in_a_long_run(at_work):
    scores = Scores(0.2, {"accuracy": 0.8})
    say(at_work, *(EpochEnded(number, scores, scores, 0.1, 1.0, True) for number in range(4, 2000)))
    before = run_frame(at_work)
    say(at_work, Progress("training", 4, 20, 121.0, 9.0, 10**8, 2000, 2, 5, 0.2))
    step = feed._json(changes(before, run_frame(at_work)))
    assert 0 < len(step) < LEAST / 10
    before = run_frame(at_work)
    say(at_work, EpochEnded(2000, scores, scores, 0.1, 1.0, True))
    assert 0 < len(feed._json(changes(before, run_frame(at_work)))) < LEAST / 5


def test_numbers_that_are_none_do_not_reach_the_browser_as_such(at_work):
    say(
        at_work,
        EpochEnded(
            4, Scores(float("nan"), {"accuracy": 0.5}), Scores(float("inf"), {"accuracy": 0.5}), 0.1, 1.0, False
        ),
    )
    frame = run_frame(at_work)
    assert "NaN" not in feed._json(frame) and "Infinity" not in feed._json(frame)
    assert frame["charts"]["curve_loss"]["lines"][0]["y"][-1] is None


def test_a_page_is_drawn_again_for_what_it_cannot_change_in_place(at_work):
    before = at_work.view()
    say(at_work, Progress("training", 4, 20, 121.0, 9.0, 10**8, 4, 2, 5, 0.2))
    assert drawn_as(at_work.view()) == drawn_as(before)
    say(at_work, finished())
    assert drawn_as(at_work.view()) != drawn_as(before)


def test_the_table_tells_an_end_from_another_epoch(at_work, workspace):
    before = table_frame(workspace)
    say(at_work, EpochEnded(4, Scores(0.2, {"accuracy": 0.8}), None, 0.1, 1.0, False))
    later = table_frame(workspace)
    assert later["now"] == before["now"] and later["later"] != before["later"]
    say(at_work, finished())
    assert table_frame(workspace)["now"] != before["now"]


# Over the wire --------------------------------------------------------------------------------------------------------


class Browser:
    """A WebSocket, as the server has it."""

    def __init__(self, subject: str) -> None:
        self.sent: asyncio.Queue = asyncio.Queue()
        self.given: asyncio.Queue = asyncio.Queue()
        self.given.put_nowait({"type": "websocket.connect"})
        scope = {"type": "websocket", "path": f"/graft/live/{subject}", "headers": [], "subprotocols": []}
        scope |= {"query_string": b"", "root_path": "", "scheme": "ws", "server": ("localhost", 1), "client": None}
        app = Starlette(routes=feed.routes())
        self.task = asyncio.create_task(app({**scope, "extensions": {}}, self.given.get, self.sent.put))

    async def hear(self):
        said = await asyncio.wait_for(self.sent.get(), 20)
        return json.loads(said["text"]) if said["type"] == "websocket.send" else said["type"]

    async def leave(self):
        self.given.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self.task, 20)


@pytest.fixture
def looks(monkeypatch):
    """A subject that counts how often it is looked at, and changes when told to."""
    found = {"count": 0, "now": "a"}

    def look():
        found["count"] += 1
        return {"now": found["now"]}

    monkeypatch.setattr(feed, "_look_at", lambda subject: look)
    monkeypatch.setitem(feed.SECONDS, "run", 0.01)
    return found


def test_all_who_watch_share_one_reader_and_hear_only_what_is_new(looks):
    async def story():
        browsers = [Browser("run/x") for _ in range(30)]
        for browser in browsers:
            assert await browser.hear() == "websocket.accept" and await browser.hear() == {"now": "a"}
        assert len(feed._feeds) == 1 and feed._feeds["run/x"].watching == 30
        seen = looks["count"]
        while looks["count"] < seen + 5:  # some looks later
            await asyncio.sleep(0)
        assert all(browser.sent.empty() for browser in browsers)
        looks["now"] = "b"
        for browser in browsers:
            assert await browser.hear() == {"now": "b"}
        for browser in browsers:
            await browser.leave()
        assert not feed._feeds
        for task in list(feed._at_work):
            await asyncio.wait_for(task, 20)
        assert not feed._at_work  # nobody looks any more

    run_apart(story())


def test_who_was_too_slow_gets_all_of_it(looks):
    async def story():
        frames = iter([{"now": "a", "standing": 1}, {"now": "a", "standing": 2}, {"now": "b", "standing": 2}])
        one = Feed(lambda: next(frames, {"now": "b", "standing": 2}), 0.0)
        one.watching = 1
        following = asyncio.create_task(one.follow())
        while one._version < 3:
            await asyncio.sleep(0)
        assert json.loads((await one.news(1))[0]) == {"now": "b", "standing": 2}
        assert json.loads((await one.news(2))[0]) == {"now": "b"}
        one.watching = 0
        await following

    run_apart(story())


@pytest.mark.parametrize(
    "subject", ["run/nope", "run/../../etc", "run/", "nothing", "table/x", "comparison/", "run/a,b"]
)
def test_what_is_not_there_is_refused(home, subject):
    async def story():
        browser = Browser(subject)
        assert await browser.hear() == "websocket.close"
        assert not feed._feeds

    run_apart(story())


def test_a_run_that_goes_is_told(home, at_work):
    async def story():
        browser = Browser(f"run/{at_work.id}")
        assert await browser.hear() == "websocket.accept"
        assert (await browser.hear())["standing"]["text"] == "Epoch 4 of 3, step 1 of 5"
        at_work.directory.rename(at_work.directory.with_name(".gone"))
        assert await browser.hear() == {"now": "gone"}
        await browser.leave()

    run_apart(story())


def test_no_more_watch_than_there_is_room_for(looks, monkeypatch):
    async def story():
        monkeypatch.setattr(feed, "MOST_WATCHING", 1)
        first = Browser("run/x")
        assert await first.hear() == "websocket.accept"
        second = Browser("run/y")
        assert await second.hear() == "websocket.close"
        await first.leave()

    run_apart(story())


def test_the_feed_of_what_a_page_shows_is_where_the_page_looks_for_it(monkeypatch):
    assert feed.path("run/x") == "/graft/live/run/x"
    monkeypatch.setattr(feed.config, "get_option", lambda name: "/behind/")
    assert feed.path("table") == "/behind/graft/live/table"
    assert feed.routes()[0].path == "/behind/graft/live/{subject:path}"


def test_frames_are_plain_data(at_work):
    assert json.loads(feed._json(run_frame(at_work))) == run_frame(at_work)
    assert live_frame.GONE == feed.GONE
