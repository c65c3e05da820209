"""Folders that people give as backbones: taken in when they are whole, refused in a sentence when they are not."""

from __future__ import annotations

import json
import os
import shutil
import zipfile

import pytest
import safetensors.torch
import torch

from core.backbones.language import config as config_file
from core.backbones.language.folders import add_folder
from core.backbones.libraries import build, find
from core.errors import BackboneError
from tests.core.backbones.language.tiny import WORDS, write_folder


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("published") / "My Bert!")


@pytest.fixture
def given(published, tmp_path):
    return shutil.copytree(published, tmp_path / "My Bert!")


def kept(workspace):
    beside = workspace.root / "weights"
    return sorted(path.name for path in beside.iterdir()) if beside.is_dir() else []


def test_a_folder_is_taken_in_under_a_safe_name_with_a_hash(given, workspace):
    info, match = add_folder(workspace, given)
    assert info.name.startswith("folder/my-bert-") and len(info.name) == len("folder/my-bert-") + 12
    assert "53 of 53 tensors match" in str(match)
    assert kept(workspace) == [info.folder.name] and find(info.name, workspace) == info
    assert {path.name for path in info.folder.iterdir()} == {"config.json", "tokenizer.json", "model.safetensors"}
    assert add_folder(workspace, given)[0] == info and len(kept(workspace)) == 1
    assert add_folder(workspace, given, "../other")[0].name.startswith("folder/other-")


def test_a_zip_of_a_folder_will_do(given, workspace, tmp_path):
    with zipfile.ZipFile(tmp_path / "bert.zip", "w") as archive:
        for path in given.iterdir():
            archive.write(path, f"inside/{path.name}")
        archive.writestr("../../evil.py", "raise SystemExit")
    info, _ = add_folder(workspace, tmp_path / "bert.zip")
    assert info.parameters == add_folder(workspace, given)[0].parameters
    assert info.name.rpartition("-")[2] == add_folder(workspace, given)[0].name.rpartition("-")[2]
    (tmp_path / "broken.zip").write_bytes(b"PK\3\4nothing")
    with pytest.raises(BackboneError, match="not a whole ZIP"):
        add_folder(workspace, tmp_path / "broken.zip")


def test_weights_in_several_files_are_taken_in_together(given, workspace):
    tensors = safetensors.torch.load_file(given / "model.safetensors")
    whole, _ = add_folder(workspace, given)
    (given / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"model-1.safetensors": names[:20], "model-2.safetensors": names[20:]}
    for file, own in parts.items():
        safetensors.torch.save_file({name: tensors[name] for name in own}, given / file)
    index = {"weight_map": {name: file for file, own in parts.items() for name in own}}
    (given / "model.safetensors.index.json").write_text(json.dumps(index))
    info, _ = add_folder(workspace, given)
    assert info.parameters == whole.parameters
    left, right = (build(each, workspace).state_dict() for each in (info, whole))
    assert all(torch.equal(left[name], right[name]) for name in right)
    (given / "model-2.safetensors").unlink()
    with pytest.raises(BackboneError, match="1 of the 2 files with weights are missing, such as model-2"):
        add_folder(workspace, given)


def change(given, **settings):
    said = json.loads((given / "config.json").read_text())
    (given / "config.json").write_text(json.dumps(said | settings))


def a_pickle(given):
    (given / "model.safetensors").rename(given / "pytorch_model.bin")


def no_weights(given):
    (given / "model.safetensors").unlink()


def cut_off(given):
    os.truncate(given / "model.safetensors", 20_000)


def not_numbers(given):
    tensors = safetensors.torch.load_file(given / "model.safetensors")
    tensors[next(name for name in tensors if "layer.0" in name)] *= torch.nan
    safetensors.torch.save_file(tensors, given / "model.safetensors")


def outside(given):
    shutil.move(given / "model.safetensors", given.parent / "elsewhere.safetensors")
    (given / "model.safetensors").symlink_to(given.parent / "elsewhere.safetensors")


def many_words(given):
    said = json.loads((given / "tokenizer.json").read_text())
    said["model"]["vocab"]["too many"] = WORDS
    (given / "tokenizer.json").write_text(json.dumps(said))


def large(name, size):
    return lambda given: os.truncate(given / name, size)


REFUSED = {
    "only a pickle": (a_pickle, "'pytorch_model.bin', a kind of file that can run code.*Convert it to safetensors"),
    "no weights": (no_weights, "There are no weights"),
    "cut off": (cut_off, "not a whole .safetensors"),
    "not numbers": (not_numbers, r"no numbers \(NaN\)"),
    "code": (lambda given: change(given, auto_map={"AutoModel": "evil.Model"}), "asks for code.*never run here"),
    "unknown": (lambda given: change(given, model_type="evilnet"), "kind 'evilnet', which .* does not have"),
    "no config": (lambda given: (given / "config.json").unlink(), "There is no config.json"),
    "a large config": (large("config.json", config_file.LARGEST + 1), "config.json has 1.*at most"),
    "absurd settings": (lambda given: change(given, num_hidden_layers=10**6), "is 1,000,000, and at most 256"),
    "a large network": (lambda given: change(given, hidden_size=100_000), "do not belong together|cannot be made"),
    "other weights": (lambda given: change(given, num_hidden_layers=4), "of the network's 69 tensors, 16 are not"),
    "no tokenizer": (lambda given: (given / "tokenizer.json").unlink(), "There is no tokenizer"),
    "a large tokenizer": (large("tokenizer.json", 2**26 + 1), "of a tokenizer at most"),
    "a damaged tokenizer": (lambda given: (given / "tokenizer.json").write_text("{}"), "tokenizer cannot be read"),
    "another tokenizer": (many_words, "up to 97, and the network knows 97"),
    "a link": (outside, "leads out of the folder"),
    "no folder": (lambda given: shutil.rmtree(given), "is no folder"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_used_is_refused_in_a_sentence_and_leaves_nothing(what, given, workspace):
    spoil, words = REFUSED[what]
    spoil(given)
    with pytest.raises(BackboneError, match=words):
        add_folder(workspace, given)
    assert kept(workspace) == []
