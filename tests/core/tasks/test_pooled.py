"""Heads that read the pooled features."""

import torch

from core.modalities.inputs import Features
from core.tasks.heads import HeadSettings, build_head


def test_heads_read_the_pooled_features_and_their_tensors_have_the_names_that_bundles_know():
    features = Features(torch.rand(4, 6), steps=torch.rand(4, 3, 6))
    linear, hidden = (build_head(HeadSettings(kind=kind), 6, 2).eval() for kind in ("linear", "hidden"))
    assert list(linear.state_dict()) == ["weight", "bias"]
    assert list(hidden.state_dict()) == ["0.weight", "0.bias", "3.weight", "3.bias"]
    assert torch.equal(linear(features), torch.nn.functional.linear(features.pooled, linear.weight, linear.bias))
    assert hidden(features).shape == (4, 2)
