"""The processes that train one run together, a device each. Most runs have one, for which nothing here does anything.

All of them keep the same weights. Each takes its share of every batch, and their gradients are summed before a step:
the batch size is that of all together, so their number changes no result beyond rounding. Only what is drawn at random
for each example (dropout, stochastic depth, MixUp and CutMix) is drawn by each for its share, and so is alike at best.

The leader alone writes, and listens to what is asked of the run; what it decides, the others learn at the same step.
The environment says who is who, in torchrun's words: RANK, WORLD_SIZE, LOCAL_RANK and LOCAL_WORLD_SIZE.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

MEETING = "GRAFT_MEETING"  # names the file in which the processes of one machine find each other
SECONDS_BETWEEN_LOOKS = 0.01
LONGEST = timedelta(days=7)  # until one that does not answer is given up; one that ended is noticed at once


@dataclass(frozen=True)
class Team:
    """rank: of this process, from 0, which leads. size: how many there are. here: its rank among the `many_here` on
    this machine. awaited: meetings to which not all have come yet."""

    rank: int = 0
    size: int = 1
    here: int = 0
    many_here: int = 1
    awaited: list[Any] = field(default_factory=list, init=False, compare=False)

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, batch: np.ndarray) -> np.ndarray:
        """Of a batch, what falls to this process; nothing where it is smaller than the team."""
        if self.size == 1:
            return batch
        return np.array_split(batch, self.size)[self.rank]

    def agree(self, said: Any) -> Any:
        """What the leader says, which JSON can hold, whoever asks."""
        if self.size == 1:
            return said
        from torch.distributed import broadcast

        letter = torch.frombuffer(bytearray(json.dumps(said).encode()), dtype=torch.uint8)
        length = torch.tensor([len(letter)])
        broadcast(length, 0)
        letter = letter if self.leads else torch.empty(int(length), dtype=torch.uint8)
        broadcast(letter, 0)
        return json.loads(letter.numpy().tobytes())

    def sum(self, mine: torch.Tensor) -> torch.Tensor:
        """Over the team, on the device of `mine`."""
        if self.size == 1:
            return mine
        from torch.distributed import all_reduce

        total = mine.clone()
        all_reduce(total)
        return total

    def gather(self, mine: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """What each has, on the CPU and alike in shape, under the names that `named` gives."""
        if self.size == 1:
            return mine
        from torch.distributed import all_gather

        everyones = {}
        for name, tensor in mine.items():
            found = [torch.empty_like(tensor) for _ in range(self.size)]
            all_gather(found, tensor)
            everyones.update({named(name, rank): each for rank, each in enumerate(found)})
        return everyones

    def rows(self, mine: torch.Tensor, sizes: Sequence[int]) -> torch.Tensor:
        """The rows of all, one process's behind the other's, so that gradients find their way back to who made them.

        sizes: how many rows of each count; whoever has more has them to be in step.
        """
        found: torch.Tensor = _Rows.apply(mine, tuple(sizes), self.rank)  # type: ignore[no-untyped-call]
        return found

    def wait(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Until all are here. meanwhile: called again and again until then; it may raise to give up."""
        if self.size == 1:
            return
        from torch.distributed import all_reduce

        meeting = all_reduce(torch.zeros(1), async_op=True)
        self.awaited.append(meeting)
        while not meeting.is_completed():
            meanwhile()
            time.sleep(SECONDS_BETWEEN_LOOKS)
        meeting.wait()
        self.awaited.remove(meeting)

    @contextmanager
    def leader_first(self) -> Iterator[None]:
        """The others come when the leader has been through, and find what it has kept."""
        if not self.leads:
            self.wait()
        yield
        if self.leads:
            self.wait()

    def trains(self, model: nn.Module, device: torch.device) -> nn.Module:
        """The model as the team trains it: after a step's last backward pass, gradients are the mean of everyone's."""
        if self.size == 1:
            return model
        norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
        if any(all(parameter.requires_grad for parameter in norm.parameters()) for norm in norms):
            from core.runtime.whole_batches import OfWholeBatches

            model = OfWholeBatches(model)
        on = [device] if device.type == "cuda" else None
        return DistributedDataParallel(model, device_ids=on, gradient_as_bucket_view=True)


ALONE = Team()


def named(name: str, rank: int) -> str:
    return f"{name}.{rank}" if rank else name


def place(environment: Mapping[str, str] = os.environ) -> Team:
    """Where this process stands, as the environment says; alone where it says nothing."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    return Team(*(int(environment.get(name, default)) for name, default in zip(names, "0101")))


def environment(rank: int, size: int, meeting: Path) -> dict[str, str]:
    """What tells a process its place where all are on this machine: they meet in a file, and never use the network."""
    loopback = {"linux": "lo", "darwin": "lo0"}.get(sys.platform)
    wires = {f"{library}_SOCKET_IFNAME": loopback for library in ("GLOO", "NCCL")} if loopback else {}
    counted = {"RANK": rank, "WORLD_SIZE": size, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": size}
    return {**wires, **{name: str(number) for name, number in counted.items()}, MEETING: str(meeting)}


@contextmanager
def assembled(cuda: bool) -> Iterator[Team]:
    """The team, once all of it is there. What is decided goes over gloo, so that no GPU is waited for."""
    team = place()
    if team.size == 1:
        yield team
        return
    from torch import distributed

    meeting = os.environ.get(MEETING)
    store = distributed.FileStore(meeting, team.size) if meeting else None
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if cuda else "gloo",
        timeout=LONGEST,
        store=store,
        rank=team.rank,
        world_size=team.size,
    )
    yield team
    if team.awaited:  # who gave up waiting may leave: else this would wait after all
        return
    with suppress(RuntimeError):  # one of them was quicker
        distributed.destroy_process_group()


class _Rows(torch.autograd.Function):
    """All processes' rows; the gradient of each row is summed over all that used it."""

    @staticmethod
    def forward(ctx: Any, mine: torch.Tensor, sizes: tuple[int, ...], rank: int) -> torch.Tensor:
        from torch.distributed import all_gather

        ctx.place, ctx.shape = (sum(sizes[:rank]), sizes[rank]), mine.shape
        padded = mine.new_zeros(max(sizes), *mine.shape[1:])
        padded[: sizes[rank]] = mine[: sizes[rank]]
        found = [torch.empty_like(padded) for _ in sizes]
        all_gather(found, padded)
        return torch.cat([each[:size] for each, size in zip(found, sizes)])

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        from torch.distributed import all_reduce

        gradient = gradients[0].contiguous().clone()
        all_reduce(gradient)
        start, size = ctx.place
        mine = gradient.new_zeros(ctx.shape)
        mine[:size] = gradient[start : start + size]
        return mine, None, None
