"""Waiting for something that another process does."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

DEADLINE = 120.0


def poll(until: Callable[[], bool], what: Callable[[], str] = lambda: "", deadline: float = DEADLINE) -> None:
    """Look until `until()`; fail with `what()` after `deadline` seconds."""
    ends, pause = time.monotonic() + deadline, threading.Event()
    while not until():
        assert time.monotonic() < ends, f"nothing after {deadline:.0f} s. {what()}"
        pause.wait(0.05)


def run_apart(story: Coroutine[object, object, T]) -> T:
    """`asyncio.run` in a thread of its own: in this one a browser's loop may be at work."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, story).result()
