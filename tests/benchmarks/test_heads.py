"""Heads on features that are apart; the measuring itself takes minutes."""

from __future__ import annotations

import pytest
import torch

from benchmarks.heads import CANDIDATES, Part, score


@pytest.fixture
def parts():
    torch.manual_seed(0)
    labels = torch.arange(40) % 2
    rows = torch.randn(40, 6) + 4 * (2 * labels.unsqueeze(1) - 1)
    return {name: Part(rows[at::3], labels[at::3]) for at, name in enumerate(("train", "validation", "test"))}


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_head_learns_what_is_far_apart(parts, name):
    assert score(parts, 0, **{**CANDIDATES[name], "epochs": 60}) >= 0.9
