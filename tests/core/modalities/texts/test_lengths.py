"""After how many tokens texts are cut."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import pandas as pd
import pytest

from core.modalities.texts.kept import FILE, write
from core.modalities.texts.lengths import share_cut, tokens, usual_longest
from core.modalities.texts.settings import Tokenizing
from tests.toys.tokenizer import write_tokenizer


@dataclass(frozen=True)
class Info:
    preprocessing: Tokenizing
    most: int

    def fitted(self, *_, longest=None):
        fewer = min(self.most, longest or self.most)
        return replace(self, preprocessing=self.preprocessing.model_copy(update={"longest": fewer}))


class Some(SimpleNamespace):
    __hash__ = object.__hash__

    def path(self, name):
        return self.folder / name

    def part(self, split):
        return self.frame


@pytest.fixture
def made(tmp_path):
    def dataset(*lengths):
        texts = pd.Series(["good " * (length - 2) for length in lengths])  # and two special ones
        write(tmp_path, texts, pd.Series([""] * len(texts)))
        return Some(folder=tmp_path, frame=pd.DataFrame({"row": range(len(texts))}))

    return dataset, Info(write_tokenizer(tmp_path / "backbone"), 256)


def test_hardly_a_text_is_cut_unless_the_network_reads_no_more(made):
    dataset, info = made
    assert FILE == "texts.arrow"
    assert usual_longest(dataset(10, 20), info) == 256
    long = replace(info, most=2048)
    assert usual_longest(dataset(10, 300), long) == 512
    assert usual_longest(dataset(*[10] * 200, 900), long) == 256  # 1 of 201 is cut
    assert usual_longest(dataset(10, 600), info) == 256


def test_how_many_are_cut_is_told(made):
    dataset, info = made
    some = dataset(10, 40, 40, 600)
    assert list(tokens(some, info.preprocessing, 256)) == [10, 40, 40, 257]
    assert share_cut(some, info.fitted(longest=64).preprocessing, 256) == 0.25


def test_without_a_tokenizer_the_backbones_own_length_stands(made, tmp_path):
    dataset, info = made
    (tmp_path / "backbone" / "tokenizer.json").unlink()
    missing = info.preprocessing.model_copy(update={"tokenizer": "0" * 64})
    assert usual_longest(dataset(10), replace(info, preprocessing=missing)) == 256
