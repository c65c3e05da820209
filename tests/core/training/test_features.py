"""Features of any rows: from the same store as training's."""

from __future__ import annotations

import numpy as np
import pytest

from core.backbones.catalogue import find
from core.backbones.model import build as real_build
from core.data.dataset import load_dataset
from core.importing.importing import WorkStopped
from core.runtime.device import choose_device
from core.training import features as module
from core.training.features import features
from core.training.process.events import Progress


@pytest.fixture
def look(recipe, workspace, monkeypatch):
    """`look(frame)`: the features, and the steps that were told."""
    import torch

    def build(info, workspace, *, weights_file=None, reads="last"):
        torch.manual_seed(1)
        return real_build(info, workspace, random=True, reads=reads)

    monkeypatch.setattr(module, "build", build)
    dataset, device = load_dataset(workspace, recipe.dataset), choose_device("cpu")

    def ask(frame=None, **more):
        told = []
        frame = dataset.frame if frame is None else frame
        found = features(workspace, dataset, frame, find(recipe.backbone), device=device, progress=told.append, **more)
        return found, told

    return ask


def test_they_follow_the_rows_and_are_computed_once(look, recipe, workspace):
    frame = load_dataset(workspace, recipe.dataset).frame
    first, told = look(frame[:10])
    assert told and first.dtype == np.float32 and first.shape[0] == 10
    _, told = look(frame)
    assert told[-1].total == len(frame) - 10
    again, told = look(frame[:10][::-1])
    assert np.array_equal(again, first[::-1]) and told == []


def test_training_after_them_starts_at_once_and_the_other_way_round(look, recipe, train):
    recipe = recipe.model_copy(update={"precision": "auto", "optimizer": "auto"})
    events = train(recipe)
    assert look()[1] == []
    assert "features" in {event.phase for event in events if isinstance(event, Progress)}
    again = train(recipe, "again")
    assert "features" not in {event.phase for event in again if isinstance(event, Progress)}


def test_no_rows_are_no_error_and_stop_stops(look, recipe, workspace):
    assert look(load_dataset(workspace, recipe.dataset).frame[:0])[0].shape[0] == 0
    with pytest.raises(WorkStopped):
        look(cancelled=lambda: True)
