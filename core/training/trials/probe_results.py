"""What trying a recipe for a moment tells, as a job keeps it and a page shows it. Read without torch.

cache/probes/<kind>-<key>.json    the key is that of the settings on which the answer depends
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field

from core.errors import DamagedError
from core.records import Amount, Bytes, Seconds, read
from core.training.recipe import Recipe
from core.workspace import Workspace, write_json


@dataclass(frozen=True)
class Answer:
    """kind: what it is called on disk. whatever: the settings that make no difference to it."""

    kind: ClassVar[str]
    whatever: ClassVar[frozenset[str]] = frozenset()

    def keep(self, workspace: Workspace, recipe: Recipe) -> None:
        path = self._place(workspace, recipe)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, asdict(self))

    @classmethod
    def kept(cls, workspace: Workspace, recipe: Recipe) -> Self | None:
        """What was found for such a recipe before."""
        return cls.read(cls._place(workspace, recipe))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        with suppress(OSError, DamagedError):
            return read(path, cls)
        return None

    @classmethod
    def _place(cls, workspace: Workspace, recipe: Recipe) -> Path:
        # what the dataset tells, a recipe may say or not
        said = recipe.model_dump_json(exclude={*cls.whatever, "modality", "task"}).encode()
        key = hashlib.blake2b(said, digest_size=12).hexdigest()
        return workspace.cache / "probes" / f"{cls.kind}-{key}.json"


ON_ONE_DEVICE = (
    "This is for one device. Several share each batch, which gains the more, the more there is to train; how much is "
    "not measured beforehand."
)


@dataclass(frozen=True)
class Estimate(Answer):
    """What a run would take on one device of this machine, as things are in the cache.

    seconds: from loading to its end. preparing: of these, before the first epoch. epoch: each, at last.
    memory_bytes: the most at once, the GPU's where there is one; None where the system does not tell.
    """

    kind = "estimate"

    @classmethod
    def move(cls, workspace: Workspace, recipe: Recipe, path: Path) -> None:
        """To the run of the recipe that begins now, after which it would not hold for another: more is in the cache."""
        with suppress(OSError):  # nobody has asked
            shutil.move(cls._place(workspace, recipe), path)

    seconds: Annotated[Seconds, Field(gt=0)]
    preparing: Seconds
    epoch: Seconds
    memory_bytes: Bytes | None
    device: str


@dataclass(frozen=True)
class RateCurve(Answer):
    """A learning rate range test (https://arxiv.org/abs/1506.01186).

    rates, losses: of each step, in order, the losses smoothed. steepest: the rate at which the loss falls fastest,
    which is what Graft suggests. tenth: a tenth of the rate at which it is lowest. Both are None where it never falls.
    knee: whether the loss, where it falls, rises again at higher rates; else all of them do, and none can be suggested.
    """

    kind = "rates"
    whatever = frozenset(
        {"learning_rate", "epochs", "schedule", "warmup_epochs", "step_epochs", "step_factor", "unfreeze_rate"}
        | {"average", "patience", "best_by"}
    )

    rates: Annotated[list[Amount], Field(min_length=1)]
    losses: list[float]
    steepest: Amount | None
    tenth: Amount | None
    knee: bool = True

    def __post_init__(self) -> None:
        if len(self.rates) != len(self.losses) or (self.steepest is None) != (self.tenth is None):
            raise ValueError("its numbers do not belong together")
        if self.steepest is None and not self.knee:
            raise ValueError("a curve that never falls has no lowest part")

    @property
    def suggested(self) -> float | None:
        return self.steepest if self.knee else None

    @property
    def words(self) -> str:
        if not self.knee:
            return (
                f"This curve has no knee: the loss falls, fastest at {self.steepest:g}, and then stays low up to "
                f"{self.rates[-1]:g}, the highest rate that was tried. So it does not tell which rate is too high, and "
                "there is nothing to suggest. Keep the rate that the preset has."
            )
        if self.steepest is None:
            return (
                "At none of these learning rates did the loss fall, so there is nothing to suggest. "
                "Look at the data, or free a stage."
            )
        return (
            f"Suggested: {self.steepest:g}, where the loss falls fastest. "
            f"The other usual choice, a tenth of where it is lowest, would be {self.tenth:g}."
        )
