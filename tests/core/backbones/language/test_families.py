"""Every family of transformers: frozen and cut at each boundary, it learns what it should, and padding changes nothing.

A further family is one more line in tiny.py.
"""

from __future__ import annotations

import pytest
import torch

from core.backbones.backbone import Backbone
from core.errors import BackboneError
from tests.core.backbones.language.tiny import BASE, CAUSAL, FAMILIES, LONGEST, Info, config_of, cuts, texts, tiny

ONE_FOR_ALL = {"albert"}  # one layer, which runs several times


@pytest.fixture(scope="module", params=FAMILIES)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def backbone(kind):
    return tiny(kind, needs="steps")


def test_a_family_has_its_embeddings_and_each_layer_for_stages(kind, backbone):
    layers = ["encoder"] if kind in ONE_FOR_ALL else [f"layer {n}" for n in (1, 2, 3)]
    assert [stage.name for stage in backbone.stages] == ["embeddings", *layers]
    named = [name for stage in backbone.stages for name in stage.modules]
    inside = {each for name in named for each in backbone.get_submodule(name).parameters()}
    assert inside == {*backbone.parameters()} and len(named) == len(set(named))
    assert sum(stage.parameters for stage in backbone.stages) == sum(each.numel() for each in inside)
    assert backbone.causal == (kind in CAUSAL)


@torch.no_grad()
def test_halves_give_exactly_what_the_whole_gives(backbone):
    inputs = texts(9, 6, 4)
    whole, real = backbone.eval()(inputs), inputs["mask"].unsqueeze(2)
    assert whole.pooled.shape == (3, backbone.num_features) and whole.steps.shape == (3, 9, backbone.step_features)
    for n in range(len(backbone.stages) + 1):
        given = backbone.until(n)(inputs)
        assert given.keys() == backbone.boundary(n).keys() == backbone.dtypes(n).keys()
        halves = backbone.after(n).eval()(given)
        assert torch.equal(halves.pooled, whole.pooled) and torch.equal(halves.steps * real, whole.steps * real)


@torch.no_grad()
def test_padding_never_changes_an_answer(backbone):
    """Neither how long the others of a batch are, nor which numbers the padding has."""
    inputs = texts(11, 7, 4)
    together = backbone.eval()(inputs)
    other = {**inputs, "ids": torch.where(inputs["mask"] == 1, inputs["ids"], 50)}
    torch.testing.assert_close(backbone(other).pooled, together.pooled)
    for row, length in enumerate((11, 7, 4)):
        alone = backbone({name: each[row : row + 1, :length] for name, each in inputs.items()})
        torch.testing.assert_close(alone.pooled[0], together.pooled[row], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(alone.steps[0], together.steps[row, :length], rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_text_is_the_mean_of_its_tokens_or_what_the_last_one_knows(kind, backbone):
    inputs = texts(8, 5)
    found = backbone.eval()(inputs)
    expected = found.steps[1, 4] if kind in CAUSAL else found.steps[1, :5].mean(dim=0)
    torch.testing.assert_close(found.pooled[1], expected)


def step(backbone: Backbone, n: int, cached: bool) -> set[str]:
    """Learn from one batch; the names of what moved. The dropout of what is free is drawn alike."""
    inputs = texts(9, 6, 4, seed=1)
    backbone.freeze(n)
    before = {name: each.detach().clone() for name, each in backbone.named_parameters()}
    optimizer = torch.optim.SGD([each for each in backbone.parameters() if each.requires_grad], lr=0.01)
    given = inputs
    if cached:
        with torch.no_grad():
            given = backbone.eval().until(n)(inputs)
    model = (backbone.after(n) if cached else backbone).train()
    torch.manual_seed(2)
    model(given).pooled.square().sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    return {name for name, each in backbone.named_parameters() if not torch.equal(each, before[name])}


def test_what_is_free_learns_and_what_is_frozen_stays_cached_or_not(kind, backbone):
    start = {name: each.clone() for name, each in backbone.state_dict().items()}
    for n in range(len(backbone.stages)):
        frozen = tuple(f"{name}." for stage in backbone.stages[:n] for name in stage.modules)
        ends = []
        for cached in (False, True):
            backbone.load_state_dict(start)
            moved = step(backbone, n, cached)
            assert moved and not [name for name in moved if name.startswith(frozen)]
            learned = {name.partition(".layer")[2][:3] or name for name in moved}
            assert len(learned) >= min(2, len(backbone.stages) - n)
            assert all(each.grad is None for each in backbone.parameters() if not each.requires_grad)
            ends.append({name: each.clone() for name, each in backbone.state_dict().items()})
        assert all(torch.equal(ends[0][name], ends[1][name]) for name in start)
    backbone.load_state_dict(start)


def test_all_that_may_learn_at_first_does(kind, backbone):
    start = {name: each.clone() for name, each in backbone.state_dict().items()}
    moved = step(backbone, 0, cached=False)
    backbone.load_state_dict(start)
    still = {name for name, each in backbone.named_parameters() if name not in moved}
    assert all(name.endswith(("key.bias", "k_proj.bias", "k_lin.bias", "attn.k.bias")) for name in still)


def test_frozen_parts_draw_nothing_at_random(kind, backbone):
    """So that a run sees the same whether what they give was kept or not."""
    backbone.freeze(1)
    for module in (backbone.train(), backbone.after(1).train()):
        stages = backbone.stages[0].modules
        dropouts = [
            each
            for name in stages
            for each in backbone.get_submodule(name).modules()
            if "Dropout" in type(each).__name__
        ]
        assert not any(each.training for each in dropouts), type(module)
    backbone.freeze(0)


def test_what_cannot_be_cut_is_left_whole():
    config = {**config_of("bert"), "model_type": "xlm", "emb_dim": 32, "n_layers": 2, "n_heads": 4, "n_words": 97}
    from core.backbones.language import networks
    from core.backbones.language.backbone import LanguageBackbone
    from core.backbones.language.layers import cuts_of

    meta = networks.on_meta(config)
    found = cuts_of(meta, networks.feed_of(meta, types=False), LONGEST, types=False)
    backbone = LanguageBackbone(Info(), networks.random_network(config), found, causal=False)
    with pytest.raises(BackboneError, match="no clean cut after its first 1 stages"):
        backbone.after(1)


def test_a_text_has_no_maps():
    with pytest.raises(BackboneError, match="gives no maps of an image"):
        tiny("bert", needs="maps")


def test_boundaries_are_as_long_as_the_longest_text():
    backbone = tiny("bert")
    assert backbone.boundary(0) == {"ids": (LONGEST,), "mask": (LONGEST,), "types": (LONGEST,)}
    assert backbone.boundary(2) == {"activation": (LONGEST, 32), "mask": (LONGEST,)}
    assert backbone.boundary(4) == {"activation": (32,)} and BASE["hidden_size"] == 32
    assert backbone.ragged(2) == {"activation", "mask"} and not backbone.ragged(4)
    assert cuts("bert").plain and not cuts("bloom").plain
