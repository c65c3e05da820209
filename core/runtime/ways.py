"""In which precision the stages are run on this machine: chosen by measuring, remembered, and said in words."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, TypeVar

import torch
from pydantic import Field
from torch import nn
from torch.nn.functional import cosine_similarity
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils._pytree import tree_leaves

from core.backbones.model import Backbone
from core.modalities.inputs import Inputs, count, first, laid_out
from core.records import Amount
from core.runtime.compiling import Compiled, compiled
from core.runtime.device import Device
from core.runtime.folding import folded
from core.runtime.tuning import NOWHERE, Chosen, found_before, remember
from core.workspace import Workspace

EXAMPLES = 8  # to measure on
CHECKED = 2  # to see that folding changed nothing
TURNS, MORE_TURNS, SECONDS_FOR_MORE = 2, 6, 0.2  # at least; and at most, if they are quick
WORTH = 1.1  # times as fast, at least, for half of the digits to be given up
COMPILING_REPAYS = 120.0  # seconds that all the images would take uncompiled: compiling takes a tenth of that
BATCH = 16  # images at a time on a processor: what fits in its caches is quicker
ALIKE = 0.99  # median cosine between rows in full and in half precision, at least: see docs/defaults.md


Given = torch.Tensor | Inputs
Result = TypeVar("Result", torch.Tensor, Inputs)


@dataclass(frozen=True)
class Way:
    """precision: of the arithmetic. rate: images a second when it was measured, 0 if it was not. times: as fast as
    float32. alike: the median cosine between rows so made and in float32. compiled: into code of its own."""

    precision: Annotated[str, Field(pattern="^(float32|bfloat16|float16)$")] = "float32"
    rate: Annotated[Amount, Field(ge=0)] = 0.0
    times: Annotated[Amount, Field(ge=0)] = 1.0
    alike: Amount = 1.0
    compiled: bool = False

    @property
    def name(self) -> str:
        """Of two ways with the same name, rows have the same bits."""
        return f"{self.precision}, compiled" if self.compiled else self.precision

    @property
    def words(self) -> str:
        """A half sentence: "bfloat16, 2.1 times as fast as float32 here, and as good (99.97% alike)"."""
        if self.times == 1.0:
            return self.name
        return f"{self.name}, {self.times:.1f} times as fast as float32 here, and as good ({self.alike:.2%} alike)"


class FrozenStages:
    """The first stages of a backbone, to be run once over the images: which way, and the network that goes it.

    Attributes:
        way: The quickest whose answers hold; the one that was found before, if there is one. `network` may find that it
            cannot be gone here any more.
    """

    def __init__(
        self,
        workspace: Workspace,
        backbone: Backbone,
        stages: int,
        device: Device,
        precision: str,
        dataset: str,
        examples: Callable[[], Inputs],
        many: int = 0,
        chosen: Chosen = NOWHERE,
    ) -> None:
        """precision: "auto", or the one that a recipe asks for. dataset: whose images they are, as the answers hold
        for some and not for others. examples: gives a few to measure on; called only if they are needed. many: how many
        there are in all. chosen: where what is chosen stays."""
        self.workspace, self.backbone, self.stages, self.device = workspace, backbone, stages, device
        self.examples, self.many, self.chosen = examples, many, chosen
        self.code: Compiled | None = None
        where = f"{device.name}, torch {torch.__version__}"
        read = f" ({len(backbone.read_before(stages))} read)" if backbone.read_before(stages) else ""
        self.name = f"{backbone.info.said}, {stages} stages{read}, {dataset}, {where}"  # under which it is remembered
        self.way = self._way() if precision == "auto" else Way(precision)

    def _way(self) -> Way:
        if self.device.autocast_dtype is not None:  # a GPU that is made for it
            return Way(str(self.device.autocast_dtype).removeprefix("torch."))
        if not half_is_native(self.device):
            return Way()
        found = partial(found_before, self.workspace, self.name, Way, self._measured)
        return self.chosen.once(self.name, Way, found)

    def _measured(self) -> Way:
        way = measured_frozen(self.folded, first(self.examples(), EXAMPLES))
        return self._compiled(way) if self.many / way.rate > COMPILING_REPAYS else way

    @torch.inference_mode()
    def _compiled(self, way: Way) -> Way:
        """The same precision compiled, if that is quicker still."""
        network = self._in(way.precision)
        code = self.code = compiled(self.workspace, network, self._batch())
        if code is None:
            return way
        inputs = self._batch()
        (slow, wanted), (quick, got) = _timed(lambda: network(inputs)), _timed(lambda: code(inputs))
        if slow < WORTH * quick or _alike(got, wanted) < ALIKE:
            return way
        alike = min(way.alike, _alike(got, wanted))
        return Way(way.precision, BATCH / quick, way.times * slow / quick, alike, compiled=True)

    def _batch(self) -> Inputs:
        """A whole one."""
        few = self.examples()
        again = torch.arange(BATCH) % count(few)
        return laid_out({name: each[again.to(each.device)] for name, each in few.items()})

    def _in(self, precision: str) -> Quick:
        return Quick(copy.deepcopy(self.folded), getattr(torch, precision))

    @cached_property
    def folded(self) -> nn.Module:
        return folded(self.backbone.until(self.stages), first(self.examples(), CHECKED))

    @cached_property
    def network(self) -> nn.Module:
        """Inputs to what crosses the boundary, float32. The same example gives the same bits, whichever others are in
        its batch. It is a copy, which keeps to these weights."""
        plain = self._in(self.way.precision)
        if not self.way.compiled:
            return plain
        code = self.code or compiled(self.workspace, plain, self._batch())
        if code is None:  # as where the compiler is gone: its rows have other last bits
            self.way = Way(self.way.precision)
            remember(self.workspace, self.name, self.way)
        return code or plain


def way_to_train(
    workspace: Workspace,
    model: nn.Module,
    name: str,
    device: Device,
    inputs: Callable[[], Inputs],
    chosen: Chosen = NOWHERE,
) -> Way:
    """For stages that are trained, on a CPU. The model, its gradients' absence and the random state stay as they were.

    name: of what is trained; what was found under it before is not measured again. inputs: gives a few examples.
    """
    if not half_is_native(device):
        return Way()
    name = f"training {name}, {device.name}, torch {torch.__version__}"
    found = partial(found_before, workspace, name, Way, lambda: _measured_training(model, device, inputs()))
    return chosen.once(name, Way, found)


def half_is_native(device: Device) -> bool:
    """Whether the processor has instructions for bfloat16; where it has not, it is slower than float32."""
    return device.torch.type == "cpu" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


class Quick(nn.Module):
    """A folded network in some precision."""

    def __init__(self, network: nn.Module, dtype: torch.dtype) -> None:
        super().__init__()
        self.network, self.dtype = (network.to(dtype) if dtype is torch.bfloat16 else network), dtype

    def forward(self, inputs: Inputs) -> Inputs:
        if count(inputs) == 1:  # for which the libraries have other routines, with other last bits
            twice = {name: each.expand(2, *each.shape[1:]) for name, each in inputs.items()}
            return first(self.forward(laid_out(twice)), 1)
        if self.dtype is torch.float16:  # whose range is small: only what can bear it is done in it
            with torch.autocast(next(iter(inputs.values())).device.type, dtype=self.dtype):
                return _in(torch.float32, self.network(inputs))
        return _in(torch.float32, self.network(_in(self.dtype, inputs)))


def _in(dtype: torch.dtype, inputs: Inputs) -> Inputs:
    """What is whole numbers, or yes and no, stays."""
    return {name: each.to(dtype) if each.is_floating_point() else each for name, each in inputs.items()}


@torch.inference_mode()
def measured_frozen(network: nn.Module, inputs: Inputs) -> Way:
    """For a network that only answers. network: folded. inputs: a few."""
    half = Quick(copy.deepcopy(network), torch.bfloat16)
    return _better(count(inputs), _timed(lambda: network(inputs)), _timed(lambda: half(inputs)))


def _measured_training(model: nn.Module, device: Device, inputs: Inputs) -> Way:
    def step(precision: str) -> Inputs:
        with device.at(precision).autocast():
            given = model(inputs)
        outputs = {str(place): each.float() for place, each in enumerate(tree_leaves(given))}
        torch.stack([each.square().mean() for each in outputs.values()]).sum().backward()
        answers = (name for name, each in outputs.items() if each.ndim > 1 and len(each) == count(inputs))
        return {name: outputs[name].detach() for name in answers}  # and not weights that a head hands on beside them

    with _untouched(model):
        if not _draws(model):
            return _better(count(inputs), _timed(lambda: step("float32")), _timed(lambda: step("bfloat16")))
        given = step("float32"), step("bfloat16")
        with torch.random.fork_rng(devices=[]):
            model.train()  # attention has other routines where it leaves out at random
            clock = time.process_time  # which others at work change less: what is found here stays
            full, half = _timed(lambda: step("float32"), clock)[0], _timed(lambda: step("bfloat16"), clock)[0]
        return _better(count(inputs), (full, given[0]), (half, given[1]))


def _draws(model: nn.Module) -> bool:
    """Whether it leaves out at random in training, and nothing in it changes by that."""
    parts = [*model.modules()]
    return any(isinstance(part, nn.Dropout) and part.p > 0 for part in parts) and not any(
        isinstance(part, _BatchNorm) for part in parts
    )


@contextmanager
def _untouched(model: nn.Module) -> Iterator[None]:
    """In eval mode, statistics stay and nothing is drawn at random; gradients are thrown away."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.zero_grad(set_to_none=True)
        model.train(training)


def _better(images: int, full: tuple[float, Given], half: tuple[float, Given]) -> Way:
    """Of (seconds, what came out) in float32 and in bfloat16."""
    (slow, wanted), (quick, got) = full, half
    alike = _alike(got, wanted)
    if slow > WORTH * quick and alike >= ALIKE:
        return Way("bfloat16", images / quick, slow / quick, alike)
    return Way("float32", images / slow)


def _alike(given: Given, other: Given) -> float:
    return float(cosine_similarity(_rows(given), _rows(other)).median())


def _rows(given: Given) -> torch.Tensor:
    """All numbers of each example, (B, N)."""
    tensors = [given] if isinstance(given, torch.Tensor) else given.values()
    return torch.cat([each.flatten(1) for each in tensors if each.is_floating_point()], dim=1)


def _timed(work: Callable[[], Result], clock: Callable[[], float] = time.perf_counter) -> tuple[float, Result]:
    """Seconds at best, and what it gives."""
    given, seconds = work(), list[float]()
    while len(seconds) < TURNS or (len(seconds) < MORE_TURNS and sum(seconds) < SECONDS_FOR_MORE):
        began = clock()
        given = work()
        seconds.append(clock() - began)
    return min(seconds), given
