"""Stages are known without torch, and are what torch finds."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.backbones import kept_stages, model
from core.backbones.catalogue import catalogue, find
from core.backbones.kept_stages import stages_of

OTHER = "torchvision/resnet18.IMAGENET1K_V1"


@pytest.mark.parametrize(
    "info", [info for info in catalogue() if info.library == "bundled"], ids=lambda info: info.name
)
def test_what_is_shipped_is_what_torch_finds(info, workspace):
    assert info.name in kept_stages._shipped(), "write it with: python -m core.backbones.kept_stages"
    assert stages_of(info, workspace) == model.describe(info)
    larger = info.fitted(resolution=288)
    assert stages_of(larger, workspace) == model.describe(larger)


def test_another_backbone_is_looked_at_once(workspace, monkeypatch):
    found = stages_of(find(OTHER), workspace)
    monkeypatch.setattr(model, "describe", lambda info: pytest.fail("looked again"))
    assert stages_of(find(OTHER), workspace) == found == model._plan(find(OTHER)).stages


def test_a_damaged_file_is_looked_past(workspace):
    found = stages_of(find(OTHER), workspace)
    (kept,) = (workspace.cache / "stages").iterdir()
    kept.write_text('[{"name": 1}]')
    assert stages_of(find(OTHER), workspace) == found


def test_no_page_imports_torch_to_be_drawn():
    modules = (
        "serve, core.backbones.kept_stages, ui.training.settings, ui.runs.run_panel, ui.predictions.asking, "
        "ui.backbones.backbone_card, ui.backbones.backbone_help, ui.datasets.survey_panel"
    )
    said = f"import sys, {modules}; serve.import_ahead(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
