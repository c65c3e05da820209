"""One look over a dataset: kept under cache/surveys, so that the next look costs nothing.

cache/surveys/<key>/survey.parquet   a row an example, in the order of the dataset's rows
                    mosaic.jpg       small images of the landmarks, side by side; empty of examples that have no looks
"""

from __future__ import annotations

import hashlib
import io
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from core.data.dataset import Dataset, list_versions
from core.data.folds import folds_of_rows
from core.errors import DamagedError, DataError
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.store.full_disk import disk_in_words
from core.survey.neighbours import nearest, reduced
from core.survey.outliers import APART, apartness
from core.survey.places import landmarks, places
from core.tables import fitted, read_table
from core.tasks.doubts import Doubts
from core.tasks.protocol import Untouched
from core.workspace import Workspace

COLUMNS = {
    "name": "str",
    "x": "float64",
    "y": "float64",
    "landmark": "int64",
    "doubt": "float64",
    "doubted": "bool",
    "suggested": "str",
    "apart": "float64",
}
VERSION = 3  # change when the same examples would give another survey
NEIGHBOURS = 10
TILE = 48  # pixels
TRIES = 3
MOST_ANSWERS = 5_000_000  # examples times classes: beyond, no label is doubted, which would take minutes


@dataclass(frozen=True, eq=False)
class Survey:
    """
    Attributes:
        frame: A row an example of the version, in its order: name; x, y: its place, 0 to 1; landmark: its tile
            in the mosaic, -1 for none; doubt: how unlikely its answer is to one who has not seen it; doubted: whether
            to look at it; suggested: what is likelier, as text; apart: how far it stands from all others.
        mosaic: A JPEG of small images, `across` in a row, of `TILE` pixels; b"" of examples that have no looks.
        across: How many tiles are in a row of the mosaic.
    """

    frame: pd.DataFrame
    mosaic: bytes
    across: int

    @property
    def suspects(self) -> pd.DataFrame:
        """Whose class, labels or number is worth a look, the most doubtful first."""
        return self.frame[self.frame["doubted"]].sort_values("doubt", ascending=False, kind="stable")

    @property
    def outliers(self) -> pd.DataFrame:
        """What stands apart from all others, the farthest first."""
        return self.frame[self.frame["apart"] > APART].sort_values("apart", ascending=False, kind="stable")


def seen_by(backbone: str, weights_file: Path | None) -> str:
    """Names what gives the features: a backbone, with the weights that it came with or with a person's own."""
    return backbone if weights_file is None else f"{backbone} {weights_file.name}"


def kept_survey(workspace: Workspace, dataset: Dataset, backbone: str) -> Survey | None:
    """The survey of this version by this backbone, if it was made before."""
    folder = _folder_of(workspace, dataset, backbone)
    try:
        frame = read_table(folder / "survey.parquet", {})
        fitted(frame, folder / "survey.parquet", COLUMNS)  # which it has; it is taken as it was written
        mosaic = (folder / "mosaic.jpg").read_bytes()
    except (OSError, DamagedError):
        return None
    return Survey(frame, mosaic, _across(frame)) if len(frame) == len(dataset.frame) else None


def surveyed_before(workspace: Workspace, dataset: Dataset, backbone: str) -> bool:
    """Whether this backbone has looked at any version of the dataset: then it knows most of the examples."""
    versions = list_versions(workspace, dataset.id).items()
    return any(_folder(workspace, dataset.id, version, info.made, backbone).is_dir() for version, info in versions)


def survey(
    workspace: Workspace,
    dataset: Dataset,
    backbone: str,
    features: Callable[[], np.ndarray],
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Survey:
    """Look over a version of a dataset, unless it was done before.

    backbone: names what made the features. features: gives float32 (N, F), a row for each of the dataset's.

    Raises:
        DataError: there are fewer than three examples. Whatever `features` raises passes.
        WorkStopped: `cancelled()` became true.
    """
    if (kept := kept_survey(workspace, dataset, backbone)) is not None:
        return kept
    if len(dataset.frame) < 3:
        raise DataError(f"A map needs at least three {dataset.modality.noun}s.")

    def moved(phase: str, done: int = 0, total: int | None = None) -> None:
        if cancelled is not None and cancelled():
            raise WorkStopped("Stopped.")
        if progress is not None:
            progress(Progress(phase, done, total))

    seen = features()
    points = reduced(seen)
    comparing = f"Comparing the {dataset.modality.noun}s"
    moved(comparing)
    twins = dataset.frame["twins"].to_numpy()
    indices, _ = nearest(points, twins, NEIGHBOURS, lambda done, total: moved(comparing, done, total))
    doubts = _doubts(dataset, seen, lambda done, total: moved("Doubting the labels", done, total))
    chosen = landmarks(_strata(dataset))
    where = places(points, chosen, lambda: moved("Drawing the map"))
    tile = np.full(len(points), -1)
    tile[chosen] = np.arange(len(chosen))
    frame = pd.DataFrame(
        {
            "name": dataset.frame["name"].to_numpy(),
            "x": where[:, 0],
            "y": where[:, 1],
            "landmark": tile,
            "doubt": doubts.doubt,
            "doubted": doubts.worth,
            "suggested": doubts.likelier,
            "apart": apartness(seen, indices),
        }
    )
    mosaic = _mosaic(dataset, chosen, moved)
    _keep(_folder_of(workspace, dataset, backbone), frame, mosaic)
    return Survey(frame, mosaic, _across(frame))


def _doubts(dataset: Dataset, features: np.ndarray, listen: Callable[[int, int], None]) -> Doubts:
    """How doubtful each example's answer is, what is likelier, and whether it is worth a look."""
    from core.survey import held_out  # torch takes seconds to import, and only who looks needs it

    frame, task = dataset.frame, dataset.task
    nothing = Doubts(np.zeros(len(frame)), dataset.answers(frame), np.zeros(len(frame), bool))
    folds = folds_of_rows(frame, task, held_out.FOLDS)
    too_many = len(dataset.classes) * len(frame) > MOST_ANSWERS
    if task.convex_loss is None or folds.max() < 1 or frame[task.column].nunique() < 2 or too_many:
        return nothing
    spec = task.spec(dataset.classes, dataset.target, frame)
    objective = task.objective(spec, Untouched(task.convex_loss), frame)
    seen = np.asarray(features, np.float32)
    outputs = held_out.outputs_of(seen, objective, objective.targets(frame), folds, listen)
    return objective.doubts(outputs, frame) or nothing


def _strata(dataset: Dataset) -> np.ndarray:
    """A whole number an example: of its class, as in `dataset.classes`, or of what else divides its answers evenly."""
    return pd.factorize(np.array(dataset.task.strata(dataset.frame), dtype=object), sort=True)[0]


def _mosaic(dataset: Dataset, chosen: np.ndarray, moved: Callable[[str, int, int], None]) -> bytes:
    """b"" where examples are not to be seen."""
    tiles = dataset.modality.tiles(dataset.frame.iloc[chosen], dataset.path, dataset.rendering, TILE)
    if tiles is None:
        return b""
    across = _side(len(chosen))
    mosaic = Image.new("RGB", (across * TILE, -(-len(chosen) // across) * TILE), "grey")
    for number, small in enumerate(tiles):
        if small is not None:
            mosaic.paste(small, (number % across * TILE, number // across * TILE))
        moved("Drawing the map", number + 1, len(chosen))
    file = io.BytesIO()
    mosaic.save(file, "JPEG", quality=60)
    return file.getvalue()


def _side(tiles: int) -> int:
    return max(1, int(np.ceil(np.sqrt(tiles))))


def _across(frame: pd.DataFrame) -> int:
    return _side(int((frame["landmark"] >= 0).sum()))


def _folder(workspace: Workspace, dataset_id: str, version: int, made: str, backbone: str) -> Path:
    """A version never changes; when it was made tells it from one of a dataset that was deleted."""
    said = f"{VERSION}\n{backbone}\n{dataset_id}\n{version}\n{made}"
    return workspace.cache / "surveys" / hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def _folder_of(workspace: Workspace, dataset: Dataset, backbone: str) -> Path:
    return _folder(workspace, dataset.id, dataset.version, dataset.info.made, backbone)


def _keep(folder: Path, frame: pd.DataFrame, mosaic: bytes) -> None:
    beside = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        for _ in range(TRIES):
            with disk_in_words(), suppress(FileNotFoundError):  # the cache is being deleted
                beside.mkdir(parents=True, exist_ok=True)
                frame.to_parquet(beside / "survey.parquet", index=False)
                (beside / "mosaic.jpg").write_bytes(mosaic)
                shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # another may have been quicker
                beside.rename(folder)
            if folder.is_dir():
                return
    finally:
        shutil.rmtree(beside, ignore_errors=True)
