"""What frozen stages give, kept by example."""

import numpy as np
import pytest
import torch

from core.store.rows import Store
from core.training.activations import of_numpy, rows_of
from tests.core.backbones.bert_shaped import bert_backbone, texts


@torch.no_grad()
@pytest.mark.parametrize("n", [1, 2, 4])
def test_tokens_are_kept_without_padding_and_give_the_same_in_any_company(workspace, n):
    backbone, inputs = bert_backbone(layers=3, needs="steps"), texts(5, 2, 8, 3)
    given, dtypes = backbone.until(n)(inputs), backbone.dtypes(n)
    rows = list(rows_of(given, backbone.ragged(n), inputs["mask"]))
    name = "steps" if n == 4 else "activation"
    assert [len(row[name]) for row in rows] == [5, 2, 8, 3]
    store = Store(workspace, "activations", "texts", {name: of_numpy(dtype) for name, dtype in dtypes.items()})
    found = store.rows([f"{number + 1:02x}" * 32 for number in range(4)], lambda numbers: (rows[at] for at in numbers))
    some = np.array([3, 0])
    taken = {name: torch.from_numpy(array) for name, array in found.take(some).items()}
    assert {name: tensor.dtype for name, tensor in taken.items()} == dtypes
    wanted, halves = backbone(inputs), backbone.after(n)(taken)
    torch.testing.assert_close(halves.pooled, wanted.pooled[[3, 0]], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(halves.steps[0, :3], wanted.steps[3, :3], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(halves.steps[1, :5], wanted.steps[0, :5], rtol=1e-4, atol=1e-4)
