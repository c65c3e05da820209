"""Tokenizers of folders that people give: older files are converted, and nothing of theirs is run."""

from __future__ import annotations

import json
import os

import pytest

from core.backbones.language.folders import add_folder
from core.errors import BackboneError
from core.modalities.texts.tokenized import tokenized
from tests.core.backbones.language.tiny import write_folder


@pytest.fixture
def given(tmp_path):
    return write_folder(tmp_path / "bert")


def test_older_tokenizers_are_converted_once(given, workspace):
    (given / "tokenizer.json").unlink()
    (given / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world", "##s"]))
    info, _ = add_folder(workspace, given)
    assert tokenized("Hello worlds", "", info.preprocessing).ids.tolist() == [2, 5, 6, 7, 3]
    assert "vocab.txt" not in os.listdir(info.folder)


def test_code_of_a_tokenizer_is_not_run_either(given, workspace):
    (given / "tokenizer.json").unlink()
    (given / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello")
    (given / "tokenizer_config.json").write_text(json.dumps({"auto_map": {"AutoTokenizer": ["evil.Tokenizer", None]}}))
    (given / "evil.py").write_text("raise SystemExit('it ran')")
    with pytest.raises(BackboneError, match="tokenizer_config.json asks for code"):
        add_folder(workspace, given)


def test_byte_pairs_of_an_older_tokenizer_are_converted(given, workspace):
    (given / "tokenizer.json").unlink()
    words = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "h", "e", "he"]
    (given / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (given / "merges.txt").write_text("#version: 0.2\nh e\n")
    (given / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "RobertaTokenizer"}))
    info, _ = add_folder(workspace, given)
    assert tokenized("he", "", info.preprocessing).ids.tolist() == [0, 7, 2]


def test_half_of_an_older_tokenizer_is_none(given, workspace):
    (given / "tokenizer.json").unlink()
    (given / "vocab.json").write_text("{}")
    with pytest.raises(BackboneError, match="There is no tokenizer"):
        add_folder(workspace, given)
