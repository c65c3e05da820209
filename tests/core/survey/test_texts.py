"""A dataset of texts, as a backbone for texts sees it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from core.backbones.catalogue import BUNDLED
from core.backbones.libraries import LIBRARIES
from core.errors import DataError
from core.importing.importing import import_path
from core.importing.tables.reading import Reading
from core.modalities import IMAGE, TEXT
from core.survey import kept_survey
from core.survey.job import survey_dataset
from core.survey.seeing import seeing
from tests.toys.bert import WIDTH, TinyBert, TinyInfo, Toys
from tests.toys.tokenizer import vocabulary, write_tokenizer

NAME = "toy/bert"


class Bert(TinyBert):
    def __init__(self):
        super().__init__()
        self.embeddings = nn.Embedding(vocabulary(), WIDTH)


class Info(TinyInfo):
    def fitted(self, *_, **__):
        return self


class Language(Toys):
    network = Bert

    def __init__(self, settings):
        self.settings = settings

    def infos(self, workspace=None):
        return (Info(preprocessing=self.settings),)


@pytest.fixture
def language(monkeypatch, tmp_path):
    for name in list(LIBRARIES):
        monkeypatch.delitem(LIBRARIES, name)
    monkeypatch.setitem(LIBRARIES, "toy", Language(write_tokenizer(tmp_path / "tokenizer", types=False)))


@pytest.fixture
def dataset(workspace, tmp_path):
    random = np.random.default_rng(0)
    lines = [f"{' '.join(random.choice(['good', 'wonderful', 'red'], 5))} {n},good" for n in range(30)]
    lines += [f"{' '.join(random.choice(['bad', 'grey', 'blue'], 5))} {n},bad" for n in range(30)]
    lines[3] = lines[3].removesuffix("good") + "bad"
    (tmp_path / "texts.csv").write_text("\n".join(["text,label", *lines]))
    reading = Reading(modality="text", text="text", column="label")
    return import_path(workspace, tmp_path / "texts.csv", reading=reading)


def test_texts_have_a_map_without_images_and_a_slip_is_doubted(workspace, dataset, language):
    torch.manual_seed(0)
    made = survey_dataset(workspace, dataset.id, None, NAME)
    assert made.mosaic == b"" and len(made.frame) == 60 and (made.frame["landmark"] >= 0).all()
    assert made.suspects["name"].iloc[0] == dataset.frame["name"].iloc[3]
    assert made.suspects["suggested"].iloc[0] == "good"
    again = kept_survey(workspace, dataset, NAME)
    assert again is not None and again.mosaic == b""


def test_who_looks_is_one_who_can(language):
    assert seeing(NAME, TEXT) == seeing(BUNDLED, TEXT) == NAME
    assert seeing(NAME, IMAGE) == seeing(BUNDLED, IMAGE) == seeing("no such", IMAGE) == BUNDLED


def test_a_backbone_for_images_that_is_to_look_at_texts_says_so(workspace, dataset, monkeypatch):
    with pytest.raises(DataError, match=r"efficientnet_lite0.* no texts"):
        survey_dataset(workspace, dataset.id, None, BUNDLED)
