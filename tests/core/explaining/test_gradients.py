from __future__ import annotations

import torch

from core.backbones.cutting import ACTIVATION
from core.explaining.gradients import integrated


def test_of_a_product_the_parts_add_up_to_what_differs():
    """An answer that is no linear one: x times y. Told by the middle of each step, that is exact."""
    tokens, level = torch.tensor([[[3.0, 4.0]]]), torch.tensor([[[1.0, 2.0]]])
    steps = []

    def after(inputs):
        return inputs[ACTIVATION].prod(dim=2)

    found = integrated(after, {ACTIVATION: tokens}, level, lambda features: features, 8, lambda *at: steps.append(at))
    assert torch.isclose(found.sum(), torch.tensor(12.0 - 2.0))
    assert torch.allclose(found, torch.tensor([[[6.0, 4.0]]]))
    assert steps == [(number, 8) for number in range(8)]
