import pytest
import torch
from torch import nn

from core.backbones.catalogue import find
from core.backbones.model import build
from core.runtime.folding import folded

SMALL = ["timm/test_efficientnet.r160_in1k", "timm/test_vit.r160_in1k", "torchvision/mobilenet_v3_small.IMAGENET1K_V1"]


def kinds(network):
    return [type(module).__name__ for module in network.modules()]


def shaken(backbone):
    """BatchNorms that do something: random weights come with the identity."""
    torch.manual_seed(0)
    for module in backbone.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.normal_()
    return backbone.eval()


@pytest.mark.parametrize("name", [*SMALL, "efficientnet_lite0"])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_it_gives_the_same_with_fewer_steps(workspace, name, share):
    backbone = shaken(build(find(name), workspace, random=True))
    inputs = {"pixels": torch.randn(2, 3, backbone.info.input_size, backbone.info.input_size)}
    network = backbone.until(round(len(backbone.stages) * share))
    quick = folded(network, inputs)
    with torch.no_grad():
        wanted, given = network(inputs)["activation"], quick(inputs)["activation"]
        assert torch.allclose(given, wanted, rtol=0, atol=1e-3 * float(wanted.abs().max()))
    assert not [kind for kind in kinds(quick) if "BatchNorm" in kind]
    assert ("vit" in name) == (quick is network or kinds(quick) == kinds(network))


def test_the_network_itself_stays_as_it_is(workspace):
    backbone = shaken(build(find(SMALL[0]), workspace, random=True))
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    folded(backbone, {"pixels": torch.randn(2, 3, 160, 160)})
    assert all(torch.equal(before[name], tensor) for name, tensor in backbone.state_dict().items())


class Shared(nn.Module):
    """What the convolution gives is used besides the norm, too."""

    def __init__(self):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)

    def forward(self, inputs):
        first = self.convolution(inputs["pixels"])
        return {"activation": self.norm(first) + first}


class Twice(Shared):
    """The same convolution, before two norms."""

    def forward(self, inputs):
        return {"activation": self.norm(self.convolution(self.convolution(inputs["pixels"])))}


@pytest.mark.parametrize("kind", [Shared, Twice])
def test_what_cannot_be_folded_still_gives_the_same(kind):
    network = shaken(kind())
    inputs = {"pixels": torch.randn(2, 3, 8, 8)}
    with torch.no_grad():
        given, wanted = folded(network, inputs)(inputs), network(inputs)
        assert torch.allclose(given["activation"], wanted["activation"], atol=1e-5)
