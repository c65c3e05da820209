"""Browsers that look at the Fine-tune page, without their drawing: each a session over Streamlit's WebSocket, which
does what the page asks of a browser, and hears the feeds that it names. A process of its own: see watched.py.

    python -m benchmarks.sessions ADDRESS HOW_MANY SECONDS

Prints one JSON object when the seconds are over: sessions, pages (seconds until each was drawn), looks (seconds of each
look that was asked for), seen (of each session, which steps it was shown, and when), bytes and messages of each session
while it looked on, processor (seconds that all of this took).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import resource
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlparse

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

SECONDS_BETWEEN_ASKED = 1.0  # a further browser comes to the feed, and wants all of it
STEP = re.compile(r"Epoch ([\d,]+) of [\d,]+, step ([\d,]+) of")


class Session:
    """One page. seen: (epoch, step) and unix seconds of what it was shown."""

    def __init__(self, address: str) -> None:
        self.address, self.host = address, urlparse(address).netloc
        self.drawn_after: float | None = None
        self.bytes = self.messages = 0
        self.looks: list[float] = []
        self.seen: list[tuple[int, int, float]] = []
        self._page, self._asked = "", deque[float]()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def stay(self) -> None:
        async with self._connect("/_stcore/stream", subprotocols=["streamlit"]) as socket:
            await self._run(socket)
            try:
                async for data in socket:
                    self._count(data)
                    message = ForwardMsg()
                    message.ParseFromString(data)
                    self._heard(socket, message)
            finally:
                for task in self._tasks.values():
                    task.cancel()

    def _connect(self, path: str, **more: Any) -> connect:
        return connect(f"ws://{self.host}{path}", origin=self.address, max_size=None, **more)  # type: ignore[arg-type]

    async def _run(self, socket: ClientConnection, fragment: str = "") -> None:
        ask = BackMsg()
        ask.rerun_script.page_name, ask.rerun_script.page_script_hash = "" if self._page else "fine_tune", self._page
        ask.rerun_script.fragment_id, ask.rerun_script.is_auto_rerun = fragment, bool(fragment)
        self._asked.append(time.perf_counter())
        await socket.send(ask.SerializeToString())

    def _heard(self, socket: ClientConnection, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
        elif kind == "script_finished" and self._asked:
            took = time.perf_counter() - self._asked.popleft()
            if self.drawn_after is None:
                self.drawn_after, self.bytes, self.messages = took, 0, 0
            else:
                self.looks.append(took)
        elif kind == "auto_rerun":  # the page wants to be run again by itself
            fragment, every = message.auto_rerun.fragment_id, message.auto_rerun.interval
            self._follow(f"fragment {fragment}", self._again(socket, fragment, every))
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            element = message.delta.new_element
            if element.WhichOneof("type") == "progress":
                self._shown(element.progress.text)
            elif element.WhichOneof("type") == "bidi_component" and '"path"' in element.bidi_component.json:
                path = json.loads(element.bidi_component.json)["path"]
                self._follow(path, self._feed(path))

    def _follow(self, name: str, work: Any) -> None:
        if name in self._tasks:
            work.close()
        else:
            self._tasks[name] = asyncio.create_task(work)

    async def _again(self, socket: ClientConnection, fragment: str, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self._run(socket, fragment)

    async def _feed(self, path: str) -> None:
        async with self._connect(path) as socket:
            first = True
            async for data in socket:
                if first:
                    first = False  # all of it: a part of the page
                    continue
                self._count(data)
                said = json.loads(data)
                if said.get("standing"):
                    self._shown(said["standing"]["text"])

    async def ask(self) -> None:
        """Come to the run's feed anew, again and again, and wait for its first message."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_ASKED)
            path = next((name for name in self._tasks if "/run/" in name), None)
            if path is None:
                continue
            began = time.perf_counter()
            async with self._connect(path) as socket:
                await socket.recv()
            self.looks.append(time.perf_counter() - began)

    def _count(self, data: str | bytes) -> None:
        self.bytes += len(data.encode() if isinstance(data, str) else data)
        self.messages += 1

    def _shown(self, text: str) -> None:
        if found := STEP.match(text):
            epoch, step = (int(number.replace(",", "")) for number in found.groups())
            self.seen.append((epoch, step, time.time()))


async def look_on(address: str, how_many: int, seconds: float) -> dict[str, Any]:
    sessions = [Session(address) for _ in range(how_many)]
    tasks = [asyncio.create_task(each.stay()) for each in sessions]
    while not all(each.drawn_after for each in sessions):
        for task in tasks:
            if task.done():
                task.result()  # says why it is over
        await asyncio.sleep(0.1)
    print("drawn", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)  # go on
    for each in sessions:
        each.bytes = each.messages = 0
        each.looks, each.seen = [], []
    tasks += [asyncio.create_task(each.ask()) for each in sessions[:1]]
    spent = _processor()
    await asyncio.sleep(seconds)
    found = {
        "sessions": how_many,
        "pages": [each.drawn_after for each in sessions],
        "looks": [took for each in sessions for took in each.looks],
        "seen": [each.seen for each in sessions],
        "bytes": [each.bytes for each in sessions],
        "messages": [each.messages for each in sessions],
        "processor": _processor() - spent,
    }
    for task in tasks:
        task.cancel()
    with contextlib.suppress(Exception):
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def ages(seen: list[list[tuple[int, int, float]]], told: dict[tuple[int, int], float]) -> Iterator[float]:
    """told: when the worker said each (epoch, step)."""
    return (at - told[epoch, step] for each in seen for epoch, step, at in each if (epoch, step) in told)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(look_on(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))), flush=True)
