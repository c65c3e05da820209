import torch
from torch import nn

from core.training import optimizers
from core.training.optimizers import build_optimizer, carry_over, set_learning_rate
from core.training.recipe import Recipe


def recipe(**settings):
    return Recipe(dataset="a", dataset_version=1, backbone="b", **settings)


def test_only_trainable_parameters_move_and_biases_are_not_decayed():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))
    model[0].requires_grad_(False)
    groups = build_optimizer(recipe(weight_decay=0.1), [list(model.parameters())]).param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [(1, 0.1), (1, 0.0)]
    assert groups[0]["params"][0] is model[1].weight


def test_the_textbook_setting():
    optimizer = build_optimizer(recipe(optimizer="sgd", learning_rate=0.001), [list(nn.Linear(2, 2).parameters())])
    assert isinstance(optimizer, torch.optim.SGD)
    assert (optimizer.defaults["lr"], optimizer.defaults["momentum"]) == (0.001, 0.9)


def test_deeper_stages_learn_slower():
    head, stage, deeper = (nn.Linear(2, 2) for _ in range(3))
    depths = [list(module.parameters()) for module in (head, stage, deeper)]
    optimizer = build_optimizer(recipe(rate_per_stage=0.5), depths)
    set_learning_rate(optimizer, 0.4)
    assert [group["lr"] for group in optimizer.param_groups] == [0.4, 0.4, 0.2, 0.2, 0.1, 0.1]


def test_what_is_remembered_of_a_parameter_is_carried_over():
    head, stage = nn.Linear(2, 1), nn.Linear(2, 2)
    before = build_optimizer(recipe(), [list(head.parameters())])
    head(torch.ones(1, 2)).sum().backward()
    before.step()
    after = build_optimizer(recipe(), [list(head.parameters()), list(stage.parameters())])
    carry_over(before, after)
    assert torch.equal(after.state[head.weight]["exp_avg"], before.state[head.weight]["exp_avg"])
    assert stage.weight not in after.state


def test_a_large_network_on_a_processor_is_moved_in_one_pass_and_moved_alike(monkeypatch):
    moved = []
    for large in (1, 10_000):
        monkeypatch.setattr(optimizers, "LARGE", large)
        torch.manual_seed(0)
        layer = nn.Linear(8, 4)
        optimizer = build_optimizer(recipe(weight_decay=0.1, learning_rate=0.1), [list(layer.parameters())])
        assert bool(optimizer.defaults["fused"]) == (large == 1)
        for _ in range(3):
            optimizer.zero_grad()
            layer(torch.ones(2, 8)).square().sum().backward()
            optimizer.step()
        moved.append(layer.weight.detach())
    assert torch.allclose(*moved, atol=1e-6)
