import copy

import pytest
import torch
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from core.backbones.catalogue import find
from core.backbones.model import build
from core.backbones.recomputing import recompute
from tests.core.backbones.language.tiny import texts, tiny

DEPTH = 12


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.GELU(), nn.Dropout(0.3), nn.Linear(32, 8))

    def forward(self, inputs):
        return inputs + self.inner(inputs)


def learn(network, run):
    """Two steps with the same chance; the weights and statistics after them, and the most bytes that were kept."""
    torch.manual_seed(3)
    network.train()
    optimizer, kept = torch.optim.SGD([each for each in network.parameters() if each.requires_grad], 0.05), 0

    def keep(tensor):
        nonlocal kept
        kept += tensor.numel() * tensor.element_size()
        return tensor

    for _ in range(2):
        with saved_tensors_hooks(keep, lambda tensor: tensor):
            loss = run(network).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}, kept


def must_be_the_same(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


def test_the_weights_are_the_same_and_far_less_is_kept():
    """Dropout leaves out the same units again, and BatchNorm counts a batch once."""
    torch.manual_seed(0)
    plain = nn.Sequential(*(Block() for _ in range(DEPTH)))
    saving, inputs = copy.deepcopy(plain), torch.randn(16, 8)
    for block in saving:
        recompute(block, True)
    (wanted, most), (found, less) = (learn(network, lambda network: network(inputs)) for network in (plain, saving))
    must_be_the_same(wanted, found)
    assert int(found["0.inner.1.num_batches_tracked"]) == 2
    assert less < most / 4


def test_it_can_be_put_back_and_copied():
    block = Block().eval()
    recompute(block, True)
    copied = copy.deepcopy(block)
    with torch.no_grad():
        copied.inner[4].bias.add_(1.0)
        inputs = torch.randn(4, 8)
        torch.testing.assert_close(copied(inputs), block(inputs) + 1.0)
    recompute(block, False)
    assert "forward" not in vars(block)


FREE = {"timm/test_efficientnet.r160_in1k": 2, "timm/test_vit.r160_in1k": 1, "timm/test_resnet.r160_in1k": 0}


def learned_both_ways(make, frozen, inputs):
    """Without and with it, as `learn` gives it."""
    for recomputes in (False, True):
        torch.manual_seed(0)
        backbone = make()
        backbone.recomputes = recomputes
        backbone.freeze(frozen)
        after, until = backbone.after(frozen), backbone.until(frozen)
        with torch.no_grad():
            crossing = until(inputs) if frozen else inputs
        yield learn(after, lambda network, crossing=crossing: network(crossing).pooled)


@pytest.mark.parametrize("name", FREE)
def test_a_backbone_for_images_learns_the_same_with_less_kept(workspace, name):
    info, images = find(name), {"pixels": torch.randn(4, 3, 160, 160)}
    (wanted, most), (found, less) = learned_both_ways(lambda: build(info, workspace, random=True), FREE[name], images)
    must_be_the_same(wanted, found)
    assert less < 0.6 * most


@pytest.mark.parametrize("kind", ["albert", "mpnet", "bert", "deberta", "gpt2", "modernbert", "llama"])
def test_a_backbone_for_texts_learns_the_same_behind_what_its_frozen_stages_gave(kind):
    """The library's own way leaves some of them out."""
    (wanted, most), (found, less) = learned_both_ways(lambda: tiny(kind), 1, texts(8, 5))
    must_be_the_same(wanted, found)
    assert less < 0.6 * most
