"""What sharing the cores costs: the frozen stages and a head's steps, alone and beside busy programs, with threads that
spin while they wait for each other, as OpenMP has it by default, and with threads that sleep, as Graft's do.

    python -m benchmarks.sharing [--write]

Each is a process of its own (this file, with --side), as nice as a worker; the busy programs only count.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.machine import describe_machine
from benchmarks.results import write
from core.backbones.catalogue import BUNDLED, find
from core.processes import WAITING
from core.runs.launching import ALLOCATOR

SECONDS = 6.0
BUSY = (0, 1, 2)


def side() -> dict[str, float]:
    """Images a second through the folded backbone, and steps a second of a linear head."""
    import torch
    from torch import nn

    from core.backbones.model import build
    from core.modalities.inputs import first
    from core.runtime.device import choose_device
    from core.runtime.folding import folded
    from core.workspace import Workspace

    os.nice(5)
    choose_device("cpu")
    with tempfile.TemporaryDirectory() as home:
        backbone = build(find(BUNDLED), Workspace.open(home)).eval()
    images = torch.randn(16, 3, 224, 224).to(memory_format=torch.channels_last)
    inputs = {"pixels": images}
    network, head = folded(backbone, first(inputs, 2)), nn.Linear(backbone.num_features, 3)
    optimizer, rows = torch.optim.AdamW(head.parameters()), torch.randn(32, backbone.num_features)
    labels = torch.arange(32) % 3

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(head(rows), labels).backward()
        optimizer.step()

    with torch.inference_mode():
        images_a_second = len(images) * rate(lambda: network(inputs))
    return {"images": images_a_second, "steps": rate(step)}


def rate(work: Callable[[], object]) -> float:
    """Times a second, after once to warm up."""
    work()
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        work()
        done += 1
    return done / (time.perf_counter() - began)


def measured(environment: dict[str, str]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.sharing", "--side"]
    mine = {name: value for name, value in os.environ.items() if name not in WAITING}
    environment = {**mine, **ALLOCATOR, **environment}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def beside(busy: int) -> Iterator[None]:
    counting = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        yield
    finally:
        for each in counting:
            each.kill()
            each.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--side", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        print(json.dumps(side()))
        return
    rows = []
    for busy in BUSY:
        with beside(busy):
            spinning, sleeping = measured({}), measured(WAITING)
        for what, name in (("frozen stages, images/s", "images"), ("a head alone, steps/s", "steps")):
            ratio = sleeping[name] / spinning[name]
            rows.append(f"| {what} | {busy} | {sleeping[name]:,.0f} | {spinning[name]:,.0f} | {ratio:.2f} |")
            print(rows[-1], file=sys.stderr, flush=True)
    head = "| | busy programs beside it | asleep (Graft) | spinning | times as fast |"
    words = "\n".join([describe_machine().line(), "", head, "|---|---|---|---|---|", *rows, ""])
    print(words)
    if options.write:
        write(words, "Sharing the cores", "sharing.py")


if __name__ == "__main__":
    main()
