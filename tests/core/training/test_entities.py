"""Entities through the whole engine: from a file of them to answers in the characters of a text."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from core.backbones.libraries import LIBRARIES
from core.data import changes
from core.data.browsing import first_of_each, matching
from core.data.dataset import load_dataset
from core.errors import DataError
from core.importing.importing import import_path
from core.inference import predictor
from core.modalities.texts.settings import Tokenizing
from core.tasks.predictions import Spans
from core.tasks.tokens import of_each_type
from core.training import activations, preparation
from core.training.process.events import EpochEnded, Started
from core.training.recipe import misfits
from tests.core.training.test_contract import Case, Ended, recipe_of, train, weights
from tests.toys.bert import WIDTH, TinyBert, Toys
from tests.toys.tokenizer import vocabulary, write_tokenizer

WORDS = ("red", "green", "wonderful", "blue", "unbelievable", "grey")
COLOURS = re.compile("red|green|blue")  # each by itself, as the tiny network knows no order


LONGEST = 80  # tokens


class Small(TinyBert):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.Embedding(vocabulary(), WIDTH)


@dataclass(frozen=True)
class Info:
    preprocessing: Tokenizing
    name: str = "small/bert"
    library: str = "small"
    architecture: str = "small"
    modality: str = "text"
    gflops: float = 0.001

    @property
    def said(self):
        return self.name

    def fitted(self, *_, longest=None):
        tokens = min(LONGEST, longest or LONGEST)
        return replace(self, preprocessing=self.preprocessing.model_copy(update={"longest": tokens}))


class Library(Toys):
    name, network = "small", Small

    def __init__(self, tokenizing):
        self.tokenizing = tokenizing

    def infos(self, workspace=None):
        return (Info(self.tokenizing),)


@pytest.fixture
def tokenizing(tmp_path, monkeypatch, random_weights):
    made = write_tokenizer(tmp_path / "backbone", longest=LONGEST, types=False)
    monkeypatch.setitem(LIBRARIES, "small", Library(made))
    monkeypatch.setattr(predictor, "build", preparation.build)
    return made


@pytest.fixture
def dataset(workspace, tmp_path, tokenizing):
    random, lines = np.random.default_rng(3), []
    for number in range(40):
        text = " ".join(random.choice(WORDS, random.integers(2, 7))) + f" {number}"
        spans = [{"start": m.start(), "end": m.end(), "label": "COLOUR"} for m in COLOURS.finditer(text)]
        lines.append(json.dumps({"text": text, "spans": spans}))
    (tmp_path / "colours.jsonl").write_text("\n".join(lines))
    return import_path(workspace, tmp_path / "colours.jsonl")


@pytest.fixture
def recipe(dataset):
    return recipe_of(Case("small/bert", lambda *_: dataset), dataset)


def test_a_file_of_entities_becomes_a_dataset(dataset):
    assert (dataset.kind, dataset.modality.name, dataset.classes) == ("tokens", "text", ("COLOUR",))
    assert len(dataset.frame) == 40 and dataset.report.classes["COLOUR"] > 30


def test_its_types_are_browsed_and_renamed_as_labels_are(workspace, dataset):
    has = matching(dataset, label="COLOUR")
    assert 30 < len(has) < 40 and len(matching(dataset, label="")) == 40 - len(has)
    assert len(first_of_each(dataset, ["COLOUR"], 3)["COLOUR"]) == 3
    renamed = changes.rename_classes(workspace, dataset, {"COLOUR": "HUE"})
    assert renamed.classes == ("HUE",) and load_dataset(workspace, dataset.id).report.classes == {"HUE": len(has)}
    name = has["name"].iloc[0]
    assert changes.relabel(workspace, dataset, [name], []).frame.set_index("name").loc[name, "spans"] == "[]"
    with pytest.raises(DataError, match="none has it as a whole"):
        changes.mark(workspace, dataset, [name], "HUE")
    with pytest.raises(DataError, match="places in each text"):
        changes.relabel(workspace, dataset, [name], "HUE")


@pytest.mark.parametrize("freeze", [0, 1, 5])
def test_frozen_or_not_a_run_goes_on_with_the_same_bits(workspace, recipe, dataset, freeze):
    recipe = recipe.model_copy(update={"freeze": freeze, "balance": "weights"})
    events = train(workspace, recipe, dataset, "whole")
    assert ("run once" in next(each.note for each in events if isinstance(each, Started))) == (freeze > 0)
    with pytest.raises(Ended):
        train(workspace, recipe, dataset, "killed", ends_after=7)
    train(workspace, recipe, dataset, "killed")
    one, other = weights(workspace, "whole"), weights(workspace, "killed")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_what_is_kept_gives_what_is_computed_again(workspace, recipe, dataset, monkeypatch):
    recipe = recipe.model_copy(update={"freeze": 2})
    train(workspace, recipe, dataset, "kept")
    monkeypatch.setattr(activations, "fit", lambda *_: False)
    train(workspace, recipe, dataset, "again")
    one, other = weights(workspace, "kept"), weights(workspace, "again")
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=2e-2, atol=2e-3)


def test_it_learns_and_answers_in_the_characters_of_the_text(workspace, recipe, dataset, tokenizing):
    recipe = recipe.model_copy(update={"freeze": 0, "epochs": 12})
    events = train(workspace, recipe, dataset, "run")
    ends = [each for each in events if isinstance(each, EpochEnded)]
    assert (
        ends[-1].validation.get("entity_f1")
        > 0.9
        > next(e for e in events if isinstance(e, Started)).naive.get("entity_f1")
    )
    bundle = workspace.runs / "run" / "bundle"
    (bundle / "backbone").mkdir(exist_ok=True)
    shutil.copy(tokenizing.folder / "tokenizer.json", bundle / "backbone")
    opened = predictor.Predictor.open(bundle)
    assert opened.columns == ["entities", "spans", "not read from"]
    asked = "  Wonderful  RED green\n grey BLUE"
    (answer,) = opened.predict([("it", asked)])
    assert isinstance(answer.prediction, Spans)
    assert [asked[span.start : span.end] for span in answer.prediction.spans] == ["RED", "green", "BLUE"]
    (long,) = opened.predict([("it", "red grey " * 50)])
    assert long.prediction.reach == 350 and "not read behind character 350" in long.prediction.words()
    answers = pd.read_parquet(bundle / "answers.parquet")
    assert len(answers) == len(dataset.part("validation"))
    assert of_each_type(answers)["f1"][0] == pytest.approx(
        max(end.validation.get("entity_f1") for end in ends), abs=1e-6
    )


def test_mixing_is_refused_before_it_begins(recipe):
    settings = recipe.model_copy(update={"mixup": 0.2}).settings()
    assert "cannot be mixed" in misfits(settings, "tokens")["mixup"]
