"""What is covered is what is lost, place by place."""

from __future__ import annotations

import torch

from core.explaining.occlusion import PLACES, WINDOW, occlusion


def test_a_network_that_looks_at_one_corner_loses_it_when_it_is_covered():
    pixels = torch.zeros(1, 3, 64, 64)
    pixels[:, :, :16, 48:] = 1.0
    asked, told = [], []

    def corner(inputs):
        asked.append(len(inputs["pixels"]))
        return inputs["pixels"][:, 0, :16, 48:].mean(dim=(1, 2))

    lost = occlusion({"pixels": pixels}, corner, lambda done, total: told.append((done, total)))
    assert lost.shape == (PLACES, PLACES) and lost.argmax() == PLACES - 1  # above, on the right
    assert float(lost[-1, 0]) == 0 and float(lost[:2, -2:].min()) > 0
    assert sum(asked) == 1 + (PLACES - WINDOW + 1) ** 2 and told[0] == (0, 36)
    assert pixels[0, 0, 0, 63] == 1  # what was asked about is as it was
