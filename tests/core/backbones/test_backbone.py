"""Backbones of tokens, and what else than the pooled features they give."""

import copy

import pytest
import torch

from core.backbones.catalogue import find
from core.backbones.model import build
from core.errors import BackboneError
from tests.core.backbones.bert_shaped import bert_backbone, texts

FAMILIES = {  # with the resolutions at which they give maps
    "timm/test_resnet.r160_in1k": None,
    "timm/test_efficientnet.r160_in1k": None,
    "timm/convnext_atto.d2_in1k": [56, 28, 14, 7],
    "torchvision/swin_t.IMAGENET1K_V1": [56, 28, 14, 7],
}


def same(given, wanted):
    torch.testing.assert_close(given.pooled, wanted.pooled, rtol=1e-4, atol=1e-4)
    assert (given.steps is None) == (wanted.steps is None)
    for one, other in zip((given.steps, *given.maps), (wanted.steps, *wanted.maps), strict=True):
        if one is not None:
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_a_network_of_tokens_has_a_stage_for_each_layer():
    backbone = bert_backbone(layers=12)
    assert [stage.modules for stage in backbone.stages] == [
        ("network.embeddings",),
        *((f"network.encoder.layer.{number}",) for number in range(12)),
    ]
    assert sum(stage.parameters for stage in backbone.stages) == sum(p.numel() for p in backbone.parameters())
    assert {stage.output_shape for stage in backbone.stages[:-1]} == {(10, 32)}
    assert backbone.stages[-1].output_shape == (32,)


@torch.no_grad()
@pytest.mark.parametrize("needs", ["pooled", "steps"])
def test_the_halves_of_a_network_of_tokens_give_what_the_whole_gives(needs):
    backbone = bert_backbone(layers=4, needs=needs)
    for inputs in (texts(5, 3, seed=1), texts(9, 2, 6, seed=2)):
        whole = backbone(inputs)
        assert (whole.steps is not None) == (needs == "steps")
        for n in range(len(backbone.stages) + 1):
            given = backbone.until(n)(inputs)
            assert given.keys() == backbone.boundary(n).keys() == backbone.dtypes(n).keys()
            assert all(len(shape) + 1 == given[name].ndim for name, shape in backbone.boundary(n).items())
            same(backbone.after(n)(given), whole)


def test_only_what_is_looked_at_after_the_boundary_stays_real():
    backbone = bert_backbone(layers=2)
    assert [list(backbone.boundary(n)) for n in range(4)] == [
        ["ids", "mask"],
        ["activation", "mask"],
        ["activation", "mask"],
        ["activation"],
    ]
    assert backbone.boundary(1) == {"activation": (10, 32), "mask": (10,)}
    assert backbone.dtypes(1) == {"activation": torch.float32, "mask": torch.int64}
    assert backbone.ragged(1) == {"activation", "mask"} and not backbone.ragged(3)


@torch.no_grad()
def test_padding_changes_nothing():
    backbone = bert_backbone(layers=2, needs="steps")
    short = texts(4)
    longer = {name: torch.cat([each, torch.zeros(1, 5, dtype=each.dtype)], dim=1) for name, each in short.items()}
    alone, padded = backbone(short), backbone(longer)
    torch.testing.assert_close(alone.pooled, padded.pooled)
    torch.testing.assert_close(alone.steps, padded.steps[:, :4])


def test_free_layers_learn_and_frozen_ones_get_no_gradient():
    backbone = bert_backbone(layers=3)
    backbone.freeze(2)
    after = backbone.train().after(2)
    given = backbone.until(2)(texts(6, 3))
    after({name: each.detach() for name, each in given.items()}).pooled.sum().backward()
    learned = {name.split(".")[3] for name, parameter in backbone.named_parameters() if parameter.grad is not None}
    assert learned == {"1", "2"}


@torch.no_grad()
@pytest.mark.parametrize("name", FAMILIES)
def test_maps_come_from_the_last_of_each_resolution_whatever_is_frozen(name, workspace):
    torch.manual_seed(0)
    backbone = build(find(name), workspace, random=True, needs="maps").eval()
    size = backbone.info.input_size
    images = {"pixels": torch.rand(2, 3, size, size)}
    whole = backbone(images)
    assert tuple(tuple(each.shape[1:]) for each in whole.maps) == backbone.map_shapes
    sides = [shape[1] for shape in backbone.map_shapes]
    assert sides == sorted(sides, reverse=True) == (FAMILIES[name] or sides) and len(sides) >= 3
    for n in {1, len(backbone.stages) // 2, len(backbone.stages) - 1, len(backbone.stages)}:
        given = backbone.until(n)(images)
        assert {name: tuple(each.shape[1:]) for name, each in given.items()} == backbone.boundary(n)
        same(backbone.after(n)(given), whole)
    assert len([name for name in backbone.boundary(len(backbone.stages)) if name.startswith("map")]) == len(sides)
    copied = copy.deepcopy(backbone)
    same(copied(images), whole)


@torch.no_grad()
def test_vision_transformers_give_steps_and_one_map(workspace):
    backbone = build(find("timm/test_vit.r160_in1k"), workspace, random=True, needs="steps").eval()
    images = {"pixels": torch.rand(2, 3, 160, 160)}
    whole = backbone(images)
    assert whole.steps.shape == (2, 101, backbone.step_features)
    same(backbone.after(2)(backbone.until(2)(images)), whole)
    pyramid = build(find("timm/test_vit.r160_in1k"), workspace, random=True, needs="maps")
    assert pyramid.map_shapes == ((backbone.step_features, 10, 10),)


def test_what_a_network_has_not_is_said_in_words(workspace):
    with pytest.raises(BackboneError, match="no vector for each token. Choose another"):
        build(find("timm/test_resnet.r160_in1k"), workspace, random=True, needs="steps")
