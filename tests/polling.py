"""Waiting for something that another process does."""

import threading
import time
from collections.abc import Callable

DEADLINE = 120.0


def poll(until: Callable[[], bool], what: Callable[[], str] = lambda: "", deadline: float = DEADLINE) -> None:
    """Look until `until()`; fail with `what()` after `deadline` seconds."""
    ends, pause = time.monotonic() + deadline, threading.Event()
    while not until():
        assert time.monotonic() < ends, f"nothing after {deadline:.0f} s. {what()}"
        pause.wait(0.05)
