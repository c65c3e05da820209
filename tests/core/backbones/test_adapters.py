"""Adapters on layers of every kind, and on networks of every library: they learn alone, and merge to the same keys."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torchvision.models.swin_transformer import SwinTransformer
from torchvision.models.vision_transformer import VisionTransformer
from transformers.pytorch_utils import Conv1D

from core.backbones.adapters import Adapters, adapter_sizes, is_adapter, layers_in, learned, merged, take_off
from core.backbones.catalogue import find
from core.backbones.model import build
from core.errors import BackboneError
from tests.core.backbones.language.tiny import FAMILIES, texts, tiny

ADAPTERS = Adapters("all", rank=3, alpha=6.0, seed=5)


class Attention(nn.MultiheadAttention):
    """Queries, keys and values are the same."""

    def forward(self, inputs):
        return super().forward(inputs, inputs, inputs, need_weights=False)[0]


class OfItsOwn(nn.Linear):
    """As Falcon has it."""

    def forward(self, inputs):
        return inputs @ self.weight.T + self.bias


LAYERS = {
    "a linear one with a forward of its own": lambda: OfItsOwn(6, 4),
    "linear": lambda: nn.Linear(6, 4),
    "linear without bias": lambda: nn.Linear(6, 4, bias=False),
    "GPT-2's, square": lambda: Conv1D(6, 6),
    "GPT-2's": lambda: Conv1D(4, 6),
    "torch's attention": lambda: Attention(6, 2, batch_first=True),
}


def stirred(module):
    """As if its adapters had learned."""
    with torch.no_grad():
        for layer in module.modules():
            for parameter in learned(layer):
                parameter.add_(torch.randn_like(parameter) * 0.3)


@pytest.fixture(params=LAYERS, ids=str)
def layer(request):
    torch.manual_seed(0)
    return LAYERS[request.param]().eval()


@pytest.fixture
def inputs():
    return torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(1))


def test_a_layer_gives_what_it_gave_until_its_adapter_learns_and_then_what_the_merged_one_gives(layer, inputs):
    plain, keys, kind = copy.deepcopy(layer), [*layer.state_dict()], type(layer)
    for name, each in [*layers_in("it", layer, "all")]:
        ADAPTERS.put_on(name, each)
    torch.testing.assert_close(layer(inputs), plain(inputs))
    assert isinstance(layer, kind) and [name for name in layer.state_dict() if not is_adapter(name)] == keys
    stirred(layer)
    changed = layer(inputs)
    assert not torch.allclose(changed, plain(inputs), atol=0.01)
    together = merged(layer.state_dict(), ADAPTERS.times)
    plain.load_state_dict(together)
    torch.testing.assert_close(plain(inputs), changed, rtol=0, atol=1e-5)
    for each in [*layer.modules()]:
        take_off(each)
    assert type(layer) is kind and [*layer.state_dict()] == keys
    torch.testing.assert_close(layer(inputs), changed, rtol=0, atol=1e-5)


def test_only_the_adapter_learns_and_its_gradient_is_that_of_the_whole_weight(layer, inputs):
    for name, each in [*layers_in("it", layer, "all")]:
        ADAPTERS.put_on(name, each)
    stirred(layer)
    layer(inputs).square().sum().backward()
    grads = {name: each.grad for name, each in layer.named_parameters() if each.requires_grad}
    assert grads and all(is_adapter(name) and grad is not None and grad.any() for name, grad in grads.items())


def test_a_layer_that_learned_nothing_is_taken_off_to_the_very_bits_and_copies_keep_theirs(layer, inputs):
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    for name, each in [*layers_in("it", layer, "all")]:
        ADAPTERS.put_on(name, each)
    copied = copy.deepcopy(layer)
    stirred(copied)
    for each in [*layer.modules()]:
        take_off(each)
    assert all(torch.equal(layer.state_dict()[name], tensor) for name, tensor in before.items())
    assert any(is_adapter(name) for name in copied.state_dict())


def test_an_adapter_begins_alike_for_its_name_and_seed_whenever_it_is_put_on():
    layers = [nn.Linear(6, 4) for _ in range(4)]
    for layer, name, seed in zip(layers, ("a", "a", "b", "a"), (0, 0, 0, 1)):
        torch.rand(1)
        Adapters(seed=seed).put_on(name, layer)
    first, again, elsewhere, otherwise = (layer.adapter_right for layer in layers)
    assert torch.equal(first, again) and not torch.equal(first, elsewhere) and not torch.equal(first, otherwise)


def must_learn_alone(backbone, inputs, which, n):
    """Freeze, cut, learn and merge."""
    keys, before = [*backbone.state_dict()], {name: each.clone() for name, each in backbone.state_dict().items()}
    plain, whole = copy.deepcopy(backbone), backbone.eval()(inputs).pooled.detach()
    backbone.adapt(Adapters(which, 2, 4.0), n)
    backbone.freeze(n)
    torch.testing.assert_close(backbone.eval()(inputs).pooled, whole, rtol=1e-4, atol=1e-4)
    assert backbone.fingerprint(n) == plain.fingerprint(n)  # so what the frozen stages gave before still counts
    sizes = sum(stage.adapters(which, 2) for stage in backbone.stages[n:])
    assert sizes == sum(each.numel() for each in backbone.parameters() if each.requires_grad) > 0
    after, until = backbone.after(n), backbone.until(n)
    with torch.no_grad():
        crossing = until(inputs) if n else inputs
    learning = [each for each in backbone.parameters() if each.requires_grad]
    optimizer = torch.optim.SGD(learning, 0.5)
    for _ in range(2):
        optimizer.zero_grad()
        (after.train()(crossing).pooled * torch.linspace(-1, 1, whole.shape[1])).sum().backward()
        assert all(each.grad is not None for each in learning)
        optimizer.step()
    now = backbone.state_dict()
    assert all(torch.equal(now[name], before[name]) for name in keys)
    changed = backbone.eval()(inputs).pooled
    assert not torch.allclose(changed, whole, atol=1e-4)
    torch.testing.assert_close(after.eval()(crossing).pooled, changed, rtol=1e-3, atol=1e-4)
    plain.load_state_dict(merged(now, 2.0))
    torch.testing.assert_close(plain.eval()(inputs).pooled, changed, rtol=1e-5, atol=1e-5)
    backbone.freeze(len(backbone.stages))
    assert [*backbone.state_dict()] == keys


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_family_of_texts_learns_by_adapters_alone(kind):
    backbone, inputs = tiny(kind), texts(6, 4)
    which = "attention" if len(kind) % 2 else "all"
    must_learn_alone(backbone, inputs, which, len(backbone.stages) - 1)
    assert all(stage.attention and stage.attention < stage.linear for stage in backbone.stages[1:])


@pytest.mark.parametrize("which", ["attention", "all"])
def test_a_transformer_of_images_learns_by_adapters_alone(workspace, which):
    torch.manual_seed(0)
    backbone = build(find("timm/test_vit.r160_in1k"), workspace, random=True)
    inputs = backbone._plan.example(torch.device("cpu"))
    must_learn_alone(backbone, inputs, which, 2)
    must_learn_alone(build(find("timm/test_vit.r160_in1k"), workspace, random=True), inputs, which, 0)


NETWORKS = {
    "torchvision's ViT": lambda: VisionTransformer(32, 16, 2, 2, 16, 24, num_classes=3),
    "torchvision's Swin": lambda: SwinTransformer([4, 4], 16, [1, 1], [2, 2], [2, 2], num_classes=3),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_that_look_at_weights_themselves_see_what_the_adapter_makes_of_them(name):
    torch.manual_seed(0)
    network, images = NETWORKS[name]().eval(), torch.randn(2, 3, 32, 32)
    if hasattr(network, "heads"):
        network.heads = nn.Identity()  # its last layer begins with zeros
    plain, before = copy.deepcopy(network), network(images)
    attention = [*layers_in("", network, "attention")]
    assert 0 < len(attention) < len([*layers_in("", network, "all")])
    for path, layer in attention:
        ADAPTERS.put_on(path, layer)
    torch.testing.assert_close(network(images), before)
    stirred(network)
    changed = network(images)
    changed.sum().backward()
    assert all(each.grad is not None for layer in network.modules() for each in learned(layer))
    plain.load_state_dict(merged(network.state_dict(), ADAPTERS.times))
    assert not torch.allclose(changed, before, atol=1e-3)
    torch.testing.assert_close(plain(images), changed, rtol=1e-5, atol=1e-5)


def test_a_network_of_convolutions_has_nothing_to_adapt(workspace):
    backbone = build(find("timm/test_efficientnet.r160_in1k"), workspace, random=True)
    assert adapter_sizes([("it", backbone.network)]) == {"attention": 0, "linear": 0}
    with pytest.raises(BackboneError, match="no linear layers to put adapters on.*Choose a transformer"):
        backbone.adapt(Adapters("all"), 0)


def test_what_is_asked_of_stages_without_such_layers_is_refused(workspace):
    backbone = build(find("timm/test_vit.r160_in1k"), workspace, random=True)
    with pytest.raises(BackboneError, match="free have no such layers.*Freeze fewer"):
        backbone.adapt(Adapters("all"), len(backbone.stages))
