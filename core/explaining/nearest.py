"""What a model has seen like an example: the nearest of those that it learned from, by the features of its backbone.

A bundle keeps the features of its labeled examples, and which these are (`core.inference.reference`); the examples
themselves lie in the dataset. Bundles of earlier versions do not say which; there they are drawn again as they were
then, and some are looked at to be sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.data.dataset import Dataset
from core.errors import RunError
from core.tasks import TASKS
from core.workspace import Workspace

if TYPE_CHECKING:  # torch takes seconds to import
    import torch

    from core.inference.predictor import Predictor
    from core.inference.reference import Reference

MOST = 6
LOOKED_AT = 3  # examples of an earlier bundle
SAME = 0.95  # cosine of the same example at least, whatever its features were rounded to meanwhile
NEARER = 0.005  # which none of the others exceeds by more
NOT_KEPT = "This model was kept without what it learned from, so what is like this cannot be shown. Train it again."
OTHERS = "What this model learned from is not in its dataset any more, so what is like this cannot be shown."


def features_of(predictor: Predictor, example: Any) -> torch.Tensor:
    """(1, F), as the backbone gives them. example: what the modality reads. Raises GraftError if it cannot be read."""
    import torch

    read = predictor.modality.read(example, predictor.preprocessing)
    inputs = predictor.modality.collate([read], predictor.preprocessing, predictor.device.torch)
    with torch.inference_mode():
        return predictor.model[0](inputs).pooled  # type: ignore[no-any-return]


def nearest_training(
    workspace: Workspace, predictor: Predictor, dataset: Dataset, features: torch.Tensor, most: int = MOST
) -> pd.DataFrame:
    """The nearest of the examples that the model has learned from, the nearest first: rows of the dataset's frame, with
    the column `cosine`, 1 for the same.

    dataset: the version that it learned from. features: (1, F), of an example.

    Raises:
        RunError: it is not known what the model has learned from, in words.
    """
    reference = predictor.reference
    if reference is None:
        raise RunError(NOT_KEPT)
    digests = reference.digests or _drawn_again(workspace, predictor, dataset, reference)
    learned = ("train", "validation") if reference.refitted else ("train",)
    frame = dataset.frame[dataset.frame["split"].isin(learned)].drop_duplicates("sha256")
    place = pd.Series(np.arange(len(frame)), index=frame["sha256"]).reindex(digests)
    alike = reference.alike(features)[0].float().cpu().numpy()
    known = np.flatnonzero(place.notna().to_numpy())
    if not len(known):
        raise RunError(OTHERS)
    first = known[np.argsort(-alike[known], kind="stable")[:most]]
    return frame.iloc[place.to_numpy()[first].astype(int)].assign(cosine=alike[first])


def _drawn_again(workspace: Workspace, predictor: Predictor, dataset: Dataset, reference: Reference) -> Sequence[str]:
    """The digests of an earlier bundle, whose features are those of these examples.

    Raises:
        RunError: they are not.
    """
    import torch

    from core.inference.reference import drawn

    rows = drawn(dataset.frame, TASKS[dataset.kind].even_by)
    if len(rows) != len(reference.features):
        raise RunError(NOT_KEPT)
    some = rows.iloc[np.linspace(0, len(rows) - 1, min(LOOKED_AT, len(rows))).astype(int)]
    device = predictor.device.torch
    examples = predictor.modality.examples(workspace, dataset.path, some, predictor.preprocessing, device)
    (inputs,) = examples.batches([np.arange(len(some))], None)
    with torch.inference_mode():
        alike = reference.alike(predictor.model[0](inputs).pooled)
    own = alike[range(len(some)), some.index.tolist()]
    if not bool(((own > SAME) & (own > alike.amax(dim=1) - NEARER)).all()):
        raise RunError(NOT_KEPT)
    return list(rows["sha256"])
