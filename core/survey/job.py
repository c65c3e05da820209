"""A survey from a dataset's id and a backbone's name, as the page and the command line ask for it."""

from __future__ import annotations

from pathlib import Path

from core.backbones.libraries import find
from core.data.dataset import load_dataset
from core.errors import DataError
from core.progress import OnProgress
from core.runtime.device import choose_device
from core.survey.seeing import sees
from core.survey.survey import Survey, seen_by, survey
from core.training.features import features
from core.workspace import Workspace


def survey_dataset(
    workspace: Workspace,
    dataset_id: str,
    version: int | None,
    backbone: str,
    weights_file: str | None = None,
    progress: OnProgress | None = None,
) -> Survey:
    """
    Raises:
        GraftError: the dataset, the backbone or its weights are not there, or it is one for other examples.
    """
    dataset, info = load_dataset(workspace, dataset_id, version), find(backbone, workspace)
    if not sees(backbone, dataset.modality, workspace):
        raise DataError(f"{info.name} sees no {dataset.modality.noun}s. Choose another backbone.")
    file = Path(weights_file) if weights_file else None

    def run_backbone():  # type: ignore[no-untyped-def]
        return features(
            workspace, dataset, dataset.frame, info, weights_file=file, device=choose_device(), progress=progress
        )

    return survey(workspace, dataset, seen_by(info.name, file), run_backbone, progress)
