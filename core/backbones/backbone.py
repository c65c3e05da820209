"""A network in stages that can be frozen, and cut at any stage."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Protocol

import torch
from torch import nn

from core.backbones.adapters import Adapters, is_adapter
from core.backbones.cutting import (
    ACTIVATION,
    MAP,
    STEPS,
    SUMMARY,
    Absent,
    After,
    Entry,
    Given,
    Point,
    Stop,
    Tap,
    Until,
    Whole,
    features_of,
    rewired,
)
from core.backbones.info import BackboneInfo
from core.backbones.kept_stages import features_read, nothing_to_adapt
from core.backbones.padding import pad_by_kernel
from core.backbones.plans import TROUBLE, Needs, Plan, points_of
from core.backbones.recomputing import recompute
from core.backbones.stages import Stage
from core.backbones.weights import Match
from core.errors import BackboneError
from core.modalities.inputs import Features, Inputs
from core.tasks.heads import Reads, Shapes


class Named(Protocol):
    """What a backbone is called; of those for images it is a `BackboneInfo`."""

    @property
    def name(self) -> str: ...

    @property
    def said(self) -> str: ...

    @property
    def architecture(self) -> str: ...


class Backbone(nn.Module):
    """A pretrained network without its last layer. Make one with `build`, or of a plan.

    Attributes:
        stages: In order. Parameters outside every stage's modules (class tokens, positions) belong to the first.
        num_features: F, of which the first `last_features` are what the last stage gives.
        match: For a person's own weights, which tensors fitted.
        needs: What of its `Features` there is beside the pooled.
        adapters: What learns in the free stages in place of their weights, see `adapt`.
        recomputes: Whether the free stages use activation checkpointing, from the next `freeze` on.
    """

    info: BackboneInfo
    adapters: Adapters | None = None
    recomputes: bool = False

    def __init__(
        self,
        info: BackboneInfo | Named,
        network: nn.Module,
        plan: Plan,
        match: Match | None = None,
        reads: Reads = "last",
        needs: Needs = "pooled",
    ) -> None:
        super().__init__()
        self.info = info  # type: ignore[assignment]  # what is not for images is never asked for more than its name
        self.match, self.stages, self.needs = match, plan.stages, needs
        self.num_features, self.last_features = (features_read(plan.stages, each) for each in (reads, "last"))
        self.network = pad_by_kernel(network)
        self._plan = plan
        self._points = points_of(plan, reads, needs)
        self._kept: dict[int, tuple[bool, tuple[str, ...]]] = {}
        self.__dict__["_reading"] = self._whole()  # shares all modules: nothing to save or to move twice
        self._frozen = 0
        self._fixed = [name for name, parameter in self.named_parameters() if not parameter.requires_grad]

    def forward(self, inputs: Inputs) -> Features:
        """inputs: of images {"pixels": (B, 3, S, S), normalized}."""
        return features_of(self.__dict__["_reading"](inputs))

    @property
    def shapes(self) -> Shapes:
        """Of its `Features`, for who makes a head."""
        return Shapes(self.num_features, self.step_features, self.map_shapes)

    @property
    def map_shapes(self) -> tuple[tuple[int, int, int], ...]:
        """(C, H, W) of each of `Features.maps`."""
        return tuple(point.shape for point in self._points if point.key.startswith(MAP))  # type: ignore[misc]

    @property
    def step_features(self) -> int | None:
        """How many numbers `Features.steps` has for each token."""
        return next((point.shape[-1] for point in self._points if point.key == STEPS), None)

    def freeze(self, n: int) -> None:
        """Freeze the first `n` stages, free the others. Frozen ones stay in eval mode: BatchNorm keeps its numbers.

        What the library holds fixed stays so. Whatever is free takes part, so that processes that train together never
        wait for a gradient that does not come.
        """
        self._check(n)
        self._frozen = n
        frozen, free = self._modules_of(self.stages[:n]), self._modules_of(self.stages[n:])
        self.requires_grad_(n == 0)
        for name in free:
            self.get_submodule(name).requires_grad_(True)
        for name in frozen:  # what both sides share stays frozen
            self.get_submodule(name).requires_grad_(False)
        parameters = dict(self.named_parameters())
        for name in self._fixed:
            parameters[name].requires_grad_(False)
        if self.adapters is not None:
            self.adapters.only_learn(self, frozen, free)
        for name in (*frozen, *free):
            recompute(self.get_submodule(name), self.recomputes and name in free)
        self.train(self.training)

    def adapt(self, adapters: Adapters, n: int) -> None:
        """From the next `freeze` on, adapters learn in the free stages in place of their weights, of which only
        BatchNorm's stay free, as its statistics move anyway. Frozen stages have none, and give what they gave.

        n: how many stages are frozen when the most is free.

        Raises:
            BackboneError: there is nothing to put them on.
        """
        if problem := nothing_to_adapt(self.info.name, self.stages, adapters.layers, n):
            raise BackboneError(problem)
        self.adapters = adapters

    def adapt_all(self, names: Iterable[str]) -> None:
        """Put adapters where tensors of these names are of one, as where what was learned is to be put back."""
        for layer in {name.rpartition(".")[0] for name in names if is_adapter(name)}:
            assert self.adapters is not None
            self.adapters.put_on(layer, self.get_submodule(layer))

    def kept_still(self) -> set[str]:
        """The parameters, by name, that adapters leave as they are in the free stages too; none without adapters."""
        if self.adapters is None:
            return set()
        return {name for name, parameter in self.named_parameters() if not parameter.requires_grad}

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
        from stages before the boundary too, the "summary" of what those give, and the maps that they give; and of the
        inputs those that the stages after the boundary look at, as they do at a mask.

        Raises:
            BackboneError: what crosses the boundary is not one tensor.
        """
        self._check(n)
        if n == len(self.stages):
            return self._whole()
        return nn.Identity() if n == 0 else self._until(n, self._needed(n)[1])

    def boundary(self, n: int) -> dict[str, tuple[int, ...]]:
        """The shapes, without batch, of what `until(n)` gives; where examples differ in length, of the longest."""
        inputs = self._plan.shapes
        if n == 0:
            return inputs
        carried = [point for point in self._points if n == len(self.stages) or self._place(point) < self._end(n)]
        shapes = {point.key: self._plan.longest(point.shape) for point in carried if not point.key.startswith(SUMMARY)}
        if n == len(self.stages):
            return {ACTIVATION: (self.num_features,)} | shapes
        summaries = sum(point.shape[0] for point in carried if point.key.startswith(SUMMARY))
        before = {ACTIVATION: tuple(self.stages[n - 1].output_shape)} | ({SUMMARY: (summaries,)} if summaries else {})
        return before | shapes | {name: inputs[name] for name in self._needed(n)[1]}

    def ragged(self, n: int) -> frozenset[str]:
        """Of what `until(n)` gives, the names of what has a row for each token, and no more rows than the example."""
        if self._plan.tokens is None:
            return frozenset()
        if n == len(self.stages):
            return frozenset(point.key for point in self._points if point.key == STEPS)
        return frozenset(self.boundary(n)) if n == 0 else frozenset((ACTIVATION, *self._needed(n)[1]))

    def dtypes(self, n: int) -> dict[str, torch.dtype]:
        """Of what `until(n)` gives in full precision."""
        return {
            name: self._plan.traced[name].dtype if name in self._plan.traced else torch.float32
            for name in self.boundary(n)
        }

    def read_before(self, n: int) -> tuple[int, ...]:
        """The stages besides the last of which `until(n)` gives a summary."""
        points = [point for point in self._points if point.key.startswith(SUMMARY)]
        if n < len(self.stages):
            points = [point for point in points if n and self._place(point) < self._end(n)]
        return tuple(int(point.key.removeprefix(SUMMARY)) for point in points)

    def after(self, n: int) -> nn.Module:
        """Only the stages after the first `n`: what `until(n)` gives -> features. It shares their parameters.

        The network's own forward runs, with stand-ins for the frozen units that cost nothing, see cutting.py. Should
        anything else than what crosses the boundary be needed from the frozen part, it is found out here.

        Raises:
            BackboneError: something else than that is needed: no clean cut.
        """
        self._check(n)
        if n == 0:
            return self
        if n == len(self.stages):
            return Given()
        on_meta, kept = self._needed(n)
        after = self._after(n, on_meta)
        if len(self._plan.traced) == 1:
            error = self._trouble(n, after, kept)
            if error is not None:
                raise self._no_clean_cut(n) from error
        return after

    def _place(self, point: Point) -> int:
        return self._plan.units.index(point.unit)

    def _end(self, n: int) -> int:
        """The place of the boundary unit."""
        return self._plan.units.index(self.stages[n - 1].modules[-1])

    def _taps(self, points: Iterable[Point], found: Inputs) -> dict[str, nn.Module]:
        by_unit: dict[str, list[Point]] = {}
        for point in points:
            by_unit.setdefault(point.unit, []).append(point)
        return {unit: Tap(self.get_submodule(unit), there, found) for unit, there in by_unit.items()}

    def _whole(self) -> Whole:
        found: Inputs = {}
        taps = self._taps(self._points, found)
        return Whole(rewired(self.network, taps, "shared") if taps else self.network, self._plan.feed, found)

    def _until(self, n: int, kept: Sequence[str]) -> Until:
        boundary, found = self._boundary(n), dict[str, torch.Tensor]()
        stands_in: dict[str, nn.Module] = {name: nn.Identity() for name in self._modules_of(self.stages[n:])}
        stands_in |= self._taps((point for point in self._points if self._place(point) < self._end(n)), found)
        stands_in[boundary] = Stop(self.get_submodule(boundary))
        return Until(rewired(self.network, stands_in, "shared"), self._plan.feed, found, kept)

    def _after(self, n: int, on_meta: bool) -> After:
        boundary, plan = self._boundary(n), self._plan
        entry = Entry([point for point in self._points if point.unit == boundary], plan.outputs[boundary])
        stands_in: dict[str, nn.Module] = {
            name: Absent(entry, plan.outputs[name], on_meta, plan.tokens) for name in self._modules_of(self.stages[:n])
        }
        stands_in |= self._taps((point for point in self._points if self._place(point) > self._end(n)), entry.found)
        stands_in[boundary] = entry
        network = rewired(self.network, stands_in, "meta" if on_meta else "detached")
        return After(network, plan.feed, entry, plan.traced, on_meta)

    def _needed(self, n: int) -> tuple[bool, tuple[str, ...]]:
        """(whether stand-ins may be on the meta device, which inputs the stages after the first `n` look at).

        Of a network with several inputs that is found out by trying, once: with as few as possible.

        Raises:
            BackboneError: no clean cut, whatever is kept.
        """
        names = tuple(self._plan.traced)
        if len(names) == 1:
            return True, ()
        if n not in self._kept:
            some = [each for many in range(len(names) + 1) for each in combinations(names, many)]
            ways = [(on_meta, kept) for kept in some for on_meta in (True, False)]
            found = (way for way in ways if self._trouble(n, self._after(n, way[0]), way[1]) is None)
            if (way := next(found, None)) is None:
                raise self._no_clean_cut(n)
            self._kept[n] = way
        return self._kept[n]

    def _trouble(self, n: int, after: nn.Module, kept: Sequence[str]) -> Exception | None:
        """Why the two halves do not give what the whole gives, for an example; buffers and modes stay as they were."""
        modes = {module: module.training for module in self.modules()}
        inputs = self._plan.example(next(self.parameters()).device)
        self.eval()
        try:
            with torch.no_grad():
                whole, halves = self(inputs).pooled, after.eval()(self._until(n, kept)(inputs)).pooled
            clean = torch.allclose(whole, halves, rtol=1e-3, atol=1e-3 * float(whole.abs().max()))
            return None if clean else ValueError("the halves give something else than the whole")
        except TROUBLE as error:
            return error
        finally:
            for module, training in modes.items():
                module.training = training

    def _boundary(self, n: int) -> str:
        name = self.stages[n - 1].modules[-1]
        gave = self._plan.outputs[name]
        alone = isinstance(gave, tuple) and len(gave) == 1
        if not (isinstance(gave, torch.Tensor) or (alone and isinstance(gave[0], torch.Tensor))):
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
