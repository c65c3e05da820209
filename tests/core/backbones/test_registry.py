"""A walk through both catalogues: each kind of network, frozen at each of its boundaries, takes one step.

Here go the smallest of the best-known families, in both catalogues, and of all others that take a second; and a tenth
of the architectures that take a few, each day another one. `make walk` has every architecture of up to 150 million
parameters, which takes hours.
"""

import datetime
import hashlib
import os
from collections.abc import Iterable, Iterator

import pytest
import torch
from torch.nn.functional import cross_entropy

from core.backbones.catalogue import BackboneInfo, catalogue
from core.backbones.model import Backbone, build
from core.workspace import Workspace

WELL_KNOWN = {"VGG", "ResNet", "Inception", "DenseNet", "EfficientNet", "MobileNet V2", "MobileNet V3", "ConvNeXt"}
WELL_KNOWN |= {"RegNet", "Swin Transformer", "MaxViT", "Vision Transformer"}
QUICK_GFLOPS, FEW_GFLOPS = 1.0, 1.0
TENTHS = 10
MOST_PARAMETERS = 150_000_000
SMALL_SIZES = (64, 128)  # most networks take images smaller than those they learned from


def each_once(infos: Iterable[BackboneInfo], kind) -> Iterator[BackboneInfo]:
    """The cheapest of each kind."""
    met = set()
    for info in sorted(infos, key=lambda info: info.gflops or 1e9):
        if kind(info) not in met:
            met.add(kind(info))
            yield info


def turn(name: str, day: datetime.date) -> bool:
    """Whether the walk comes by this network on that day: each comes once in ten days."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
    return (number + day.toordinal()) % TENTHS == 0


small_enough = (info for info in catalogue() if info.parameters <= MOST_PARAMETERS)
ALL = list(each_once(small_enough, lambda info: (info.library, info.architecture)))
if os.environ.get("GRAFT_WALK"):
    WALK = [info.name for info in ALL]
else:
    today = datetime.datetime.now(datetime.UTC).date()
    sample = {info.name for info in ALL if (info.gflops or 1e9) < FEW_GFLOPS and turn(info.name, today)}
    families = list(each_once(catalogue(), lambda info: (info.library, info.family)))
    shares_between_stages, same_as_torchvisions = "timm/coat_lite_tiny.in1k", "timm/vgg11.tv_in1k"
    chosen = {info.name for info in families if (info.gflops or 1e9) < QUICK_GFLOPS or info.family in WELL_KNOWN}
    WALK = sorted((chosen | sample) - {same_as_torchvisions} | {shares_between_stages})


@pytest.fixture(autouse=True)
def one_thread():
    """On small batches, several threads wait for each other more than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def images_for(backbone: Backbone) -> torch.Tensor:
    for size in (*SMALL_SIZES, backbone.info.input_size):
        images = torch.rand(2, 3, size, size)
        try:
            with torch.no_grad():
                backbone.eval()({"pixels": images})
                return images
        except (RuntimeError, AssertionError, ValueError, IndexError):
            if size == backbone.info.input_size:
                raise
    raise AssertionError


def test_ten_days_come_by_every_network_once():
    days = [datetime.date(2027, 2, 25) + datetime.timedelta(days=number) for number in range(TENTHS)]
    met = [info.name for day in days for info in ALL if turn(info.name, day)]
    assert sorted(met) == sorted(info.name for info in ALL)
    assert max(sum(turn(info.name, day) for info in ALL) for day in days) < 1.4 * len(ALL) / TENTHS


def test_no_well_known_family_is_left_out():
    by_name = {info.name: info for info in catalogue()}
    assert {by_name[name].family for name in WALK} >= WELL_KNOWN


@pytest.mark.parametrize("name", WALK)
def test_exactly_what_is_free_moves_at_every_boundary(name, tmp_path):
    torch.manual_seed(0)
    (info,) = (info for info in catalogue() if info.name == name)
    backbone = build(info, Workspace.open(tmp_path), random=True)
    images, head = images_for(backbone), torch.nn.Linear(backbone.num_features, 2)
    parameters, statistics = dict(backbone.named_parameters()), dict(backbone.named_buffers())
    start = {name: tensor.clone() for name, tensor in (*parameters.items(), *statistics.items())}
    unused: set[str] = set()  # by the network itself
    for frozen in range(len(backbone.stages) + 1):
        backbone.freeze(frozen)
        backbone.train()
        modules = [[backbone.get_submodule(name) for name in stage.modules] for stage in backbone.stages]
        of_stages = [{tensor for module in stage for tensor in module.parameters()} for stage in modules]
        inside, kept = set().union(*of_stages), set().union(*of_stages[:frozen])
        free = {n for n, p in parameters.items() if p not in kept and (p in inside or frozen == 0)}
        gave = watch(modules[frozen - 1][-1]) if frozen else []
        still = {module for each in sum(modules[:frozen], []) for module in each.modules()}
        assert not any(module.training for module in still), "dropout and stochastic depth go on below the boundary"

        # Weight decay moves even what the two images say nothing about.
        learning = [*head.parameters(), *(p for p in backbone.parameters() if p.requires_grad)]
        optimizer = torch.optim.SGD(learning, lr=0.1, weight_decay=0.1)
        cross_entropy(head(backbone({"pixels": images}).pooled), torch.tensor([0, 1])).backward()
        optimizer.step()

        if frozen == 0:
            unused = {name for name, parameter in parameters.items() if parameter.grad is None}
        with_gradient = {name for name, parameter in parameters.items() if parameter.grad is not None}
        changed = {name for name, tensor in (parameters | statistics).items() if not torch.equal(tensor, start[name])}
        moved = changed & parameters.keys()
        assert with_gradient == free - unused
        assert with_gradient == {name for name, parameter in parameters.items() if parameter.requires_grad}
        assert moved <= free
        assert all(not start[name].any() for name in with_gradient - moved)  # zero times anything
        assert not any(tensor.requires_grad for tensor in gave), "the gradient goes on below the boundary"
        learned = {tensor for module in sum(modules[frozen:], []) for tensor in module.buffers()}
        for name, tensor in statistics.items():
            assert tensor in learned or frozen == 0 or name not in changed, name
        with torch.no_grad():
            for name in changed:
                (parameters | statistics)[name].copy_(start[name])
        optimizer.zero_grad()


def watch(module: torch.nn.Module) -> list[torch.Tensor]:
    """The tensors that a module gives when it runs next; what is shared may run again in a later stage."""
    gave: list[torch.Tensor] = []

    def remember(_, __, given):
        handle.remove()
        gave.extend(leaf for leaf in torch.utils._pytree.tree_leaves(given) if isinstance(leaf, torch.Tensor))

    handle = module.register_forward_hook(remember)
    return gave
