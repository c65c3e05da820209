"""Going on with pre-training through the whole engine, and fine-tuning from what it gives."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch

from core.backbones.language.folders import add_folder
from core.backbones.libraries import find
from core.data.dataset import list_datasets
from core.errors import BackboneError, DataError
from core.importing.importing import import_path
from core.importing.pretraining import for_pretraining, texts_to_read
from core.inference.pretrained import as_backbone
from core.training.process.events import EpochEnded, Started
from tests.core.backbones.language.tiny import write_folder
from tests.core.training.test_contract import Case, Ended, material_of, recipe_of, train, weights

MASK = 96  # the last of the tiny network's words


@pytest.fixture
def labelled(workspace, tmp_path):
    """Words follow each other in order, so that a neighbour tells which one is hidden."""
    random, lines = np.random.default_rng(3), ["text,label"]
    for number in range(60):
        first, many = random.integers(10, 20), random.integers(5, 9)
        label = "" if number % 3 else random.choice(["good", "bad"])
        lines.append(f"{' '.join(f'w{first + step}' for step in range(many))} w{number + 30},{label}")
    (tmp_path / "texts.csv").write_text("\n".join(lines))
    return import_path(workspace, tmp_path / "texts.csv")


@pytest.fixture
def dataset(workspace, labelled):
    return for_pretraining(workspace, labelled)


def backbone(workspace, folder, kind, mask=True):
    weights = write_folder(folder / kind, kind) / "model.safetensors"
    tensors = safetensors.torch.load_file(weights)  # named as in the bare network
    safetensors.torch.save_file({name.removeprefix(f"{kind}."): each for name, each in tensors.items()}, weights)
    if mask:
        file = folder / kind / "tokenizer.json"
        said = json.loads(file.read_text())
        del said["model"]["vocab"]["w96"]
        said["model"]["vocab"]["[MASK]"] = MASK
        file.write_text(json.dumps(said))
    return add_folder(workspace, folder / kind)[0].name


def made(workspace, tmp_path, dataset, kind="bert", **settings):
    recipe = recipe_of(Case(backbone(workspace, tmp_path, kind), lambda *_: dataset), dataset)
    return recipe.model_copy(update={"task": "language", "modality": "text", **settings})


def test_texts_without_an_answer_are_read_and_what_is_held_out_is_not(workspace, labelled, dataset):
    assert len(labelled.frame) == 20 and texts_to_read(labelled) == 40 + len(labelled.part("train"))
    assert (dataset.kind, len(dataset.frame)) == ("language", texts_to_read(labelled))
    assert not {*labelled.part("validation")["sha256"]} & {*dataset.frame["sha256"]}
    assert len(dataset.part("validation")) and for_pretraining(workspace, labelled).known
    assert {one.kind for one in list_datasets(workspace)} == {"classes", "language"}
    with pytest.raises(DataError, match="already"):
        for_pretraining(workspace, dataset)


@pytest.mark.parametrize(("kind", "freeze"), [("bert", 0), ("bert", 2), ("bert", "all"), ("gpt2", 0), ("gpt2", 2)])
def test_killed_anywhere_it_ends_with_the_same_bits(workspace, tmp_path, dataset, kind, freeze):
    recipe = made(workspace, tmp_path, dataset, kind, freeze=freeze)
    events = train(workspace, recipe, dataset, "whole")
    assert ("run once" in next(each.note for each in events if isinstance(each, Started))) == (freeze != 0)
    with pytest.raises(Ended):
        train(workspace, recipe, dataset, "killed", ends_after=9)
    train(workspace, recipe, dataset, "killed")
    one, other = weights(workspace, "whole"), weights(workspace, "killed")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_what_is_hidden_and_what_is_guessed_belong_together(workspace, tmp_path, dataset):
    recipe = made(workspace, tmp_path, dataset, freeze=2, views=2)
    train(workspace, recipe, dataset, "kept")
    one = material_of(workspace, recipe, dataset)
    chunk = np.arange(6)
    for epoch in (0, 1, None):
        (inputs,) = one.examples[0].batches([chunk], epoch)
        (plain,) = one.examples[0].texts.batches([chunk], None)
        moved = one.examples[0].moved(one.targets[0], chunk, epoch)
        for row, item in enumerate(moved.items):
            assert torch.equal(plain["ids"][row, item["places"]], item["goals"])
            elsewhere = torch.ones(plain["ids"].shape[1], dtype=torch.bool).index_fill(0, item["places"], False)
            assert torch.equal(plain["ids"][row, elsewhere], inputs["ids"][row, elsewhere])


def test_it_learns_the_language_and_is_fine_tuned_from_after_the_run_is_gone(workspace, tmp_path, labelled, dataset):
    recipe = made(workspace, tmp_path, dataset, freeze=0, epochs=12, precision="auto")
    ends = [each for each in train(workspace, recipe, dataset, "read") if isinstance(each, EpochEnded)]
    before, after = (each.validation.get("perplexity") for each in (ends[0], ends[-1]))
    assert after < 0.8 * before and ends[-1].train.loss < ends[0].train.loss
    info = as_backbone(workspace, workspace.runs / "read" / "bundle", "reviews read")
    assert as_backbone(workspace, workspace.runs / "read" / "bundle", "reviews read") == info
    learned = weights(workspace, "read")
    shutil.rmtree(workspace.runs / "read")
    fine = recipe.model_copy(update={"backbone": info.name, "dataset": labelled.id, "task": "classes", "epochs": 1})
    begun = material_of(workspace, fine, labelled).backbone.state_dict()
    assert find(info.name, workspace).name == info.name
    assert all(torch.equal(tensor, learned[f"backbone.{name}"]) for name, tensor in begun.items())
    assert train(workspace, fine, labelled, "fine")


def test_a_tokenizer_without_a_mask_is_refused_in_words(workspace, tmp_path, dataset):
    recipe = made(workspace, tmp_path, dataset)
    plain = backbone(workspace, tmp_path / "plain", "bert", mask=False)
    with pytest.raises(BackboneError, match="no token for a hidden word"):
        _ = material_of(workspace, recipe.model_copy(update={"backbone": plain}), dataset).examples
