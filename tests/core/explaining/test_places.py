"""Heat maps are proven on models whose answer is known, and exist for every family of backbones."""

from __future__ import annotations

import copy
import time

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch.nn import functional

from core.explaining.asked import Asked
from core.explaining.explaining import explain, methods_for, stages_seen
from core.explaining.places import grad_cam, half_way, together, watching
from core.modalities.inputs import Features
from tests.core.explaining.planted import CLASSES, fit, fit_head, in_quarter, network, planted, png

FEW = 6


@pytest.fixture(scope="module")
def models():
    """A convolutional network, all of it fitted; a mobile one with its own weights, frozen, and a head on several of
    its stages, as runs make it; a transformer, all of it fitted."""
    convolutional = network("timm/test_resnet.r160_in1k", 128)
    assert fit(convolutional, 60, 3e-3) > 0.95
    mobile = network("efficientnet_lite0", 224, random=False, reads="several")
    fit_head(mobile, 48)
    transformer = network("timm/test_vit.r160_in1k", 96, seed=1)
    assert fit(transformer, 80, 1e-3, enough=1.1) > 0.95
    return {"convolutional": convolutional, "mobile": mobile, "transformer": transformer}


def maps(model, method=None, target=None):
    """Of some images, each with the map of its class, or of the target."""
    some = [planted(number, model.preprocessing.size) for number in range(5000, 5000 + FEW)]
    return [(one, explain(model, png(one), target or CLASSES[one.label], method)) for one in some]


@pytest.mark.parametrize("which", ["convolutional", "mobile", "transformer"])
def test_the_usual_map_lies_where_the_object_is(models, which):
    found = maps(models[which])
    assert all(heat.values.max() == 1 and heat.box == (0, 0, 1, 1) for _, heat in found)
    assert np.mean([in_quarter(heat.values, one.corner) for one, heat in found]) >= 0.8


def test_covering_finds_the_object_too(models):
    found = maps(models["convolutional"], "occlusion")
    assert np.mean([in_quarter(heat.values, one.corner) for one, heat in found]) >= 0.6


@pytest.mark.parametrize("which", ["convolutional", "mobile", "transformer"])
def test_the_map_is_another_when_the_weights_are_random(models, which):
    """Adebayo and others, Sanity checks for saliency maps: https://arxiv.org/abs/1810.03292."""
    model, reads = models[which], "several" if which == "mobile" else "last"
    other = network(model.model[0].info.name, model.preprocessing.size, reads=reads, seed=7)
    pairs = zip(maps(model), maps(model), maps(other))
    same, alike = [], []
    for (_, one), (_, again), (_, random) in pairs:
        same.append(np.array_equal(one.values, again.values))
        alike.append(spearmanr(one.values.ravel(), random.values.ravel())[0])
    assert all(same) and np.mean(np.abs(alike)) < 0.5


@pytest.mark.parametrize("which", ["mobile", "transformer"])
def test_each_class_has_its_own_map(models, which):
    """A disc in one corner and stripes in another: whichever is asked for."""
    model = models[which]
    side, half = model.preprocessing.size, model.preprocessing.size // 2
    disc, stripes = (planted(number, side) for number in (5002, 5000))
    assert (CLASSES[disc.label], disc.corner, CLASSES[stripes.label], stripes.corner) == ("disc", 3, "stripes", 2)
    both = copy.deepcopy(disc)
    both.pixels[half:, :half] = stripes.pixels[half:, :half]
    for one in (disc, stripes):
        heat = explain(model, png(both), CLASSES[one.label])
        other = {2: 3, 3: 2}[one.corner]
        assert in_quarter(heat.values, one.corner) > 2 * in_quarter(heat.values, other)


def test_grad_cam_is_the_class_activation_map_of_a_linear_head(models):
    """https://arxiv.org/abs/1512.04150, by hand; but for what all places have in common."""
    model = models["convolutional"]
    asked = Asked(model, png(planted(1, 128)), "disc")
    with torch.no_grad(), watching(model.model[0]) as gave:
        outputs = model.model[1](model.model[0](asked.inputs))[0]
    others = torch.tensor([number for number in range(3) if number != 1])
    shares = outputs[others].softmax(0)
    weights = model.model[1].weight[1] - shares @ model.model[1].weight[others]
    last = gave[-1].activation[0]
    by_hand = torch.einsum("c,chw->hw", weights, last - last.mean((1, 2), keepdim=True)) / last[0].numel()
    found = grad_cam(model.model[0], asked.inputs, asked.of_features)
    torch.testing.assert_close(found, by_hand, rtol=1e-3, atol=1e-5)


def test_a_head_on_several_stages_is_explained_by_all_of_them(models):
    """What the maps come to is what the features come to, less what all places have in common."""
    model = models["mobile"]
    asked = Asked(model, png(planted(1, 224)), "disc")
    with_all = grad_cam(model.model[0], asked.inputs, asked.of_features)
    last = model.model[0].last_features

    def of_the_last(features: Features) -> torch.Tensor:
        pooled = torch.cat([features.pooled[:, :last], features.pooled[:, last:].detach()], dim=1)
        return asked.of_features(Features(pooled))

    alone = grad_cam(model.model[0], asked.inputs, of_the_last)
    assert with_all.shape == (14, 14) and not torch.allclose(with_all, alone, rtol=0.1)


def test_maps_of_several_resolutions_keep_what_they_come_to():
    coarse, fine = torch.rand(4, 4), torch.rand(8, 8)
    assert float(together([coarse, fine]).sum()) == pytest.approx(float(coarse.sum() + fine.sum()), rel=1e-4)
    assert torch.equal(together([fine]), functional.interpolate(fine[None, None], (8, 8))[0, 0])


def test_the_bundled_backbone_is_explained_in_a_moment(models):
    """Of one thread's own time, as others work on this machine too."""
    example, threads, took = png(planted(1, 224)), torch.get_num_threads(), []
    torch.set_num_threads(1)
    try:
        for ask in (explain, stages_seen):
            ask(models["mobile"], example)
            times = []
            for _ in range(3):
                began = time.thread_time()
                ask(models["mobile"], example)
                times.append(time.thread_time() - began)
            took.append(min(times))
    finally:
        torch.set_num_threads(threads)
    assert took[0] < 0.15 and took[1] < 1.0


FAMILIES = [
    ("torchvision/resnet18", 96, 3),
    ("torchvision/mobilenet_v3_small", 96, 3),
    ("torchvision/squeezenet1_1", 96, 5),
    ("torchvision/densenet121", 64, 2),
    ("torchvision/inception_v3", 128, 2),
    ("torchvision/vgg11", 64, 7),
    ("torchvision/swin_t", 96, 3),
    ("timm/test_efficientnet", 96, 3),
    ("timm/test_convnext", 96, 3),
    ("timm/test_convnext3", 96, 3),
    ("timm/test_nfnet", 96, 3),
    ("timm/test_byobnet", 96, 3),
    ("timm/test_vit", 96, 6),
    ("timm/test_vit2", 96, 6),
    ("timm/levit_128s", 224, 4),
    ("timm/pvt_v2_b0", 96, 3),
    ("timm/xcit_nano_12_p16_224", 96, 6),
]


@pytest.mark.parametrize(("name", "side", "places"), FAMILIES)
def test_every_family_has_maps(name, side, places):
    model = network(name, side)
    heat = explain(model, png(planted(1, side)))
    assert heat.method == methods_for(model)[0].name and not heat.note
    assert heat.values.shape == (places, places) and heat.values.dtype == np.float32
    assert np.isfinite(heat.values).all() and heat.values.min() >= 0 and heat.values.max() == 1
    assert bool(half_way(model.model[0])) == (heat.method == "integrated")


@pytest.mark.parametrize("reads", ["last", "several"])
def test_reading_several_stages_of_a_transformer_is_fine(reads):
    heat = explain(network("timm/test_vit", 96, reads=reads), png(planted(1, 96)))
    assert heat.method == "integrated" and heat.values.max() == 1
