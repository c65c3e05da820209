"""The stages of a backbone without torch, which takes seconds to import: as they were found before.

stages.json                      of the bundled backbones, as `python -m core.backbones.kept_stages` writes it
<workspace>/cache/stages/        <key>.json: of any other, after it was looked at once with these libraries
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from core.backbones.bundled import MINILM
from core.backbones.catalogue import BackboneInfo, catalogue
from core.errors import DamagedError
from core.records import Count, read
from core.tasks.heads import Reads
from core.workspace import Workspace, atomic_open, write_json

DATA = Path(__file__).with_name("stages.json")
FORMAT = 3  # change when the same network would have other stages


@dataclass(frozen=True)
class Stage:
    """`output_shape` is without the batch; of the last stage it is (features,). `modules` run in this order. summary:
    how many numbers a head has of it that reads several stages (see reading.py), 0 of those that it does not read.
    attention, linear: how many numbers adapters of rank 1 have on its attention, and on all its linear layers."""

    name: str
    layers: Count
    parameters: Count
    output_shape: Annotated[tuple[Count, ...], Field(min_length=1)]
    modules: tuple[str, ...]
    summary: Count = 0
    attention: Count = 0
    linear: Count = 0

    def adapters(self, which: str, rank: int) -> int:
        """How many numbers they learn. which: `attention`, `all` linear layers, or `none`."""
        return rank * {"attention": self.attention, "all": self.linear}.get(which, 0)


Kept = Annotated[tuple[Stage, ...], Field(min_length=1)]


def features_read(stages: Sequence[Stage], reads: Reads) -> int:
    """How many features a head gets from these stages."""
    return stages[-1].output_shape[0] + (sum(stage.summary for stage in stages) if reads == "several" else 0)


def nothing_to_adapt(name: str, stages: Sequence[Stage], which: str, freeze: int) -> str | None:
    """What to say where adapters have nothing to be put on. freeze: how many stages are frozen."""
    if which == "none" or any(stage.adapters(which, 1) for stage in stages[freeze:]):
        return None
    if any(stage.adapters(which, 1) for stage in stages):
        return f"The stages of {name} that are free have no such layers as adapters are put on. Freeze fewer stages."
    if which == "attention" and any(stage.linear for stage in stages):
        return f"{name} has no attention to put adapters on. Put them on all linear layers."
    return f"{name} has no linear layers to put adapters on, as most networks of convolutions. Choose a transformer."


def stages_of(info: BackboneInfo, workspace: Workspace) -> tuple[Stage, ...]:
    """The stages of a backbone, in their order; the first time for a backbone that is not bundled takes seconds.

    Raises:
        BackboneError: it cannot be built, or cannot be cut into stages.
    """
    if info.name in _shipped() and info.preprocessing.size == info.input_size:
        return _shipped()[info.name]
    said = f"{info.name}\n{info.preprocessing.size}\n{version('torchvision')}\n{version('timm')}"

    def find() -> tuple[Stage, ...]:
        from core.backbones.model import describe

        return describe(info)

    return found_before(workspace, said, find)


def found_before(workspace: Workspace, said: str, find: Callable[[], tuple[Stage, ...]]) -> tuple[Stage, ...]:
    """What `find` gives, or gave before. said: all that decides it."""
    name = hashlib.blake2b(f"{FORMAT}\n{said}".encode(), digest_size=12).hexdigest()
    path = workspace.cache / "stages" / f"{name}.json"
    with suppress(OSError, DamagedError):
        return read(path, Kept)
    found = find()
    with suppress(OSError):  # it is only speed
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, [asdict(stage) for stage in found])
    return found


def _read(said: list[dict[str, Any]]) -> tuple[Stage, ...]:
    return tuple(
        Stage(**{**one, "output_shape": tuple(one["output_shape"]), "modules": tuple(one["modules"])}) for one in said
    )


def shipped(name: str) -> tuple[Stage, ...]:
    """Of a bundled backbone as it is usually used; () of others."""
    return _shipped().get(name, ())


@cache
def _shipped() -> dict[str, tuple[Stage, ...]]:
    return {name: _read(said) for name, said in json.loads(DATA.read_text(encoding="utf-8")).items()}


def main() -> None:
    from core.backbones.libraries import LIBRARIES
    from core.backbones.model import describe

    bundled = {info.name: describe(info) for info in catalogue() if info.library == "bundled"}
    texts = LIBRARIES[MINILM]
    bundled |= {info.name: texts.stages(info, Workspace.open()) for info in texts.infos()}
    with atomic_open(DATA) as file:
        json.dump({name: [asdict(stage) for stage in stages] for name, stages in bundled.items()}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
