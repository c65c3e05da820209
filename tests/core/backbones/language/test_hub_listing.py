"""What the hub says of any model, and what is refused before it is downloaded."""

from __future__ import annotations

import json
import shutil

import pytest

from core.backbones.language.hub_listing import ask, id_of, say
from core.backbones.libraries import download, find, is_ready, source
from core.errors import BackboneError
from tests.core.backbones.language import served
from tests.core.backbones.language.served import ANY, HUB, any_main, main, server  # noqa: F401


def test_what_it_is_and_its_exact_size_are_known_before_it_comes_and_after(server, any_main, workspace):  # noqa: F811
    asked = ask(f"  https://huggingface.co/{ANY}/tree/main ", workspace)
    assert {path.name for path in any_main.iterdir()} == {"config.json", "tokenizer.json", "model.safetensors"}
    assert asked.download_bytes == sum(path.stat().st_size for path in any_main.iterdir())
    assert (asked.name, asked.family, asked.licence) == (f"hub/{ANY}", "BERT", "mit")
    assert asked.languages == "German, English" and asked.preprocessing.longest == 80
    assert server.asked == ["own-bert?blobs=true", "config.json"]
    with pytest.raises(BackboneError, match=f"not on this machine yet.*--download hub/{ANY}"):
        find(f"hub/{ANY}", workspace)
    download(asked, workspace, lambda done, total: None, lambda: False)
    found = find(f"hub/{ANY}", workspace)
    assert is_ready(found, workspace) and (found.licence, found.languages) == ("mit", "German, English")
    assert found.architecture == asked.architecture and found.parameters == asked.parameters
    assert say(asked)["Download"] == f"{asked.download_bytes / 1000:.3g} kB"


def test_a_listed_one_can_be_asked_about_too(server, main, tmp_path, workspace):  # noqa: F811
    served.say(tmp_path, main)
    shutil.move(tmp_path / "served" / "api" / "models" / ANY, tmp_path / "moved")
    (tmp_path / "served" / "api" / "models" / "prajjwal1").mkdir()
    shutil.move(tmp_path / "moved", tmp_path / "served" / "api" / "models" / HUB)
    asked = ask(f"hub/{HUB}", workspace)
    assert source(asked, workspace) == "download" and asked.languages == "English"


@pytest.mark.parametrize("typed", ["", "a b", "../../etc", "x/y/z", "a--b/c", "ä/b", "x" * 200])
def test_what_is_no_id_is_refused(typed):
    with pytest.raises(BackboneError, match="is no id of a model on the hub. Give owner and name"):
        id_of(typed)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"gated": "manual"}, "only to people who have accepted its terms"),
        ({"private": True}, "no model 'someone/own-bert' on the hub, or it is not public"),
        ({"siblings": "none"}, "makes no sense"),
        ({"siblings": [{"rfilename": "a", "size": -1}]}, "makes no sense"),
        ({"siblings": []}, "has no config.json"),
        ({"sizes": {"tokenizer.json": 10**12}}, "tokenizer.json of someone/own-bert has 1 TB, and at most 67.1 MB"),
        ({"sizes": {"config.json": 10**9}}, "config.json of someone/own-bert has 1 GB, and at most 1.05 MB are read"),
        ({"sizes": {"model.safetensors": 10**12}}, "has 1 TB, and at most 80 GB are taken on one machine"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(server, any_main, tmp_path, workspace, changes, match):  # noqa: F811
    served.say(tmp_path, any_main, **changes)
    with pytest.raises(BackboneError, match=match):
        ask(ANY, workspace)
    assert "model.safetensors" not in server.asked


@pytest.mark.parametrize(
    ("gone", "match"),
    [
        ("model.safetensors", "no safetensors, only files that can run code.*such as 'pytorch_model.bin'"),
        ("tokenizer.json", "There is no tokenizer"),
        ("config.json", "has no config.json"),
    ],
)
def test_what_lacks_a_file_is_refused(server, any_main, tmp_path, workspace, gone, match):  # noqa: F811
    (any_main / gone).rename(any_main / "pytorch_model.bin")
    served.say(tmp_path, any_main)
    with pytest.raises(BackboneError, match=match):
        ask(ANY, workspace)


@pytest.mark.parametrize(
    ("config", "match"),
    [
        ({"auto_map": {"AutoModel": "code.Model"}}, "asks for code that comes with the model"),
        ({"model_type": "vit"}, "does not have as a language model. Code that comes with a model is never run"),
        ({"hidden_size": 10**9}, "at most 200,000 is allowed"),
        ({"vocab_size": 3_000_000, "hidden_size": 4096}, "They do not belong together, or it is too large"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused(server, any_main, tmp_path, workspace, config, match):  # noqa: F811
    said = json.loads((any_main / "config.json").read_text()) | config
    (any_main / "config.json").write_text(json.dumps(said))
    served.say(tmp_path, any_main)
    with pytest.raises(BackboneError, match=match):
        ask(ANY, workspace)


@pytest.mark.parametrize(
    ("status", "code", "match"),
    [
        (401, "RepoNotFound", "There is no model 'someone/own-bert' on the hub"),
        (401, "GatedRepo", "only to people who have accepted its terms"),
        (403, "", "only to people who have accepted its terms"),
        (404, "", "There is no model 'someone/own-bert' on the hub"),
        (429, "", "asked too often"),
        (500, "", "answered with error 500"),
    ],
)
def test_what_the_hub_refuses_is_said_in_words(server, workspace, status, code, match):  # noqa: F811
    server.refuses[f"/api/models/{ANY}?blobs=true"] = status, code
    with pytest.raises(BackboneError, match=match):
        ask(ANY, workspace)


def test_shards_are_counted_and_none_may_be_missing(server, any_main, tmp_path, workspace):  # noqa: F811
    weights = (any_main / "model.safetensors").rename(any_main / "model-00001-of-00002.safetensors")
    index = {"weight_map": {"a": weights.name, "b": "model-00002-of-00002.safetensors"}}
    (any_main / "model.safetensors.index.json").write_text(json.dumps(index))
    served.say(tmp_path, any_main)
    with pytest.raises(BackboneError, match="1 of the 2 files with weights of someone/own-bert are missing"):
        ask(ANY, workspace)
    served.say(tmp_path, any_main, sizes={"model-00002-of-00002.safetensors": 1_000_000})
    assert ask(ANY, workspace).download_bytes > 1_000_000 + weights.stat().st_size


def test_no_room_is_said_before_anything_comes(server, any_main, workspace, monkeypatch):  # noqa: F811
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10})())
    with pytest.raises(BackboneError, match="10 B are free on the disk"):
        ask(ANY, workspace)


def test_without_a_network_it_says_so(workspace, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(BackboneError, match="The hub cannot be reached to ask about someone/own-bert"):
        ask(ANY, workspace)
