"""Batches by name."""

import torch
from torch.utils._pytree import tree_leaves

from core.modalities.inputs import Features, count, first, laid_out


def test_the_first_of_a_batch_are_the_first_of_each_of_its_tensors():
    inputs = {"ids": torch.arange(6).view(3, 2), "mask": torch.ones(3, 2)}
    assert count(inputs) == 3
    assert {name: tensor.tolist() for name, tensor in first(inputs, 1).items()} == {"ids": [[0, 1]], "mask": [[1, 1]]}


def test_what_is_like_images_is_laid_out_in_channels_last_and_nothing_else():
    inputs = {"pixels": torch.rand(2, 3, 4, 4), "ids": torch.arange(2).expand(3, 2)}
    laid = laid_out(inputs)
    assert all(torch.equal(laid[name], inputs[name]) for name in inputs)
    assert laid["pixels"].is_contiguous(memory_format=torch.channels_last) and laid["ids"].is_contiguous()


def test_torch_finds_the_tensors_in_features():
    tensors = torch.zeros(1), torch.zeros(2), torch.zeros(3)
    found = tree_leaves(Features(tensors[0], maps=tensors[1:]))
    assert [id(each) for each in found] == [id(each) for each in tensors]
