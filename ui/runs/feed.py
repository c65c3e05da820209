"""What is new in runs at work, sent to every browser that looks on: one reader for all of them.

Streamlit draws a page by running its script, once for each browser and each look; thirty people who watched a run
took a third of it that way. So a page is drawn once, and what changes in place (how far the run is, the points of its
curves) comes over a WebSocket of Graft's own, beside Streamlit's: a feed looks at its run once a second, whoever
watches, and sends the changes to all; where nothing has changed, nothing. Only what alters the page itself (the run has
ended) makes each page's script run again. live.js is the browser's side.

    /graft/live/run/<id>   /graft/live/table   /graft/live/comparison/<id>,<id>,...

This module is imported by the server before it runs. Who may ask is decided in one place, `ui.shared.gate`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import config

from core import runs
from core.errors import GraftError
from core.workspace import Workspace

PATH = "graft/live"
# Between two looks: each of them keeps a core from a run that would have both.
SECONDS = {"run": 1.0, "table": 2.0, "comparison": 2.0}
MOST_WATCHING = 2000  # at once: more are shown the page as it was drawn, and look again by themselves
MOST_COMPARED = 20
GONE = {"now": "gone"}

Frame = dict[str, Any]
_feeds: dict[str, Feed] = {}


def path(subject: str) -> str:
    """Where a browser finds the feed of `run/<id>`, `table` or `comparison/<id>,<id>`."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return "/" + "/".join(part for part in (base, PATH, subject) if part)


def routes() -> list[BaseRoute]:
    return [WebSocketRoute(path("{subject:path}"), watch)]


class Feed:
    """Of one subject, for all who watch it. look: gives the frame as it is now (`ui.runs.live_frame`)."""

    def __init__(self, look: Callable[[], Frame], seconds: float) -> None:
        self.watching = 0
        self._look, self._seconds = look, seconds
        self._frame: Frame = {}
        self._version, self._news = 0, ""
        self._changed = asyncio.Condition()

    async def follow(self) -> None:
        """Look again and again, as long as somebody watches."""
        while self.watching:
            frame = await asyncio.to_thread(self._one_look)
            if news := _changes(self._frame, frame):
                async with self._changed:
                    self._frame, self._version, self._news = frame, self._version + 1, _json(news)
                    self._changed.notify_all()
            await asyncio.sleep(self._seconds)

    async def news(self, version: int) -> tuple[str, int]:
        """What is new since a version, as soon as something is, and the version that it makes."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._version > version)
            if self._version == version + 1:
                return self._news, self._version
            return _json(_changes({}, self._frame)), self._version  # new here, or too slow for every single one

    def _one_look(self) -> Frame:
        try:
            return self._look()
        except (GraftError, OSError):
            return GONE
        except Exception:  # a page says what is wrong, if it is still wrong there
            logging.getLogger(__name__).exception("A look for the feed failed")
            return GONE


async def watch(socket: WebSocket) -> None:
    """One browser's connection, from its beginning to its end."""
    subject = str(socket.path_params["subject"])
    feed = _feeds.get(subject)
    full = sum(each.watching for each in _feeds.values()) >= MOST_WATCHING
    look = None if feed or full else await asyncio.to_thread(_look_at, subject)
    if full or (feed is None and look is None):
        await socket.close(1008)
        return
    await socket.accept()
    feed = _feeds.get(subject) or Feed(look or dict, SECONDS[subject.partition("/")[0]])
    feed.watching += 1
    if feed.watching == 1:
        _feeds[subject] = feed
        _keep(asyncio.create_task(feed.follow()))
    sending, leaving = asyncio.create_task(_send(socket, feed)), asyncio.create_task(_until_it_leaves(socket))
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        feed.watching -= 1
        if not feed.watching:
            _feeds.pop(subject, None)
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)


async def _send(socket: WebSocket, feed: Feed) -> None:
    version = 0
    with suppress(WebSocketDisconnect, RuntimeError, OSError):
        while True:
            news, version = await feed.news(version)
            await socket.send_text(news)


async def _until_it_leaves(socket: WebSocket) -> None:
    """It has nothing to say."""
    with suppress(RuntimeError):
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass


_at_work: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    """A task that nobody refers to may vanish in the middle of its work."""
    _at_work.add(task)
    task.add_done_callback(_at_work.discard)


def _look_at(subject: str) -> Callable[[], Frame] | None:
    """How to look at it; None where there is no such thing."""
    from ui.runs import live_frame  # here, as the charts' library takes its time

    kind, _, ids = subject.partition("/")
    with suppress(GraftError, OSError):
        space = Workspace.open()
        found = [runs.get(space, each) for each in ids.split(",")[:MOST_COMPARED] if each]
        if kind == "run" and len(found) == 1:
            return live_frame.RunLook(found[0])
        if kind == "comparison" and found:
            return partial(live_frame.comparison_frame, found)
        if kind == "table" and not ids:
            return partial(live_frame.table_frame, space)
    return None


def _changes(before: Frame, now: Frame) -> Frame:
    from ui.runs.live_frame import changes

    return changes(before, now)


def _json(news: Frame) -> str:
    return json.dumps(news, separators=(",", ":"), ensure_ascii=False)
