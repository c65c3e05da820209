"""What is unlike all labeled images is told, with few false alarms; and a bundle that cannot tell says nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from core.inference.reference import Caution, Reference, caution_of, nearest_other, read_reference, write_reference

RANDOM = np.random.default_rng(0)


def near(direction: int, many: int, spread: float = 0.3) -> torch.Tensor:
    """Features about one axis."""
    noise = torch.from_numpy(RANDOM.normal(0, spread / 8, (many, 64))).float()
    return normalize(torch.eye(64)[direction] + noise, dim=1)


def test_new_images_of_the_kind_pass_and_foreign_ones_do_not():
    labeled, new, foreign = near(0, 200), near(0, 400), near(5, 400)
    found = caution_of(labeled, np.zeros(200, int), np.ones(200, bool))
    reference = Reference(labeled, found.threshold)
    alarms = np.array(reference.nearest(new)) < found.threshold
    assert found.images == 200 and alarms.mean() < 0.1
    assert (np.array(reference.nearest(foreign)) < found.threshold).all()


def test_copies_do_not_speak_for_each_other():
    """Each image is there twice: without a word on that, a threshold of almost 1 would flag everything new."""
    labeled = near(0, 100).repeat(2, 1)
    copies = np.tile(np.arange(1, 101), 2)
    blind = caution_of(labeled, np.zeros(200, int), np.ones(200, bool))
    found = caution_of(labeled, copies, np.ones(200, bool))
    assert blind.threshold == pytest.approx(1, abs=1e-4) and found.threshold < 0.97


def test_only_what_was_held_out_sets_the_threshold():
    labeled = torch.cat([near(0, 50, 0.01), near(0, 50)])
    held_out = np.arange(100) >= 50
    found = caution_of(labeled, np.zeros(100, int), held_out)
    assert found.threshold < caution_of(labeled, np.zeros(100, int), ~held_out).threshold


@pytest.mark.parametrize("many", [0, 1])
def test_with_nothing_to_compare_with_there_is_no_caution(many):
    assert caution_of(near(0, many), np.zeros(many, int), np.ones(many, bool)) is None


def test_blocks_change_nothing(monkeypatch):
    features, copies = near(0, 50), np.zeros(50, int)
    whole = nearest_other(features, copies)
    monkeypatch.setattr("core.inference.reference.BLOCK", 7)
    np.testing.assert_allclose(nearest_other(features, copies), whole, atol=1e-6)


def test_what_is_written_is_read_and_what_is_damaged_is_no_caution(tmp_path):
    (tmp_path / "bundle.json").write_text('{"format": 1}')
    digests = [f"{number:064x}" for number in range(5)]
    write_reference(tmp_path, near(0, 5), Caution(0.8, 0.05, 5), digests)
    said = json.loads((tmp_path / "bundle.json").read_text())
    assert said == {"format": 1, "caution": {"threshold": 0.8, "false_alarms": 0.05, "images": 5}}
    cpu = torch.device("cpu")
    found = read_reference(tmp_path, said, cpu)
    assert found.features.shape == (5, 64) and found.digests == digests and not found.refitted
    assert read_reference(tmp_path, {**said, "refitted": True}, cpu).refitted
    assert read_reference(tmp_path, {}, cpu) is None
    (tmp_path / "reference.safetensors").write_bytes(b"garbage")
    assert read_reference(tmp_path, said, cpu) is None
