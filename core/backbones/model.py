"""A backbone that can be frozen and cut at any stage: `build` makes one, `describe` only looks."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map_only

from core.backbones.architectures import find_last_layer, make_network, make_on_meta, pool, remove_last_layer
from core.backbones.catalogue import BackboneInfo
from core.backbones.kept_stages import features_read
from core.backbones.padding import pad_by_kernel
from core.backbones.reading import Tap, channels, positions, summary
from core.backbones.stages import Stage, at_size, find_stages, trace
from core.backbones.weights import Match, load_file, pretrained_network
from core.errors import BackboneError
from core.modalities.inputs import Features, Inputs, count
from core.tasks.heads import Reads
from core.workspace import Workspace

__all__ = ["Backbone", "Stage", "build", "describe"]

ACTIVATION, SUMMARY = "activation", "summary"  # of what crosses a boundary


@dataclass(frozen=True)
class Plan:
    """last: the library's classification layer, left out. outputs: what each unit gave on the meta device."""

    last: str | None
    stages: tuple[Stage, ...]
    outputs: dict[str, Any]


def describe(info: BackboneInfo) -> tuple[Stage, ...]:
    """The stages of a backbone, without its weights.

    Raises:
        BackboneError: it cannot be built, or cannot be cut into stages.
    """
    return _plan(info).stages


def build(
    info: BackboneInfo,
    workspace: Workspace,
    *,
    weights_file: Path | None = None,
    random: bool = False,
    reads: Reads = "last",
) -> Backbone:
    """Make a backbone with its pretrained weights, with a person's own, or, only if asked, with random ones.

    reads: which stages its features come from, see reading.py.

    Raises:
        BackboneError: the weights are not on this machine, are damaged, or do not fit.
    """
    plan = _plan(info)
    match = None
    if weights_file is not None:
        network = remove_last_layer(make_network(info), plan.last)  # whatever their last layer was, it is not wanted
        match = load_file(network, weights_file)
    else:
        network = make_network(info) if random else pretrained_network(info, workspace)
    return Backbone(info, remove_last_layer(network, plan.last), plan, match, reads)


@lru_cache(maxsize=32)
def _plan(info: BackboneInfo) -> Plan:
    try:
        size, network = info.preprocessing.size, remove_last_layer(make_on_meta(info), None)
        order = list(trace(network, info.input_size)) if info.builder == "torchvision" else []
        last = find_last_layer(network, order)
        network = remove_last_layer(network, last)
        stages, outputs = find_stages(network, info.input_size, prefix="network.")
        if size != info.input_size:
            stages, outputs = at_size(stages, network, size, prefix="network.")
        with torch.no_grad():
            features = pool(network(torch.empty(1, 3, size, size, device="meta")))
    except (RuntimeError, ValueError, TypeError, NotImplementedError, IndexError, AssertionError) as error:
        if info.preprocessing.size != info.input_size and describe(info.fitted()):
            raise BackboneError(
                f"{info.name} takes no images of {info.preprocessing.size} pixels, only of its own {info.input_size}. "
                f"Choose that resolution, or another backbone."
            ) from error
        raise BackboneError(f"{info.name} cannot be cut into stages ({error}). Choose another backbone.") from error
    stages = (*stages[:-1], replace(stages[-1], output_shape=tuple(features.shape[1:])))
    plan, read = Plan(last, stages, outputs), Plan(last, _summarised(stages, outputs), outputs)
    return read if _can_be_read(info, network, read) else plan


def _summarised(stages: tuple[Stage, ...], outputs: dict[str, Any]) -> tuple[Stage, ...]:
    """The stages with what a head may read of them: of the later half, those that give one tensor with places in it."""

    def numbers(number: int) -> int:
        gave = outputs[stages[number].modules[-1]]
        late = len(stages) // 2 <= number < len(stages) - 1
        return 2 * channels(gave.shape) if late and isinstance(gave, torch.Tensor) and positions(gave.shape) else 0

    return tuple(replace(stage, summary=numbers(number)) for number, stage in enumerate(stages))


def _can_be_read(info: BackboneInfo, network: nn.Module, plan: Plan) -> bool:
    """Whether the network runs when it is watched: tried on the meta device, which costs nothing."""
    size = info.preprocessing.size
    try:
        reading = Backbone(info, network, plan, reads="several").eval()
        with torch.no_grad():
            features = reading({"pixels": torch.empty(2, 3, size, size, device="meta")}).pooled
    except (RuntimeError, ValueError, TypeError, NotImplementedError, IndexError, AttributeError):
        return False
    return tuple(features.shape) == (2, reading.num_features)


class Backbone(nn.Module):
    """A pretrained network without its last layer. Make one with `build`.

    Attributes:
        stages: In order. Parameters outside every stage's modules (class tokens, positions) belong to the first.
        num_features: F, of which the first `last_features` are what the last stage gives.
        match: For a person's own weights, which tensors fitted.
    """

    def __init__(
        self, info: BackboneInfo, network: nn.Module, plan: Plan, match: Match | None = None, reads: Reads = "last"
    ) -> None:
        super().__init__()
        self.info, self.match, self.stages = info, match, plan.stages
        self.num_features, self.last_features = (features_read(plan.stages, each) for each in (reads, "last"))
        self.network = pad_by_kernel(network)
        self._outputs = plan.outputs
        summarised = [number for number, stage in enumerate(plan.stages) if stage.summary]
        self._read = tuple(summarised) if reads == "several" else ()
        self.__dict__["_reading"] = self._whole()  # shares all modules: nothing to save or to move twice
        self._frozen = 0
        self._fixed = [name for name, parameter in self.named_parameters() if not parameter.requires_grad]

    def forward(self, inputs: Inputs) -> Features:
        """inputs: {"pixels": (B, 3, S, S), normalized}."""
        return Features(self.__dict__["_reading"](inputs)[ACTIVATION])

    def freeze(self, n: int) -> None:
        """Freeze the first `n` stages, free the others. Frozen ones stay in eval mode: BatchNorm keeps its numbers.

        What the library holds fixed stays so. Whatever is free takes part, so that processes that train together never
        wait for a gradient that does not come.
        """
        self._check(n)
        self._frozen = n
        self.requires_grad_(n == 0)
        for name in self._modules_of(self.stages[n:]):
            self.get_submodule(name).requires_grad_(True)
        for name in self._modules_of(self.stages[:n]):  # what both sides share stays frozen
            self.get_submodule(name).requires_grad_(False)
        for name in self._fixed:
            self.get_parameter(name).requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Backbone:
        learns = mode and self._frozen < len(self.stages)
        super().train(learns)
        self.__dict__["_reading"].train(learns)  # its containers are copies
        for name in self._modules_of(self.stages[: self._frozen]):
            self.get_submodule(name).eval()
        self.training = mode
        return self

    def fingerprint(self, n: int) -> bytes:
        """A hash of all numbers but those of the stages after the first `n`; hashed again only when one changed."""
        free = tuple(f"{name}." for stage in self.stages[n:] for name in stage.modules)
        tensors = [tensor for name, tensor in self.state_dict().items() if not name.startswith(free)]
        seen = tuple((tensor.data_ptr(), tensor._version) for tensor in tensors)
        known, digest = self.__dict__.get(f"_fingerprint_{n}", (None, b""))
        if known != seen:
            said = hashlib.blake2b(digest_size=16)
            for tensor in tensors:
                said.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
            digest = said.digest()
            self.__dict__[f"_fingerprint_{n}"] = (seen, digest)
        return digest

    def until(self, n: int) -> nn.Module:
        """Only the first `n` stages: inputs -> what `after(n)` takes, see `boundary`.

        That is the activation at the boundary (for n == len(stages), the pooled features), and, where the features come
        from stages before the boundary too, the "summary" of what those give.

        Raises:
            BackboneError: what crosses the boundary is not one tensor.
        """
        self._check(n)
        if n == len(self.stages):
            return self._whole()
        if n == 0:
            return nn.Identity()
        boundary = self._boundary(n)
        found: list[torch.Tensor] = []
        stands_in: dict[str, nn.Module] = {name: nn.Identity() for name in self._modules_of(self.stages[n:])}
        stands_in |= self._taps(self._carried(n), found)
        stands_in[boundary] = _Stop(self.get_submodule(boundary))
        return _Until(_rewired(self, stands_in, outside_on_meta=False), found)

    def boundary(self, n: int) -> dict[str, tuple[int, ...]]:
        """The shapes, without batch, of what `until(n)` gives."""
        if n == 0:
            return {"pixels": (3, self.info.preprocessing.size, self.info.preprocessing.size)}
        if n == len(self.stages):
            return {ACTIVATION: (self.num_features,)}
        summary = sum(self.stages[stage].summary for stage in self._carried(n))
        return {ACTIVATION: tuple(self.stages[n - 1].output_shape)} | ({SUMMARY: (summary,)} if summary else {})

    def read_before(self, n: int) -> tuple[int, ...]:
        """The stages besides the last of which `until(n)` gives a summary."""
        return self._read if n == len(self.stages) else self._carried(n)

    def _carried(self, n: int) -> tuple[int, ...]:
        """The stages that are read and lie before the boundary, where their outputs are out of reach."""
        return tuple(stage for stage in self._read if stage < n - 1)

    def _taps(self, stages: Iterable[int], found: list[torch.Tensor]) -> dict[str, nn.Module]:
        names = [self.stages[stage].modules[-1] for stage in stages]
        return {name: Tap(self.get_submodule(name), found) for name in names}

    def _whole(self) -> nn.Module:
        found: list[torch.Tensor] = []
        taps = self._taps(self._read, found)
        return _Whole(_rewired(self, taps, outside_on_meta=False) if taps else self.network, found)

    def after(self, n: int) -> nn.Module:
        """Only the stages after the first `n`: what `until(n)` gives -> features. It shares their parameters.

        The network's own forward runs, with stand-ins for the frozen units that give meta tensors, which cost nothing.
        Should anything else than the boundary's activation be needed from the frozen part, torch refuses to mix.

        Raises:
            BackboneError: something else than the boundary's activation is needed: no clean cut.
        """
        self._check(n)
        if n == 0:
            return self
        if n == len(self.stages):
            return _Given()
        entry = _Entry(n - 1 in self._read)
        stands_in: dict[str, nn.Module] = {
            name: _Absent(entry, self._outputs[name]) for name in self._modules_of(self.stages[:n])
        }
        stands_in |= self._taps((stage for stage in self._read if stage >= n), entry.found)
        stands_in[self._boundary(n)] = entry
        after = _After(_rewired(self, stands_in, outside_on_meta=True), entry, self.info.preprocessing.size)
        self._try_cut(n, after)
        return after

    def _try_cut(self, n: int, after: nn.Module) -> None:
        """Compare the two halves with the whole on a random image; buffers and modes stay as they were."""
        modes = {module: module.training for module in self.modules()}
        device, size = next(self.parameters()).device, self.info.preprocessing.size
        inputs = {"pixels": torch.rand(2, 3, size, size, device=device)}
        self.eval()
        try:
            with torch.no_grad():
                whole, halves = self(inputs).pooled, after.eval()(self.until(n)(inputs)).pooled
            clean = torch.allclose(whole, halves, rtol=1e-3, atol=1e-3 * float(whole.abs().max()))
        except (RuntimeError, NotImplementedError, TypeError, AttributeError, ValueError, IndexError) as error:
            raise self._no_clean_cut(n) from error
        finally:
            for module, training in modes.items():
                module.training = training
        if not clean:
            raise self._no_clean_cut(n)

    def _boundary(self, n: int) -> str:
        name = self.stages[n - 1].modules[-1]
        if not isinstance(self._outputs[name], torch.Tensor):
            raise self._no_clean_cut(n)
        return name

    def _no_clean_cut(self, n: int) -> BackboneError:
        return BackboneError(f"{self.info.name} has no clean cut after its first {n} stages.")

    def _check(self, n: int) -> None:
        if not 0 <= n <= len(self.stages):
            raise BackboneError(
                f"{n} stages cannot be frozen: {self.info.name} has {len(self.stages)}. "
                f"Choose a number from 0 to {len(self.stages)}."
            )

    @staticmethod
    def _modules_of(stages: tuple[Stage, ...]) -> list[str]:
        return [name for stage in stages for name in stage.modules]


def _rewired(backbone: Backbone, stands_in: dict[str, nn.Module], outside_on_meta: bool) -> nn.Module:
    """A network that shares the backbone's modules, except those in `stands_in`. The backbone itself is untouched."""

    def copied(module: nn.Module, prefix: str) -> nn.Module:
        if prefix in stands_in:
            return stands_in[prefix]
        if not any(name.startswith(f"{prefix}.") for name in stands_in):
            return module
        twin = copy.copy(module)
        twin._modules = {name: child and copied(child, f"{prefix}.{name}") for name, child in module._modules.items()}
        if outside_on_meta:
            twin._parameters = {}
            for name, parameter in module._parameters.items():  # plain attributes: nothing trains, moves or saves them
                twin.__dict__[name] = None if parameter is None else torch.empty_like(parameter, device="meta")
        return twin

    return copied(backbone.network, "network")


class _Reached(Exception):
    """Carries the boundary's activation out of a network whose rest need not run."""

    def __init__(self, activation: torch.Tensor) -> None:
        self.activation = activation


class _Stop(nn.Module):
    def __init__(self, unit: nn.Module) -> None:
        super().__init__()
        self.unit = unit

    def forward(self, *came: Any, **settings: Any) -> None:
        raise _Reached(self.unit(*came, **settings))


class _Until(nn.Module):
    def __init__(self, network: nn.Module, found: list[torch.Tensor]) -> None:
        super().__init__()
        self.network, self.found = network, found

    def forward(self, inputs: Inputs) -> Inputs:
        self.found.clear()
        try:
            self.network(inputs["pixels"])
        except _Reached as reached:
            return {ACTIVATION: reached.activation} | ({SUMMARY: torch.cat(self.found, dim=1)} if self.found else {})
        raise AssertionError("the boundary never ran")


class _Whole(nn.Module):
    def __init__(self, network: nn.Module, found: list[torch.Tensor]) -> None:
        super().__init__()
        self.network, self.found = network, found

    def forward(self, inputs: Inputs) -> Inputs:
        self.found.clear()
        features = pool(self.network(inputs["pixels"]))
        return {ACTIVATION: torch.cat([features, *self.found], dim=1) if self.found else features}


class _Given(nn.Module):
    """After all stages: the features are there already."""

    def forward(self, inputs: Inputs) -> Features:
        return Features(inputs[ACTIVATION])


class _Entry(nn.Module):
    """Stands where the boundary unit was and gives the activation that came from outside.

    found: what the head reads of the stages so far. read: whether the boundary itself belongs to that.
    """

    activation: torch.Tensor

    def __init__(self, read: bool) -> None:
        super().__init__()
        self.read = read
        self.found: list[torch.Tensor] = []

    def forward(self, *came: Any, **settings: Any) -> torch.Tensor:
        if self.read:
            self.found.append(summary(self.activation))
        return self.activation


class _Absent(nn.Module):
    """Stands where a frozen unit was and gives meta tensors of the right shape."""

    entry: _Entry

    def __init__(self, entry: _Entry, gave: Any) -> None:
        super().__init__()
        self.__dict__["entry"] = entry  # only to learn the batch size; not a child
        self.gave = gave

    def forward(self, *came: Any, **settings: Any) -> Any:
        batch = len(self.entry.activation)
        return tree_map_only(
            torch.Tensor, lambda like: torch.empty(batch, *like.shape[1:], dtype=like.dtype, device="meta"), self.gave
        )


class _After(nn.Module):
    entry: _Entry

    def __init__(self, network: nn.Module, entry: _Entry, size: int) -> None:
        super().__init__()
        self.network, self.size = network, size
        self.__dict__["entry"] = entry

    def forward(self, inputs: Inputs) -> Features:
        """inputs: what `until` gives."""
        entry = self.entry
        entry.activation = inputs[ACTIVATION]
        entry.found[:] = [inputs[SUMMARY]] if SUMMARY in inputs else []
        try:
            features = pool(self.network(torch.empty(count(inputs), 3, self.size, self.size, device="meta")))
            return Features(torch.cat([features, *entry.found], dim=1) if entry.found else features)
        finally:
            del entry.activation
            entry.found.clear()
