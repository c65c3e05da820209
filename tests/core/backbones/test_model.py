"""Cutting and freezing, over networks of both libraries and every shape: plain, dense, windows, tokens, branches."""

from functools import cache

import pytest
import torch

from core.backbones.catalogue import find
from core.backbones.model import Backbone, build, describe
from core.errors import BackboneError
from core.modalities.inputs import Inputs
from core.workspace import Workspace

NAMES = (
    "efficientnet_lite0",
    "torchvision/resnet18.IMAGENET1K_V1",
    "torchvision/vgg11.IMAGENET1K_V1",
    "torchvision/inception_v3.IMAGENET1K_V1",
    "torchvision/densenet121.IMAGENET1K_V1",
    "torchvision/swin_t.IMAGENET1K_V1",
    "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k",
    "timm/convnext_atto.d2_in1k",
)


@pytest.fixture(autouse=True)
def one_thread():
    """On small batches, several threads wait for each other more than they compute, and most on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def _random_backbone(name: str) -> Backbone:
    torch.manual_seed(0)
    return build(find(name), Workspace.open("unused"), random=True)


@pytest.fixture(params=NAMES)
def backbone(request, tmp_path, monkeypatch) -> Backbone:
    monkeypatch.chdir(tmp_path)
    backbone = _random_backbone(request.param)
    backbone.freeze(0)
    return backbone.eval()


def _images(backbone: Backbone, count: int = 2) -> Inputs:
    generator = torch.Generator().manual_seed(1)
    return {"pixels": torch.rand(count, 3, backbone.info.input_size, backbone.info.input_size, generator=generator)}


@torch.no_grad()
def test_the_two_halves_give_what_the_whole_gives_at_every_boundary(backbone):
    images = _images(backbone, 3)
    whole = backbone(images).pooled
    assert whole.shape == (3, backbone.num_features)
    for n in range(len(backbone.stages) + 1):
        given = backbone.until(n)(images)
        assert {name: tuple(each.shape[1:]) for name, each in given.items()} == backbone.boundary(n)
        if n > 0:
            assert given["activation"].shape[1:] == backbone.stages[n - 1].output_shape
        torch.testing.assert_close(backbone.after(n)(given).pooled, whole, rtol=1e-4, atol=1e-4)


def test_cutting_leaves_the_backbone_whole(backbone):
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    after = backbone.after(len(backbone.stages) - 1)
    after.train()
    after({"activation": torch.rand(2, *backbone.stages[-2].output_shape)}).pooled.sum().backward()
    assert before.keys() == backbone.state_dict().keys()
    own = {id(parameter) for parameter in backbone.parameters()}
    assert all(id(parameter) in own for parameter in after.parameters())
    assert sum(parameter.numel() for parameter in after.parameters()) == backbone.stages[-1].parameters
    backbone.zero_grad(set_to_none=True)


def test_one_step_moves_what_is_free_and_nothing_that_is_frozen(backbone):
    n = len(backbone.stages) - 1
    backbone.freeze(n)
    backbone.train()
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in backbone.parameters() if p.requires_grad], lr=1.0)
    features = backbone(_images(backbone)).pooled
    (features * torch.linspace(-1, 1, features.shape[1])).sum().backward()
    optimizer.step()
    assert all(parameter.grad is not None for parameter in backbone.parameters() if parameter.requires_grad)
    moved = {name for name, tensor in backbone.state_dict().items() if not torch.equal(tensor, before[name])}
    free = tuple(f"{name}." for name in backbone.stages[n].modules)
    trainable = {name for name, _ in backbone.named_parameters() if name.startswith(free)}
    assert moved and all(name.startswith(free) for name in moved)
    assert {name for name, parameter in backbone.named_parameters() if parameter.requires_grad} == trainable
    backbone.load_state_dict(before)
    backbone.zero_grad(set_to_none=True)


def test_stages_count_every_parameter_once(backbone):
    assert sum(stage.parameters for stage in backbone.stages) == sum(p.numel() for p in backbone.parameters())
    names = [name for stage in backbone.stages for name in stage.modules]
    assert len(names) == len(set(names)) and all(backbone.get_submodule(name) is not None for name in names)


def test_a_network_whose_constructor_refuses_the_meta_device_is_described_too():
    stages = describe(find("torchvision/regnet_y_400mf.IMAGENET1K_V2"))
    assert [stage.name for stage in stages] == ["stem", "block1", "block2", "block3", "block4"]
    assert stages[-1].output_shape == (440,)


def test_known_networks_are_cut_where_people_expect():
    names = [stage.name for stage in _random_backbone("efficientnet_lite0").stages]
    assert names == ["stem", *(f"blocks {number}" for number in range(7)), "conv head"]
    resnet = [stage.name for stage in _random_backbone("torchvision/resnet18.IMAGENET1K_V1").stages]
    assert resnet == ["stem", "layer1", "layer2", "layer3", "layer4"]


def test_a_frozen_batchnorm_stays_in_eval_even_after_train():
    backbone = _random_backbone("torchvision/resnet18.IMAGENET1K_V1")
    backbone.freeze(2)
    backbone.train()
    assert not backbone.get_submodule("network.bn1").training and backbone.get_submodule("network.layer2").training
    backbone.freeze(len(backbone.stages))
    backbone.train()
    assert not any(module.training for name, module in backbone.named_modules() if name)


@torch.no_grad()
def test_another_resolution_has_the_same_stages_of_other_shapes(tmp_path):
    for name, size in (("efficientnet_lite0", 288), ("efficientnet_lite0", 64), (NAMES[1], 96), (NAMES[7], 160)):
        own, other = find(name), find(name).fitted(resolution=size)
        backbone = build(other, Workspace.open(tmp_path), random=True).eval()
        assert [stage.modules for stage in backbone.stages] == [stage.modules for stage in describe(own)]
        images, n = {"pixels": torch.rand(2, 3, size, size)}, len(backbone.stages) - 2
        given = backbone.until(n)(images)
        assert given["activation"].shape[1:] == backbone.stages[n - 1].output_shape != describe(own)[n - 1].output_shape
        torch.testing.assert_close(backbone.after(n)(given).pooled, backbone(images).pooled, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["torchvision/vit_b_16.IMAGENET1K_V1", NAMES[6]])
def test_a_network_of_one_size_says_which(name):
    with pytest.raises(BackboneError, match=r"takes no images of 288 pixels, only of its own 224\. Choose that"):
        describe(find(name).fitted(resolution=288))
    assert describe(find(name).fitted("pad", 224)) == describe(find(name))


def test_more_stages_than_there_are_is_refused_in_words():
    with pytest.raises(BackboneError, match="has 5. Choose a number from 0 to 5"):
        _random_backbone("torchvision/resnet18.IMAGENET1K_V1").freeze(6)


def test_missing_weights_are_never_made_up(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(BackboneError, match="not on this machine yet. Download"):
        build(find("torchvision/resnet18.IMAGENET1K_V1"), Workspace.open(tmp_path))


def test_the_fingerprint_follows_what_is_frozen_and_nothing_else(tmp_path):
    backbone = build(find("torchvision/squeezenet1_1"), Workspace.open(tmp_path), random=True)
    before, whole = backbone.fingerprint(3), backbone.fingerprint(len(backbone.stages))
    with torch.no_grad():
        next(iter(backbone.get_submodule(backbone.stages[5].modules[0]).parameters())).add_(1)
    assert backbone.fingerprint(3) == before and backbone.fingerprint(len(backbone.stages)) != whole
    with torch.no_grad():
        next(iter(backbone.get_submodule(backbone.stages[0].modules[0]).parameters())).mul_(2)
    assert backbone.fingerprint(3) != before
