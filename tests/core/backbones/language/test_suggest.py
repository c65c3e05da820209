"""Help me choose for texts."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from core.backbones.language.library import Minilm, Smollm2
from core.backbones.language.suggest import ANOTHER, LANGUAGES, LENGTHS, PROPOSED, suggest
from core.backbones.language.well_known import well_known
from core.modalities.texts.languages import SEVERAL

GB = 2**30
MINILM, SMOLLM2 = next(Minilm().infos()), next(Smollm2().infos())
ALL = [MINILM, SMOLLM2, *well_known()]


def asked(language="English", tokens=64, texts=500, device="cpu", memory=16 * GB, among=ALL, ready=("minilm",)):
    return suggest(language, tokens, texts, device, memory, among, lambda info: info.name in ready)


@pytest.mark.parametrize("language", LANGUAGES)
def test_always_three_different_ones_that_read_it_with_a_sentence_each(language):
    for tokens, texts, device, memory in itertools.product(
        LENGTHS.values(), (20, 500, 50_000), ("cpu", "cuda"), (8 * GB, 80 * GB)
    ):
        found = asked(language, tokens, texts, device, memory)
        assert len({suggestion.info.name for suggestion in found}) == 3
        assert all(suggestion.reason.endswith(".") for suggestion in found)
        assert all((suggestion.info.parameters or 0) * 16 < memory / 2 for suggestion in found)
        said = {suggestion.info.languages for suggestion in found}
        assert all(each == language or each.endswith("languages") for each in said)
        assert (found[0].info.name == "minilm") == (language == "English")


def test_those_that_are_proposed_are_well_known():
    assert {info.hub for info in well_known()} >= PROPOSED


def test_what_is_ready_comes_first_also_from_a_folder():
    own = replace(MINILM, name="folder/own", library="folder", languages="German", parameters=60_000_000)
    found = asked("German", among=[*ALL, own], ready=("minilm", "folder/own"))
    assert found[0].info.name == "folder/own" and found[0].reason.startswith("Ready now with no download.")
    assert "Ready" not in found[1].reason


def test_a_language_of_its_own_is_taken_before_one_of_many():
    names = [suggestion.info.name for suggestion in asked("Chinese")]
    assert "hub/bert-base-chinese" in names
    assert "hub/bert-base-chinese" not in [suggestion.info.name for suggestion in asked(SEVERAL)]
    assert "Polish is one of its" in asked("Polish")[0].reason and "is one of" not in asked(ANOTHER)[0].reason


def test_few_texts_want_an_encoder_of_sentences_and_many_a_small_one():
    few, many = asked(texts=30), asked(texts=50_000)
    assert all("sentence" in suggestion.reason for suggestion in few)
    assert max(each.info.gflops for each in many) < max(each.info.gflops for each in few)
    assert "hours on this machine" in many[-1].reason


def test_a_gpu_allows_a_larger_one():
    slow, fast = asked(texts=20_000), asked(texts=20_000, device="cuda", memory=80 * GB)
    assert max(each.info.parameters for each in fast) > max(each.info.parameters for each in slow)


def test_long_texts_want_one_that_reads_them_whole_and_what_is_cut_is_said():
    found = asked(tokens=4000, texts=500, device="cuda", memory=80 * GB)
    assert "hub/answerdotai/ModernBERT-large" in [suggestion.info.name for suggestion in found]
    (minilm,) = [suggestion for suggestion in found if suggestion.info.name == "minilm"]
    assert "It reads 256 tokens, and cuts what is longer." in minilm.reason


def test_a_gpt_type_is_proposed_where_nothing_else_is_ready():
    found = asked(ready=("smollm2",))
    assert found[0].info.name == "smollm2" and "reads a text at its last token" in found[0].reason
    assert "smollm2" not in [suggestion.info.name for suggestion in asked(ready=())]
