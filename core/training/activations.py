"""Never compute a frozen thing twice: the frozen stages run once over each image, and what they give is kept.

A kept row lies in cache/activations under its image's content, in a setting made of everything else that could change
it: the frozen weights, the preprocessing, the device's precision, and the view. So another split, other labels or fewer
images cost nothing, and new images cost only themselves.

A row does not depend on which images were in its batch (see ways.py), so a run that is resumed sees the same bits,
even if the cache was emptied in between.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import torch

from core.backbones.cutting import ACTIVATION, SUMMARY
from core.modalities.examples import Examples
from core.modalities.inputs import Inputs, count
from core.runtime.distributed import ALONE, Team
from core.runtime.ways import BATCH, FrozenStages
from core.store.cache import make_room
from core.store.rows import Row, Rows, Store
from core.training.sources import cut, cut_evenly
from core.workspace import Workspace

FORMAT = 5  # change when the same setting would stand for other numbers
TOKENS = 1536  # of a batch of texts on a processor: short ones are too little work for it, 16 at a time
BATCH_ELSEWHERE = 128  # images at a time through the frozen stages where there is no processor with caches to fit


class Kept:
    """What a backbone's frozen stages give for the images of a source."""

    def __init__(
        self,
        workspace: Workspace,
        frozen: FrozenStages,
        source: Examples,
        views: int = 1,
    ) -> None:
        """views: how many of each image, if it is augmented."""
        self.workspace, self.frozen, self.source = workspace, frozen, source
        self.views: list[int | None] = [None] if source.augmentation == "none" else [*range(views)]
        self._find_stores()

    def _find_stores(self) -> None:
        """Of each view, for the way in which the frozen stages run."""
        augmentation, self.way = self.source.augmentation, self.frozen.way
        setting = key(self.frozen, self.source) + ("" if augmentation == "none" else f"-{augmentation}")
        names = [f"{setting}-{'plain' if view is None else view}" for view in self.views]
        dtypes = {name: of_numpy(dtype) for name, dtype in self.frozen.backbone.dtypes(self.frozen.stages).items()}
        self.stores = [Store(self.workspace, "activations", name, dtypes) for name in names]

    def missing(self) -> int:
        """How many rows must still be computed."""
        return sum(len(store.missing(self.source.digests)) for store in self.stores)

    def bytes(self, shapes: Mapping[str, Sequence[int]], only_missing: bool = False) -> int:
        """That the rows take, of so many as are to be had or still missing. shapes: as of `Backbone.boundary`."""
        places = [store.missing(self.source.digests) if only_missing else slice(None) for store in self.stores]
        lengths = self.source.expected_lengths()
        if lengths is None:
            lengths, ragged = np.ones(len(self.source), np.int64), frozenset[str]()
        else:
            ragged = self.frozen.backbone.ragged(self.frozen.stages)
        whole = {name: shape for name, shape in shapes.items() if name not in ragged}
        a_token = {name: shape[1:] for name, shape in shapes.items() if name in ragged}
        return sum(
            row_bytes(whole) * len(taken) + row_bytes(a_token) * int(taken.sum())
            for taken in (lengths[place] for place in places)
        )

    @torch.inference_mode()
    def rows(
        self,
        on_batch: Callable[[int, int], None],
        team: Team = ALONE,
        waiting: Callable[[], None] = lambda: None,
    ) -> list[Rows]:
        """The rows of each view, float32, in the source's order; what is missing is computed, a share by each process.

        on_batch: called with (rows done, all to be computed here); it may raise to give up. Whole chunks stay.
        waiting: called while the others are not done; so may it.
        """
        if self.missing():
            _ = self.frozen.network
            if self.frozen.way != self.way:  # what was found before cannot be done here any more
                self._find_stores()
        order = self._order()
        mine = order[team.rank :: team.size]
        digests = [self.source.digests[number] for number in mine]
        total, done = sum(len(store.missing(digests)) for store in self.stores), 0

        def compute(view: int | None, among: np.ndarray, places: np.ndarray) -> Iterator[Row]:
            nonlocal done
            numbers = among[places]
            for inputs in self.source.batches(self._cut(numbers), epoch=view):
                given = self.frozen.network(inputs)
                done += count(inputs)
                on_batch(min(done, total), total)
                yield from rows_of(given, self.frozen.backbone.ragged(self.frozen.stages), inputs.get("mask"))

        if team.size > 1:
            for store, view in zip(self.stores, self.views):
                store.rows(digests, partial(compute, view, mine))
            team.wait(waiting)
        digests, places = [self.source.digests[number] for number in order], np.argsort(order)
        return [
            store.rows(digests, partial(compute, view, order)).of(places)
            for store, view in zip(self.stores, self.views)
        ]

    def _cut(self, numbers: np.ndarray) -> list[np.ndarray]:
        if self.source.device.type != "cpu":
            return cut(numbers, BATCH_ELSEWHERE, training=False)
        lengths = self.source.lengths()
        return cut(numbers, BATCH, training=False) if lengths is None else cut_evenly(numbers, lengths, BATCH, TOKENS)

    def _order(self) -> np.ndarray:
        """In which they are computed: those of about the same length together."""
        lengths = self.source.lengths() if self.missing() else None
        return np.arange(len(self.source)) if lengths is None else np.argsort(lengths, kind="stable")


def of_numpy(dtype: torch.dtype) -> np.dtype:
    return torch.empty(0, dtype=dtype).numpy().dtype


def rows_of(given: Inputs, ragged: frozenset[str], mask: torch.Tensor | None) -> Iterator[Row]:
    """What each example is given, by itself. mask: (B, T), of the tokens that count; of what is `ragged` no more is
    kept than there are up to the last of these, whichever others were in the batch."""
    arrays = {name: each.cpu().contiguous().numpy() for name, each in given.items()}
    ends = None if mask is None else mask.shape[1] - mask.cpu().bool().flip(1).int().argmax(dim=1).numpy()
    for row in range(count(given)):
        yield {
            name: each[row, : ends[row]] if ends is not None and name in ragged else each[row]
            for name, each in arrays.items()
        }


def key(frozen: FrozenStages, source: Examples) -> str:
    """Names everything but the image and the view that decides a row."""
    backbone = frozen.backbone
    said = hashlib.blake2b(digest_size=16)
    more = sorted(backbone.boundary(frozen.stages).keys() - {ACTIVATION, SUMMARY})
    read = (*backbone.read_before(frozen.stages), *more)
    settings = (FORMAT, backbone.info.architecture, frozen.stages, *read)
    for part in (*settings, source.setting(), source.device.type, frozen.way.name):
        said.update(f"{part}\n".encode())
    said.update(backbone.fingerprint(frozen.stages))
    return said.hexdigest()


def row_bytes(shapes: Mapping[str, Sequence[int]]) -> int:
    """Of a kept row whose arrays have these shapes, four bytes a number."""
    return 4 * sum(map(math.prod, shapes.values()))


def fit(workspace: Workspace, kept: Sequence[Kept], shapes: Mapping[str, Sequence[int]]) -> bool:
    """Whether what is still missing, a row of these shapes an image and view, fits in the cache; makes room."""
    return make_room(workspace, sum(each.bytes(shapes, only_missing=True) for each in kept))
