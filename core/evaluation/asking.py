"""A model is asked about another dataset than its own; its answers are kept in cache/evaluations/<key>/answers.parquet.

Classes that it never learned are mistakes with a row of their own; that some of its classes are not there is fine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd

from core.data.dataset import Dataset
from core.errors import DataError, GraftError, RunError
from core.evaluation.answered import FILE, PLACES, Answered, judged_of, kept_answers, taught_by
from core.inference.deciding import KEY
from core.modalities import MODALITIES
from core.processes import available_cores
from core.progress import Cancelled, OnProgress, Progress, WorkStopped
from core.store.full_disk import disk_in_words
from core.workspace import Workspace, atomic_open

SIZE = 64  # examples at a time
OTHER = "other"  # the part that is all of another dataset


def misfit(bundle: Path, dataset: Dataset) -> str:
    """Why the model cannot be asked about these examples, or ""."""
    taught = taught_by(bundle)
    kind, modality = taught.task["kind"], MODALITIES[taught.modality]
    if dataset.modality.name != modality.name:
        return f"The model reads {modality.noun}s, and these are {dataset.modality.noun}s."
    if dataset.kind != kind:
        return f"The model answers otherwise: this dataset has {dataset.task.each}."
    learned = set(dataset.task.choices(taught.task))
    if learned and dataset.classes and not learned & set(dataset.classes):
        return f"The model knows none of the {dataset.task.plural} of this dataset."
    return ""


def kept(workspace: Workspace, bundle: Path, dataset: Dataset) -> Answered | None:
    """What was answered about the dataset before; None where it was not asked yet.

    Raises:
        RunError: what was kept does not fit any more.
    """
    path = _place(workspace, bundle, dataset)
    if not path.exists():
        return None
    return judged_of(kept_answers(path), OTHER, taught_by(bundle), dataset)


def ask(
    workspace: Workspace,
    bundle: Path,
    dataset: Dataset,
    progress: OnProgress | None = None,
    cancelled: Cancelled | None = None,
) -> Answered:
    """Ask the model about all of the dataset, unless it was done before. Examples that cannot be read are left out.

    Raises:
        DataError: the dataset has other examples or answers, or none that can be read.
        RunError: the bundle is damaged.
        WorkStopped: `cancelled()` became true.
    """
    if why := misfit(bundle, dataset):
        raise DataError(f"{why} Choose another dataset, or another run.")
    found = kept(workspace, bundle, dataset)
    if found is not None:
        return found
    parts = list(_answers(bundle, dataset, progress, cancelled))
    answers = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if answers.empty:
        raise DataError(f"None of the {dataset.modality.noun}s can be read.")
    path = _place(workspace, bundle, dataset)
    with disk_in_words():
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_open(path, "wb") as file:
            answers.to_parquet(file, index=False)
    return judged_of(answers, OTHER, taught_by(bundle), dataset)


def _answers(
    bundle: Path, dataset: Dataset, progress: OnProgress | None, cancelled: Cancelled | None
) -> Iterator[pd.DataFrame]:
    from core.inference.predictor import Predictor  # torch takes seconds to import

    model, frame = Predictor.open(bundle), dataset.frame
    stored = dataset.modality.stored(frame, dataset.path)
    places = [name for name in (*PLACES, "name", "split") if name in frame]

    def read(number: int) -> Any:
        try:
            return model.modality.read(stored[number], model.preprocessing)
        except GraftError:
            return None

    with ThreadPoolExecutor(min(8, available_cores())) as pool:
        for start in range(0, len(frame), SIZE):
            if cancelled is not None and cancelled():
                raise WorkStopped("Stopped.")
            if progress is not None:
                progress(Progress(f"Asking about the {dataset.modality.noun}s", start, len(frame)))
            numbers = range(start, min(start + SIZE, len(frame)))
            seen = [(number, one) for number, one in zip(numbers, pool.map(read, numbers)) if one is not None]
            if not seen:
                continue
            rows, examples = frame.iloc[[number for number, _ in seen]], [one for _, one in seen]
            outputs, _ = model.outputs(model.modality.collate(examples, model.preprocessing, model.device.torch))
            yield pd.concat([rows[places], model.objective.answers(outputs, rows, examples)], axis=1)


def _place(workspace: Workspace, bundle: Path, dataset: Dataset) -> Path:
    """Named after what was asked about what: a bundle written anew has another description or other weights. What was
    decided since asks for no new answers."""
    try:
        said = json.loads((bundle / "bundle.json").read_bytes())
        weights = (bundle / "weights.safetensors").stat()
    except (OSError, ValueError) as error:
        raise RunError(f"The model cannot be read ({error}). Choose another run.") from error
    taught = {name: value for name, value in said.items() if name != KEY}
    of_dataset = [dataset.id, dataset.version, dataset.info.made]
    key = hashlib.blake2b(digest_size=16)
    key.update(json.dumps([str(bundle), weights.st_mtime_ns, weights.st_size, of_dataset, taught]).encode())
    return workspace.cache / "evaluations" / key.hexdigest() / FILE
